"""A run that is asked to stop ends within two seconds, whatever it is busy with; the next one completes (N7, P5)."""

import base64
import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
import unittest

import faults
import wire
from faults import LEDGER
from harness import DONE, INTERRUPTED, LOGIN, LONG, Account, ToolCase, program, seeded
from memserver import MemServer

faults.record(__file__)
STOPS = 200 if LONG else 24
WITHIN = 2.0  # seconds
AGAIN = 3     # a machine that is busy with something else is measured so many times at most
LINES = {
    "OK": b"* OK Still here\r\n",
    "blank": b"\r\n",
    "unknown": b"* FOO bar\r\n",
    "EXISTS": b"* 3 EXISTS\r\n",
    "FETCH": b"* 1 FETCH (FLAGS (\\Seen))\r\n",
    "new UIDs": b"* 9 FETCH (UID 9 FLAGS (\\Seen))\r\n",
    "body": b"* 1 FETCH (UID 1 BODY[] {5}\r\nhello)\r\n",
}
COMMANDS = ("GREETING", "AUTHENTICATE", "LIST", "EXAMINE", "UID SEARCH", "UID FETCH", "SELECT", "APPEND")


class Talker(MemServer):
    """Says `line` over and over before it answers the command `at`, `pause` seconds apart; silent when it is b""."""

    def __init__(self, at, line, pause, **options):
        self.at, self.line, self.pause, self.on = at, line, pause, threading.Event()
        self.on.set()
        super().__init__(**options)
        self.on_command = self.talk

    def play(self, connection):
        self.talk(connection, "GREETING", None)
        super().play(connection)

    def talk(self, connection, name, arguments):
        if name != self.at:
            return
        # the lock of all connections is held here; the test ends it
        while self.on.is_set():
            try:
                if self.line:
                    connection.sock.sendall(self.line if self.pause else self.line * (65536 // len(self.line)))
            except OSError:
                raise wire.Closed("the client has left") from None
            time.sleep(self.pause)


class StopCase(ToolCase):
    def stop_after(self, command, pause, number=signal.SIGTERM):
        """Seconds from the signal to the end, and the exit status."""
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, env=self.environment())
        try:
            process.wait(pause)
        except subprocess.TimeoutExpired:
            pass
        begun = time.monotonic()
        process.send_signal(number)
        try:
            err = process.communicate(timeout=30)[1].decode("utf-8", "replace")
        finally:
            process.kill()
            process.communicate()
        return time.monotonic() - begun, process.returncode, err

    def check(self, make, pause, name):
        """`make` gives the command; it is stopped after `pause` seconds. Returns the exit status."""
        took = []
        for _ in range(AGAIN):
            seconds, status, err = self.stop_after(make(), pause)
            took.append(seconds)
            if seconds <= WITHIN:
                LEDGER.add("P5", faults=1)
                return status, err
        self.fail("%s: not ended within %s seconds of the signal: %s" % (name, WITHIN, took))
        return None


class Talk(StopCase):
    """Floods, drips and silence at each command of either side."""

    def one(self, number):
        pick = seeded("stop", number)
        at, side = pick.choice(COMMANDS), pick.choice(("source", "target"))
        kind = pick.choice(sorted(LINES) + ["silence"])
        line = LINES.get(kind, b"")
        drip = kind == "silence" or pick.random() < 0.4
        pause = 0.3 if drip else 0
        what = "%s (%s) at %s of the %s" % (kind, "slowly" if drip else "fast", at, side)
        state = os.path.join(self.dir, "state%d" % number)
        one = Talker(at, line, pause) if side == "source" else MemServer()
        two = Talker(at, line, pause) if side == "target" else MemServer()
        with one as source, two as target:
            for count in range(40):
                source.mailboxes[b"INBOX"].add(b"Subject: %d\r\n\r\n%s\r\n" % (count, b"x" * 2000))
            command = self.command(Account.on(source, scheme="plain"), Account.on(target, scheme="plain"),
                                   "--timeout", "30", preset="release", state=state)
            status, err = self.check(lambda: command, pick.uniform(0.02, 1.5), what)
            self.assertIn(status, (INTERRUPTED, -signal.SIGTERM, 4, DONE), "%s\n%s" % (what, err))
            talker = source if side == "source" else target
            talker.on.clear()
            talker.on_command = lambda connection, name, arguments: None
            talker.at = None
            result = self.run_command(command)
            self.assertEqual(result.status, DONE, "%s\n%s" % (what, result))
            held = sorted(message.octets for message in target.mailboxes[b"INBOX"].messages)
            sent = sorted(message.octets for message in source.mailboxes[b"INBOX"].messages)
            LEDGER.add("P5", rounds=1, lost=len(set(sent) - set(held)), doubled=len(held) - len(set(held)))
            self.assertEqual(held, sent, what)
            source.errors.clear()
            target.errors.clear()

    def test_at_random_moments(self):
        for number in range(STOPS):
            with self.subTest(number=number):
                self.one(number)


class Busy(StopCase):
    """What takes time without a server: waiting for locks, computing, reading large messages and archives."""

    def accounts(self, source, target):
        return Account.on(source, scheme="plain"), Account.on(target, scheme="plain")

    def moments(self, what, make, count):
        """Stop it `count` times at random moments; each one may take WITHIN seconds."""
        interrupted = 0
        for number in range(count):
            status, err = self.check(make, seeded(what, number).uniform(0.02, 2.5), what)
            self.assertIn(status, (INTERRUPTED, -signal.SIGTERM, DONE), "%s\n%s" % (what, err))
            interrupted += status == INTERRUPTED
        return interrupted

    def test_lock_in_the_state(self):
        """Another program holds a lock in the state file; it is waited for, and not past a stop."""
        with MemServer() as source, MemServer() as target:
            for count in range(40):
                source.mailboxes[b"INBOX"].add(b"Subject: %d\r\n\r\nx\r\n" % count)
            command = self.command(*self.accounts(source, target), preset="release")
            self.assertEqual(self.run_command(command).status, DONE)
            for count in range(40):
                source.mailboxes[b"INBOX"].add(b"Subject: new %d\r\n\r\nx\r\n" % count)
            with contextlib.closing(sqlite3.connect(self.state, isolation_level=None)) as database:
                database.execute("BEGIN IMMEDIATE")
                for number in range(4):
                    status, err = self.check(lambda: command, seeded("lock", number).uniform(0.1, 1.0), "lock")
                    self.assertIn(status, (INTERRUPTED, -signal.SIGTERM), err)
                database.execute("ROLLBACK")
            self.assertEqual(self.run_command(command).status, DONE)
            self.assertEqual(len(target.mailboxes[b"INBOX"].messages), 80)

    def test_scram(self):
        """As many iterations as are computed at all."""
        def play(connection):
            connection.send("* OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256] ready")
            tag = connection.expect(r"(\S+) AUTHENTICATE .*")[1]
            connection.send("+ ")
            first = base64.b64decode(connection.line()).decode()
            nonce = first.split("r=")[1]
            connection.send("+ " + base64.b64encode(
                ("r=%sx,s=QSXCR+Q6sek8bf92,i=1000000" % nonce).encode()).decode())
            connection.line()
            connection.send(tag + " NO wrong")

        with wire.Server(play) as server, MemServer() as target:
            account = Account("imap://u1@127.0.0.1:%d" % server.port, "secret", tls="none")
            command = self.command(account, Account.on(target, scheme="plain"), preset="release")
            for number in range(6):
                status, err = self.check(lambda: command, seeded("scram", number).uniform(0.02, 1), "scram")
                self.assertIn(status, (INTERRUPTED, -signal.SIGTERM, LOGIN), err)
            server.errors.clear()

    def test_large_messages(self):
        """Read from a file, digested, kept in a file, sent; and the same when they are verified and exported."""
        path = os.path.join(self.dir, "Maildir")
        for name in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(path, name))
        for number in range(3):
            with open(os.path.join(path, "cur", "160000000%d.M1.host:2,S" % number), "wb") as file:
                file.write(b"Subject: %d\r\n\r\n" % number)
                for _ in range(1600):
                    file.write((b"%d" % number) * 126 + b"\r\n" * 320)
                    file.write(os.urandom(1).hex().encode() * 20000 + b"\r\n")

        class Files(Account):
            def arguments(self, side, directory):
                return ["--" + side, self.url]

        source, target = (Files("maildir:" + where, None) for where in (path, path + "-there"))
        copies = iter(range(1000))

        def copy():
            """Each to a target of its own: a copy that ended in time is not to be found by the next one."""
            shutil.rmtree(path + "-there", ignore_errors=True)
            return self.command(source, target, preset="release", state=self.state + str(next(copies)))

        self.moments("large copy", copy, 6)
        shutil.rmtree(path + "-there", ignore_errors=True)
        command = self.command(source, target, preset="release")
        self.assertEqual(self.run_command(command).status, DONE)
        self.moments("large verify", lambda: self.command(source, target, preset="release", verb="verify"), 4)
        archive = os.path.join(self.dir, "mail.tar.gz")
        export = [program("release"), "archive", "export", "--force", "--source", "maildir:" + path, archive]
        self.moments("export", lambda: export, 4)
        self.assertEqual(self.run_command(export).status, DONE)
        self.moments("check", lambda: [program("release"), "archive", "check", archive], 4)

    def test_waiting_to_connect_again(self):
        """The server goes away in the middle: the pauses between attempts are no reason to be deaf."""
        class Gone(MemServer):
            gone = False

            def play(self, connection):
                if self.gone:
                    raise wire.Closed("gone for good")
                super().play(connection)

        def leave(connection, name, arguments):
            if name == "UID FETCH":
                source.gone = True
                raise wire.Closed("gone")

        with Gone() as source, MemServer() as target:
            source.mailboxes[b"INBOX"].add(b"Subject: 1\r\n\r\nx\r\n")
            source.on_command = leave
            command = self.command(*self.accounts(source, target), "--patience", "60", preset="release")
            for number in range(3):
                source.gone = False
                status, err = self.check(lambda: command, seeded("gone", number).uniform(0.5, 2), "gone")
                self.assertEqual(status, INTERRUPTED, err)
            source.errors.clear()


if __name__ == "__main__":
    unittest.main()
