"""`mailmigrate dedup`: doubles are found, moved away and brought back; kills at each step lose nothing."""

import collections
import hashlib
import os
import sqlite3
import unittest

import imaputil
import mailgen
import memserver
import schema
from harness import DONE, LOCAL, PARTIAL, SEED, USAGE, Account, ToolCase
from verifying import VerifyCase

PLACE = "Duplicates"
POINTS = ("dedup-begun", "dedup-flags", "dedup-moved", "dedup-recorded")
COPY_ALONE = tuple(name for name in memserver.EVERYTHING if name != "MOVE")
UID_UNTOLD = tuple(name for name in memserver.EVERYTHING if name not in ("UIDPLUS",))
NEITHER = tuple(name for name in memserver.EVERYTHING if name not in ("MOVE", "UIDPLUS"))


def mail(number):
    return b"Subject: %d\r\nMessage-ID: <%d@x>\r\n\r\n%s\r\n" % (number, number, b"x" * number)


class Dedup:
    def dedup(self, source, target, *extra, expect=DONE, env=None):
        path = os.path.join(self.dir, "result.json")
        if os.path.exists(path):
            os.unlink(path)
        command = self.command(source, target, *extra, verb="dedup")
        at = command.index("--source-password-file")  # nobody logs in there
        del command[at:at + 2]
        result = self.run_command(command, json_path=path, env=env)
        if expect is not None:
            self.assertEqual(result.status, expect, str(result))
        if result.json:
            self.assertEqual(schema.errors(result.json, "dedup-1.json"), [])
        return result


