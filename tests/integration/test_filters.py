"""Mail filters on real servers: dovecot-managesieved and Cyrus' timsieved; sieve-connect says what is there."""

import csv
import os
import sqlite3
import unittest
import xml.etree.ElementTree

import cyrus
import dovecot
import harness
import nameservers
import schema
import sieve

MAIN = (b"require [\"fileinto\", \"include\"];\r\n"
        b"# what people write: \xc3\xa4\r\n"
        b"include :personal \"lists\";\r\n"
        b"if header :contains \"subject\" \"offer\" {\r\n"
        b"  fileinto \"Shop\";\r\n"
        b"}\r\n")
LISTS = b"require \"fileinto\";\nif address :domain :is \"from\" \"lists.example\" { fileinto \"Sent\"; stop; }\n"
AWAY = b"require \"vacation\";\nvacation :days 7 \"I am away\";\n"


class FilterCase(harness.ToolCase):
    """Runs of `mailmigrate filters`."""

    def filters(self, verb, *arguments, expect=harness.DONE, **options):
        path = os.path.join(self.dir, "result.json")
        if os.path.exists(path):
            os.unlink(path)
        result = self.run_command([harness.program(), "filters", verb] + list(arguments) + ["--json", path],
                                  json_path=path, **options)
        self.assertEqual(result.status, expect, str(result))
        return result

    def side(self, word, server, user="u1", **options):
        """The options of a side of a run."""
        options.setdefault("sieve", "127.0.0.1:%d" % server.sieve_port)
        return harness.Account.on(server, user, **options).arguments(word, self.dir)

    def pair(self, source, target, *more, user="u1"):
        return (self.side("source", source, user) + self.side("target", target, user)
                + ["--state", self.state] + list(more))

    def outcomes(self, result):
        return {each["name"]: each["outcome"] for each in result.json["filters"]}

    def notes(self, result, name):
        return [(note["concern"], note["weight"], note["line"]) for each in result.json["filters"]
                if each["name"] == name for note in each["notes"]]


