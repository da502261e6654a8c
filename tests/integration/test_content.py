"""Octets, flags and dates: nothing changes on the way, whatever a message looks like."""

import os
import re
import subprocess
import time
import unittest

import imaputil
import mailgen
import oracle
from harness import DONE, PARTIAL, SEED, Account, Pair, ToolCase
from memserver import BASIC, EVERYTHING, MemServer

MEMORY = 64 << 20

ODD = {
    "bare LF": b"Subject: lf\n\nonly\nline feeds\n",
    "mixed line ends": b"Subject: mixed\r\n\none\r\ntwo\nthree\rfour\r\r\n",
    "bare CR": b"Subject: cr\r\n\r\na\rb\rc\r",
    "8-bit": b"Subject: \xe4\xf6\xfc\r\n\r\n\xff\xfe\x80\r\n",
    "long line": b"Subject: long\r\n\r\n" + b"x" * (1 << 20),
    "no final line end": b"Subject: end\r\n\r\nno line end",
    "no body": b"Subject: nothing\r\n\r\n",
    "no empty line": b"Subject: nothing\r\n",
    "no headers": b"\r\njust a body\r\n",
    "a single octet": b".",
    "looks like IMAP": b"* 1 FETCH (UID 1 BODY[] {5}\r\nA1 OK done\r\n+ go on\r\n{10}\r\n)\r\n",
    "ends in a literal's announcement": b"Subject: x\r\n\r\n{4096}",
    "empty": b"",
}


class InMemory(ToolCase):
    """Between two servers that keep every octet."""

    def run_between(self, source, target, *extra, expect=DONE):
        return self.copy(Account.on(source, scheme="plain"), Account.on(target, scheme="plain"), *extra, expect=expect)

    def stored(self, server, name=b"INBOX"):
        return sorted((m.octets, m.date[:11]) for m in server.mailboxes[name].messages)

    def test_odd_octets(self):
        for capabilities in (EVERYTHING, BASIC, [c for c in BASIC if c != "LITERAL+"] + ["LITERAL-"], ["IMAP4rev1"]):
            with self.subTest(capabilities=" ".join(capabilities)):
                self.state = os.path.join(self.dir, "state%d" % len(os.listdir(self.dir)))
                with MemServer(capabilities) as source, MemServer(capabilities) as target:
                    for octets in ODD.values():
                        source.mailboxes[b"INBOX"].add(octets)
                    result = self.run_between(source, target)
                    self.assertEqual(self.stored(source), self.stored(target), str(result))
                    again = self.run_between(source, target)
                    self.assertEqual(again.totals["copied"], 0)
                    self.assertEqual(self.stored(source), self.stored(target), str(again))

    def test_keywords_the_target_does_not_take(self):
        with MemServer() as source, MemServer() as target:
            target.permanent_flags = ["\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted", "$Forwarded"]
            box = source.mailboxes[b"INBOX"]
            box.add(b"Subject: 1\r\n\r\n", ["\\Seen", "$Forwarded", "Label1"])
            box.add(b"Subject: 2\r\n\r\n", ["\\Flagged"])
            result = self.run_between(source, target, expect=None)
            flags = {m.octets: m.flags for m in target.mailboxes[b"INBOX"].messages}
            self.assertEqual(flags[b"Subject: 1\r\n\r\n"], {"\\Seen", "$Forwarded"}, str(result))
            self.assertEqual(flags[b"Subject: 2\r\n\r\n"], {"\\Flagged"})
            self.assertTrue([p for p in result.problems if p["code"] == "flag" and "Label1" in p["text"]], str(result))
            appended = [line for line in target.received if b" APPEND " in line]
            self.assertFalse([line for line in appended if b"Label1" in line], "PERMANENTFLAGS come first")

    def test_dates_with_zones(self):
        dates = [b"17-Jul-1996 02:44:25 -0700", b" 1-Jan-2000 00:00:00 +0000", b"29-Feb-2024 23:59:59 +1400",
                 b"01-Jan-1970 00:00:01 +0000", b"15-Jun-2038 12:00:00 +0530", b"01-Apr-2019 01:30:00 -0330"]
        with MemServer() as source, MemServer() as target:
            for number, date in enumerate(dates):
                source.mailboxes[b"INBOX"].add(b"Subject: %d\r\n\r\n" % number, (), date)
            result = self.run_between(source, target)
            arrived = {m.octets: m.date for m in target.mailboxes[b"INBOX"].messages}
            for message in source.mailboxes[b"INBOX"].messages:
                date = arrived[message.octets]
                self.assertEqual(imaputil.parse_date_time(date), imaputil.parse_date_time(message.date), str(result))
                self.assertEqual(date[-5:], message.date[-5:])

    def test_dates_that_are_none(self):
        """What servers say when they do not know: the message arrives, and the missing date is named."""
        with MemServer() as source, MemServer() as target:
            for date in (b"30-Dec-1899 00:00:00 +0000", b"00-Jan-0000 00:00:00 +0000"):
                source.mailboxes[b"INBOX"].add(b"Subject: when?\r\n\r\n" + date, (), date)
            source.mailboxes[b"INBOX"].add(b"Subject: then\r\n\r\n")
            result = self.run_between(source, target, expect=None)
            self.assertEqual(len(target.mailboxes[b"INBOX"].messages), 3, str(result))
            self.assertEqual([p["uid"] for p in result.problems], [1], str(result))
            self.assertRegex(result.problems[0]["text"], "^2 messages of 'INBOX' without a usable INTERNALDATE")
            self.assertFalse(result.problems[0]["failed"])

    def test_one_message_is_refused(self):
        """M7, M8: exactly that one is listed, with the server's words, and tried again by a further run."""
        for capabilities in (EVERYTHING, BASIC, ["IMAP4rev1", "UIDPLUS"]):
            with self.subTest(capabilities=" ".join(capabilities)):
                self.state = os.path.join(self.dir, "state%d" % len(os.listdir(self.dir)))
                with MemServer(capabilities) as source, MemServer(capabilities) as target:
                    for number in range(25):
                        source.mailboxes[b"INBOX"].add(b"Subject: %d\r\n\r\n" % number)
                    target.refuse_append = lambda name, octets: "[TOOBIG] no seventeen" if b": 17\r" in octets else None
                    result = self.run_between(source, target, expect=PARTIAL)
                    self.assertEqual((result.totals["copied"], result.totals["failed"]), (24, 1))
                    self.assertEqual([(p["uid"], p["folder"]) for p in result.problems], [(18, "INBOX")])
                    self.assertIn("no seventeen", result.problems[0]["text"])
                    self.assertEqual(len(target.mailboxes[b"INBOX"].messages), 24)
                    again = self.run_between(source, target, expect=PARTIAL)
                    self.assertEqual((again.totals["copied"], again.totals["failed"]), (0, 1))
                    target.refuse_append = lambda name, octets: None
                    self.assertEqual(self.run_between(source, target).totals["copied"], 1)

    def test_server_that_lies_about_sizes(self):
        """M3: the literal's own size counts, never RFC822.SIZE."""

        class Liar(MemServer):
            def _send_fetch(self, connection, box, message, items, since):
                if b"RFC822.SIZE" in items:
                    number = box.messages.index(message) + 1
                    connection.send(b"* %d FETCH (UID %d RFC822.SIZE 1234)\r\n" % (number, message.uid))
                super()._send_fetch(connection, box, message, [i for i in items if i != b"RFC822.SIZE"], since)

        with Liar() as source, MemServer() as target:
            for number in range(10):
                source.mailboxes[b"INBOX"].add(b"Subject: %d\r\n\r\n" % number + b"x" * number * 1000)
            result = self.run_between(source, target)
            self.assertEqual(self.stored(source), self.stored(target), str(result))

    def test_same_content_twice(self):
        with MemServer() as source, MemServer() as target:
            for _ in range(3):
                source.mailboxes[b"INBOX"].add(b"Subject: thrice\r\n\r\n")
            self.run_between(source, target)
            self.assertEqual(len(target.mailboxes[b"INBOX"].messages), 3)
            self.state = os.path.join(self.dir, "another")
            again = self.run_between(source, target)
            self.assertEqual((again.totals["copied"], again.totals["adopted"]), (0, 3), str(again))


