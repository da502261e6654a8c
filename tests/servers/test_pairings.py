"""Each pairing of Dovecot, Cyrus and Courier: copy, compare, copy again, verify, with what each is known to do."""

import collections
import os
import unittest

import mailgen
import matrix
import oracle
import servers
from harness import CORPUS, DONE, LONG, PARTIAL, SEED, Account, ToolCase
from relay import Relay

PAIRS = [(ours, theirs) for ours in servers.KINDS for theirs in servers.KINDS]
DELAYS = (0, 40) if LONG else (0,)
PATIENCE = 1800 if LONG else 120  # seconds for one run
# A user of each server for each server it is paired with: one as source, and one as target for each delay.
USERS = [side + kind.name.lower() for side in ["to-"] + ["from%d-" % ms for ms in DELAYS] for kind in servers.KINDS]
CORPORA = ("ham", "spam", "malformed")
running = {}


def setUpModule():
    """A server of each kind for all tests, or the reason why there is none."""
    for kind in servers.KINDS:
        try:
            running[kind] = kind.make(USERS).start()
            unittest.addModuleCleanup(running[kind].stop)
        except unittest.SkipTest as reason:
            running[kind] = reason


def sample():
    """Every kind of message that the generator knows, and those that tell servers apart."""
    messages = mailgen.generate(SEED, 300 if LONG else 60)
    flags, when = messages[0].flags, messages[0].when
    return messages + [mailgen.Message(("Projects",), octets, flags, when, name)
                       for name, octets in sorted(servers.TELLING.items())]


def corpus():
    messages = []
    for name in CORPORA:
        directory = os.path.join(CORPUS, name)
        if os.path.isdir(directory):
            messages += [m._replace(folder=("Corpus", name)) for m in mailgen.from_directory(directory)]
    return messages


class Pairings(ToolCase):
    def log_in(self, server, user):
        connection = server.login(user)
        self.addCleanup(connection.shutdown)
        return connection

    def foresee(self, source, theirs):
        """What the target is known to refuse, and everything else that it is known to do.

        Returns {(folder, UID): the server's words}, {folder: where it goes under another name}, the quirks met, how
        many messages there are, and how many of those that are copied will be "identical", "stored_differently" and
        "altered".
        """
        refused, moved, met, total, verdicts = {}, {}, {}, 0, collections.Counter()
        for folder, listed in oracle.tree(source)[0].items():
            if not listed.selectable:
                continue
            messages = oracle.read_octets(source, listed.wire)
            total += len(messages)
            if not theirs.takes_name(folder):
                moved[folder] = theirs.place(folder)
                met[theirs.bad_name.name] = theirs.bad_name
            if theirs.parents and theirs.parents.applies(folder):
                met[theirs.parents.name] = theirs.parents
            for uid, octets in messages.items():
                met.update((quirk.name, quirk) for quirk in theirs.met(octets))
                if theirs.refusal(octets):
                    refused[folder, uid] = theirs.refusal(octets).refuses
                else:
                    verdicts[theirs.verdict(octets)] += 1
        return refused, moved, met, total, verdicts

    def check_problems(self, result, refused, moved, words_of_names, source):
        """What was refused is listed with the server's words, and nothing else failed."""
        listed, renamed = {}, {}
        for problem in result.problems:
            name = problem["folder"]
            name = name[len(source.prefix):] if name.startswith(source.prefix) else name
            key = tuple(name.split(source.separator)), problem["uid"]
            (listed if problem["failed"] else renamed)[key] = problem["text"]
        self.assertEqual(sorted(listed), sorted(refused), str(result))
        for key, words in refused.items():
            self.assertIn(words, listed[key])
        for folder in moved:
            self.assertIn(words_of_names, renamed[folder, 0])

    def pairing(self, ours, theirs, messages, empty=()):
        for kind in (ours, theirs):
            if isinstance(running[kind], unittest.SkipTest):
                raise running[kind]
        source, target = running[ours], running[theirs]
        source_user = "to-" + theirs.name.lower()
        connection = self.log_in(source, source_user)
        for message, words in servers.fill(connection, [m for m in messages if ours.takes_name(m.folder)],
                                           source.separator, source.prefix, empty):
            self.assertIn(ours.refusal(message.octets).refuses, words)
        foreseen = self.foresee(connection, theirs)
        for delay in DELAYS:
            target_user = "from%d-%s" % (delay, ours.name.lower())
            self.state = os.path.join(self.dir, "state%d" % delay)
            with Relay(source.host, source.port, delay=delay) as one, \
                    Relay(target.host, target.port, delay=delay) as two:
                self.round(theirs, source, connection, self.log_in(target, target_user), foreseen,
                           (Account.on(source, source_user, "plain", port=one.port),
                            Account.on(target, target_user, "plain", port=two.port)))
        return foreseen[2], foreseen[3]

    def round(self, theirs, source, connection, there, foreseen, accounts):
        refused, moved, _, total, verdicts = foreseen
        copied = sum(verdicts.values())
        expected = PARTIAL if refused else DONE
        compare = {"change": theirs.stored, "mapping": moved, "extra_parents": theirs.parents is not None}

        result = self.copy(*accounts, expect=expected, timeout=PATIENCE)
        self.check_problems(result, refused, moved, theirs.bad_name and theirs.bad_name.refuses, source)
        self.assertEqual((result.totals["copied"], result.totals["failed"]), (copied, total - copied), str(result))
        self.assert_same(connection, there, result, **compare)
        again = self.copy(*accounts, expect=expected, timeout=PATIENCE)
        self.assertEqual((again.totals["copied"], again.totals["already"], again.totals["failed"]),
                         (0, copied, total - copied), str(again))
        self.assert_same(connection, there, again, **compare)
        self.verify(accounts, verdicts, total - copied)
        self.state = os.path.join(self.dir, "another")  # F2: found again by content, but for what is altered
        lost = self.copy(*accounts, expect=None, timeout=PATIENCE)
        # Of what is altered some are known by date and Message-ID, and told as not proven.
        twins = sum(int(p["text"].split()[0]) for p in lost.problems if p["code"] == "different")
        self.assertEqual((lost.totals["copied"] + twins, lost.totals["adopted"] - twins),
                         (verdicts["altered"], copied - verdicts["altered"]), str(lost))

    def verify(self, accounts, verdicts, not_copied):
        """Nothing is missing, extra or twice; what the target stored differently is called so."""
        bad = verdicts["altered"] or not_copied
        result = self.copy(*accounts, verb="verify", expect=PARTIAL if bad else DONE, timeout=PATIENCE)
        found = {name: result.totals[name] for name in ("identical", "stored_differently", "altered")}
        self.assertEqual(found, {name: verdicts[name] for name in found}, str(result))
        for name in ("missing", "wrong_place", "extra", "duplicated", "unreadable", "flags_differ", "dates_differ"):
            self.assertEqual(result.totals[name], 0, "%s: %s" % (name, result))

    def both(self, ours, theirs):
        messages = sample() + (corpus() if LONG else [])
        with matrix.cell("pairings", ours.name, theirs.name) as cell:
            met, total = self.pairing(ours, theirs, messages, mailgen.EMPTY_FOLDERS)
            cell.passed("%d messages" % total, met.values())


def pairing_test(ours, theirs):
    return lambda self: self.both(ours, theirs)


for one, other in PAIRS:
    setattr(Pairings, "test_%s_to_%s" % (one.name.lower(), other.name.lower()), pairing_test(one, other))


if __name__ == "__main__":
    unittest.main()
