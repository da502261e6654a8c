"""The state lost, damaged, restored from yesterday, or in use; signals in mid run."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

import faults
import mailgen
from faults import LEDGER, FaultCase
from harness import INTERRUPTED, LOCAL, LONG, SEED, seeded

faults.record(__file__)
SIGNALS = 60 if LONG else 12
DAMAGES = 60 if LONG else 8


def remove_state(path):
    for suffix in ("", "-wal", "-shm", ".lock"):
        if os.path.exists(path + suffix):
            os.unlink(path + suffix)


class State(FaultCase):
    user_count = 40 + SIGNALS + DAMAGES

    def setUp(self):
        self.mail = self.next_user()
        self.several = faults.messages(SEED + 6, 60)
        self.fill(self.mail, self.several)

    def adopt_all(self, round_, count):
        """The state knows nothing: everything is recognised by its content, and nothing is sent."""
        result = round_.run()
        self.assertEqual((result.status, result.totals["copied"], result.totals["adopted"]), (0, 0, count),
                         str(result))
        LEDGER.add("F2", faults=1)

    def test_lost(self):
        round_ = self.round("F2", source_user=self.mail)
        round_.finish()
        remove_state(round_.state)
        self.adopt_all(round_, len(self.several))
        round_.finish()

    def test_lost_in_mid_run(self):
        for point in ("append-sent:1", "append-half:20", "intent-durable:3"):
            with self.subTest(point):
                round_ = self.round("F2", source_user=self.mail)
                self.assertEqual(round_.run(env={"MIG_CRASH_AT": point}).status, -9)
                time.sleep(0.3)  # the target may still be storing what it has received
                remove_state(round_.state)
                LEDGER.add("F2", faults=1)
                round_.finish()

    def test_restored_from_yesterday(self):
        user = self.next_user()
        several = faults.messages(SEED + 7, 60)
        self.fill(user, several[:40])
        round_ = self.round("F2", source_user=user)
        round_.finish()
        shutil.copyfile(round_.state, round_.state + ".yesterday")
        connection = self.connection(self.source, user)
        rest = [message._replace(folder=("INBOX",)) for message in several[40:]]
        mailgen.fill(connection, rest)
        round_.finish()
        remove_state(round_.state)
        os.replace(round_.state + ".yesterday", round_.state)
        result = round_.run()
        self.assertEqual((result.status, result.totals["copied"], result.totals["adopted"], result.totals["already"]),
                         (0, 0, len(rest), 40), str(result))
        LEDGER.add("F2", faults=1)
        round_.finish()

    def test_state_of_a_run_that_was_killed_restored(self):
        """Yesterday's state holds an intent whose messages came to the target by another run since."""
        round_ = self.round("F2", source_user=self.mail)
        self.assertEqual(round_.run(env={"MIG_CRASH_AT": "append-sent:2"}).status, -9)
        time.sleep(0.3)
        kept = os.path.join(round_.dir, "kept")
        os.mkdir(kept)
        for suffix in ("", "-wal"):
            if os.path.exists(round_.state + suffix):
                shutil.copyfile(round_.state + suffix, os.path.join(kept, "state" + suffix))
        round_.finish()
        remove_state(round_.state)
        for name in os.listdir(kept):
            shutil.copyfile(os.path.join(kept, name), os.path.join(round_.dir, name))
        LEDGER.add("F2", faults=1)
        result = round_.run()
        self.assertEqual((result.status, result.totals["copied"]), (0, 0), str(result))
        round_.finish()

    def damage(self, path, kind, pick):
        size = os.path.getsize(path)
        with open(path, "r+b") as file:
            if kind == "head":
                file.write(pick.randbytes(100))
            elif kind == "cut":
                file.truncate(size // 2)
            elif kind == "text":
                file.truncate(0)
                file.write(b"this is no database\n" * 100)
            elif kind == "empty":
                file.truncate(0)
            else:
                for _ in range(20):
                    file.seek(pick.randrange(100, size - 64))
                    file.write(pick.randbytes(64))

    def test_damaged(self):
        """Said and refused, or rebuilt; never a reason to send anything twice."""
        refused = 0
        for number in range(DAMAGES):
            kind = ("head", "cut", "text", "empty", "pages", "pages", "pages", "pages")[number % 8]
            with self.subTest(kind=kind, number=number):
                round_ = self.round("F2", source_user=self.mail)
                round_.finish()
                self.damage(round_.state, kind, seeded("damage", number))
                result = round_.run()
                LEDGER.add("F2", faults=1)
                if result.status == LOCAL:
                    refused += 1
                    self.assertRegex(result.err, r"(?s)state.*(damaged|corrupt|not a|malformed)", str(result))
                    remove_state(round_.state)
                else:
                    self.assertEqual(result.status, 0, str(result))
                round_.finish()
                round_.close()
        self.assertGreater(refused, DAMAGES // 3)

    def test_newer_version(self):
        round_ = self.round("F2", source_user=self.mail)
        round_.finish()
        with sqlite3.connect(round_.state) as database:
            version = database.execute("PRAGMA user_version").fetchone()[0]
            self.assertGreater(version, 0)
            database.execute("PRAGMA user_version = %d" % (version + 1))
        database.close()
        result = round_.run()
        self.assertEqual(result.status, LOCAL, str(result))
        self.assertRegex(result.err, r"newer")

    def test_two_at_once(self):
        round_ = self.round("F3", source_user=self.mail)
        command = round_.command("--max-rate", "20K", json_path=os.path.join(round_.dir, "first.json"))
        first = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 env=round_.environment())
        try:
            deadline = time.monotonic() + 20
            while not os.path.exists(round_.state) and time.monotonic() < deadline:
                time.sleep(0.02)
            time.sleep(0.3)
            result = round_.run()
            self.assertIsNone(first.poll())
            self.assertEqual(result.status, LOCAL, str(result))
            self.assertRegex(result.err, r"\b%d\b" % first.pid)
            LEDGER.add("F3", faults=1)
        finally:
            first.terminate()
            first.communicate(timeout=60)
        self.assertEqual(first.returncode, INTERRUPTED)
        round_.finish()

    def test_lock_of_a_process_that_was_killed(self):
        round_ = self.round("F3", source_user=self.mail)
        self.assertEqual(round_.run(env={"MIG_CRASH_AT": "append-before:1"}).status, -9)
        round_.finish()


def wait_for_signal(process, mask, wanted):
    """Until SIGINT is in this set of the process's (/proc/PID/status), or is not."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with open("/proc/%d/status" % process.pid, encoding="ascii") as file:
            bits = int(re.search(mask + r":\s*([0-9a-f]+)", file.read())[1], 16)
        if bool(bits >> (signal.SIGINT - 1) & 1) == wanted:
            return
        time.sleep(0.005)


class Signals(FaultCase):
    user_count = 10 + SIGNALS * 3

    def setUp(self):
        self.mail = self.next_user()
        self.fill(self.mail, faults.messages(SEED + 8, 90))

    def one(self, number):
        pick = seeded("signal", number)
        round_ = self.round("P3", source_user=self.mail)
        signal_number = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)[number % 3]
        started = time.monotonic()
        pause = pick.uniform(0.05, 1.2)
        result = round_.run("--max-rate", "200K", "--connections", str(pick.choice((1, 4))),
                            signal_after=(signal_number, pause))
        if result.status == INTERRUPTED:
            LEDGER.add("P3", faults=1)
            with self.lock:
                self.interrupted += 1
            if time.monotonic() - started > pause + 10:
                round_.fail("it took too long to stop\n%s" % result)
            if result.json["status"] != "interrupted" or result.json["exit"] != INTERRUPTED:
                round_.fail("the report says otherwise\n%s" % result)
        elif result.status not in (0, -signal_number):  # a signal before the handler stands ends it at once
            round_.fail("exit status %s\n%s" % (result.status, result))
        round_.finish()
        round_.close()

    def test_signals(self):
        self.interrupted = 0
        self.rounds(self.one, lambda: self.interrupted >= SIGNALS, 200 if not LONG else 2000)
        self.assertGreaterEqual(self.interrupted, SIGNALS)

    def test_second_signal_ends_it_now(self):
        round_ = self.round("P3", source_user=self.mail)
        process = subprocess.Popen(round_.command("--max-rate", "10K"), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=round_.environment())
        wait_for_signal(process, "SigCgt", True)  # it is heeded from now on
        time.sleep(0.8)
        process.send_signal(signal.SIGINT)
        wait_for_signal(process, "ShdPnd", False)  # else the second one would be one with it
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        process.communicate(timeout=30)
        self.assertLess(time.monotonic() - started, 3)
        self.assertIn(process.returncode, (INTERRUPTED, -signal.SIGINT))
        LEDGER.add("P3", faults=1)
        round_.finish()


if __name__ == "__main__":
    unittest.main()
