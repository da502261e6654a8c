"""What a verification may call proven: it never says fine of what it, or the copy before it, did not look at."""

import os
import unittest

import mailgen
from harness import DONE, PARTIAL, REFUSED, SEED, USAGE, Account, ToolCase, program
from memserver import MemServer
from verifying import Verifying


class Case(Verifying, ToolCase):
    def setUp(self):
        super().setUp()
        self.source, self.target = (self.server(MemServer) for _ in range(2))

    def server(self, make):
        server = make()
        self.addCleanup(server.stop)
        return server

    @property
    def accounts(self):
        return [Account.on(server, "u1", "plain") for server in (self.source, self.target)]

    def fill(self, name, count):
        box = self.source.find(name) or self.source.add_mailbox(name)
        maker = mailgen.Generator(SEED + count)
        for _ in range(count):
            box.add(maker.plain(), ("\\Seen",))
        return box

    def look(self, *extra, expect=DONE, **options):
        source, target = self.accounts
        return self.verify(*extra, expect=expect, source=source, target=target, **options)

    def run_copy(self, *extra, **options):
        return self.copy(*self.accounts, *extra, **options)


class NotCopied(Case):
    """What the copy knows of and did not carry over is named, with the reason, and the exit status is not 0."""

    def not_copied(self, folder, count, words, **options):
        result = self.look(expect=PARTIAL, **options)
        self.assertEqual(result.folders[folder]["not_copied"], count, str(result))
        self.assertNotIn("every byte", result.out)
        mine = [f for f in result.json["accounts"][0]["findings"] if f["folder"] == folder]
        self.assertTrue(mine, str(result))
        self.assertRegex(" ".join(f["detail"] or "" for f in mine), words)
        return result

    def test_a_folder_that_takes_nothing(self):
        self.fill(b"INBOX", 12)
        self.fill(b"Closed", 5)
        self.target.refuse_append = lambda name, octets: "[NOPERM] not here" if name == b"Closed" else None
        self.run_copy(expect=PARTIAL)
        result = self.not_copied("Closed", 5, "not here")
        self.assertIn("5 not copied", result.out)
        self.assertEqual(result.totals["messages"], 17)
        self.target.refuse_append = lambda name, octets: None
        self.run_copy()
        self.look()

    def test_a_quota_that_stops_it(self):
        """Also in folders that were never begun."""
        self.fill(b"INBOX", 30)
        for number in range(4):
            self.fill(b"F%d" % number, 10)
        room = [20]

        def refuse(name, octets):
            room[0] -= 1
            return "[OVERQUOTA] it is full" if room[0] < 0 else None

        self.target.refuse_append = refuse
        self.run_copy("--connections", "1", expect=REFUSED)
        arrived = sum(len(box.messages) for box in self.target.mailboxes.values())
        result = self.look(expect=PARTIAL)
        self.assertEqual(result.totals["messages"], 70, str(result))
        self.assertEqual(result.totals["not_copied"], 70 - arrived, str(result))
        self.assertIn("it is full", str(result.json))
        self.target.refuse_append = lambda name, octets: None
        self.run_copy()
        self.look()

    def test_a_folder_that_could_not_be_read(self):
        self.fill(b"INBOX", 5)
        self.fill(b"Odd", 7)

        class Refusing(MemServer):
            def _open(self, connection, arguments, mode):
                return "NO broken" if arguments[0] == b"Odd" else super()._open(connection, arguments, mode)

        boxes, self.source = self.source.mailboxes, self.server(Refusing)
        self.source.mailboxes = boxes
        self.run_copy("--patience", "2", expect=PARTIAL)
        self.not_copied("Odd", 7, "broken")

    def test_nothing_at_all(self):
        """The source was empty when it was copied: that is a copy, and nothing is wrong."""
        self.run_copy()
        self.assertIn("no message to look for", self.look().out)

    def test_stopped_before_its_end(self):
        self.fill(b"INBOX", 40)
        self.run_copy("--daily-limit", "8K", expect=130)
        arrived = len(self.target.find(b"INBOX").messages)
        self.assertTrue(0 < arrived < 40, arrived)
        self.not_copied("INBOX", 40 - arrived, "daily-limit")


