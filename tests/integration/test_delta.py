"""What changed since the last run, and only that: flags, deletions, moves, renames, new folders; limits; adoption."""

import json
import os
import signal
import time
import unittest

import imaputil
import mailgen
import oracle
from harness import DONE, INTERRUPTED, PARTIAL, SEED, Account, Pair
from relay import UP, Relay

FOLDERS = (("INBOX",), ("Sent",), ("Work",), ("Work", "2020"), ("Old",))


class Delta(Pair):
    source_options = {"layout": "fs"}
    target_options = {"layout": "fs"}
    users = ["u%d" % number for number in range(1, 60)]

    def begin(self, count=40, several=None):
        self.mail = several or mailgen.generate(SEED + count, count, FOLDERS, rare=("no_headers", "bare_cr"))
        self.there = self.fill(self.mail)
        self.copy(*self.accounts())
        return self.there

    def again(self, *extra, **options):
        return self.copy(*self.accounts(), *extra, **options)

    def same(self, result=None, **compare):
        self.assert_same(self.login(self.source), self.login(self.target), result, **compare)

    def nothing_left(self, *extra):
        result = self.again(*extra)
        done = {name: result.totals[name] for name in ("copied", "adopted", "moved", "deleted", "flags_changed")}
        self.assertEqual(set(done.values()), {0}, str(result))
        return result

    @staticmethod
    def uids(connection, name="INBOX", readonly=False):
        imaputil.check(connection.select(imaputil.mailbox(name), readonly=readonly))
        return imaputil.check(connection.uid("SEARCH", "ALL"))[0].decode().split()

    @staticmethod
    def store(connection, uid, how, flags):
        imaputil.check(connection.uid("STORE", uid, how, "(%s)" % flags))

    def expunge(self, connection, name, chosen):
        self.uids(connection, name)
        self.store(connection, ",".join(chosen), "+FLAGS.SILENT", "\\Deleted")
        imaputil.check(connection.uid("EXPUNGE", ",".join(chosen)))

    def target_flags(self, octets, name="INBOX"):
        """Flags on the target of the one message with that content."""
        found = [entry.flags for entry in oracle.read_folder(self.login(self.target), name.encode())
                 if entry.digest == oracle.hashlib.sha256(octets).hexdigest()]
        self.assertEqual(len(found), 1)
        return set(found[0])

    def target_uid(self, octets, name="INBOX"):
        return str([entry.uid for entry in oracle.read_folder(self.login(self.target), name.encode())
                    if entry.digest == oracle.hashlib.sha256(octets).hexdigest()][0])

    def distinct(self, count, flags=()):
        maker = mailgen.Generator(SEED + count)
        return [mailgen.Message(("INBOX",), maker.plain(), flags, maker.when(), "plain") for _ in range(count)]


