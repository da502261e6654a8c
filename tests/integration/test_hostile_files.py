"""Mail in files that somebody else owns, or that was made to do harm: nothing outside is reached, every run ends."""

import os
import signal
import stat
import time
import unittest

import stores
from harness import INTERRUPTED, PARTIAL, USAGE, ToolCase, program
from stores import Files, given

NOBODY = 65534
ROOT = os.geteuid() == 0
MEMORY = 192 << 20  # of a build with sanitizers; without them 64 MiB


def message(text):
    return ("Subject: %s\n\nbody of %s\n" % (text, text)).encode()


class HostileCase(ToolCase):
    def setUp(self):
        super().setUp()
        os.chmod(self.dir, 0o755)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def maildir(self, name, *folders):
        for folder in ("",) + folders:
            for part in ("cur", "new", "tmp"):
                os.makedirs(self.path(name, folder, part), exist_ok=True)
        return Files("maildir", self.path(name))

    def put(self, name, octets):
        stores.write(self.path(name), octets)

    @staticmethod
    def give(path, uid=NOBODY):
        for directory, _, names in os.walk(path):
            for name in [directory] + [os.path.join(directory, n) for n in names]:
                os.chown(name, uid, uid, follow_symlinks=False)

    def octets(self, name):
        """All that lies in the files below."""
        there = []
        for directory, _, names in os.walk(self.path(name)):
            for name in names:
                path = os.path.join(directory, name)
                if stat.S_ISREG(os.lstat(path).st_mode):
                    with open(path, "rb") as file:
                        there.append(file.read())
        return there


class Lists(HostileCase):
    """The small files beside the mail: dovecot-keywords, dovecot-uidlist, subscriptions, Courier's."""

    NAMES = ("dovecot-keywords", "dovecot-uidlist", "subscriptions", "courierimapkeywords/:list",
             "courierimapsubscribed")

    def test_what_is_no_file(self):
        for kind in ("fifo", "device", "directory"):
            for side in ("source", "target"):
                with self.subTest(kind=kind, side=side):
                    self.setUp()
                    source, target = self.maildir("mail"), self.maildir("target")
                    self.put("mail/cur/1.x:2,S", message("x"))
                    for name in self.NAMES + ("dovecot-uidlist.lock",):
                        path = self.path("mail" if side == "source" else "target", name)
                        if side == "target" and name == "dovecot-uidlist.lock":
                            continue  # is waited for: another test
                        os.makedirs(os.path.dirname(path), exist_ok=True)
                        if kind == "fifo":
                            os.mkfifo(path)
                        elif kind == "device":
                            os.symlink("/dev/zero", path)
                        else:
                            os.mkdir(path)
                    result = self.copy(source, target, "--timeout", "5", expect=None, timeout=60)
                    if side == "source":
                        self.assertEqual(result.totals["copied"], 1, str(result))
                        self.assertEqual(result.status, PARTIAL, str(result))
                    else:
                        self.assertIn(result.status, (1, 4, 6), str(result))
                    self.assertLess(result.totals["peak_rss"], MEMORY)

    def test_endless_lines(self):
        source = self.maildir("mail")
        self.put("mail/cur/1.x:2,S", message("x"))
        for name in self.NAMES:
            self.put("mail/" + name, b"")
            os.truncate(self.path("mail", name), 300 << 20)
        result = self.copy(source, self.maildir("target"), "--timeout", "5", expect=PARTIAL, timeout=60)
        self.assertTrue(any("subscribed" in problem["text"] for problem in result.problems), str(result))
        self.assertLess(result.totals["peak_rss"], MEMORY)

    def test_a_list_of_many_names(self):
        """Memory goes by the messages that are there, not by what a list says."""
        source = self.maildir("mail")
        self.put("mail/cur/1.x:2,S", message("x"))
        self.put("mail/dovecot-uidlist", b"3 V7 N1\n" + b"".join(b"%d :gone%d\n" % (n, n) for n in range(1, 300000)))
        result = self.copy(source, self.maildir("target"), env={"ASAN_OPTIONS": "quarantine_size_mb=8"})
        self.assertLess(result.totals["peak_rss"], MEMORY)

    def test_a_lock_that_stays(self):
        """Waited for, and not by a run that is asked to stop."""
        source, target = self.maildir("mail"), self.maildir("target")
        self.put("mail/cur/1.x:2,S", message("x"))
        for make in (os.mkfifo, lambda path: os.symlink("/nowhere", path), lambda path: stores.write(path, b"1:x\n")):
            make(self.path("target", "dovecot-uidlist.lock"))
            process = self.start(self.command(source, target))
            time.sleep(2)
            self.assertIsNone(process.poll())
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(10), INTERRUPTED)
            os.unlink(self.path("target", "dovecot-uidlist.lock"))
        self.copy(source, target)


