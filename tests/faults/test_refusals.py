"""Every answer but OK to every command of every engine: nothing is doubled, lost or called done, and the rest arrives.

A scene is a run at a point of an account's life: the first copy, a later one with changes, one that finds its mail on
the target without a record, one after a kill, a verification, a stock-taking, an export. It is played once without a
fault, which tells the commands that it sends; then each command gets each answer of the table: once, for ever, and for
ever about one folder alone. What the run says and does then is held against what both servers hold, and after the fault
has gone a further run has to make it whole. `python3 ... --long` (MIG_TEST_LONG) plays all cells, else a sample.
"""

import collections
import concurrent.futures
import itertools
import json
import os
import shutil
import subprocess
import unittest
import zlib

import dovecot
import faults
import memserver
import wire
from faults import LEDGER
from harness import LONG, Account, program

faults.record(__file__)
CELLS = 70         # of the sample
AT_ONCE = 8        # runs; they wait more than they compute
SECONDS = 240      # that any run may take: looking for what a cut line left takes its time
PATIENCE = "2"
FOLDERS = ("INBOX", "Work", "Lists", "Sent")
ONE = "Work"       # the folder that has the trouble when it is one folder's

# What a server may say. The last three end the connection.
ANSWERS = {
    "no": "NO it does not work",
    "bad": "BAD Command Error. 10",
    "unavailable": "NO [UNAVAILABLE] busy",
    "limit": "NO [LIMIT] too much",
    "inuse": "NO [INUSE] somebody else has it",
    "throttled": "NO Request is throttled. Suggested Backoff Time: 300 milliseconds",
    "serverbug": "NO [SERVERBUG] internal error",
    "bye": "* BYE Session expired",
    "bye-unavailable": "* BYE [UNAVAILABLE] later",
    "cut": "",
}
WITHOUT_MOVE = tuple(word for word in memserver.EVERYTHING if word != "MOVE")
# Not about mail, or of the login (tests/integration/test_auth*.py); UNSELECT and ID ask for nothing.
OTHERS = ("CAPABILITY", "AUTHENTICATE", "LOGIN", "LOGOUT", "NOOP", "ID", "UNSELECT")


def mail(text):
    return b"From: a@x.example\r\nSubject: %s\r\nMessage-ID: <%s@x>\r\n\r\n%s\r\n" % (text, text, text * 9)


class Server(memserver.MemServer):
    """Answers the commands of one kind as told; notes the kinds that come."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.kinds = collections.Counter()
        self.fault = None  # (kind, answer, folder or None)
        self.left = 0
        self.met = 0
        self.refuse = self.answer

    @staticmethod
    def kind(name, arguments):
        if name == "UID FETCH":
            items = arguments[1] if isinstance(arguments[1], list) else [arguments[1]]
            items = [item.decode().upper() for item in items]
            for part in ("BODY.PEEK[]", "BODY.PEEK[HEADER]", "RFC822.SIZE", "EMAILID", "FLAGS"):
                if part in items:
                    return "UID FETCH " + part
            return "UID FETCH UID"
        return name

    def folder(self, connection, name, arguments):
        if name.startswith("UID "):
            return connection.box.name.decode() if connection.box else None
        return arguments[0].decode() if arguments and isinstance(arguments[0], bytes) else None

    def answer(self, connection, name, arguments):
        kind = self.kind(name, arguments)
        if name in OTHERS:
            return None
        self.kinds[kind] += 1
        if not self.fault or self.left == 0 or self.fault[0] != kind:
            return None
        if self.fault[2] and self.folder(connection, name, arguments) != self.fault[2]:
            return None
        self.left -= 1
        self.met += 1
        words = ANSWERS[self.fault[1]]
        if words and not words.startswith("*"):
            return words
        if words:
            connection.send(words)
        raise wire.Closed("the test ends the connection")

    def break_it(self, kind, answer, times, folder=None):
        self.fault, self.left, self.met = (kind, answer, folder), times, 0

    def mend(self):
        self.fault, self.left = None, 0

    def held(self):
        return collections.Counter((name.decode(), m.octets) for name, box in self.mailboxes.items()
                                   for m in box.messages)


class Stage:
    """Two servers, a directory, and the tool between them."""

    def __init__(self, capabilities):
        self.dir = dovecot.work_directory("mmr-")
        os.mkdir(os.path.join(self.dir, "home"))
        self.source, self.target = Server(capabilities=capabilities), Server(capabilities=capabilities)
        for name in FOLDERS[1:]:
            self.source.add_mailbox(name).subscribed = True
        for number, name in enumerate(FOLDERS):
            for n in range(4):
                self.source.find(name.encode()).add(mail(b"%s-%d" % (name.encode(), n)), ["\\Seen"] if n % 2 else [],
                                                    b"%02d-Mar-2020 10:00:00 +0000" % (1 + number * 4 + n))
        self.result, self.status, self.said = {}, None, ""

    def close(self):
        for server in (self.source, self.target):
            server.errors.clear()
            server.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def run(self, verb, *extra, env=None):
        path = os.path.join(self.dir, "result.json")
        if os.path.exists(path):
            os.unlink(path)
        target = [] if verb[0] == "archive" else Account(self.target.url(), memserver.PASSWORD, tls="none").arguments(
            "target", self.dir) + ["--state", os.path.join(self.dir, "state")]
        command = ([program("asan")] + list(verb) +
                   Account(self.source.url(), memserver.PASSWORD, tls="none").arguments("source", self.dir) + target +
                   ["--json", path, "--progress", "never"] + list(extra))
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=SECONDS, check=False,
                              env=dict(os.environ, HOME=os.path.join(self.dir, "home"), **(env or {})))
        self.status, self.said = done.returncode, done.stdout.decode("utf-8", "replace")
        self.result = {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.result = json.load(file)
        return self.status

    def forget(self):
        for name in os.listdir(self.dir):
            if name.startswith("state"):
                os.unlink(os.path.join(self.dir, name))


class Scene:
    """A run at a point of an account's life. `prepare` brings it there; `play` is the run that meets the fault."""

    verb = ("copy",)
    extra = ()
    copies = True

    def prepare(self, stage):
        pass

    def play(self, stage):
        return stage.run(self.verb, *self.extra, "--patience", PATIENCE)


