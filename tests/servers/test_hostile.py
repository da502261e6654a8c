"""Hostile servers (H1, H2, H4): no crash, memory within its bound, nothing of theirs reaches terminal, file or peer.

Each answer here is known to crash, confuse or fill up a client that trusts servers. The first message of the account
has to arrive where the hostility leaves room for it; what the run may end with is documented in any case.
"""

import json
import os
import time
import unittest

import providers
import wire
from harness import DONE, LONG, PARTIAL, REFUSED, TEMPORARY, USAGE, Account, ToolCase, seeded
from memserver import MemServer

MEMORY = 64 << 20
DOCUMENTED = {DONE, PARTIAL, USAGE, TEMPORARY, REFUSED}
NEST = 20000

# One line or more each, sent before the answer to a command.
LINES = {
    "BADCHARSET with a string": b'* OK [BADCHARSET ("x")] hi\r\n',
    "BADCHARSET twice": b"* OK [BADCHARSET (A)] [BADCHARSET (B)] x\r\n* NO [BADCHARSET (A)(B)] x\r\n",
    "codes without text": b"* OK [ALERT]\r\n* OK [PARSE]\r\n* NO [ALERT]\r\n* OK\r\n* OK \r\n",
    "PERMANENTFLAGS cut": b"* OK [PERMANENTFLAGS (\x01)] x\r\n* OK [PERMANENTFLAGS (\\*\r\n",
    "deep BODYSTRUCTURE": b"* 1 FETCH (BODYSTRUCTURE " + b"(" * NEST + b")" * NEST + b")\r\n",
    "deep LIST": b'* LIST () "/" x ("X" ' + b"(" * NEST + b")" * NEST + b")\r\n",
    "numbers above 32 bits": b"* 4294967297 EXISTS\r\n* OK [UIDVALIDITY 99999999999999999999] x\r\n"
                             b"* OK [UIDNEXT 4294967296] x\r\n* 18446744073709551617 RECENT\r\n",
    "FETCH of UID 2^32": b"* 1 FETCH (UID 4294967296 FLAGS ())\r\n* 4294967296 FETCH (UID 1 FLAGS ())\r\n",
    "numbers of nothing": b"* 0 FETCH (UID 0 FLAGS ())\r\n* 0 EXPUNGE\r\n* 1 EXPUNGE\r\n* 7 EXPUNGE\r\n* -1 EXISTS\r\n",
    "literal of 2^32": b"* 1 FETCH (UID 1 BODY[] {4294967296}\r\n",
    "literal of 2^64": b"* 1 FETCH (UID 1 BODY[] {18446744073709551617}\r\nx)\r\n",
    "literals where none belongs": b"* {3}\r\nabc EXISTS\r\n* LIST ({4}\r\n\\All) {1}\r\n/ {3}\r\nabc\r\n",
    "literal8": b"* 1 FETCH (UID 1 BODY[] ~{3}\r\na\0b)\r\n",
    "unknown responses": b'* ESEARCH (TAG "x") UID ALL 1:9999999999\r\n* METADATA "" (/x {2}\r\nab)\r\n'
                         b"* FOO\r\n*\r\n* \r\n",
    "a huge set": b"* SEARCH 1 4294967295\r\n* ESEARCH UID ALL 1:4294967295\r\n* VANISHED (EARLIER) 1:4294967295\r\n",
    "dates that are none": b'* 1 FETCH (UID 1 INTERNALDATE NIL)\r\n'
                           b'* 1 FETCH (UID 1 INTERNALDATE "99-Foo-0000 99:99:99 +9999")\r\n',
    "another tag": b"9999 OK done\r\nA1 OK done\r\n4294967297 OK x\r\n",
    "a tag without words": b"1\r\n2 \r\n3 OK\r\n",
    "continuations unasked": b"+ \r\n+ go on\r\n+\r\n",
    "NUL and bare ends": b"* OK a\0b\r\n* OK a\rb\nc\r\n\r\n\n\r",
    "STATUS that lies": b"* STATUS INBOX (MESSAGES 4294967295 UIDNEXT 0 UIDVALIDITY 0 UNSEEN 99999999999)\r\n",
    "capabilities taken back": b"* CAPABILITY\r\n* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n",
    "BYE": b"* BYE \xff\xfe \x1b[31m go away\r\n",
    "a second greeting": b"* PREAUTH [CAPABILITY IMAP4rev1] already in\r\n",
    "a body of NIL": b"* 1 FETCH (UID 1 BODY[] NIL)\r\n* 1 FETCH (UID 1 BODY[HEADER] NIL FLAGS NIL)\r\n",
    "one body twice": b"* 1 FETCH (UID 1 BODY[] {2}\r\nab BODY[] {2}\r\ncd)\r\n",
}
COMMANDS = ("GREETING", "AUTHENTICATE", "LIST", "NAMESPACE", "EXAMINE", "UID SEARCH", "UID FETCH", "SELECT", "APPEND")