class Between(FilterCase):
    """Between two Dovecots, whose second one lacks an extension."""

    @classmethod
    def setUpClass(cls):
        cls.old = dovecot.Dovecot(sieve=[]).start()
        cls.addClassCleanup(cls.old.stop)
        cls.new = dovecot.Dovecot(sieve=["-vacation"], separator=".", prefix="INBOX.").start()
        cls.addClassCleanup(cls.new.stop)

    def setUp(self):
        super().setUp()
        for server in (self.old, self.new):
            with sieve.Client(server) as client:
                names, _ = client.list()
                client.activate("")
                for name in names:
                    client.delete(name)
            connection = server.login()
            connection.create(server.prefix + "Shop")
            connection.create(server.prefix + "Sent")
            connection.logout()

    def fill(self, server, active=None, **scripts):
        with sieve.Client(server) as client:
            for name, text in scripts.items():
                client.put(name, text)
            if active:
                client.activate(active)

    def there(self, server):
        with sieve.Client(server) as client:
            return client.list()

    def test_copied_to_the_octet(self):
        self.fill(self.old, lists=LISTS, main=MAIN, active="main")
        result = self.filters("copy", *self.pair(self.old, self.new), expect=harness.PARTIAL)
        self.assertEqual(self.outcomes(result), {"lists": "put", "main": "put"})
        self.assertEqual([each["name"] for each in result.json["filters"]], ["lists", "main"])
        self.assertEqual(sieve.oracle_get(self.new, "u1", "main", os.path.join(self.dir, "main")), MAIN)
        self.assertEqual(sieve.oracle_get(self.new, "u1", "lists", os.path.join(self.dir, "lists")), LISTS)
        # the folders have other names there: said by line, and left as they were
        self.assertEqual(self.notes(result, "main"), [("folder", "attention", 5)])
        self.assertIn("INBOX.Shop", result.out)
        self.assertEqual(self.there(self.new), (["lists", "main"], None))
        # again: nothing is put twice
        result = self.filters("copy", *self.pair(self.old, self.new), expect=harness.PARTIAL)
        self.assertEqual(self.outcomes(result), {"lists": "there", "main": "there"})
        result = self.filters("verify", *self.pair(self.old, self.new))
        self.assertEqual(self.outcomes(result), {"lists": "identical", "main": "identical"})
        with sqlite3.connect(self.state) as state:
            puts = state.execute("SELECT count(*) FROM event WHERE kind = 'filter-put'").fetchone()[0]
        self.assertGreaterEqual(puts, 2)

    def test_folders_mapped(self):
        self.fill(self.old, lists=LISTS, main=MAIN, active="main")
        result = self.filters("copy", *self.pair(self.old, self.new, "--map-folders"))
        self.assertEqual(self.outcomes(result), {"lists": "put", "main": "put"})
        self.assertEqual(sieve.oracle_get(self.new, "u1", "main", os.path.join(self.dir, "main")),
                         MAIN.replace(b"\"Shop\"", b"\"INBOX.Shop\""))
        result = self.filters("verify", *self.pair(self.old, self.new))
        self.assertEqual(self.outcomes(result), {"lists": "as-put", "main": "as-put"})
        # changed on the source afterwards: not what was put any more, and replaced by the next copy
        self.fill(self.old, main=MAIN + b"# more\r\n")
        result = self.filters("verify", *self.pair(self.old, self.new), expect=harness.PARTIAL)
        self.assertEqual(self.outcomes(result)["main"], "different")
        result = self.filters("copy", *self.pair(self.old, self.new, "--map-folders"))
        self.assertEqual(self.outcomes(result), {"lists": "there", "main": "put"})
        self.assertEqual(self.there(self.new)[0], ["lists", "main"])

    def test_what_the_target_lacks(self):
        self.fill(self.old, lists=LISTS, away=AWAY, active="away")
        result = self.filters("copy", *self.pair(self.old, self.new, "--map-folders", "--activate", "--force"),
                              expect=harness.PARTIAL)
        self.assertEqual(self.outcomes(result), {"away": "blocked", "lists": "put"})
        self.assertEqual(self.notes(result, "away"), [("require", "blocks", 1), ("vacation", "note", 2)])
        self.assertIn("line 1: the target lacks \"vacation\"", result.out)
        self.assertEqual(result.json["activation"], "held-back")
        self.assertEqual(self.there(self.new), (["lists"], None))

    def test_other_content_stays(self):
        self.fill(self.old, lists=LISTS)
        self.fill(self.new, lists=b"keep;\r\n", mine=b"stop;\r\n", active="lists")
        result = self.filters("copy", *self.pair(self.old, self.new, "--map-folders"))
        self.assertEqual(result.json["filters"][0]["target_name"], "lists (2)")
        self.assertEqual(result.json["others"], ["lists", "mine"])
        with sieve.Client(self.new) as client:
            self.assertEqual(client.get("lists"), b"keep;\r\n")
            self.assertEqual(client.list(), (["lists", "lists (2)", "mine"], "lists"))
        self.filters("copy", *self.pair(self.old, self.new, "--map-folders"))
        self.assertEqual(self.there(self.new)[0], ["lists", "lists (2)", "mine"])
        # --replace: but what is active there stays unless activation is allowed
        os.unlink(self.state)
        self.filters("copy", *self.pair(self.old, self.new, "--map-folders", "--replace"))
        with sieve.Client(self.new) as client:
            self.assertEqual(client.get("lists"), b"keep;\r\n")
            client.activate("")
        os.unlink(self.state)
        result = self.filters("copy", *self.pair(self.old, self.new, "--map-folders", "--replace"))
        self.assertTrue(result.json["filters"][0]["replaced"])
        with sieve.Client(self.new) as client:
            self.assertEqual(client.get("lists"), LISTS.replace(b"\"Sent\"", b"\"INBOX.Sent\""))

    def test_activation(self):
        self.fill(self.old, lists=LISTS, active="lists")
        # nobody knows where mail for "u1" goes: said, and nothing is made active
        result = self.filters("copy", *self.pair(self.old, self.new, "--map-folders", "--activate"),
                              expect=harness.PARTIAL)
        self.assertEqual(result.json["activation"], "held-back")
        self.assertIn("--force", result.out)
        self.assertEqual(self.there(self.new), (["lists"], None))
        result = self.filters("check", *self.pair(self.old, self.new, "--map-folders", "--activate", "--force"))
        self.assertEqual(result.json["activation"], "would-activate")
        self.assertEqual(self.there(self.new), (["lists"], None))
        result = self.filters("copy", *self.pair(self.old, self.new, "--map-folders", "--activate", "--force"))
        self.assertEqual(result.json["activation"], "activated")
        self.assertEqual(self.there(self.new), (["lists"], "lists"))
        result = self.filters("copy", *self.pair(self.old, self.new, "--map-folders", "--activate", "--force"))
        self.assertEqual(result.json["activation"], "active-already")

    def test_nothing_is_changed_by_check(self):
        self.fill(self.old, lists=LISTS, away=AWAY)
        result = self.filters("check", *self.pair(self.old, self.new), expect=harness.PARTIAL)
        self.assertEqual(self.outcomes(result), {"away": "blocked", "lists": "fits"})
        result = self.filters("copy", *self.pair(self.old, self.new, "--dry-run"), expect=harness.PARTIAL)
        self.assertEqual(self.outcomes(result), {"away": "blocked", "lists": "fits"})
        self.assertEqual(self.there(self.new), ([], None))
        self.assertFalse(os.path.exists(self.state))
        result = self.filters("verify", *self.pair(self.old, self.new), expect=harness.PARTIAL)
        self.assertEqual(self.outcomes(result), {"away": "missing", "lists": "missing"})

    def test_files(self):
        scripts = os.path.join(self.dir, "scripts")
        os.mkdir(scripts)
        with open(os.path.join(scripts, "global.sieve"), "wb") as out:
            out.write(b"require \"fileinto\";\nfileinto \"INBOX.Shop\";\n")
        with open(os.path.join(scripts, "broken.sieve"), "wb") as out:
            out.write(b"if true { keep;\n")
        result = self.filters("copy", "--source", "sieve:" + scripts, *self.side("target", self.new),
                              expect=harness.PARTIAL)
        self.assertEqual(self.outcomes(result), {"broken": "blocked", "global": "put"})
        self.assertEqual(self.notes(result, "broken")[0][0], "syntax")
        self.assertEqual(self.there(self.new)[0], ["global"])

    def test_export(self):
        self.fill(self.old, lists=LISTS, main=MAIN)
        with sieve.Client(self.old) as client:
            client.put("a %b", b"keep;\r\n")
        out = os.path.join(self.dir, "out")
        self.filters("export", out, *self.side("source", self.old))
        with open(os.path.join(out, "main.sieve"), "rb") as file:
            self.assertEqual(file.read(), MAIN)
        self.assertTrue(os.path.exists(os.path.join(out, "a %25b.sieve")))
        self.filters("export", out, *self.side("source", self.old))
        with open(os.path.join(out, "rules.csv"), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertIn(("main", "4", "the header \"subject\" contains \"offer\"", "file it into \"Shop\""),
                      [(row["script"], row["line"], row["when"], row["then"]) for row in rows])
        with open(os.path.join(out, "rules.html"), encoding="utf-8") as file:
            self.assertIn("file it into &quot;Shop&quot;", file.read())
        self.assertEqual(len(xml.etree.ElementTree.parse(os.path.join(out, "gmail.xml")).getroot()), 1)
        with open(os.path.join(out, "main.sieve"), "wb") as file:
            file.write(b"mine")
        self.filters("export", out, *self.side("source", self.old), expect=harness.PARTIAL)
        with open(os.path.join(out, "main.sieve"), "rb") as file:
            self.assertEqual(file.read(), b"mine")

    def test_no_managesieve(self):
        self.fill(self.old, lists=LISTS)
        result = self.filters("copy", *self.side("source", self.old), *self.side("target", self.new, sieve="none"),
                              expect=harness.PARTIAL)
        self.assertIn("filters export", result.err)

    def test_wrong_password(self):
        account = harness.Account.on(self.old, sieve="127.0.0.1:%d" % self.old.sieve_port)
        account.password = "wrong"
        result = self.filters("export", os.path.join(self.dir, "out"), *account.arguments("source", self.dir),
                              expect=harness.LOGIN)
        self.assertIn("ManageSieve", result.err)
        self.assertNotIn("wrong", result.err)

    def test_by_its_own_url(self):
        """sieve://: ManageSieve alone; folders are not looked at, and that is said."""
        self.fill(self.old, lists=LISTS)
        source = harness.Account("sieve://u1@127.0.0.1:%d" % self.old.sieve_port, self.old.users["u1"],
                                 ca_file=self.old.ca)
        result = self.filters("copy", *source.arguments("source", self.dir), *self.side("target", self.new))
        self.assertFalse(result.json["folders_known"])
        self.assertIn("NOT held against the target", result.out)


@unittest.skipUnless(dovecot.has_ipv6(), "two addresses of this machine tell the two servers apart")
class Switched(FilterCase):
    """Activation by the MX, told by a name server of our own, and all of it by a plan."""

    USERS = ("ann@old.example", "bob@new.example", "eve@third.example")

    @classmethod
    def setUpClass(cls):
        lines = "IN SOA ns h 1 1 1 1 1\n@ IN NS ns\nns IN A 127.0.0.1\n@ IN MX 10 mx\nmx IN %s\n"
        cls.names = nameservers.Nsd({name: "$TTL 60\n@ " + lines % address for name, address in (
            ("old.example", "A 127.0.0.1"), ("new.example", "AAAA ::1"), ("third.example", "A 192.0.2.1"))},
                                    "127.0.0.1", nameservers.free_port())
        cls.names.start()
        cls.addClassCleanup(cls.names.stop)
        cls.old = dovecot.Dovecot(users=cls.USERS, sieve=[]).start()
        cls.addClassCleanup(cls.old.stop)
        cls.new = dovecot.Dovecot(users=cls.USERS, sieve=[]).start()
        cls.addClassCleanup(cls.new.stop)
        for user in cls.USERS:
            with sieve.Client(cls.old, user) as client:
                client.put("away", AWAY)
                client.activate("away")

    def resolver(self):
        return "127.0.0.1@%d" % self.names.port

    def activate(self, user, expect):
        target = self.side("target", self.new, user, host="[::1]", sieve="[::1]:%d" % self.new.sieve_port)
        result = self.filters("copy", *self.side("source", self.old, user), *target, "--state",
                              os.path.join(self.dir, "state-" + user), "--activate", "--resolver", self.resolver(),
                              expect=expect)
        with sieve.Client(self.new, user) as client:
            return result, client.list()

    def test_by_the_mx(self):
        result, there = self.activate("ann@old.example", harness.PARTIAL)
        self.assertEqual((result.json["mx"], result.json["activation"], there), ("old", "held-back", (["away"], None)))
        self.assertIn("mail still goes to the old server", result.out)
        result, there = self.activate("eve@third.example", harness.PARTIAL)
        self.assertEqual((result.json["mx"], result.json["activation"], there),
                         ("unknown", "held-back", (["away"], None)))
        self.assertIn("neither of the two servers", result.out)
        result, there = self.activate("bob@new.example", harness.DONE)
        self.assertEqual((result.json["mx"], result.json["activation"], there),
                         ("new", "activated", (["away"], "away")))
        self.assertEqual(schema.errors(result.json, "filters-1.json"), [])

    def test_by_a_plan(self):
        secret = os.path.join(self.dir, "secret")
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as out:
            out.write(dovecot.PASSWORD + "\n")
        plan = os.path.join(self.dir, "plan.yaml")
        with open(plan, "w", encoding="utf-8") as out:
            out.write("version: 1\n")
            for side, server in (("source", self.old), ("target", self.new)):
                out.write("%s: {host: 127.0.0.1, port: %d, password-file: %s, ca-file: %s, sieve: \"127.0.0.1:%d\"}\n"
                          % (side, server.tls_port, secret, server.ca, server.sieve_port))
            out.write("options:\n  state: %s\n  map-folders: true\naccounts:\n" % self.state)
            for user in self.USERS:
                out.write("  - source: %s\n    target: %s\n" % (user, user))
        path = os.path.join(self.dir, "result.json")
        result = self.run_command([harness.program(), "run", plan, "--steps", "check,copy,verify,filters", "--json",
                                   path], json_path=path)
        self.assertEqual(result.status, harness.DONE, str(result))
        self.assertEqual(schema.errors(result.json, "run-1.json"), [])
        self.assertEqual([each["filters"][0]["outcome"] in ("put", "there") for each in result.json["filters"]],
                         [True] * 3)
        self.assertEqual(result.json["steps"], ["check", "copy", "verify", "filters"])
        self.assertIn("filter script", result.out)


class Cyrus(FilterCase):
    """From Dovecot to Cyrus' timsieved and back."""

    def test_both_ways(self):
        with dovecot.Dovecot(sieve=[]) as old, cyrus.Cyrus(extra="sieve_extensions: fileinto reject vacation include "
                                                                 "envelope body copy variables imap4flags") as new:
            admin = new.login()
            admin.create("INBOX")
            admin.create(new.prefix + "Sent")
            admin.logout()
            for user in ("u1", "u2"):
                other = old.login(user)
                other.create("Sent")
                other.logout()
            with sieve.Client(old) as client:
                client.put("lists", LISTS)
                client.put("away", AWAY)
                client.activate("lists")
            result = self.filters("copy", *self.pair(old, new, "--map-folders", "--activate", "--force"))
            self.assertEqual(self.outcomes(result), {"away": "put", "lists": "put"})
            self.assertEqual(result.json["activation"], "activated")
            with sieve.Client(new) as client:
                self.assertEqual(client.list(), (["away", "lists"], "lists"))
                self.assertEqual(client.get("away"), AWAY)
            result = self.filters("verify", *self.pair(old, new))
            self.assertEqual(self.outcomes(result), {"away": "identical", "lists": "as-put"})
            back = os.path.join(self.dir, "back")
            result = self.filters("copy", *self.side("source", new), *self.side("target", old, "u2"), "--state", back,
                                  "--map-folders")
            self.assertEqual(self.outcomes(result), {"away": "put", "lists": "put"})
            with sieve.Client(old, "u2") as client:
                self.assertEqual(client.get("lists"), LISTS)


if __name__ == "__main__":
    unittest.main()
