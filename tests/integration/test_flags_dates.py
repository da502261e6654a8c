"""Flags and dates: what is stored is what is said, on both sides, for servers that have their own idea of either."""

import email.utils
import unittest

import mailgen
from harness import DONE, PARTIAL, SEED, Account, ToolCase, program
from memserver import MemServer
from stores import Files
from verifying import Verifying

SYSTEM = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"]


class Case(Verifying, ToolCase):
    def server(self, make=MemServer, **options):
        server = make(**options)
        self.addCleanup(server.stop)
        return server

    def pair(self, target=MemServer, source=MemServer, **options):
        self.source, self.target = self.server(source), self.server(target, **options)
        self.accounts = [Account.on(server, "u1", "plain") for server in (self.source, self.target)]
        self.inbox, self.box = self.source.find(b"INBOX"), self.target.find(b"INBOX")

    def fill(self, count, *flags):
        maker = mailgen.Generator(SEED + count)
        return [self.inbox.add(maker.plain(), flags) for _ in range(count)]

    def differences(self, result):
        return [p for p in result.problems if not p["failed"]]

    def verified(self, expect=DONE):
        return self.verify(expect=expect, source=self.accounts[0], target=self.accounts[1])

    def stored(self):
        return [sorted(m.flags) for m in self.box.messages]


class Vague(MemServer):
    """PERMANENTFLAGS is "\\*" alone, which says nothing of the system flags; FLAGS announces them."""

    keeps = True

    def __init__(self, **options):
        super().__init__(**options)
        self.permanent_flags = ["\\*"]

    def _kept(self, flags):
        return {f for f in super()._kept(flags) if self.keeps or not f.startswith("\\")}


class Forgetful(Vague):
    keeps = False


class PermanentFlags(Case):
    def test_only_new_keywords_are_announced(self):
        self.pair(Vague)
        self.fill(5, "\\Seen", "\\Flagged", "work")
        self.assertEqual(self.differences(self.copy(*self.accounts)), [])
        self.assertEqual(self.stored(), [["\\Flagged", "\\Seen", "work"]] * 5)
        self.verified()

    def test_what_did_not_stay_is_told(self):
        self.pair(Forgetful)
        self.fill(5, "\\Seen", "work")
        self.fill(2, "work")
        result = self.copy(*self.accounts)
        told = self.differences(result)
        self.assertEqual(len(told), 1, str(result))
        self.assertRegex(told[0]["text"], r"does not take the flag \\Seen: 5 messages are there without it")
        self.assertEqual(self.stored(), [["work"]] * 7)
        self.verified()

    def test_system_flags_are_owed(self):
        """Left off because of a missing right: each run says it, and carries them over once they are taken."""
        self.pair()
        self.target.permanent_flags = ["\\Flagged", "\\*"]
        self.fill(6, "\\Seen", "\\Flagged")
        for _ in range(2):
            told = self.differences(self.copy(*self.accounts))
            self.assertEqual([(p["uid"], p["code"]) for p in told], [(1, "flag")])
            self.assertIn("\\Seen: 6 messages are there", told[0]["text"])
        self.verified()
        self.target.permanent_flags = None
        self.assertEqual(self.differences(self.copy(*self.accounts)), [])
        self.assertEqual(self.stored(), [["\\Flagged", "\\Seen"]] * 6)
        self.verified()
        self.assertEqual(self.copy(*self.accounts).totals["flags_changed"], 0)


class ShortKeywords(MemServer):
    """Keywords of more than ten octets are refused, by name or without."""

    named = True

    def judge(self, flags):
        for flag in (f.decode() for f in flags):
            if not flag.startswith("\\") and len(flag) > 10:
                return "NO [CANNOT] Keyword %s is too long" % (flag if self.named else "of yours")
        return None

    def do_append(self, connection, arguments):
        for part in arguments:
            answer = self.judge(part) if isinstance(part, list) else None
            if answer:
                return answer
        return super().do_append(connection, arguments)

    def do_uid_store(self, connection, arguments):
        flags = arguments[-1] if isinstance(arguments[-1], list) else [arguments[-1]]
        return self.judge(flags) or super().do_uid_store(connection, arguments)


class ShortUnnamed(ShortKeywords):
    named = False


