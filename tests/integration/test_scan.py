"""Messages are shown to clamd before they are sent: what it finds, what it does not look at, and when it is away."""

import io
import json
import os
import sqlite3
import threading
import time
import unittest
import zipfile

import clamav
import mailgen
import memserver
from clamav import EICAR, LIMIT, MARKER, WHOLE, Clamd, Scripted, attached, message, nested
from harness import DONE, PARTIAL, SEED, TEMPORARY, USAGE, Account, Pair, ToolCase
from memserver import MemServer


def zipped(octets):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.txt", octets)
    return out.getvalue()


def marked(octets, number=0):
    return "stream: Test.Marker FOUND" if MARKER in octets else "stream: OK"


def sized(size):
    """A message of exactly so many octets."""
    head = message(b"")
    line = b"x" * 70 + b"\r\n"
    body = line * ((size - len(head)) // len(line))
    return head + body + b"y" * (size - len(head) - len(body))


BAD = {"plain": message(MARKER + b"\r\n"), "eicar": message(EICAR), "base64": attached(MARKER),
       "eicar attached": attached(EICAR, "eicar.com"), "zip": attached(zipped(MARKER), "a.zip"),
       "by digest": attached(WHOLE), "nested": nested(attached(MARKER)), "nested twice": nested(nested(message(EICAR)))}


class Case(ToolCase):
    def setUp(self):
        super().setUp()
        self.source, self.target = MemServer(), MemServer()
        for server in (self.source, self.target):
            self.addCleanup(server.stop)
            for name in ("INBOX", "Work"):
                if not server.find(name.encode()):
                    server.add_mailbox(name)
        self.accounts = [Account.on(server, "u1", "plain") for server in (self.source, self.target)]

    def scripted(self, answer=marked):
        scanner = Scripted(answer).start()
        self.addCleanup(scanner.stop)
        return scanner

    def fill(self, good=20, bad=(), name=b"INBOX"):
        maker = mailgen.Generator(SEED)
        box = self.source.find(name)
        for _ in range(good):
            box.add(maker.plain(), ("\\Seen",))
        for octets in bad:
            box.add(octets, ("\\Flagged",))

    def there(self, server=None):
        return sorted(m.octets for box in (server or self.target).mailboxes.values() for m in box.messages)

    def run_copy(self, *extra, expect=DONE, **options):
        return self.copy(*self.accounts, *extra, expect=expect, **options)

    def scans(self, result):
        return [scan for account in result.json["accounts"] for scan in account["scans"]]

    def quarantine(self):
        directory = self.state + ".quarantine"
        return sorted(os.listdir(directory)) if os.path.isdir(directory) else []

    def verify(self, *extra, expect=DONE):
        result = self.run_command(self.command(*self.accounts, *extra, verb="verify"),
                                  json_path=os.path.join(self.dir, "result.json"))
        self.assertEqual(result.status, expect, str(result))
        return result


class Decisions(Case):
    """Report copies and lists, quarantine keeps and does not copy, skip does not copy; the record knows each."""

    def test_report(self):
        self.fill(bad=[message(MARKER)])
        scanner = self.scripted()
        result = self.run_copy("--scan", scanner.address)
        self.assertEqual(self.there(), self.there(self.source))
        self.assertEqual((result.totals["scanned"], result.totals["infected"], result.totals["withheld"]), (21, 1, 0))
        scan, = self.scans(result)
        self.assertEqual((scan["verdict"], scan["decision"], scan["name"], scan["signatures"], scan["quarantine"]),
                         ("infected", "copied", "Test.Marker", 1727771561, ""))
        self.assertIn("Test.Marker", result.out)
        self.assertIn("signatures of 2024-10-01", result.out)
        self.assertEqual(len(scanner.shown), 21)
        self.run_copy("--scan", scanner.address)
        self.assertEqual(len(scanner.shown), 21, "what is there is shown again")

    def test_skip(self):
        self.fill(bad=[message(MARKER)])
        scanner = self.scripted()
        result = self.run_copy("--scan", scanner.address, "--infected", "skip")
        self.assertEqual(len(self.there()), 20)
        self.assertFalse([octets for octets in self.there() if MARKER in octets])
        self.assertEqual((result.totals["copied"], result.totals["withheld"]), (20, 1))
        self.assertEqual(self.quarantine(), [])
        again = self.run_copy()  # the decision stands, also without a scanner
        self.assertEqual((again.totals["already"], again.totals["withheld"], again.totals["copied"]), (20, 1, 0))
        self.assertEqual(len(self.there()), 20)
        stock = self.run_command(self.command(*self.accounts, verb="inventory"),
                                 json_path=os.path.join(self.dir, "result.json"))
        self.assertEqual(stock.json["accounts"][0]["forecast"]["left_messages"], 0, str(stock))
        self.assertEqual(self.run_copy("--dry-run").totals["left_messages"], 0)
        released = self.run_copy("--scan", scanner.address, "--infected", "report")
        self.assertEqual((released.totals["copied"], released.totals["withheld"]), (1, 0))
        self.assertEqual(self.there(), self.there(self.source))

    def test_quarantine(self):
        bad = [message(MARKER + b"1"), message(MARKER + b"2")]
        self.fill(bad=bad + bad[:1])
        self.fill(5, bad[:1], b"Work")
        scanner = self.scripted()
        result = self.run_copy("--scan", scanner.address, "--infected", "quarantine")
        self.assertEqual((result.totals["copied"], result.totals["withheld"]), (25, 4))
        self.assertFalse([octets for octets in self.there() if MARKER in octets])
        files = self.quarantine()
        self.assertEqual(len(files), 2, "one for each content: %s" % files)
        with sqlite3.connect(self.state) as db:
            rows = db.execute("SELECT verdict, decision, name, signatures, kept FROM scanned").fetchall()
            states = db.execute("SELECT count(*) FROM listing WHERE state = 'withheld' AND "
                                "code = 'infected'").fetchone()
        self.assertEqual([row[:4] for row in rows], [(1, 1, "Test.Marker", 1727771561)] * 2)
        self.assertEqual(states, (4,))
        for name in files:
            path = os.path.join(self.state + ".quarantine", name)
            check = self.run_command([self.command(*self.accounts)[0], "archive", "check", path])
            self.assertEqual(check.status, DONE, str(check))
        self.give_back(os.path.join(self.state + ".quarantine", files[0]), bad)

    def give_back(self, path, bad):
        """One message, by itself, into its folder."""
        command = self.command(*self.accounts)
        back = self.run_command([command[0], "archive", "import", path]
                                + self.accounts[1].arguments("target", self.dir) + ["--state", self.state + "-back"])
        self.assertEqual(back.status, DONE, str(back))
        found = [m for box in self.target.mailboxes.values() for m in box.messages if MARKER in m.octets]
        self.assertEqual(len(found), 1)
        self.assertIn(found[0].octets, bad)
        self.assertIn("\\Flagged", found[0].flags)

    def test_verify_knows(self):
        self.fill(bad=[message(MARKER)])
        self.run_copy("--scan", self.scripted().address, "--infected", "quarantine")
        for extra in ((), ("--against", "source"), ("--depth", "quick")):
            result = self.verify(*extra)
            totals = result.json["totals"]
            self.assertEqual((totals["withheld"], totals["missing"], totals["not_copied"]), (1, 0, 0), str(result))
            finding, = [f for a in result.json["accounts"] for f in a["findings"] if f["kind"] == "withheld"]
            self.assertIn("Test.Marker", finding["detail"])
            self.assertIn("by decision", result.out)

    def test_a_plan_has_it_and_the_certificate_says_it(self):
        self.fill(bad=[message(MARKER)])
        plan = os.path.join(self.dir, "plan.yaml")
        with open(os.open(os.path.join(self.dir, "password"), os.O_WRONLY | os.O_CREAT, 0o600), "w",
                  encoding="ascii") as out:
            out.write(memserver.PASSWORD)
        with open(plan, "w", encoding="utf-8") as out:
            out.write("version: 1\n"
                      "source: {host: 127.0.0.1, port: %d, tls: none, password-file: password}\n"
                      "target: {host: 127.0.0.1, port: %d, tls: none, password-file: password}\n"
                      "options: {state: states, scan: '%s', infected: skip, junk: last}\n"
                      "accounts:\n- {source: u1, target: u1}\n" % (
                          self.source.port, self.target.port, self.scripted().address))
        tool = self.command(*self.accounts)[0]
        copied = self.run_command([tool, "copy", plan])
        self.assertEqual(copied.status, DONE, str(copied))
        self.assertEqual(len(self.there()), 20)
        path = os.path.join(self.dir, "certificate.json")
        result = self.run_command([tool, "certificate", plan, "--json", path], json_path=path)
        self.assertEqual([account["withheld"] for account in result.json["accounts"]], [1], str(result))
        self.assertIn("1 message is not there by decision", result.out)

    def test_names_of_signatures_are_inert(self):
        self.fill(1, [message(MARKER)])
        scanner = self.scripted(lambda octets, number: b"%d: stream: \x1b[31m<b>,=cmd\x9b FOUND\0" % number
                                if MARKER in octets else "stream: OK")
        result = self.run_copy("--scan", scanner.address)
        self.assertEqual(self.scans(result)[0]["name"], "?[31m<b>,=cmd?")
        self.assertNotIn("\x1b", result.out + result.err)

    def test_options(self):
        self.fill(1)
        for extra, words in ((("--scan", "/run/clamd"), "names no scanner"),
                             (("--infected", "skip"), "belongs to --scan"),
                             (("--scan-optional",), "belongs to --scan"),
                             (("--scan", "clamd:/x", "--infected", "no"), "one of"),
                             (("--scan", "clamd://192.0.2.1:3310", "--patience", "1"), "unencrypted")):
            result = self.run_copy(*extra, expect=USAGE)
            self.assertIn(words, result.err)
        self.assertEqual(self.there(), [])


class Trouble(Case):
    """Never unseen, never a guess: away, silent, answering nonsense, too big."""

    def test_away(self):
        self.fill(3)
        result = self.run_copy("--scan", "clamd:" + self.dir + "/none", "--patience", "1", expect=TEMPORARY)
        self.assertEqual(self.there(), [])
        self.assertIn("--scan-optional", result.err)
        result = self.run_copy("--scan", "clamd:" + self.dir + "/none", "--patience", "1", "--scan-optional")
        self.assertEqual(self.there(), self.there(self.source))
        self.assertEqual((result.totals["scanned"], result.totals["not_scanned"]), (0, 3))
        self.assertEqual({scan["verdict"] for scan in self.scans(result)}, {"not-scanned"})

    def test_it_comes_back(self):
        self.fill(30, [message(MARKER)])
        scanner = Scripted(marked)
        self.addCleanup(scanner.stop)
        timer = threading.Timer(1.5, scanner.start)
        timer.start()
        self.addCleanup(timer.cancel)
        result = self.run_copy("--scan", scanner.address, "--infected", "skip", "--patience", "60")
        self.assertEqual((result.totals["scanned"], result.totals["withheld"]), (31, 1))

    def test_silent(self):
        self.fill(3)
        scanner = self.scripted(lambda octets, number: None)
        self.run_copy("--scan", scanner.address, "--patience", "1", expect=TEMPORARY)
        self.assertEqual(self.there(), [])

    def test_nonsense(self):
        self.fill(3, [message(MARKER)])
        scanner = self.scripted(lambda octets, number: "stream: FINE" if MARKER in octets else "stream: OK")
        result = self.run_copy("--scan", scanner.address, expect=PARTIAL)
        self.assertEqual(self.there(), self.there(self.source))
        self.assertEqual((result.totals["scanned"], result.totals["not_scanned"]), (3, 1))
        scan, = self.scans(result)
        self.assertEqual((scan["verdict"], scan["decision"]), ("not-scanned", "copied"))
        self.assertIn("error: ", scan["name"])

    def test_nobody_looked(self):
        """What was not scanned is not sent where what is found is not; the next run tries again."""
        self.fill(3, [message(MARKER)])
        scanner = self.scripted(lambda octets, number: "stream: broken ERROR" if MARKER in octets else "stream: OK")
        result = self.run_copy("--scan", scanner.address, "--infected", "skip", expect=PARTIAL)
        self.assertEqual((result.totals["copied"], result.totals["failed"]), (3, 1))
        self.assertEqual({problem["code"] for problem in result.problems}, {"not-scanned"})
        scanner.answer = lambda octets, number: "stream: OK"
        self.assertEqual(self.run_copy("--scan", scanner.address, "--infected", "skip").totals["copied"], 1)
        self.assertEqual(self.there(), self.there(self.source))

    def test_large_ones_are_handed_over(self):
        self.fill(1, [sized((5 << 20) + n) for n in (2, 1, 0)])
        scanner = self.scripted()
        result = self.run_copy("--scan", scanner.address, "--ordered")
        self.assertEqual(result.totals["scanned"], 4)
        self.assertEqual(scanner.descriptors, 2, "the first one of a size goes by its octets")
        self.assertEqual(sorted(scanner.shown), self.there(self.source))

    def test_a_message_that_breaks_it(self):
        self.fill(40, [message(MARKER)])

        def answer(octets, number):
            if MARKER in octets:
                raise RuntimeError
            return "stream: OK"

        result = self.run_copy("--scan", self.scripted(answer).address, expect=PARTIAL)
        self.assertEqual((result.totals["scanned"], result.totals["not_scanned"]), (40, 1))


class Stock(Case):
    """Taking stock and exporting only list what is found."""

    def mail(self):
        self.fill(40, [message(MARKER), sized(5 << 20)])
        self.fill(3, [message(MARKER + b"2")], b"Work")

    def other(self, verb, *extra, expect=DONE):
        side = self.accounts[0].arguments("source", self.dir)
        path = os.path.join(self.dir, "other.json")
        result = self.run_command([self.command(*self.accounts)[0], *verb, *side, "--json", path, *extra],
                                  json_path=path)
        self.assertEqual(result.status, expect, str(result))
        return result

    def test_inventory(self):
        self.mail()
        scanner = self.scripted()
        pages = [os.path.join(self.dir, name) for name in ("page.html", "table.csv")]
        result = self.other(["inventory"], "--scan", scanner.address, "--html", pages[0], "--csv", pages[1])
        account, = result.json["accounts"]
        self.assertEqual((account["scanned"], account["infected"], account["not_scanned"]), (46, 2, 0))
        self.assertEqual(sorted((s["folder"], s["uid"], s["name"]) for s in account["scans"]),
                         [("INBOX", 41, "Test.Marker"), ("Work", 4, "Test.Marker")])
        self.assertEqual({f["name"]: (f["scanned"], f["infected"]) for f in account["folders"]},
                         {"INBOX": (42, 1), "Work": (4, 1)})
        self.assertIn("found something in 2", result.out)
        for path in pages:
            with open(path, encoding="utf-8") as page:
                self.assertIn("Test.Marker" if path.endswith("html") else "42,1,0", page.read())
        self.assertEqual(sorted(scanner.shown), self.there(self.source))

    def test_inventory_without(self):
        self.mail()
        account, = self.other(["inventory"]).json["accounts"]
        self.assertEqual((account["scanned"], account["scans"]), (None, []))
        result = self.other(["inventory"], "--scan", "clamd:" + self.dir + "/none", "--patience", "1", expect=TEMPORARY)
        self.assertIn("cannot be used", result.err)

    def test_export(self):
        self.mail()
        path = os.path.join(self.dir, "mail.tar")
        result = self.other(["archive", "export", path], "--scan", self.scripted().address)
        totals = result.json["totals"]
        self.assertEqual((totals["messages"], totals["scanned"], totals["infected"]), (46, 46, 2))
        self.assertEqual({s["name"] for s in result.json["scans"]}, {"Test.Marker"})
        self.assertIn("Test.Marker", result.out)
        away = self.other(["archive", "export", path + ".tar"], "--scan", "clamd:" + self.dir + "/none", "--patience",
                          "1", expect=TEMPORARY)
        self.assertFalse(os.path.exists(path + ".tar"), str(away))


class Killed(Case):
    """kill -9 between the decision and its record: nothing lost, nothing through, nothing twice in quarantine."""

    def test_kill(self):
        bad = [message(MARKER + b"%d" % number) for number in range(4)]
        self.fill(30, bad[:2])
        self.fill(10, bad[2:], b"Work")
        scanner = self.scripted()
        points = [("quarantined:%d" % count) for count in (1, 2, 3, 4)] + ["append-before:1", "append-half:2"]
        killed = 0
        for point in points:
            result = self.run_copy("--scan", scanner.address, "--infected", "quarantine", expect=None,
                                   env={"MIG_CRASH_AT": point})
            killed += result.status == -9
            self.assertIn(result.status, (DONE, -9), str(result))
            self.assertFalse([octets for octets in self.there() if MARKER in octets], "it got through at " + point)
        self.assertGreaterEqual(killed, 3)
        result = self.run_copy("--scan", scanner.address, "--infected", "quarantine")
        self.assertEqual(result.totals["withheld"], 4)
        self.assertEqual(self.there(), sorted(o for o in self.there(self.source) if MARKER not in o))
        self.assertEqual(len([name for name in self.quarantine() if name.endswith(".tar.zst")]), 4)
        for name in self.quarantine():
            path = os.path.join(self.state + ".quarantine", name)
            check = self.run_command([self.command(*self.accounts)[0], "archive", "check", path])
            self.assertEqual(check.status, DONE, str(check))
        self.verify()


@unittest.skipUnless(clamav.clamd_program(), "there is no clamd")
class Real(Pair):
    """Debian's clamd with signatures of our own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clamd = Clamd(tcp=True).start()
        cls.addClassCleanup(cls.clamd.stop)

    def scans(self, result):
        return [scan for account in result.json["accounts"] for scan in account["scans"]]

    def put(self, messages):
        connection = self.login(self.source)
        for octets in messages:
            self.assertEqual(connection.append("INBOX", "", None, octets)[0], "OK")
        return connection

    def target_has(self):
        connection = self.login(self.target)
        connection.select("INBOX", readonly=True)
        count = int(connection.search(None, "ALL")[1][0].split()[-1] if connection.search(None, "ALL")[1][0] else 0)
        return [connection.fetch(str(number), "(BODY.PEEK[])")[1][0][1] for number in range(1, count + 1)]

    def test_what_it_finds(self):
        good = [message(b"nothing\r\n"), attached(b"harmless"), nested(message(b"nothing"))]
        self.put(good + list(BAD.values()))
        for address in (self.clamd.address, "clamd://127.0.0.1:%d" % self.clamd.port):
            state = os.path.join(self.dir, "state-%d" % len(address))
            result = self.copy(*self.accounts(), "--scan", address, "--infected", "skip", "--dry-run", state=state)
            self.assertEqual(result.totals["scanned"], 0)
        result = self.copy(*self.accounts(), "--scan", self.clamd.address, "--infected", "skip")
        self.assertEqual((result.totals["copied"], result.totals["withheld"]), (len(good), len(BAD)),
                         json.dumps(self.scans(result), indent=1))
        names = {scan["name"] for scan in self.scans(result)}
        self.assertEqual(names, {"Own.Eicar.UNOFFICIAL", "Own.Marker.UNOFFICIAL", "Own.Digest.UNOFFICIAL"})
        self.assertEqual(sorted(self.target_has()), sorted(good))
        self.assertEqual({scan["signatures"] for scan in self.scans(result)}, {None})  # ours have no date

    def test_by_tcp(self):
        self.put([message(b"nothing\r\n"), BAD["zip"]])
        result = self.copy(*self.accounts(), "--scan", "clamd://127.0.0.1:%d" % self.clamd.port)
        self.assertEqual((result.totals["scanned"], result.totals["infected"]), (2, 1))

    def test_at_its_limit(self):
        self.put([sized(LIMIT - 1), sized(LIMIT), sized(LIMIT + 1), sized(LIMIT * 6), message(MARKER)])
        result = self.copy(*self.accounts(), "--scan", self.clamd.address, expect=PARTIAL)
        self.assertEqual((result.totals["scanned"], result.totals["infected"], result.totals["not_scanned"]), (3, 1, 2))
        for scan in self.scans(result):
            self.assertEqual(scan["verdict"], "infected" if scan["uid"] == 5 else "not-scanned", str(scan))
            self.assertTrue(scan["uid"] == 5 or scan["name"].startswith("too big"), str(scan))
        self.assertEqual(len(self.target_has()), 5)

    def test_killed_and_started_again(self):
        clamd = Clamd().start()
        self.addCleanup(clamd.stop)
        maker = mailgen.Generator(SEED)
        self.put([maker.plain() for _ in range(60)] + [BAD["base64"]])
        clamd.kill()
        timer = threading.Timer(1.0, clamd.start)
        timer.start()
        result = self.copy(*self.accounts(), "--scan", clamd.address, "--infected", "quarantine", "--patience", "60")
        timer.join()
        self.assertEqual((result.totals["scanned"], result.totals["withheld"]), (61, 1))


if __name__ == "__main__":
    unittest.main()
