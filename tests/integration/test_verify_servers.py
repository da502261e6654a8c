"""mailmigrate verify with servers that rewrite, refuse, break off, lie or are gone."""

import datetime
import os
import re
import signal
import time
import unittest

import dovecot
import imaputil
import mailgen
import wire
from harness import DONE, INTERRUPTED, LOGIN, LONG, PARTIAL, SEED, TEMPORARY, Account
from memserver import MemServer
from verifying import VerifyCase

WHEN = datetime.datetime(2015, 6, 7, 8, 9, 10, tzinfo=datetime.timezone.utc)
COUNT = 10


def message(n):
    return (b"From: a@x\r\nSubject: number %d\r\nMessage-ID: <%d@x>\r\n\r\nfirst\r\nsecond \x80 line\r\n" % (n, n))


class Memory(VerifyCase):
    """Servers that keep every octet, so that each way to rewrite one can be told from the others."""

    @classmethod
    def setUpClass(cls):
        pass

    def setUp(self):
        self.next_user = iter(["u1"])
        super().setUp()
        self.source = self.enterContext(MemServer())
        self.target = self.enterContext(MemServer())
        box = self.source.mailboxes[b"INBOX"]
        for n in range(COUNT):
            box.add(message(n))
        self.copy(*self.accounts("plain"))
        self.box = self.target.mailboxes[b"INBOX"]

    def verify(self, *extra, **options):
        return super().verify(*extra, scheme="plain", **options)

    def rewrite(self, n, change):
        """n counts from 0, as subjects do; UIDs count from 1."""
        before = self.box.messages[n].octets
        self.box.messages[n].octets = change(before)
        self.assertNotEqual(before, self.box.messages[n].octets)

    def rules(self, result):
        return {f["subject"]: (f["kind"], f["rules"], f["rules_certain"])
                for f in result.json["accounts"][0]["findings"]}

    def test_what_servers_do_to_line_ends(self):
        self.source.mailboxes[b"INBOX"].add(message(90).replace(b"first\r\n", b"first\r\r\n"))
        self.source.mailboxes[b"INBOX"].add(message(91).replace(b"\x80", b"\0"))
        self.copy(*self.accounts("plain"))
        changes = {0: lambda o: o.replace(b"\r\n", b"\n"), 1: lambda o: o.replace(b"\r\n", b"\r\r\n"),
                   2: lambda o: o + b"\r\n", 3: lambda o: o[:-2], 4: lambda o: b"X-UID: 77\r\n" + o,
                   COUNT: lambda o: o.replace(b"\r\r\n", b"\r\n"), COUNT + 1: lambda o: o.replace(b"\0", b"\x80")}
        for n, change in changes.items():
            self.rewrite(n, change)
        for options in ((), ("--against", "source")):
            result = self.verify(*options)
            self.assertEqual(self.counts(result), {"identical": COUNT + 2 - len(changes),
                                                   "stored_differently": len(changes)})
            expected = {"number 0": "line-ends", "number 1": "line-ends", "number 2": "final-line",
                        "number 3": "final-line", "number 4": "server-header", "number 90": "line-ends",
                        "number 91": "nul"}
            self.assertEqual(self.rules(result),
                             {subject: ("stored_differently", [rule], True) for subject, rule in expected.items()})
        self.assertIn("stored differently by the target's server", result.out)

    def test_a_large_message(self):
        """A second look at more than fits into memory goes through a file, which is gone afterwards."""
        large = message(70) + b"0123456789abcdef" * 320000 + b"\r\n"
        self.source.mailboxes[b"INBOX"].add(large)
        self.copy(*self.accounts("plain"))
        self.rewrite(COUNT, lambda octets: octets[:-9] + b"X" + octets[-8:])
        for state in (None, self.path("none")):
            result = self.damaged("--against", "source", state=state)
            self.assertEqual(self.counts(result), {"identical": COUNT, "altered": 1})
            self.assertIn("octet %d" % (len(large) - 9), result.json["accounts"][0]["findings"][0]["detail"])
        self.rewrite(COUNT, lambda octets: large + b"\r\n")
        self.assertEqual(self.rules(self.verify()), {"number 70": ("stored_differently", ["final-line"], True)})
        self.assertEqual([name for name in os.listdir(self.dir) if name.startswith("mailmigrate-")], [])

    def test_a_server_that_stores_nothing(self):
        """It said OK to every APPEND (row M4 of the scorecard)."""
        self.box.messages.clear()
        result = self.damaged()
        self.assertEqual(self.counts(result), {"missing": COUNT})
        self.assertEqual(self.findings(result, "subject"), [("missing", "number %d" % n) for n in range(COUNT)])

    def test_messages_that_can_not_be_read(self):
        send = self.target._send_fetch

        def withhold(connection, box, message, items, since):
            """OK, but no content for one, and an empty literal for another."""
            if message.uid == 3 and b"BODY.PEEK[]" in items:
                return
            send(connection, box, message, items, since)

        self.target._send_fetch = withhold
        result = self.damaged()
        self.assertEqual(self.counts(result), {"identical": COUNT - 1, "unreadable": 1})
        found = result.json["accounts"][0]["findings"][0]
        self.assertEqual((found["uid"], found["target_uid"], found["subject"]), (3, 3, "number 2"))
        self.assertIsNone(result.json["accounts"][0]["root"])

    def test_one_that_spoils_the_whole_command(self):
        fetch = self.target.do_uid_fetch

        def refuse(connection, arguments):
            items = [arguments[1]] if isinstance(arguments[1], bytes) else arguments[1]
            if b"BODY.PEEK[]" in items and any(m.uid == 7 for m in self.target._chosen(connection.box, arguments[0])):
                return "NO [SERVERBUG] message 7 is broken"
            return fetch(connection, arguments)

        self.target.do_uid_fetch = refuse
        result = self.damaged()
        self.assertEqual(self.counts(result), {"identical": COUNT - 1, "unreadable": 1})
        self.assertEqual(self.findings(result, "target_uid"), [("unreadable", 7)])

    def test_a_folder_that_can_not_be_opened(self):
        self.source.add_mailbox("Other").add(message(50))
        self.copy(*self.accounts("plain"))
        examine = self.target.do_examine

        def refuse(connection, arguments):
            return "NO [NOPERM] not yours" if arguments[0] == b"Other" else examine(connection, arguments)

        self.target.do_examine = refuse
        result = self.damaged()
        self.assertEqual(self.counts(result), {"identical": COUNT})
        folders = {f["source"]: f for f in result.json["accounts"][0]["folders"]}
        self.assertIn("not yours", folders["Other"]["error"]["server"])
        self.assertEqual(result.json["status"], "partial")
        self.assertIn("not yours", result.out)

    def test_the_line_is_cut_now_and_then(self):
        """Each connection serves four messages."""
        send = self.target._send_fetch
        served = {}

        def cut(connection, box, message, items, since):
            if b"BODY.PEEK[]" in items:
                served[connection.number] = served.get(connection.number, 0) + 1
                if served[connection.number] > 4:
                    connection.close(reset=True)
                    raise wire.Closed("cut")
            send(connection, box, message, items, since)

        self.target._send_fetch = cut
        result = self.verify()
        self.assertEqual(self.counts(result), {"identical": COUNT})
        self.assertEqual(result.totals["read"], COUNT)
        self.assertGreaterEqual(len(served), 3)

    def test_a_mailbox_that_is_replaced_meanwhile(self):
        examine = self.target.do_examine
        opened = []

        def replace(connection, arguments):
            opened.append(arguments[0])
            if len(opened) == 2:
                self.box.uidvalidity += 1
            return examine(connection, arguments)

        self.target.do_examine = replace
        result = self.damaged()
        self.assertIn("replaced", result.out)

    def test_login_refused(self):
        attempts = []
        log_in = self.target._log_in
        self.target._log_in = lambda *words: attempts.append(1) or log_in(*words)
        target = Account(self.target.url(), "another-secret", tls="none")
        result = self.verify(target=target, expect=LOGIN)
        self.assertEqual(len(attempts), 1)
        self.assertNotIn("another-secret", result.out + result.err)

    def test_interrupted(self):
        """SIGINT while the server keeps still."""
        reached = []
        fetch = self.target.do_uid_fetch

        def wait(connection, arguments):
            reached.append(1)
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline and not self.stop:
                time.sleep(0.05)
            return fetch(connection, arguments)

        self.stop = False
        self.target.do_uid_fetch = wait
        accounts = [Account.on(server, "u1", "plain") for server in (self.source, self.target)]
        process = self.start(self.verify_command(*accounts))
        deadline = time.monotonic() + 30
        while not reached and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        self.stop = True
        self.assertEqual(process.returncode, INTERRUPTED, err)
        self.assertNotIn(b"missing", out)
        result = self.verify()
        self.assertEqual(self.counts(result), {"identical": COUNT})


