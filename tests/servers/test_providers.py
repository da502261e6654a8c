"""Imitated providers as source and as target: a copy, a rerun that sends nothing, and a verification."""

import collections
import contextlib
import hashlib
import os
import re
import time
import unittest

import imaputil
import mailgen
import matrix
import providers
from harness import DONE, INTERRUPTED, LONG, PARTIAL, REFUSED, SEED, TEMPORARY, USAGE, Account, ToolCase
from memserver import MemServer
from relay import Relay

DELAYS = (0, 40) if LONG else (0,)
MANY = 300 if LONG else 60


def sample(count=60):
    return mailgen.generate(SEED, count)


def fill(server, messages):
    """Messages and their folders, without a client."""
    for message in messages:
        name = mailgen.folder_name(message.folder, server.separator, server.prefix.decode())
        box = server.find(imaputil.mutf7_encode(name)) or server.find(name.encode("utf-8")) or server.add_mailbox(name)
        box.subscribed = True
        box.add(message.octets, message.flags, imaputil.date_time(message.when).strip('"').encode("ascii"))


def holdings(server):
    """What the server holds: octets, moment and flags, of all folders together but for those that repeat others."""
    return collections.Counter(
        (message.octets, imaputil.parse_date_time(message.date), frozenset(message.flags))
        for box in server.mailboxes.values() if not box.attributes & {"\\All", "\\Flagged", "\\Important"}
        for message in box.messages)


def of(messages):
    return collections.Counter((m.octets, int(m.when.timestamp()), frozenset(m.flags)) for m in messages)


# What a cell of the matrix is known to do, by name.
Known = collections.namedtuple("Known", "name text")
GMAIL_NAMES = Known("names", "folder names with ^, blanks at the ends or two in a row get a name that Gmail takes")
MICROSOFT_NAMES = Known("names", "reserved folder names, and those that differ from another one by case alone, get a "
                        "number")
MICROSOFT_LINES = Known("long lines", "messages with lines over 10,500 octets are refused, and listed")

YAHOO_LARGE = Known("large folders", "2,500 of the messages are in one folder, of which Yahoo shows 1,000 unless "
                    "UIDONLY is enabled: all of them are copied")
YAHOO_END = Known("last line", "messages without a final line end are refused, and listed")
GMAIL_LABELS = Known("labels", "what is counted is each message in each of its folders; from All Mail only what has no "
                     "label")
EXCHANGE_SIZES = Known("sizes", "RFC822.SIZE is not the number of octets: it is not relied on")
NEW_UIDVALIDITY = Known("UIDVALIDITY", "each login finds the mailboxes with another UIDVALIDITY: messages are matched "
                        "by content")


def digest(octets):
    return hashlib.sha256(octets).hexdigest()[:12]


class Case(ToolCase):
    def account(self, server, port=None, **options):
        if not server.can("AUTH=PLAIN") and server.can("AUTH=XOAUTH2"):
            options["auth"] = "xoauth2"
        account = Account.on(server, scheme="plain", port=port, **options)
        if options.get("auth") == "xoauth2":
            account.password = server.token
        return account

    @contextlib.contextmanager
    def between(self, source, target, delay=0):
        """Lines with a delay to both, whose ports stay the same, as the state wants it; gives the two accounts."""
        self.state = os.path.join(self.dir, "state%d" % len(os.listdir(self.dir)))
        with Relay("127.0.0.1", source.port, delay=delay) as one, Relay("127.0.0.1", target.port, delay=delay) as two:
            yield self.account(source, one.port), self.account(target, two.port)

    def round(self, make_source, make_target, messages, delay, expect=DONE, expected=None, verify=DONE):
        """Copy, copy again, verify. Returns the first result and the target."""
        with make_source() as source, make_target() as target, self.between(source, target, delay) as accounts:
            fill(source, messages)
            result = self.copy(*accounts, expect=expect)
            self.assertEqual(holdings(target), of(messages) if expected is None else expected, str(result))
            again = self.copy(*accounts, expect=expect)
            self.assertEqual(again.totals["copied"], 0, str(again))
            self.assertEqual(again.totals["failed"], result.totals["failed"], str(again))
            self.assertEqual(holdings(target), of(messages) if expected is None else expected, str(again))
            self.copy(*accounts, verb="verify", expect=verify)
            return result, target