class First(Scene):
    pass


class Later(Scene):
    """New mail, changed flags, a message that is gone, one that was moved, and a folder with another name."""

    extra = ("--deletions", "expunge")

    def prepare(self, stage):
        assert stage.run(self.verb) == 0, stage.said
        source = stage.source
        for name in FOLDERS:
            source.find(name.encode()).add(mail(b"%s-new" % name.encode()))
        work, lists = source.find(ONE.encode()), source.find(b"Lists")
        work.flag(work.messages[0], "\\Seen", "\\Flagged")
        moved, gone = work.messages[1], lists.messages[0]
        lists.add(moved.octets, moved.flags, moved.date, moved.email_id)
        work.remove(moved)
        lists.remove(gone)
        source.mailboxes[b"Letters"] = source.mailboxes.pop(b"Sent")
        source.mailboxes[b"Letters"].name = b"Letters"


class Adopt(Scene):
    """The record is lost; two messages of a folder have one header, so that bodies decide."""

    def prepare(self, stage):
        for name in (b"INBOX", ONE.encode()):
            box = stage.source.find(name)
            for n in (1, 2):
                box.add(b"Subject: same\r\n\r\n%d\r\n" % n, [], b"09-Sep-2019 09:00:00 +0000")
        assert stage.run(self.verb) == 0, stage.said
        stage.forget()


class Resume(Scene):
    def prepare(self, stage):
        stage.run(self.verb, env={"MIG_CRASH_AT": "append-answered:2"})
        assert stage.status == -9, stage.said


class Verify(Scene):
    verb = ("verify",)
    copies = False

    def prepare(self, stage):
        assert stage.run(("copy",)) == 0, stage.said


class VerifySource(Verify):
    extra = ("--against", "source")


class Inventory(Verify):
    verb = ("inventory",)


class Export(Verify):
    verb = ("archive", "export")

    number = 0

    def prepare(self, stage):
        pass

    def play(self, stage):
        self.number += 1
        return stage.run(self.verb, os.path.join(stage.dir, "mail-%d.tar" % self.number), "--patience", PATIENCE)


SCENES = {"first": First, "later": Later, "adopt": Adopt, "resume": Resume, "verify": Verify,
          "verify-source": VerifySource, "inventory": Inventory, "export": Export}
CAPABILITIES = {"all": memserver.EVERYTHING, "basic": memserver.BASIC}
SERVERS = ("source", "target")


