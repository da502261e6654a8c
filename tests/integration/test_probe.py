"""`mailmigrate probe`: what a server can do and where its limits are, on Dovecot and on a server in memory."""

import os
import re
import unittest

import dovecot
import harness
import mailgen
import memserver
import schema


class Probe(harness.ToolCase):
    def probe(self, server, *more, user="u1", expect=0):
        path, secret = os.path.join(self.dir, "result.json"), os.path.join(self.dir, "password")
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as out:
            out.write(server.users[user] + "\n")
        plain = ["--source-tls", "none"] if isinstance(server, memserver.MemServer) else ["--ca-file", server.ca]
        url = server.url(user, "imap") if plain[1] == "none" else server.url(user)
        result = self.run_command([harness.program(), "probe", url, "--source-password-file", secret, "--json", path,
                                   *plain, *more], json_path=path)
        self.assertEqual(result.status, expect, str(result))
        if result.json:
            self.assertEqual(schema.errors(result.json, "probe-1.json"), [])
        return result

    def memory(self, *args, **options):
        server = memserver.MemServer(*args, **options)
        self.addCleanup(server.stop)
        return server


class OnDovecot(Probe):
    @classmethod
    def setUpClass(cls):
        cls.server = dovecot.Dovecot(users=["u1", "u2"], layout="fs").start()
        cls.addClassCleanup(cls.server.stop)

    def test_read_only(self):
        connection = self.server.login("u1")
        self.addCleanup(connection.shutdown)
        mailgen.fill(connection, mailgen.generate(harness.SEED, 40), self.server.separator, self.server.prefix)
        before = connection.status("INBOX", "(MESSAGES UNSEEN UIDNEXT HIGHESTMODSEQ)")
        result = self.probe(self.server)
        found = result.json
        self.assertIn("IMAP4REV1", found["capabilities"])
        self.assertIn("Dovecot", found["id"])
        self.assertGreater(found["reading"]["octets"], 0)
        self.assertGreater(found["reading"]["messages"], 0)
        self.assertIsNone(found["writing"]["folder"])
        self.assertEqual(found["connections"]["open"] + (found["connections"]["error"] is not None) > 1, True)
        self.assertGreaterEqual(found["round_trip_ms"]["middle"], found["round_trip_ms"]["shortest"])
        self.assertEqual(connection.status("INBOX", "(MESSAGES UNSEEN UIDNEXT HIGHESTMODSEQ)"), before)
        self.assertRegex(result.out, r"reading +\S+ \S+ a second: ")

    def test_write(self):
        connection = self.server.login("u2")
        self.addCleanup(connection.shutdown)
        before = connection.list()
        found = self.probe(self.server, "--write", "--connections", "2", user="u2").json
        self.assertEqual(found["writing"]["octets"], 2 << 20)
        self.assertEqual(found["writing"]["messages"], 32)
        self.assertEqual((found["reading"]["octets"], found["reading"]["messages"]), (2 << 20, 32))
        self.assertFalse(found["left_behind"])
        self.assertEqual(found["connections"], {"open": 2, "tried": 2, "error": None})
        self.assertEqual(connection.list(), before)


