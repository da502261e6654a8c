"""Taking stock of real accounts: the numbers are those of the mail, whatever the server announces."""

import datetime
import os
import re
import unittest

import dovecot
import imaputil
import mailgen
import oracle
import schema
from harness import DONE, REFUSED, SEED, Account, Pair, ToolCase
from relay import DOWN, Relay


class Inventory(Pair):
    source_options = {"separator": ".", "prefix": "INBOX."}
    MAIL = mailgen.generate(SEED + 70, 90)

    def take(self, source, target=None, *extra, expect=DONE):
        path = os.path.join(self.dir, "inventory.json")
        command = self.command(source, target or source, *extra, verb="inventory")
        if target is None:
            command = [part for index, part in enumerate(command) if not (
                part.startswith("--target") or command[index - 1].startswith("--target"))]
        command[command.index("--json") + 1] = path
        result = self.run_command(command, json_path=path)
        if expect is not None:
            self.assertEqual(result.status, expect, str(result))
            self.assertEqual(schema.errors(result.json, "inventory-1.json"), [])
        return result

    def expected(self):
        """What the folders hold, from the messages that were put there."""
        folders = {}
        for message in self.MAIL:
            name = mailgen.folder_name(message.folder, ".", "INBOX.")
            folders.setdefault(name, []).append(message)
        return folders

    def assert_numbers(self, result):
        there = {f["name"]: f for f in result.json["accounts"][0]["folders"]}
        for name, messages in self.expected().items():
            folder = there[name]
            sizes = [len(m.octets) for m in messages]
            dates = [m.when.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") for m in messages]
            self.assertEqual((folder["messages"], folder["unseen"]),
                             (len(messages), sum("\\Seen" not in m.flags for m in messages)), name)
            # Bare line feeds count as CRLF in what Dovecot tells.
            exact = all(b"\n" not in m.octets.replace(b"\r\n", b"") for m in messages)
            if exact:
                self.assertEqual((folder["bytes"], folder["largest"]), (sum(sizes), max(sizes)), name)
            self.assertEqual((folder["oldest"], folder["newest"]), (min(dates), max(dates)), name)
            used = {}
            for message in messages:
                for flag in message.flags:
                    if not flag.startswith("\\"):
                        used[flag] = used.get(flag, 0) + 1
            self.assertEqual({k["name"]: k["messages"] for k in folder["keywords"]}, used, name)
        years = {}
        for message in self.MAIL:
            year = message.when.astimezone(datetime.timezone.utc).year
            years[year] = years.get(year, 0) + 1
        account = result.json["accounts"][0]
        self.assertEqual({y["year"]: y["messages"] for y in account["years"]}, years)
        self.assertEqual(account["messages"], len(self.MAIL))

    def test_numbers(self):
        self.fill(self.MAIL, mailgen.EMPTY_FOLDERS)
        before = oracle.snapshot(self.login(self.source)), oracle.snapshot(self.login(self.target))
        result = self.take(*self.accounts())
        self.assert_numbers(result)
        folders = {f["name"]: f for f in result.json["accounts"][0]["folders"]}
        self.assertEqual(folders["INBOX.Sent"]["target"], "Sent")
        self.assertEqual((folders["INBOX.Junk"]["role"], folders["INBOX.Sent"]["role"]), ("junk", "sent"))
        self.assertEqual(oracle.snapshot(self.login(self.source)), before[0])
        self.assertEqual(oracle.snapshot(self.login(self.target)), before[1])
        self.assert_numbers(self.take(self.accounts()[0]))

    def test_one_round_trip(self):
        self.fill(self.MAIL)
        with Relay("127.0.0.1", self.source.port, record=True) as relay:
            account = Account.on(self.source, self.user, "plain", port=relay.port)
            result = self.take(account, None, "--depth", "quick")
            lines = [line.split(b" ", 1)[1] for line in relay.lines_up()]
        self.assertFalse([line for line in lines if line.startswith((b"EXAMINE", b"SELECT", b"STATUS", b"UID"))], lines)
        folders = {f["name"]: f for f in result.json["accounts"][0]["folders"]}
        for name, messages in self.expected().items():
            self.assertEqual((folders[name]["messages"], folders[name]["largest"]), (len(messages), None))
            self.assertGreater(folders[name]["bytes"], 0)

    def test_servers_that_tell_little(self):
        self.fill(self.MAIL)
        for lacking in (("LIST-STATUS", "STATUS=SIZE"), ("ESEARCH", "CONDSTORE", "QRESYNC", "LIST-EXTENDED"),
                        tuple(c for c in dovecot.CAPABILITY if c != "IMAP4rev1")):
            with self.subTest(lacking=" ".join(lacking)), Relay("127.0.0.1", self.source.port, hide=lacking) as relay:
                self.assert_numbers(self.take(Account.on(self.source, self.user, "plain", port=relay.port)))

    def test_cuts(self):
        """A connection that breaks is made anew, and nothing is counted twice."""
        self.fill(self.MAIL)
        for after in (2500, 4000, 6000):
            with self.subTest(after=after), Relay("127.0.0.1", self.source.port) as relay:
                cut = relay.cut(DOWN, after)
                result = self.take(Account.on(self.source, self.user, "plain", port=relay.port), expect=None)
                self.assertEqual(cut.done, 1)
                if result.status == DONE:
                    self.assert_numbers(result)
                else:  # before the lists were there
                    self.assertEqual(result.json["accounts"][0]["folders"], [], str(result))

    def test_what_will_not_fit(self):
        connection = self.fill([m._replace(folder=("INBOX",)) for m in self.MAIL[:20]])
        twice = (self.MAIL[30].octets, (), self.MAIL[30].when)
        imaputil.append(connection, "INBOX", [twice, twice, twice])
        result = self.take(*self.accounts(), "--max-size", "2K", "--target-provider", "microsoft365", "--scan-content")
        account = result.json["accounts"][0]
        inbox = next(f for f in account["folders"] if f["name"] == "INBOX")
        self.assertEqual(inbox["duplicates"], 2)
        sizes = [len(m.octets) for m in self.MAIL[:20]] + [len(twice[0])] * 3
        self.assertGreaterEqual(inbox["too_big"], sum(size > 2200 for size in sizes))
        target = account["target"]
        self.assertEqual((target["provider"], target["provider_reason"]), ("microsoft365", "named"))
        self.assertEqual(inbox["long_lines"], 1)  # the one of 1 MiB
        self.assertGreaterEqual(inbox["bare_newline"], 1)
        self.assertEqual(account["fits"], "no")
        told = " ".join(o["text"] for o in account["obstacles"])
        for part in ("over the limit", "lines over 10500", "bare line feeds"):
            self.assertIn(part, told)

    def test_forecast(self):
        self.fill(self.MAIL)
        result = self.take(*self.accounts(), "--daily-limit", "100K")
        forecast = result.json["accounts"][0]["forecast"]
        self.assertFalse(forecast["measured"])
        self.assertEqual(forecast["left_messages"], len(self.MAIL))
        self.assertEqual(forecast["days"], -(-forecast["left_bytes"] // (100 * 1024)))
        self.copy(*self.accounts(), "--max-rate", "600K")
        account = self.take(*self.accounts()).json["accounts"][0]
        self.assertEqual((account["copied_messages"], account["forecast"]["left_messages"]), (len(self.MAIL), 0))

    def test_what_the_state_knows_is_not_asked_again(self):
        """After a copy nothing is asked of unchanged folders, and of others only what is new; the numbers stay."""
        connection = self.fill(self.MAIL)
        with Relay("127.0.0.1", self.source.port, record=True) as relay:
            source, target = Account.on(self.source, self.user, "plain", port=relay.port), self.accounts()[1]

            def again():
                before = len(relay.lines_up())
                account = self.take(source, target).json["accounts"][0]
                lines = [line.split(b" ", 1)[1] for line in relay.lines_up()[before:]]
                return account, [line for line in lines if line.startswith((b"EXAMINE", b"UID FETCH", b"UID SEARCH"))]

            wanted, lines = again()
            self.assertTrue([line for line in lines if b"RFC822.SIZE" in line], lines)
            self.copy(source, target)
            account, lines = again()
            self.assertEqual(lines, [])
            self.assertEqual(account["forecast"]["left_messages"], 0)
            for key in ("messages", "junk", "trash"):
                self.assertEqual(account[key]["messages"] if key != "messages" else account[key],
                                 wanted[key]["messages"] if key != "messages" else wanted[key])
            same = ("name", "messages", "unseen", "oldest", "newest", "duplicates", "keywords")
            self.assertEqual([[f[key] for key in same] for f in account["folders"]],
                             [[f[key] for key in same] for f in wanted["folders"]])
            self.assertEqual([(y["year"], y["messages"]) for y in account["years"]],
                             [(y["year"], y["messages"]) for y in wanted["years"]])
            when = datetime.datetime(2021, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc)
            imaputil.append(connection, "INBOX", [(b"Subject: new\r\n\r\n.\r\n", ("$New",), when)])
            account, lines = again()
            self.assertEqual([line.split()[0] for line in lines].count(b"EXAMINE"), 1, lines)
            fetched = [line for line in lines if line.startswith(b"UID FETCH")]
            self.assertEqual((len(fetched), re.match(rb"UID FETCH \d+ ", fetched[0]) is not None), (1, True), fetched)
            self.assertEqual((account["messages"], account["forecast"]["left_messages"]), (wanted["messages"] + 1, 1))
            inbox = next(f for f in account["folders"] if f["name"] == "INBOX")
            self.assertIn({"name": "$New", "messages": 1, "lost": False}, inbox["keywords"])

    def test_messages_on_the_target_are_not_too_big(self):
        """What was copied before a limit was set is there."""
        self.fill([m._replace(folder=("INBOX",)) for m in self.MAIL[:20]])
        self.copy(*self.accounts())
        account = self.take(*self.accounts(), "--max-size", "100").json["accounts"][0]
        too_big = [folder["too_big"] for folder in account["folders"] if folder["name"] == "INBOX"]
        self.assertEqual((too_big, account["obstacles"]), ([0], []))

    def test_outlook(self):
        """By how much mail grows, what of it is junk and trash: in words, as JSON and a page; of all accounts too."""
        last = datetime.datetime.now(datetime.timezone.utc).year - 1
        connection = self.fill([])
        imaputil.check(connection.create("INBOX.Junk"))
        octets = b"Subject: x\r\n\r\n" + 100 * b"0123456789\r\n"
        for year, count in ((last - 1, 4), (last, 6)):
            when = datetime.datetime(year, 6, 7, 8, 9, 10, tzinfo=datetime.timezone.utc)
            imaputil.append(connection, "INBOX", [(octets, (), when)] * (count - 1))
            imaputil.append(connection, "INBOX.Junk", [(octets, (), when)])
        page = os.path.join(self.dir, "i.html")
        result = self.take(*self.accounts(), "--target-provider", "dovecot", "--html", page)
        size = len(octets)
        growth = {"year": last, "messages": 6, "bytes": 6 * size, "before_messages": 4, "before_bytes": 4 * size}
        account, totals = result.json["accounts"][0], result.json["totals"]
        self.assertEqual((account["growth"], totals["growth"], totals["junk"]["messages"]), (growth, growth, 2))
        self.assertEqual(totals["years"], account["years"])
        with open(page, encoding="utf-8") as file:
            text = re.sub("<[^>]*>", " ", file.read())
        for told in (result.out, text):
            for part in (r"\(6 messages\) came in %d, 50%% more than in %d" % (last, last - 1),
                         r"junk 2\.4 KiB \(20%\)", r"taken for Dovecot.*, because you named it",
                         r"unknown: the target tells no quota",
                         r"10 messages, 11\.9 KiB; about .* at an assumed speed", "--scan-content"):
                self.assertRegex(told, part)

    def test_page_and_table(self):
        names = [("<script>alert(1)<script>",)] * 3 + [("=cmd",)] * 2
        self.fill([m._replace(folder=name) for m, name in zip(self.MAIL, names)])
        page, table = os.path.join(self.dir, "i.html"), os.path.join(self.dir, "i.csv")
        self.take(*self.accounts(), "--html", page, "--csv", table)
        with open(page, encoding="utf-8") as file:
            text = file.read()
        self.assertNotIn("<script", text)
        self.assertIn("&lt;script&gt;alert(1)&lt;script&gt;", text)
        self.assertRegex(text, r"Policy\" content=\"default-src 'none'; style-src 'sha256-[\w+/]{43}='; ")
        self.assertFalse(re.search(r"(?:src|href)=|style=", text))
        with open(table, encoding="utf-8") as file:
            self.assertRegex(file.read(), r"\"'=cmd\"|INBOX\.=cmd")


class Keywords(ToolCase):
    def test_each_folder_tells_what_it_keeps(self):
        """Of two folders one may not be given keywords; of one that is not there yet INBOX tells."""
        with dovecot.Dovecot(users=["k1"]) as source, \
                dovecot.Dovecot(users=["k1"], authority=source.authority, acl=True) as target:
            connection = source.login("k1")
            for name in ("Free", "Strict", "New"):
                connection.create(name)
            when = datetime.datetime(2021, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc)
            for name in ("INBOX", "Free", "Strict", "New"):
                imaputil.append(connection, name, [(b"Subject: x\r\n\r\n.\r\n", ("$Label1", "Work"), when)])
            there = target.login("k1")
            for name in ("Free", "Strict"):
                there.create(name)
            for directory, _, _ in os.walk(target.mail("k1")):
                if os.path.basename(directory) == ".Strict":
                    with open(os.path.join(directory, "dovecot-acl"), "w", encoding="utf-8") as out:
                        out.write("owner lrsitep\n")  # w is missing: RFC 4314 section 4
            path = os.path.join(self.dir, "result.json")
            accounts = Account.on(source, "k1"), Account.on(target, "k1")
            result = self.run_command(self.command(*accounts, verb="inventory"), json_path=path)
            self.assertEqual(result.status, DONE, str(result))
            lost = {f["name"]: [k["name"] for k in f["keywords"] if k["lost"]]
                    for f in result.json["accounts"][0]["folders"] if f["keywords"]}
            self.assertEqual(lost, {"INBOX": [], "Free": [], "New": [], "Strict": ["$Label1", "Work"]})
            self.assertRegex(result.out, r"Strict: the target keeps no such keywords: \$Label1, Work")


class Quota(ToolCase):
    def test_what_is_left_out_needs_no_room(self):
        """A target with room for the selected messages alone is not refused, by dates or by size, in any depth."""
        with dovecot.Dovecot(users=["q1"]) as source, \
                dovecot.Dovecot(users=["q1"], authority=source.authority, quota="20K") as target:
            old, new = (datetime.datetime(year, 6, 1, tzinfo=datetime.timezone.utc) for year in (2015, 2021))
            imaputil.append(source.login("q1"), "INBOX", [(b"Subject: old\r\n\r\n" + b"x\r\n" * 10000, (), old),
                                                          (b"Subject: new\r\n\r\nx\r\n", (), new)])
            accounts = Account.on(source, "q1"), Account.on(target, "q1")
            for chosen in (("--since", "2020-01-01"), ("--max-size", "1K")):
                for verb, more in (("inventory", ("--depth", "quick")), ("inventory", ()),
                                   ("run", ("--steps", "check"))):
                    result = self.run_command(self.command(*accounts, *chosen, *more, verb=verb))
                    self.assertEqual(result.status, DONE, str((chosen, verb, more, result)))
            result = self.run_command(self.command(*accounts, "--since", "2020-01-01", verb="run"))
            self.assertEqual(result.status, DONE, str(result))
            result = self.run_command(self.command(*accounts, "--steps", "check", verb="run"))
            self.assertEqual(result.status, REFUSED, str(result))

    def test_said_before_the_copy_with_numbers(self):
        """O4, and --force goes on."""
        with dovecot.Dovecot(users=["q1"]) as source, \
                dovecot.Dovecot(users=["q1"], authority=source.authority, quota="20K") as target:
            connection = source.login("q1")
            mailgen.fill(connection, mailgen.generate(SEED, 60, rare=()), "/", "")
            accounts = Account.on(source, "q1"), Account.on(target, "q1")
            path = os.path.join(self.dir, "result.json")
            result = self.run_command(self.command(*accounts, verb="run"), json_path=path)
            self.assertEqual(result.status, REFUSED, str(result))
            self.assertRegex(result.err, r"the target lacks room: .*iB to copy, 20\.0 KiB free of a quota of 20\.0 KiB")
            self.assertEqual(oracle.count(target.login("q1")), 0)
            result = self.run_command(self.command(*accounts, verb="inventory"), json_path=path)
            account = result.json["accounts"][0]
            self.assertEqual((account["fits"], account["target"]["quota"]["limit"]), ("no", 20 * 1024))
            result = self.run_command(self.command(*accounts, "--force", "--steps", "check,copy", verb="run"))
            self.assertEqual(result.status, REFUSED, str(result))
            self.assertRegex(result.out, r"copy failed: copying to .*the server says: \"\[OVERQUOTA\]")


class Selected(Pair):
    """What --since, --before and --max-size leave out of the copy is counted nowhere."""

    OLD, NEW = (datetime.datetime(year, 6, 1, tzinfo=datetime.timezone.utc) for year in (2015, 2021))
    DATES = ("--since", "2020-01-01")

    def setUp(self):
        super().setUp()
        source = self.login(self.source)
        imaputil.check(source.create("Work"))
        kinds = ((1, (), self.OLD), (2, ("\\Seen",), self.OLD), (3, (), self.OLD), (4, (), self.NEW),
                 (5, ("\\Seen",), self.NEW))
        self.messages = {name: [(b"Subject: %s %d\r\n\r\n%s\r\n" % (name.encode(), n, b"x" * 100 * n), flags, when)
                                for n, flags, when in kinds]
                         for name in ("INBOX", "Work")}
        for name, messages in self.messages.items():
            imaputil.append(source, name, messages)
        self.selected = [octets for messages in self.messages.values()
                         for octets, _, when in messages if when == self.NEW]

    def take(self, *extra, verb="inventory", expect=DONE):
        path = os.path.join(self.dir, "result.json")
        result = self.run_command(self.command(*self.accounts(), *extra, verb=verb), json_path=path)
        self.assertEqual(result.status, expect, str(result))
        self.assertEqual(schema.errors(result.json, "%s-1.json" % verb), [])
        return result.json["accounts"][0]

    def assert_counts(self, account, expected):
        """Messages, those copied already, those left."""
        self.assertEqual((account["messages"], account["copied_messages"], account["forecast"]["left_messages"]),
                         expected)

    def test_dates(self):
        for depth in ("full", "quick"):
            account = self.take(*self.DATES, "--depth", depth)
            self.assertEqual((account["messages"], account["bytes"], account["selected"]),
                             (len(self.selected), sum(map(len, self.selected)), "since 2020-01-01"))
            self.assertEqual(account["source"]["messages"], 10)
            self.assertEqual({f["name"]: (f["messages"], f["unseen"]) for f in account["folders"] if f["messages"]},
                             {"INBOX": (2, 1), "Work": (2, 1)})
            self.assertEqual([y["year"] for y in account["years"]], [2021])
            self.assertEqual((account["forecast"]["left_messages"], account["forecast"]["left_bytes"]),
                             (len(self.selected), sum(map(len, self.selected))))
        account = self.take("--before", "2020-01-01")
        self.assertEqual((account["messages"], account["selected"]), (6, "before 2020-01-01"))
        self.assertEqual(self.take()["messages"], 10)

    def test_sizes(self):
        """A message that is too large stays behind: it is no part of what is left to do."""
        account = self.take("--max-size", "450")
        small = [octets for messages in self.messages.values() for octets, _, _ in messages if len(octets) <= 450]
        self.assertEqual((account["forecast"]["left_messages"], account["forecast"]["left_bytes"]),
                         (len(small), sum(map(len, small))))

    def test_what_is_across_counts_only_where_it_is_selected(self):
        self.copy(*self.accounts(), "--before", "2020-01-01")
        account = self.take(*self.DATES)
        self.assert_counts(account, (4, 0, 4))
        account = self.take("--folder", "Work")
        self.assert_counts(account, (5, 3, 2))
        self.copy(*self.accounts(), *self.DATES)
        account = self.take(*self.DATES)
        self.assert_counts(account, (4, 4, 0))
        self.assertEqual(account["copied_bytes"], sum(map(len, self.selected)))

    def test_run_counts_what_it_copies(self):
        for steps in ("check", "inventory,copy", "check,copy"):
            row = self.take(*self.DATES, "--steps", steps, verb="run")
            self.assertEqual((row["messages"], row["bytes"]), (len(self.selected), sum(map(len, self.selected))), steps)


if __name__ == "__main__":
    unittest.main()