class Servers(Case):
    """Those that take and give everything, in their own way."""

    def pair(self, name, make, known=(), messages=None, **options):
        messages = messages or sample(MANY)
        for delay in DELAYS:
            for side in ("source", "target"):
                with self.subTest(side=side, delay=delay), \
                        matrix.cell("providers", name, "%s, %d ms" % (side, delay)) as cell:
                    ends = (make, MemServer) if side == "source" else (MemServer, make)
                    self.round(*ends, messages, delay, **options)
                    cell.passed("%d messages" % len(messages), known)

    def test_lying_sizes(self):
        self.pair("Exchange whose sizes lie", providers.LyingSizes, [EXCHANGE_SIZES])

    def test_without_uidplus(self):
        self.pair("no UIDPLUS", providers.without("UIDPLUS"))

    def test_without_literal_plus(self):
        self.pair("no LITERAL+", providers.without("LITERAL+", "MULTIAPPEND"))

    def test_new_uidvalidity_at_each_login(self):
        self.pair("UIDVALIDITY changes at each login", providers.NewUidvalidity, [NEW_UIDVALIDITY])

    def test_rev2_only(self):
        self.pair("IMAP4rev2 only", providers.Rev2Only)

    def test_icloud(self):
        self.pair("iCloud", providers.ICloud)


class NoKeywords(MemServer):
    """Refuses flags that it does not know, with APPEND and with STORE, instead of dropping them."""

    @staticmethod
    def refusal(arguments):
        flags = [flag for word in arguments[1:] if isinstance(word, list) for flag in word]
        odd = any(not flag.startswith(b"\\") for flag in flags)
        return "NO [CANNOT] Invalid flag: " + b" ".join(flags).decode() if odd else None

    def do_append(self, connection, arguments):
        return self.refusal(arguments) or super().do_append(connection, arguments)

    def do_uid_store(self, connection, arguments):
        return self.refusal(arguments) or super().do_uid_store(connection, arguments)


class Refusals(Case):
    """M8: what the target refuses is listed with its words; a full mailbox ends the account, not before its time."""

    def test_over_quota(self):
        messages = sample()
        with MemServer() as source, MemServer() as target, self.between(source, target) as accounts:
            fill(source, messages)
            room = sum(len(m.octets) for m in messages) // 2
            target.refuse_append = lambda name, octets: None if room > len(octets) + sum(
                len(m.octets) for box in target.mailboxes.values() for m in box.messages) else "[OVERQUOTA] It is full."
            result = self.copy(*accounts, "--connections", "1", expect=REFUSED)
            self.assertEqual(result.json["status"], "failed")
            self.assertIn("It is full.", result.err)
            self.assertEqual(result.json["accounts"][0]["error"]["code"], "overquota")
            arrived = sum(holdings(target).values())
            self.assertTrue(0 < arrived < len(messages), arrived)
            tried = sum(b" APPEND " in line for line in target.received)
            self.copy(*accounts, expect=REFUSED)
            self.assertLess(sum(b" APPEND " in line for line in target.received) - tried, 9, "it gives up early")
            target.refuse_append = lambda name, octets: None
            self.copy(*accounts)
            self.assertEqual(holdings(target), of(messages))

    def test_bad_flag(self):
        messages = sample()
        system = [m._replace(flags=tuple(f for f in m.flags if f.startswith("\\"))) for m in messages]
        self.assertNotEqual(system, messages)
        with MemServer() as source, NoKeywords() as target, self.between(source, target) as accounts:
            fill(source, messages)
            result = self.copy(*accounts)
            self.assertEqual(holdings(target), of(system), str(result))
            self.assertTrue([p for p in result.problems if p["code"] == "flag" or "Invalid flag" in p["text"]])
            self.assertEqual(self.copy(*accounts).totals["copied"], 0)


