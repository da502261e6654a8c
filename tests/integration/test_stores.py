"""Mail in files: Maildir, mbox, Google Takeout and .eml as sources, Maildir as a target, held against real servers."""

import base64
import calendar
import collections
import os
import re
import shutil
import time
import unittest

import dovecot
import imaputil
import mailgen
import oracle
import stores
from harness import PARTIAL, SEED, USAGE, Account, ToolCase, program, seeded
from stores import Files, given

SIMPLE = (("INBOX",), ("Sent",), ("Archive", "2019"), ("Entw\u00fcrfe alt",), ("a&b",))


class StoreCase(ToolCase):
    """Servers whose Maildirs the test may read and put in place; each test takes users of its own."""

    users = ["u%d" % number for number in range(1, 30)]

    @classmethod
    def setUpClass(cls):
        cls.server = dovecot.Dovecot(users=cls.users, separator=".").start()
        cls.addClassCleanup(cls.server.stop)
        cls.next_user = iter(cls.users)

    def setUp(self):
        super().setUp()
        self.user = next(self.next_user)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def login(self, user=None):
        connection = self.server.login(user or self.user)
        self.addCleanup(connection.shutdown)
        return connection

    def account(self, user=None):
        return Account.on(self.server, user or self.user, "plain")

    def fill(self, messages, empty=(), user=None):
        connection = self.login(user)
        mailgen.fill(connection, messages, ".", "", empty)
        return connection

    def served(self, user=None):
        """{components: Counter of (digest, time, flags)} of the server's account."""
        connection = self.login(user)
        folders, _ = oracle.tree(connection)
        return {name: collections.Counter((e.digest, e.date, e.flags) for e in oracle.read_folder(connection, f.wire))
                for name, f in folders.items() if f.selectable}

    def assert_served(self, expected, result=None):
        """expected: {components: [(octets, time, flags)]}; folders that hold nothing do not count."""
        wanted = {name: collections.Counter((stores.digest(o), when, flags) for o, when, flags in messages)
                  for name, messages in expected.items()}
        found = {name: messages for name, messages in self.served().items() if messages}
        self.assertEqual(set(found), set(wanted), str(result))
        for name, messages in wanted.items():
            self.assertEqual(found[name], messages, "%s\n%s" % (name, result))

    def assert_nothing_new(self, source, target, **expected):
        again = self.copy(source, target, **expected)
        done = {name: again.totals[name] for name in ("copied", "adopted", "moved", "deleted", "flags_changed")}
        self.assertEqual(done, dict.fromkeys(done, 0), str(again))
        return again

    def verify(self, source, target, *extra, expect=0):
        json_path = self.path("result.json")
        result = self.run_command(self.command(source, target, *extra, verb="verify"), json_path=json_path)
        self.assertEqual(result.status, expect, str(result))
        return result

    def place(self, path, user):
        """Make a Maildir the server's, for a user that nobody logged in as."""
        there = os.path.join(self.server.mail(user), "Maildir")
        os.makedirs(os.path.dirname(there), exist_ok=True)
        shutil.copytree(path, there)
        stores.own(os.path.dirname(there), self.server)
        return there