class Flags(Delta):
    def change_both(self, *extra):
        """The first message changes on the source, the second on the target, the third on both."""
        several = self.distinct(6, ("\\Seen", "kept"))
        there = self.begin(several=several)
        here = self.login(self.target)
        self.uids(there)
        self.uids(here)
        first, second, third = (m.octets for m in several[:3])
        self.store(there, "1", "+FLAGS", "\\Flagged new")
        self.store(there, "1", "-FLAGS", "\\Seen")
        self.store(here, self.target_uid(second), "+FLAGS", "\\Answered theirs")
        self.store(here, self.target_uid(second), "-FLAGS", "kept")
        self.store(there, "3", "+FLAGS", "\\Flagged")
        self.store(there, "3", "-FLAGS", "kept")
        self.store(here, self.target_uid(third), "+FLAGS", "theirs")
        self.store(here, self.target_uid(third), "-FLAGS", "\\Seen")
        result = self.again(*extra)
        self.assertEqual(result.totals["copied"], 0)
        return [self.target_flags(octets) for octets in (first, second, third)], result

    def test_merge(self):
        flags, result = self.change_both()
        self.assertEqual(flags, [{"\\Flagged", "new", "kept"}, {"\\Seen", "\\Answered", "theirs"},
                                 {"\\Flagged", "theirs"}], str(result))
        self.assertEqual(result.totals["flags_changed"], 2)
        self.nothing_left()

    def test_source(self):
        flags, result = self.change_both("--flags", "source")
        self.assertEqual(flags[0], {"\\Flagged", "new", "kept"}, str(result))
        self.assertEqual(flags[2], {"\\Seen", "\\Flagged"}, str(result))

    def test_keep(self):
        flags, result = self.change_both("--flags", "keep")
        self.assertEqual(flags, [{"\\Seen", "kept"}, {"\\Seen", "\\Answered", "theirs"}, {"kept", "theirs"}],
                         str(result))
        self.assertEqual(result.totals["flags_changed"], 0)

    def test_without_condstore(self):
        several = self.distinct(30)
        there = self.begin(several=several)
        self.uids(there)
        self.store(there, "5:9", "+FLAGS", "\\Flagged")
        with Relay("127.0.0.1", self.source.port, hide=("CONDSTORE", "QRESYNC")) as source:
            accounts = (Account.on(self.source, self.user, "plain", port=source.port),
                        Account.on(self.target, self.user, "plain"))
            state = os.path.join(self.dir, "without")
            result = self.copy(*accounts, state=state)  # adopts, and merges what differs
            self.assertEqual((result.totals["copied"], result.totals["adopted"]), (0, 30), str(result))
            self.same(result)
            self.store(there, "20:22", "+FLAGS", "\\Answered")
            result = self.copy(*accounts, state=state)
            self.assertEqual((result.totals["copied"], result.totals["flags_changed"]), (0, 3), str(result))
        self.same(result)

    def test_flag_and_move_at_once(self):
        """A message that is marked and moved between two runs is moved, and marked, on the target."""
        several = self.distinct(10)
        there = self.begin(several=several)
        imaputil.check(there.create("Work"))
        self.uids(there)
        self.store(there, "2:4", "+FLAGS", "\\Flagged work")
        imaputil.check(there.uid("MOVE", "2:4", "Work"))
        result = self.again()
        self.assertEqual((result.totals["copied"], result.totals["moved"]), (0, 3), str(result))
        self.same(result)
        self.nothing_left()


class Deletions(Delta):
    def delete_some(self, *extra, **options):
        there = self.begin(several=self.distinct(30))
        self.expunge(there, "INBOX", ["3", "4", "17"])
        return self.again(*extra, **options)

    def count(self):
        return len(self.uids(self.login(self.target), readonly=True))

    def test_keep(self):
        result = self.delete_some()
        self.assertEqual((result.totals["deleted"], self.count()), (0, 30), str(result))
        self.nothing_left()

    def test_flag(self):
        result = self.delete_some("--deletions", "flag")
        self.assertEqual((result.totals["deleted"], self.count()), (3, 30), str(result))
        self.assertEqual(len(imaputil.check(self.search_deleted())[0].split()), 3)
        self.nothing_left("--deletions", "flag")

    def search_deleted(self):
        connection = self.login(self.target)
        imaputil.check(connection.select("INBOX", readonly=True))
        return connection.uid("SEARCH", "DELETED")

    def test_expunge(self):
        """Exactly these, also when others are marked as deleted on the target."""
        there = self.begin(several=self.distinct(30))
        here = self.login(self.target)
        self.uids(here)
        self.store(here, "10:12", "+FLAGS", "\\Deleted")
        self.expunge(there, "INBOX", ["3", "4", "17"])
        result = self.again("--deletions", "expunge")
        self.assertEqual((result.totals["deleted"], self.count()), (3, 27), str(result))
        self.assertEqual(len(imaputil.check(self.search_deleted())[0].split()), 3)

    def test_mail_of_others_stays(self):
        """Adopted and foreign messages were there before us: no deletion touches them."""
        several = self.distinct(12)
        there = self.fill(several)
        here = self.login(self.target)
        imaputil.append(here, "INBOX", [(m.octets, (), m.when) for m in several[:6]])
        imaputil.append(here, "INBOX", [(b"Subject: theirs\r\n\r\nx\r\n", (), None)])
        result = self.again()
        self.assertEqual((result.totals["copied"], result.totals["adopted"]), (6, 6), str(result))
        self.expunge(there, "INBOX", ["1", "2", "10"])
        result = self.again("--deletions", "expunge")
        self.assertEqual((result.totals["deleted"], self.count()), (1, 12), str(result))

    def test_most_of_a_folder_gone(self):
        there = self.begin(several=self.distinct(60))
        chosen = self.uids(there)[:50]
        self.expunge(there, "INBOX", chosen)
        result = self.again("--deletions", "expunge", expect=None)
        self.assertIn(result.status, (PARTIAL, 2), str(result))
        self.assertEqual((result.totals["deleted"], self.count()), (0, 60))
        self.assertRegex(result.problems[0]["text"], r"INBOX.*50 of 60.*--force")
        self.assertEqual(self.again("--deletions", "expunge", expect=None).totals["deleted"], 0)
        result = self.again("--deletions", "expunge", "--force")
        self.assertEqual((result.totals["deleted"], self.count()), (50, 10), str(result))
        self.same(result)


