"""Lines that are cut, reset, stalled and dripping, at the places where it hurts and anywhere, on either side."""

import re
import time
import unittest

import faults
from faults import KINDS, LEDGER, FaultCase
from harness import LONG, SEED, Account, seeded
from relay import DOWN, UP, Cut, Relay

faults.record(__file__)
CUTS = 1000 if LONG else 100
SECONDS = 3000 if LONG else 420
TURNS = 20 if LONG else 2
STALLS = 40 if LONG else 8
FAR = 40  # ms of delay


class Place(Cut):
    """A cut at the n-th match of a pattern in one direction: `offset(match)` octets after the start of the match."""

    KEPT = 64 * 1024

    def __init__(self, direction, pattern, offset, number=1, how="fin"):
        super().__init__(direction, 0, how)
        self.pattern, self.offset, self.number = re.compile(pattern), offset, number
        self.tail, self.searched = b"", 0

    def find(self, data):
        """Where in `data` to cut, or None."""
        stream = self.tail + data
        passed = len(self.tail)
        for match in self.pattern.finditer(stream, self.searched):
            self.number -= 1
            self.searched = match.end()
            if self.number == 0:
                self.left = match.start() + self.offset(match) - passed
                self.tail = b""
                return self
        drop = max(0, len(stream) - self.KEPT)
        self.tail, self.searched = stream[drop:], max(0, self.searched - drop)
        return None


class CuttingRelay(Relay):
    """A relay that also knows Places. Use it with one connection at a time."""

    def __init__(self, *args, **options):
        self.places, self.armed = [], []
        super().__init__(*args, **options)

    def add(self, place):
        with self.lock:
            self.places.append(place)
        return place

    def mend(self):
        """Nothing is cut any more."""
        with self.lock:
            self.cuts, self.places, self.armed = [], [], []

    def _take(self, direction, data):
        with self.lock:
            for place in list(self.places):
                if place.direction == direction and place.find(data):
                    self.places.remove(place)
                    self.armed.append(place)
            for place in list(self.armed):
                if place.direction != direction:
                    continue
                if place.left > len(data):
                    place.left -= len(data)
                    continue
                self.armed.remove(place)
                place.done += 1
                at = max(0, place.left)
                return data[:at], data[at:], place
        return super()._take(direction, data)


def literal(skip):
    """An offset into or behind the literal whose size is the match's first group; skip: from its start, or its end."""
    return lambda match: match.end() - match.start() + (skip if skip >= 0 else int(match[1]) + skip + 1)


SENT = rb"\{(\d+)\+?\}\r\n(?=[^\r\n]+:)"  # in what the client sends; a message of the generator begins with a header
GOT = rb"BODY\[\] \{(\d+)\}\r\n"
OK = rb"(?m)^[A-Za-z]*\d+ OK [^\r\n]*\r\n"
APPENDED = rb"(?m)^[A-Za-z]*\d+ OK [^\r\n]*Append[^\r\n]*\r\n"
# name, side, direction, pattern, offset
PLACES = (
    ("before the greeting", "source", DOWN, rb"\* OK", lambda m: 0),
    ("in the greeting", "source", DOWN, rb"\* OK", lambda m: 3),
    ("before the greeting", "target", DOWN, rb"\* OK", lambda m: 0),
    ("in a tag", "source", DOWN, OK, lambda m: 1),
    ("in a tag", "target", DOWN, OK, lambda m: 1),
    ("in an OK", "source", DOWN, OK, lambda m: len(m[0]) - 3),
    ("between CR and LF of an OK", "target", DOWN, OK, lambda m: len(m[0]) - 1),
    ("after an OK", "source", DOWN, OK, lambda m: len(m[0])),
    ("after an OK", "target", DOWN, OK, lambda m: len(m[0])),
    ("in a literal's header", "source", DOWN, GOT, lambda m: len(m[0]) - 4),
    ("between CR and LF of a literal's header", "source", DOWN, GOT, lambda m: len(m[0]) - 1),
    ("before the first octet", "source", DOWN, GOT, literal(0)),
    ("after the first octet", "source", DOWN, GOT, literal(1)),
    ("before the last octet", "source", DOWN, GOT, literal(-2)),
    ("after the last octet", "source", DOWN, GOT, literal(-1)),
    ("in a command's tag", "source", UP, rb"(?m)^\S+ UID FETCH", lambda m: 2),
    ("in a command's tag", "target", UP, rb"(?m)^\S+ APPEND", lambda m: 2),
    ("in APPEND's line", "target", UP, rb"(?m)^\S+ APPEND ", lambda m: len(m[0])),
    ("in a literal's header", "target", UP, SENT, lambda m: len(m[0]) - 4),
    ("before the first octet", "target", UP, SENT, literal(0)),
    ("after the first octet", "target", UP, SENT, literal(1)),
    ("before the last octet", "target", UP, SENT, literal(-2)),
    ("after the last octet", "target", UP, SENT, literal(-1)),
    ("one octet after the literal", "target", UP, SENT, lambda m: literal(-1)(m) + 1),
    ("all sent, no OK", "target", DOWN, APPENDED, lambda m: 0),
    ("all sent, half an OK", "target", DOWN, APPENDED, lambda m: 9),
    ("after APPEND's OK", "target", DOWN, APPENDED, lambda m: len(m[0])),
    ("in a continuation", "target", DOWN, rb"(?m)^\+ [^\r\n]*\r\n", lambda m: 1),
    ("after a continuation", "target", DOWN, rb"(?m)^\+ [^\r\n]*\r\n", lambda m: len(m[0])),
)
NO_OK = ("all sent, no OK", "all sent, half an OK")