class FromMaildir(StoreCase):
    def test_made_by_python(self):
        messages = mailgen.generate(SEED + 300, 90, SIMPLE, rare=())
        expected = stores.fill_maildir(self.path("mail"), messages)
        before = sorted(os.walk(self.path("mail")))
        source, target = Files("maildir", self.path("mail")), self.account()
        result = self.copy(source, target)
        self.assertEqual(result.totals["copied"], 90)
        self.assertEqual(result.json["accounts"][0]["source"], source.url)
        self.assert_served(expected, result)
        self.assertEqual(sorted(os.walk(self.path("mail"))), before, "the source is not touched")
        self.assert_nothing_new(source, target)
        self.assertEqual(self.verify(source, target).totals["identical"], 90)
        self.assertEqual(self.verify(source, target, "--against", "source").totals["identical"], 90)
        self.assertEqual(os.stat(self.state + ".source.uids").st_mode & 0o777, 0o600)

    def test_line_ends_stay_where_there_is_crlf(self):
        octets = (b"Subject: a\nX: b\r\n\nno\nyes\r\nbare\rcr\n\r\n", b"Subject: b\r\n\r\nall\r\n", b"", b"x")
        stores.fill_maildir(self.path("mail"), [mailgen.Message(("INBOX",), o, (), mailgen.generate(1, 1)[0].when, "")
                                                for o in octets], lf=False)
        self.copy(Files("maildir", self.path("mail")), self.account(), expect=None)
        served = [e.digest for e in oracle.read_folder(self.login(), b"INBOX")]
        self.assertEqual(collections.Counter(served), collections.Counter(
            stores.digest(given(o)) for o in octets if o), "Dovecot takes no empty message")

    def test_made_by_dovecot(self):
        """Keywords, subscriptions, UIDs, dates: all as the server itself tells them."""
        source_user = next(self.next_user)
        connection = self.fill(mailgen.generate(SEED + 301, 120), mailgen.EMPTY_FOLDERS, source_user)
        imaputil.check(connection.select("INBOX"))
        imaputil.check(connection.uid("STORE", "1:3", "+FLAGS", "($Forwarded NonJunk)"))
        source = Files("maildir", os.path.join(self.server.mail(source_user), "Maildir"))
        result = self.copy(source, self.account(), "--connections", "3")
        self.assert_same(self.login(source_user), self.login(), result)
        self.assert_nothing_new(source, self.account())

    def test_the_uids_of_dovecot_are_taken(self):
        source_user = next(self.next_user)
        connection = self.fill(mailgen.generate(SEED + 302, 30, SIMPLE), user=source_user)
        self.expunge(connection, "2,5:7")
        source = Files("maildir", os.path.join(self.server.mail(source_user), "Maildir"))
        self.copy(source, self.account())
        with open(self.state + ".source.uids", encoding="utf-8") as file:
            parts = re.split(r"^folder ", file.read(), flags=re.M)
        (head, *lines), = (part.splitlines() for part in parts if re.match(r"\d+ \d+ INBOX\n", part))
        ours = {int(line.split()[0]) for line in lines if line != "end"}
        self.assertEqual(ours, {int(uid) for uid in imaputil.check(connection.uid("SEARCH", "ALL"))[0].split()})
        self.assertEqual(head.split()[0], connection.response("UIDVALIDITY")[1][0].decode())

    @staticmethod
    def expunge(connection, numbers):
        imaputil.check(connection.select("INBOX"))
        imaputil.check(connection.store(numbers, "+FLAGS.SILENT", "(\\Deleted)"))
        imaputil.check(connection.expunge())

    def test_flags_and_mail_that_come_later(self):
        messages = mailgen.generate(SEED + 303, 40, SIMPLE, rare=())
        stores.fill_maildir(self.path("mail"), messages)
        source, target = Files("maildir", self.path("mail")), self.account()
        self.copy(source, target)
        cur = self.path("mail", "cur")
        name = next(n for n in sorted(os.listdir(cur)) if "F" not in n.rpartition(":2,")[2])
        os.rename(os.path.join(cur, name), os.path.join(cur, name.rpartition(":2,")[0] + ":2,F"))
        new = self.path("mail", "new")
        moved = sorted(os.listdir(new))[0]
        os.rename(os.path.join(new, moved), os.path.join(cur, moved + ":2,S"))  # read by a mail program
        stores.write(os.path.join(new, "9999999999.one.more"), b"Subject: later\n\nhello\n")
        again = self.copy(source, target)
        self.assertEqual((again.totals["copied"], again.totals["flags_changed"]), (1, 2))
        self.assert_nothing_new(source, target)

    def test_deleted_on_the_source(self):
        messages = [m._replace(folder=("INBOX",)) for m in mailgen.generate(SEED + 304, 12, SIMPLE, rare=())]
        stores.fill_maildir(self.path("mail"), messages)
        source, target = Files("maildir", self.path("mail")), self.account()
        self.copy(source, target)
        gone = sorted(os.listdir(self.path("mail", "cur")))[:2]
        for name in gone:
            os.unlink(self.path("mail", "cur", name))
        self.copy(source, target, "--deletions", "expunge")
        self.assertEqual(len(oracle.read_folder(self.login(), b"INBOX")), 10)

    def test_layout_of_directories(self):
        for folder in ("", "Work", "Work/2019", "Empty"):
            for part in ("cur", "new", "tmp"):
                os.makedirs(self.path("mail", folder, part))
        os.makedirs(self.path("mail", "no mail here"))
        stores.write(self.path("mail", "Work", "2019", "cur", "1.a:2,S"), b"Subject: deep\n\nx\n")
        stores.write(self.path("mail", "Work", "new", "2.b"), b"Subject: new\n\nx\n")
        os.utime(self.path("mail", "Work", "2019", "cur", "1.a:2,S"), (86400, 86400))
        result = self.copy(Files("maildir", self.path("mail")), self.account())
        self.assertEqual({f: r["messages"] for f, r in result.folders.items()},
                         {"INBOX": 0, "Work": 1, "Work/2019": 1, "Empty": 0})
        entry, = oracle.read_folder(self.login(), b"Work.2019")
        self.assertEqual((entry.date, entry.flags), (86400, frozenset({"\\Seen"})))

    def test_the_list_of_uids_lost(self):
        messages = mailgen.generate(SEED + 305, 30, SIMPLE, rare=())
        stores.fill_maildir(self.path("mail"), messages)
        source, target = Files("maildir", self.path("mail")), self.account()
        self.copy(source, target)
        os.unlink(self.state + ".source.uids")
        time.sleep(1.1)  # UIDVALIDITY is a second's
        again = self.copy(source, target)
        self.assertEqual(again.totals["copied"], 0, str(again))

    def test_a_damaged_list_of_uids(self):
        stores.fill_maildir(self.path("mail"), mailgen.generate(SEED + 306, 5, SIMPLE, rare=()))
        source, target = Files("maildir", self.path("mail")), self.account()
        self.copy(source, target)
        with open(self.state + ".source.uids", "r+", encoding="utf-8") as file:
            file.truncate(60)
        result = self.copy(source, target, expect=6)
        self.assertIn("is damaged", result.err)

    def test_hostile_names(self):
        stores.fill_maildir(self.path("mail"), mailgen.generate(SEED + 307, 5, (("INBOX",),), rare=()))
        os.makedirs(self.path("elsewhere", "cur"))
        stores.write(self.path("elsewhere", "cur", "1.secret"), b"Subject: secret\n\nx\n")
        stores.write(self.path("secret.txt"), b"Subject: secret\n\nx\n")
        os.symlink(self.path("elsewhere"), self.path("mail", ".Linked"))
        os.symlink(self.path("secret.txt"), self.path("mail", "cur", "2.linked:2,S"))
        os.mkfifo(self.path("mail", "cur", "3.fifo:2,"))
        os.mkdir(self.path("mail", "cur", "4.directory:2,"))
        os.makedirs(self.path("mail", ".bad\r\nname", "cur"))
        stores.write(self.path("mail", ".bad\r\nname", "cur", "5.x:2,"), b"Subject: x\n\nx\n")
        stores.write(self.path("mail", "cur", "6.\x01:2,"), b"Subject: x\n\nx\n")
        os.makedirs(os.fsencode(self.path("mail", ".\u00fcber")) + b"\xff/cur")
        stores.write(os.fsencode(self.path("mail", ".\u00fcber")) + b"\xff/cur/7.y:2,", b"Subject: y\n\nx\n")
        result = self.copy(Files("maildir", self.path("mail")), self.account(), expect=PARTIAL)
        self.assertEqual(result.folders["INBOX"]["copied"], 6)
        why = {p["folder"]: p["text"] for p in result.problems if p["code"] != "name" and p["folder"] != "INBOX"}
        self.assertEqual(set(why), {"Linked", "bad??name"}, str(result))
        self.assertIn("symbolic link", why["Linked"])
        self.assertIn("control character", why["bad??name"])
        told = [p["text"] for p in result.problems if p["folder"] == "INBOX"]
        self.assertEqual(len(told), 3, str(result))
        for name in ("2.linked", "3.fifo", "4.directory"):
            self.assertTrue(any(name in text for text in told), str(result))
        self.assertNotIn(stores.digest(b"Subject: secret\r\n\r\nx\r\n"),
                         {d for f in self.served().values() for d, _, _ in f})


