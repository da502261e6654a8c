"""Reports of a verification: signed, checked by plain openssl and by the tool, and caught when they were changed."""

import csv
import datetime
import io
import json
import os
import subprocess
import unittest

import imaputil
import maildir
from harness import DONE, LOCAL, PARTIAL, USAGE, program
from verifying import VerifyCase

WHEN = datetime.datetime(2015, 6, 7, 8, 9, 10, tzinfo=datetime.timezone.utc)


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)


class Reports(VerifyCase):
    def setUp(self):
        super().setUp()
        octets = b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= %d\r\nMessage-ID: <%d@x>\r\n\r\nbody\r\n"
        source = self.login(self.source)
        imaputil.check(source.create("Work"))
        for name in ("INBOX", "Work"):
            imaputil.append(source, name, [(octets % (n, n), (), WHEN) for n in range(5)])
        self.copy(*self.accounts())
        os.unlink(maildir.find(self.work_directory(), b"<3@x>"))

    def work_directory(self):
        """Where the target keeps the folder Work."""
        for directory, names, _ in os.walk(self.target.mail(self.user)):
            if os.path.basename(directory) in ("Work", ".Work") and "cur" in names:
                return directory
        raise RuntimeError("no folder Work")

    def key(self, *algorithm):
        """A new key pair: key.pem, public.pem."""
        key, public = self.path("key.pem"), self.path("public.pem")
        self.assertEqual(openssl("genpkey", *algorithm, "-out", key).returncode, 0)
        self.assertEqual(openssl("pkey", "-in", key, "-pubout", "-out", public).returncode, 0)
        return key, public

    def signed(self, key):
        html, table = self.path("report.html"), self.path("report.csv")
        self.damaged("--html", html, "--csv", table, "--sign", key)
        return self.path("verify.json"), html, table

    def check(self, path, *extra):
        return self.run_command([program(), "verify", "--check-report", path, *extra])

    def test_ed25519(self):
        key, public = self.key("-algorithm", "ed25519")
        for path in self.signed(key):
            done = openssl("pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in", path, "-sigfile",
                           path + ".sig")
            self.assertEqual(done.returncode, 0, done.stdout)
            self.check_each_way(path, public)

    def test_rsa(self):
        key, public = self.key("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        for path in self.signed(key):
            done = openssl("dgst", "-sha256", "-verify", public, "-signature", path + ".sig", path)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.check_each_way(path, public)

    def check_each_way(self, path, public):
        good = self.check(path, "--public-key", public)
        self.assertEqual(good.status, DONE, str(good))
        self.assertIn("The report is as it was signed.", good.out)
        with open(path, "rb") as file:
            octets = file.read()
        at = len(octets) // 2
        for changed in (octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1:], octets + b"\n", octets[:-1], b""):
            with open(path, "wb") as file:
                file.write(changed)
            bad = self.check(path, "--public-key", public)
            self.assertEqual(bad.status, PARTIAL, str(bad))
            self.assertIn("DOES NOT FIT", bad.out)
            self.assertIn("The report is NOT as it was written.", bad.out)
        with open(path, "wb") as file:
            file.write(octets)

    def test_another_key(self):
        key, _ = self.key("-algorithm", "ed25519")
        report = self.signed(key)[0]
        _, other = self.key("-algorithm", "ed25519")
        self.assertEqual(self.check(report, "--public-key", other).status, PARTIAL)

    def test_what_a_changed_report_contradicts(self):
        self.damaged()
        path = self.path("verify.json")
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
        self.assertEqual(self.check(path).status, DONE)
        folder = next(i for i, f in enumerate(report["accounts"][0]["folders"]) if f["missing"])

        def hide_finding(r):
            del r["accounts"][0]["findings"][0]

        def hide_it_well(r):
            hide_finding(r)
            r["accounts"][0]["folders"][folder]["missing"] = 0
            r["accounts"][0]["folders"][folder]["identical"] += 1
            r["totals"]["missing"] = 0
            r["totals"]["identical"] += 1

        def hide_folder(r):
            del r["accounts"][0]["folders"][0]

        def change_root(r):
            root = r["accounts"][0]["folders"][0]["root"]
            r["accounts"][0]["folders"][0]["root"] = ("0" if root[0] != "0" else "1") + root[1:]

        for change, words in ((hide_finding, '"missing" is 1, but it should be 0'),
                              (hide_it_well, "the exit status says"),
                              (hide_folder, "totals"), (change_root, "Merkle root"),
                              (lambda r: r["totals"].update(identical=10), '"identical" is 10'),
                              (lambda r: r["accounts"][0]["folders"][folder].update(messages=6), '"messages" is 6'),
                              (lambda r: r.update(schema="other"), "no report"),
                              (lambda r: r["accounts"][0]["findings"][0].update(folder="X"), "belongs to nothing"),
                              (lambda r: r["totals"].pop("found"), 'no number "found"')):
            changed = json.loads(json.dumps(report))
            change(changed)
            with open(path, "w", encoding="utf-8") as file:
                json.dump(changed, file)
            result = self.check(path)
            self.assertEqual(result.status, PARTIAL, str(result))
            self.assertIn(words, result.out)
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"schema": ')
        result = self.check(path)
        self.assertEqual(result.status, PARTIAL)
        self.assertIn("is no JSON", result.out)

    def test_what_can_not_be_told(self):
        key, public = self.key("-algorithm", "ed25519")
        report, html, _ = self.signed(key)
        result = self.check(report)
        self.assertEqual(result.status, DONE)
        self.assertIn("--public-key", result.out)
        self.assertEqual(self.check(html).status, USAGE)
        self.assertEqual(self.check(self.path("none"), "--public-key", public).status, LOCAL)
        self.assertEqual(self.check(report, "--public-key", key).status, LOCAL)  # not the public half
        os.unlink(html + ".sig")
        result = self.check(html, "--public-key", public)
        self.assertEqual(result.status, LOCAL)
        self.assertIn("report.html.sig", result.err)

    def test_keys_that_do_not_serve(self):
        """Told before any server is asked."""
        encrypted = self.path("encrypted.pem")
        self.key("-algorithm", "ed25519")
        openssl("pkey", "-in", self.path("key.pem"), "-aes256", "-passout", "pass:secret", "-out", encrypted)
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.path("ec.pem"))
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024", "-out", self.path("short.pem"))
        with open(self.path("text.pem"), "w", encoding="utf-8") as file:
            file.write("no key\n")
        for name, words in (("encrypted.pem", "is encrypted"), ("ec.pem", "neither Ed25519 nor RSA"),
                            ("short.pem", "at least 2048 bits"), ("text.pem", "no private key"),
                            ("public.pem", "no private key"), ("nowhere.pem", "cannot be read")):
            result = self.verify("--sign", self.path(name), expect=LOCAL)
            self.assertIn(words, result.err)
            self.assertIsNone(result.json)

    def test_options_that_exclude_each_other(self):
        for options, words in ((("--sample", "5", "--depth", "quick"), "nothing to --sample"),
                               (("--seed", "5"), "--sample"), (("--sample", "0"), "percent"),
                               (("--sample", "100"), "percent"), (("--depth", "deep"), "full, quick"),
                               (("--against", "target"), "state, source"), (("--public-key", "x"), "--check-report"),
                               (("--check-report", "x"), "--source"), (("--html", "-", "--csv", "-"), "same place"),
                               (("--json", "-", "--sign", "x"), "standard output"), (("--dry-run",), "--dry-run")):
            result = self.verify(*options, expect=USAGE)
            self.assertIn(words, result.err)

    def test_table(self):
        """The CSV says the same as the JSON."""
        result = self.damaged("--csv", self.path("report.csv"))
        rows = list(csv.DictReader(io.StringIO(self.read("report.csv"), newline="")))
        listed = result.json["accounts"][0]["findings"]
        self.assertEqual(len(rows), len(listed))
        self.assertEqual({v for v in rows[0].values()} & {"missing", "Work", "Gr\u00fc\u00dfe 3", "<3@x>"},
                         {"missing", "Work", "Gr\u00fc\u00dfe 3", "<3@x>"})

    def test_standard_output(self):
        for option, start in (("--json", "{"), ("--html", "<!doctype html>"), ("--csv", "source,target,kind,")):
            result = self.damaged(option, "-")
            self.assertNotIn("Read ", result.out.splitlines()[-1])
            self.assertTrue(result.out.lower().startswith(start), result.out[:200])

    def test_audit_trail(self):
        """Who verified what, when, with which version, and what the root was."""
        import sqlite3
        result = self.damaged()
        account = result.json["accounts"][0]
        with sqlite3.connect(self.state) as connection:
            tables = {row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")}
            text = "\n".join(connection.iterdump())
        self.assertTrue(tables)
        self.assertIn(account["root"], text)
        self.assertIn("'verify'", text)
        self.assertGreater(account["run"], 0)

    def test_a_report_that_can_not_be_written(self):
        result = self.verify("--html", self.path("no/such/place.html"), expect=LOCAL)
        self.assertIn("place.html", result.err)
        self.assertIsNone(result.json)


if __name__ == "__main__":
    unittest.main()