class Moves(Delta):
    def through_relays(self, hide=()):
        source = Relay("127.0.0.1", self.source.port)
        target = Relay("127.0.0.1", self.target.port, hide=hide, record=True)
        for relay in (source, target):
            self.addCleanup(relay.stop)
        return (Account.on(self.source, self.user, "plain", port=source.port),
                Account.on(self.target, self.user, "plain", port=target.port)), target

    def move(self, hide=()):
        several = self.distinct(20)
        there = self.fill(several)
        imaputil.check(there.create("Archive"))
        accounts, relay = self.through_relays(hide)
        self.copy(*accounts)
        sent = relay.bytes[UP]
        self.uids(there)
        imaputil.check(there.uid("MOVE", "3:9", "Archive"))
        result = self.copy(*accounts)
        self.assertEqual((result.totals["copied"], result.totals["moved"]), (0, 7), str(result))
        self.assertLess(relay.bytes[UP] - sent, sum(len(m.octets) for m in several[2:9]) / 2)
        self.assertFalse([line for line in relay.lines_up(-1) if b" APPEND " in line])
        self.same(result)
        again = self.copy(*accounts)
        self.assertEqual((again.totals["copied"], again.totals["moved"], again.totals["already"]), (0, 0, 20))

    def test_move(self):
        self.move()

    def test_without_move(self):
        self.move(("MOVE",))

    def test_copy_on_the_source_is_a_copy(self):
        """A message that is in two folders now is sent, not moved away."""
        several = self.distinct(10)
        there = self.begin(several=several)
        imaputil.check(there.create("Archive"))
        self.uids(there)
        imaputil.check(there.uid("COPY", "1:4", "Archive"))
        result = self.again()
        self.assertEqual((result.totals["copied"], result.totals["moved"]), (4, 0), str(result))
        self.same(result)