class Gone(VerifyCase):
    """The old server is off, as it is after the cutover."""

    def test_source_off(self):
        source = dovecot.Dovecot(users=[self.user], authority=self.source.authority).start()
        try:
            connection = source.login(self.user)
            self.addCleanup(connection.shutdown)
            mailgen.fill(connection, mailgen.generate(SEED, 30), source.separator, source.prefix, ())
            account = Account.on(source, self.user)
            target = Account.on(self.target, self.user)
            self.copy(account, target)
        finally:
            source.stop()
        result = self.verify(source=account)
        self.assertEqual(self.counts(result), {"identical": 30})
        started = time.monotonic()
        result = self.verify("--against", "source", source=account, expect=TEMPORARY)
        self.assertLess(time.monotonic() - started, 30)
        self.assertIn(str(source.tls_port), result.err)
        self.assertEqual(result.json["accounts"][0]["error"]["code"], "connect")

    def test_target_off(self):
        self.fill(mailgen.generate(SEED, 5))
        self.copy(*self.accounts())
        gone = Account("imaps://%s@127.0.0.1:%d" % (self.user, dovecot.free_ports(1)[0]), "x")
        state = self.path("none")
        result = self.verify("--against", "source", target=gone, state=state, expect=TEMPORARY)
        self.assertIn("Connection refused", result.err)

    def test_no_password_of_the_source_is_asked_for(self):
        """verify_command gives none; there is no terminal to ask on either."""
        self.fill(mailgen.generate(SEED, 5))
        self.copy(*self.accounts())
        self.verify()
        source, target = self.accounts()
        command = [word for word in self.verify_command(source, target, "--against", "source")]
        at = command.index("--source-password-file")
        del command[at:at + 2]
        result = self.run_command(command)
        self.assertEqual(result.status, LOGIN, str(result))
        self.assertIn("source", result.err)