class SameAccount(Case):
    """O1 beyond names: two accounts whose numbers agree are one only when their messages are the same as well."""

    def alike(self, make, contents, expect, differ=None):
        with make() as source, make() as target, self.between(source, target) as accounts:
            for server in (source, target):
                for number, (name, octets) in enumerate(contents):
                    box = server.find(name) or server.add_mailbox(name)
                    box.add(octets)
                    box.uidvalidity = 100 + number
                for number, box in enumerate(server.mailboxes.values()):
                    box.uidvalidity, box.modseq = 7 + number, 9
            if differ:
                differ(target)
            result = self.copy(*accounts, expect=expect)
            if expect == USAGE:
                self.assertIn("same account", result.err)
                self.assertFalse([line for line in target.received if re.search(rb" (APPEND|CREATE|SELECT) ", line)])
                self.copy(*accounts, "--force")
            return result

    MAIL = [(b"INBOX", b"Subject: %d\r\n\r\n" % n) for n in range(3)] + [(b"Work", b"Subject: w\r\n\r\n")]

    def test_one_account(self):
        for make in (MemServer, providers.without("UIDPLUS")):
            self.alike(make, self.MAIL, USAGE)

    def test_uids_that_are_far_apart(self):
        """The mailbox is asked which UIDs it has: what lies below UIDNEXT is not counted through."""
        seen = []

        def far(target):
            seen.append(target)

        def make():
            server = MemServer()
            server.add_mailbox(b"Work").uidnext = 4294967290
            return server
        self.alike(make, self.MAIL, USAGE, far)
        self.assertLess(len(seen[0].received), 60)

    def test_two_that_are_new(self):
        """Nothing in either: the same numbers by themselves say nothing."""
        self.alike(MemServer, [], DONE)

    def test_two_that_count_alike(self):
        def other_header(server):
            server.find(b"Work").messages[0].octets = b"Subject: x\r\n\r\n"

        def other_date(server):
            server.find(b"Work").messages[0].date = b"01-Jan-2020 00:00:01 +0000"
        for differ in (other_header, other_date):
            with self.subTest(differ.__name__):
                result = self.alike(MemServer, self.MAIL, None, differ)
                self.assertIn(result.status, (DONE, PARTIAL), str(result))
                self.assertNotIn("same account", result.err)


