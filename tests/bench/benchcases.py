"""The measurements: each writes its samples into the results under a name that benchrows.py reads."""

import os
import shutil
import time

import benchmail
import benchpeers
from benchlab import CONNECTIONS, CouldNotRun

LINE = 40            # ms of round trip
ONE_TRIP = 1000      # messages for the target that costs a round trip a message
MANY = 8             # connections, of a user who asks for more than the tool's four
LONG = 100000
LARGE = 200 << 20


class Cases:
    def __init__(self, lab, results, messages):
        self.lab, self.results, self.messages = lab, results, messages
        self.few = benchmail.thinned(messages, min(ONE_TRIP, len(messages)))
        self.failures = []
        self.tools = [verb for verb in ("copy", "verify") if "mailmigrate-" + verb in lab.programs]
        self.peers = benchpeers.installed()
        self.pack = benchmail.pack(messages, lab.path("pack"))

    def attempt(self, name, function, *args, **options):
        """Measure one thing; a failure is noted, and the others go on."""
        try:
            sample = function(*args, **options)
        except (CouldNotRun, OSError, ValueError) as error:
            self.failures.append("%s: %s" % (name, error))
            self.lab.say("%-34s FAILED: %s" % (name, error))
            return None
        self.results.add(name, sample)
        self.lab.say("%-34s %8.2f s %9.0f messages/s   (busy before: %2.0f%%)" % (
            name, sample.seconds, sample.rate, 100 * sample.busy))
        return sample

    def fill(self):
        """The source's accounts: all messages for s1, some for s2."""
        for user, messages in (("s1", self.messages), ("s2", self.few)):
            self.lab.create_folders(self.lab.source, user, messages)
            pack = benchmail.pack(messages, self.lab.path("pack." + user))
            self.lab.canned("multi", self.lab.source, user, messages, 4, pack)
            self.lab.canned("fetch", self.lab.source, user, messages)  # its caches and indexes are written now

    # ---- what servers can do ----

    def fetch(self):
        self.attempt("canned fetch", self.lab.canned, "fetch", self.lab.source, "s1", self.messages)

    def canned(self, kind, connections, delay=0):
        def measure():
            user = self.lab.fresh_user()
            server = self.lab.targets[kind]
            self.lab.create_folders(server, user, self.messages)
            return self.lab.canned(kind, server, user, self.messages, connections, self.pack, delay)

        self.attempt("canned %s %d%s" % (kind, connections, " at %d ms" % delay if delay else ""), measure)

    # ---- our tool ----

    def copy(self, kind, delay=0, tls=False, connections=CONNECTIONS, then=None):
        """A first copy, and then(user) when it went well."""
        few = kind == "plain"
        target = self.lab.targets[kind]
        left = []

        def measure():
            sample, user = self.lab.copy("s2" if few else "s1", target, len(self.few if few else self.messages),
                                         tls=tls, delay=delay, connections=connections)
            left.append(user)
            return sample

        name = "copy %s %d ms %s %d" % (kind, delay, "tls" if tls else "plain", connections)
        if self.attempt(name, measure) and then:
            then(left[0])

    def scan(self):
        """A first copy, each message shown to a scanner that answers at once."""
        with self.lab.scanner() as address:
            self.attempt("copy multi 0 ms plain %d scanned" % CONNECTIONS, lambda: self.lab.copy(
                "s1", self.lab.targets["multi"], len(self.messages), extra=("--scan", address))[0])

    def again(self, user):
        """A second run with nothing new, on the state of the copy just made over the line."""
        self.attempt("again %d ms" % LINE, self.lab.tool, "copy", "s1", self.lab.targets["multi"], user, "state",
                     len(self.messages), delay=LINE)

    def verify(self, user):
        """A full verification of the copy just made, beside the target's own FETCH."""
        if "verify" not in self.tools:
            return
        target = self.lab.targets["multi"]
        self.attempt("canned fetch of the target", self.lab.canned, "fetch", target, user, self.messages)
        self.attempt("verify", self.lab.tool, "verify", "s1", target, user, "state", len(self.messages), accept=(0, 1))

    # ---- others ----

    def peer(self, name, delay, few=False):
        user_with, messages = ("s2", self.few) if few else ("s1", self.messages)

        def measure():
            lab, target = self.lab, self.lab.targets["multi"]
            user, directory = lab.fresh_user(), lab.path("peer")
            shutil.rmtree(directory, ignore_errors=True)
            command = benchpeers.command(
                name, directory, source_user=user_with, target_user=user, password=lab.password,
                source_port=lab.port(lab.source, delay=delay), target_port=lab.port(target, delay=delay))
            sample = lab.run(command, len(messages), name)[0]
            found = lab.count(target, user)
            if found != len(messages):
                raise CouldNotRun("%s: %d messages are on the target, of %d" % (name, found, len(messages)))
            return sample

        self.attempt("%s %d ms" % (name, delay), measure)

    # ---- the rounds ----

    def quick_round(self, first):
        """What takes seconds: neighbours here are compared with each other."""
        self.fetch()
        for connections in (1, 2, CONNECTIONS, MANY):
            self.canned("multi", connections)
            self.copy("multi", connections=connections, then=self.verify if connections == CONNECTIONS else None)
            if connections == CONNECTIONS:
                self.scan()
        self.copy("multi", delay=LINE, then=self.again)
        self.copy("multi", delay=LINE, connections=MANY)
        self.copy("multi", tls=True)
        self.copy("multi", delay=LINE, tls=True)
        for name in self.peers:
            if name != "mbsync" or first:  # nothing is asked by mbsync
                self.peer(name, 0)
            if name == "interimap" or (name == "mbsync" and first):
                self.peer(name, LINE)
            if name == "imapsync" and first:
                self.peer(name, LINE, few=True)  # all of them would take a quarter of an hour

    def slow_round(self, first):
        """The targets that commit each message by itself."""
        self.canned("append", 4)
        self.copy("append")
        self.canned("append", 4, delay=LINE)
        self.copy("append", delay=LINE)
        self.copy("append", delay=LINE, tls=True)
        if first:
            self.canned("append", 1)
            self.canned("append", 2)
        self.copy("plain")
        self.copy("plain", delay=LINE)
        self.copy("plain", delay=LINE, tls=True)

    def long_cases(self):
        lab, source = self.lab, self.lab.source
        target = lab.targets["multi"]
        started = time.monotonic()
        benchmail.write_maildir(os.path.join(source.mail("s3"), "Maildir"),
                                (m._replace(folder="INBOX") for m in benchmail.repeated(self.messages, LONG)),
                                source.uid, source.gid)
        benchmail.write_maildir(os.path.join(source.mail("s4"), "Maildir"), [benchmail.large(LARGE)],
                                source.uid, source.gid)
        for user in ("s3", "s4"):
            os.chown(source.mail(user), source.uid, source.gid)
            lab.count(source, user)  # the server makes its index now
        lab.say("%d messages and one of %d MB were made in %.0f s" % (LONG, LARGE >> 20, time.monotonic() - started))
        users = []

        def first(source_user, messages, delay):
            sample, user = lab.copy(source_user, target, messages, delay=delay)
            users.append(user)
            return sample

        if self.attempt("long copy %d ms" % LINE, first, "s3", LONG, LINE):
            self.attempt("long again %d ms" % LINE, lab.tool, "copy", "s3", target, users[-1], "state", LONG,
                         delay=LINE)
        self.attempt("large copy", first, "s4", 1, 0)