class OnDovecot(Dedup, VerifyCase):
    """Two servers of today; the source has one message twice, which is as it should be."""

    def setUp(self):
        super().setUp()
        maker = mailgen.Generator(SEED)
        messages = [mailgen.Message((folder,), maker.plain(), maker.flags((folder,)), maker.when(), "plain")
                    for folder in ("INBOX", "Work") for _ in range(6)]
        twice = messages[-1]
        self.fill(messages + [twice])
        self.copy_and_compare()
        self.before = self.contents()

    def contents(self, flags=True):
        """By folder: (octets, flags) of each message."""
        connection = self.login(self.target)
        held = {}
        for folder in ("INBOX", "Work", PLACE):
            if connection.select(folder, readonly=True)[0] != "OK":
                continue
            data = connection.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[])")[1] or []
            held[folder] = collections.Counter(
                (hashlib.sha256(item[1]).hexdigest(), tuple(sorted(f for f in item[0].split(b"FLAGS (")[1].split(b")")[
                    0].split() if f != b"\\Recent")) if flags else ()) for item in data if isinstance(item, tuple))
        return held

    def double(self, folder, uid, times=1, flags=""):
        """As another tool does: the same octets once more."""
        connection = self.login(self.target)
        connection.select(folder)
        item = imaputil.check(connection.uid("FETCH", str(uid), "(BODY.PEEK[])"))[0]
        for _ in range(times):
            imaputil.check(connection.append(folder, flags, None, item[1]))

    def run_dedup(self, *extra, **options):
        return self.dedup(*self.accounts(), *extra, **options)

    def test_there_and_back(self):
        self.assertIn("no message is there more often than it should be", self.run_dedup().out)
        self.double("INBOX", 2, flags="(\\Flagged $Mine)")
        self.double("INBOX", 3, times=2)
        self.double("Work", 6)
        planted = self.contents()

        seen = self.run_dedup()
        self.assertEqual(seen.totals["doubles"], 4, str(seen))
        self.assertIn("nothing was changed", seen.out)
        self.assertIn("--apply moves them to 'Duplicates'", seen.out)
        self.assertEqual(self.contents(), planted)

        moved = self.run_dedup("--apply")
        self.assertEqual((moved.totals["moved"], moved.totals["away"]), (4, 4), str(moved))
        held = self.contents()
        self.assertEqual(sum(held[PLACE].values()), 4)
        self.assertEqual([sum(held[name].values()) for name in ("INBOX", "Work")], [6, 7])
        connection = self.login(self.target)
        connection.select("INBOX", readonly=True)
        flags = imaputil.check(connection.uid("FETCH", "2", "(FLAGS)"))[0]
        self.assertIn(b"\\Flagged", flags)
        self.assertIn(b"$Mine", flags)

        self.assertEqual(self.run_dedup("--apply").totals["doubles"], 0)
        self.assertEqual(self.copy(*self.accounts(), "--flags", "keep").totals["copied"], 0)
        found = self.verify_all()
        self.assertEqual(found["missing"] + found["altered"] + found["duplicated"], 0)

        back = self.run_dedup("--undo")
        self.assertEqual((back.totals["returned"], back.totals["away"]), (4, 0), str(back))
        held = self.contents(flags=False)
        self.assertEqual(sum(held[PLACE].values()), 0)
        self.assertEqual({name: held[name] for name in ("INBOX", "Work")},
                         {name: collections.Counter({(digest, ()): sum(n for (d, _), n in planted[name].items()
                                                                       if d == digest) for digest, _ in planted[name]})
                          for name in ("INBOX", "Work")})
        self.assertEqual(self.run_dedup("--undo").totals["returned"], 0)
        self.assertEqual(self.run_dedup().totals["doubles"], 4)

    def verify_all(self):
        result = self.run_command(self.verify_command(*self.accounts()), json_path=self.path("verify.json"))
        return result.totals

    def test_the_record_follows_the_one_that_stays(self):
        """The one with the lowest UID stays, also when the record knew another one."""
        self.double("INBOX", 1)
        with sqlite3.connect(self.state) as database:
            changed = database.execute("UPDATE message SET target_uid = 7 WHERE target_uid = 1 AND folder = "
                                       "(SELECT id FROM folder WHERE source = 'INBOX')").rowcount
        database.close()
        self.assertEqual(changed, 1)
        moved = self.run_dedup("--apply")
        self.assertEqual([(m["uid"], m["kept"]) for m in moved.json["messages"]], [(7, 1)])
        self.verify()
        self.assertEqual(self.copy(*self.accounts()).totals["copied"], 0)
        self.assertEqual({name: held for name, held in self.contents().items() if name != PLACE}, self.before)

    def test_what_is_not_known_is_not_touched(self):
        connection = self.login(self.target)
        connection.create("Mine")
        for _ in range(2):  # not on record: twice on purpose, perhaps
            connection.append("Mine", "", None, mail(3))
        self.double("INBOX", 2)
        self.assertEqual([m["folder"] for m in self.run_dedup().json["messages"]], ["INBOX"])
        self.assertEqual(self.run_dedup("--exclude", "INBOX").totals["doubles"], 0)
        self.assertEqual(self.run_dedup("--folder", "Work").totals["doubles"], 0)
        with sqlite3.connect(self.state) as database:
            database.execute("UPDATE folder SET wanted = 99 WHERE source = 'INBOX'")
        database.close()
        result = self.run_dedup("--apply", expect=PARTIAL)
        self.assertIn("INBOX: its copy is not complete", result.out)
        self.assertEqual(result.totals["moved"], 0)

    def test_what_makes_no_sense(self):
        self.assertIn("exclude one another", self.run_dedup("--apply", "--undo", expect=USAGE).err)
        result = self.run_command(self.command(*self.accounts(), verb="dedup", state=self.path("none")))
        self.assertEqual(result.status, LOCAL, str(result))
        self.assertIn("copy first", result.err)
        plan = self.run_command([self.command(*self.accounts(), verb="dedup")[0], "dedup", "plan.yaml"])
        self.assertEqual(plan.status, USAGE, str(plan))


