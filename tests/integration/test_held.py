"""Copied is what the target was seen to hold, also where a server loses mail or tells wrong UIDs, or a user deletes."""

import os
import socket
import threading
import time
import unittest

import dovecot
import mailgen
from harness import DONE, LOCAL, LONG, PARTIAL, SEED, Account, Result, ToolCase, program
from memserver import EVERYTHING, MemServer
from wire import Closed

WITHOUT = tuple(word for word in EVERYTHING if word != "UIDPLUS")


class Losing(MemServer):
    """It answers OK to APPEND and drops messages, as long as `loses` says so."""

    loses = staticmethod(lambda box, number: False)

    def do_append(self, connection, arguments):
        box = self.find(arguments[0])
        before = len(box.messages) if box else 0
        answer = super().do_append(connection, arguments)
        for number, message in enumerate(box.messages[before:] if box else ()):
            if self.loses(box, number):
                box.messages.remove(message)
        return answer


class Mbox(MemServer):
    """An older server: a folder that is open for writing is written back as it was read when it is left."""

    def leave(self, connection):
        if connection.box and connection.writable:
            connection.box.messages[:] = connection.seen
            connection.box = None

    def do_append(self, connection, arguments):
        answer = super().do_append(connection, arguments)
        if connection.box and connection.writable:
            self.leave(connection)
        return answer

    def _open(self, connection, arguments, mode):
        self.leave(connection)
        answer = super()._open(connection, arguments, mode)
        connection.seen = list(connection.box.messages) if connection.box else []
        return answer

    def do_unselect(self, connection, arguments):
        self.leave(connection)
        return super().do_unselect(connection, arguments)


class Case(ToolCase):
    def server(self, make, *args, **options):
        server = make(*args, **options)
        self.addCleanup(server.stop)
        return server

    def fill(self, box, count):
        maker = mailgen.Generator(SEED + len(box.name) + len(box.messages) + count)
        return [box.add(maker.plain(), ("\\Seen",)) for _ in range(count)]

    def begin(self, target, messages=40):
        self.source, self.target = self.server(MemServer), target
        for name in ("INBOX", "Work"):
            for server in (self.source, self.target):
                if not server.find(name.encode()):
                    server.add_mailbox(name)
            self.fill(self.source.find(name.encode()), messages)
        self.accounts = [Account.on(server, "u1", "plain") for server in (self.source, self.target)]

    def run_copy(self, *extra, expect=DONE):
        result = self.copy(*self.accounts, *extra, expect=None)
        self.assertEqual(result.status, expect, str(result))
        totals = result.totals
        parts = ("copied", "adopted", "already", "moved", "gone", "skipped", "failed", "left_messages")
        if "--retry-failed" not in extra:
            self.assertEqual(sum(totals[key] for key in parts), totals["messages"], str(result))
        self.assertLessEqual(totals["copied"] + totals["adopted"] + totals["already"] + totals["moved"],
                             self.held(), "more than the target holds: " + str(result))
        return result

    def held(self):
        """How many of the source's messages the target holds, doubles counted once."""
        count = 0
        for name, box in self.source.mailboxes.items():
            held = self.target.find(name)
            there = [message.octets for message in held.messages] if held else []
            for message in box.messages:
                if message.octets in there:
                    there.remove(message.octets)
                    count += 1
        return count

    def octets(self, server):
        return {name: sorted(hash(m.octets) for m in box.messages) for name, box in server.mailboxes.items()}

    def same(self, result):
        self.assertEqual(self.octets(self.source), self.octets(self.target), str(result))