class Many(VerifyCase):
    """Large folders. What is asked is counted, not timed."""

    def plant(self, server, count):
        """Files in the Maildir of INBOX, as a delivery agent would put them there."""
        connection = server.login(self.user)
        imaputil.check(connection.select("INBOX"))
        connection.logout()
        place = next(os.path.join(d, "cur") for d, names, _ in os.walk(server.mail(self.user))
                     if "cur" in names and "new" in names)
        owner = os.stat(place)
        for n in range(count):
            path = os.path.join(place, "%d.M%dP1.host:2,S" % (1400000000 + n, n))
            with open(path, "wb") as file:
                file.write(message(n).replace(b"\r\n", b"\n"))
            os.chown(path, owner.st_uid, owner.st_gid)
            os.utime(path, (1400000000 + n, 1400000000 + n))

    def test_twenty_thousand(self):
        self.plant(self.source, 20000)
        self.plant(self.target, 20000)
        result = self.verify("--against", "source", "--connections", "2", preset="release", timeout=600)
        self.assertEqual(self.counts(result), {"identical": 20000})
        self.assertLess(result.totals["round_trips"], 120)
        self.assertLess(result.totals["peak_rss"], 64 << 20)
        quick = self.verify("--against", "source", "--depth", "quick", preset="release", timeout=600)
        self.assertEqual(self.counts(quick), {"present": 20000})
        self.assertLess(quick.totals["bytes_in"], 20000 * 2 * 120)

    @unittest.skipUnless(LONG, "with --long only")
    def test_memory_of_a_hundred_thousand(self):
        self.plant(self.source, 100000)
        self.copy(*self.accounts(), preset="release", timeout=1200)
        for options in ((), ("--depth", "quick"), ("--against", "source")):
            with self.subTest(options):
                result = self.verify(*options, preset="release", timeout=1200)
                self.assertEqual(sum(self.counts(result).values()), 100000)
                self.assertLess(result.totals["peak_rss"], 64 << 20)


if __name__ == "__main__":
    unittest.main()
