"""`mailmigrate login`: an authorization server of ours, Chromium and programs in its place, and the file it leaves."""

import json
import os
import re
import shutil
import ssl
import stat
import subprocess
import threading
import time
import unittest
import urllib.request

import browser
import harness
import logins
import tokens
from logins import Login


class Case(logins.LoginCase):
    @classmethod
    def source_settings(cls):
        cls.endpoint, settings = logins.with_tokens(cls.users)
        cls.addClassCleanup(shutil.rmtree, cls.endpoint.directory, ignore_errors=True)
        cls.addClassCleanup(cls.endpoint.stop)
        return settings

    def setUp(self):
        super().setUp()
        self.endpoint.mailbox, self.endpoint.rotate, self.endpoint.lifetime = self.user, False, 3600
        self.endpoint.answer_with = {}
        self.endpoint.device_answers.clear()
        self.endpoint.requests.clear()
        self.file = os.path.join(self.dir, "token")

    def login_command(self, *more, file=True):
        return [harness.program(), "login", "ours", self.user, "--client-id", self.endpoint.client_id, "--auth-url",
                self.endpoint.auth_url, "--token-url", self.endpoint.microsoft_url, "--device-url",
                self.endpoint.device_url, "--scope", tokens.PERSON_SCOPE, "--issuer", self.endpoint.url, "--ca-file",
                self.endpoint.ca, "--wait", "60", *(["--file", self.file] if file else []), *more]

    def begin(self, *more, **options):
        """(process, the URL to open)"""
        process = subprocess.Popen(self.login_command("--no-browser", *more, **options), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment())
        self.addCleanup(self.end, process)
        line = b""
        while not line.startswith(b"https://"):
            line = process.stdout.readline()
            self.assertNotEqual(line, b"")
        return process, line.decode().strip()

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def page(self, url):
        """Where the page's link leads."""
        context = ssl.create_default_context(cafile=self.endpoint.ca)
        with urllib.request.urlopen(url, context=context, timeout=30) as answer:
            return re.search(r'href="([^"]+)"', answer.read().decode())[1].replace("&amp;", "&")

    @staticmethod
    def open(url):
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return answer.status, answer.read().decode(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), dict(error.headers)

    def finish(self, process, expect=0):
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, expect, out.decode() + err.decode())
        return out.decode() + err.decode()

    def sign_in(self):
        process, url = self.begin()
        status, _, _ = self.open(self.page(url))
        self.assertEqual(status, 200)
        self.finish(process)

    def signed_in(self):
        return Login.on(type(self).source, self.user, oauth="refresh", oauth_refresh_file=self.file,
                        oauth_ca_file=self.endpoint.ca)


class Browser(Case):
    def test_code_and_copy(self):
        self.fill()
        process, url = self.begin()
        target = self.page(url)
        status, body, headers = self.open(target)
        self.assertEqual(status, 200)
        self.assertIn("The terminal says how it went on", body)
        self.assertEqual(headers["Content-Security-Policy"], "default-src 'none'")
        text = self.finish(process)
        self.assertIn("Signed in", text)
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)
        with open(self.file, encoding="utf-8") as file:
            kept = json.load(file)
        self.assertEqual((kept["user"], kept["token_url"]), (self.user, self.endpoint.microsoft_url))
        for secret in (kept["refresh_token"], kept["access_token"]):
            self.assertNotIn(secret, text)
        form = self.endpoint.requests[-1][1]
        self.assertEqual(form["grant_type"], "authorization_code")
        self.assertNotIn(form["code_verifier"], url)
        self.copy_from(self.signed_in())
        self.assert_arrived()

    def test_by_hand_over_ssh(self):
        """The browser is on another machine: its address is pasted."""
        process, url = self.begin()
        process.stdin.write(b"what is this?\n")
        process.stdin.flush()
        time.sleep(0.3)
        process.stdin.write(self.page(url).encode() + b"\n")
        process.stdin.flush()
        self.finish(process)
        self.assertTrue(os.path.exists(self.file))

    def test_forged_answers(self):
        """Without our state nothing is taken, and waiting goes on; the right one still comes through."""
        process, url = self.begin()
        target = self.page(url)
        for forged in (re.sub(r"state=[^&]+", "state=other", target), re.sub(r"&state=[^&]+", "", target),
                       target + "&code=again", target.split("?")[0] + "favicon.ico", target.split("?")[0] + "?x=%zz"):
            with self.subTest(forged):
                self.assertIn(self.open(forged)[0], (400, 404))
        self.assertIsNone(process.poll())
        self.assertEqual(self.open(target)[0], 200)
        self.finish(process)

    def test_wrong_issuer(self):
        for issuer in ("https://elsewhere.example", None):
            with self.subTest(issuer):
                self.endpoint.answer_with = {"iss": issuer}
                process, url = self.begin()
                self.open(self.page(url))
                text = self.finish(process, expect=harness.LOGIN)
                self.assertIn("RFC 9207", text)
                self.assertFalse(os.path.exists(self.file))
        self.assertEqual([form for _, form in self.endpoint.requests if "code" in form], [])

    def test_person_refuses(self):
        self.endpoint.answer_with = {"code": None, "error": "access_denied", "error_description": "no\x1b[31m thanks"}
        process, url = self.begin()
        self.open(self.page(url))
        text = self.finish(process, expect=harness.LOGIN)
        self.assertIn("access_denied", text)
        self.assertNotIn("\x1b", text)

    def test_code_that_was_stolen(self):
        """A code alone is worth nothing: the verifier never left the program (RFC 7636)."""
        process, url = self.begin()
        target = self.page(url)
        code = re.search(r"code=([^&]+)", target)[1]
        self.endpoint.codes[code]["code_challenge"] = "x" * 43
        self.open(target)
        self.assertIn("code_verifier does not match", self.finish(process, expect=harness.LOGIN))

    def test_save_command(self):
        """A secret service in its place: the refresh token goes to its standard input, and nowhere else."""
        kept = os.path.join(self.dir, "kept")
        process, url = self.begin("--save-command", "cat > %s" % kept, file=False)
        self.open(self.page(url))
        text = self.finish(process)
        with open(kept, encoding="ascii") as file:
            self.assertIn(file.read().strip(), self.endpoint.refresh_tokens)
        self.assertNotIn("Use it with", text)
        process, url = self.begin("--save-command", "exit 3", file=False)
        self.open(self.page(url))
        self.assertIn("did not take the token", self.finish(process, expect=harness.LOGIN))

    def test_nobody_comes(self):
        done = self.run_command(self.login_command("--no-browser", "--wait", "1"))
        self.assertEqual(done.status, harness.TEMPORARY, str(done))
        self.assertIn("nobody signed in in time", done.err)

    @unittest.skipUnless(browser.available(), "no chromium here")
    def test_chromium(self):
        process, url = self.begin()
        page = browser.Browser()
        self.addCleanup(page.close)
        page.send("Security.setIgnoreCertificateErrors", ignore=True)
        page.send("Page.navigate", url=url)
        page.wait_for("document.getElementById('allow') !== null")
        page.run("document.getElementById('allow').click()")
        page.wait_for("location.hostname === '127.0.0.1' && document.readyState === 'complete'")
        self.assertIn("mailmigrate has the answer", page.run("document.body.textContent"))
        self.finish(process)
        self.assertTrue(os.path.exists(self.file))