class Names(Case):
    """What a profile says of folder names: the stock-taking tells beforehand what the copy then does."""

    FOLDERS = ("INBOX", "INBOX/Below", "Projects", "projects", "Calendar", "a^b", " odd  blanks ", "x" * 300)

    def names(self, make, expected, *options):
        with MemServer() as source, make() as target, self.between(source, target) as accounts:
            for number, name in enumerate(self.FOLDERS):
                box = source.find(name.encode()) or source.add_mailbox(name)
                box.add(b"Subject: %d\r\n\r\n" % number)
            stock = self.copy(*accounts, *options, verb="inventory")
            foretold = {folder["name"]: folder["target"] for folder in stock.json["accounts"][0]["folders"]}
            changed = {name: target for name, target in foretold.items() if name != target}
            self.assertEqual(changed, expected, str(stock))
            told = {obstacle["folder"] for obstacle in stock.json["accounts"][0]["obstacles"]}
            self.assertLessEqual(set(changed), told)
            result = self.copy(*accounts, *options)
            self.assertEqual({name: folder["target"] for name, folder in result.folders.items()}, foretold)
            self.assertLessEqual(set(changed), {problem["folder"] for problem in result.problems})
            self.assertEqual(self.copy(*accounts, *options).totals["copied"], 0)
            self.copy(*accounts, *options, "--against", "source", verb="verify")

    def test_gmail(self):
        self.names(providers.Gmail, {"a^b": "a_b", " odd  blanks ": "odd blanks", "x" * 300: "x" * 217})

    def test_microsoft(self):
        self.names(providers.Microsoft, {"projects": "projects (2)", "Calendar": "Calendar (2)", "x" * 300: "x" * 242})

    def test_cyrus(self):
        self.names(MemServer, {"a^b": "a_b"}, "--target-provider", "cyrus")

    def test_refused_when_asked(self):
        """No profile knows it: the server says NO to the name, and gets another one, which stays in the record."""
        folders = ('He said "no"', "He said _no_", "Sub/100%", "Sub/100%/\u00e4*", "Sent?", "fine", "a|b")
        for words, moved in (("[CANNOT] Invalid mailbox name", True), ("Illegal characters in it", True),
                             ("[NOPERM] not for you", False)):
            with self.subTest(words), MemServer() as source, MemServer() as target, \
                    self.between(source, target) as accounts:
                target.refuse_create = lambda name: words if re.search(rb'["%*?|]', name) else None
                for number, name in enumerate(folders):
                    box = source.add_mailbox(name, *(["\\Sent"] if name == "Sent?" else []))
                    box.subscribed = True
                    box.add(b"Subject: %d\r\n\r\n" % number)
                result = self.copy(*accounts, "--map", "a|b=Sub/100%", expect=DONE if moved else PARTIAL)
                becomes = {name: folder["target"] for name, folder in result.folders.items() if name != "INBOX"}
                if not moved:
                    self.assertEqual((result.totals["copied"], result.totals["failed"]), (2, 5), str(result))
                    self.assertEqual(sum(words in p["text"] for p in result.problems if p["failed"]), 4, str(result))
                    continue
                self.assertEqual(becomes, {
                    'He said "no"': "He said _no_ (2)", "He said _no_": "He said _no_", "Sub/100%": "Sub/100_",
                    "Sub/100%/\u00e4*": "Sub/100_/\u00e4_", "Sent?": "Sent_", "fine": "fine", "a|b": "Sub/100_"})
                told = [p for p in result.problems if p["folder"] == 'He said "no"']
                self.assertIn(words, told[-1]["text"])
                self.assertIn("He said _no_ (2)", told[-1]["text"])
                self.assertTrue(all(box.subscribed for name, box in target.mailboxes.items() if name != b"INBOX"))
                self.assertIn("\\Sent", target.find(b"Sent_").attributes)
                source.find(imaputil.mutf7_encode('He said "no"')).add(b"Subject: later\r\n\r\n")
                again = self.copy(*accounts, "--map", "a|b=Sub/100%")
                self.assertEqual((again.totals["copied"], again.folders['He said "no"']["target"]),
                                 (1, "He said _no_ (2)"), str(again))
                self.assertEqual(len(target.find(b"He said _no_ (2)").messages), 2)
                for against in ("state", "source"):
                    self.copy(*accounts, "--map", "a|b=Sub/100%", "--against", against, verb="verify")

    def test_icloud(self):
        self.names(providers.ICloud, {"INBOX/Below": "Below"}, "--target-provider", "icloud")