class ToMaildir(StoreCase):
    def compare_served(self, path, source_user, result=None):
        """Dovecot serves what was written, with the same UIDs, and finds nothing wrong with it."""
        user = next(self.next_user)
        self.place(path, user)
        self.assert_same(self.login(source_user), self.login(user), result)
        connection = self.login(user)
        with open(os.path.join(path, "dovecot-uidlist"), encoding="utf-8") as file:
            head, *lines = file.read().splitlines()
        imaputil.check(connection.select("INBOX", readonly=True))
        self.assertEqual(connection.response("UIDVALIDITY")[1][0].decode(), re.match(r"3 V(\d+) ", head)[1])
        uids = imaputil.check(connection.uid("SEARCH", "ALL"))[0].split()
        self.assertLessEqual({u.decode() for u in uids}, {line.split()[0] for line in lines})
        self.assertNotIn("Error", self.server.log)
        return user

    def test_written_and_served(self):
        messages = mailgen.generate(SEED + 320, 200)
        self.fill(messages, mailgen.EMPTY_FOLDERS)
        target = Files("maildir", self.path("mail"))
        result = self.copy(self.account(), target)
        self.assertEqual(result.totals["copied"], 200)
        self.assert_nothing_new(self.account(), target)
        self.assertEqual(self.verify(self.account(), target).totals["identical"], 200)
        user = self.compare_served(self.path("mail"), self.user, result)
        # The server's own files may be there: what was copied is found again, and more goes in beside it.
        there = Files("maildir", os.path.join(self.server.mail(user), "Maildir"))
        self.fill([m._replace(folder=("INBOX",)) for m in mailgen.generate(SEED + 321, 20, SIMPLE)])
        more = self.copy(self.account(), there, state=self.path("other-state"))
        self.assertEqual((more.totals["copied"], more.totals["adopted"]), (20, 200), str(more))
        stores.own(self.server.mail(user), self.server)
        self.assert_same(self.login(), self.login(user), more)

    def test_files_are_as_they_should_be(self):
        self.fill(mailgen.generate(SEED + 322, 30, SIMPLE))
        self.copy(self.account(), Files("maildir", self.path("mail")))
        count = 0
        for directory, names, files in os.walk(self.path("mail")):
            self.assertEqual(os.stat(directory).st_mode & 0o777, 0o700)
            for name in files:
                path = os.path.join(directory, name)
                self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
                if os.path.basename(directory) in ("cur", "new"):
                    count += 1
                    self.assertEqual(int(re.search(r",S=(\d+)", name)[1]), os.path.getsize(path))
            self.assertFalse(os.path.basename(directory) == "tmp" and (files or names))
        self.assertEqual(count, 30)

    def test_flags_deletions_and_moves(self):
        connection = self.fill([m._replace(folder=("INBOX",), flags=()) for m in
                                mailgen.generate(SEED + 323, 20, SIMPLE, rare=())], (("Other",),))
        target = Files("maildir", self.path("mail"))
        self.copy(self.account(), target)
        imaputil.check(connection.select("INBOX"))
        imaputil.check(connection.uid("STORE", "1:4", "+FLAGS", "(\\Seen \\Flagged $Label1)"))
        imaputil.check(connection.uid("STORE", "5", "+FLAGS", "(\\Deleted)"))
        imaputil.check(connection.uid("MOVE", "8:9", "Other"))
        imaputil.check(connection.expunge())
        result = self.copy(self.account(), target, "--deletions", "expunge")
        self.assertEqual((result.totals["copied"], result.totals["moved"], result.totals["deleted"]), (0, 2, 1),
                         str(result))
        self.assert_nothing_new(self.account(), target)
        imaputil.check(connection.uid("STORE", "1", "-FLAGS", "(\\Flagged)"))
        self.copy(self.account(), target)
        self.compare_served(self.path("mail"), self.user)

    def test_folder_renamed(self):
        connection = self.fill([m._replace(folder=("Old",)) for m in mailgen.generate(SEED + 324, 8, SIMPLE)],
                               (("Old", "below"),))
        target = Files("maildir", self.path("mail"))
        self.copy(self.account(), target)
        imaputil.check(connection.rename("Old", "Renamed"))
        result = self.copy(self.account(), target)
        self.assertEqual(result.totals["copied"], 0, str(result))
        self.assertTrue(os.path.isdir(self.path("mail", ".Renamed", "cur")))
        self.assertFalse(os.path.exists(self.path("mail", ".Old")))

    def test_more_keywords_than_letters(self):
        connection = self.fill([m._replace(folder=("INBOX",), flags=()) for m in
                                mailgen.generate(SEED + 325, 2, SIMPLE, rare=())])
        imaputil.check(connection.select("INBOX"))
        for number in range(30):
            imaputil.check(connection.uid("STORE", "1", "+FLAGS", "(keyword%02d)" % number))
        result = self.copy(self.account(), Files("maildir", self.path("mail")), expect=None)
        self.assertEqual(result.totals["failed"], 0, str(result))
        self.assertEqual(result.totals["copied"], 2)
        self.assertTrue(any("keyword" in p["text"] for p in result.problems), str(result))

    def test_names_that_are_no_directories(self):
        """Longer than a file's name can be; and with the separator of the store in it, which the map replaces."""
        stores.write(self.path("from", "x" * 100, "y" * 100, "z" * 100, "1.eml"), b"Subject: deep\n\nx\n")
        stores.write(self.path("from", "a.b", "2.eml"), b"Subject: dot\n\nx\n")
        result = self.copy(Files("eml", self.path("from")), Files("maildir", self.path("mail")), expect=PARTIAL)
        self.assertTrue(any("too long" in p["text"] for p in result.problems), str(result))
        self.assertEqual(result.totals["copied"], 1, str(result))

    def test_killed_at_every_step(self):
        self.fill(mailgen.generate(SEED + 327, 150, SIMPLE))
        points = [("store-listed", 1), ("store-listed", 3), ("store-moved", 1), ("store-moved", 40),
                  ("store-committed", 2), ("append-sent", 2), ("outcome-queued", 1), ("store-moved", 130)]
        pick = seeded("stores", "kill")
        target = Files("maildir", self.path("mail"))
        kills = 0
        for name, count in points:
            result = self.copy(self.account(), target, "--connections", str(pick.choice((1, 3))), expect=None,
                               env={"MIG_CRASH_AT": "%s:%d" % (name, count)})
            self.assertIn(result.status, (0, -9), str(result))
            kills += result.status == -9
        self.assertGreaterEqual(kills, 4)
        self.copy(self.account(), target)
        self.assert_nothing_new(self.account(), target)
        self.compare_served(self.path("mail"), self.user)
        for directory, _, files in os.walk(self.path("mail")):
            self.assertFalse(os.path.basename(directory) == "tmp" and files, directory)

    def test_two_states_on_one_maildir(self):
        """Two accounts into one Maildir, at the same time: each message gets a UID of its own."""
        other = next(self.next_user)
        messages = [m._replace(folder=("INBOX",)) for m in mailgen.generate(SEED + 328, 120, SIMPLE)]
        self.fill(messages[:60])
        self.fill(messages[60:], user=other)
        target = Files("maildir", self.path("mail"))
        first = self.start(self.command(self.account(), target, state=self.path("state1")))
        second = self.start(self.command(self.account(other), target, state=self.path("state2")))
        for process in (first, second):
            out, err = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 0, out + err)
        with open(self.path("mail", "dovecot-uidlist"), encoding="utf-8") as file:
            uids = [int(line.split()[0]) for line in file.read().splitlines()[1:]]
        self.assertEqual(sorted(set(uids)), uids)
        self.assertEqual(len(uids), 120)

    def test_maildir_to_maildir(self):
        messages = mailgen.generate(SEED + 329, 60, SIMPLE, rare=())
        stores.fill_maildir(self.path("from"), messages)
        source, target = Files("maildir", self.path("from")), Files("maildir", self.path("to"))
        self.assertEqual(self.copy(source, target).totals["copied"], 60)
        self.assert_nothing_new(source, target)
        result = self.copy(source, Files("maildir", self.path("from")), expect=USAGE)
        self.assertIn("the same account", result.err)


