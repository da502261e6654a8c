"""What the fault tests share: rounds that break a copy, mend it, and hold the outcome against the oracle; the count.

A round has a user of its own on the target, a directory of its own and a state of its own, so that several can go on
at once; the source is shared, because a copy leaves it as it is. What was injected and what came of it is written to
.build/faults/NAME.json, from which summary.py makes the table of docs/reliability.md.
"""

import atexit
import collections
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import threading
import time
import unittest

import dovecot
import imaputil
import mailgen
import oracle
from harness import INTERRUPTED, LONG, SEED, Account, Result, build_directory, program, seeded
from relay import DOWN, Relay

TRIES = 4        # runs that a round may need to end well once nothing breaks any more
AT_ONCE = 3      # rounds; they wait more than they compute
RUN_SECONDS = 120

FOLDERS = (("INBOX",), ("Sent",), ("Archive", "2019"), ("Entw\u00fcrfe alt",), ("Projects",))
RARE = ("every_octet", "no_headers", "no_body", "no_final_newline", "bare_cr", "no_message_id", "same_message_id")
# What targets can do decides how a batch travels: all of it in one command, one command a message, or one message at a
# time; and whether they tell the new UIDs.
KINDS = ((), ("MULTIAPPEND",), ("MULTIAPPEND", "LITERAL+"), ("UIDPLUS",), ("UIDPLUS", "MULTIAPPEND"))


class Ledger:
    """Counts by row of the scorecard, over all tests of this process."""

    COLUMNS = ("faults", "rounds", "lost", "doubled", "altered")

    def __init__(self):
        self.rows = collections.defaultdict(lambda: dict.fromkeys(self.COLUMNS, 0))
        self.lock = threading.Lock()

    def add(self, row, **counts):
        with self.lock:
            for name, count in counts.items():
                self.rows[row][name] += count

    def get(self, row, name):
        with self.lock:
            return self.rows[row][name]

    def write(self, name):
        directory = build_directory("faults")
        os.makedirs(directory, exist_ok=True)
        path = os.path.join(directory, name + ".json")
        with open(path + ".new", "w", encoding="utf-8") as out:
            json.dump({"seed": SEED, "long": LONG, "rows": self.rows}, out, indent=1, sort_keys=True)
        os.replace(path + ".new", path)


LEDGER = Ledger()


def record(file):
    """Write what this test file counted when its process ends."""
    atexit.register(LEDGER.write, os.path.splitext(os.path.basename(file))[0])


def damage(lines):
    """How many of the oracle's lines tell of messages lost, doubled, or altered."""
    lost = sum("is not on the target" in line or "no such folder" in line for line in lines)
    doubled = sum("is not on the source" in line for line in lines)
    return {"lost": lost, "doubled": doubled, "altered": len(lines) - lost - doubled}


def messages(seed, count, folders=FOLDERS, doubles=0.2):
    """`count` messages, some of which are there twice: close together, far apart, and in another folder."""
    pick = seeded("doubles", seed)
    several = mailgen.generate(seed, count, folders, rare=RARE)
    for message in list(several):
        if pick.random() < doubles:
            several.insert(pick.randrange(len(several)), message)
        if pick.random() < doubles / 4:
            several.append(message._replace(folder=pick.choice(folders)))
    return several


def tool(preset="asan"):
    return program(preset, "mailmigrate-copy")


class Reticent(Relay):
    """Takes the new UIDs out of a server's answers: what Dovecot does not announce it tells all the same."""

    def _take(self, direction, data):
        if direction == DOWN:
            data = re.sub(rb"\[(?:APPEND|COPY)UID [^\]\r\n]*\] ?", b"", data)
        return super()._take(direction, data)


def plain_port(server):
    """Where the tool speaks plain text with a server of FaultCase."""
    return server.reticent.port if getattr(server, "reticent", None) else server.port