class Gmail(Case):
    def test_target(self):
        messages = [m._replace(folder=m.folder if m.folder != ("a&b",) else ("up^here",)) for m in sample(MANY)]
        self.assertTrue([m for m in messages if "  " in m.folder[-1]])
        for delay in DELAYS:
            with matrix.cell("providers", "Gmail", "target, %d ms" % delay) as cell:
                result, target = self.round(MemServer, providers.Gmail, messages, delay)
                for name, becomes in (("up^here", "up_here"), ("two  spaces", "two spaces")):
                    self.assertEqual(result.folders[name]["target"], becomes)
                    self.assertTrue([p for p in result.problems if p["folder"] == name and "refuses" in p["text"]])
                in_all_mail = [m for m in messages if m.folder not in (("Junk",), ("Trash",))]
                self.assertEqual(len(target.all_mail.messages), len(in_all_mail))
                self.assertFalse([line for line in target.received if b" CREATE " in line and b"Sent" in line])
                cell.passed("%d messages" % len(messages), [GMAIL_NAMES])

    def test_daily_limit(self):
        """The provider's words stand in the error, the next day goes on, and no message is sent twice."""
        messages = [m for m in sample() if "  " not in m.folder[-1]]
        largest = max(len(m.octets) for m in messages)
        with MemServer() as source, providers.Gmail(daily_bytes=largest + 50000) as target, \
                self.between(source, target) as accounts:
            fill(source, messages)
            days, sent = 0, 0
            while True:
                result = self.copy(*accounts, "--patience", "1", expect=None)
                days, sent = days + 1, sent + target.sent_today
                if result.status == DONE:
                    break
                self.assertEqual(result.status, TEMPORARY, str(result))
                self.assertIn("Account exceeded command or bandwidth limits", result.err)
                self.assertIn("--daily-limit", result.err)
                self.assertLess(days, 9)
                target.new_day()
            self.assertGreater(days, 1)
            self.assertEqual(holdings(target), of(messages))
            self.assertEqual((target.dropped, sent), (0, sum(len(m.octets) for m in messages)))

    def test_daily_limit_counts_each_message_once(self):
        """A second label costs nothing of the day, in this run and in the next one."""
        messages = [m._replace(folder=("INBOX",)) for m in sample()]
        octets = sum(len(m.octets) for m in messages)
        with MemServer() as source, providers.Gmail() as target, self.between(source, target) as accounts:
            fill(source, messages + [m._replace(folder=("Work",)) for m in messages])
            limit = ["--daily-limit", str(octets + len(b"Subject: one more\r\n\r\n"))]
            result = self.copy(*accounts, *limit)
            self.assertEqual(result.totals["copied"], 2 * len(messages))
            fill(source, [m._replace(folder=("Family",)) for m in messages])
            self.assertEqual(self.copy(*accounts, *limit).totals["copied"], len(messages))
            self.assertEqual((target.sent_today, target.dropped), (octets, 0))
            source.find(b"Family").add(b"Subject: one more\r\n\r\n")
            self.assertEqual(self.copy(*accounts, *limit, expect=None).totals["copied"], 1)
            source.find(b"Family").add(b"Subject: beyond\r\n\r\n")
            self.assertEqual(self.copy(*accounts, *limit, expect=INTERRUPTED).totals["copied"], 0)

    def test_throttled(self):
        """An OK that says [THROTTLED] is an OK, and a reason to slow down."""
        with MemServer() as source, providers.Gmail(throttle_every=20) as target, \
                self.between(source, target) as accounts:
            fill(source, [m._replace(folder=("INBOX",)) for m in sample()])
            result = self.copy(*accounts)
            self.assertEqual((result.totals["copied"], target.dropped), (60, 0))
            self.assertIn("[THROTTLED]", result.err)

    def test_too_big(self):
        for announce in (True, False):
            with self.subTest(announce=announce), MemServer() as source, \
                    providers.Gmail(limit=30000, announce=announce) as target, self.between(source, target) as accounts:
                messages = [m._replace(folder=("INBOX",)) for m in sample()]
                fill(source, messages)
                large = [m for m in messages if len(m.octets) > 30000]
                result = self.copy(*accounts, expect=PARTIAL)
                self.assertEqual(holdings(target), of(m for m in messages if m not in large), str(result))
                failed = [problem for problem in result.problems if problem["failed"]]
                self.assertEqual({p["code"] for p in failed}, {"too-big"})
                self.assertEqual(len(failed), len(large))
                tried = [line for line in target.received
                         if b" APPEND " in line and int(re.search(rb"\{(\d+)", line)[1]) > 30000]
                self.assertFalse(announce and tried, "what is announced is heeded")

    def test_message_that_it_has(self):
        """It gets a UID and is dropped: verify finds that out, a further run does not send it again and again."""
        with MemServer() as source, providers.Gmail() as target, self.between(source, target) as accounts:
            for octets in (b"Subject: twice\r\n\r\n", b"Subject: twice\r\n\r\n", b"Subject: once\r\n\r\n"):
                source.mailboxes[b"INBOX"].add(octets)
            self.copy(*accounts)
            verified = self.copy(*accounts, verb="verify", expect=PARTIAL)
            self.assertEqual((verified.totals["identical"], verified.totals["missing"]), (2, 1), str(verified))
            again = self.copy(*accounts, expect=None)
            self.assertEqual(again.totals["copied"], 0, str(again))

    def test_connections(self):
        with MemServer() as source, providers.Gmail() as target, self.between(source, target) as accounts:
            target.most_connections = 2
            messages = [m._replace(folder=("INBOX",)) for m in sample(900)]
            fill(source, messages)
            result = self.copy(*accounts, "--connections", "8")
            self.assertEqual(holdings(target), of(messages), str(result))
            self.assertLessEqual(target.most_at_once, 2)

    NAMES = ("INBOX", "Family", "Work \u00e4/\"[x]\"")

    def label(self, source):
        """Labels; each message stands under some of them, and in All Mail. Returns [(its names, message)]."""
        boxes = [source.mailboxes[b"INBOX"]] + [source.add_mailbox(name) for name in self.NAMES[1:]]
        view = next(box for box in source.mailboxes.values() if "\\Flagged" in box.attributes)
        trash = next(box for box in source.mailboxes.values() if "\\Trash" in box.attributes)
        labelled = []
        for number, message in enumerate(sample(40)):
            under = [bit for bit in range(3) if number >> bit & 1]
            names = [self.NAMES[bit] for bit in under] if number % 11 != 3 else ["[Gmail]/Papierkorb"]
            boxes_of = [boxes[bit] for bit in under] if number % 11 != 3 else [trash]
            if number % 7 == 0 and number % 11 != 3:
                boxes_of.append(view)
            when = imaputil.date_time(message.when).strip('"').encode("ascii")
            source.label(message.octets, boxes_of, message.flags, when)
            labelled.append((names, message))
        return labelled

    def found(self, target, result):
        """{name on the source: [(digest, flags)] in the folder where it went}."""
        return {name: sorted((digest(m.octets), sorted(m.flags)) for m in
                             target.find(imaputil.mutf7_encode(folder["target"])).messages)
                for name, folder in result.folders.items() if folder["target"] and name != "[Gmail]"}

    def labels(self, mode, expected, delay=0):
        """Copies with --labels; expected(names) gives [(name, keywords)] of where a message goes."""
        with providers.Gmail() as source, MemServer() as target, self.between(source, target, delay) as accounts:
            labelled = self.label(source)
            given = ["--labels", mode] if mode else []
            result = self.copy(*accounts, *given)
            wanted = {name: [] for name in self.found(target, result)}
            for names, message in labelled:
                for name, keywords in expected(names):
                    wanted[name].append((digest(message.octets), sorted(set(message.flags) | set(keywords))))
            self.assertEqual(self.found(target, result), {name: sorted(held) for name, held in wanted.items()})
            again = self.copy(*accounts, *given)
            self.assertEqual((again.totals["copied"], again.totals["flags_changed"]), (0, 0), str(again))
            for against in ("state", "source"):
                checked = self.copy(*accounts, *given, "--against", against, verb="verify")
                self.assertEqual(checked.totals["identical"], result.totals["copied"], str(checked))
            stock = self.copy(*accounts, *given, verb="inventory")
            self.assertEqual(stock.json["accounts"][0]["messages"], result.totals["copied"], str(stock))
            whole = self.copy(*accounts, *given, verb="run")
            self.assertEqual(whole.json["copy"]["totals"]["copied"], 0, str(whole))
            return result

    ARCHIVE = "[Gmail]/Alle Nachrichten"

    def test_labels_first(self):
        """Once in the folder of the first label, whatever else it has."""
        result = self.labels("first", lambda names: [(names[0] if names else self.ARCHIVE, ())])
        self.assertEqual(result.totals["copied"], 40)

    def test_labels_keyword(self):
        """All of it once in the archive, with its labels as keywords; trash and junk as ever."""
        words = {"INBOX": "Inbox", "Family": "Family", self.NAMES[2]: "Work_&AOQ-/_[x__"}

        def expected(names):
            apart = names and names[0].startswith("[Gmail]")
            return [(names[0], ())] if apart else [(self.ARCHIVE, [words[name] for name in names])]
        result = self.labels("keyword", expected)
        self.assertEqual(result.totals["copied"], 40)

    def test_label_that_changes(self):
        """A message that gets its first label moves out of the archive; a new label of another one is a new keyword."""
        for mode in ("all", "keyword"):
            with self.subTest(mode), providers.Gmail() as source, MemServer() as target, \
                    self.between(source, target) as accounts:
                labelled = self.label(source)
                self.copy(*accounts, "--labels", mode)
                message = next(message for names, message in labelled if not names)
                before = sum(len(box.messages) for box in target.mailboxes.values())
                source.label(message.octets, [source.find(b"Family")], message.flags)
                again = self.copy(*accounts, "--labels", mode)
                found = [(name, m) for name, box in target.mailboxes.items() for m in box.messages
                         if m.octets == message.octets]
                self.assertEqual(again.totals["copied"], 0, str(again))
                self.assertEqual(sum(len(box.messages) for box in target.mailboxes.values()), before)
                self.assertEqual([name for name, _ in found], [b"Family" if mode == "all" else b"Alle Nachrichten"])
                self.assertEqual("Family" in found[0][1].flags, mode == "keyword")

    def test_source(self):
        """Each message is once in each folder whose label it has; what repeats others is left out."""
        for delay in DELAYS:
            with matrix.cell("providers", "Gmail", "source, %d ms" % delay) as cell:
                result = self.labels(None, lambda names: [(name, ()) for name in names or [self.ARCHIVE]], delay)
                cell.passed("%d messages" % result.totals["copied"], [GMAIL_LABELS])


