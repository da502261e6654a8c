"""mailmigrate verify finds each kind of damage that is planted on a real target, by name, and nothing else."""

import datetime
import os
import re
import unittest

import imaputil
import maildir
import mailgen
import oracle
from harness import LOCAL, LOGIN, SEED
from verifying import VerifyCase

COUNT = 12
WHEN = datetime.datetime(2015, 6, 7, 8, 9, 10, tzinfo=datetime.timezone.utc)


def message(number, body=b"first line\r\nsecond line\r\n"):
    head = ("From: ann@old.example\r\nSubject: number %d\r\nMessage-ID: <%d@old.example>\r\n"
            "Date: Sun, 7 Jun 2015 08:09:10 +0000\r\n\r\n")
    return (head % (number, number)).encode("ascii") + body


def number(n):
    """What finds message n in a file."""
    return b"<%d@old.example>" % n


class Whole(VerifyCase):
    """Generated mail that nothing happens to."""

    source_options = {"separator": ".", "prefix": "INBOX."}

    def setUp(self):
        super().setUp()
        self.messages = mailgen.generate(SEED, 120)
        self.fill(self.messages, mailgen.EMPTY_FOLDERS)
        self.copied = self.copy(*self.accounts())

    def test_each_way_to_look(self):
        count = len(self.messages)
        result = self.verify()
        self.assertEqual(self.counts(result), {"identical": count})
        self.assertEqual((result.totals["messages"], result.totals["found"], result.totals["read"]), (count,) * 3)
        self.assertEqual(result.totals["bytes"], self.copied.totals["bytes"])
        self.assertEqual((result.json["against"], result.json["depth"]), ("record", "full"))
        self.assertRegex(result.json["accounts"][0]["root"], "^[0-9a-f]{64}$")
        self.assertIn("All %d messages are on the target, every byte as it was." % count, result.out)

        quick = self.verify("--depth", "quick")
        self.assertEqual(self.counts(quick), {"present": count})
        self.assertEqual(quick.totals["bytes"], 0)

        source = self.verify("--against", "source")
        self.assertEqual(self.counts(source), {"identical": count})
        self.assertEqual(source.json["accounts"][0]["root"], result.json["accounts"][0]["root"])
        without = self.verify("--against", "source", state=self.path("none"))
        self.assertEqual(self.counts(without), {"identical": count})
        self.assertFalse(os.path.exists(self.path("none")))

    def test_root_is_what_python_computes(self):
        """The Merkle roots of the report, from the mail as imaplib gives it."""
        account = self.verify().json["accounts"][0]
        connection = self.login(self.target)
        entries = []
        for folder in sorted(account["folders"], key=lambda f: f["target"].encode()):
            digests = [bytes.fromhex(e.digest)
                       for e in oracle.read_folder(connection, imaputil.mutf7_encode(folder["target"]))]
            self.assertEqual(folder["root"], oracle_root(digests).hex(), folder["target"])
            entries.append(folder["target"].encode() + b"\0" + oracle_root(digests))
        self.assertEqual(account["root"], oracle_root(entries).hex())

    def test_nothing_on_the_target_changes(self):
        connection = self.login(self.target)
        new = [(message(n), (), None) for n in range(3)]
        imaputil.append(connection, "INBOX", new)
        before = state_of(connection)
        self.assertTrue(any("\\Recent" in line for line in before))
        for options in ((), ("--depth", "quick"), ("--against", "source"), ("--sample", "20")):
            self.assertEqual(self.counts(self.verify(*options))["arrived"], 3)
        self.assertEqual(state_of(self.login(self.target)), before)

    def test_sample(self):
        count = len(self.messages)
        result = self.verify("--sample", "30", "--seed", "7")
        read = result.totals["read"]
        self.assertTrue(0.15 * count < read < 0.45 * count, read)
        self.assertEqual(self.counts(result), {"identical": read, "present": count - read})
        self.assertEqual((result.json["sample"], result.json["seed"]), (30, 7))
        self.assertAlmostEqual((1 - result.json["sample_bound"]) ** read, 0.05, 4)
        again = self.verify("--sample", "30%", "--seed", "7")
        self.assertEqual(again.totals["bytes"], result.totals["bytes"])
        self.assertNotEqual(self.verify("--sample", "30", "--seed", "8").totals["bytes"], result.totals["bytes"])

    def test_only_some_folders(self):
        result = self.verify("--folder", "*Archive*", "--exclude", "*2020")
        self.assertEqual([f["target"] for f in result.json["accounts"][0]["folders"]], ["Archive/2019"])

    def test_each_number_of_connections(self):
        for connections in ("1", "2", "8"):
            with self.subTest(connections=connections):
                result = self.verify("--connections", connections)
                self.assertEqual(self.counts(result), {"identical": len(self.messages)})

    def test_quiet(self):
        result = self.verify("--quiet")
        self.assertEqual((result.out, result.err), ("", ""))

    def test_no_state(self):
        result = self.verify(state=self.path("none"), expect=LOCAL)
        self.assertRegex(result.err, "no state file .*--against source")
        self.assertFalse(os.path.exists(self.path("none")))

    def test_no_copy_that_came_to_an_end(self):
        """A copy that could not even log in leaves a state, which proves nothing."""
        source, target = self.accounts()
        target.password = "wrong"
        self.copy(source, target, "--state", self.path("begun"), expect=LOGIN)
        result = self.verify(state=self.path("begun"), expect=LOCAL)
        self.assertRegex(result.err, "begun has no copy of .* that came to an end")


