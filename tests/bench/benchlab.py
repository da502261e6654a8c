"""What the measurements need: servers, lines, users who have no mail yet, and programs that are run and timed."""

import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import threading
import time

import benchmail
import dovecot
from harness import Account

TIME = "/usr/bin/time"
QUIET = 0.35       # share of the machine that others may use when a measurement starts
SETTLED = 0.5      # seconds without a write to any disk before a measurement starts
CONNECTIONS = 4    # of the tool by default
RUN_TIMEOUT = 3600


class CouldNotRun(Exception):
    """Something that was to be measured failed; the text says what."""


def busy_share(seconds=0.25):
    """The share of all processors that is in use just now."""

    def ticks():
        with open("/proc/stat", encoding="ascii") as file:
            fields = [int(field) for field in file.readline().split()[1:9]]
        return sum(fields), fields[3] + fields[4]

    total, idle = ticks()
    time.sleep(seconds)
    total_after, idle_after = ticks()
    return 1 - (idle_after - idle) / max(1, total_after - total)


def disk_writes():
    """Writes and discards that all disks have finished since the machine started."""
    with open("/proc/diskstats", encoding="ascii") as file:
        return [(fields[7], fields[14]) for fields in map(str.split, file)]


def waited(program, timeout):
    """Wait for a process without looking at the clock: wait(timeout=) of subprocess polls, and is up to 50 ms late."""
    watch = threading.Timer(timeout, program.kill)
    watch.start()
    try:
        return program.wait()
    finally:
        watch.cancel()


class Sample:
    """One measured run."""

    def __init__(self, seconds, messages, busy, **more):
        self.seconds, self.messages, self.busy = seconds, messages, busy
        self.rate = messages / seconds
        self.more = more  # round_trips, peak_rss (the tool's word), max_rss (of time -v), cpu (seconds of the program)

    def as_json(self):
        return dict(seconds=round(self.seconds, 4), messages=self.messages, rate=round(self.rate, 1),
                    busy_before=round(self.busy, 2), **self.more)


class Results:
    """All samples by the name of what was measured, in the order of the rounds."""

    def __init__(self):
        self.samples = {}

    def add(self, name, sample):
        self.samples.setdefault(name, []).append(sample)

    def __contains__(self, name):
        return name in self.samples

    def median(self, name, key="seconds"):
        """The median of a figure over the rounds; None when it was not measured."""
        values = [getattr(s, key) if hasattr(s, key) else s.more.get(key) for s in self.samples.get(name, [])]
        values = [value for value in values if value is not None]
        return statistics.median(values) if values else None

    def ratio(self, name, other):
        """The median over the rounds of name's seconds a message by other's, each pair of one moment."""
        pairs = list(zip(self.samples.get(name, []), self.samples.get(other, [])))
        return statistics.median(other_sample.rate / sample.rate for sample, other_sample in pairs) if pairs else None

    def ratio_of_best(self, name, other):
        """The same of the fastest run of each: what is left when others on the machine disturb the least."""
        if name not in self.samples or other not in self.samples:
            return None
        return max(s.rate for s in self.samples[other]) / max(s.rate for s in self.samples[name])


