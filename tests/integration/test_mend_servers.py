"""Losses and alterations planted on Cyrus, Courier and Dovecot, each in its own files: found, put right, not again."""

import contextlib
import os
import re
import signal
import subprocess
import unittest

import courier
import cyrus
import dovecot
import imaputil
import mailgen
from harness import DONE, PARTIAL, SEED, Account
from verifying import Verifying, Pair

COUNT = 6
FOLDERS = ("INBOX", "Work", "Lists")


def flip(octets):
    """One octet of the body is another one; the size stays."""
    at = octets.index(b"\n\r\n" if b"\n\r\n" in octets else b"\n\n") + 4
    return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1:]


class Planted(Verifying, Pair):
    """A source of Dovecot, a target of each kind; a user for each thing that is planted."""

    users = ["u%d" % number for number in range(1, 12)]

    @classmethod
    def setUpClass(cls):
        cls.source = dovecot.Dovecot(users=cls.users).start()
        cls.addClassCleanup(cls.source.stop)
        cls.target = cls.make_target().start()
        cls.addClassCleanup(cls.target.stop)
        cls.next_user = iter(cls.users)

    def setUp(self):
        super().setUp()
        maker = mailgen.Generator(SEED + int(self.user[1:]))
        self.messages = [mailgen.Message((folder,), maker.plain(), ("\\Seen",) if number % 2 else (), maker.when(),
                                         "plain") for folder in FOLDERS for number in range(COUNT)]

    def accounts(self, *_, **__):
        scheme = "plain" if self.target.ca is None else "imaps"
        return Account.on(self.source, self.user, "imaps"), Account.on(self.target, self.user, scheme)

    def name(self, folder):
        return folder if folder == "INBOX" else self.target.prefix + folder

    def begin(self):
        connection = self.source.login(self.user)
        mailgen.fill(connection, self.messages, self.source.separator, self.source.prefix, ())
        connection.logout()
        self.copy(*self.accounts())
        self.same()

    def same(self, result=None):
        left, right = self.source.login(self.user), self.target.login(self.user)
        self.assert_same(left, right, result, **self.compare_options())
        for connection in (left, right):
            connection.logout()

    def compare_options(self):
        return {}

    def look(self, expect, kinds=None):
        result = self.run_command(self.verify_command(*self.accounts()), json_path=self.path("verify.json"))
        self.assertEqual(result.status, expect, str(result))
        if kinds is not None:
            found = {kind: count for kind, count in self.counts(result).items() if kind in ("missing", "altered",
                                                                                           "wrong_place", "unreadable")}
            self.assertEqual(found, kinds, str(result))
        return result

    def put_right(self, kinds, mended):
        """What was planted is found and put right; a second mending finds nothing, nor does a verification."""
        self.look(PARTIAL, kinds)
        result = self.copy(*self.accounts(), "--mend", "--replace")
        self.assertEqual(result.totals["mended"], mended, str(result))
        self.same(result)
        again = self.copy(*self.accounts(), "--mend", "--replace")
        self.assertEqual((again.totals["mended"], again.totals["copied"]), (0, 0), str(again))
        self.look(DONE)

    def select(self, folder):
        connection = self.target.login(self.user)
        imaputil.check(connection.select('"%s"' % self.name(folder)))
        return connection

    def test_deleted_by_a_client(self):
        self.begin()
        connection = self.select("Work")
        imaputil.check(connection.uid("STORE", "2:3", "+FLAGS", "(\\Deleted)"))
        imaputil.check(connection.expunge())
        connection.logout()
        self.put_right({"missing": 2}, 2)

    def test_moved_by_a_client(self):
        """It is not missing: it stays where it was put."""
        self.begin()
        connection = self.select("Work")
        imaputil.check(connection.uid("COPY", "2", '"%s"' % self.name("Lists")))
        imaputil.check(connection.uid("STORE", "2", "+FLAGS", "(\\Deleted)"))
        imaputil.check(connection.expunge())
        connection.logout()
        self.look(PARTIAL, {"wrong_place": 1})
        result = self.copy(*self.accounts(), "--mend")
        self.assertEqual(result.totals["copied"], 0, str(result))

    def test_a_folder_deleted(self):
        self.begin()
        connection = self.target.login(self.user)
        imaputil.check(connection.delete('"%s"' % self.name("Work")))
        connection.logout()
        self.put_right({"missing": COUNT}, COUNT)

    def test_another_uidvalidity(self):
        """The folder was deleted and made again, empty."""
        self.begin()
        connection = self.target.login(self.user)
        imaputil.check(connection.delete('"%s"' % self.name("Work")))
        imaputil.check(connection.create('"%s"' % self.name("Work")))
        connection.logout()
        self.put_right({"missing": COUNT}, COUNT)

    def test_an_octet_changed(self):
        self.begin()
        path = self.file()
        with self.as_old(path), open(path, "r+b") as file:
            octets = flip(file.read())
            file.seek(0)
            file.write(octets)
        self.forget()
        self.put_right({"altered": 1}, 1)

    def test_cut_short(self):
        self.begin()
        path = self.file()
        with self.as_old(path):
            os.truncate(path, os.path.getsize(path) - 40)
        self.forget()
        self.put_right(self.cut_is, 1)

    cut_is = {"altered": 1}

    @staticmethod
    @contextlib.contextmanager
    def as_old(path):
        """The time of the file is the message's date."""
        status = os.stat(path)
        yield
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    def file(self):
        """Of the third message of Work, wherever the server keeps it."""
        needle = re.search(rb"Message-ID: (<[^>]+>)", self.messages[COUNT + 2].octets, re.IGNORECASE)[1]
        found = []
        for directory, _, names in os.walk(self.home()):
            for name in names:
                if os.path.basename(directory) in ("cur", "new") or re.fullmatch(r"\d+\.", name):
                    with open(os.path.join(directory, name), "rb") as file:
                        found += [file.name] if needle in file.read() else []
        self.assertEqual(len(found), 1)
        return found[0]

    def forget(self):
        """What the server remembers of a message would hide that it changed."""

    def test_rolled_back_to_a_backup(self):
        """All of the account is as it was before the second half came."""
        half = self.messages
        self.messages = half[::2]
        self.begin()
        backup = self.path("backup")
        self.stop_and("cp", "-a", self.home(), backup)
        self.messages = half[1::2]
        connection = self.source.login(self.user)
        for message in self.messages:
            imaputil.append(connection, message.folder[0], [(message.octets, message.flags, message.when)])
        connection.logout()
        self.copy(*self.accounts())
        self.same()
        self.stop_and("sh", "-c", 'rm -rf "$1" && cp -a "$2" "$1"', "sh", self.home(), backup)
        self.put_right({"missing": len(self.messages)}, len(self.messages))

    def stop_and(self, *command):
        subprocess.run(command, check=True)