class Lines(FaultCase):
    kinds = KINDS

    def setUp(self):
        self.mail = self.next_user()
        self.fill(self.mail, faults.messages(SEED + 1, 70), empty=(("Nothing here",),))
        self.cuts = 0

    def relays(self, target, delay=0):
        pair = [CuttingRelay("127.0.0.1", faults.plain_port(server), delay=delay) for server in (self.source, target)]
        for relay in pair:
            self.addCleanup(relay.stop)
        return pair

    def cut_round(self, number, row, arm, *extra, target=None):
        """Copy through relays on which arm(source relay, target relay) set cuts; returns what was armed."""
        target = target or self.targets[number % len(self.targets)]
        far = number % 4 == 3  # more is under way then
        source_relay, target_relay = self.relays(target, FAR if far else 0)
        round_ = self.round(row, target, self.mail)
        round_.use(source_relay, target_relay)
        armed = arm(source_relay, target_relay)
        round_.history.append("cuts: " + ", ".join("%s %s %s" % (
            "source" if cut in source_relay.cuts + source_relay.places else "target",
            cut.direction, getattr(cut, "name", cut.after)) for cut in armed))
        result = round_.run(*extra)
        if result.status not in (0, 4):
            round_.fail("a line that was cut ended the run with %s\n%s" % (result.status, result))
        if result.status == 4 and not (result.err.strip() and result.json["accounts"][0]["error"]):
            round_.fail("no word about what happened\n%s" % result)
        done = sum(cut.done for cut in armed)
        LEDGER.add(row, faults=done)
        with self.lock:
            self.cuts += done
        for relay in (source_relay, target_relay):
            relay.mend()
        round_.finish()  # at the same addresses: the state knows an account by them
        for relay in (source_relay, target_relay):
            relay.stop()
        round_.close()
        return armed