class Lost(Case):
    """What the target answers OK to and does not hold is sent once more, then listed; never "copied" or "already"."""

    def once(self, capabilities):
        target = self.server(Losing, capabilities)
        lost = []
        target.loses = lambda box, number: len(lost) < 30 and not lost.append(number)
        self.begin(target)
        result = self.run_copy()
        self.assertEqual(result.totals["copied"], 80, str(result))
        self.same(result)
        self.assertEqual(self.run_copy().totals["already"], 80)

    def test_lost_once_is_sent_again(self):
        self.once(EVERYTHING)

    def test_lost_once_without_uidplus(self):
        self.once(WITHOUT)

    def always(self, capabilities):
        target = self.server(Losing, capabilities)
        target.loses = lambda box, number: number % 3 == 0
        self.begin(target)
        result = self.run_copy(expect=PARTIAL)
        failed = [problem for problem in result.problems if problem["code"] == "lost"]
        self.assertEqual(len(failed), 80 - self.held())
        self.assertGreater(len(failed), 0)
        self.assertEqual(result.totals["failed"], len(failed), str(result))
        target.loses = lambda box, number: False
        self.assertEqual(self.run_copy().totals["copied"], len(failed))
        self.same(result)

    def test_lost_always(self):
        self.always(EVERYTHING)

    def test_lost_always_without_uidplus(self):
        self.always(WITHOUT)

    def test_after_a_kill(self):
        """The run is killed when the target has answered; the next one does not take its word."""
        for point in ("append-answered:1", "append-answered:3", "append-sent:3"):
            with self.subTest(point):
                self.setUp()
                target = self.server(Losing, WITHOUT)
                target.loses = lambda box, number: number % 2 == 0
                self.begin(target, messages=120)
                self.copy(*self.accounts, "--connections", "1", expect=-9, env={"MIG_CRASH_AT": point})
                target.loses = lambda box, number: False
                self.same(self.run_copy())

    def test_a_folder_open_for_writing(self):
        """APPEND goes to a server that has nothing open for writing meanwhile."""
        for capabilities in (EVERYTHING, WITHOUT, tuple(word for word in WITHOUT if word != "UNSELECT")):
            with self.subTest(capabilities=len(capabilities)):
                self.setUp()
                self.begin(self.server(Mbox, capabilities))
                self.same(self.run_copy())
                self.fill(self.source.find(b"INBOX"), 5)
                self.source.find(b"Work").flag(self.source.find(b"Work").messages[3], "\\Flagged")
                self.same(self.run_copy())


class Gone(Case):
    """Deleted on the target by somebody: said, counted, not sent again, and not "already there"."""

    def test_gone_is_said_in_each_run(self):
        for capabilities in (EVERYTHING, tuple(word for word in WITHOUT if word != "LIST-STATUS")):
            with self.subTest(capabilities=len(capabilities)):
                self.setUp()
                self.begin(self.server(MemServer, capabilities))
                self.run_copy()
                box = self.target.find(b"Work")
                for message in box.messages[5:8]:
                    box.remove(message)
                box.add(b"Subject: new\r\n\r\nby the user\r\n")  # the count alone does not show it
                for changed in (False, True, False):
                    if changed:
                        self.fill(self.source.find(b"Work"), 2)
                    result = self.run_copy()
                    self.assertEqual((result.totals["gone"], result.folders["Work"]["gone"]), (3, 3), str(result))
                    self.assertEqual([p["failed"] for p in result.problems if p["code"] == "gone"], [False])
                    self.assertIn("3 gone from the target since", result.out)
                    self.assertNotIn("All ", result.out)

    def test_what_comes_back_is_there_again(self):
        self.begin(self.server(MemServer))
        self.run_copy()
        box = self.target.find(b"INBOX")
        message = box.messages[0]
        box.remove(message)
        self.assertEqual(self.run_copy().totals["gone"], 1)
        box.messages.insert(0, message)  # put back from a backup
        box.modseq += 1
        self.assertEqual(self.run_copy().totals["gone"], 0)

    def test_nothing_gone_costs_nothing(self):
        self.begin(self.server(MemServer))
        self.run_copy()
        self.target.find(b"INBOX").add(b"Subject: new\r\n\r\nby the user\r\n")
        before = len(self.target.connections)
        result = self.run_copy()
        told = [line for connection in self.target.connections[before:] for line in connection.received]
        self.assertFalse([line for line in told if b"SEARCH" in line or b"EXAMINE" in line or b"FETCH" in line], told)
        self.assertEqual(result.totals["already"], 80)