class Links(HostileCase):
    def test_target_folder(self):
        """T/.Sub and T/tmp lead elsewhere: nothing is written there."""
        source = self.maildir("mail", ".Sub")
        self.put("mail/.Sub/cur/1.x:2,S", message("x"))
        self.maildir("target")
        os.mkdir(self.path("outside"))
        os.symlink(self.path("outside"), self.path("target", ".Sub"))
        result = self.copy(source, Files("maildir", self.path("target")), expect=PARTIAL)
        self.assertIn("symbolic link", str(result))
        self.assertEqual(os.listdir(self.path("outside")), [])
        os.unlink(self.path("target", ".Sub"))
        os.rmdir(self.path("target", "tmp"))
        os.symlink(self.path("outside"), self.path("target", "tmp"))
        result = self.copy(source, Files("maildir", self.path("target")), expect=None)
        self.assertNotEqual(result.status, 0, str(result))
        self.assertEqual(os.listdir(self.path("outside")), [])

    def test_target_subscriptions(self):
        """Its lines are not copied from where it leads to."""
        source = self.maildir("mail", ".Sub")
        self.put("mail/subscriptions", b"Sub\n")
        self.put("secret", b"a secret\n")
        self.maildir("target")
        os.symlink(self.path("secret"), self.path("target", "subscriptions"))
        self.copy(source, Files("maildir", self.path("target")), expect=None)
        self.assertFalse(any(b"secret" in octets for octets in self.octets("target")))
        self.assertEqual(self.octets("secret") or [b"a secret\n"], [b"a secret\n"])

    def test_mbox_and_eml(self):
        self.put("secret", b"From a Mon Jan  1 10:00:00 2001\nSubject: secret\n\nx\n")
        for scheme, name in (("mbox", "box"), ("eml", "1.eml")):
            with self.subTest(scheme=scheme):
                self.setUp()
                self.put("secret", b"From a Mon Jan  1 10:00:00 2001\nSubject: secret\n\nx\n")
                self.put("mail/good" if scheme == "mbox" else "mail/2.eml",
                         b"From a Mon Jan  1 10:00:00 2001\nSubject: good\n\nx\n")
                os.symlink(self.path("secret"), self.path("mail", name))
                os.mkfifo(self.path("mail", "fifo"))
                os.symlink(self.path("mail"), self.path("mail", "round"))
                result = self.copy(Files(scheme, self.path("mail")), self.maildir("target"), expect=PARTIAL)
                self.assertEqual(len([p for p in result.problems if p["code"] != "name"]), 3, str(result))
                self.assertFalse(any(b"secret" in octets for octets in self.octets("target")))


class Ends(HostileCase):
    def test_what_is_given_is_a_fifo(self):
        os.mkfifo(self.path("fifo"))
        for scheme in ("maildir", "mbox", "eml", "archive"):
            result = self.copy(Files(scheme, self.path("fifo")), self.maildir("target"), expect=None, timeout=30)
            self.assertIn(result.status, (USAGE, 6), str(result))
        checked = self.run_command([program(name="mailmigrate"), "archive", "check", self.path("fifo")], timeout=30)
        self.assertIn("is no file", checked.err)

    def test_a_sparse_message(self):
        source = self.maildir("mail")
        self.put("mail/cur/1.x:2,S", b"")
        os.truncate(self.path("mail", "cur", "1.x:2,S"), 20 << 30)
        self.put("mail/cur/2.x:2,S", message("x"))
        result = self.copy(source, self.maildir("target"), "--timeout", "5", expect=PARTIAL, timeout=30)
        self.assertEqual(result.totals["copied"], 1)
        self.assertIn("4 GiB", result.problems[0]["text"])