class Real(Pair):
    def test_every_kind(self):
        """One of each kind that the generator knows, flags and zones included."""
        messages = mailgen.generate(SEED, len(mailgen.RARE) + 40, folders=(("INBOX",),))
        self.fill(messages)
        self.copy_and_compare()
        self.assertEqual({f for e in oracle.read_folder(self.login(self.target), b"INBOX") for f in e.flags},
                         {f for m in messages for f in m.flags})

    def test_messages_above_the_spool_bound(self):
        """30 MB each, in 64 MiB of memory for the process: by its own figure and by the kernel's."""
        maker = mailgen.Generator(SEED)
        big = [mailgen.Message(("INBOX",), maker.attachment(22 << 20), ("\\Seen",), maker.when(), "big")
               for _ in range(2)]
        self.assertGreater(min(len(m.octets) for m in big), 30_000_000)
        small = mailgen.generate(SEED, 30, folders=(("INBOX",),))
        self.fill(small[:15] + big + small[15:])
        result = self.copy_and_compare(preset="release")
        self.assertLess(result.totals["peak_rss"], MEMORY)
        self.state = os.path.join(self.dir, "second-state")
        self.user = next(self.next_user)
        command = self.command(*self.accounts(), preset="release")
        self.fill(big)
        peak = peak_of(command, self.environment())
        self.assertGreater(peak, 4 << 20)
        self.assertLess(peak, MEMORY)
        self.assertEqual(len(oracle.read_folder(self.login(self.target), b"INBOX")), 2)

    def test_many_messages_in_one_folder(self):
        """Memory does not grow with the folder."""
        connection = self.login(self.source)
        count = 20000
        for start in range(0, count, 500):
            imaputil.append(connection, "INBOX", [(b"Subject: %d\r\n\r\nbody of %d\r\n" % (n, n), (), None)
                                                  for n in range(start, start + 500)])
        result = self.copy(*self.accounts(), preset="release")
        self.assertEqual(result.totals["copied"], count)
        self.assertLess(result.totals["peak_rss"], MEMORY)
        self.assert_same(connection, self.login(self.target), result)

    def test_spool_leaves_no_file(self):
        maker = mailgen.Generator(SEED)
        self.fill([mailgen.Message(("INBOX",), maker.attachment(6 << 20), (), maker.when(), "big")])
        self.copy_and_compare()
        left = sorted(name for name in os.listdir(self.dir) if name.startswith("state"))
        self.assertTrue(set(left) <= {"state", "state-wal", "state-shm", "state.lock"}, left)


def peak_of(command, env):
    """The peak of resident memory of `command`, in octets, as the kernel counts it.

    Not by wait4(): its figure begins with the memory of the process that started the command.
    """
    peak = 0
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          env=env) as process:
        while process.poll() is None:
            with open("/proc/%d/status" % process.pid, encoding="ascii") as file:
                found = re.search(r"^VmHWM:\s+(\d+) kB$", file.read(), re.M)
            peak = max(peak, int(found[1]) * 1024 if found else 0)
            time.sleep(0.005)
    if process.returncode != 0:
        raise AssertionError("%s ended with %d" % (" ".join(command), process.returncode))
    return peak


if __name__ == "__main__":
    unittest.main()