class Lab:
    """A source that is read, targets that announce this and that, lines to all of them, a directory for the rest."""

    def __init__(self, programs, directory, patience=20, say=print):
        self.programs, self.patience, self.say = programs, patience, say
        self.dir = tempfile.mkdtemp(prefix="mmb-", dir=directory)
        os.chmod(self.dir, 0o755)  # the servers run as somebody else
        self.relays = {}
        self.next_user = 0
        users = ["s%d" % n for n in range(1, 8)] + ["t%d" % n for n in range(1, 1000)]
        self.source = dovecot.Dovecot(root=self.path("s"), users=users)
        without = {"multi": (), "append": ("MULTIAPPEND",), "plain": ("MULTIAPPEND", "LITERAL+")}
        self.targets = {kind: dovecot.Dovecot(root=self.path(kind), users=users, authority=self.source.authority,
                                              without=hidden) for kind, hidden in without.items()}
        self.password = self.source.users["s1"]

    def __enter__(self):
        try:
            for server in [self.source] + list(self.targets.values()):
                server.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc):
        for relay in self.relays.values():
            relay.stdin.close()
            relay.wait()
        for server in [self.source] + list(self.targets.values()):
            server.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    # ---- lines ----

    def port(self, server, tls=False, delay=0, rate=0):
        """The port to reach a server by, over a line of `delay` ms round trip; directly for 0."""
        port = server.tls_port if tls else server.port
        if not delay and not rate:
            return port
        key = (port, delay, rate)
        if key not in self.relays:
            command = [self.programs["bench_relay"], server.host, str(port), str(delay // 2), str(rate)]
            relay = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            relay.bench_port = int(relay.stdout.readline())
            self.relays[key] = relay
        return self.relays[key].bench_port

    # ---- users ----

    def fresh_user(self):
        """A user who has no mail on any target. Mail is left until the end: a disk that is told of deleted blocks
        (mount option discard) is half as fast for a minute or so after thousands of files went."""
        self.next_user += 1
        return "t%d" % self.next_user

    def create_folders(self, server, user, messages):
        connection = server.login(user)
        for folder in benchmail.folders(messages):
            if folder != "INBOX":
                connection.create(folder)
        connection.logout()

    def count(self, server, user):
        """Messages in all mailboxes of a user."""
        connection = server.login(user)
        total = 0
        for line in connection.list()[1]:
            name = re.search(rb' "?([^" ]+)"?$', line)[1].decode("ascii")
            total += int(re.search(rb"MESSAGES (\d+)", connection.status(name, "(MESSAGES)")[1][0])[1])
        connection.logout()
        return total

    # ---- running ----

    def settle(self):
        """Let written pages reach the disk and others finish their burst; returns how busy the machine is then."""
        os.sync()
        deadline = time.monotonic() + self.patience
        while True:
            disk, busy = disk_writes(), busy_share(SETTLED)
            if time.monotonic() >= deadline or (busy <= QUIET and disk_writes() == disk):
                return busy

    def run(self, command, messages, what, env=None, stdin=None, accept=(0,)):
        """Run a program to its end; a Sample with its wall time and, where time(1) is installed, its memory."""
        busy = self.settle()
        measured = self.path("time")
        if os.path.exists(TIME):
            command = [TIME, "-o", measured, "-f", "%M %U %S"] + command
        log = self.path("output")
        with open(log, "wb") as out:
            start = time.monotonic()
            program = subprocess.Popen(command, stdin=stdin or subprocess.DEVNULL, stdout=out,
                                       stderr=subprocess.STDOUT, env=dict(os.environ, HOME=self.dir, **(env or {})))
            status, seconds = waited(program, RUN_TIMEOUT), time.monotonic() - start
        with open(log, encoding="utf-8", errors="replace") as out:
            text = out.read()
        if status not in accept:
            raise CouldNotRun("%s: exit status %d: %s" % (what, status, " | ".join(text.split("\n")[:5])))
        more = {}
        if os.path.exists(TIME):
            with open(measured, encoding="ascii") as file:
                kilobytes, user, system = file.read().split()[-3:]
            more = {"max_rss": int(kilobytes) * 1024, "cpu": round(float(user) + float(system), 3)}
        return Sample(seconds, messages, busy, **more), text

    # ---- what is measured ----

    def canned(self, kind, server, user, messages, connections=1, pack=None, delay=0):
        """A canned stream: "fetch", "append" or "multi" (bench_canned says what they are)."""
        command = [self.programs["bench_canned"], kind, server.host, str(self.port(server, delay=delay)), user]
        what = "canned %s" % kind
        env = {"CANNED_PASSWORD": self.password}
        if kind == "fetch":
            sample, text = self.run(command + benchmail.folders(messages), len(messages), what, env)
        else:
            with open(pack, "rb") as stdin:
                sample, text = self.run(command + [str(connections)], len(messages), what, env, stdin)
        answer = json.loads(text)
        if kind == "fetch" and answer["octets"] < benchmail.octets(messages):
            raise CouldNotRun("canned fetch: %d octets came, of %d" % (answer["octets"], benchmail.octets(messages)))
        sample.seconds = answer["seconds"]  # without its login and the making of the stream
        sample.rate = sample.messages / sample.seconds
        return sample

    def tool(self, verb, source_user, target, target_user, state, messages, tls=False, delay=0,
             connections=CONNECTIONS, extra=(), accept=(0,)):
        """One run of mailmigrate-VERB."""
        where = dict(scheme="imaps" if tls else "plain", host="127.0.0.1")
        source = Account.on(self.source, source_user, port=self.port(self.source, tls, delay), **where)
        target_account = Account.on(target, target_user, port=self.port(target, tls, delay), **where)
        result = self.path("result.json")
        if os.path.exists(result):
            os.unlink(result)
        command = [self.programs["mailmigrate-" + verb]] + source.arguments("source", self.dir)
        command += target_account.arguments("target", self.dir)
        command += ["--state", self.path(state), "--json", result, "-q", "--connections", str(connections)]
        sample, text = self.run(command + list(extra), messages, verb, accept=accept)
        with open(result, encoding="utf-8") as file:
            totals = json.load(file)["totals"]
        sample.more.update({key: totals[key] for key in ("round_trips", "peak_rss", "copied") if key in totals})
        return sample

    @contextlib.contextmanager
    def scanner(self):
        """A virus scanner that answers at once, as long as it is wanted; gives its address."""
        path = self.path("clamd.ctl")
        program = subprocess.Popen([self.programs["bench_clamd"], path], stdin=subprocess.DEVNULL)
        try:
            while not os.path.exists(path):
                time.sleep(0.01)
            yield "clamd:" + path
        finally:
            program.kill()
            program.wait()

    def copy(self, source_user, target, messages, state="state", **options):
        """A first copy to a fresh user, whose mail is counted afterwards; gives the Sample and the user."""
        user = self.fresh_user()
        for name in os.listdir(self.dir):
            if name.startswith(state):
                os.unlink(self.path(name))
        sample = self.tool("copy", source_user, target, user, state, messages, **options)
        found = self.count(target, user)
        if found != messages:
            raise CouldNotRun("copy: %d messages are on the target, of %d" % (found, messages))
        return sample, user
