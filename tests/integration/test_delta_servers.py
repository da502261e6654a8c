"""What a second run asks and believes: QRESYNC, moves by EMAILID, flags of large folders, odd and slow servers."""

import contextlib
import os
import sqlite3
import unittest

import mailgen
import providers
from harness import DONE, PARTIAL, SEED, Account, ToolCase
from memserver import EVERYTHING, MemServer

RESYNC = EVERYTHING + ("QRESYNC",)


class Case(ToolCase):
    def server(self, make, *args, **options):
        server = make(*args, **options)
        self.addCleanup(server.stop)
        return server

    def fill(self, box, count):
        maker = mailgen.Generator(SEED + len(box.name) + count)
        for _ in range(count):
            box.add(maker.plain(), ("\\Seen",))

    def begin(self, source, target=None):
        self.source, self.target = source, target or self.server(MemServer)
        self.accounts = [Account.on(server, "u1", "plain") for server in (self.source, self.target)]
        result = self.copy(*self.accounts)
        self.same()
        return result

    def again(self, *extra, **options):
        """One more run; `asked` holds what it sent to the source, without tags, `told` what to the target."""
        before = [len(server.connections) for server in (self.source, self.target)]
        result = self.copy(*self.accounts, *extra, **options)
        self.asked, self.told = ([line.partition(b" ")[2].decode("utf-8", "replace")
                                  for connection in server.connections[first:] for line in connection.received]
                                 for server, first in zip((self.source, self.target), before))
        return result

    def holdings(self, server):
        return {name: sorted((hash(m.octets), *sorted(m.flags)) for m in box.messages)
                for name, box in server.mailboxes.items() if box.messages}

    def same(self, result=None):
        self.assertEqual(self.holdings(self.source), self.holdings(self.target), str(result))

    def nothing_left(self, *extra):
        result = self.again(*extra)
        done = {name: result.totals[name] for name in ("copied", "adopted", "moved", "deleted", "flags_changed")}
        self.assertEqual(set(done.values()), {0}, str(result))


def asked_of(box, modseq, uidnext):
    return ["EXAMINE %s (QRESYNC (%d %d))" % (box.name.decode(), box.uidvalidity, modseq),
            "UID SEARCH RETURN (ALL) UID %d:*" % uidnext]