class InMemory(Dedup, ToolCase):
    """Exact servers, with and without MOVE and UIDPLUS: what is sent, and what a kill leaves."""

    def begin(self, capabilities=memserver.EVERYTHING):
        self.source, self.target = memserver.MemServer(), memserver.MemServer(capabilities=capabilities)
        for server in (self.source, self.target):
            self.addCleanup(server.stop)
        for number in range(1, 5):
            self.source.find(b"INBOX").add(mail(number), ["\\Seen"] if number % 2 else [])
        self.accounts = [Account.on(server, "u1", "plain") for server in (self.source, self.target)]
        self.copy(*self.accounts)
        self.box = self.target.find(b"INBOX")

    def plant(self):
        self.box.add(mail(1), ["\\Flagged"])
        self.box.add(mail(2), ["\\Answered"])
        self.box.add(mail(2))

    def held(self, name=b"INBOX"):
        box = self.target.mailboxes.get(name)
        return collections.Counter(m.octets for m in box.messages) if box else collections.Counter()

    def check_moved(self, again):
        self.assertEqual(self.held(), collections.Counter(mail(number) for number in range(1, 5)), str(again))
        self.assertEqual(self.held(PLACE.encode()), collections.Counter({mail(1): 1, mail(2): 2}), str(again))
        flags = {m.uid: m.flags for m in self.box.messages}
        self.assertEqual([sorted(flags[uid] - {"\\Recent"}) for uid in (1, 2)],
                         [["\\Flagged", "\\Seen"], ["\\Answered"]])
        self.assertEqual(again.totals["away"], 3)

    def kill_everywhere(self, capabilities, points):
        for point in points:
            for mode in ("--apply", "--undo"):
                with self.subTest(point=point, mode=mode):
                    self.begin(capabilities)
                    self.plant()
                    planted = self.held()
                    if mode == "--undo":
                        self.dedup(*self.accounts, "--apply")
                    killed = self.dedup(*self.accounts, mode, expect=None, env={"MIG_CRASH_AT": point + ":1"})
                    self.assertEqual(killed.status, -9, str(killed))
                    everything = self.held() + self.held(PLACE.encode())
                    self.assertLessEqual(planted, everything)  # nothing is lost
                    again = self.dedup(*self.accounts, mode)
                    if mode == "--apply":
                        self.check_moved(again)
                    else:
                        self.assertEqual((self.held(), self.held(PLACE.encode())), (planted, collections.Counter()))
                        self.assertEqual(again.totals["away"], 0)
                    self.forget()

    def forget(self):
        for name in os.listdir(self.dir):
            if name.startswith("state"):
                os.unlink(os.path.join(self.dir, name))

    def test_killed(self):
        self.kill_everywhere(memserver.EVERYTHING, POINTS)

    def test_killed_with_copy(self):
        self.kill_everywhere(COPY_ALONE, POINTS + ("dedup-copied",))

    def test_never_a_bare_expunge(self):
        for capabilities in (memserver.EVERYTHING, COPY_ALONE, UID_UNTOLD):
            with self.subTest(capabilities=capabilities):
                self.begin(capabilities)
                self.plant()
                deleted = self.box.add(mail(9), ["\\Deleted"])
                self.check_moved_but(deleted, self.dedup(*self.accounts, "--apply"))
                told = [line.split(b" ", 1)[1] for connection in self.target.connections
                        for line in connection.received]
                self.assertFalse([line for line in told if line.startswith((b"EXPUNGE", b"CLOSE"))])
                self.forget()

    def check_moved_but(self, deleted, result):
        self.assertIn(deleted, self.box.messages)
        self.box.remove(deleted)
        self.check_moved(result)

    def test_neither(self):
        self.begin(NEITHER)
        self.plant()
        planted = self.held()
        result = self.dedup(*self.accounts, "--apply", expect=PARTIAL)
        self.assertIn("neither MOVE nor UIDPLUS", result.out)
        self.assertEqual((self.held(), self.held(PLACE.encode())), (planted, collections.Counter()))

    def test_refused(self):
        """Whatever the target refuses: nothing is lost, it is said, and the next run goes on."""
        cells = [(memserver.EVERYTHING, word) for word in ("UID MOVE", "UID STORE", "CREATE", "SELECT", "EXAMINE",
                                                           "UID FETCH")]
        cells += [(COPY_ALONE, word) for word in ("UID COPY", "UID STORE", "UID EXPUNGE")]
        for capabilities, word in cells:
            with self.subTest(word=word, capabilities=capabilities):
                self.refuse(capabilities, word, "NO it does not work")
        self.refuse(memserver.EVERYTHING, "UID MOVE", "NO [OVERQUOTA] full")

    def refuse(self, capabilities, word, answer):
        self.begin(capabilities)
        self.plant()
        planted, met = self.held(), []

        def refuse(connection, name, arguments):
            if name == word:
                met.append(arguments)
                return answer
            return None

        self.target.refuse = refuse
        result = self.dedup(*self.accounts, "--apply", "--patience", "1", expect=None)
        self.assertLessEqual(planted, self.held() + self.held(PLACE.encode()), str(result))
        if result.status == DONE:  # where MOVE is refused there is COPY
            self.check_moved(result)
        else:
            self.assertTrue(met)
        self.target.refuse = lambda *_: None
        self.check_moved(self.dedup(*self.accounts, "--apply"))
        self.forget()


if __name__ == "__main__":
    unittest.main()