class Lying(MemServer):
    """It tells wrong UIDs for what it stores."""

    told = staticmethod(lambda box, uids: uids)

    def do_append(self, connection, arguments):
        box = self.find(arguments[0])
        before = box.uidnext
        answer = super().do_append(connection, arguments)
        uids = self.told(box, list(range(before, box.uidnext)))
        told = "OK [APPENDUID %d %s] done" % (box.uidvalidity, ",".join(map(str, uids)))
        return told if answer.startswith("OK") else answer


class WrongUids(Case):
    """A UID is believed only where it can be right; what is not ours is never changed or removed."""

    LIES = {"of an older message": lambda box, uids: [1 + i for i in range(len(uids))],
            "one for all": lambda box, uids: [max(uids[0], 100)] * len(uids),
            "the one before": lambda box, uids: [uid - 1 for uid in uids],
            "far above": lambda box, uids: [uid + 1000 for uid in uids],
            "the other way round": lambda box, uids: uids[::-1]}

    def lie(self, told, capabilities):
        target = self.server(Lying, capabilities)
        self.own = [(name, target.find(name).add(b"Subject: own %d\r\n\r\nmine\r\n" % i, ("\\Answered",)))
                    for name in (b"INBOX",) for i in range(70)]
        target.told = told
        self.begin(target, messages=10)
        self.run_copy(expect=None)

    def run_copy(self, *extra, expect=DONE):
        result = self.copy(*self.accounts, *extra, expect=None)
        if expect is not None:
            self.assertEqual(result.status, expect, str(result))
        return result

    def untouched(self, result):
        for name, message in self.own:
            self.assertIn(message, self.target.find(name).messages, str(result))
            self.assertEqual(message.flags, {"\\Answered"}, str(result))

    def test_flags_and_deletions(self):
        for name, told in self.LIES.items():
            fewer = tuple(word for word in EVERYTHING if word not in ("MULTIAPPEND", "MOVE"))
            for capabilities in (EVERYTHING, fewer):
                with self.subTest(name, capabilities=len(capabilities)):
                    self.setUp()
                    self.lie(told, capabilities)
                    box = self.source.find(b"INBOX")
                    for message in box.messages[:4]:
                        box.flag(message, "\\Flagged", "\\Seen")
                    self.untouched(self.run_copy("--flags", "source", expect=None))
                    for message in box.messages[:6]:
                        box.remove(message)
                    result = self.run_copy("--deletions", "expunge", expect=None)
                    self.untouched(result)
                    moved = box.messages[0]
                    box.remove(moved)
                    self.source.find(b"Work").add(moved.octets, ("\\Seen",), moved.date, moved.email_id)
                    self.untouched(self.run_copy("--deletions", "expunge", expect=None))
                    ours = [m.octets for name, b in self.target.mailboxes.items() for m in b.messages]
                    for b in self.source.mailboxes.values():
                        for m in b.messages:
                            self.assertEqual(ours.count(m.octets), 1)

    def test_a_mailbox_put_back_under_its_old_uidvalidity(self):
        """Messages with UIDs of the record that are others: their flags stay, and they are not removed."""
        self.begin(self.server(MemServer), messages=10)
        self.run_copy()
        box, own = self.target.find(b"INBOX"), []
        for message in box.messages[:5]:
            message.octets = b"Subject: another\r\n\r\nin its place\r\n"
            own.append(message)
        for message in self.source.find(b"INBOX").messages[:3]:
            self.source.find(b"INBOX").flag(message, "\\Flagged", "\\Seen")
        result = self.run_copy(expect=PARTIAL)
        self.assertTrue([p for p in result.problems if p["code"] == "gone"], str(result))
        for message in self.source.find(b"INBOX").messages[:5]:
            self.source.find(b"INBOX").remove(message)
        self.run_copy("--deletions", "expunge", expect=PARTIAL)
        for message in own:
            self.assertIn(message, box.messages)
            self.assertNotIn("\\Flagged", message.flags)
            self.assertNotIn("\\Deleted", message.flags)