class Keywords(Case):
    def one_too_long(self, target):
        self.pair(target)
        self.fill(8, "\\Seen", "short", "waytoolongforit", "other")
        self.fill(3, "short")
        self.fill(1, "waytoolongforit")
        told = self.differences(self.copy(*self.accounts))
        self.assertEqual(len(told), 1, told)
        self.assertRegex(told[0]["text"], "does not take the flag waytoolongforit: 9 messages are there without it")
        self.assertEqual(sorted(self.stored()), sorted([["\\Seen", "other", "short"]] * 8 + [["short"]] * 3 + [[]]))
        self.verified()
        again = self.copy(*self.accounts)
        self.assertEqual((again.totals["flags_changed"], again.totals["copied"]), (0, 0))
        self.verified()

    def test_the_long_one_is_named(self):
        self.one_too_long(ShortKeywords)

    def test_the_long_one_is_found_out(self):
        self.one_too_long(ShortUnnamed)

    def test_the_long_one_comes_later(self):
        """The same when flags of known messages change."""
        self.pair(ShortUnnamed)
        self.fill(4, "\\Seen")
        self.copy(*self.accounts)
        for message in self.inbox.messages:
            self.inbox.flag(message, "\\Seen", "short", "waytoolongforit")
        told = self.differences(self.copy(*self.accounts))
        self.assertRegex(told[0]["text"], "does not take the flag waytoolongforit: 4 messages")
        self.assertEqual(self.stored(), [["\\Seen", "short"]] * 4)
        self.verified()

    def test_other_letters(self):
        class Loud(MemServer):
            def _kept(self, flags):
                return {f if f.startswith("\\") else f.upper() for f in super()._kept(flags)}

        self.pair(Loud)
        self.fill(4, "$MdnSent", "\\Seen")
        self.copy(*self.accounts)
        self.assertEqual(self.stored(), [["$MDNSENT", "\\Seen"]] * 4)
        self.verified()
        self.assertEqual(self.copy(*self.accounts).totals["flags_changed"], 0)

    def test_a_server_adds_its_own(self):
        """Keywords that only the target has are worth a word, no difference; a system flag besides is one."""
        self.pair()
        self.fill(6, "\\Seen")
        self.copy(*self.accounts)
        for message in self.box.messages[:4]:
            self.box.flag(message, "\\Seen", "$NotJunk")
        result = self.verified()
        folder = result.folders["INBOX"]
        self.assertEqual((folder["flags_added"], folder["flags_differ"]), (4, 0))
        self.assertIn("4 flags added", result.out)
        self.box.flag(self.box.messages[5], "\\Seen", "\\Flagged")
        result = self.verified(PARTIAL)
        self.assertEqual(result.folders["INBOX"]["flags_differ"], 1)

    def test_left_out(self):
        """What the target does not take was never stored: the record says so, and verify has nothing to complain of."""
        self.pair()
        self.target.permanent_flags = SYSTEM
        self.fill(4, "\\Seen", "work", "\\Indexed")
        told = self.differences(self.copy(*self.accounts))
        self.assertEqual(len(told), 2, told)
        self.verified()
        again = self.copy(*self.accounts)
        self.assertEqual(again.totals["flags_changed"], 0)
        self.verified()

    def test_no_atoms(self):
        class Odd(MemServer):
            def _send_fetch(self, connection, box, message, items, since):
                send, odd = connection.send, message.uid <= 3
                connection.send = lambda line: send(line.replace(b"FLAGS (", b"FLAGS (\x04Junk a]b ") if odd else line)
                try:
                    super()._send_fetch(connection, box, message, items, since)
                finally:
                    connection.send = send

        self.pair(source=Odd)
        self.fill(5, "\\Seen", "work")
        told = self.differences(self.copy(*self.accounts))
        self.assertEqual([p["uid"] for p in told], [1], told)
        self.assertRegex(told[0]["text"], "^3 messages of 'INBOX' with keywords that are no valid IMAP keywords")
        self.assertEqual(self.stored(), [["\\Seen", "work"]] * 5)


class Dates(Case):
    # What the source says, and whether it is readable; a message's Date: is one day before, else the target's own.
    READABLE = (b"17-Jul-2016 09:44:25", b"17-Jul-2016 09:44:25 GMT", b"Sun, 17 Jul 2016 09:44:25 +0000",
                b"17-Jul-2016  09:44:25 +0000", b"17-Jul-2016 09:44:25 +00:00", b"17-Jul-2016 11:44:25 CEST")
    UNREADABLE = (b"00-Jan-0000 00:00:00 +0000", b"00-Jul-2016 09:44:25 +0000", b"", b"31-Feb-2016 09:44:25 +0000",
                  b"30-Dec-1899 00:00:00 +0000", b"17-Jul-2016", b"yesterday")

    @staticmethod
    def message(number, date):
        head = b"From: a@x.example\r\nSubject: m%d\r\nMessage-ID: <m%d@x.example>\r\n" % (number, number)
        return head + (b"Date: %s\r\n" % date if date else b"") + b"\r\nx\r\n"

    def test_odd_dates(self):
        self.pair()
        own = b"Sat, 16 Jul 2016 09:44:25 +0000"
        forms = [(date, own) for date in self.READABLE + self.UNREADABLE] + [(b"00-Jan-0000 00:00:00 +0000", None)] * 2
        for number, (date, header) in enumerate(forms):
            self.inbox.add(self.message(number, header), (), date)
        result = self.copy(*self.accounts)
        stored = [m.date for m in self.box.messages]
        moments = [email.utils.parsedate_to_datetime(d.decode().replace("-", " ", 2)) for d in stored]
        first, second = len(self.READABLE), len(self.READABLE) + len(self.UNREADABLE)
        self.assertEqual({m.timestamp() for m in moments[:first]}, {1468748665.0}, stored)
        self.assertEqual({m.timestamp() for m in moments[first:second]}, {1468748665.0 - 86400}, stored)
        told = self.differences(result)
        self.assertEqual([p["uid"] for p in told], [first + 1, second + 1], told)
        self.assertRegex(told[0]["text"], "^%d messages of 'INBOX' without a usable INTERNALDATE.*own Date"
                         % len(self.UNREADABLE))
        self.assertRegex(told[1]["text"], "^2 messages .*the target sets its own")
        self.assertEqual((result.out + result.err).count("the target sets its own"), 1, str(result))
        self.verified()

    def test_archive(self):
        """What was archived without a usable date gets the message's own, not the time of a file."""
        self.pair()
        for number, date in enumerate((b"yesterday", b"00-Jul-2016 09:44:25 +0000")):
            self.inbox.add(self.message(number, b"Sat, 16 Jul 2016 09:44:25 +0000"), (), date)
        archive = self.path("mail.zip")
        made = self.run_command([program(name="mailmigrate"), "archive", "export", archive] +
                                self.accounts[0].arguments("source", self.dir))
        self.assertEqual(made.status, 0, str(made))
        self.copy(Files("archive", archive), self.accounts[1])
        moments = [email.utils.parsedate_to_datetime(m.date.decode().replace("-", " ", 2)) for m in self.box.messages]
        self.assertEqual([m.timestamp() for m in moments], [1468748665.0 - 86400] * 2)


if __name__ == "__main__":
    unittest.main()