class Resync(Case):
    """RFC 7162: one EXAMINE tells what vanished, what is new and whose flags changed."""

    def change(self, box):
        box.flag(box.messages[0], "\\Seen", "\\Flagged")
        for message in box.messages[4:7]:
            box.remove(message)
        self.fill(box, 3)

    def fill_two(self, server):
        self.boxes = [server.find(b"INBOX"), server.add_mailbox("Work")]
        for box in self.boxes:
            self.fill(box, 20)
        return server

    def test_what_is_sent(self):
        self.begin(self.fill_two(self.server(MemServer, RESYNC)))
        expected = [line for box in self.boxes for line in asked_of(box, box.modseq, box.uidnext)]
        for box in self.boxes:
            self.change(box)
        result = self.again("--deletions", "expunge")
        self.same(result)
        done = {name: result.totals[name] for name in ("copied", "already", "deleted", "flags_changed")}
        self.assertEqual(done, {"copied": 6, "already": 34, "deleted": 6, "flags_changed": 2}, str(result))
        first = self.asked.index("ENABLE QRESYNC")
        self.assertEqual(self.asked[first + 1:first + 5], expected)
        self.assertEqual([line for line in self.asked if line.endswith(" ALL") or "CHANGEDSINCE" in line], [])
        self.nothing_left("--deletions", "expunge")
        self.assertEqual([line for line in self.asked if "EXAMINE" in line or "ENABLE" in line], [])

    def test_flags_are_kept(self):
        self.begin(self.fill_two(self.server(MemServer, RESYNC)))
        for box in self.boxes:
            self.change(box)
        result = self.again("--flags", "keep")
        self.assertEqual((result.totals["copied"], result.totals["flags_changed"]), (6, 0), str(result))
        self.assertEqual(self.target.find(b"Work").messages[0].flags, {"\\Seen"})

    def test_most_of_a_folder_gone(self):
        """Nothing is deleted without a question, however the server tells what is gone."""
        source = self.server(MemServer, RESYNC)
        self.fill(source.find(b"INBOX"), 60)
        self.begin(source)
        for message in source.find(b"INBOX").messages[5:55]:
            source.find(b"INBOX").remove(message)
        result = self.again("--deletions", "expunge", expect=PARTIAL)
        self.assertRegex(result.problems[0]["text"], "50 of 60.*--force")
        self.assertEqual(len(self.target.find(b"INBOX").messages), 60)
        self.again("--deletions", "expunge", "--force")
        self.same()

    def odd(self, cls, falls_back=True):
        """A server whose answer is not to be believed: all is found out by a search instead."""
        self.begin(self.fill_two(self.server(cls, RESYNC)))
        for box in self.boxes:
            self.change(box)
        result = self.again("--deletions", "expunge")
        self.same(result)
        self.assertEqual((result.totals["copied"], result.totals["deleted"]), (6, 6), str(result))
        self.assertEqual(any(line.endswith(" ALL") for line in self.asked), falls_back, self.asked)
        self.nothing_left("--deletions", "expunge")

    def test_refused(self):
        class Refusing(MemServer):
            def do_enable(self, connection, arguments):
                return "BAD what is that"

        self.odd(Refusing)

    def test_vanished_is_left_out(self):
        class Silent(MemServer):
            def _send_changes(self, connection, box, since):
                kept, box.expunged = box.expunged, []
                super()._send_changes(connection, box, since)
                box.expunged = kept

        self.odd(Silent)

    def test_all_has_vanished(self):
        class Wild(MemServer):
            def _send_changes(self, connection, box, since):
                connection.send("* VANISHED (EARLIER) 1:%d" % (box.uidnext - 1))

        self.odd(Wild)

    def test_no_answer_at_all(self):
        class Deaf(MemServer):
            def _send_changes(self, connection, box, since):
                pass

        self.odd(Deaf)

    def test_senseless_sets(self):
        class Senseless(MemServer):
            def _send_changes(self, connection, box, since):
                connection.send("* VANISHED (EARLIER) 4:*", "* VANISHED (EARLIER) 0", "* VANISHED (EARLIER)",
                                "* VANISHED (EARLIER) 5,,6", "* VANISHED (EARLIER) 99999999999")
                super()._send_changes(connection, box, since)

        self.odd(Senseless, falls_back=False)

    def test_news_of_the_mailbox_before(self):
        """Said before [CLOSED], it is about the other mailbox; without [CLOSED] nobody knows."""

        class Mixing(MemServer):
            closes = True

            def _open(self, connection, arguments, mode):
                other = connection.box and connection.box is not self.find(arguments[0])
                if other and connection.qresync:
                    connection.send("* 8 FETCH (UID 8 FLAGS (\\Deleted old) MODSEQ (99))", "* VANISHED 9:12")
                    connection.box = connection.box if self.closes else None
                return super()._open(connection, arguments, mode)

        class Unclosed(Mixing):
            closes = False

        for cls in (Mixing, Unclosed):
            with self.subTest(cls.__name__):
                self.state = os.path.join(self.dir, cls.__name__)
                self.odd(cls, falls_back=not cls.closes)


