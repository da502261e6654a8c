"""Mail that arrives, moves, is deleted and changes its flags on the source while it is copied; kills in between."""

import random
import threading
import time
import unittest

import faults
import imaputil
import mailgen
from faults import LEDGER, FaultCase
from harness import INTERRUPTED, LONG, PARTIAL, SEED, TEMPORARY, seeded

faults.record(__file__)
ROUNDS = 60 if LONG else 10
MOVES = 60 if LONG else 8
FLAGS = ("\\Seen", "\\Flagged", "\\Answered", "work", "$Forwarded")


class Mutator(threading.Thread):
    """A third client at work on the source."""

    def __init__(self, server, user, pick):
        super().__init__(daemon=True)
        self.connection = server.login(user)
        self.server, self.pick = server, pick
        self.folders = [mailgen.folder_name(folder, server.separator, server.prefix) for folder in faults.FOLDERS]
        self.maker = mailgen.Generator(pick.randrange(1 << 30))
        self.ended = threading.Event()
        self.done, self.error = 0, None

    def some(self):
        """A few messages of a folder, which is selected then."""
        faults.select(self.connection, self.pick.choice(self.folders))
        uids = faults.uids(self.connection)
        return self.pick.sample(uids, min(len(uids), self.pick.randint(1, 3)))

    def arrive(self):
        mail = [(self.maker.plain(), ("\\Flagged",), self.maker.when()) for _ in range(self.pick.randint(1, 3))]
        imaputil.append(self.connection, self.pick.choice(self.folders), mail)

    def mark(self):
        chosen = self.some()
        if chosen:
            imaputil.check(self.connection.uid("STORE", faults.uid_set(chosen), self.pick.choice(("+FLAGS", "-FLAGS")),
                                               "(%s)" % self.pick.choice(FLAGS)))

    def move(self):
        chosen = self.some()
        if chosen:
            imaputil.check(self.connection.uid("MOVE", faults.uid_set(chosen),
                                               imaputil.mailbox(self.pick.choice(self.folders))))

    def copy(self):
        chosen = self.some()
        if chosen:
            imaputil.check(self.connection.uid("COPY", faults.uid_set(chosen),
                                               imaputil.mailbox(self.pick.choice(self.folders))))

    def delete(self):
        faults.expunge(self.connection, self.some())

    def run(self):
        try:
            while not self.ended.is_set():
                self.pick.choice((self.arrive, self.arrive, self.mark, self.mark, self.move, self.copy, self.delete))()
                self.done += 1
                time.sleep(self.pick.uniform(0, 0.04))
        except Exception as error:
            self.error = error

    def end(self):
        self.ended.set()
        self.join()
        self.connection.shutdown()
        if self.error:
            raise self.error


class Live(FaultCase):
    user_count = 4 + 2 * ROUNDS

    def one(self, number):
        pick = seeded("live", number)
        user = self.next_user()
        self.fill(user, faults.messages(SEED + 30 + number, 60))
        round_ = self.round("C1", source_user=user)
        mutator = Mutator(self.source, user, random.Random(pick.random()))
        mutator.start()
        try:
            for _ in range(pick.randint(1, 3)):
                extra = ["--deletions", "expunge", "--force", "--max-rate", "300K",
                         "--connections", str(pick.choice((1, 4)))]
                kill = pick.uniform(0.1, 1.0) if pick.random() < 0.3 else None
                result = round_.run(*extra, kill_after=kill)
                if result.status not in (0, -9, TEMPORARY, INTERRUPTED) and not self.harmless(result):
                    round_.fail("exit status %s\n%s" % (result.status, result))
        finally:
            mutator.end()
        LEDGER.add("C1", faults=mutator.done)
        with self.lock:
            self.done += 1
        round_.finish("--deletions", "expunge", "--force")
        round_.close()

    @staticmethod
    def harmless(result):
        return result.status == PARTIAL and result.json and all(not p["uid"] for p in result.problems)

    def test_rounds(self):
        self.done = 0
        self.rounds(self.one, lambda: self.done >= ROUNDS, 240 if not LONG else 2400, at_once=2)
        self.assertGreaterEqual(self.done, ROUNDS)


class MoveKilled(FaultCase):
    """A message that moved on the source is moved on the target, and the process dies just then."""

    kinds = ((), ("MOVE",))
    user_count = 4 + 2 * MOVES

    def one(self, number):
        pick = seeded("move", number)
        user = self.next_user()
        self.fill(user, faults.messages(SEED + 70 + number, 40, doubles=0))
        round_ = self.round("P1", self.targets[number % 2], user)
        round_.finish()
        connection = self.connection(self.source, user)
        faults.select(connection, "INBOX")
        chosen = pick.sample(faults.uids(connection), 6)
        imaputil.check(connection.uid("MOVE", faults.uid_set(chosen), imaputil.mailbox("INBOX.Projects")))
        killed = 0
        for _ in range(3):
            status = round_.run("--deletions", "expunge", "--force",
                                env={"MIG_CRASH_AT": "moved:%d" % pick.randint(1, 3)}).status
            killed += status == -9
        LEDGER.add("P1", faults=killed)
        with self.lock:
            self.kills += killed
            self.done += 1
        round_.finish("--deletions", "expunge", "--force")
        round_.close()

    def test_kills(self):
        self.kills = self.done = 0
        self.rounds(self.one, lambda: self.done >= MOVES, 200 if not LONG else 2000)
        self.assertGreaterEqual(self.done, MOVES)
        self.assertGreaterEqual(self.kills, MOVES)


if __name__ == "__main__":
    unittest.main()
