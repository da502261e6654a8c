"""Limits of the process are our fault, not the server's: said so, and no message counts as refused for them (P2)."""

import os
import unittest

import faults
from faults import LEDGER
from harness import DONE, LOCAL, LONG, TEMPORARY, Account, ToolCase, program, seeded
from memserver import MemServer

faults.record(__file__)
FILES = range(5, 41) if LONG else (5, 7, 9, 11, 13, 15, 17, 20, 24, 30)


class Limits(ToolCase):
    def limited(self, command, number):
        """Run with so many descriptors at most, standard ones included."""
        shell = ["/bin/sh", "-c", 'ulimit -n %d; exec "$@"' % number, "sh"]
        json_path = command[command.index("--json") + 1]
        if os.path.exists(json_path):
            os.unlink(json_path)
        return self.run_command(shell + command, json_path=json_path)

    def check(self, source, target, held, number):
        """`held` gives the messages of the target."""
        what = "%d descriptors" % number
        self.state = os.path.join(self.dir, "state-%s-%d" % (target.options.get("kind", ""), number))
        target.options.pop("kind", None)
        command = self.command(source, target, "--patience", "1", "--connections", "3", preset="release")
        result = self.limited(command, number)
        self.assertIn(result.status, (DONE, TEMPORARY, LOCAL), "%s\n%s" % (what, result))
        self.assertNotIn("the server refused", result.out + result.err, what)
        if result.status != DONE:
            LEDGER.add("P2", faults=1)
            self.assertRegex(result.err, r"ulimit|Too many open files|limit", "%s\n%s" % (what, result))
        if result.json:
            self.assertEqual(result.totals["failed"], 0, "%s\n%s" % (what, result))
        after = self.run_command(command)
        self.assertEqual(after.status, DONE, "%s\n%s" % (what, after))
        there = sorted(held())
        LEDGER.add("P2", rounds=1, lost=max(0, 60 - len(set(there))), doubled=len(there) - len(set(there)))
        self.assertEqual(len(there), 60, what)
        self.assertEqual(len(set(there)), 60, what)
        return result.status

    def fill(self, server):
        for number in range(60):
            box = server.mailboxes[b"INBOX"] if number % 2 else server.find(b"Work") or server.add_mailbox("Work")
            box.add(b"Subject: %d\r\n\r\n%s\r\n" % (number, b"x" * seeded("limit", number).randrange(40000)))

    def test_servers(self):
        seen = set()
        with MemServer() as source:
            self.fill(source)
            for number in FILES:
                with self.subTest(number=number), MemServer() as target:
                    seen.add(self.check(Account.on(source, scheme="plain"), Account.on(target, scheme="plain"),
                                        lambda: [m.octets for box in target.mailboxes.values() for m in box.messages],
                                        number))
                    target.errors.clear()
                    source.errors.clear()
        self.assertTrue({DONE, LOCAL} <= seen, seen)

    def test_maildir(self):
        seen = set()
        with MemServer() as source:
            self.fill(source)
            for number in FILES:
                with self.subTest(number=number):
                    path = os.path.join(self.dir, "Maildir%d" % number)

                    def held():
                        found = []
                        for directory, _, names in os.walk(path):
                            if os.path.basename(directory) in ("cur", "new"):
                                for name in names:
                                    with open(os.path.join(directory, name), "rb") as file:
                                        found.append(file.read())
                        return found

                    class Files(Account):
                        def arguments(self, side, directory):
                            return ["--" + side, self.url]

                    seen.add(self.check(Account.on(source, scheme="plain"),
                                        Files("maildir:" + path, None, kind="maildir"), held, number))
                    source.errors.clear()
        self.assertTrue({DONE, LOCAL} <= seen, seen)

    def test_what_only_reads(self):
        """Verification, stock-taking and export of mail in files: no folder and no message is at fault."""
        mail, copied = os.path.join(self.dir, "mail"), os.path.join(self.dir, "copied")
        for number in range(60):
            for part in ("cur", "new", "tmp"):
                os.makedirs(os.path.join(mail, ("", ".Work", ".Lists")[number % 3], part), exist_ok=True)
            path = os.path.join(mail, ("", ".Work", ".Lists")[number % 3], "cur", "%d.M.h:2,S" % number)
            with open(path, "wb") as out:
                out.write(b"Subject: %d\r\n\r\n%s\r\n" % (number, b"x" * 4000))
        source = ["--source", "maildir:" + mail]
        both = source + ["--target", "maildir:" + copied, "--state", os.path.join(self.dir, "both")]
        tool = program("release")
        self.assertEqual(self.run_command([tool, "copy"] + both).status, DONE)
        for verb in (["verify"] + both, ["verify"] + both + ["--against", "source"],
                     ["inventory", "--scan-content"] + source,
                     ["archive", "export"] + source + [os.path.join(self.dir, "mail.tar")]):
            seen = set()
            for number in range(5, 25):
                with self.subTest(verb=verb[:2], number=number):
                    if os.path.exists(verb[-1]) and verb[0] == "archive":
                        os.unlink(verb[-1])
                    result = self.run_command(["/bin/sh", "-c", 'ulimit -n %d; exec "$@"' % number, "sh", tool] + verb)
                    self.assertIn(result.status, (DONE, LOCAL), str(result))
                    self.assertNotIn("the server says", result.out + result.err, str(result))
                    if result.status == LOCAL:
                        LEDGER.add("P2", faults=1)
                        self.assertIn("Too many open files", result.err)
                    seen.add(result.status)
            self.assertEqual(seen, {DONE, LOCAL}, verb)


if __name__ == "__main__":
    unittest.main()