def asctime(seconds, zone=b""):
    return time.strftime("%a %b %d %H:%M:%S", time.gmtime(seconds)).encode() + zone + time.strftime(
        " %Y", time.gmtime(seconds)).encode()


class FromMbox(StoreCase):
    WHEN = calendar.timegm((2015, 3, 7, 10, 20, 30))

    def expected(self, messages):
        return [(given(headers + octets.replace(b"\r\n", b"\n")) if octets.endswith(b"\n") else
                 given(headers + octets.replace(b"\r\n", b"\n") + b"\n")) for octets, _, headers in messages]

    def test_generated_mail(self):
        """mboxrd, one file: INBOX, with Status headers and dates in several forms."""
        several = [m.octets for m in mailgen.generate(SEED + 340, 50, SIMPLE, rare=())]
        several += [b"Subject: quoted\r\n\r\nFrom here\r\n>From there\r\n>>From far\r\n > From\r\n\r\nFrom x\r\n"]
        heads = (b"", b"Status: RO\n", b"Status: O\nX-Status: AF\n", b"X-Status: D\nX-Keywords: $Work NonJunk\n",
                 b"X-Mozilla-Status: 0005\n")
        flags = (set(), {"\\Seen"}, {"\\Answered", "\\Flagged"}, {"\\Deleted", "$Work", "NonJunk"},
                 {"\\Seen", "\\Flagged"})
        zones = ((b"", 0), (b" +0000", 0), (b" +0200", -7200), (b" EST", 5 * 3600), (b" PDT", 7 * 3600))
        messages, expected = [], []
        for number, octets in enumerate(several):
            zone, shift = zones[number % len(zones)]
            when = self.WHEN + number * 86400
            messages.append((octets, asctime(when, zone), heads[number % len(heads)]))
            expected.append((self.expected(messages[-1:])[0], when + shift, frozenset(flags[number % len(flags)])))
        stores.write(self.path("mbox"), stores.mbox_octets(messages))
        source, target = Files("mbox", self.path("mbox")), self.account()
        result = self.copy(source, target)
        self.assert_served({("INBOX",): expected}, result)
        self.assert_nothing_new(source, target)
        self.assertEqual(self.verify(source, target, "--against", "source").totals["identical"], len(several))

    def test_changed_in_the_middle(self):
        """UIDs go by content: a message taken out of the middle moves no other one."""
        messages = [(m.octets, asctime(self.WHEN + n), b"") for n, m in
                    enumerate(mailgen.generate(SEED + 341, 20, SIMPLE, rare=()))]
        stores.write(self.path("mbox"), stores.mbox_octets(messages))
        source, target = Files("mbox", self.path("mbox")), self.account()
        self.copy(source, target)
        read = [(octets, when, b"Status: RO\n") for octets, when, _ in messages]
        stores.write(self.path("mbox"), stores.mbox_octets(messages[3:9] + read[10:]
                                                           + [(b"Subject: new\n\nx\n", asctime(self.WHEN), b"")]))
        again = self.copy(source, target, "--deletions", "expunge")
        self.assertEqual((again.totals["copied"], again.totals["deleted"], again.totals["flags_changed"]), (1, 4, 10),
                         str(again))

    def test_a_directory(self):
        """Thunderbird's and Apple Mail's ways, and what is no mbox."""
        one = stores.mbox_octets([(b"Subject: one\n\nx\n", asctime(self.WHEN), b"")])
        for name in ("Inbox", "Sent", "Sent.sbd/2019", "Apple.mbox/mbox", "Entw\u00fcrfe", "R&D.mbox", "deep/er/mail"):
            stores.write(self.path("mail", name), one)
        stores.write(self.path("mail", "Empty"), b"")
        stores.write(self.path("mail", "Inbox.msf"), b"// <!-- <mdb:mork:z v=\"1.4\"/> -->\n")
        stores.write(self.path("mail", ".hidden"), one)
        os.symlink("/etc/passwd", self.path("mail", "Linked"))
        os.mkfifo(self.path("mail", "fifo"))
        result = self.copy(Files("mbox", self.path("mail")), self.account(), expect=PARTIAL)
        self.assertEqual({name: f["copied"] for name, f in result.folders.items()},
                         {"INBOX": 1, "Sent": 1, "Sent/2019": 1, "Apple": 1, "Entw\u00fcrfe": 1, "R&D": 1,
                          "deep/er/mail": 1, "Empty": 0, "hidden": 1, "Linked": 0, "fifo": 0})
        self.assertEqual({p["folder"] for p in result.problems}, {"Linked", "fifo"})

    def test_takeout(self):
        labels = (
            (b"Inbox,Important,Starred", {("INBOX",)}, {"\\Seen", "\\Flagged"}),
            (b"Inbox,Unread,Category Updates", {("INBOX",)}, set()),
            (b"Sent,Opened", {("Sent",)}, {"\\Seen"}),
            (b"Archived,Important", {("Archive",)}, {"\\Seen"}),
            (b"Archived,Work/2019,Unread", {("Work", "2019")}, set()),
            (b"=?UTF-8?Q?Posteingang,Familie_&_Gr=C3=BC=C3=9Fe,Ungelesen?=",
             {("INBOX",), ("Familie & Gr\u00fc\u00dfe",)}, set()),
            (b"=?UTF-8?B?" + base64.b64encode("Gesendet,\"a, b\"".encode()) + b"?=", {("Gesendet",), ("a, b",)},
             {"\\Seen"}),
            (b"Trash", {("Trash",)}, {"\\Seen"}),
            (b"Spam,\n Unread", {("Spam",)}, set()),
        )
        messages, expected = [], collections.defaultdict(list)
        for number, (header, folders, flags) in enumerate(labels):
            octets = b"Subject: %d\nX-Note: takeout\n\nbody %d\n" % (number, number)
            added = b"X-GM-THRID: 17\nX-Gmail-Labels: " + header + b"\n"
            messages.append((octets, asctime(self.WHEN, b" +0000"), added))
            for folder in folders:
                expected[folder].append((self.expected(messages[-1:])[0], self.WHEN, frozenset(flags)))
        stores.write(self.path("Takeout", "All mail Including Spam and Trash.mbox"), stores.mbox_octets(messages))
        source, target = Files("mbox", self.path("Takeout")), self.account()
        result = self.copy(source, target)
        self.assert_served(expected, result)
        self.assert_nothing_new(source, target)

    def test_no_mbox(self):
        stores.write(self.path("file"), b"To: whom it may concern\n")
        result = self.copy(Files("mbox", self.path("file")), self.account(), expect=USAGE)
        self.assertIn("it is no mbox", result.err)


