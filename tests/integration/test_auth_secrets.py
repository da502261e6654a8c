"""Tokens, keys and client secrets are in no argument list, no log, no trace, no state, no report and no core."""

import base64
import os
import re
import shutil
import subprocess
import unittest

import logins
import tokens
from logins import Login
from proxies import Proxy

PROXY_PASSWORD = "pr0xy-c4n4ry-55"


class AuthSecrets(logins.LoginCase):
    @classmethod
    def source_settings(cls):
        cls.endpoint, settings = logins.with_tokens(cls.users)
        cls.addClassCleanup(shutil.rmtree, cls.endpoint.directory, ignore_errors=True)
        cls.addClassCleanup(cls.endpoint.stop)
        return settings

    def setUp(self):
        super().setUp()
        self.endpoint.mailbox = self.user
        self.endpoint.rotate = False
        self.endpoint.issued.clear()
        self.given = os.path.join(self.dir, "given")  # files that hold secrets because the user put them there
        os.mkdir(self.given, 0o700)

    def file(self, name, text):
        path = os.path.join(self.given, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            out.write(text + "\n")
        return path

    def secrets(self):
        """Everything secret, as it is and as it travels."""
        endpoint = self.endpoint
        plain = endpoint.issued + list(endpoint.refresh_tokens) + [endpoint.client_secret, PROXY_PASSWORD]
        plain += re.findall(r"[A-Za-z0-9+/]{60,}", endpoint.google_key_file["private_key"])[:2]
        for _, form in endpoint.requests:
            plain += [form[name] for name in ("assertion", "client_assertion", "device_code") if name in form]
        self.assertGreater(len(plain), 4)
        for text in plain:
            yield text.encode()
        for token in endpoint.issued:
            travelling = base64.b64encode(b"user=%s\1auth=Bearer %s\1\1" % (self.user.encode(), token.encode()))
            yield travelling[100:200]

    def assert_clean(self, octets, where):
        for secret in self.secrets():
            self.assertNotIn(secret, octets, where)

    def accounts(self):
        endpoint = self.endpoint
        common = {"oauth_ca_file": endpoint.ca}
        microsoft = dict(common, oauth_client_id=endpoint.client_id, oauth_token_url=endpoint.microsoft_url)
        return {
            "google": dict(common, oauth="google", oauth_key=endpoint.google_key, oauth_token_url=endpoint.google_url),
            "secret": dict(microsoft, oauth="microsoft",
                           oauth_secret_file=self.file("client-secret", endpoint.client_secret)),
            "certificate": dict(microsoft, oauth="microsoft", oauth_cert=endpoint.app_cert, oauth_key=endpoint.app_key),
            "refresh": dict(microsoft, oauth="refresh",
                            oauth_refresh_file=self.file("refresh", endpoint.new_refresh(self.user))),
            "device": dict(microsoft, oauth="device", oauth_device_url=endpoint.device_url),
            "command": {"token_command": "cat " + self.file("token", endpoint.token(self.user))},
        }

    def test_no_file_holds_them(self):
        self.fill(5)
        for name, options in self.accounts().items():
            with self.subTest(name), Proxy("socks5", login=("mover", PROXY_PASSWORD)) as proxy:
                self.state = os.path.join(self.dir, "state-" + name)
                log = os.path.join(self.dir, "log-" + name)
                result = self.copy_from(Login.on(self.source, self.user, proxy=proxy.url("mover"), **options),
                                        "-vv", "--trace", "--log", log, "--proxy-password-file",
                                        self.file("proxy", PROXY_PASSWORD))
                self.assertGreater(os.path.getsize(log), 1000)
                self.assert_clean((result.out + result.err).encode(), "output")
                kept = []
                for directory, _, files in os.walk(self.dir):
                    for name_there in files if directory != self.given else ():
                        if name_there.endswith((".password", ".source.token")):
                            kept.append(name_there)
                            continue
                        with open(os.path.join(directory, name_there), "rb") as file:
                            self.assert_clean(file.read(), name_there)
                self.assertEqual([one for one in kept if one.startswith("state-" + name)],
                                 ["state-device.source.token"] if name == "device" else [])

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_no_argument_list_shows_them(self):
        """strace shows each program that is started, with its arguments and its environment."""
        self.fill(2)
        for name, options in self.accounts().items():
            with self.subTest(name):
                self.state = os.path.join(self.dir, "state-" + name)
                trace = os.path.join(self.dir, "strace-" + name)
                command = self.command(Login.on(self.source, self.user, **options), self.to_target())
                done = self.run_command(["strace", "-f", "-qq", "-v", "-s", "100000", "-e", "trace=execve", "-o", trace]
                                        + command, env={"ASAN_OPTIONS": "detect_leaks=0"})  # which strace keeps it from
                self.assertEqual(done.status, 0, str(done))
                with open(trace, "rb") as file:
                    shown = file.read()
                self.assertIn(b"mailmigrate", shown)
                self.assert_clean(shown, "arguments")

    def test_no_core(self):
        """A process that dies while it holds tokens leaves no core, whatever the limit was."""
        self.fill(1)
        options = self.accounts()["google"]
        command = self.command(Login.on(self.source, self.user, **options), self.to_target())
        process = subprocess.Popen(["/bin/sh", "-c", "ulimit -c unlimited 2>/dev/null; exec \"$@\"", "sh"] + command,
                                   env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.dir)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        limits = ""
        while process.poll() is None and "Max core file size        0  " not in limits:
            with open("/proc/%d/limits" % process.pid, encoding="ascii") as file:
                limits = file.read()
        self.assertRegex(limits, r"Max core file size +0 ")


if __name__ == "__main__":
    unittest.main()