class Round:
    """One account pair that is copied in spite of faults."""

    def __init__(self, case, row, source, target, user, source_user=None, relays=(None, None), preset="asan"):
        self.case, self.row, self.preset = case, row, preset
        self.source_server, self.target_server = source, target
        self.user, self.source_user = user, source_user or user
        self.dir = dovecot.work_directory("mmf-")
        case.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        os.mkdir(os.path.join(self.dir, "home"))
        self.state = os.path.join(self.dir, "state")
        self.history = []  # what was done to it, for the report of a failure
        self.use(*relays)

    def use(self, source_relay=None, target_relay=None, scheme="plain"):
        """Connect straight to the servers, or through relays."""
        sides = ((self.source_server, self.source_user, source_relay), (self.target_server, self.user, target_relay))
        self.accounts = [Account.on(server, user, scheme, port=relay.port if relay else
                                    plain_port(server) if scheme == "plain" else None)
                         for server, user, relay in sides]

    def command(self, *extra, json_path=None):
        source, target = self.accounts
        given = source.arguments("source", self.dir) + target.arguments("target", self.dir)
        return [tool(self.preset), *given, "--state", self.state, "--json",
                json_path or os.path.join(self.dir, "result.json"), "--patience", "5", *extra]

    def environment(self, extra=None):
        env = dict(os.environ, HOME=os.path.join(self.dir, "home"), **(extra or {}))
        env.pop("XDG_STATE_HOME", None)
        return env

    def run(self, *extra, env=None, kill_after=None, signal_after=None, timeout=RUN_SECONDS):
        """Run the tool; kill_after: seconds until SIGKILL; signal_after: (signal, seconds)."""
        json_path = os.path.join(self.dir, "result.json")
        if os.path.exists(json_path):
            os.unlink(json_path)
        command = self.command(*extra)
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=self.environment(env))
        timer = None
        if kill_after is not None:
            timer = threading.Timer(kill_after, process.kill)
        elif signal_after is not None:
            timer = threading.Timer(signal_after[1], process.send_signal, (signal_after[0],))
        if timer:
            timer.start()
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            self.fail("ran for more than %d s\n%s" % (timeout, err.decode("utf-8", "replace")))
        finally:
            if timer:
                timer.cancel()
        result = Result(command, process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"),
                        json_path)
        self.history.append("exit %s %s %s" % (result.status, " ".join(extra), env or ""))
        if "Sanitizer" in result.err or result.status in (97, -6, -11):
            self.fail("the tool broke: " + str(result))
        return result

    def fail(self, text):
        self.case.fail("%s\nuser %s on port %s, %s\nhistory:\n  %s" % (
            text, self.user, self.target_server.port, self.dir, "\n  ".join(self.history)))

    def finish(self, *extra, expect=0, nothing_new=True, **compare):
        """Run until it ends well, hold it against the oracle, and run once more: nothing must be left to do."""
        for _ in range(TRIES):
            result = self.run(*extra)
            if result.status == expect:
                break
            if result.status not in (4, INTERRUPTED):
                self.fail("exit status %s\n%s" % (result.status, result))
        else:
            self.fail("did not end well in %d runs\n%s" % (TRIES, result))
        if nothing_new:
            again = self.run(*extra)
            done = {name: again.totals[name] for name in ("copied", "adopted", "moved", "deleted")}
            if again.status != expect or any(done.values()):
                LEDGER.add(self.row, rounds=1, **damage(self.differences(**compare)))
                self.fail("a further run still did something: %s\n%s" % (done, again))
        lines = self.differences(**compare)
        LEDGER.add(self.row, rounds=1, **damage(lines))
        if lines:
            self.fail("\n".join(lines[:40]) + "\n" + str(result))
        return result

    def differences(self, **compare):
        source, target = self.source_server.login(self.source_user), self.target_server.login(self.user)
        try:
            return oracle.compare(source, target, **compare)
        finally:
            source.shutdown()
            target.shutdown()

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)


def users(count, letter="u"):
    return ["%s%d" % (letter, number) for number in range(1, count + 1)]


class FaultCase(unittest.TestCase):
    """A source with mail for all rounds, and targets of several kinds."""

    maxDiff = None
    kinds = ((),)
    user_count = 60
    source_options = {"separator": ".", "prefix": "INBOX."}
    target_options = {"layout": "fs"}

    @classmethod
    def setUpClass(cls):
        names = users(cls.user_count)
        cls.source = dovecot.Dovecot(users=names, **cls.source_options).start()
        cls.addClassCleanup(cls.source.stop)
        cls.targets = []
        for without in cls.kinds:
            target = dovecot.Dovecot(users=names, without=without, authority=cls.source.authority,
                                     **cls.target_options).start()
            cls.addClassCleanup(target.stop)
            if "UIDPLUS" in without:
                target.reticent = Reticent("127.0.0.1", target.port)
                cls.addClassCleanup(target.reticent.stop)
            cls.targets.append(target)
        cls.numbers = iter(names)
        cls.lock = threading.Lock()

    @property
    def target(self):
        return self.targets[0]

    def next_user(self):
        with self.lock:
            return next(self.numbers)

    def fill(self, user, several, empty=(), server=None):
        server = server or self.source
        connection = server.login(user)
        mailgen.fill(connection, several, server.separator, server.prefix, empty)
        connection.logout()

    def round(self, row, target=None, source_user=None, **options):
        user = self.next_user()
        return Round(self, row, self.source, target or self.target, user, source_user or user, **options)

    def rounds(self, work, enough, seconds, at_once=AT_ONCE):
        """Call work(number) with 0, 1, 2, ... until enough() is true; an error of one is an error of the test."""
        deadline = time.monotonic() + seconds
        errors = []

        def one(number):
            if errors or enough() or time.monotonic() > deadline:
                return
            try:
                work(number)
            except Exception as error:
                errors.append(error)

        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            number = 0
            while not errors and not enough() and time.monotonic() < deadline:
                list(pool.map(one, range(number, number + at_once * 4)))
                number += at_once * 4
        if errors:
            raise errors[0]

    def connection(self, server, user):
        connection = server.login(user)
        self.addCleanup(connection.shutdown)
        return connection


def select(connection, name):
    return imaputil.check(connection.select(imaputil.mailbox(name)))


def uids(connection, criteria="ALL"):
    return [int(uid) for uid in imaputil.check(connection.uid("SEARCH", criteria))[0].split()]


def uid_set(chosen):
    return ",".join(str(uid) for uid in chosen)


def expunge(connection, chosen):
    if chosen:
        imaputil.check(connection.uid("STORE", uid_set(chosen), "+FLAGS.SILENT", "(\\Deleted)"))
        imaputil.check(connection.uid("EXPUNGE", uid_set(chosen)))


def log_lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def names_of_points(root):
    """The crash points that the engine has, as its source names them."""
    found = set()
    for directory, _, files in os.walk(os.path.join(root, "libmigrate")):
        for name in files:
            if name.endswith(".c"):
                with open(os.path.join(directory, name), encoding="utf-8") as file:
                    found |= set(re.findall(r'MIG__CRASH_POINT\("([^"]+)"\)', file.read()))
    return sorted(found)