class Later(Case):
    def test_never_ready(self):
        """N5: a server that says "later" to everything is waited for as long as the user's patience lasts."""
        for refusal in ("[UNAVAILABLE] come back later", "[LIMIT] too fast"):
            with self.subTest(refusal), MemServer() as source, MemServer() as target, \
                    self.between(source, target) as accounts:
                fill(source, sample(20))
                target.refuse_append = lambda name, octets: refusal
                started = time.monotonic()
                result = self.copy(*accounts, "--patience", "2", expect=TEMPORARY)
                self.assertLess(time.monotonic() - started, 20)
                self.assertIn(refusal, result.err.splitlines()[-1])
                tries = sum(b" APPEND " in line for line in target.received)
                target.refuse_append = lambda name, octets: None
                self.assertLess(tries, 200, "it is not asked without a pause")
                self.assertEqual(self.copy(*accounts).totals["copied"], 20)


class Microsoft(Case):
    def test_target(self):
        """Throttled with a pause and a hang-up, names that are reserved or differ by case, lines that are too long."""
        messages = [m._replace(folder=("Calendar",)) if m.folder == ("a&b",) else m for m in sample(MANY)]
        messages = [m._replace(folder=("projects",)) if m.folder == ("100% sure",) else m for m in messages]
        self.assertTrue({("Projects",), ("projects",)} <= {m.folder for m in messages})
        long = [m for m in messages if m.kind == "long_line"]
        taken = [m for m in messages if m not in long]
        self.assertTrue([m for m in taken if "\\Flagged" in m.flags])
        for delay in DELAYS:
            with matrix.cell("providers", "Microsoft 365", "target, %d ms" % delay) as cell:
                result, target = self.round(MemServer, lambda: providers.Microsoft(throttle_after=15, throttle_times=2),
                                            messages, delay, PARTIAL, of(taken), PARTIAL)
                self.assertEqual(target.throttled, 2)
                failed = {problem["folder"]: problem["text"] for problem in result.problems if problem["failed"]}
                self.assertEqual(set(failed), {"/".join(m.folder) for m in long}, str(result))
                self.assertIn("Command Argument Error. 11", " ".join(failed.values()))
                for name in ("Calendar", "projects"):
                    self.assertEqual(result.folders[name]["target"], name + " (2)")
                    box = target.find((name + " (2)").encode())
                    self.assertEqual(len(box.messages), sum(m.folder == (name,) for m in taken))
                    self.assertTrue([p for p in result.problems if p["folder"] == name and "becomes" in p["text"]])
                cell.passed("%d messages" % len(messages), [MICROSOFT_NAMES, MICROSOFT_LINES])

    def test_source(self):
        for delay in DELAYS:
            with matrix.cell("providers", "Microsoft 365", "source, %d ms" % delay) as cell:
                messages = [m for m in sample(MANY) if m.kind != "long_line"]
                self.round(providers.Microsoft, MemServer, messages, delay)
                cell.passed("%d messages" % len(messages))