class Kept(Case):
    def test_device(self):
        self.endpoint.device_answers = ["authorization_pending"]
        done = self.run_command(self.login_command("--device"))
        self.assertEqual(done.status, 0, str(done))
        self.assertIn("GTHK-7QPD", done.out)
        self.fill()
        self.copy_from(self.signed_in())
        self.assert_arrived()

    def test_check(self):
        self.sign_in()
        command = [harness.program(), "login", "--check", "--file", self.file, "--ca-file", self.endpoint.ca]
        asked = len(self.endpoint.requests)
        done = self.run_command(command)
        self.assertEqual(done.status, 0, str(done))
        self.assertEqual(len(self.endpoint.requests), asked + 1)
        self.assertRegex(done.out, r"access token   valid until 20\d\d-")
        self.assertRegex(done.out, r"the one now at hand is valid until 20\d\d-")
        self.endpoint.refresh_tokens.clear()
        done = self.run_command(command)
        self.assertEqual(done.status, harness.LOGIN, str(done))
        self.assertIn("the provider gave no token for it", done.out)
        os.chmod(self.file, 0o644)
        done = self.run_command(command)
        self.assertEqual(done.status, harness.LOGIN, str(done))
        self.assertIn("other users can read", done.err)

    def test_two_processes_refresh_at_once(self):
        """Each refresh token is good once: one process asks, the others find what it got."""
        self.sign_in()
        self.endpoint.rotate = True
        with open(self.file, encoding="utf-8") as file:
            kept = json.load(file)
        kept["ends"] = 1  # long over
        with open(self.file, "w", encoding="utf-8") as file:
            json.dump(kept, file)
        asked = len(self.endpoint.requests)
        results = []

        def copy(number):
            target = os.path.join(self.dir, "mail%d" % number)
            results.append(self.run_command(
                [harness.program(), "copy", *self.signed_in().arguments("source", self.dir), "--target",
                 "maildir:" + target, "--state", os.path.join(self.dir, "state%d" % number)]))

        threads = [threading.Thread(target=copy, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([result.status for result in results], [0] * 4, "\n".join(map(str, results)))
        self.assertEqual(len(self.endpoint.requests), asked + 1)

    def test_usage(self):
        for arguments, words in ((["google", "ann@x.example"], "--client-id is missing"),
                                 (["nobody", "ann"], "nothing is known of a provider"),
                                 (["google"], "a provider and a user are wanted"),
                                 (["google", "ann", "--client-id", "x", "--device"], "no device flow for mail"),
                                 (["microsoft", "ann", "--client-id", "x", "--tenant", "a/b"], "neither an ID nor")):
            with self.subTest(arguments):
                done = self.run_command([harness.program(), "login", *arguments])
                self.assertEqual(done.status, harness.USAGE, str(done))
                self.assertIn(words, done.err)


if __name__ == "__main__":
    unittest.main()
