"""The main job: an account of generated mail, from one real server to another, held against the oracle."""

import os
import threading
import time
import unittest

import dovecot
import imaputil
import mailgen
import oracle
import wire
from harness import CORPUS, SEED, Account, Pair, ToolCase
from memserver import MemServer
from relay import Relay


class Copy(Pair):
    """Maildir++ with an INBOX. prefix and dots, to slashes."""

    source_options = {"separator": ".", "prefix": "INBOX."}

    def test_generated_mail_over_tls(self):
        messages = mailgen.generate(SEED)
        self.fill(messages, mailgen.EMPTY_FOLDERS)
        result = self.copy_and_compare()
        self.assertEqual(result.totals["copied"], len(messages))
        self.assertEqual(result.totals["failed"], 0)
        self.assertEqual(result.json["schema"], "mailmigrate.copy/1")
        self.assertEqual((result.json["status"], result.json["exit"]), ("complete", 0))
        self.assertEqual(sum(f["messages"] for f in result.folders.values()), len(messages))
        self.assertEqual(sum(f["bytes"] for f in result.folders.values()), result.totals["bytes"])
        self.assertGreater(result.totals["bytes_out"], result.totals["bytes"])
        self.assertGreater(result.totals["bytes_in"], result.totals["bytes"])

    def test_starttls(self):
        self.fill(mailgen.generate(SEED + 1, 40))
        self.copy_and_compare(scheme="imap")

    def test_plain_text_towards_loopback(self):
        self.fill(mailgen.generate(SEED + 2, 40))
        self.copy_and_compare(scheme="plain")

    def test_ipv6(self):
        if not dovecot.has_ipv6():
            self.skipTest("no IPv6 here")
        self.fill(mailgen.generate(SEED + 3, 10))
        result = self.copy(*self.accounts(host="[::1]"))
        self.assert_same(self.login(self.source), self.login(self.target), result)

    def test_name_of_the_host(self):
        self.fill(mailgen.generate(SEED + 4, 10))
        result = self.copy(*self.accounts(host="localhost"))
        self.assert_same(self.login(self.source), self.login(self.target), result)

    def test_each_number_of_connections(self):
        messages = mailgen.generate(SEED + 5, 120)
        for connections in ("1", "2", "8"):
            with self.subTest(connections=connections):
                self.user = next(self.next_user)
                self.state = os.path.join(self.dir, "state" + connections)
                self.fill(messages)
                self.copy_and_compare("--connections", connections)

    def test_ordered(self):
        messages = [m._replace(folder=("INBOX",)) for m in mailgen.generate(SEED + 6, 150)]
        self.fill(messages)
        self.copy_and_compare("--ordered")
        digests = [[entry.digest for entry in oracle.read_folder(self.login(server), b"INBOX")]
                   for server in (self.source, self.target)]
        self.assertEqual(*digests)

    def test_second_run_sends_nothing(self):
        self.fill(mailgen.generate(SEED + 7, 100), mailgen.EMPTY_FOLDERS)
        self.copy_and_compare()
        before = oracle.snapshot(self.login(self.target))
        again = self.copy(*self.accounts())
        self.assertEqual(again.totals["copied"], 0)
        self.assertEqual(again.totals["already"], 100)
        self.assertEqual(again.totals["adopted"], 0)
        self.assertLessEqual(again.totals["round_trips"], 8)
        self.assertEqual(oracle.snapshot(self.login(self.target)), before)

    def test_second_run_over_a_long_line(self):
        self.fill(mailgen.generate(SEED + 8, 60), mailgen.EMPTY_FOLDERS)
        delay = 100
        with Relay("127.0.0.1", self.source.port, delay=delay) as source, \
                Relay("127.0.0.1", self.target.port, delay=delay) as target:
            accounts = (Account.on(self.source, self.user, "plain", port=source.port),
                        Account.on(self.target, self.user, "plain", port=target.port))
            self.copy(*accounts)
            started = time.monotonic()
            again = self.copy(*accounts)
            seconds = time.monotonic() - started
        self.assertEqual(again.totals["copied"], 0)
        # What the tool counts is held against the clock: 8 round trips, and a second for everything else.
        self.assertLess(seconds, 8 * 2 * delay / 1000 + 1)

    def test_new_mail_in_a_second_run(self):
        connection = self.fill(mailgen.generate(SEED + 9, 50))
        self.copy_and_compare()
        more = [(m.octets, m.flags, m.when) for m in mailgen.generate(SEED + 10, 7)]
        imaputil.append(connection, "INBOX", more)
        imaputil.append(connection, "INBOX.Sent", more[:2])
        again = self.copy_and_compare()
        self.assertEqual((again.totals["copied"], again.totals["already"]), (9, 50))

    def test_state_lost(self):
        self.fill(mailgen.generate(SEED + 11, 80))
        self.copy_and_compare()
        self.state = os.path.join(self.dir, "another-state")
        again = self.copy_and_compare()
        self.assertEqual((again.totals["copied"], again.totals["adopted"]), (0, 80))

    def test_empty_account(self):
        self.copy_and_compare()

    def test_json_on_standard_output(self):
        self.fill(mailgen.generate(SEED + 12, 5))
        result = self.run_command(self.command(*self.accounts(), "--json", "-"))
        self.assertEqual(result.status, 0, str(result))
        self.assertTrue(result.out.lstrip().startswith("{") and result.out.rstrip().endswith("}"), str(result))