class FromEml(StoreCase):
    def test_a_directory(self):
        messages = [m.octets for m in mailgen.generate(SEED + 350, 20, SIMPLE, rare=())]
        expected = collections.defaultdict(list)
        for number, octets in enumerate(messages):
            folder = (("INBOX",), ("Old mail",), ("Old mail", "\u00fcber"))[number % 3]
            octets = b"X-Number: %d\nDate: Sat, 7 Mar 2015 12:00:%02d +0200\n" % (number, number) + octets
            parts = () if folder == ("INBOX",) else folder
            stores.write(self.path("mail", *parts, "%d message.%s" % (number, "EML" if number % 2 else "eml")), octets)
            expected[folder].append((given(octets), calendar.timegm((2015, 3, 7, 10, 0, number)), frozenset()))
        stores.write(self.path("mail", "notes.txt"), b"no mail\n")
        source, target = Files("eml", self.path("mail")), self.account()
        result = self.copy(source, target, expect=PARTIAL)
        self.assertEqual([("notes.txt" in p["text"], p["folder"]) for p in result.problems], [(True, "INBOX")])
        self.assert_served(expected, result)
        self.assert_nothing_new(source, target, expect=PARTIAL)

    def test_no_eml(self):
        os.mkdir(self.path("mail"))
        self.assertIn("no .eml file", self.copy(Files("eml", self.path("mail")), self.account(), expect=USAGE).err)