class Yahoo(Case):
    def test_source(self):
        """Above its limit a folder shows a part only, unless UIDONLY is enabled: nothing may be lost in silence."""
        messages = [mailgen.Message(("Large",), b"Subject: %d\r\n\r\n.\r\n" % n, ("\\Seen",), m.when, "small")
                    for n, m in enumerate(sample(1) * 2500)] + sample()
        for delay in DELAYS:
            with matrix.cell("providers", "Yahoo", "source, %d ms" % delay) as cell:
                self.round(lambda: providers.Yahoo(rate_limit_every=40), MemServer, messages, delay)
                cell.passed("%d messages" % len(messages), [YAHOO_LARGE])

    def test_target_without_state(self):
        """What is there is found again, also below the newest messages, which are all that one answer tells of."""
        messages = [mailgen.Message(("Large",), b"Subject: %d\r\n\r\n.\r\n" % n, (), m.when, "small")
                    for n, m in enumerate(sample(1) * 2500)]
        with MemServer() as source, providers.Yahoo() as target, self.between(source, target) as accounts:
            fill(source, messages)
            self.copy(*accounts)
            self.state = os.path.join(self.dir, "another")
            again = self.copy(*accounts)
            self.assertEqual((again.totals["copied"], again.totals["adopted"]), (0, 2500), str(again))
            self.copy(*accounts, "--depth", "quick", verb="verify")

    def test_target(self):
        messages = sample(MANY)
        refused = [m for m in messages if not m.octets.endswith(b"\r\n")]
        self.assertGreater(len(refused), 0)
        for delay in DELAYS:
            with matrix.cell("providers", "Yahoo", "target, %d ms" % delay) as cell:
                result, _ = self.round(MemServer, providers.Yahoo, messages, delay, PARTIAL,
                                       of(m for m in messages if m not in refused), PARTIAL)
                failed = [problem for problem in result.problems if problem["failed"]]
                self.assertEqual(len(failed), len(refused))
                for problem in failed:
                    self.assertIn("does not end with CRLF", problem["text"])
                cell.passed("%d messages" % len(messages), [YAHOO_END])


if __name__ == "__main__":
    unittest.main()
