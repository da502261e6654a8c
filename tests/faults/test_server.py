"""What servers do in mid copy: restart, give new UIDs, lie about sizes, refuse one message, tell no UIDs."""

import concurrent.futures
import os
import re
import socket
import time
import unittest

import faults
import imaputil
import mailgen
import memserver
from faults import LEDGER, FaultCase
from harness import LONG, PARTIAL, SEED, ToolCase, seeded

faults.record(__file__)
RESTARTS = 40 if LONG else 8
ROUNDS = 40 if LONG else 6


def new_uidvalidity(server, user):
    """All mailboxes of a Maildir account get another UIDVALIDITY; their UIDs and flags stay. Returns how many."""
    changed = 0
    for directory, _, files in os.walk(server.mail(user)):
        for name in files:
            path = os.path.join(directory, name)
            if name.startswith("dovecot.index") or name == "dovecot.list.index":
                os.unlink(path)
            elif name == "dovecot-uidlist":
                with open(path, "r+b") as file:
                    text, count = re.subn(rb"\A(\d+ V)(\d+)", lambda m: m[1] + b"%d" % (int(m[2]) + 1000), file.read())
                    file.seek(0)
                    file.truncate()
                    file.write(text)
                    changed += count
    return changed


class Restart(FaultCase):
    """The server goes away in mid folder and comes back."""

    user_count = 4 + RESTARTS

    def test_restarts(self):
        mail = self.next_user()
        self.fill(mail, faults.messages(SEED + 20, 90))
        for number in range(RESTARTS):
            pick = seeded("restart", number)
            server = (self.source, self.target)[number % 2]
            round_ = self.round("M1", source_user=mail)
            with concurrent.futures.ThreadPoolExecutor(1) as pool:  # Dovecot ends with the thread that started it
                running = pool.submit(round_.run, "--max-rate", "200K", "--connections", str(pick.choice((1, 4))),
                                      "--patience", "20")
                time.sleep(pick.uniform(0.05, 0.9))
                in_time = not running.done()
                server.restart()
                result = running.result()
            if result.status not in (0, 4):
                round_.fail("exit status %s\n%s" % (result.status, result))
            LEDGER.add("M1", faults=int(in_time))
            round_.finish()
            round_.close()
        self.assertGreater(LEDGER.get("M1", "faults"), RESTARTS // 2)


class UidValidity(FaultCase):
    user_count = 60

    def check(self, change_source, change_target, *extra):
        user = self.next_user()
        several = faults.messages(SEED + 21, 60)
        self.fill(user, several)
        round_ = self.round("M2", source_user=user)
        round_.finish()
        changed = (new_uidvalidity(self.source, user) if change_source else 0) + (
            new_uidvalidity(self.target, round_.user) if change_target else 0)
        self.assertGreaterEqual(changed, 5)
        LEDGER.add("M2", faults=changed)
        result = round_.run(*extra)
        self.assertEqual((result.status, result.totals["copied"], result.totals["deleted"]), (0, 0, 0), str(result))
        round_.finish(*extra)

    def test_source(self):
        self.check(True, False, "--deletions", "expunge")

    def test_target(self):
        self.check(False, True, "--deletions", "expunge")

    def test_both(self):
        self.check(True, True, "--deletions", "expunge")

    def test_deletions_after_a_change(self):
        """What goes on the source after the target's UIDs changed is deleted under its new UID, and nothing else."""
        user = self.next_user()
        self.fill(user, faults.messages(SEED + 22, 60))
        round_ = self.round("M2", source_user=user)
        round_.finish()
        new_uidvalidity(self.target, round_.user)
        connection = self.connection(self.source, user)
        faults.select(connection, "INBOX")
        faults.expunge(connection, faults.uids(connection)[2:6])
        LEDGER.add("M2", faults=1)
        result = round_.run("--deletions", "expunge")
        self.assertEqual((result.status, result.totals["deleted"], result.totals["copied"]), (0, 4, 0), str(result))
        round_.finish("--deletions", "expunge")

    def test_after_a_kill(self):
        """Messages under way when the process died are looked for in a mailbox whose UIDs mean something else now."""
        for point in ("append-sent:2", "append-answered:1", "intent-durable:2"):
            for side in ("source", "target", "both"):
                with self.subTest(point=point, side=side):
                    user = self.next_user()
                    self.fill(user, faults.messages(SEED + 23, 50))
                    round_ = self.round("M2", source_user=user)
                    self.assertEqual(round_.run(env={"MIG_CRASH_AT": point}).status, -9)
                    time.sleep(0.3)
                    if side != "target":
                        new_uidvalidity(self.source, user)
                    if side != "source":
                        new_uidvalidity(self.target, round_.user)
                    LEDGER.add("M2", faults=1)
                    round_.finish()



class NoUidplus(FaultCase):
    """The target tells no UIDs, and messages cannot be told apart by their Message-ID, nor some by anything."""

    kinds = (("UIDPLUS",), ("UIDPLUS", "MULTIAPPEND"), ("UIDPLUS", "MULTIAPPEND", "LITERAL+"))
    user_count = 10 + 2 * ROUNDS * len(kinds)

    def setUp(self):
        self.mail = self.next_user()
        maker = mailgen.Generator(SEED)
        kinds = ("no_message_id", "same_message_id", "no_headers")
        several = [mailgen.Message(("INBOX",), getattr(maker, kinds[n % 3])(), (), maker.when(), "") for n in range(40)]
        several += several[:20] + several[:10] + several[5:15]  # in different batches, up to four times the same
        self.count = len(several)
        self.fill(self.mail, several)

    def test_copy(self):
        for target in self.targets:
            round_ = self.round("M6", target, self.mail)
            result = round_.finish()
            self.assertEqual(result.totals["copied"], self.count)

    def test_kills(self):
        """A kill leaves batches behind whose outcome nobody knows, beside equal messages that are there for certain."""
        points = ("append-sent", "append-before", "intent-durable", "append-answered", "append-half")
        for number in range(ROUNDS * len(self.kinds)):
            pick = seeded("nouidplus", number)
            round_ = self.round("M6", self.targets[number % len(self.targets)], self.mail)
            for _ in range(2):
                point = "%s:%d" % (pick.choice(points), pick.randint(1, 4))
                LEDGER.add("M6", faults=round_.run(env={"MIG_CRASH_AT": point}).status == -9)
            round_.finish()
            round_.close()

    def test_state_lost(self):
        for target in self.targets:
            round_ = self.round("M6", target, self.mail)
            round_.finish()
            os.unlink(round_.state)
            LEDGER.add("M6", faults=1)
            result = round_.run()
            self.assertEqual((result.status, result.totals["copied"]), (0, 0), str(result))
            round_.finish()


class OneUnreadable(FaultCase):
    user_count = 8

    def test_message_that_can_not_be_fetched(self):
        """Its file on the source cannot be opened: that one is listed, all else arrives; later it comes, too."""
        user = self.next_user()
        several = faults.messages(SEED + 24, 80)
        self.fill(user, several)
        connection = self.connection(self.source, user)
        faults.select(connection, "INBOX")
        uid = faults.uids(connection)[7]
        inbox = os.path.join(self.source.mail(user), "Maildir")
        with open(os.path.join(inbox, "dovecot-uidlist"), encoding="ascii") as file:
            name = re.search(r"(?m)^%d [^:]*:(.*)$" % uid, file.read())[1]
        found = [os.path.join(directory, file) for directory, _, files in os.walk(inbox) for file in files
                 if file.split(":")[0] == name.split(":")[0]]
        self.assertEqual(len(found), 1)
        os.chmod(found[0], 0)
        if os.access(found[0], os.R_OK) and self.source.uid == os.geteuid():
            self.skipTest("no file is unreadable for this user")
        round_ = self.round("M7", source_user=user)
        result = round_.run()
        LEDGER.add("M7", faults=1)
        self.assertEqual(result.status, PARTIAL, str(result))
        self.assertEqual([(p["folder"], p["uid"]) for p in result.problems], [("INBOX", uid)], str(result))
        self.assertEqual((result.totals["failed"], result.totals["copied"]), (1, len(several) - 1))
        self.assertIn("message %d" % uid, result.problems[0]["text"])
        os.chmod(found[0], 0o600)
        again = round_.run()
        self.assertEqual((again.status, again.totals["copied"]), (0, 1), str(again))
        round_.finish()


class Told(ToolCase):
    """Servers in memory, which do what no real one does for us."""

    def server(self, capabilities=memserver.EVERYTHING, cls=memserver.MemServer):
        server = cls(capabilities)
        self.addCleanup(server.stop)
        return server

    def fill(self, server, several):
        for message in several:
            name = imaputil.mutf7_encode("/".join(message.folder))
            box = server.find(name) or server.add_mailbox(name)
            box.add(message.octets, message.flags, imaputil.date_time(message.when).strip('"').encode())

    def pair(self, source, target):
        return (faults.Account.on(source, "u1", "plain"), faults.Account.on(target, "u1", "plain"))

    def contents(self, server, body=None):
        body = body or (lambda box, message: message.octets)
        return {name: sorted(body(box, message) for message in box.messages)
                for name, box in server.mailboxes.items() if box.messages}

    def test_sizes_that_lie(self):
        """A literal is longer or shorter than RFC822.SIZE: its own size counts."""

        class Liar(memserver.MemServer):
            def body_of(self, box, message):
                if message.uid % 3 == 0:
                    return message.octets + b"more than was said\r\n"
                return message.octets[:-4] if message.uid % 3 == 1 else message.octets

        for capabilities in (memserver.EVERYTHING, memserver.BASIC):
            with self.subTest(capabilities=len(capabilities)):
                self.state = os.path.join(self.dir, "state%d" % len(capabilities))
                source, target = self.server(capabilities, Liar), self.server(capabilities)
                several = mailgen.generate(SEED + 25, 40, faults.FOLDERS, rare=faults.RARE)
                self.fill(source, several)
                result = self.copy(*self.pair(source, target))
                self.assertEqual(result.totals["copied"], len(several))
                self.assertEqual(self.contents(source, source.body_of), self.contents(target))
                again = self.copy(*self.pair(source, target))
                self.assertEqual((again.totals["copied"], again.totals["adopted"]), (0, 0))
                LEDGER.add("M3", faults=len(several) * 2 // 3, rounds=1)

    def test_message_that_can_not_be_appended(self):
        """The target refuses one of many, whichever way batches travel."""
        for lacking in ((), ("MULTIAPPEND",), ("MULTIAPPEND", "LITERAL+")):
            with self.subTest(lacking=" ".join(lacking)):
                self.state = os.path.join(self.dir, "state%d" % len(lacking))
                source = self.server()
                target = self.server([c for c in memserver.EVERYTHING if c not in lacking])
                several = mailgen.generate(SEED + 26, 150, (("INBOX",),), rare=faults.RARE)
                self.fill(source, several)
                refused = several[77].octets
                target.refuse_append = lambda name, octets: (
                    "[CANNOT] this one I do not like" if octets == refused else None)
                result = self.copy(*self.pair(source, target), expect=PARTIAL)
                LEDGER.add("M7", faults=1, rounds=1)
                self.assertEqual([(p["folder"], p["uid"]) for p in result.problems], [("INBOX", 78)], str(result))
                self.assertIn("this one I do not like", result.problems[0]["text"])
                self.assertEqual((result.totals["failed"], result.totals["copied"]), (1, 149))
                expected = sorted(m.octets for m in several if m.octets != refused)
                self.assertEqual(self.contents(target)[b"INBOX"], expected)
                target.refuse_append = lambda name, octets: None
                again = self.copy(*self.pair(source, target))
                self.assertEqual((again.totals["copied"], again.totals["already"]), (1, 149), str(again))
                self.assertEqual(self.contents(target)[b"INBOX"], sorted(m.octets for m in several))

    def test_message_that_breaks_the_connection(self):
        """The source dies each time one message is read: that one is given up, the others arrive."""

        class Fragile(memserver.MemServer):
            def body_of(self, box, message):
                if message.uid == 13:
                    raise ConnectionError("it dies")
                return message.octets

        source, target = self.server(memserver.EVERYTHING, Fragile), self.server()
        several = mailgen.generate(SEED + 27, 40, (("INBOX",),), rare=faults.RARE)
        self.fill(source, several)
        result = self.copy(*self.pair(source, target), expect=PARTIAL)
        LEDGER.add("M7", faults=1, rounds=1)
        self.assertEqual([(p["folder"], p["uid"]) for p in result.problems], [("INBOX", 13)], str(result))
        self.assertEqual(self.contents(target)[b"INBOX"], sorted(m.octets for m in several[:12] + several[13:]))

    def broken_fetch(self, places):
        """Reading message 13 of 40 ends the connection, at these places of it; then it works. Tries, and the result."""

        class Breaking(memserver.MemServer):
            tries = 0

            def _send_fetch(self, connection, box, message, items, since):
                if message.uid == 13 and b"BODY.PEEK[]" in items and self.tries < len(places):
                    self.tries += 1
                    connection.send(b"* 13 FETCH (UID 13 BODY[] {%d}\r\n%s" % (
                        len(message.octets), message.octets[:places[self.tries - 1]]))
                    raise ConnectionError("cut")
                super()._send_fetch(connection, box, message, items, since)

        source, target = self.server(memserver.EVERYTHING, Breaking), self.server()
        several = mailgen.generate(SEED + 28, 40, (("INBOX",),))
        several[12] = several[12]._replace(octets=b"Subject: large\r\n\r\n" + b"0123456789\r\n" * 500)
        self.fill(source, several)
        result = self.copy(*self.pair(source, target), expect=None)
        LEDGER.add("N1", faults=source.tries, rounds=1)
        return source.tries, result, several, self.contents(target)[b"INBOX"]

    def test_line_that_breaks_within_one_message(self):
        """Cuts here and there in the same large message are the line's fault: the message is not given up for them."""
        tries, result, several, arrived = self.broken_fetch([500 * number for number in range(1, 9)])
        self.assertEqual((tries, result.status), (8, 0), str(result))
        self.assertEqual(arrived, sorted(m.octets for m in several))

    def test_message_that_breaks_the_connection_in_its_middle(self):
        tries, result, several, arrived = self.broken_fetch([3000] * 20)
        self.assertEqual((tries, result.status), (4, PARTIAL), str(result))
        self.assertEqual([(p["folder"], p["uid"]) for p in result.problems], [("INBOX", 13)], str(result))
        self.assertEqual(arrived, sorted(m.octets for m in several[:12] + several[13:]))

    def test_connections_that_break_before_the_first_message(self):
        """While folders are looked at and made ready, on either side, in a first and in a second run."""

        source, target = self.server(), self.server()
        several = mailgen.generate(SEED + 32, 40, (("INBOX",), ("Work",)))
        self.fill(source, several)
        for server, command in ((source, "EXAMINE"), (source, "UID SEARCH"), (target, "CREATE"), (target, "SELECT"),
                                (source, "UID FETCH"), (target, "UID STORE")):
            with self.subTest(command):
                deadly = [command]

                def die(connection, name, arguments):
                    if name in deadly:
                        deadly.clear()
                        raise ConnectionError("it dies")

                server.on_command = die
                source.find(b"Work").flag(source.find(b"Work").messages[3], command.replace(" ", ""))
                source.find(b"Work").add(b"Subject: %s\r\n\r\n" % command.encode())
                if command == "CREATE":
                    source.add_mailbox("New").add(b"Subject: new\r\n\r\n")
                result = self.copy(*self.pair(source, target))
                self.assertEqual(deadly, [])
                LEDGER.add("N1", faults=1, rounds=1)
                self.assertEqual(self.contents(source), self.contents(target), str(result))
                self.assertEqual(source.find(b"Work").messages[3].flags, target.find(b"Work").messages[3].flags)

    def test_target_that_goes_on_storing(self):
        """The line is gone, and a slow target stores in its own time what it has received."""

        class Slow(memserver.MemServer):
            appends, goes_on = 0, 0

            def do_append(self, connection, arguments):
                self.appends += 1
                late = self.appends == 2
                if late:  # nobody waits for the answer any more
                    connection.sock.shutdown(socket.SHUT_RDWR)
                self.lock.release()
                try:
                    time.sleep(1.5 if late else 0.8)
                finally:
                    self.lock.acquire()
                self.goes_on += late
                return super().do_append(connection, arguments)

        source, target = self.server(), self.server(memserver.EVERYTHING, Slow)
        several = mailgen.generate(SEED + 30, 40, (("INBOX",),))
        self.fill(source, several)
        result = self.copy(*self.pair(source, target), "--connections", "1")
        LEDGER.add("N3", faults=target.goes_on, rounds=1)
        self.assertEqual(target.goes_on, 1)
        self.assertEqual(self.contents(target)[b"INBOX"], sorted(m.octets for m in several), str(result))

    def test_target_that_puts_off_the_question(self):
        """After a cut the target says "later" to the question what has arrived: that is not "nothing has"."""

        class Limited(memserver.MemServer):
            cut, refusals = 0, 2

            def do_append(self, connection, arguments):
                answer = super().do_append(connection, arguments)
                self.cut += 1
                if self.cut == 1:
                    raise ConnectionError("before the OK")
                return answer

            def do_uid_fetch(self, connection, arguments):
                if self.cut and self.refusals:
                    self.refusals -= 1
                    return "NO [LIMIT] Rate limit hit."
                return super().do_uid_fetch(connection, arguments)

        source, target = self.server(), self.server(memserver.EVERYTHING, Limited)
        several = mailgen.generate(SEED + 31, 30, (("INBOX",),))
        self.fill(source, several)
        result = self.copy(*self.pair(source, target))
        LEDGER.add("N5", faults=2, rounds=1)
        self.assertEqual(target.refusals, 0)
        self.assertEqual(self.contents(target)[b"INBOX"], sorted(m.octets for m in several), str(result))

    def test_message_that_breaks_the_target(self):
        """The target dies each time it is given one message: that one is listed, the others arrive."""
        for lacking in ((), ("MULTIAPPEND",)):
            with self.subTest(lacking=" ".join(lacking)):
                self.state = os.path.join(self.dir, "state%d" % len(lacking))
                source = self.server()
                target = self.server([c for c in memserver.EVERYTHING if c not in lacking])
                several = mailgen.generate(SEED + 29, 4, (("INBOX",),), rare=faults.RARE)
                self.fill(source, several)
                deadly = several[1].octets

                def die(name, octets):
                    if octets == deadly:
                        raise ConnectionError("it dies")

                target.refuse_append = die
                result = self.copy(*self.pair(source, target), expect=PARTIAL, timeout=60)
                LEDGER.add("M7", faults=1, rounds=1)
                self.assertEqual([(p["folder"], p["uid"]) for p in result.problems], [("INBOX", 2)], str(result))
                expected = sorted(m.octets for m in several if m.octets != deadly)
                self.assertEqual(self.contents(target)[b"INBOX"], expected)


if __name__ == "__main__":
    unittest.main()