class FromArchive(StoreCase):
    def export(self, path, account, *extra):
        command = [program(name="mailmigrate"), "archive", "export", path] + account.arguments("source", self.dir)
        result = self.run_command(command + list(extra))
        self.assertEqual(result.status, 0, str(result))

    def test_there_and_back(self):
        source_user = next(self.next_user)
        connection = self.fill(mailgen.generate(SEED + 370, 100), mailgen.EMPTY_FOLDERS, source_user)
        imaputil.check(connection.select("INBOX"))
        imaputil.check(connection.uid("STORE", "1:3", "+FLAGS", "($Forwarded NonJunk)"))
        archive = self.path("mail.tar.zst")
        self.export(archive, self.account(source_user))
        source, target = Files("archive", archive), self.account()
        result = self.copy(source, target)
        self.assert_same(self.login(source_user), self.login(), result)
        self.assert_nothing_new(source, target)
        self.assertEqual(self.verify(source, target, "--against", "source").totals["identical"], 100)
        self.assertFalse([name for name in os.listdir(self.dir) if "unpacked" in name])

    def test_from_files_into_a_file(self):
        expected = stores.fill_maildir(self.path("mail"), mailgen.generate(SEED + 371, 30, SIMPLE, rare=()))
        archive = self.path("mail.tar.gz")
        self.export(archive, Files("maildir", self.path("mail")))
        self.copy(Files("archive", archive), self.account())
        self.assert_served(expected)

    def test_killed(self):
        """What was unpacked when the run was killed goes when the next one begins."""
        self.fill(mailgen.generate(SEED + 372, 40, SIMPLE), user="u29")
        archive = self.path("mail.zip")
        self.export(archive, self.account("u29"))
        source, target = Files("archive", archive), self.account()
        killed = self.copy(source, target, expect=None, env={"MIG_CRASH_AT": "append-answered:1"})
        self.assertEqual(killed.status, -9, str(killed))
        left = [name for name in os.listdir(self.dir) if "unpacked" in name]
        self.assertEqual(len(left), 1)
        self.assertEqual(os.stat(self.path(left[0])).st_mode & 0o777, 0o700)
        self.copy(source, target)
        self.assertFalse([name for name in os.listdir(self.dir) if "unpacked" in name])
        self.assert_same(self.login("u29"), self.login())

    def test_encrypted(self):
        stores.fill_maildir(self.path("mail"), mailgen.generate(SEED + 373, 5, SIMPLE, rare=()))
        archive, password = self.path("mail.zip"), self.path("password")
        stores.write(password, b"s3cret-word\n")
        os.chmod(password, 0o600)
        self.export(archive, Files("maildir", self.path("mail")), "--encrypt", "--password-file", password)
        source, target = Files("archive", archive), self.account()
        self.assertNotEqual(self.copy(source, target, expect=None).status, 0)
        result = self.copy(source, target, "--source-password-file", password)
        self.assertEqual(result.totals["copied"], 5)

    def test_no_archive(self):
        stores.write(self.path("file.tar.zst"), b"no archive at all")
        result = self.copy(Files("archive", self.path("file.tar.zst")), self.account(), expect=None)
        self.assertNotIn(result.status, (0, -6, -11, 97))
        self.assertIn("file.tar.zst", result.err)