class Cell(collections.namedtuple("Cell", "scene capabilities side kind answer how")):
    def __str__(self):
        return " / ".join(self)


def commands(scene, capabilities):
    """The kinds of commands that each side gets in the scene."""
    stage = Stage(CAPABILITIES[capabilities])
    try:
        part = SCENES[scene]()
        part.prepare(stage)
        stage.source.kinds.clear()
        stage.target.kinds.clear()
        assert part.play(stage) == 0, "%s\n%s" % (scene, stage.said)
        return {side: sorted(getattr(stage, side).kinds) for side in SERVERS}
    finally:
        stage.close()


class Outcome(Exception):
    pass


def expect(condition, what, stage):
    if not condition:
        raise Outcome("%s\nexit status %s\n%s" % (what, stage.status, stage.said[-3000:]))


def check_mail(stage, cell, whole):
    """Nothing twice; with `whole` everything, else everything that is not of the one folder."""
    wanted, held = stage.source.held(), stage.target.held()
    contents = collections.Counter()
    for (_, octets), count in wanted.items():
        contents[octets] += count
    there = collections.Counter()
    for (_, octets), count in held.items():
        there[octets] += count
    # What was moved on the source is known to be gone from its folder only when that could be looked at.
    moved = {mail(b"Work-1")} if cell.scene == "later" and not whole else set()
    doubled = [octets[:60] for octets, count in there.items() if count > contents[octets] > 0 and octets not in moved]
    expect(not doubled, "doubled: %s" % doubled, stage)
    if whole:
        expect(held == wanted, "lost: %s; left over: %s" % (list(wanted - held)[:5], list(held - wanted)[:5]), stage)
    elif cell.how == "folder":
        rest = {key: count for key, count in wanted.items() if key[0] != ONE}
        missing = [key for key, count in rest.items() if held[key] < count]
        # What was moved out of the folder in trouble may still be there.
        missing = [key for key in missing if not (cell.scene == "later" and held[(ONE, key[1])])]
        expect(not missing, "the rest of the account did not arrive: %s" % missing[:5], stage)


def says_all(stage, cell):
    """Exit status 0 says that all of it was done: was it?"""
    if cell.scene.startswith("verify"):
        return stage.result["totals"]["missing"] == 0
    if cell.scene == "inventory":
        return stage.result["accounts"][0]["messages"] == sum(stage.source.held().values())
    return sum(folder["messages"] for folder in stage.result["folders"]) == sum(stage.source.held().values())


def check_words(stage, cell):
    """What a run that changes nothing says must be so."""
    if cell.scene.startswith("verify") and stage.result:
        totals = stage.result["totals"]
        expect(totals["missing"] == totals["extra"] == totals["altered"] == 0, "it says that mail is missing", stage)
    if stage.status == 0:
        expect(says_all(stage, cell), "it calls done what is not", stage)


def play(cell):
    stage = Stage(CAPABILITIES[cell.capabilities])
    try:
        part = SCENES[cell.scene]()
        part.prepare(stage)
        server = getattr(stage, cell.side)
        server.break_it(cell.kind, cell.answer, 1 if cell.how == "once" else 1 << 30,
                        ONE if cell.how == "folder" else None)
        try:
            part.play(stage)
        except subprocess.TimeoutExpired as error:
            raise Outcome("it does not end") from error
        met = server.met
        server.mend()
        expect(stage.status in (0, 1, 4), "the exit status", stage)
        if part.copies:
            check_mail(stage, cell, stage.status == 0)
            if cell.how == "folder" and met and cell.answer != "bye-unavailable":  # that uses up this short patience
                expect(stage.status in (0, 1), "one folder ends the account", stage)
            for _ in range(4):
                part.play(stage)
                if stage.status == 0:
                    break
            expect(stage.status == 0, "without the fault it does not become whole", stage)
            check_mail(stage, cell, True)
        else:
            check_words(stage, cell)
            expect(part.play(stage) == 0, "without the fault it does not end well", stage)
            check_words(stage, cell)
        return met
    finally:
        stage.close()


def cells():
    everything = []
    scenes = list(itertools.product(SCENES, CAPABILITIES))
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        told = list(pool.map(lambda pair: commands(*pair), scenes))
    for (scene, capabilities), kinds in zip(scenes, told):
        for side in SERVERS:
            for kind, answer, how in itertools.product(kinds[side], ANSWERS, ("once", "ever", "folder")):
                if how != "folder" or kind not in ("LIST", "LSUB", "NAMESPACE", "ENABLE", "RENAME"):
                    everything.append(Cell(scene, capabilities, side, kind, answer, how))
    return everything