class Adopted(Case):
    """Mail that was on the target before the copy."""

    def there_before(self):
        for message in self.fill(b"INBOX", 15).messages:
            self.target.find(b"INBOX").add(message.octets, message.flags, message.date)

    def test_is_read(self):
        self.there_before()
        totals = self.run_copy().totals
        self.assertEqual((totals["copied"], totals["adopted"], totals["adopted_read"]), (0, 15, 15))
        result = self.look()
        self.assertEqual(self.counts(result), {"identical": 15})
        self.assertIn("every byte as it was", result.out)
        self.assertEqual(self.run_copy().totals["adopted_read"], 0)

    def test_is_not_read(self):
        self.there_before()
        self.assertEqual(self.run_copy("--no-adopt-read").totals["adopted_read"], 0)
        result = self.look(expect=PARTIAL)
        self.assertEqual(self.counts(result), {"unproven": 15})
        self.assertIn("15 messages cannot be proven", result.out)
        self.assertIn("--against source", result.out)
        self.assertIn("0 of 15 identical; 15 not proven", result.out)
        for words in ("every byte", "are identical"):
            self.assertNotIn(words, result.out.split("Next:")[0])
        self.assertEqual(self.counts(self.look("--against", "source")), {"identical": 15})

    def test_is_read_later(self):
        self.there_before()
        self.run_copy("--no-adopt-read")
        self.assertEqual(self.run_copy().totals["adopted_read"], 0)
        self.assertEqual(self.run_copy("--adopt-read").totals["adopted_read"], 15)
        self.look()

    def test_a_body_that_differs(self):
        """Same size, date and header, another body: adopted, and found out."""
        self.there_before()
        message = self.target.find(b"INBOX").messages[3]
        message.octets = message.octets[:-3] + bytes([message.octets[-3] ^ 1]) + message.octets[-2:]
        self.assertEqual(self.run_copy().totals["adopted"], 15)
        self.assertEqual(self.counts(self.look(expect=PARTIAL)), {"identical": 14, "altered": 1})

    def test_one_that_cannot_be_read(self):
        class Silent(MemServer):
            def _send_fetch(self, connection, box, message, items, since):
                if b"BODY.PEEK[]" in items and message.uid == 4:
                    return
                super()._send_fetch(connection, box, message, items, since)

        boxes, self.source = self.source.mailboxes, self.server(Silent)
        self.source.mailboxes.update(boxes)
        self.there_before()
        result = self.run_copy()
        self.assertEqual(result.totals["adopted_read"], 14)
        self.assertIn("1 messages of 'INBOX' were on the target before", result.problems[0]["text"])
        self.assertEqual(self.counts(self.look(expect=PARTIAL)), {"identical": 14, "unproven": 1})


class Pages(Case):
    def test_a_page_without_its_step(self):
        """Refused before the work, not after it."""
        self.fill(b"INBOX", 3)
        command = self.command(*self.accounts, "--steps", "copy", "--html", self.path("page.html"), verb="run")
        result = self.run_command(command)
        self.assertEqual(result.status, USAGE, str(result))
        self.assertIn("neither inventory nor verify is among the steps", result.err)
        self.assertEqual(self.target.find(b"INBOX").messages, [])

    def test_where_it_is(self):
        self.fill(b"INBOX", 3)
        self.run_copy()
        self.assertIn("HTML report: " + self.path("page.html"), self.look("--html", self.path("page.html")).out)
        page = self.read("page.html")
        self.assertNotIn("What to do now", page)
        self.target.find(b"INBOX").messages.pop()
        self.look("--html", self.path("page.html"), expect=PARTIAL)
        self.assertIn("What to do now:</b> Look at what is listed.", self.read("page.html"))


class DryRun(Case):
    """It says so whatever the verb, in text, JSON and what is told at the end, and what there is to do."""

    def look_dry(self, verb, *extra):
        source, target = self.accounts
        told = self.path("told.json")
        command = self.command(source, target, "--dry-run", *extra, verb=verb)
        if verb == "run":
            command += ["--on-finish", "cat > " + told]
        result = self.run_command(command, json_path=self.path("result.json"))
        self.assertEqual(result.status, DONE, str(result))
        self.assertTrue(result.json["dry_run"])
        for words in ("copied and verified", "in full", "All ", "every byte"):
            self.assertNotIn(words, result.out)
        if verb == "run":
            self.assertIn('"dry_run": true', self.read("told.json"))
        return result

    def test_one_account(self):
        self.fill(b"INBOX", 12)
        self.fill(b"Work", 3)
        for verb in ("copy", "run"):
            with self.subTest(verb=verb):
                result = self.look_dry(verb)
                self.assertRegex(result.out, r"^Dry run: nothing was changed. 1 account, 15 messages, .*B to copy\.\n")
                self.assertIn("1 folder to be made", result.out)
                self.assertIn("Work (to be made)", result.out)
                self.assertEqual(sum(len(box.messages) for box in self.target.mailboxes.values()), 0)
        self.run_copy()
        result = self.look_dry("copy")
        self.assertIn("0 messages to copy, 15 recorded as being there", result.out)
        self.assertEqual(result.totals["left_messages"], 0)

    def test_two_accounts_of_a_plan(self):
        self.fill(b"INBOX", 12)
        for server in (self.source, self.target):
            server.users["u2"] = server.users["u1"]
        plan = self.path("plan.yaml")
        with open(os.open(self.path("password"), os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            file.write(self.source.users["u1"] + "\n")
        lines = ["version: 1"]
        lines += ["%s: {host: 127.0.0.1, port: %d, tls: none, password-file: password}" % (side, server.port)
                  for side, server in (("source", self.source), ("target", self.target))]
        lines += ["options:", "  state: states", "accounts:"]
        lines += ["  - {source: %s, target: %s}" % (user, user) for user in ("u1", "u2")]
        with open(plan, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        for verb in ("copy", "run"):
            with self.subTest(verb=verb):
                result = self.run_command([program(), verb, plan, "--dry-run", "--json", self.path("result.json")],
                                          json_path=self.path("result.json"))
                self.assertEqual(result.status, DONE, str(result))
                self.assertRegex(result.out, r"^Dry run: nothing was changed. 2 accounts, 24 messages, ")
                self.assertTrue(result.json["dry_run"])


if __name__ == "__main__":
    unittest.main()