class Usage(StoreCase):
    def test_options_of_a_login_are_refused(self):
        os.mkdir(self.path("mail"))
        for extra in (("--source-password-file", "x"), ("--source-tls", "none"), ("--source-authzid", "x"),
                      ("--source-pin", "sha256//x"), ("--source-tunnel", "x"), ("--source-provider", "gmail")):
            with self.subTest(extra[0]):
                result = self.copy(Files("maildir", self.path("mail")), self.account(), *extra, expect=USAGE)
                self.assertIn(extra[0] + ": nobody logs in to files", result.err)

    def test_what_can_not_be(self):
        for source, target, words in (
                (self.account(), Files("mbox", self.path("x")), "mbox: can only be read"),
                (Files("maildir", ""), self.account(), "there is no path"),
                (Files("maildir", "//host/path"), self.account(), "looks like the URL of a server"),
                (Files("maildir", self.path("nowhere")), self.account(), "there is no Maildir"),
                (Files("mbox", self.path("nowhere")), self.account(), "there is no mbox"),
                (Files("eml", self.path("nowhere")), self.account(), "there is no directory")):
            with self.subTest(source.url + " " + target.url):
                self.assertIn(words, self.copy(source, target, expect=USAGE).err)

    def test_relative_path(self):
        stores.fill_maildir(self.path("mail"), mailgen.generate(SEED + 360, 3, SIMPLE, rare=()))
        command = self.command(Files("maildir", "./mail/"), self.account())
        result = self.run_command(["env", "-C", self.dir] + command, json_path=self.path("result.json"))
        self.assertEqual(result.status, 0, str(result))
        self.assertEqual(result.json["accounts"][0]["source"], "maildir:" + self.path("mail"))

    def test_plan(self):
        """Two accounts out of Maildirs of their own, into one server; a mistake is told at its line."""
        other = next(self.next_user)
        for number, user in enumerate((self.user, other)):
            stores.fill_maildir(self.path("mail", user), mailgen.generate(SEED + 363 + number, 10, SIMPLE, rare=()))
        stores.write(self.path("password"), self.server.users[self.user].encode())
        os.chmod(self.path("password"), 0o600)
        plan = ("version: 1\nsource: {files: 'maildir:mail/%%u'%s}\n"
                "target: {host: 127.0.0.1, port: %d, tls: none, password-file: password}\n"
                "accounts: [{source: %s}, {source: %s}]\n")
        stores.write(self.path("plan.yaml"), (plan % ("", self.server.port, self.user, other)).encode())
        command = [program(), "copy", self.path("plan.yaml"), "--state", self.path("states"), "--json"]
        result = self.run_command(command + [self.path("result.json")], json_path=self.path("result.json"))
        self.assertEqual(result.status, 0, str(result))
        for user in (self.user, other):
            self.assertEqual(sum(sum(f.values()) for f in self.served(user).values()), 10)
        stores.write(self.path("bad.yaml"), (plan % (", pin: sha256//x", self.server.port, self.user, other)).encode())
        result = self.run_command([program(), "plan", "check", self.path("bad.yaml")])
        self.assertEqual(result.status, USAGE, str(result))
        self.assertIn("nobody logs in to files", result.out + result.err)

    def test_dry_run_writes_nothing(self):
        stores.fill_maildir(self.path("mail"), mailgen.generate(SEED + 361, 3, SIMPLE, rare=()))
        self.copy(Files("maildir", self.path("mail")), self.account(), "--dry-run")
        self.assertFalse([name for name in os.listdir(self.dir) if name.startswith("state.source")])

    def test_inventory_and_run(self):
        stores.fill_maildir(self.path("mail"), mailgen.generate(SEED + 362, 20, SIMPLE, rare=()))
        source, target = Files("maildir", self.path("mail")), self.account()
        for verb in ("inventory", "run"):
            result = self.run_command(self.command(source, target, verb=verb), json_path=self.path("result.json"))
            self.assertEqual(result.status, 0, str(result))
        self.assertEqual(sum(len(f) and sum(f.values()) for f in self.served().values()), 20)


if __name__ == "__main__":
    unittest.main()