def sample(everything):
    """Some of each kind of command, the same ones in each run."""
    return sorted(everything, key=lambda cell: zlib.crc32(str(cell).encode()))[:CELLS]


class Refusals(unittest.TestCase):
    def test_each_answer_to_each_command(self):
        everything = cells()
        chosen = everything if LONG else sample(everything)
        only = os.environ.get("MIG_CELLS")
        if only:
            chosen = [cell for cell in everything if all(word in str(cell) for word in only.split(","))]
        failures = []

        def one(cell):
            try:
                met = play(cell)
                LEDGER.add("N8" if cell.how == "folder" and cell.answer in ("bye", "bye-unavailable", "cut") else "N6",
                           faults=met, rounds=1)
            except Outcome as error:
                failures.append("%s: %s" % (cell, error))
            except Exception as error:  # what the harness itself meets: named like the rest
                failures.append("%s: %r" % (cell, error))

        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(one, chosen))
        first = "\n\n".join(failures[:12])
        self.assertEqual(failures, [], "%d of %d cells\n\n%s" % (len(failures), len(chosen), first))
        self.assertGreater(len(everything), 1500)


class OneThing(unittest.TestCase):
    """One message, one folder or one form of a command that has the trouble; everything else is taken."""

    def stage(self, capabilities=memserver.EVERYTHING):
        stage = Stage(capabilities)
        self.addCleanup(stage.close)
        return stage

    def held_of(self, stage, folder):
        return {octets for (name, octets) in stage.target.held() if name == folder}

    def message(self, side, words):
        """It is put off each time: found by halves, listed, and the others are there; the next run does the same."""
        stage = self.stage()
        box = stage.source.find(b"Work")
        for n in range(8):
            box.add(mail(b"more-%02d" % n))
        bad = box.messages[9]
        if side == "source":
            def refuse(connection, name, arguments):
                hit = name == "UID FETCH" and connection.box is box and b"BODY.PEEK[]" in arguments[1]
                return words if hit and bad in stage.source._chosen(box, arguments[0]) else None
            stage.source.refuse = refuse
        else:
            stage.target.refuse = lambda connection, name, arguments: (
                words if name == "APPEND" and bad.octets in arguments else None)
        for _ in range(2 if LONG else 1):
            self.assertEqual(stage.run(("copy",), "--patience", "5"), 1, stage.said)
            self.assertEqual(stage.source.held() - stage.target.held(), {("Work", bad.octets): 1}, stage.said)
            self.assertEqual([p["uid"] for p in stage.result["accounts"][0]["problems"]], [bad.uid], stage.said)

    def test_message_that_the_source_puts_off(self):
        self.message("source", "NO [UNAVAILABLE] FETCH Server error")

    def test_message_that_the_target_puts_off(self):
        self.message("target", "NO [LIMIT] not this one")

    def test_folder_that_the_target_puts_off(self):
        stage = self.stage()
        for n in range(8):
            stage.source.find(b"Work").add(mail(b"more-%02d" % n))
        stage.target.refuse = lambda connection, name, arguments: (
            "NO [INUSE] not now" if name == "APPEND" and arguments[0] == b"Work" else None)
        self.assertEqual(stage.run(("copy",), "--patience", "3"), 1, stage.said)
        self.assertEqual({name for name, _ in stage.source.held() - stage.target.held()}, {"Work"}, stage.said)
        self.assertIn("takes no messages", stage.said)

    def test_message_that_ends_the_connection(self):
        """BYE in answer to one message: whatever the patience, it is singled out before that is used up."""
        stage = self.stage()
        bad = mail(b"\0")
        for n in range(8):
            stage.source.find(b"Work").add(bad if n == 5 else mail(b"more-%02d" % n))

        def refuse(connection, name, arguments):
            if name == "APPEND" and bad in arguments:
                connection.send("* BYE Invalid character in literal")
                raise wire.Closed("the test ends the connection")
        stage.target.refuse = refuse
        self.assertEqual(stage.run(("copy",), "--patience", "10"), 1, stage.said)
        self.assertEqual(stage.source.held() - stage.target.held(), {("Work", bad): 1}, stage.said)

    def test_target_that_takes_nothing(self):
        """BYE at each APPEND, for ever: it ends, with 4 and the reason, and is whole once the target takes mail."""
        for folders in (("Work", "Lists"), ("Work",)) if LONG else (("Work",),):
            stage = self.stage()
            for name in FOLDERS:
                del stage.source.find(name.encode()).messages[3 if name in folders else 0:]
            stage.target.break_it("APPEND", "bye", 1 << 30)
            self.assertEqual(stage.run(("copy",), "--patience", "2"), 4, stage.said)
            self.assertIn("ends the connection at each message, and has taken none", stage.said)
            self.assertIn("Session expired", stage.said)
            stage.target.mend()
            self.assertEqual(stage.run(("copy",)), 0, stage.said)
            self.assertEqual(stage.source.held(), stage.target.held())

    def test_message_that_verify_cannot_read(self):
        """One message ends each connection that reads it: it is listed, and the others are verified."""
        for side, extra in (("target", ()), ("source", ("--against", "source"))):
            with self.subTest(side=side):
                stage = self.stage()
                self.assertEqual(stage.run(("copy",)), 0, stage.said)
                server = getattr(stage, side)
                box = server.find(b"Work")
                bad = box.messages[2]

                def refuse(connection, name, arguments):
                    if (name == "UID FETCH" and connection.box is box and b"BODY.PEEK[]" in arguments[1]
                            and bad in server._chosen(box, arguments[0])):
                        raise wire.Closed("the test ends the connection")
                server.refuse = refuse
                self.assertEqual(stage.run(("verify",), "--patience", "10", *extra), 1, stage.said)
                totals = stage.result["totals"]
                self.assertEqual(totals["identical"], sum(stage.source.held().values()) - 1, stage.said)
                self.assertEqual(totals["missing"], 0, stage.said)

    def test_append_without_a_list_of_flags(self):
        for capabilities in (memserver.EVERYTHING, memserver.BASIC):
            stage = self.stage(capabilities)
            stage.target.refuse = lambda connection, name, arguments: (
                "BAD a list of flags is needed" if name == "APPEND" and not isinstance(arguments[1], list) else None)
            self.assertEqual(stage.run(("copy",)), 0, stage.said)
            self.assertEqual(stage.source.held(), stage.target.held())

    def test_move_that_is_refused(self):
        """It stays where it was and is listed: sent, it would be there twice. It is moved when that may be done."""
        for command, capabilities in (("UID MOVE", memserver.EVERYTHING), ("UID COPY", WITHOUT_MOVE)):
            with self.subTest(command=command):
                stage = self.stage(capabilities)
                self.assertEqual(stage.run(("copy",)), 0, stage.said)
                work, lists = stage.source.find(b"Work"), stage.source.find(b"Lists")
                moved = work.messages[1]
                lists.add(moved.octets, moved.flags, moved.date, moved.email_id)
                work.remove(moved)
                stage.target.refuse = lambda connection, name, arguments, command=command: (
                    "NO [NOPERM] you may not" if name == command and arguments[0] != b"Lists" else None)
                for _ in range(2):
                    self.assertEqual(stage.run(("copy",)), 1, stage.said)
                    self.assertEqual([name for name, octets in stage.target.held() if octets == moved.octets], ["Work"])
                    self.assertIn("refuses to move it from 'Work'", stage.said)
                stage.target.refuse = lambda connection, name, arguments: None
                self.assertEqual(stage.run(("copy",)), 0, stage.said)
                self.assertEqual(stage.source.held(), stage.target.held())

    def test_moved_message_that_cannot_be_removed(self):
        """Copied, since there is no MOVE, and the old one stays for good: that is said."""
        stage = self.stage(WITHOUT_MOVE)
        self.assertEqual(stage.run(("copy",)), 0, stage.said)
        work, lists = stage.source.find(b"Work"), stage.source.find(b"Lists")
        moved = work.messages[1]
        lists.add(moved.octets, moved.flags, moved.date, moved.email_id)
        work.remove(moved)
        stage.target.refuse = lambda connection, name, arguments: (
            "NO [NOPERM] you may not delete" if name == "UID STORE" else None)
        self.assertEqual(stage.run(("copy",)), 1, stage.said)
        self.assertIn("on the target it is in 'Work' as well", stage.said)

    def test_answer_that_is_not_whole(self):
        """OK, and a part of what was asked for: what is not told of is asked for, or nothing is sent to that folder."""
        for side, ever in itertools.product(SERVERS, (False, True)):
            with self.subTest(side=side, ever=ever):
                stage = self.stage()
                self.assertEqual(stage.run(("copy",)), 0, stage.said)
                os.unlink(os.path.join(stage.dir, "state"))
                server, short = getattr(stage, side), []
                whole = server._send_fetch

                def send(connection, box, message, items, since, short=short, whole=whole, ever=ever):
                    left_out = b"RFC822.SIZE" in items and message is not box.messages[0] and box.name == b"Work"
                    if not left_out or (len(short) >= 3 and not ever):
                        return whole(connection, box, message, items, since)
                    short.append(message.uid)
                server._send_fetch = send
                status = stage.run(("copy",), "--patience", "3")
                self.assertEqual(status, 1 if ever else 0, stage.said)
                self.assertEqual(stage.source.held(), stage.target.held(), stage.said)
                self.assertTrue(short)
                if ever:
                    self.assertIn("tells nothing of 3 messages", stage.said)

    def test_several_messages_in_one_command(self):
        """MULTIAPPEND that is refused, in whatever words, is left out for the session; of one message it is not."""
        for words in ("BAD one at a time", "NO one at a time", "NO [SERVERBUG] oops"):
            stage = self.stage()
            for n in range(60):
                stage.source.find(b"Work").add(mail(b"more-%02d" % n))
            several = []

            def refuse(connection, name, arguments, words=words, several=several):
                messages = sum(isinstance(word, bytes) and len(word) > 40 for word in arguments[1:])
                if name == "APPEND" and messages > 1:
                    several.append(messages)
                    return words
            stage.target.refuse = refuse
            self.assertEqual(stage.run(("copy",), "--connections", "1"), 0, stage.said)
            self.assertEqual(stage.source.held(), stage.target.held())
            self.assertLessEqual(len(several), 6, several)  # those under way at the first refusal

    def test_folder_without_the_right_to_insert(self):
        """It is asked with one small message in each further run, and takes all of them when it may."""
        stage = self.stage()
        for n in range(40):
            stage.source.find(b"Work").add(mail(b"more-%02d" % n) + b"x" * 2000 * (n % 3))
        sent = []

        def refuse(connection, name, arguments):
            if name == "APPEND" and arguments[0] == b"Work":
                sent.extend(len(word) for word in arguments[2:] if isinstance(word, bytes) and len(word) > 40)
                return "NO [NOPERM] no right to insert"
        stage.target.refuse = refuse
        self.assertEqual(stage.run(("copy",)), 1, stage.said)
        for _ in range(2):
            sent.clear()
            self.assertEqual(stage.run(("copy",)), 1, stage.said)
            self.assertEqual(len(sent), 1)
            self.assertLess(sent[0], 500)
        stage.target.refuse = lambda connection, name, arguments: None
        self.assertEqual(stage.run(("copy",)), 0, stage.said)
        self.assertEqual(stage.source.held(), stage.target.held())

    def test_mailbox_that_closes(self):
        """It is named and left out, the rest is there, and it is not asked about when it is excluded."""
        plain = [c for c in memserver.EVERYTHING if not c.startswith("LIST-")]
        for side, command, capabilities in (("source", "STATUS", plain), ("source", "EXAMINE", memserver.EVERYTHING),
                                            ("target", "CREATE", memserver.EVERYTHING),
                                            ("target", "SELECT", memserver.EVERYTHING)):
            with self.subTest(command=command):
                stage = self.stage(capabilities)
                getattr(stage, side).break_it(command, "bye", 1 << 30, ONE)
                self.assertEqual(stage.run(("copy",), "--patience", "5"), 1, stage.said)
                self.assertEqual({name for name, _ in stage.source.held() - stage.target.held()}, {ONE}, stage.said)
                self.assertIn(ONE, "".join(p["text"] for p in stage.result["accounts"][0]["problems"]))
                if side == "source":
                    getattr(stage, side).met = 0
                    self.assertEqual(stage.run(("copy",), "--patience", "5", "--exclude", ONE), 0, stage.said)
                    self.assertEqual(getattr(stage, side).met, 0)


if __name__ == "__main__":
    unittest.main()