class InMemory(Probe):
    def test_limits_and_settings(self):
        server = self.memory(memserver.EVERYTHING + ("APPENDLIMIT=1000000", "MESSAGELIMIT=500", "SAVELIMIT=10", "ID"))
        opened = []

        def busy(connection, name, arguments):
            if name in ("AUTHENTICATE", "LOGIN"):
                opened.append(connection)
                if len(opened) > 3:
                    return "NO [UNAVAILABLE] Maximum number of connections exceeded"
            return None

        server.refuse = busy
        found = self.probe(server).json
        self.assertEqual((found["append_limit"], found["message_limit"], found["save_limit"]), (1000000, 500, 10))
        self.assertEqual((found["connections"]["open"], found["connections"]["tried"]), (3, 16))
        self.assertEqual(found["connections"]["error"]["code"], "unavailable")
        settings = {each["name"]: each for each in found["settings"]}
        self.assertEqual(settings["connections"]["value"], "2")
        self.assertEqual((settings["max-size"]["value"], settings["max-size"]["as_target"]), ("1000000", True))
        self.assertIn("no mail to read", found["reading"]["not_tried"])
        self.assertEqual(len(opened), 4)

    def test_settings_are_options_of_a_plan(self):
        server = self.memory(memserver.EVERYTHING + ("APPENDLIMIT=1000000", "X-GM-EXT-1"))
        found = self.probe(server, "--connections", "1", "--write").json
        self.assertEqual(found["profile"]["name"], "gmail")
        self.assertIn("All Mail", found["writing"]["not_tried"])
        self.assertNotIn(b"CREATE", b" ".join(server.received))
        plan = os.path.join(self.dir, "plan.yaml")
        with open(plan, "w", encoding="utf-8") as out:
            out.write("version: 1\nsource: {host: a.example}\ntarget: {host: b.example, provider: gmail}\n"
                      "accounts: [{source: ann}]\noptions:\n")
            out.write("".join("  %(name)s: %(value)s\n" % each for each in found["settings"]
                              if each["name"] != "provider"))
        done = self.run_command([harness.program(), "plan", "check", plan])
        self.assertEqual(done.status, harness.DONE, str(done))

    def test_refusals(self):
        """A folder that cannot be made, mail that cannot be stored, a folder that cannot be removed."""
        server = self.memory()
        server.refuse_create = lambda name: "[CANNOT] not here"
        found = self.probe(server, "--write", "--connections", "1", expect=1).json
        self.assertEqual(found["writing"]["error"]["code"], "cannot")
        self.assertFalse(found["left_behind"])

        server = self.memory()
        server.refuse_append = lambda name, octets: "[OVERQUOTA] full"
        found = self.probe(server, "--write", "--connections", "1", expect=1).json
        self.assertEqual(found["writing"]["error"]["code"], "overquota")
        self.assertEqual(sorted(server.mailboxes), [b"INBOX"])

        server = self.memory()
        server.refuse = lambda connection, name, arguments: "NO no" if name == "DELETE" else None
        result = self.probe(server, "--write", "--connections", "1", expect=1)
        self.assertTrue(result.json["left_behind"])
        left = [name for name in server.mailboxes if name != b"INBOX"]
        self.assertEqual(len(left), 1)
        self.assertIn("The folder %s could not be removed" % left[0].decode(), result.out)
        self.assertEqual(server.mailboxes[left[0]].messages, [])

    def test_cut_while_writing(self):
        """The connection breaks in the middle: the folder is removed over another one."""
        server = self.memory()
        seen = []

        def cut(connection, name, arguments):
            seen.append(name)
            if name == "APPEND" and seen.count("APPEND") == 5:
                raise memserver.wire.Closed("cut")

        server.on_command = cut
        done = self.run_probe(server)
        self.assertNotEqual(done.status, 0)
        self.assertEqual(sorted(server.mailboxes), [b"INBOX"], str(done))

    def run_probe(self, server):
        secret = os.path.join(self.dir, "password")
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as out:
            out.write(server.users["u1"] + "\n")
        return self.run_command([harness.program(), "probe", server.url("u1"), "--source-tls", "none", "--write",
                                 "--source-password-file", secret])

    def test_what_it_says_is_inert(self):
        server = self.memory(memserver.EVERYTHING + ("ID",))
        server.do_id = lambda connection, arguments: (
            connection.send(b'* ID ("name" "\x1b[31mred\xc2\x9b")\r\n'), "OK done")[1]
        result = self.probe(server, "--connections", "1")
        self.assertIsNone(re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", result.out))

    def test_usage(self):
        for more in ([], ["imap://x@h", "imap://y@h"], ["imap://x@h", "--connections", "17"], ["plan.yaml"]):
            with self.subTest(more):
                done = self.run_command([harness.program(), "probe", *more])
                self.assertEqual(done.status, harness.USAGE, str(done))


if __name__ == "__main__":
    unittest.main()
