"""`mailmigrate plan import` of administrators' lists and of imapsync's command line, and `plan export`."""

import csv
import io
import json
import os
import stat
import unittest

import harness

USERS = ["ann@old.example", "bob@old.example", "c.d@old.example"]
LISTS = {
    "doveadm": "".join(user + "\n" for user in USERS),
    "passwd": "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n"
              + "".join("%s:{SHA512-CRYPT}$6$secret:5000:5000::/srv/%s::\n" % (user, user) for user in USERS),
    "virtual": "# mailboxes\n@old.example catchall@old.example\n"
               + "".join("%s\told.example/%s/\n" % (user, user.partition("@")[0]) for user in USERS),
    "mailcow": json.dumps([{"username": user, "active": 1, "quota": 0} for user in USERS]),
    "mail-in-a-box": json.dumps([{"domain": "old.example", "users": [{"email": user} for user in USERS]}]),
    "iredmail": 'username,name,quota\n' + "".join('%s,"Smith, Ann",0\n' % user for user in USERS),
}
ALIASES = {
    "doveadm": "info@old.example: ann@old.example, bob@old.example\n",
    "passwd": "info@old.example ann@old.example,\n  bob@old.example\n",
    "virtual": "info@old.example  ann@old.example bob@old.example\nann@old.example ann@old.example\n",
    "mailcow": json.dumps([{"address": "info@old.example", "goto": "ann@old.example,bob@old.example"}]),
    "mail-in-a-box": json.dumps([{"domain": "old.example", "aliases": [
        {"address": "info@old.example", "forwards_to": ["ann@old.example", "bob@old.example"]}]}]),
    "iredmail": "address,forwarding\ninfo@old.example,ann@old.example\ninfo@old.example,bob@old.example\n"
                "ann@old.example,ann@old.example\n",
}