class Owed(Case):
    """Flags that the target does not take are counted in each run, and stored once it takes them."""

    def flags(self):
        return sorted(" ".join(sorted(m.flags)) for box in self.target.mailboxes.values() for m in box.messages)

    def test_a_right_that_is_granted_later(self):
        for capabilities in (EVERYTHING, tuple(word for word in EVERYTHING if word != "CONDSTORE")):
            with self.subTest(capabilities=len(capabilities)):
                self.setUp()
                self.begin(self.server(MemServer, capabilities), messages=10)
                self.source.find(b"INBOX").messages[0].flags = {"\\Seen", "odd"}
                self.target.permanent_flags = ["\\Flagged"]
                for _ in range(2):
                    result = self.run_copy()
                    self.assertEqual(result.totals["flags_owed"], 20, str(result))
                    texts = [p["text"] for p in result.problems if p["code"] == "flag" and p["folder"] == "INBOX"]
                    self.assertEqual(len(texts), 2, texts)
                    self.assertIn("10 messages are there without it", "".join(t for t in texts if "\\Seen" in t))
                    self.assertEqual(result.totals["flags_changed"], 0)
                self.target.permanent_flags = None
                put_off = ["NO [INUSE] not now", "NO [UNAVAILABLE] nor now"]
                self.target.refuse = lambda connection, name, arguments, left=put_off: (
                    left.pop() if name == "SELECT" and left else None)
                result = self.run_copy()
                self.assertEqual((result.totals["flags_owed"], result.totals["flags_changed"]), (0, 20), str(result))
                self.assertEqual(self.flags(), ["\\Seen"] * 19 + ["\\Seen odd"])
                self.assertEqual(self.run_copy().totals["flags_changed"], 0)


class Quiet(Case):
    def test_what_came_meanwhile_is_said(self):
        """A message comes in when the first one is read: one more pass is due, and after it none."""
        self.begin(self.server(MemServer), messages=5)
        box, came = self.source.find(b"INBOX"), []

        def arrive(connection, name, arguments):
            if name == "UID FETCH" and not came:
                came.append(box.add(b"Subject: late\r\n\r\nlate\r\n"))

        self.source.on_command = arrive
        result = self.run_copy()
        account = result.json["accounts"][0]
        self.assertEqual((account["quiet"], account["stirred"]), (False, 1), str(result))
        self.assertIn("one more pass is due", result.out)
        result = self.run_copy()
        self.assertEqual((result.json["accounts"][0]["quiet"], result.totals["copied"]), (True, 1), str(result))


class Adding(MemServer):
    """It puts a line of its own, that nobody knows, into the header of each message."""

    def do_append(self, connection, arguments):
        changed = [b"X-Zone: inside\r\n" + word if isinstance(word, bytes) and b"\r\n" in word else word
                   for word in arguments]
        return super().do_append(connection, changed)


class Twins(Case):
    """The record is lost, the target changed all content: date and Message-ID tell, where there is one of each."""

    def test_known_by_date_and_message_id(self):
        self.begin(self.server(Adding), messages=0)
        for name in (b"INBOX", b"Work"):
            for number in range(20):
                octets = b"Message-ID: <%s.%d@x>\r\nSubject: s\r\n\r\n%d\r\n" % (name, number, number)
                self.source.find(name).add(octets, (), b"%02d-Mar-2020 10:00:00 +0000" % (number + 1))
        same = [self.source.find(b"Work").add(b"Message-ID: <same@x>\r\n\r\n%d\r\n" % number) for number in range(2)]
        self.copy(*self.accounts)
        os.unlink(os.path.join(self.dir, "state"))
        result = self.copy(*self.accounts)
        self.assertEqual((result.totals["adopted"], result.totals["copied"]), (40, len(same)), str(result))
        self.assertEqual(len(self.target.find(b"INBOX").messages), 20)
        texts = [p["text"] for p in result.problems if p["code"] == "different"]
        self.assertEqual(len(texts), 2, str(result))
        self.assertIn("their content differs, and was not proven", texts[0])
        self.assertEqual(self.copy(*self.accounts).totals["already"], 42)
        found = self.run_command([program(), "verify"] + self.both(), json_path=os.path.join(self.dir, "result.json"))
        self.assertEqual(found.status, PARTIAL, str(found))
        self.assertEqual((found.totals["missing"], found.totals["identical"]), (0, 0), str(found))

    def both(self):
        return [word for side, account in zip(("source", "target"), self.accounts)
                for word in account.arguments(side, self.dir)] + ["--state", os.path.join(self.dir, "state"),
                                                                  "--json", os.path.join(self.dir, "result.json")]


