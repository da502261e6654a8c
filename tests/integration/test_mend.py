"""What verification finds is put right: losses planted in the target, by kind, and after a kill at each step."""

import json
import os
import sqlite3
import subprocess
import unittest

import maildir
import mailgen
from harness import DONE, PARTIAL, SEED, USAGE, Account, Result
from verifying import VerifyCase

CRASHES = ("intent-durable:1", "append-before:1", "append-half:1", "append-sent:1", "append-answered:1")


class Mend(VerifyCase):
    def setUp(self):
        super().setUp()
        maker = mailgen.Generator(SEED)
        connection = self.fill([mailgen.Message((folder,), maker.plain(), maker.flags((folder,)), maker.when(), "plain")
                                for folder in ("INBOX", "Work", "Lists") for _ in range(8)])
        self.copy_and_compare()

    def mend(self, *extra, expect=DONE, **options):
        return self.copy(*self.accounts(), "--mend", *extra, expect=expect, **options)

    def again(self, result):
        """Both sides are equal, a second mending finds nothing, and verification neither."""
        self.assert_same(self.login(self.source), self.login(self.target), result)
        second = self.mend()
        self.assertEqual((second.totals["mended"], second.totals["copied"]), (0, 0), str(second))
        self.verify()

    def files(self, folder):
        return sorted(path for path in maildir.files(self.target.mail(self.user)) if "/%s/" % folder in path)

    def remove(self, folder, *numbers):
        connection = self.login(self.target)
        connection.select('"%s"' % folder)
        for number in numbers:
            connection.store(str(number), "+FLAGS", "(\\Deleted)")
        connection.expunge()


