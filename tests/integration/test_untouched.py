"""The source stays as it is, to the last flag; a dry run leaves the target so, too; one account alone is refused."""

import os
import re
import unittest

import imaputil
import mailgen
import oracle
from harness import SEED, USAGE, Account, Pair, ToolCase
from memserver import MemServer
from relay import Relay

READS = {"CAPABILITY", "ID", "ENABLE", "LOGIN", "AUTHENTICATE", "COMPRESS", "NAMESPACE", "LIST", "LSUB", "STATUS",
         "EXAMINE", "UID FETCH", "UID SEARCH", "GETQUOTAROOT", "UNSELECT", "NOOP", "LOGOUT"}


def verbs(lines):
    """The command of each line, such as "UID FETCH"."""
    found = set()
    for line in lines:
        words = line.decode("latin-1").upper().split(" ")
        if len(words) > 1:  # else the continuation of AUTHENTICATE
            found.add(" ".join(words[1:3]) if words[1] == "UID" else words[1])
    return found


class Untouched(Pair):
    def relays(self):
        """Accounts on both sides through relays that record, without TLS."""
        pair = []
        for server in (self.source, self.target):
            through = Relay("127.0.0.1", server.port, record=True)
            self.addCleanup(through.stop)
            pair.append((Account.on(server, self.user, "plain", port=through.port), through))
        return pair

    def assert_only_reads(self, through):
        lines = through.lines_up()
        self.assertTrue(lines)
        self.assertEqual(verbs(lines) - READS, set())
        for line in lines:
            self.assertNotRegex(line.upper(), rb"\bBODY\[|\bRFC822(?!\.SIZE)\b", "a FETCH without PEEK sets \\Seen")

    def test_source_is_read_only(self):
        self.fill(mailgen.generate(SEED, 80), mailgen.EMPTY_FOLDERS)
        connection = self.login(self.source)
        before = oracle.snapshot(connection)
        self.assertTrue(any(b"\\Recent" in flags for _, entries, _ in before.values() for flags, _ in entries.values()))
        (source, source_relay), (target, _) = self.relays()
        for run in ("first", "second"):
            with self.subTest(run):
                result = self.copy(source, target)
                self.assertEqual(oracle.snapshot(connection), before, str(result))
        self.assert_only_reads(source_relay)
        self.assertIn("EXAMINE", verbs(source_relay.lines_up()))
        self.assert_same(connection, self.login(self.target), result)

    def test_dry_run_changes_nothing(self):
        self.fill(mailgen.generate(SEED, 40), mailgen.EMPTY_FOLDERS)
        there = self.login(self.target)
        imaputil.append(there, "INBOX", [(b"Subject: was here\r\n\r\n", (), None)])
        imaputil.check(there.create("Sent"))
        before = oracle.snapshot(self.login(self.source)), oracle.snapshot(there)
        (source, source_relay), (target, target_relay) = self.relays()
        result = self.copy(source, target, "--dry-run")
        for through in (source_relay, target_relay):
            self.assert_only_reads(through)
        self.assertEqual((oracle.snapshot(self.login(self.source)), oracle.snapshot(there)), before, str(result))
        self.assertFalse(os.path.exists(self.state), "the state is not written either")
        self.assertEqual(result.totals["messages"], 40)
        self.assertEqual(result.totals["copied"], 0)
        self.assert_same(*self.after_real_run(source, target))

    def after_real_run(self, source, target):
        """A dry run spoils nothing for the real one that follows; what was there before stays."""
        result = self.copy(source, target)
        self.assertEqual(result.totals["copied"], 40)
        there = self.login(self.target)
        self.assertIn(b"was here", there_body(there))
        imaputil.check(there.select("INBOX"))
        imaputil.check(there.uid("STORE", "1", "+FLAGS.SILENT", "(\\Deleted)"))
        imaputil.check(there.uid("EXPUNGE", "1"))
        return self.login(self.source), there, result

    def test_dry_run_of_an_existing_state(self):
        self.fill(mailgen.generate(SEED, 20))
        (source, _), (target, target_relay) = self.relays()
        self.copy(source, target)
        imaputil.append(self.login(self.source), "INBOX", [(b"Subject: new\r\n\r\n", (), None)])
        with open(self.state, "rb") as file:
            before = file.read()
        sent = len(target_relay.lines_up())
        result = self.copy(source, target, "--dry-run")
        with open(self.state, "rb") as file:
            self.assertEqual(file.read(), before)
        self.assertEqual(verbs(target_relay.lines_up()[sent:]) - READS, set(), str(result))

    def test_same_account(self):
        """O1: by the same name or by another one, before anything is written."""
        self.fill(mailgen.generate(SEED, 10))
        before = oracle.snapshot(self.login(self.source))
        for host in ("127.0.0.1", "localhost"):
            with self.subTest(host):
                other = Account.on(self.source, self.user, host=host)
                result = self.copy(Account.on(self.source, self.user), other, expect=USAGE)
                self.assertRegex(result.err, "same account")
        self.assertEqual(oracle.snapshot(self.login(self.source)), before)


def there_body(connection):
    imaputil.check(connection.select("INBOX", readonly=True))
    return imaputil.check(connection.uid("FETCH", "1", "(BODY.PEEK[])"))[0][1]


class Commands(ToolCase):
    """The exact words, held against a server in memory."""

    def test_what_is_said_to_both_sides(self):
        with MemServer() as source, MemServer() as target:
            source.mailboxes[b"INBOX"].add(b"Subject: 1\r\n\r\n", ["\\Seen"])
            source.add_mailbox("New").add(b"Subject: 2\r\n\r\n")
            self.copy(Account.on(source, scheme="plain"), Account.on(target, scheme="plain"))
            self.assertEqual(verbs(source.received) - READS, set())
            self.assertEqual(verbs(target.received) - READS - {"SELECT", "CREATE", "SUBSCRIBE", "APPEND"}, set())
            for line in source.received:
                self.assertNotRegex(line.upper(), rb"\bBODY\[")
            tags = [re.match(rb"\S+", line)[0] for c in source.connections for line in c.received]
            self.assertTrue(tags)


if __name__ == "__main__":
    unittest.main()
