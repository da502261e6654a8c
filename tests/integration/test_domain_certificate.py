"""`mailmigrate certificate`: from nothing done to "the old server may be switched off", and back when something is
undone; and the domains of a plan."""

import os
import re
import subprocess
import time
import unittest

import dovecot
import harness
import imaputil
import schema
import test_domain_probes
from test_domain_probes import NEW, World


class Certificate(harness.Pair):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        directory = dovecot.work_directory("mmd-")
        cls.addClassCleanup(subprocess.run, ["rm", "-rf", directory], check=True)
        cls.world = World.__new__(World)
        cls.world.running = []
        cls.addClassCleanup(cls.world.stop)
        cls.world.__init__(directory)

    def setUp(self):
        super().setUp()
        with open(os.path.join(self.dir, "password"), "w", encoding="ascii") as out:
            out.write(dovecot.PASSWORD)
        os.chmod(os.path.join(self.dir, "password"), 0o600)

    def plan(self, domains):
        path = os.path.join(self.dir, "plan.yaml")
        with open(path, "w", encoding="utf-8") as out:
            out.write("version: 1\n"
                      "source: {host: %s, port: %d, password-file: password}\n"
                      "target: {host: %s, port: %d, password-file: password}\n"
                      "options: {ca-file: %s, state: states}\n"
                      "accounts:\n- {source: %s, target: %s}\n%s" % (
                          self.source.host, self.source.tls_port, self.target.host, self.target.tls_port,
                          self.source.ca, self.user, self.user, domains))
        return path

    def tool(self, *arguments, expect=0):
        result = self.run_command([harness.program(), *arguments], json_path=os.path.join(self.dir, "out.json"))
        self.assertEqual(result.status, expect, str(result))
        return result

    def look(self, plan, *arguments, expect=0):
        anchors = os.path.join(self.dir, "anchors")
        with open(anchors, "w", encoding="ascii") as out:
            out.write(self.world.knot.anchors)
        return self.tool("domain", plan, "--phase", "after", "--resolver", "127.0.0.1@%d" % self.world.resolver.port,
                         "--dns-port", str(self.world.port), "--smtp-port", str(self.world.smtp), "--https-port",
                         str(self.world.https), "--trust-anchor", anchors, "--ca-file", self.world.authority.ca,
                         "--dnsbl", "none", "--timeout", "3", *arguments, expect=expect)

    def certificate(self, plan, expect):
        json_path = os.path.join(self.dir, "out.json")
        result = self.run_command([harness.program(), "certificate", plan, "--json", json_path, "--html",
                                   os.path.join(self.dir, "out.html")], json_path=json_path)
        self.assertEqual(result.status, expect, str(result))
        self.assertEqual(schema.errors(result.json, "certificate-1.json"), [])
        self.assertEqual(result.json["may_be_switched_off"], expect == 0)
        with open(os.path.join(self.dir, "out.html"), encoding="utf-8") as page:
            self.assertEqual("may be switched off.</h1>" in page.read(), expect == 0)
        return result

    def missing(self, result):
        return [each["text"] for each in result.json["missing"]]

    def settled_copy(self, plan):
        """A copy that begins in a later second than the look before it."""
        time.sleep(1.1)
        self.tool("copy", plan)

    DOMAIN = ("domains:\n- name: done.example\n  new-mx: new.hosts.example\n  old-host: [closed.hosts.example]\n"
              "  selector: s1\n  new-address: %s\n" % NEW)

    def test_step_by_step(self):
        connection = self.login(self.source)
        imaputil.append(connection, "INBOX", [(b"Subject: %d\r\n\r\nhello\r\n" % number, (), None)
                                              for number in range(5)])
        plan = self.plan(self.DOMAIN)
        result = self.certificate(plan, 1)
        self.assertEqual(len(self.missing(result)), 2, result.out)
        self.assertIn("nothing was done with the account yet", result.out)
        self.assertIn("not looked at after the switch", result.out)

        self.tool("copy", plan)
        result = self.certificate(plan, 1)
        self.assertTrue(any("still found 5 new messages" in each for each in self.missing(result)), result.out)
        self.assertTrue(any("never verified" in each for each in self.missing(result)), result.out)

        self.tool("copy", plan)
        self.tool("verify", plan)
        self.look(plan)
        result = self.certificate(plan, 1)
        self.assertEqual(len(self.missing(result)), 1, result.out)
        self.assertIn("began before the domains were found settled", self.missing(result)[0])

        self.settled_copy(plan)
        result = self.certificate(plan, 1)
        self.assertEqual(len(self.missing(result)), 1, result.out)
        self.assertIn("before the last copy: verify again", self.missing(result)[0])

        self.tool("verify", plan, "--depth", "quick")
        self.assertIn("did not read every message", self.missing(self.certificate(plan, 1))[0])

        self.tool("verify", plan)
        result = self.certificate(plan, 0)
        self.assertEqual(self.missing(result), [])
        self.assertIn("The old server may be switched off.", result.out)
        self.assertRegex(result.out, r"Merkle root [0-9a-f]{64}")
        self.assertEqual(result.json["accounts"][0]["messages"], 5)

        # A verification of a part does not stand for the whole.
        self.tool("verify", plan, "--folder", "INBOX")
        self.assertIn("another part of the account than the plan means (folder INBOX)",
                      self.missing(self.certificate(plan, 1))[0])
        self.tool("verify", plan)
        self.certificate(plan, 0)

        # Later looks at the domain that find the same do not undo it.
        self.look(plan)
        self.certificate(plan, 0)

        # New mail on the source, copied: it is not quiet any more.
        imaputil.append(connection, "INBOX", [(b"Subject: late\r\n\r\nhello\r\n", (), None)])
        self.tool("copy", plan)
        result = self.certificate(plan, 1)
        self.assertTrue(any("still found 1 new messages" in each for each in self.missing(result)), result.out)

    def test_mended(self):
        """What was sent again stands in the certificate, which asks for a verification after it."""
        connection = self.login(self.source)
        imaputil.append(connection, "INBOX", [(b"Subject: %d\r\n\r\nhello\r\n" % number, (), None)
                                              for number in range(5)])
        plan = self.plan(self.DOMAIN)
        self.tool("copy", plan)
        self.look(plan)
        self.settled_copy(plan)
        self.tool("verify", plan)
        result = self.certificate(plan, 0)
        self.assertIsNone(result.json["accounts"][0]["mended"])
        self.assertNotIn("mended", result.out)
        target = self.login(self.target)
        target.select("INBOX")
        imaputil.check(target.uid("STORE", "1:2", "+FLAGS", "(\\Deleted)"))
        imaputil.check(target.expunge())
        self.tool("verify", plan, expect=1)
        time.sleep(1.1)
        self.tool("copy", plan, "--mend")
        result = self.certificate(plan, 1)
        mended = result.json["accounts"][0]["mended"]
        self.assertEqual((mended["missing"], mended["altered"], mended["read_back"]), (2, 0, False))
        self.assertIn("messages were sent again", " / ".join(self.missing(result)))
        self.assertIn("mended: 2 of them sent again (2 missing, 0 altered before)", result.out)
        self.assertIn("not verified as a whole since", result.out)
        self.assertIn("0 new, 2 sent again, 0 failed", result.out)
        self.tool("verify", plan)
        result = self.certificate(plan, 0)
        self.assertTrue(result.json["accounts"][0]["mended"]["read_back"])
        self.assertIn("and everything was read back since", result.out)
        with open(os.path.join(self.dir, "out.html"), encoding="utf-8") as page:
            self.assertIn("mended: 2 of them sent again", page.read())

    def test_differences_and_an_open_domain(self):
        connection = self.login(self.source)
        imaputil.append(connection, "INBOX", [(b"Subject: one\r\n\r\nhello\r\n", (), None)])
        plan = self.plan(self.DOMAIN.replace("done.example", "moving.example").replace("closed", "old"))
        self.tool("copy", plan)
        self.look(plan, expect=1)
        self.settled_copy(plan)
        target = self.login(self.target)
        target.select("INBOX")
        imaputil.check(target.uid("STORE", "1", "+FLAGS", "(\\Deleted)"))
        imaputil.check(target.expunge())
        self.tool("verify", plan, expect=1)
        result = self.certificate(plan, 1)
        texts = " / ".join(self.missing(result))
        self.assertIn("not settled", texts)
        self.assertIn("old.accepts", texts)
        self.assertIn("not clean", texts)

    def test_domains_of_the_accounts(self):
        """Without `domains` those of the addresses count; without any, nothing is ever done."""
        plan = self.plan("")
        result = self.certificate(plan, 1)
        self.assertTrue(any("no domain is named" in each for each in self.missing(result)))
        done = self.run_command([harness.program(), "domain", plan])
        self.assertEqual(done.status, harness.USAGE, str(done))
        with open(plan, encoding="utf-8") as file:
            text = re.sub(r"target: %s\}" % self.user, "target: %s@done.example}" % self.user, file.read())
        with open(plan, "w", encoding="utf-8") as file:
            file.write(text)
        json_path = os.path.join(self.dir, "out.json")
        result = self.look(plan, "--new-mx", "new.hosts.example", "--json", json_path, expect=4)
        self.assertEqual([each["domain"] for each in result.json["domains"]], ["done.example"])

    def test_step_of_a_run(self):
        """`run --steps copy,domain,verify`: the look comes last, and is on record."""
        connection = self.login(self.source)
        imaputil.append(connection, "INBOX", [(b"Subject: one\r\n\r\nhello\r\n", (), None)])
        with open(os.path.join(self.dir, "anchors"), "w", encoding="ascii") as out:
            out.write(self.world.knot.anchors)
        whole = ("  resolver: 127.0.0.1@%d\n  dns-port: %d\n  smtp-port: %d\n  https-port: %d\n  ca-file: %s\n"
                 "  trust-anchor: anchors\n  dnsbl: none\n  timeout: 3\n" % (
                     self.world.resolver.port, self.world.port, self.world.smtp, self.world.https,
                     self.world.authority.ca))
        plan = self.plan(self.DOMAIN + whole)
        json_path = os.path.join(self.dir, "out.json")
        result = self.tool("run", plan, "--steps", "copy,domain,verify", "--json", json_path)
        self.assertEqual(schema.errors(result.json, "run-1.json"), [])
        self.assertEqual(result.json["steps"], ["copy", "verify", "domain"])
        self.assertEqual(schema.errors(result.json["domain"], "domain-1.json"), [])
        self.assertEqual((result.json["exit"], result.json["status"]), (0, "complete"))
        self.assertLess(result.out.index("1 account"), result.out.index("All is as it should be after the switch."))
        self.assertNotIn("not looked at after the switch", self.certificate(plan, 1).out)
        os.unlink(os.path.join(self.dir, "password"))
        result = self.tool("run", plan, "--steps", "domain")  # asks for no password
        self.assertTrue(result.out.startswith("All is as it should be"), result.out)
        self.tool("run", plan, "--steps", "domain", "--json", "-")
        moving = self.plan(self.DOMAIN.replace("done", "moving") + whole)
        result = self.tool("run", moving, "--steps", "domain", "--json", json_path, expect=1)
        self.assertIn("Something is wrong after the switch.", result.out)
        self.assertEqual(schema.errors(result.json, "run-1.json"), [])
        self.assertEqual((result.json["exit"], result.json["status"], result.json["accounts"]), (1, "partial", []))
        self.assertEqual([each["domain"] for each in result.json["domain"]["domains"]], ["moving.example"])
        result = self.tool("run", self.plan(self.DOMAIN + whole.replace("timeout: 3", "timeout: soon")), "--steps",
                           "domain", expect=harness.USAGE)
        self.assertIn("plan.yaml:", result.err)
        single = self.run_command([harness.program(), "run", *self.accounts()[0].arguments("source", self.dir),
                                   *self.accounts()[1].arguments("target", self.dir), "--steps", "domain"])
        self.assertEqual(single.status, harness.USAGE, str(single))

    def test_plan_of_domains_is_checked(self):
        plan = self.plan("domains:\n- {name: a.example, provder: google}\n- {new-mx: x}\n- [b]\n- c.example\n"
                         "- {name: d.example, provider: [x]}\n")
        result = self.run_command([harness.program(), "plan", "check", plan])
        self.assertEqual(result.status, harness.USAGE, str(result))
        for part in ('did you mean "provider"', '"domains.2" takes a mapping', '"domains.4.provider" takes one value'):
            self.assertIn(part, result.out)
        self.assertEqual(self.run_command([harness.program(), "plan", "check", self.plan(self.DOMAIN)]).status, 0)

    def test_a_record_that_makes_no_sense(self):
        plan = self.plan(self.DOMAIN)
        records = os.path.join(self.dir, "records")
        os.mkdir(records)
        with open(os.path.join(records, "done.example.json"), "w", encoding="ascii") as out:
            out.write("{\"settled\": true}")
        done = self.run_command([harness.program(), "certificate", plan, "--records", records])
        self.assertEqual(done.status, harness.LOCAL, str(done))
        self.look(plan, "--records", records)
        self.assertNotIn("not looked at", self.run_command(
            [harness.program(), "certificate", plan, "--records", records]).out)


del test_domain_probes


if __name__ == "__main__":
    unittest.main()