class Moves(Case):
    """A message with an EMAILID that is recorded has moved: nothing of it is read (RFC 8474)."""

    def move(self, box, other, count, *flags, date=None):
        for message in box.messages[:count]:
            box.remove(message)
            other.add(message.octets, flags or message.flags, date or message.date, message.email_id)

    def begin_with(self, capabilities, target=None):
        source = self.server(MemServer, capabilities)
        self.inbox, self.work = source.find(b"INBOX"), source.add_mailbox("Work")
        self.fill(self.inbox, 20)
        self.begin(source, target)

    def bodies(self):
        return [line for line in self.asked if "BODY.PEEK[]" in line]

    def test_by_id(self):
        for capabilities in (EVERYTHING + ("OBJECTID",), RESYNC + ("OBJECTID",)):
            for lacking in ((), ("MOVE",)):
                with self.subTest(resync="QRESYNC" in capabilities, lacking=lacking):
                    self.state = os.path.join(self.dir, "%d-%d" % (len(capabilities), len(lacking)))
                    self.begin_with(capabilities, self.server(MemServer, [c for c in EVERYTHING if c not in lacking]))
                    self.move(self.inbox, self.work, 5, "\\Flagged")
                    result = self.again()
                    self.assertEqual((result.totals["moved"], result.totals["copied"]), (5, 0), str(result))
                    self.assertEqual(self.bodies(), [])
                    opened = [line for line in self.told if line.startswith("SELECT INBOX")]
                    self.assertEqual(len(opened), 2, "once to be prepared, once for all moves")
                    self.same(result)
                    self.nothing_left()
                    self.move(self.work, self.inbox, 5)  # and back: the id is still known
                    result = self.again()
                    self.assertEqual((result.totals["moved"], self.bodies()), (5, []), str(result))
                    self.same(result)

    def test_another_date(self):
        """Not what is recorded: it is read, and found to be the same."""
        self.begin_with(EVERYTHING + ("OBJECTID",))
        self.move(self.inbox, self.work, 2, date=b"02-Feb-2022 00:00:00 +0000")
        result = self.again()
        self.assertEqual((result.totals["moved"], len(self.bodies())), (2, 1), str(result))
        self.same(result)

    def test_new_mail_beside(self):
        self.begin_with(EVERYTHING + ("OBJECTID",))
        self.move(self.inbox, self.work, 3)
        self.fill(self.work, 4)
        result = self.again()
        self.assertEqual((result.totals["moved"], result.totals["copied"]), (3, 4), str(result))
        self.same(result)

    def test_killed(self):
        for point in ("moved:1", "moved:3", "outcome-queued:2"):
            with self.subTest(point):
                self.state = os.path.join(self.dir, point.replace(":", "-"))
                self.begin_with(EVERYTHING + ("OBJECTID",))
                self.move(self.inbox, self.work, 5, "\\Flagged")
                self.again(expect=-9, env={"MIG_CRASH_AT": point})
                result = self.again("--deletions", "expunge")
                self.assertEqual(result.totals["copied"], 0, str(result))
                self.same(result)
                self.nothing_left("--deletions", "expunge")

    def test_gmail(self):
        """Under another label: X-GM-MSGID says that it is the same message."""
        source = self.server(providers.Gmail)
        inbox, work = source.find(b"INBOX"), source.add_mailbox("Work")
        maker = mailgen.Generator(SEED)
        for _ in range(12):
            source.label(maker.plain(), [inbox])
        self.source, self.target = source, self.server(MemServer)
        self.accounts = [Account.on(server, "u1", "plain") for server in (self.source, self.target)]
        self.again()
        chosen = inbox.messages[:4]
        for message in chosen:
            inbox.remove(message)
            source.label(message.octets, [work])
        result = self.again()
        self.assertEqual((result.totals["moved"], result.totals["copied"], self.bodies()), (4, 0, []), str(result))
        self.assertEqual(sorted(m.octets for m in self.target.find(b"Work").messages),
                         sorted(m.octets for m in chosen))
        self.assertEqual(len(self.target.find(b"INBOX").messages), 8)


