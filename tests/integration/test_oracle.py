"""The oracle and the relay do what the other tests rely on."""

import imaplib
import time
import unittest

import dovecot
import imaputil
import mailgen
import oracle
import relay
from harness import SEED


class Oracle(unittest.TestCase):
    """Equal accounts are equal, and each kind of damage is seen."""

    @classmethod
    def setUpClass(cls):
        cls.server = dovecot.Dovecot(users=["a", "b"]).start()
        cls.addClassCleanup(cls.server.stop)
        messages = mailgen.generate(SEED, 60)
        cls.one, cls.two = cls.server.login("a"), cls.server.login("b")
        for connection in (cls.one, cls.two):
            mailgen.fill(connection, messages, empty=mailgen.EMPTY_FOLDERS)

    def differences(self):
        return oracle.compare(self.one, self.two)

    def damage(self, uid, *store):
        imaputil.check(self.two.select("INBOX"))
        imaputil.check(self.two.uid("STORE", uid, *store))

    def test_1_no_difference(self):
        self.assertEqual(self.differences(), [])
        self.assertEqual(oracle.count(self.one), 60)

    def test_2_a_flag(self):
        self.damage("1", "+FLAGS", "(Planted)")
        self.assertRegex(self.differences()[0], r"^INBOX: source UID 1 .*Planted")
        self.damage("1", "-FLAGS", "(Planted)")
        self.assertEqual(self.differences(), [])

    def test_3_a_date(self):
        imaputil.check(self.two.create("Dates"))
        imaputil.check(self.one.create("Dates"))
        when = mailgen.Generator(SEED).when()
        imaputil.append(self.one, "Dates", [(b"a: b\r\n\r\n", (), when)])
        imaputil.append(self.two, "Dates", [(b"a: b\r\n\r\n", (), when.replace(minute=(when.minute + 7) % 60))])
        self.assertIn("INTERNALDATE", self.differences()[0])
        for connection in (self.one, self.two):
            imaputil.check(connection.delete("Dates"))

    def test_4_an_octet_a_double_and_a_loss(self):
        imaputil.append(self.one, "Sent", [(b"a: b\r\n\r\none\r\n", (), None)])
        imaputil.append(self.two, "Sent", [(b"a: b\r\n\r\ntwo\r\n", (), None)])
        self.assertEqual(len(self.differences()), 2)
        imaputil.append(self.two, "INBOX", [(mailgen.generate(SEED, 1)[0].octets, (), None)])
        self.assertEqual(len(self.differences()), 3)
        self.damage("2", "+FLAGS.SILENT", "(\\Deleted)")
        imaputil.check(self.two.uid("EXPUNGE", "2"))
        self.assertEqual(len(self.differences()), 4)

    def test_5_folders_and_subscriptions(self):
        before = len(self.differences())
        imaputil.check(self.one.create("Ours"))
        imaputil.check(self.two.create("Theirs"))
        imaputil.check(self.two.unsubscribe("Junk"))
        added = "\n".join(self.differences())
        self.assertEqual(len(self.differences()), before + 3)
        self.assertRegex(added, r"(?m)^Ours: no such folder")
        self.assertRegex(added, r"(?m)^Theirs: folder on the target only")
        self.assertRegex(added, r"(?m)^Junk: subscribed on the source only")

    def test_6_looking_changes_nothing(self):
        before = oracle.snapshot(self.one)
        self.assertEqual(sum(len(flags) for _, flags, _ in before.values()), oracle.count(self.one))
        oracle.compare(self.one, self.two)
        self.assertEqual(oracle.snapshot(self.one), before)


class Relay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = dovecot.Dovecot().start()
        cls.addClassCleanup(cls.server.stop)

    def connect(self, through, timeout=5):
        connection = imaplib.IMAP4("127.0.0.1", through.port, timeout=timeout)
        self.addCleanup(connection.sock.close)
        self.addCleanup(connection.file.close)
        connection.login("u1", dovecot.PASSWORD)
        return connection

    def test_delay(self):
        with relay.Relay("127.0.0.1", self.server.port, delay=30) as through:
            connection = self.connect(through)
            started = time.monotonic()
            connection.noop()
            self.assertGreaterEqual(time.monotonic() - started, 0.06)

    def test_hidden_capabilities(self):
        with relay.Relay("127.0.0.1", self.server.port, hide=["MULTIAPPEND", "LITERAL+"]) as through:
            words = imaputil.check(self.connect(through).capability())[-1].split()
            self.assertNotIn(b"MULTIAPPEND", words)
            self.assertNotIn(b"LITERAL+", words)
            self.assertIn(b"UIDPLUS", words)

    def test_recording_leaves_literals_out(self):
        with relay.Relay("127.0.0.1", self.server.port, record=True, piece=7) as through:
            connection = self.connect(through)
            imaputil.append(connection, "INBOX", [(b"A: 1\r\n\r\nx SELECT INBOX\r\n", ("\\Seen",), None)] * 2)
            connection.logout()
            verbs = [line.split()[1] for line in through.lines_up()]
            self.assertEqual(verbs, [b"CAPABILITY", b"LOGIN", b"APPEND", b"LOGOUT"])

    def test_cuts(self):
        for how, expected in (("fin", imaplib.IMAP4.abort), ("rst", ConnectionResetError), ("stall", TimeoutError),
                              ("drip", TimeoutError)):
            for direction in (relay.UP, relay.DOWN):
                with self.subTest(how=how, direction=direction):
                    with relay.Relay("127.0.0.1", self.server.port) as through:
                        connection = self.connect(through, timeout=0.5)
                        cut = through.cut(direction, 5, how)
                        with self.assertRaises(expected):
                            connection.noop()
                        self.assertEqual(cut.done, 1)


if __name__ == "__main__":
    unittest.main()