@unittest.skipUnless(ROOT, "only root can take another one's rights")
class AsRoot(HostileCase):
    def test_rights_of_the_owner(self):
        """What the owner could not read is not read for them, by a name of theirs or through a directory."""
        source = self.maildir("mail")
        self.put("mail/cur/1.mine:2,S", message("mine"))
        self.put("mail/cur/2.roots:2,S", message("secret"))
        self.give(self.path("mail"))
        os.chown(self.path("mail", "cur", "2.roots:2,S"), 0, 0)
        os.chmod(self.path("mail", "cur", "2.roots:2,S"), 0o600)
        result = self.copy(source, self.maildir("target"), expect=PARTIAL)
        self.assertEqual((result.totals["copied"], len(result.problems)), (1, 1), str(result))
        self.assertIn("Permission denied", result.problems[0]["text"])
        self.assertFalse(any(b"secret" in octets for octets in self.octets("target")))
        as_self = self.copy(source, Files("maildir", self.path("target")), "--files-as", "self")
        self.assertEqual(as_self.totals["copied"], 1)
        self.assertEqual(os.stat(self.state).st_uid, 0)
        self.assertEqual(os.stat(self.state + ".source.uids").st_uid, 0)

    def test_a_hard_link(self):
        source = self.maildir("mail")
        self.put("secret", message("secret"))
        os.link(self.path("secret"), self.path("mail", "cur", "1.x:2,S"))
        os.chmod(self.path("secret"), 0o644)
        self.give(self.path("mail"))
        os.chown(self.path("secret"), 0, 0)
        for way in ("owner", "self"):
            result = self.copy(source, self.maildir("target"), "--files-as", way, expect=PARTIAL)
            self.assertIn("several names", result.problems[0]["text"])

    def test_what_is_written_is_the_owners(self):
        source = self.maildir("mail", ".Sub")
        self.put("mail/.Sub/cur/1.x:2,S", message("x"))
        self.put("mail/subscriptions", b"Sub\n")
        os.mkdir(self.path("house"))
        os.chown(self.path("house"), NOBODY, NOBODY)
        self.copy(source, Files("maildir", self.path("house", "Maildir")))
        for directory, _, names in os.walk(self.path("house")):
            for name in [directory] + [os.path.join(directory, n) for n in names]:
                self.assertEqual(os.lstat(name).st_uid, NOBODY, name)

    def test_where_the_owner_may_not_write(self):
        """A directory of root's in somebody's Maildir: root's rights are not lent to fill it."""
        source = self.maildir("mail", ".Sub")
        self.put("mail/.Sub/cur/1.x:2,S", message("x"))
        self.maildir("target", ".Sub")
        self.give(self.path("target"))
        self.give(self.path("target", ".Sub"), 0)
        os.chmod(self.path("target", ".Sub"), 0o755)
        result = self.copy(source, Files("maildir", self.path("target")), expect=None)
        self.assertNotEqual(result.status, 0, str(result))
        self.assertEqual(self.octets("target/.Sub"), [])

    def test_a_link_in_the_path_that_was_given(self):
        """Somebody's link to another one's Maildir; their own, and root's, are followed."""
        self.maildir("others")
        self.put("others/cur/1.x:2,S", message("secret"))
        self.give(self.path("others"), 1)
        os.symlink(self.path("others"), self.path("link"))
        os.chown(self.path("link"), NOBODY, NOBODY, follow_symlinks=False)
        result = self.copy(Files("maildir", self.path("link")), self.maildir("target"), expect=USAGE)
        self.assertIn("Operation not permitted", result.err)
        os.chown(self.path("link"), 0, 0, follow_symlinks=False)
        self.copy(Files("maildir", self.path("link")), Files("maildir", self.path("target")))
        self.assertIn(given(message("secret")), self.octets("target"))