class Renames(Delta):
    def rename(self, old, new, count=0, **compare):
        there = self.begin(60)
        imaputil.check(there.rename(imaputil.mailbox(old), imaputil.mailbox(new)))
        imaputil.check(there.subscribe(imaputil.mailbox(new)))
        result = self.again()
        self.assertEqual((result.totals["copied"], result.totals["adopted"]), (0, 0), str(result))
        self.same(result, subscriptions=False, **compare)
        self.nothing_left()

    def test_folder(self):
        self.rename("Old", "Really old")

    def test_folder_with_children(self):
        self.rename("Work", "Labour")

    def test_child_to_another_parent(self):
        self.rename("Work/2020", "Sent/2020")

    def renames(self, *pairs):
        """Several renames between two runs: nothing is copied again, and nothing is left to do."""
        there = self.begin(60)
        for old, new in pairs:
            imaputil.check(there.rename(imaputil.mailbox(old), imaputil.mailbox(new)))
        result = self.again()
        self.assertEqual((result.totals["copied"], result.totals["adopted"], result.totals["moved"]), (0, 0, 0),
                         str(result))
        self.same(result, subscriptions=False)
        self.nothing_left()

    def test_swapped_names(self):
        self.renames(("Old", "x"), ("Sent", "Old"), ("x", "Sent"))

    def test_cycle_of_names(self):
        self.renames(("Old", "x"), ("Sent", "Old"), ("Work", "Sent"), ("x", "Work"))

    def test_chain_of_names(self):
        self.renames(("Old", "Older"), ("Sent", "Old"))

    def test_new_folder(self):
        there = self.begin(30)
        several = [m._replace(folder=("New", "\u65e5\u672c\u8a9e")) for m in self.distinct(5)]
        mailgen.fill(there, several)
        result = self.again()
        self.assertEqual((result.totals["copied"], result.totals["already"]), (5, 30), str(result))
        self.same(result)
        self.nothing_left()