class Kinds(Mend):
    def test_deleted(self):
        self.remove("INBOX", 2, 3)
        self.remove("Work", 8)
        gone = self.copy(*self.accounts())
        self.assertEqual((gone.totals["gone"], gone.totals["copied"]), (3, 0), str(gone))
        found = self.verify(expect=PARTIAL)
        self.assertEqual({f["known"] for f in found.json["accounts"][0]["findings"]}, {"seen_gone"})
        result = self.mend()
        self.assertEqual(result.totals["mended"], 3, str(result))
        self.again(result)

    def test_from_a_report_and_what_it_says(self):
        self.remove("INBOX", 2, 3)
        self.verify(expect=PARTIAL)
        report = self.path("verify.json")
        for change, words in ((lambda r: r.pop("schema"), "no report of a verification"),
                              (lambda r: r["accounts"][0].update(source="else@where"), "is not about"),
                              (lambda r: r["accounts"][0]["findings"][0].update(uid="x"), "makes no sense"),
                              (lambda r: r["accounts"][0]["findings"][0].update(uid=4711), "is not on record"),
                              (lambda r: r["accounts"][0]["findings"][0].update(folder="Nowhere"), "is not on record")):
            with open(report, encoding="utf-8") as file:
                edited = json.load(file)
            change(edited)
            with open(self.path("edited.json"), "w", encoding="utf-8") as file:
                json.dump(edited, file)
            refused = self.mend(self.path("edited.json"), expect=None)
            self.assertEqual(refused.status, USAGE, str(refused))
            self.assertIn(words, refused.out + refused.err)
        with open(self.path("edited.json"), "w", encoding="utf-8") as file:
            file.write("{")
        self.mend(self.path("edited.json"), expect=USAGE)
        dry = self.mend(report, "--dry-run")
        self.assertIn("would be sent again", dry.out)
        self.verify(expect=PARTIAL)
        self.mend("altered", "--mend", report)
        self.verify(expect=PARTIAL)
        result = self.mend(report)
        self.assertEqual(result.totals["mended"], 2, str(result))
        self.assertEqual(self.mend(report).totals["copied"], 0)
        self.again(result)

    def test_moved_and_deleted_by_a_client(self):
        """Into the Trash, and into a folder of the user's own: left where it is."""
        connection = self.login(self.target)
        connection.create("Trash")
        connection.create("Mine")
        connection.select("INBOX")
        connection.uid("MOVE", "2", "Trash")
        connection.uid("MOVE", "3", "Mine")
        found = self.verify(expect=PARTIAL)
        self.assertEqual(sorted((f["kind"], f["known"]) for f in found.json["accounts"][0]["findings"]),
                         [("wrong_place", "elsewhere"), ("wrong_place", "trash")], str(found))
        result = self.mend()
        self.assertEqual(result.totals["copied"], 0, str(result))

    def test_altered(self):
        for number, change in enumerate((lambda octets: octets[:-40], lambda octets: octets.replace(b"e", b"f", 1))):
            maildir.rewrite(self.files("Work")[number], change)
        maildir.forget_caches(self.target.mail(self.user))
        self.verify(expect=PARTIAL)
        result = self.mend()
        self.assertEqual(result.totals["mended"], 2, str(result))
        target = self.login(self.target)
        self.assertEqual(int(target.select("Work", readonly=True)[1][0]), 10)  # beside it
        self.assertEqual(self.mend().totals["copied"], 0)

    def test_replaced(self):
        for number, change in enumerate((lambda octets: octets[:-40], lambda octets: octets.replace(b"e", b"f", 1))):
            maildir.rewrite(self.files("Work")[number], change)
        maildir.forget_caches(self.target.mail(self.user))
        result = self.mend("--replace")
        self.assertEqual(result.totals["mended"], 2, str(result))
        self.again(result)

    def test_a_folder_is_gone(self):
        connection = self.login(self.target)
        connection.delete("Work")
        found = self.verify(expect=PARTIAL)
        self.assertEqual({f["known"] for f in found.json["accounts"][0]["findings"] if f["kind"] == "missing"},
                         {"folder_gone"})
        self.again(self.mend())

    def test_gone_from_both(self):
        """What is to be had nowhere is listed, and nothing else changes."""
        self.remove("INBOX", 2)
        connection = self.login(self.source)
        connection.select("INBOX")
        connection.store("2", "+FLAGS", "(\\Deleted)")
        connection.expunge()
        result = self.mend(expect=PARTIAL)
        self.assertIn("to be had nowhere", result.out)
        self.assertEqual(result.totals["copied"], 0)

    def test_killed(self):
        """At each step; what was sent again is on record all the same, each message once."""
        for point in CRASHES:
            with self.subTest(point):
                self.remove("INBOX", 2, 3, 5)
                killed = self.mend(expect=None, env={"MIG_CRASH_AT": point})
                self.assertEqual(killed.status, -9, str(killed))
                self.again(self.mend())
        with sqlite3.connect(self.state) as database:
            lost = database.execute("SELECT count(*) FROM message WHERE target_uid > 8").fetchone()
            counts = database.execute("SELECT mended, count(*), min(mended_at) FROM message WHERE mended IS NOT NULL "
                                      "GROUP BY mended").fetchall()
            open_ones = database.execute("SELECT count(*) FROM message WHERE mending IS NOT NULL").fetchone()
        database.close()
        self.assertEqual([row[0] for row in counts], [1])
        self.assertEqual((counts[0][1], open_ones), (lost[0], (0,)))


class LastPass(Mend):
    """Was it the last pass? Each copy says so, and run --final makes it so."""

    def run_final(self, *extra, expect=DONE):
        result = self.run_command(self.command(*self.accounts(), *extra, verb="run"),
                                  json_path=self.path("result.json"))
        self.assertEqual(result.status, expect, str(result))
        return result

    def test_quiet(self):
        account = self.copy(*self.accounts()).json["accounts"][0]
        self.assertEqual((account["quiet"], account["stirred"]), (True, 0))
        self.assertGreater(account["as_of"], 1500000000)
        connection = self.login(self.source)
        connection.append("INBOX", "", None, b"Subject: new\r\n\r\nnew\r\n")
        result = self.copy(*self.accounts())
        self.assertIn("Nothing came in meanwhile: this copy is complete as of", result.out)

    def test_steps_with_mend(self):
        self.remove("INBOX", 2, 3)
        result = self.run_final("--steps", "copy,verify,mend")
        self.again(result)

    def test_final(self):
        connection = self.login(self.source)
        connection.append("INBOX", "", None, b"Subject: new\r\n\r\nnew\r\n")
        self.remove("Work", 1)
        result = self.run_final("--final")
        self.again(result)


if __name__ == "__main__":
    unittest.main()