def oracle_root(entries):
    """RFC 9162 section 2.1.1, as mail/merkle.h has it for whoever wants to check a report."""
    from hashlib import sha256
    n = len(entries)
    if n == 0:
        return sha256(b"").digest()
    if n == 1:
        return sha256(b"\0" + entries[0]).digest()
    k = 1 << (n - 1).bit_length() - 1
    return sha256(b"\1" + oracle_root(entries[:k]) + oracle_root(entries[k:])).digest()


def state_of(connection):
    """All that looking could change: flags with \\Recent, MODSEQ, counts."""
    lines = []
    for listed in imaputil.folders(connection):
        if not listed.selectable:
            continue
        status = imaputil.check(connection.status(imaputil.mailbox(listed.wire),
                                                  "(MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ)"))
        lines.append(status[0].decode())
        imaputil.check(connection.select(imaputil.mailbox(listed.wire), readonly=True))
        data = imaputil.check(connection.uid("FETCH", "1:*", "(FLAGS MODSEQ INTERNALDATE)"))
        lines += [line.decode() for line in data if line]
    return lines


class Damage(VerifyCase):
    """Messages by number: each is damaged in its own way, behind the server's back where that is possible."""

    def setUp(self):
        super().setUp()
        source = self.login(self.source)
        for name in ("Work", "Old"):
            imaputil.check(source.create(name))
        imaputil.append(source, "INBOX", [(message(n), ("\\Seen",), WHEN) for n in range(COUNT)])
        imaputil.append(source, "Work", [(message(n), (), WHEN) for n in range(100, 100 + COUNT)])
        self.copy(*self.accounts())
        self.root = self.target.mail(self.user)

    def at(self, n):
        return maildir.find(self.root, number(n))

    def finding(self, result, kind):
        """The one finding of a kind."""
        found = [f for a in result.json["accounts"] for f in a["findings"] if f["kind"] == kind]
        self.assertEqual(len(found), 1, str(result))
        return found[0]

    def assert_names(self, found, n, folder="INBOX", uid=True):
        """A finding tells which message it is about."""
        expected = {"folder": folder, "target_folder": folder, "message_id": number(n).decode(),
                    "subject": "number %d" % n, "date": "2015-06-07T08:09:10Z", "size": len(message(n))}
        if uid:
            expected["uid"] = n % 100 + 1
        self.assertEqual({key: found[key] for key in expected}, expected)

    def test_a_flipped_octet(self):
        maildir.rewrite(self.at(3), lambda octets: octets.replace(b"second", b"sec0nd"))
        result = self.damaged()
        self.assertEqual(self.counts(result), {"identical": 2 * COUNT - 1, "altered": 1})
        found = self.finding(result, "altered")
        self.assert_names(found, 3)
        self.assertEqual(found["target_uid"], 4)
        self.assertIn("SHA-256", found["detail"])
        self.assertRegex(result.out, "altered: INBOX, UID 4, .*number 3")
        # Only who reads sees it; who reads the source as well sees where.
        self.assertEqual(self.counts(self.verify("--depth", "quick")), {"present": 2 * COUNT})
        for state in (None, self.path("none")):
            result = self.damaged("--against", "source", state=state)
            self.assertEqual(self.counts(result), {"identical": 2 * COUNT - 1, "altered": 1})
            self.assert_names(self.finding(result, "altered"), 3)
            offset = message(3).index(b"second") + 3
            self.assertRegex(self.finding(result, "altered")["detail"], r"\b%d\b.*second.*sec0nd" % offset)

    def test_a_message_cut_short(self):
        maildir.rewrite(self.at(5), lambda octets: octets[:-12])
        result = self.damaged()
        self.assertEqual(self.counts(result), {"identical": 2 * COUNT - 1, "altered": 1})
        self.assert_names(self.finding(result, "altered"), 5)
        quick = self.damaged("--depth", "quick")
        self.assertEqual(self.counts(quick), {"present": 2 * COUNT - 1, "size_differs": 1})
        self.assert_names(self.finding(quick, "size_differs"), 5)
        self.assertIn("copied with %d octets, now " % len(message(5)), self.finding(quick, "size_differs")["detail"])

    def test_a_missing_message(self):
        os.unlink(self.at(7))
        for options in ((), ("--depth", "quick"), ("--against", "source")):
            with self.subTest(options):
                result = self.damaged(*options)
                there = "present" if "quick" in options else "identical"
                self.assertEqual(self.counts(result), {there: 2 * COUNT - 1, "missing": 1})
                self.assert_names(self.finding(result, "missing"), 7)
        self.assertRegex(result.out, "^1 of 24 messages|1 missing")

    def test_a_message_twice(self):
        maildir.duplicate(self.at(2))
        for options in ((), ("--against", "source")):
            with self.subTest(options):
                result = self.damaged(*options)
                self.assertEqual(self.counts(result), {"identical": 2 * COUNT, "duplicated": 1})
                found = self.finding(result, "duplicated")
                self.assert_names(found, 2, uid=False)
                self.assertEqual((found["uid"], found["target_uid"]), (0, COUNT + 1))
                self.assertEqual(found["detail"], "the same content as UID 3")

    def test_another_date(self):
        os.utime(self.at(4), (1, 1420070400))
        maildir.forget_caches(self.root)
        result = self.damaged()
        self.assertEqual(self.counts(result), {"identical": 2 * COUNT, "dates_differ": 1})
        self.assert_names(self.finding(result, "dates_differ"), 4)
        self.assertIn("01-Jan-2015 00:00:00", self.finding(result, "dates_differ")["detail"])

    def test_other_flags(self):
        connection = self.login(self.target)
        connection.select("INBOX")
        imaputil.check(connection.uid("STORE", "6", "+FLAGS", "(\\Flagged work)"))
        imaputil.check(connection.uid("STORE", "7", "-FLAGS", "(\\Seen)"))
        result = self.damaged()
        self.assertEqual(self.counts(result), {"identical": 2 * COUNT, "flags_differ": 2})
        details = {f["target_uid"]: f["detail"] for f in result.json["accounts"][0]["findings"]}
        self.assertEqual(details, {6: "copied with (\\Seen), now (\\Flagged \\Seen work)",
                                   7: "copied with (\\Seen), now ()"})
        self.assertEqual(self.findings(result), [("flags_differ", "INBOX", "number 5"),
                                                 ("flags_differ", "INBOX", "number 6")])

    def test_a_header_field_more(self):
        """One that servers are known to add is a note, any other one is damage."""
        maildir.rewrite(self.at(8), lambda octets: b"X-UID: 77\n" + octets)
        maildir.rewrite(self.at(9), lambda octets: b"X-Evil: yes\n" + octets)
        result = self.damaged()
        self.assertEqual(self.counts(result), {"identical": 2 * COUNT - 2, "stored_differently": 1, "altered": 1})
        self.assert_names(self.finding(result, "altered"), 9)
        found = self.finding(result, "stored_differently")
        self.assert_names(found, 8)
        self.assertEqual((found["rules"], found["rules_certain"]), (["server-header"], True))
        os.unlink(self.at(9))
        again = self.damaged()
        self.assertEqual(self.counts(again), {"identical": 2 * COUNT - 2, "stored_differently": 1, "missing": 1})

    def test_rewritten_header_and_end(self):
        maildir.rewrite(self.at(1), lambda octets: octets.replace(b"Subject: number", b"Subject:\n number"))
        maildir.rewrite(self.at(2), lambda octets: octets + b"\n\n")
        result = self.verify()
        self.assertEqual(self.counts(result), {"identical": 2 * COUNT - 2, "stored_differently": 2})
        rules = {f["subject"]: (f["rules"], f["rules_certain"]) for f in result.json["accounts"][0]["findings"]}
        self.assertEqual(rules["number 2"], (["final-line"], True))
        self.assertIn("header-blanks", rules["number 1"][0])  # a digest does not tell how lines were folded
        self.assertFalse(rules["number 1"][1])
        both = self.verify("--against", "source")
        rules = {f["subject"]: (f["rules"], f["rules_certain"]) for f in both.json["accounts"][0]["findings"]}
        self.assertEqual(rules, {"number 1": (["header-blanks"], True), "number 2": (["final-line"], True)})
        self.assertIn("stored differently", result.out)

    def test_a_renamed_folder(self):
        imaputil.check(self.login(self.target).rename("Work", "Play"))
        result = self.damaged()
        self.assertEqual(self.counts(result), {"identical": COUNT, "wrong_place": COUNT, "folder_missing": 1})
        places = {f["subject"]: f["detail"] for f in result.json["accounts"][0]["findings"]
                  if f["kind"] == "wrong_place"}
        self.assertEqual(places, {"number %d" % n: "it is in 'Play' (UID %d)" % (n - 99)
                                  for n in range(100, 100 + COUNT)})
        quick = self.damaged("--depth", "quick")
        self.assertEqual(self.counts(quick), {"present": COUNT, "missing": COUNT, "folder_missing": 1})

    def test_a_message_in_another_folder(self):
        connection = self.login(self.target)
        connection.select("INBOX")
        imaputil.check(connection.uid("MOVE", "11", "Work"))
        result = self.damaged()
        self.assertEqual(self.counts(result), {"identical": 2 * COUNT - 1, "wrong_place": 1})
        found = self.finding(result, "wrong_place")
        self.assert_names(found, 10)
        self.assertEqual(found["detail"], "it is in 'Work' (UID %d)" % (COUNT + 1))

    def test_new_mail_after_the_copy(self):
        imaputil.append(self.login(self.target), "INBOX", [(message(500), (), WHEN), (message(501), (), None)])
        result = self.verify()
        self.assertEqual(self.counts(result), {"identical": 2 * COUNT, "extra": 2, "arrived": 2})
        self.assertEqual(self.findings(result, "subject", "after_copy"),
                         [("extra", "number 500", True), ("extra", "number 501", True)])
        self.assertIn("arrived after the copy", result.out)

    def test_mail_that_was_there_before(self):
        self.user = next(self.next_user)
        self.state = self.path("another-state")
        imaputil.append(self.login(self.target), "INBOX", [(message(600), (), WHEN)])
        imaputil.append(self.login(self.source), "INBOX", [(message(n), (), WHEN) for n in range(5)])
        self.copy(*self.accounts())
        result = self.verify()
        self.assertEqual(self.counts(result), {"identical": 5, "extra": 1})
        self.assertEqual(self.findings(result, "subject", "after_copy"), [("extra", "number 600", False)])

    def test_two_uids_confused(self):
        """The target's UIDs mean nothing any more: content finds its message all the same."""
        for directory, _, names in os.walk(self.root):
            for name in names:
                if name == "dovecot-uidlist":
                    os.unlink(os.path.join(directory, name))
        maildir.forget_caches(self.root)
        self.assertEqual(self.counts(self.verify()), {"identical": 2 * COUNT})

    def test_everything_at_once(self):
        maildir.rewrite(self.at(3), lambda octets: octets.replace(b"second", b"sec0nd"))
        os.unlink(self.at(7))
        maildir.duplicate(self.at(2))
        maildir.rewrite(self.at(8), lambda octets: b"X-UID: 77\n" + octets)
        imaputil.append(self.login(self.target), "Work", [(message(500), (), WHEN)])
        result = self.damaged()
        self.assertEqual(self.findings(result), [
            ("altered", "INBOX", "number 3"), ("duplicated", "INBOX", "number 2"), ("extra", "Work", "number 500"),
            ("missing", "INBOX", "number 7"), ("stored_differently", "INBOX", "number 8")])
        self.assertEqual(self.counts(result), {"identical": 2 * COUNT - 3, "altered": 1, "duplicated": 1, "extra": 1,
                                               "arrived": 1, "missing": 1, "stored_differently": 1})
        self.assertEqual(self.findings(self.damaged("--connections", "8")), self.findings(result))