class Overnight(Delta):
    """Limits end a run cleanly, and the next one goes on."""

    def interrupted(self, *extra, env=None):
        result = self.again(*extra, expect=INTERRUPTED, env=env)
        self.assertEqual((result.json["status"], result.json["exit"]), ("interrupted", INTERRUPTED))
        return result

    def test_nothing_new_over_many_folders(self):
        self.begin(60)
        result = self.nothing_left()
        self.assertLessEqual(result.totals["round_trips"], 8, str(result))

    def test_daily_limit(self):
        several = self.distinct(200)
        self.fill(several)
        total = sum(len(m.octets) for m in several)
        limit = str(total // 3)
        result = self.interrupted("--daily-limit", limit)
        first = result.totals["copied"]
        self.assertTrue(0 < first < 200, str(result))
        self.assertRegex(str(result.json["accounts"][0]["error"]), r"daily-limit")
        self.assertIn(" stopped at the amount given by --daily-limit, as planned.", result.out)
        self.assertRegex(result.out, r"Left to copy: \d+ messages, about .*; at this pace \d+ more runs? like this one")
        first += self.interrupted("--daily-limit", limit).totals["copied"]  # one that still fits, if any
        arrived = sum(entry.size for entry in oracle.read_folder(self.login(self.target), b"INBOX"))
        self.assertTrue(total // 4 < arrived <= total // 3, arrived)
        result = self.again("--daily-limit", str(10 * total))
        self.assertEqual((result.totals["copied"], result.totals["already"]), (200 - first, first), str(result))
        self.same(result)

    def test_daily_limit_counts_a_run_that_was_killed(self):
        several = self.distinct(200)
        self.fill(several)
        self.again(expect=-9, env={"MIG_CRASH_AT": "append-answered:3"})
        arrived = sum(entry.size for entry in oracle.read_folder(self.login(self.target), b"INBOX"))
        self.assertGreater(arrived, 0)
        result = self.interrupted("--daily-limit", str(arrived))
        self.assertEqual(result.totals["copied"], 0, str(result))
        result = self.again("--daily-limit", "1G")
        self.assertEqual(result.totals["copied"] + result.totals["already"], 200, str(result))
        self.same(result)

    def test_max_rate(self):
        several = self.distinct(300)
        self.fill(several)
        total = sum(len(m.octets) for m in several)
        started = time.monotonic()
        result = self.again("--max-rate", str(total // 6))
        seconds = time.monotonic() - started
        self.assertGreater(seconds, 5)  # of six: a tenth of a second's worth may pass at once
        self.assertLess(seconds, 25)
        self.same(result)

    def test_max_rate_bounds_what_is_read(self):
        """No more is fetched than can be sent, so that a run which is stopped has read little in vain."""
        several = self.distinct(300)
        self.fill(several)
        rate = sum(len(m.octets) for m in several) // 12
        started = time.monotonic()
        process = self.start(self.command(*self.accounts(), "--max-rate", str(rate)))
        time.sleep(3)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        seconds = time.monotonic() - started
        self.assertEqual(process.returncode, INTERRUPTED)
        with open(os.path.join(self.dir, "result.json"), encoding="utf-8") as file:
            read = json.load(file)["totals"]["bytes_in"]
        self.assertLess(read, rate * (seconds + 1) + 100000)  # FETCH responses have more than messages
        self.same(self.again())


class Adoption(Delta):
    """Another tool was there before."""

    def earlier_copy(self, mail, change=lambda octets: octets, flags=True, dates=True):
        here = self.login(self.target)
        for folder in sorted({m.folder for m in mail}):
            if folder != ("INBOX",):
                imaputil.check(here.create(imaputil.mailbox(mailgen.folder_name(folder))))
            for message in mail:
                if message.folder == folder:
                    imaputil.append(here, mailgen.folder_name(folder), [(
                        change(message.octets), message.flags if flags else (), message.when if dates else None)])

    def test_like_imapsync(self):
        """The same messages with their dates, some missing, some flags since changed."""
        several = mailgen.generate(SEED + 90, 80, FOLDERS, rare=("no_headers", "no_message_id", "same_message_id"))
        several += several[10:15]  # the same message several times
        self.fill(several)
        self.earlier_copy([m for number, m in enumerate(several) if number % 4 or number > 79], flags=False)
        missing = len([number for number in range(80) if number % 4 == 0])
        result = self.again()
        self.assertEqual((result.totals["copied"], result.totals["adopted"]), (missing, 85 - missing), str(result))
        self.same(result, subscriptions=False)
        self.nothing_left()

    def test_other_dates(self):
        """A tool that did not keep INTERNALDATE: matched by content, named by nothing else than the date."""
        several = self.distinct(20)
        self.fill(several)
        self.earlier_copy(several, dates=False)
        result = self.again()
        self.assertEqual((result.totals["copied"], result.totals["adopted"]), (0, 20), str(result))

    def test_rewritten(self):
        """A tool or server that added a header in front."""
        several = self.distinct(20)
        self.fill(several)
        self.earlier_copy(several, lambda octets: b"X-UID: 17\r\n" + octets)
        result = self.again(expect=None)
        self.assertEqual(result.status, DONE, str(result))
        self.assertEqual(result.totals["copied"] + result.totals["adopted"], 20)
        self.nothing_left()

    def test_near_misses_are_not_adopted(self):
        """Same size, same date, one octet of the header differs. (One of the body alone is left to verify.)"""
        several = self.distinct(8)
        self.fill(several)
        self.earlier_copy(several, lambda octets: octets.replace(b"\r\nSubject: ", b"\r\nSubject:?", 1))
        result = self.again()
        for message in several:
            self.target_flags(message.octets)
        self.assertEqual((result.totals["copied"], result.totals["adopted"]), (8, 0), str(result))

    def test_adoption_is_cheap(self):
        """Nearly nothing but sizes, dates and headers is read to recognise it; its content once, on the source."""
        maker = mailgen.Generator(SEED)
        several = [mailgen.Message(("INBOX",), maker.attachment(40000), (), maker.when(), "") for _ in range(40)]
        self.fill(several)
        self.earlier_copy(several)
        octets = sum(len(m.octets) for m in several)
        result = self.again("--no-adopt-read")
        self.assertEqual((result.totals["copied"], result.totals["adopted"]), (0, 40), str(result))
        self.assertLess(result.totals["bytes_in"], octets / 4)
        result = self.again("--adopt-read")
        self.assertEqual(result.totals["adopted_read"], 40, str(result))
        self.assertLess(result.totals["bytes_in"], octets * 5 / 4)


if __name__ == "__main__":
    unittest.main()