class Record(Case):
    def uidnext(self):
        with contextlib.closing(sqlite3.connect(self.state)) as state:
            return dict(state.execute("SELECT source, target_uidnext FROM folder"))

    def test_uidnext_of_the_target(self):
        """As of the end of a complete run, however the UIDs became known."""
        for lacking in ((), ("UIDPLUS",), ("UIDPLUS", "MULTIAPPEND")):
            with self.subTest(lacking):
                self.state = os.path.join(self.dir, "state%d" % len(lacking))
                source = self.server(MemServer)
                self.fill(source.find(b"INBOX"), 30)
                self.fill(source.add_mailbox("Work"), 3)
                source.add_mailbox("Empty")
                self.begin(source, self.server(MemServer, [c for c in EVERYTHING if c not in lacking]))
                self.assertEqual(self.uidnext(), {"INBOX": 31, "Work": 4, "Empty": 1})
                self.fill(source.find(b"Work"), 2)
                self.again()
                self.assertEqual(self.uidnext(), {"INBOX": 31, "Work": 6, "Empty": 1})


class Renames(Case):
    """Folders that swapped their names on the source swap them on the target; nothing is sent again."""

    def begin_with(self, target=None):
        source = self.server(MemServer)
        for number, name in enumerate(("Anna", "Berta", "Carla", "Anna/x", "Berta/x")):
            self.fill(source.add_mailbox(name), 5 + number)
        self.begin(source, target)

    def rename(self, mapping):
        """As a server does: what is below a mailbox goes with it."""
        boxes = self.source.mailboxes
        for name in list(boxes):
            first, _, rest = name.decode().partition("/")
            if first in mapping:
                boxes[name].name = "/".join(filter(None, (mapping[first], rest))).encode()
        self.source.mailboxes = {box.name: box for box in boxes.values()}

    def expect_renamed(self, *extra):
        result = self.again("--deletions", "expunge", *extra)
        done = {name: result.totals[name] for name in ("copied", "adopted", "moved", "deleted")}
        self.assertEqual(set(done.values()), {0}, str(result))
        self.same(result)
        self.assertEqual(set(self.source.mailboxes), set(self.target.mailboxes))
        self.nothing_left("--deletions", "expunge")

    def test_swap_and_cycle(self):
        for mapping in ({"Anna": "Berta", "Berta": "Anna"}, {"Anna": "Berta", "Berta": "Carla", "Carla": "Anna"},
                        {"Anna": "Berta", "Berta": "Dora"}):
            with self.subTest(mapping):
                self.state = os.path.join(self.dir, "state%d-%d" % (len(mapping), "Dora" in mapping.values()))
                self.begin_with()
                self.rename(mapping)
                self.expect_renamed()

    def test_killed(self):
        for number in range(1, 6):
            with self.subTest(number):
                self.state = os.path.join(self.dir, "state%d" % number)
                self.begin_with()
                self.rename({"Anna": "Berta", "Berta": "Anna"})
                self.again(expect=None, env={"MIG_CRASH_AT": "renamed:%d" % number})
                self.expect_renamed()

    def test_target_that_does_not_rename(self):
        """Then the messages are moved or sent, but nothing is lost, doubled or deleted."""

        class Fixed(MemServer):
            def do_rename(self, connection, arguments):
                return "NO [CANNOT] names are for ever"

        self.begin_with(self.server(Fixed))
        self.rename({"Anna": "Berta", "Berta": "Anna"})
        result = self.again()
        for name, box in self.source.mailboxes.items():
            there = sorted(m.octets for m in self.target.mailboxes[name].messages)
            self.assertEqual([m.octets for m in box.messages if m.octets not in there], [], str(result))
            self.assertEqual(len(there), len(set(there)))