class Failed(Case):
    """--retry-failed tries what failed, by code, and nothing else."""

    def test_by_code(self):
        self.begin(self.server(MemServer), messages=4)
        inbox = self.source.find(b"INBOX").messages
        answers = {inbox[0].octets: "[TOOBIG] too much", inbox[1].octets: "[CANNOT] not this"}
        self.target.refuse_append = lambda name, octets: answers.get(octets)
        result = self.run_copy(expect=PARTIAL)
        codes = {p["uid"]: p["code"] for p in result.problems}
        self.assertEqual((result.totals["failed"], codes[1]), (2, "too-big"), str(result))
        answers.clear()
        self.fill(self.source.find(b"Work"), 3)
        self.assertEqual(self.run_copy("--retry-failed", "too-big").totals["copied"], 1)
        again = self.run_copy("--retry-failed")
        self.assertEqual((again.totals["copied"], again.totals["messages"]), (1, 11), str(again))
        self.assertEqual(self.run_copy().totals["copied"], 3)
        self.same(self.run_copy())
        self.assertIn("a code as the summary", self.copy(*self.accounts, "--retry-failed", "nonsense", expect=2).err)


class Hidden(Case):
    """A mailbox of the target that its list leaves out: said, and not read anew in each run."""

    def test_not_listed(self):
        self.begin(self.server(MemServer), messages=10)
        shown = self.target._listed
        self.target._listed = lambda *given: [box for box in shown(*given) if box.name != b"Work"]
        for expected in (20, 0, 0):
            before = len(self.target.connections)
            result = self.run_copy()
            done = (result.totals["copied"], result.totals["already"])
            self.assertEqual(done, (expected, 20 - expected), str(result))
            self.assertEqual([p["code"] for p in result.problems], ["no-permission"], str(result))
            self.assertNotIn("was replaced", result.err)
            told = [line for connection in self.target.connections[before:] for line in connection.received]
            self.assertFalse([line for line in told if b"BODY.PEEK" in line], told)
        self.same(result)

    def test_a_folder_that_could_not_be_made_was_not_replaced(self):
        self.begin(self.server(MemServer), messages=10)
        del self.target.mailboxes[b"Work"]
        self.target.refuse_create = lambda name: "[NOPERM] not here"
        for _ in range(2):
            result = self.run_copy(expect=PARTIAL)
            self.assertNotIn("was replaced", result.err, str(result))
        self.target.refuse_create = lambda name: None
        result = self.run_copy()
        self.assertNotIn("was replaced", result.err, str(result))
        self.same(result)


