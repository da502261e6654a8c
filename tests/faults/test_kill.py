"""kill -9 at every step of the journal and at random moments, again and again, until the copy is through."""

import time
import unittest

import faults
from faults import KINDS, LEDGER, FaultCase
from harness import LONG, ROOT, SEED, seeded

faults.record(__file__)
KILLS = 1000 if LONG else 100
SECONDS = 3000 if LONG else 420
# What happens in a Maildir alone is killed in integration/test_stores.py, the quarantine in integration/test_scan.py,
# what moves doubles in integration/test_dedup.py.
POINTS = [name for name in faults.names_of_points(ROOT)
          if name not in ("moved", "renamed", "quarantined") and not name.startswith(("store-", "dedup-"))]
MOVES = 60 if LONG else 6


class Kill(FaultCase):
    kinds = KINDS
    user_count = 3 + KILLS

    def setUp(self):
        self.fill_source("small", 70)
        self.fill_source("large", 420)
        self.kills = 0
        self.fired = set()

    def fill_source(self, name, count):
        user = self.next_user()
        setattr(self, name, user)
        self.fill(user, faults.messages(SEED + count, count), empty=(("Nothing here",),))

    def kill(self, round_, pick, number):
        """One run that is killed, or was too fast for it. True: it went through to the end."""
        extra = ["--connections", str(pick.choice((1, 2, 4)))] + (["--ordered"] if pick.random() < 0.2 else [])
        if pick.random() < 0.3:
            result = round_.run(*extra, kill_after=pick.uniform(0.01, self.seconds * 1.1))
            what = "at a random moment"
        else:
            what = POINTS[number % len(POINTS)]
            count = pick.choice((1, 1, 2, 3, 5, 9, 20)) if number >= len(POINTS) else 1
            result = round_.run(*extra, env={"MIG_CRASH_AT": "%s:%d" % (what, count)})
        if result.status == -9:
            LEDGER.add("P1", faults=1)
            with self.lock:
                self.kills += 1
                self.fired.add(what)
            return False
        if result.status != 0:
            round_.fail("neither killed nor done\n%s" % result)
        return True

    def one(self, number):
        pick = seeded("kill", number)
        source = self.large if number % 6 == 5 else self.small
        round_ = self.round("P1", self.targets[number % len(self.targets)], source)
        done = False
        for step in range(pick.randint(1, 4)):
            done = done or self.kill(round_, pick, number + step * 3)
        round_.finish()
        round_.close()

    def test_kills(self):
        round_ = self.round("P1", source_user=self.small)
        started = time.monotonic()
        round_.run()
        self.seconds = time.monotonic() - started
        round_.finish()
        self.rounds(self.one, lambda: self.kills >= KILLS, SECONDS)
        print("%d kills, at %s" % (self.kills, ", ".join(sorted(self.fired))))
        self.assertGreaterEqual(self.kills, KILLS)
        self.assertEqual(set(POINTS) - self.fired, set())


if __name__ == "__main__":
    unittest.main()