class OnDovecot(Planted):
    @classmethod
    def make_target(cls):
        return dovecot.Dovecot(users=cls.users, authority=cls.source.authority, layout="fs")

    def home(self):
        return self.target.mail(self.user)

    def forget(self):
        for directory, _, names in os.walk(self.home()):
            for name in names:
                if name.startswith("dovecot.index"):
                    os.unlink(os.path.join(directory, name))

    test_cut_short = None  # test_mend.py does that, with the size in the file's name


class OnCourier(Planted):
    """Each of its logins takes long; what clients do is the same on the other two."""

    test_deleted_by_a_client = test_moved_by_a_client = test_rolled_back_to_a_backup = None

    @classmethod
    def make_target(cls):
        return courier.Courier(users=cls.users)

    def home(self):
        return self.target.mail(self.user)


class OnCyrus(Planted):
    test_moved_by_a_client = None  # as on Dovecot

    @classmethod
    def make_target(cls):
        return cyrus.Cyrus(users=cls.users, authority=cls.source.authority)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for user in cls.users:
            connection = cls.target.login(user)
            connection.create("INBOX")
            connection.logout()

    def home(self):
        return os.path.join(self.target.dir, "spool")

    def stop_and(self, *command):
        """Its databases lie beside the spool: all of it is kept, and put back, while it does not run."""
        os.killpg(self.target.process.pid, signal.SIGKILL)
        self.target.process.wait()
        for part in ("spool", "conf"):
            subprocess.run([word.replace(self.home(), os.path.join(self.target.dir, part)).replace(
                self.path("backup"), self.path("backup-" + part)) for word in command], check=True)
        self.target._spawn()


del Planted, Pair


if __name__ == "__main__":
    unittest.main()