class TwoRuns(Case):
    """Two runs at one target at once, each with a state of its own: from one machine, and from two."""

    MESSAGES = 3000 if LONG else 600

    def prepare(self, messages):
        self.source = self.server(MemServer)
        self.target = dovecot.Dovecot(users=["u1"]).start()
        self.addCleanup(self.target.stop)
        self.fill(self.source.find(b"INBOX"), messages)
        self.accounts = [Account.on(server, "u1", "plain") for server in (self.source, self.target)]

    def begin_run(self, name, lock):
        for directory in (name, lock):
            os.makedirs(os.path.join(self.dir, directory), exist_ok=True)
        command = self.command(*self.accounts, state=os.path.join(self.dir, name, "state"))
        command[command.index("--json") + 1] = os.path.join(self.dir, name, "result.json")
        return self.start(command, env={"MAILMIGRATE_LOCK_DIR": os.path.join(self.dir, lock)})

    def end_run(self, name, process):
        out, err = (octets.decode() for octets in process.communicate(timeout=240))
        return Result([name], process.returncode, out, err, os.path.join(self.dir, name, "result.json"))

    def doubles(self):
        """How often each message of the source is in the target's INBOX, as a client sees it."""
        connection = self.target.login("u1")
        self.addCleanup(connection.shutdown)
        connection.select("INBOX", readonly=True)
        there = [part[1] for part in connection.uid("FETCH", "1:*", "(BODY.PEEK[])")[1] if isinstance(part, tuple)]
        return sorted({there.count(message.octets) for message in self.source.find(b"INBOX").messages}), len(there)

    def test_from_two_machines(self):
        """Neither sees the other's lock: what both send is settled, and nothing is there twice."""
        self.prepare(self.MESSAGES)
        runs = {name: self.begin_run(name, name + "-lock") for name in ("one", "two")}
        results = {name: self.end_run(name, process) for name, process in runs.items()}
        texts = "\n".join(map(str, results.values()))
        self.assertEqual(self.doubles(), ([1], self.MESSAGES), texts)
        for name, result in results.items():
            self.assertEqual(result.status, DONE, texts)
            self.assertEqual(result.totals["copied"] + result.totals["adopted"], self.MESSAGES, texts)
            again = self.end_run(name, self.begin_run(name, name + "-lock"))
            self.assertEqual((again.status, again.totals["already"]), (DONE, self.MESSAGES), str(again))
        self.assertEqual(self.doubles(), ([1], self.MESSAGES), texts)

    def test_what_both_sent_is_settled_with_patience(self):
        """Each command of the end of a pass is put off once: the doubles go all the same, and only those."""
        for command in ("EXAMINE", "UID FETCH", "SELECT", "UID STORE", "UID EXPUNGE"):
            for words in ("NO [INUSE] not now", None):
                with self.subTest(command=command, words=words):
                    self.setUp()
                    self.begin(self.server(MemServer), messages=8)
                    self.settle(command, words)

    def settle(self, command, words):
        box, met, others = self.target.find(b"INBOX"), [], []

        def come(connection, name, arguments):
            """Another program appends the same messages right before ours arrive, so that nobody can know yet."""
            if name == "APPEND" and arguments[0] == b"INBOX" and not others:
                others.extend(box.add(m.octets, m.flags, m.date) for m in self.source.find(b"INBOX").messages)

        def refuse(connection, name, arguments):
            if name != command or met or len(box.messages) <= 8:
                return None
            met.append(name)
            if words is None:
                raise Closed("the test ends the connection")
            return words
        self.target.on_command, self.target.refuse = come, refuse
        result = self.run_copy()
        self.assertTrue(met, "it was not asked: " + str(result))
        self.assertEqual(box.messages, others, str(result))
        self.target.on_command = self.target.refuse = lambda connection, name, arguments: None
        self.assertEqual(self.run_copy().totals["already"], 16)

    def test_a_refusal_does_not_say_that_it_is_gone(self):
        """What is to be deleted cannot be looked at: it stays on the list of what is to be deleted."""
        self.begin(self.server(MemServer), messages=8)
        self.run_copy()
        gone = self.source.find(b"INBOX").messages[:3]
        for message in gone:
            self.source.find(b"INBOX").remove(message)
        self.target.refuse = lambda connection, name, arguments: (
            "NO I do not feel like it" if name == "UID FETCH" and b"RFC822.SIZE" in arguments[1] else None)
        self.copy(*self.accounts, "--deletions", "expunge", expect=PARTIAL)
        self.assertEqual(len(self.target.find(b"INBOX").messages), 8)
        self.target.refuse = lambda connection, name, arguments: None
        result = self.copy(*self.accounts, "--deletions", "expunge")
        self.same(result)

    def marked(self, words):
        """A target that has METADATA, where the next run finds a mark that was set with these words: HOST, AGE."""
        self.begin(self.server(MemServer, EVERYTHING + ("METADATA",)), messages=8)
        seen = []

        def look(connection, name, arguments):
            if name == "SETMETADATA" and len(arguments[1][1]) > 3:
                seen.append(arguments[1])
        self.target.on_command = look
        self.run_copy()
        self.assertEqual(len(seen), 1, "one mark a run")
        self.assertEqual(self.target.metadata, {}, "it is taken away")
        entry, value = seen[0]
        version, _, _, pid, _, _ = value.decode().split()
        now = int(time.time())
        self.target.metadata[entry.lower()] = (" ".join((version, "0" * 32, words[0], pid, str(now - words[1]),
                                                         str(now - words[1])))).encode()
        self.fill(self.source.find(b"INBOX"), 3)
        return entry

    def test_a_mark_of_another_machine(self):
        """It keeps a run away, by name, unless that is an hour ago or --force is given; and nothing is in the mail."""
        entry = self.marked(("elsewhere.example", 600))
        self.assertRegex(entry, rb"^/private/vendor/mailmigrate/run-[0-9a-f]{32}$")
        before = dict(self.target.metadata)
        result = self.copy(*self.accounts, expect=LOCAL)
        self.assertIn("is under way on elsewhere.example", result.err)
        self.assertIn("10 minutes ago", result.err)
        self.assertEqual((len(self.target.find(b"INBOX").messages), self.target.metadata), (8, before))
        self.copy(*self.accounts, "--dry-run")
        self.assertEqual(self.run_copy("--force").totals["copied"], 3)
        self.assertEqual(self.target.metadata, {})

    def test_a_mark_that_was_left_behind(self):
        for words in (("elsewhere.example", 3700), (socket.gethostname(), 60)):
            with self.subTest(words=words):
                self.setUp()
                self.marked(words)
                self.assertEqual(self.run_copy().totals["copied"], 3)
                self.assertEqual(self.target.metadata, {})

    def test_a_target_that_takes_no_mark(self):
        for refused in ("GETMETADATA", "SETMETADATA"):
            with self.subTest(refused=refused):
                self.setUp()
                self.begin(self.server(MemServer, EVERYTHING + ("METADATA",)), messages=8)
                self.target.refuse = lambda connection, name, arguments, refused=refused: (
                    "NO [NOPERM] no entries here" if name == refused else None)
                self.assertEqual(self.run_copy().totals["copied"], 16)

    def test_two_that_set_their_mark_at_once(self):
        """The one that sees the other's goes; the other works."""
        self.begin(self.server(MemServer, EVERYTHING + ("METADATA",)), messages=8)
        now = int(time.time())

        def overwrite(connection, name, arguments):
            if name == "GETMETADATA" and self.target.metadata:
                self.target.metadata = {key: b"1 %s elsewhere.example 7 %d %d" % (b"1" * 32, now, now)
                                        for key in self.target.metadata}
        self.target.on_command = overwrite
        self.assertIn("elsewhere.example", self.copy(*self.accounts, expect=LOCAL).err)
        self.assertEqual(len(self.target.metadata), 1, "it is not ours to take away")

    def test_from_one_machine(self):
        """Whatever the state file: the second one ends at once, names the first, and advises no other state."""
        self.prepare(20)
        held = threading.Event()
        self.addCleanup(held.set)
        self.source.on_command = lambda connection, name, arguments: name == "UID FETCH" and held.wait(60)
        first = self.begin_run("one", "lock")
        deadline = time.monotonic() + 30
        while not os.listdir(os.path.join(self.dir, "lock")) and time.monotonic() < deadline:
            time.sleep(0.05)
        second = self.end_run("two", self.begin_run("two", "lock"))
        self.assertEqual(second.status, LOCAL, str(second))
        self.assertIn("process %d on " % first.pid, second.out + second.err)
        self.assertNotIn("of its own", second.out + second.err)
        held.set()
        self.assertEqual(self.end_run("one", first).status, DONE)
        self.assertEqual(os.listdir(os.path.join(self.dir, "lock")), [])
        self.assertEqual(self.end_run("two", self.begin_run("two", "lock")).totals["adopted"], 20)
        self.assertEqual(self.doubles(), ([1], 20))


if __name__ == "__main__":
    unittest.main()