class Lists(harness.ToolCase):
    def plan(self, *arguments, expect=harness.DONE):
        result = self.run_command([harness.program(), "plan", *arguments])
        self.assertEqual(result.status, expect, str(result))
        return result

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    @staticmethod
    def rows(path):
        with open(path, newline="", encoding="utf-8") as file:
            return list(csv.reader(file))

    def test_each_kind(self):
        for kind, text in LISTS.items():
            with self.subTest(kind):
                where = os.path.join(self.dir, kind)
                result = self.plan("import", self.write(kind + ".list", text), "--from", kind, "--aliases",
                                   self.write(kind + ".aliases", ALIASES[kind]), "--directory", where)
                self.assertIn("3 accounts in", result.out)
                self.assertNotIn("secret", result.out)
                self.assertEqual(self.rows(where + "/accounts.csv")[1:], [[user, user] for user in USERS])
                self.assertEqual(self.rows(where + "/aliases.csv")[1:],
                                 [["info@old.example", "ann@old.example"], ["info@old.example", "bob@old.example"]])
                with open(where + "/plan.yaml", encoding="utf-8") as file:
                    text = file.read()
                self.assertIn("discover: true", text)
                self.assertNotIn("$6$", text)
                for side in ("source", "target"):
                    os.makedirs("%s/secrets/%s" % (where, side))
                    for user in USERS:
                        self.write("%s/secrets/%s/%s" % (kind, side, user), "x\n")
                self.plan("check", where + "/plan.yaml")
                # nothing that is there is overwritten
                self.plan("import", os.path.join(self.dir, kind + ".list"), "--from", kind, "--directory", where,
                          expect=harness.USAGE)

    def test_hosts(self):
        path = self.write("users", "ann\nbob\n")
        where = os.path.join(self.dir, "plan")
        result = self.plan("import", path, "--from", "doveadm", "--directory", where, expect=harness.USAGE)
        self.assertIn("give --source-host and --target-host", result.err)
        self.plan("import", path, "--from", "doveadm", "--directory", where, "--source-host", "a.example",
                  "--target-host", "b\": x.example")
        with open(where + "/plan.yaml", encoding="utf-8") as file:
            self.assertIn('host: "b\\": x.example"', file.read())

    def test_wrong_lists(self):
        for kind, text in (("mailcow", "{}"), ("mailcow", "[{\"username\": \"a\\u001b[31mb\"}]"),
                           ("iredmail", "a,b\n1,2\n"), ("virtual", "ann@old.example\n"),
                           ("passwd", "no colon\n"), ("doveadm", "two words\n"),
                           ("doveadm", ""), ("doveadm", "a\0b\n"), ("mail-in-a-box", "[")):
            with self.subTest(text):
                result = self.plan("import", self.write("list", text), "--from", kind, "--directory",
                                   os.path.join(self.dir, "none"), expect=harness.USAGE)
                self.assertNotIn("\x1b", result.err)
                self.assertFalse(os.path.exists(os.path.join(self.dir, "none")))

    def test_imapsync(self):
        command = ("imapsync --host1 old.example --port1 993 --ssl1 --user1 'ann smith' --password1 hush1 --host2 "
                   "imap.gmail.com --gmail2 --user2=ann@new.example --passfile2 secrets/target --folder Sent "
                   "--folderrec Work --f1f2 'Sent Mail=Sent' --maxsize 1000000 --dry --delete1 --useuid "
                   "--nonsense hush2")
        result = self.plan("import", "--imapsync", command)
        self.assertNotIn("hush", result.out + result.err)
        for line in ('  host: "old.example"', '  tls: "implicit"', '  provider: "gmail"', '    - "Work/**"',
                     '    - "Sent Mail=Sent"', '  max-size: "1000000"', '  dry-run: "true"',
                     '  - source: "ann smith"', '    target: "ann@new.example"'):
            self.assertIn(line + "\n", result.out)
        self.assertRegex(result.out, r"(?m)^#   --delete1: nothing is ever removed from the source")
        self.assertRegex(result.out, r"(?m)^#   --useuid: .*on record")
        self.assertRegex(result.out, r"(?m)^#   --nonsense: it is not known here")
        os.mkdir(os.path.join(self.dir, "secrets"))
        for name in ("source", "target"):
            self.write("secrets/" + name, "x\n")
        self.plan("check", self.write("plan.yaml", result.out))
        for wrong in ("--host1 a --user1 'b", "--host1 a", "--host1", ""):
            with self.subTest(wrong):
                self.plan("import", "--imapsync", wrong, expect=harness.USAGE)

    def test_export(self):
        plan = self.write("plan.yaml", "version: 1\nsource: {host: a.example}\ntarget: {host: b.example}\naccounts:\n"
                          "  - {source: ann, target: ann.smith@new.example}\n"
                          "  - {source: b, target: =cmd@new.example}\n"
                          "  - {source: c, target: ann.smith@new.example}\n")
        rows = list(csv.reader(io.StringIO(self.plan("export", plan, "--for", "google").out, newline="")))
        self.assertEqual(rows[0][:4], ["First Name [Required]", "Last Name [Required]", "Email Address [Required]",
                                       "Password [Required]"])
        self.assertEqual(rows[1][:4], ["Ann", "Smith", "ann.smith@new.example", ""])
        self.assertEqual(rows[2][2], "'=cmd@new.example")
        self.assertEqual(len(rows), 3)
        path = os.path.join(self.dir, "users.csv")
        self.plan("export", plan, "--for", "google", "--passwords", expect=harness.USAGE)
        self.plan("export", plan, "--for", "google", "--passwords", "--output", path)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        secrets = [row[3] for row in self.rows(path)[1:]]
        self.assertEqual([len(secret) for secret in secrets], [20, 20])
        self.assertNotEqual(*secrets)
        rows = list(csv.reader(io.StringIO(self.plan("export", plan, "--for", "microsoft").out, newline="")))
        self.assertEqual((len(rows[0]), rows[0][0], rows[1][:4]),
                         (16, "Username", ["ann.smith@new.example", "Ann", "Smith", "Ann Smith"]))
        self.plan("export", plan, "--for", "nobody", expect=harness.USAGE)

    def test_there_and_back(self):
        """A list becomes a plan, and the plan the list of the new provider: the same users."""
        where = os.path.join(self.dir, "plan")
        self.plan("import", self.write("list", LISTS["mailcow"]), "--from", "mailcow", "--directory", where)
        for provider, column in (("google", 2), ("microsoft", 0)):
            rows = list(csv.reader(io.StringIO(self.plan("export", where + "/plan.yaml", "--for", provider).out,
                                               newline="")))
            self.assertEqual([row[column] for row in rows[1:]], USERS)


if __name__ == "__main__":
    unittest.main()