class LeftOut(VerifyCase):
    """What the copy was told to leave out is no loss."""

    def test_dates_and_sizes(self):
        late = WHEN.replace(year=2020)
        imaputil.append(self.login(self.source), "INBOX",
                        [(message(1), (), WHEN), (message(2), (), late), (message(3, b"x" * 5000 + b"\r\n"), (), late),
                         (message(4), (), late.replace(year=2022))])
        chosen = ("--since", "2019-01-01", "--before", "2021-01-01", "--max-size", "2K")
        self.copy(*self.accounts(), *chosen, expect=None)
        self.assertEqual(self.counts(self.verify("--against", "source", *chosen)), {"identical": 1})
        result = self.damaged("--against", "source")
        self.assertEqual(self.findings(result), [("missing", "INBOX", "number %d" % n) for n in (1, 3, 4)])


class TwoIntoOne(VerifyCase):
    """Two folders of the source that became one on the target."""

    def test_each_keeps_its_own(self):
        source = self.login(self.source)
        for name in ("A", "B"):
            imaputil.check(source.create(name))
        imaputil.append(source, "A", [(message(n), (), WHEN) for n in range(5)])
        imaputil.append(source, "B", [(message(n), (), WHEN) for n in range(10, 14)])
        maps = ("--map", "A=Both", "--map", "B=Both")
        self.copy(*self.accounts(), *maps)
        for options in ((), ("--against", "source") + maps, ("--against", "source")):  # the state knows where they went
            result = self.verify(*options)
            self.assertEqual(self.counts(result), {"identical": 9})
            self.assertEqual((result.totals["messages"], result.totals["found"], result.totals["read"]), (9, 9, 9))
            folders = [f for f in result.json["accounts"][0]["folders"] if f["messages"]]
            self.assertEqual({f["source"]: f["identical"] for f in folders},
                             {"A": 5, "B": 4})
        os.unlink(maildir.find(self.target.mail(self.user), number(11)))
        result = self.damaged()
        self.assertEqual(self.findings(result), [("missing", "B", "number 11")])


if __name__ == "__main__":
    unittest.main()