class Hostile(MemServer):
    """Sends `octets` (or calls it with the connection) before it answers the command `at`, so many times."""

    def __init__(self, at, octets, times=1 << 30, **options):
        self.at, self.octets, self.times = at, octets, times
        super().__init__(**options)
        self.on_command = self._strike

    def play(self, connection):
        self._strike(connection, "GREETING", None)
        super().play(connection)

    def _strike(self, connection, name, arguments):
        if name == self.at and self.times > 0:
            self.times -= 1
            if callable(self.octets):
                self.octets(connection)
            else:
                connection.send(self.octets)


class HostileCase(ToolCase):
    def attack(self, at, octets, side, expect=DOCUMENTED, preset="asan", times=1 << 30, timeout=60, extra=()):
        """Run against a hostile source or target; returns (result, source, target)."""
        self.state = os.path.join(self.dir, "state%d" % len(os.listdir(self.dir)))
        one = Hostile(at, octets, times) if side == "source" else MemServer()
        two = Hostile(at, octets, times) if side == "target" else MemServer()
        with one as source, two as target:
            source.mailboxes[b"INBOX"].add(b"Subject: 1\r\n\r\nx\r\n", ["\\Seen"])
            source.add_mailbox("Folder").add(b"Subject: 2\r\n\r\ny\r\n")
            command = self.command(Account.on(source, scheme="plain"), Account.on(target, scheme="plain"),
                                   "--patience", "1", "--timeout", "10", *extra, preset=preset)
            result = self.run_command(command, timeout=timeout, json_path=os.path.join(self.dir, "result.json"))
            self.assertIn(result.status, expect, "%s\n%r to %s: %s" % (side, octets if isinstance(octets, bytes) else
                                                                         "", at, result))
            self.assertNotRegex(result.out + result.err, r"[\x00-\x08\x0b-\x1f\x7f]", "nothing moves the cursor")
            for line in target.received:
                self.assertNotRegex(line.upper(), rb" (DELETE|EXPUNGE|RENAME) ", "no command that nobody asked for")
            source.errors.clear()  # what a client that leaves does to a server's thread is no matter here
            target.errors.clear()
            return result, source, target


class Lines(HostileCase):
    """H1: each of the answers that break libetpan, and more of that kind, in answer to each command."""

    def test_each(self):
        cases = [(name, at, side) for name in LINES for at in COMMANDS for side in ("source", "target")]
        if not LONG:
            cases = seeded("hostile").sample(cases, 90)
        for name, at, side in cases:
            with self.subTest(name=name, at=at, side=side):
                self.attack(at, LINES[name], side, times=2)

    def test_all_at_once_does_no_harm_where_it_may_be_dropped(self):
        """What nobody asked for and what can be told from an answer costs nothing: everything arrives."""
        harmless = ("BADCHARSET with a string", "codes without text", "unknown responses")
        for name in harmless:
            with self.subTest(name):
                result, _, target = self.attack("UID FETCH", LINES[name], "source", expect={DONE})
                self.assertEqual(len(target.mailboxes[b"INBOX"].messages), 1, str(result))


    def test_more_messages_than_there_are(self):
        """To name four thousand million messages costs a server nothing: that folder is listed, the other arrives."""
        result, _, target = self.attack("UID SEARCH", b"* SEARCH 1 4294967295\r\n* ESEARCH UID ALL 1:4294967295\r\n",
                                        "source", expect={PARTIAL}, times=1)
        self.assertEqual(sum(len(box.messages) for box in target.mailboxes.values()), 1, str(result))
        self.assertEqual([problem["code"] for problem in result.problems], ["bounds"], str(result))