class Killed(Case):
    """What a run that was killed had noted for its end is not lost."""

    def test_flags_of_moved_messages(self):
        """Moved into a new folder with other flags: the folder's record must not say that all its flags are known."""
        for point in ("moved:1", "moved:2", "outcome-queued:2", "flush:1"):
            with self.subTest(point):
                self.state = os.path.join(self.dir, point.replace(":", "-"))
                source = self.server(MemServer)
                inbox = source.find(b"INBOX")
                self.fill(inbox, 12)
                self.begin(source)
                new = source.add_mailbox("New")
                for message in inbox.messages[2:6]:
                    inbox.remove(message)
                    new.add(message.octets, ("\\Seen", "\\Flagged", "new"), message.date)
                self.again(expect=None, env={"MIG_CRASH_AT": point})
                result = self.again()
                self.assertEqual(result.totals["copied"], 0, str(result))
                self.again("--deletions", "expunge")
                self.same(result)

    def test_flagged_on_exchange(self):
        """Which has to be stored after the message: after a kill by the next run."""
        target = self.server(providers.Microsoft)
        source = self.server(MemServer)
        box = source.add_mailbox("New")
        self.fill(box, 40)
        for message in box.messages[::3]:
            box.flag(message, "\\Seen", "\\Flagged")
        self.source, self.target = source, target
        account = Account.on(target, scheme="plain", auth="xoauth2")
        account.password = target.token
        self.accounts = [Account.on(source, "u1", "plain"), account]
        self.again(expect=-9, env={"MIG_CRASH_AT": "outcome-queued:1"})
        result = self.again()
        self.same(result)


class Flags(Case):
    def test_news_of_the_mailbox_before(self):
        """Without QRESYNC: what comes unasked before the next EXAMINE is answered is not about the next folder."""

        class Mixing(MemServer):
            def _open(self, connection, arguments, mode):
                if connection.box and connection.box is not self.find(arguments[0]):
                    connection.send("* 8 FETCH (UID 8 FLAGS (\\Deleted old))")
                return super()._open(connection, arguments, mode)

        source = self.server(Mixing)
        for name in ("Anna", "Berta", "Carla"):
            self.fill(source.add_mailbox(name), 20)
        self.begin(source)
        for name in (b"Anna", b"Berta", b"Carla"):
            source.mailboxes[name].flag(source.mailboxes[name].messages[2], "\\Flagged")
        result = self.again()
        self.assertEqual(result.totals["flags_changed"], 3, str(result))
        self.same(result)

    def test_large_folder_of_a_server_that_answers_in_part(self):
        """MESSAGELIMIT: flags of the oldest messages are asked for as well."""
        source = self.server(providers.Yahoo, limit=25)
        box = source.add_mailbox("Large")
        self.fill(box, 90)
        self.begin(source)
        for index in (1, 30, 60, 89):
            box.flag(box.messages[index], "\\Flagged")
        result = self.again()
        self.assertEqual(result.totals["flags_changed"], 4, str(result))
        self.same(result)

    def test_messages_of_a_server_that_answers_in_part(self):
        """MESSAGELIMIT below the number of messages that a FETCH asks for."""
        source = self.server(providers.Yahoo, limit=7)
        self.fill(source.add_mailbox("Large"), 90)
        self.begin(source)

    def test_rate_limit(self):
        """"Later" to the question for flags, or to a search, is waited out."""
        for words in ("UID FETCH", "UID SEARCH", "EXAMINE"):

            class Limited(MemServer):
                refusals = 0

                def __getattribute__(self, name):
                    if name == "do_" + words.lower().replace(" ", "_") and self.refusals > 0:
                        self.refusals -= 1
                        return lambda connection, arguments: "NO [LIMIT] Rate limit hit."
                    return super().__getattribute__(name)

            with self.subTest(words):
                self.state = os.path.join(self.dir, words.replace(" ", ""))
                source = self.server(Limited)
                self.fill(source.find(b"INBOX"), 10)
                self.begin(source)
                source.find(b"INBOX").flag(source.find(b"INBOX").messages[3], "\\Flagged")
                source.refusals = 1
                result = self.again(expect=DONE)
                self.assertEqual((result.totals["flags_changed"], result.problems), (1, []), str(result))
                self.same(result)


if __name__ == "__main__":
    unittest.main()
