"""A run that is asked to stop ends within two seconds, whatever it is busy with; the next one completes (N7, P5)."""

import os
import signal
import subprocess
import threading
import time
import unittest

import faults
import wire
from faults import LEDGER
from harness import DONE, INTERRUPTED, LONG, Account, ToolCase, seeded
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


if __name__ == "__main__":
    unittest.main()