class Masses(HostileCase):
    """H1: lines, literals and lists without end, in the memory that any run may use."""

    def endless(self, piece, limit=1 << 30):
        def send(connection):
            try:
                for _ in range(limit // len(piece)):
                    connection.sock.sendall(piece)
            except OSError:
                raise wire.Closed("the client has had enough") from None
        return send

    def check(self, at, octets, side, expect=DOCUMENTED, times=1 << 30):
        result, _, _ = self.attack(at, octets, side, preset="release", expect=expect, times=times, timeout=120)
        if result.json:
            self.assertLess(result.totals["peak_rss"], MEMORY, str(result))
        return result

    def test_line_of_a_gigabyte(self):
        for at, side in (("LIST", "source"), ("UID FETCH", "source"), ("LIST", "target"), ("GREETING", "target")):
            with self.subTest(at=at, side=side):
                result = self.check(at, self.endless(b"* OK " + b"x" * 65536), side, {TEMPORARY, PARTIAL})
                self.assertRegex(result.out + result.err, "(?i)bound|longer|limit|too long|octets")

    def test_literal_of_four_gigabytes(self):
        """It ends early; nothing of it is kept in memory, and the other messages arrive."""
        def send(connection):
            connection.send(b'* 1 FETCH (UID 1 FLAGS () INTERNALDATE "01-Jan-2020 00:00:00 +0000" BODY[] '
                            b"{4294967295}\r\n")
            for _ in range(1024):
                connection.sock.sendall(b"y" * 65536)
            raise wire.Closed("64 MiB of 4 GiB")
        result = self.check("UID FETCH", send, "source", {PARTIAL, TEMPORARY})
        self.assertTrue(result.problems or result.err, str(result))

    def test_lists_without_end(self):
        for name, piece in (("mailboxes", b'* LIST () "/" m%d\r\n'), ("flags", b"* FLAGS (f%d f%d f%d)\r\n"),
                            ("capabilities", b"* CAPABILITY IMAP4rev1 C%d\r\n"), ("odd numbers", b"* SEARCH 1%d\r\n")):
            with self.subTest(name):
                def send(connection, piece=piece):
                    count = piece.count(b"%d")
                    for start in range(0, 300000, 1000):
                        connection.sock.sendall(b"".join(piece % ((n,) * count) for n in range(start, start + 1000)))
                self.check("LIST" if name == "mailboxes" else "UID SEARCH", send, "source", times=1)

    def test_deep_names(self):
        """20,000 levels, and as many folders below one another."""
        deep = b"/".join([b"d"] * NEST)
        self.check("LIST", b'* LIST () "/" "' + deep + b'"\r\n', "source")
        below = [b'* LIST () "/" "' + b"/".join([b"d"] * level) + b'"\r\n' for level in range(1, 700)]
        self.check("LIST", b"".join(below), "source")


class Talk(HostileCase):
    """N7: a server that talks without end, and never answers. Fast, it is a flood; slowly, it takes too long."""

    LINES = {"OK": b"* OK Still here\r\n", "blank": b"\r\n", "unknown": b"* FOO bar\r\n", "EXISTS": b"* 1 EXISTS\r\n",
             "FETCH": b"* 1 FETCH (FLAGS (\\Seen))\r\n", "new UIDs": b"* 9 FETCH (UID 9 FLAGS (\\Seen))\r\n",
             "bodies": b"* 1 FETCH (UID 9 BODY[] {5}\r\nhello)\r\n"}

    def say(self, line, pause):
        def send(connection):
            try:
                while True:
                    connection.sock.sendall(line if pause else line * (65536 // len(line)))
                    time.sleep(pause)
            except OSError:
                raise wire.Closed("the client has had enough") from None
        return send

    def test_without_end(self):
        cases = [(name, at, side, pause) for name in self.LINES for at in COMMANDS for side in ("source", "target")
                 for pause in (0, 0.2)
                 if (side, at) not in (("source", "APPEND"), ("source", "SELECT"), ("target", "UID FETCH"))]
        if not LONG:
            cases = seeded("talk").sample(cases, 5)
        for name, at, side, pause in cases:
            with self.subTest(name=name, at=at, side=side, pause=pause):
                result, _, _ = self.attack(at, self.say(self.LINES[name], pause), side, preset="release",
                                           timeout=60, extra=("--timeout", "1"))
                if result.status != DONE:  # some commands come only when there is something to do
                    self.assertIn(result.status, (TEMPORARY, PARTIAL), str(result))
                    self.assertRegex(result.out + result.err, "without end|keeps talking", str(result))


class Names(HostileCase):
    """H2, H4: names, subjects and words of a server are text, wherever they are shown."""

    NAMES = (b"../../../../tmp/mailmigrate-was-here", b"/etc/passwd", b"\x1b]0;owned\x07\x1b[2J", b"=cmd|' /C calc'!A0",
             b"<script>alert(1)</script>", b"a\tb", b"caf\xe9 \xff", b"$(touch /tmp/mailmigrate-was-here)", b"x" * 4096,
             b"%s%n%n", b"\xe2\x80\xaegnp.exe", b"CON", b"..")

    def test_shown_inert(self):
        with MemServer() as source, MemServer() as target:
            for name in self.NAMES:
                source.add_mailbox(name).add(b"Subject: \x1b[31m=1+1\r\nMessage-ID: <\x1b]0;x\x07>\r\n\r\n" + name)
            target.refuse_append = lambda name, octets: "[TOOBIG] \x1b[1m<b>no</b> =2+2 \xff"
            files = [os.path.join(self.dir, name) for name in ("v.csv", "v.html", "i.csv", "log", "i.html")]
            accounts = Account.on(source, scheme="plain"), Account.on(target, scheme="plain")
            result = self.copy(*accounts, "--log", files[3], "--trace", expect=PARTIAL)
            verified = self.copy(*accounts, "--csv", files[0], "--html", files[1], expect=None, verb="verify")
            stock = self.copy(*accounts, "--csv", files[2], "--html", files[4], expect=None, verb="inventory")
        for text in (result.out, result.err, verified.out, verified.err, stock.out, stock.err):
            self.assertNotRegex(text, r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e\u2066-\u2069]")
        for path in (files[0], files[2]):
            with open(path, encoding="utf-8", newline="") as file:
                self.assertNotRegex(file.read(), r"(?m)(^|,)\"?(?:[=+@\t-](?!\d)|\r(?!\n))", "no cell begins like a formula")
        for path in (files[1], files[4]):
            with open(path, encoding="utf-8") as file:
                page = file.read()
            self.assertNotIn("<script>alert", page)
            self.assertNotIn("<b>no</b>", page)
        for path in files + [os.path.join(self.dir, "result.json")]:
            with open(path, "rb") as file:
                self.assertNotRegex(file.read(), rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", path)
        with open(files[3], encoding="utf-8") as file:
            for line in file:
                json.loads(line)
        self.assertFalse(os.path.exists("/tmp/mailmigrate-was-here"))

    def test_labels_that_hold_commands(self):
        """H2: labels of a Gmail source become keywords on the target: words, and nothing else."""
        labels = (b'"x) {3}"', b"{9}\r\na\r\n1 NOOP", b'"\\\\Deleted"', b'"\x1b[2J"', b'"' + b"y" * 9000 + b'"',
                  b"(a (b))", b"%", b'"\\\\"', b'""')
        with providers.Gmail() as source, MemServer() as target:
            source.label(b"Subject: 1\r\n\r\n", [source.find(b"INBOX")])
            source.labels_of = lambda box, message: labels
            accounts = Account.on(source, scheme="plain"), Account.on(target, scheme="plain")
            self.copy(*accounts, "--labels", "keyword")
            arrived = [message for box in target.mailboxes.values() for message in box.messages]
            self.assertEqual(len(arrived), 1)
            self.assertEqual(arrived[0].flags, {"x___3}", "a__1_NOOP", "Deleted", "_[2J", "y" * 50, "_"})
            self.assertEqual(self.copy(*accounts, "--labels", "keyword").totals["flags_changed"], 0)
            for line in target.received:
                self.assertNotRegex(line, rb"NOOP$|\x1b")


if __name__ == "__main__":
    unittest.main()