class Cuts(Lines):
    user_count = 10 + CUTS * 2 + TURNS * len(PLACES)

    def at_place(self, number):
        if number >= TURNS * len(PLACES):
            return
        index = number % len(PLACES)
        name, side, direction, pattern, offset = PLACES[index]
        pick = seeded("place", number)
        turn = number // len(PLACES)

        def arm(source_relay, target_relay):
            relay = source_relay if side == "source" else target_relay
            place = Place(direction, pattern, offset, pick.choice((1, 2, 3, 4)) if turn else 1,
                          ("fin", "rst")[(number + turn) % 2])
            place.name = "%s, match %d, %s" % (name, place.number, place.how)
            return [relay.add(place)]

        waits = self.targets[KINDS.index(("MULTIAPPEND", "LITERAL+"))] if "continuation" in name else None
        armed = self.cut_round(number, "N3" if name in NO_OK else "N1", arm, "--connections", "1", target=waits)
        with self.lock:
            self.turns[index] = turn + 1
            self.reached[index] = self.reached.get(index, 0) + armed[0].done

    def anywhere(self, number):
        pick = seeded("anywhere", number)

        def arm(source_relay, target_relay):
            armed = []
            for _ in range(pick.randint(1, 4)):
                relay, direction = pick.choice(((source_relay, DOWN), (target_relay, UP), (source_relay, UP),
                                                (target_relay, DOWN)))
                bound = 350000 if (relay, direction) in ((source_relay, DOWN), (target_relay, UP)) else 4000
                after = pick.choice((pick.randrange(bound), pick.randrange(bound // 20)))
                armed.append(relay.cut(direction, after, pick.choice(("fin", "rst"))))
            return armed

        self.cut_round(number, "N1", arm, "--connections", str(pick.choice((1, 2, 4))))

    def test_cuts(self):
        self.reached, self.turns = {}, {}
        self.rounds(self.at_place, lambda: sum(self.turns.values()) >= TURNS * len(PLACES), SECONDS / 2)
        at_places = self.cuts
        self.rounds(self.anywhere, lambda: self.cuts >= CUTS, SECONDS / 2)
        print("%d cuts at places, %d in all" % (at_places, self.cuts))
        self.assertGreaterEqual(self.cuts, CUTS)
        never = [PLACES[index] for index in range(len(PLACES)) if not self.reached.get(index)]
        self.assertEqual([place[:3] for place in never], [])


class Stalls(Lines):
    """A server that falls silent, or sends an octet a second, is left after --timeout, and the copy goes on."""

    user_count = 8 + STALLS

    def stall(self, how, number):
        pick = seeded(how, number)

        def arm(source_relay, target_relay):
            relay, direction, bound = pick.choice(((source_relay, DOWN, 200000), (target_relay, UP, 200000),
                                                   (target_relay, DOWN, 2000)))
            return [relay.cut(direction, pick.randrange(bound), how)]

        started = time.monotonic()
        silence = "1" if how == "stall" else "3"  # longer than the pause between two drops
        self.cut_round(number, "N2", arm, "--timeout", silence, "--connections", str(pick.choice((1, 2))))
        return time.monotonic() - started

    def test_stall(self):
        for_each = []
        self.rounds(lambda number: for_each.append(self.stall("stall", number)), lambda: self.cuts >= STALLS // 2, 200)
        self.assertGreaterEqual(self.cuts, STALLS // 2)
        self.assertLess(max(for_each), 40)

    def test_drip(self):
        for_each = []
        self.rounds(lambda number: for_each.append(self.stall("drip", number)), lambda: self.cuts >= STALLS // 4, 200)
        self.assertGreaterEqual(self.cuts, STALLS // 4)
        self.assertLess(max(for_each), 90)

    def test_server_that_never_answers(self):
        """Nothing but silence from the start, not even a greeting: an error within the deadline, and the next step."""
        round_ = self.round("N2", source_user=self.mail)
        source_relay, target_relay = self.relays(self.target)
        source_relay.cut(DOWN, 0, "stall", times=1000)
        round_.use(source_relay, target_relay)
        started = time.monotonic()
        result = round_.run("--timeout", "1", "--connect-timeout", "2", "--patience", "2")
        self.assertEqual(result.status, 4, str(result))
        self.assertLess(time.monotonic() - started, 20)
        self.assertRegex(result.err, r"mailmigrate-copy: .*has not greeted for 2 seconds; .*--connect-timeout")
        LEDGER.add("N2", faults=1)
        source_relay.mend()
        round_.finish()


class Tls(Lines):
    """Cut below TLS: the end of the stream without close_notify is never the end of a message."""

    user_count = 10 + CUTS
    kinds = ((), ("MULTIAPPEND",))

    def one(self, number):
        pick = seeded("tls", number)
        target = self.targets[number % len(self.targets)]
        pair = [CuttingRelay("127.0.0.1", server.tls_port) for server in (self.source, target)]
        armed = []
        for relay in pair:
            self.addCleanup(relay.stop)
            for _ in range(pick.randint(1, 2)):
                armed.append(relay.cut(pick.choice((UP, DOWN)), pick.choice((pick.randrange(6000),
                                       pick.randrange(300000))), pick.choice(("fin", "rst"))))
        round_ = self.round("N4", target, self.mail)
        round_.use(*pair, scheme="imaps")
        result = round_.run("--compress", "off")
        if result.status not in (0, 4):
            round_.fail("exit status %s\n%s" % (result.status, result))
        done = sum(cut.done for cut in armed)
        LEDGER.add("N4", faults=done)
        with self.lock:
            self.cuts += done
        for relay in pair:
            relay.mend()
        round_.finish("--compress", "off")
        for relay in pair:
            relay.stop()
        round_.close()

    def test_cuts(self):
        enough = CUTS // 5
        self.rounds(self.one, lambda: self.cuts >= enough, SECONDS / 3)
        self.assertGreaterEqual(self.cuts, enough)


if __name__ == "__main__":
    unittest.main()