class OtherWay(Pair):
    """Slashes without a prefix, to Maildir++ with an INBOX. prefix and dots."""

    source_options = {"layout": "fs"}
    target_options = {"separator": ".", "prefix": "INBOX."}

    def test_generated_mail(self):
        self.fill(mailgen.generate(SEED + 20, 120), mailgen.EMPTY_FOLDERS)
        self.copy_and_compare()


class Sdbox(Pair):
    """A target with another storage, one connection at a time for each user and address."""

    target_options = {"storage": "sdbox", "max_connections": 2}

    def test_generated_mail(self):
        self.fill(mailgen.generate(SEED + 30, 120), mailgen.EMPTY_FOLDERS)
        self.copy_and_compare()


class FewCapabilities(Pair):
    """Servers that announce neither MULTIAPPEND nor LITERAL+ nor much else."""

    def test_without(self):
        for lacking in (("MULTIAPPEND",), ("MULTIAPPEND", "LITERAL+"), ("UIDPLUS",),
                        ("CONDSTORE", "QRESYNC", "LIST-STATUS"),
                        tuple(c for c in dovecot.CAPABILITY if c not in ("IMAP4rev1", "NAMESPACE"))):
            with self.subTest(lacking=" ".join(lacking)):
                self.user = next(self.next_user)
                self.state = os.path.join(self.dir, "state-" + self.user)
                self.fill(mailgen.generate(SEED + 40, 60), mailgen.EMPTY_FOLDERS)
                with Relay("127.0.0.1", self.source.port, hide=lacking) as source, \
                        Relay("127.0.0.1", self.target.port, hide=lacking) as target:
                    accounts = (Account.on(self.source, self.user, "plain", port=source.port),
                                Account.on(self.target, self.user, "plain", port=target.port))
                    result = self.copy(*accounts)
                    self.assert_same(self.login(self.source), self.login(self.target), result)
                    again = self.copy(*accounts)
                self.assertEqual((again.totals["copied"], again.totals["already"]), (0, 60), str(again))
                self.assert_same(self.login(self.source), self.login(self.target), again)


class ThreadSanitizer(Pair):
    """The same work under TSan: reader, writers and journal on four connections a side."""

    def test_four_connections(self):
        self.fill(mailgen.generate(SEED + 50, 200), mailgen.EMPTY_FOLDERS)
        self.copy_and_compare("--connections", "4", preset="tsan")


class LateLogin(MemServer):
    """A long line, by what a client can measure of it before the first message."""

    def do_authenticate(self, connection, arguments):
        time.sleep(2)
        return super().do_authenticate(connection, arguments)


class LongLine(ToolCase):
    def test_batches_under_way(self):
        """Once everything is read, a writer that waits before six batches are under way waits for ever."""
        source, target = MemServer(), LateLogin()
        self.addCleanup(source.stop)
        self.addCleanup(target.stop)
        all_read = threading.Event()
        source.on_command = lambda connection, name, arguments: all_read.set() if name == "LOGOUT" else None

        class HeldAnswers(wire.Connection):
            first, held, wanted = True, (), 6

            def send(self, *lines):
                if self.wanted and "APPENDUID" in str(lines[-1]):
                    if self.first:
                        self.first = not all_read.wait(60)
                    else:
                        self.held += lines
                        if len(self.held) < self.wanted:
                            return
                        lines, self.wanted = self.held, 0
                super().send(*lines)

        target.connection_class = HeldAnswers
        for number in range(700):
            source.mailboxes[b"INBOX"].add(b"Subject: %d\r\n\r\nshort\r\n" % number)
        result = self.copy(*(Account.on(server, "u1", "plain") for server in (source, target)), "--connections", "1")
        self.assertEqual(sorted(m.octets for m in target.mailboxes[b"INBOX"].messages),
                         sorted(m.octets for m in source.mailboxes[b"INBOX"].messages), str(result))
        self.assertEqual(result.totals["copied"], 700)


class Corpus(Pair):
    """Real mail that lies beside the project, where it does."""

    def corpus(self, kind):
        directory = os.path.join(CORPUS, kind)
        if not os.path.isdir(directory):
            self.skipTest("there is no ../shared/corpus/" + kind)
        messages = mailgen.from_directory(directory)
        self.fill(messages)
        result = self.copy_and_compare()
        self.assertEqual(result.totals["copied"], len(messages))

    def test_ham(self):
        self.corpus("ham")

    def test_spam(self):
        self.corpus("spam")

    def test_malformed(self):
        self.corpus("malformed")


if __name__ == "__main__":
    unittest.main()
