"""OAuth 2 on a Dovecot that validates tokens itself, with a token endpoint that is as strict as the real ones."""

import json
import os
import shutil
import threading
import time
import unittest

import logins
import mailgen
import tokens
from harness import DONE, INTERRUPTED, LOGIN, SEED, TEMPORARY, USAGE
from logins import Login
from relay import Relay


class OAuthCase(logins.LoginCase):
    @classmethod
    def source_settings(cls):
        cls.endpoint, settings = logins.with_tokens(cls.users)
        cls.addClassCleanup(shutil.rmtree, cls.endpoint.directory, ignore_errors=True)
        cls.addClassCleanup(cls.endpoint.stop)
        return settings

    def setUp(self):
        super().setUp()
        endpoint = self.endpoint
        endpoint.mailbox, endpoint.lifetime, endpoint.rotate = self.user, 3600, False
        endpoint.delegated = set(tokens.GOOGLE_SCOPES)
        for record in (endpoint.requests, endpoint.issued, endpoint.times, endpoint.broken, endpoint.device_answers):
            record.clear()

    def file(self, name, text):
        path = os.path.join(self.dir, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def google(self, user=None, **options):
        settings = dict(oauth="google", oauth_key=self.endpoint.google_key, oauth_token_url=self.endpoint.google_url,
                        oauth_ca_file=self.endpoint.ca)
        settings.update(options)
        return Login.on(self.source, user or self.user, **settings)

    def microsoft(self, **options):
        settings = dict(oauth="microsoft", oauth_client_id=self.endpoint.client_id,
                        oauth_token_url=self.endpoint.microsoft_url, oauth_ca_file=self.endpoint.ca)
        if "oauth_cert" not in options:
            settings["oauth_secret_file"] = self.file("client-secret", self.endpoint.client_secret + "\n")
        settings.update(options)
        return Login.on(self.source, self.user, **settings)

    def refused(self, account, status, *patterns):
        """The run ends with `status` before it logs in anywhere, and says what the patterns want."""
        result = self.copy_from(account, expect=status)
        for pattern in patterns:
            self.assertRegex(result.err, pattern)
        self.assertNotIn("Login: user=<%s>" % self.user, self.log())
        return result


class Google(OAuthCase):
    def test_service_account(self):
        self.fill()
        result = self.copy_from(self.google())
        self.assert_arrived(result)
        self.assertEqual(len(self.endpoint.requests), 1)
        form = self.endpoint.requests[0][1]
        self.assertEqual(set(form), {"grant_type", "assertion"})
        claims = json.loads(tokens.decode(form["assertion"].split(".")[1]))
        self.assertEqual((claims["sub"], claims["scope"]), (self.user, "https://mail.google.com/"))
        self.assertIn("method=XOAUTH2", self.log())

    def test_oauthbearer_and_another_scope(self):
        self.fill()
        self.assert_arrived(self.copy_from(self.google(auth="oauthbearer", oauth_scope=tokens.GOOGLE_SCOPES[1])))
        self.assertIn("method=OAUTHBEARER", self.log())
        self.assertNotIn("method=XOAUTH2", self.log())

    def test_acts_for_the_authorization_identity(self):
        self.fill()
        account = self.google("whoever")
        account.options["authzid"] = self.user
        self.assert_arrived(self.copy_from(account))

    def test_delegation_is_missing(self):
        self.endpoint.delegated = set()
        self.refused(self.google(), LOGIN, "unauthorized_client: Client is unauthorized", "domain-wide delegation",
                     "localhost:")
        self.assertEqual(len(self.endpoint.requests), 1, "a refusal is not repeated")

    def test_unknown_user(self):
        self.refused(self.google("nobody"), LOGIN, "Invalid email or User ID", "user name in the URL")

    def test_wrong_scope(self):
        self.refused(self.google(oauth_scope="https://www.googleapis.com/auth/drive"), LOGIN, "invalid_scope",
                     "check the scope")

    def test_key_that_google_does_not_know(self):
        _, key = tokens.rsa_certificate(self.dir, "other")
        with open(key, encoding="ascii") as file:
            other = dict(self.endpoint.google_key_file, private_key=file.read())
        self.refused(self.google(oauth_key=self.file("other.json", json.dumps(other))), LOGIN, "Invalid JWT Signature",
                     "download a new JSON key")

    def test_key_files_that_are_none(self):
        for text, pattern in (("hello", "not JSON"), ("{}", "service_account"), ("", "empty"),
                              (json.dumps(dict(self.endpoint.google_key_file, private_key="x")), "PEM form")):
            with self.subTest(text[:20]):
                self.refused(self.google(oauth_key=self.file("key.json", text)), LOGIN, pattern, "key.json")
        self.refused(self.google(oauth_key=os.path.join(self.dir, "none")), LOGIN, "No such file")
        self.assertEqual(self.endpoint.requests, [])

    def test_clock_is_wrong(self):
        """faketime is not at hand: the endpoint's own clock is behind instead, which it tells in Google's words."""
        real = tokens.time.time
        tokens.time.time = lambda: real() - 7200
        self.addCleanup(setattr, tokens.time, "time", real)
        self.refused(self.google(), LOGIN, "short-lived token", "set this machine's clock")


class Microsoft(OAuthCase):
    def test_client_secret(self):
        self.fill()
        self.assert_arrived(self.copy_from(self.microsoft()))
        path, form = self.endpoint.requests[0]
        self.assertTrue(path.startswith("/" + self.endpoint.tenant))
        self.assertEqual(form, {"grant_type": "client_credentials", "client_id": self.endpoint.client_id,
                                "client_secret": self.endpoint.client_secret, "scope": tokens.MICROSOFT_SCOPE})

    def test_certificate(self):
        self.fill()
        account = self.microsoft(oauth_cert=self.endpoint.app_cert, oauth_key=self.endpoint.app_key)
        self.assert_arrived(self.copy_from(account))
        self.assertNotIn("client_secret", self.endpoint.requests[0][1])
        self.state = os.path.join(self.dir, "second-state")
        self.copy_from(account)  # with an assertion of its own: the endpoint takes none twice

    def test_certificate_and_key_in_one_file(self):
        texts = []
        for path in (self.endpoint.app_key, self.endpoint.app_cert):
            with open(path, encoding="ascii") as file:
                texts.append(file.read())
        self.fill(1)
        self.assert_arrived(self.copy_from(self.microsoft(oauth_cert=self.file("both.pem", "".join(texts)))))

    def test_certificates_that_do_not_do(self):
        cert, key = tokens.rsa_certificate(self.dir, "other")
        self.refused(self.microsoft(oauth_cert=cert, oauth_key=key), LOGIN, "AADSTS700027", "upload it")
        self.refused(self.microsoft(oauth_cert=self.endpoint.app_cert, oauth_key=key), LOGIN, "another certificate's")
        self.refused(self.microsoft(oauth_cert=self.source.ca, oauth_key=self.authority.key), LOGIN, "RSA")
        self.refused(self.microsoft(oauth_cert=key, oauth_key=key), LOGIN, "certificate in PEM form")

    def test_refusals_in_its_own_words(self):
        wrong = self.file("wrong", "not-the-secret-c4n4ry\n")
        for options, words, hint in (
                ({"oauth_secret_file": wrong}, "AADSTS7000215", "client secret's value, not its ID"),
                ({"oauth_client_id": "other"}, "AADSTS700016", "client ID is unknown in this tenant"),
                ({"oauth_scope": tokens.PERSON_SCOPE}, "AADSTS1002012", "outlook.office365.com/.default"),
                ({"oauth_scope": "https://other.example/.default"}, "AADSTS500011", "Exchange Online"),
                ({"oauth_token_url": self.endpoint.url + "/contoso/oauth2/v2.0/token"}, "AADSTS90002",
                 "no such tenant")):
            with self.subTest(words):
                result = self.refused(self.microsoft(**options), LOGIN, words, hint)
                self.assertNotIn("c4n4ry", result.err)

    def test_token_for_another_mailbox(self):
        """What an Exchange without FullAccess does: the endpoint gives a token, the server refuses it, once."""
        self.fill(1)
        self.endpoint.mailbox = "u59"
        result = self.copy_from(self.microsoft(), expect=LOGIN)
        self.assertRegex(result.err, "refuses the login")
        self.assertLessEqual(len(self.endpoint.requests), 2)


class Refresh(OAuthCase):
    def account(self, token, **options):
        settings = dict(oauth="refresh", oauth_client_id=self.endpoint.client_id, oauth_ca_file=self.endpoint.ca,
                        oauth_token_url=self.endpoint.microsoft_url,
                        oauth_refresh_file=self.file("refresh", token + "\n"))
        settings.update(options)
        return Login.on(self.source, self.user, **settings)

    def test_refresh_token(self):
        self.fill()
        self.assert_arrived(self.copy_from(self.account(self.endpoint.new_refresh(self.user))))
        self.assertEqual(set(self.endpoint.requests[0][1]), {"grant_type", "client_id", "refresh_token"})
        self.assertFalse(os.path.exists(self.state + ".source.token"), "nothing that could not be had again")

    def test_one_that_is_replaced_is_kept(self):
        self.endpoint.rotate = True
        self.fill()
        account = self.account(self.endpoint.new_refresh(self.user))
        self.copy_from(account)
        kept = self.state + ".source.token"
        self.assertEqual(os.stat(kept).st_mode & 0o777, 0o600)
        self.copy_from(account)
        self.assertEqual(len(self.endpoint.requests), 1, "the kept access token still does")
        self.endpoint.lifetime = 1
        with open(kept, encoding="utf-8") as file:
            cache = json.load(file)
        cache["ends"] = 1
        with open(kept, "w", encoding="utf-8") as file:
            json.dump(cache, file)
        self.copy_from(account)  # with the replacement: the first refresh token is good for nothing any more
        self.assertEqual(len(self.endpoint.requests), 2)

    def test_cache_that_others_can_read_is_not_taken(self):
        self.endpoint.rotate = True
        self.fill(1)
        account = self.account(self.endpoint.new_refresh(self.user))
        self.copy_from(account)
        os.chmod(self.state + ".source.token", 0o644)
        result = self.copy_from(account, expect=LOGIN)
        self.assertRegex(result.err, "AADSTS70008.*sign in again")

    def test_unknown_refresh_token(self):
        self.refused(self.account("1.unknown"), LOGIN, "invalid_grant", "sign in again")


class Device(OAuthCase):
    def account(self, **options):
        settings = dict(oauth="device", oauth_client_id=self.endpoint.client_id, oauth_ca_file=self.endpoint.ca,
                        oauth_token_url=self.endpoint.microsoft_url, oauth_device_url=self.endpoint.device_url)
        settings.update(options)
        return Login.on(self.source, self.user, **settings)

    def test_code_is_shown_and_tokens_are_kept(self):
        self.endpoint.device_answers[:] = ["authorization_pending", "authorization_pending"]
        self.fill()
        result = self.copy_from(self.account())
        self.assertRegex(result.err, r"open https://microsoft\.example/devicelogin .* code GTHK-7QPD")
        self.assert_arrived(result)
        self.assertEqual(len(self.endpoint.requests), 4)
        self.assertEqual(os.stat(self.state + ".source.token").st_mode & 0o777, 0o600)
        again = self.copy_from(self.account())
        self.assertNotIn("GTHK-7QPD", again.err)
        self.assertEqual(len(self.endpoint.requests), 4)

    def test_slow_down(self):
        self.endpoint.device_answers[:] = ["slow_down"]
        self.fill(1)
        self.copy_from(self.account())
        self.assertGreaterEqual(self.endpoint.times[2] - self.endpoint.times[1], 5.9)

    def test_person_says_no(self):
        self.endpoint.device_answers[:] = ["authorization_pending", "access_denied"]
        self.refused(self.account(), LOGIN, "access_denied", "said no")

    def test_interrupted_while_waiting(self):
        self.endpoint.device_answers[:] = ["authorization_pending"] * 50
        process = self.start(self.command(self.account(), self.to_target()))
        deadline = time.monotonic() + 20
        while not self.endpoint.times and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        process.terminate()
        _, err = process.communicate(timeout=10)
        self.assertEqual(process.returncode, INTERRUPTED, err)
        self.assertIn(b"stopped while waiting for the sign-in", err)


class Lifetimes(OAuthCase):
    def test_tokens_of_five_seconds_and_a_copy_that_lasts_longer(self):
        """The line breaks now and then: each new connection has to log in again, with a token that is good.

        No message takes longer on this line than a small part of the time between two breaks."""
        self.endpoint.lifetime = 5
        maker = mailgen.Generator(SEED)
        size = sum(len(message.octets) for message in self.fill(messages=[
            mailgen.Message(("INBOX",), maker.plain(), (), maker.when(), "plain") for _ in range(200)]))
        with Relay("127.0.0.1", self.source.port, rate=size // 12) as relay:
            timers = [threading.Timer(seconds, relay.cut_all) for seconds in (2, 4.5, 7, 9.5)]
            for timer in timers:
                timer.start()
            started = time.monotonic()
            account = self.google(scheme="plain", port=relay.port, host="127.0.0.1")
            result = self.copy_from(account, "--connections", "2", timeout=200)
            lasted = time.monotonic() - started
            for timer in timers:
                timer.cancel()
                timer.join()
        self.assertGreater(lasted, 6, "the copy outlives a token")
        self.assertGreaterEqual(len(self.endpoint.requests), 2)
        self.assertLess(len(self.endpoint.requests), 2 + lasted / 2, "a token is used as long as it is good")
        self.assertNotIn("expired", self.log().lower())
        self.assert_arrived(result)

    def google(self, user=None, scheme="imaps", host=None, port=None, **options):
        account = super().google(user, **options)
        if scheme == "plain":
            account.url = self.source.url(self.user, "imap", host, port)
            account.options["tls"] = "none"
        return account

    def test_a_refused_token_is_replaced_once(self):
        """A token command whose first token has run out: the second one does."""
        self.fill()
        old = self.file("old", self.endpoint.token(self.user, lifetime=-10))
        new = self.file("new", self.endpoint.token(self.user))
        counter = os.path.join(self.dir, "counter")
        command = "echo x >>%s; if [ $(wc -l <%s) = 1 ]; then cat %s; else cat %s; fi" % (counter, counter, old, new)
        result = self.copy_from(Login.on(self.source, self.user, token_command=command))
        self.assert_arrived(result)
        with open(counter, encoding="ascii") as file:
            self.assertEqual(len(file.readlines()), 2)

    def test_refused_tokens_end_after_two(self):
        self.fill(1)
        counter = os.path.join(self.dir, "counter")
        command = "echo x >>%s; echo bad-token-$(wc -l <%s)" % (counter, counter)
        result = self.copy_from(Login.on(self.source, self.user, token_command=command), expect=LOGIN)
        self.assertRegex(result.err, "refuses the login")
        with open(counter, encoding="ascii") as file:
            self.assertEqual(len(file.readlines()), 2)


class EndpointFaults(OAuthCase):
    def test_redirects_are_not_followed(self):
        self.endpoint.broken[:] = [(307, {"Location": self.endpoint.url + "/elsewhere"}, b"")]
        self.refused(self.microsoft(), LOGIN, "redirect, which is not followed")
        self.assertEqual(len(self.endpoint.requests), 1)

    def test_answers_that_are_none(self):
        for answer, status, pattern in (
                ((200, {}, b"<html>hello</html>"), LOGIN, "not JSON"),
                ((200, {}, b"{\"token_type\": \"Bearer\"}"), LOGIN, "no access token"),
                ((200, {}, b"{\"access_token\": \"a\\u0001b\"}"), LOGIN, "control characters"),
                ((200, {}, b"{\"access_token\": \"a\", \"token_type\": \"mac\"}"), LOGIN, "Bearer"),
                ((200, {}, b"[" * 100000), TEMPORARY, "longer than 64 KiB"),
                ((404, {}, b"not here"), LOGIN, "status 404"),
                ((503, {}, b"{\"error\": \"temporarily_unavailable\"}"), TEMPORARY, "status 503"),
                ((429, {"Retry-After": "7"}, b"{}"), TEMPORARY, "status 429"),
                ((400, {}, b"{\"error\": \"x\\u001b[31m\", \"error_description\": \"\\u202eevil\"}"), LOGIN,
                 "x\\?\\[31m")):
            with self.subTest(answer):
                self.endpoint.broken[:] = [answer]
                result = self.refused(self.microsoft(), status, pattern)
                self.assertNotIn("\x1b", result.err)

    def test_certificate_of_the_endpoint_is_checked(self):
        self.refused(self.microsoft(oauth_ca_file=None), TEMPORARY, "(?i)certificate", "nothing was sent")
        self.assertEqual(self.endpoint.requests, [])

    def test_https_alone(self):
        for url in (self.endpoint.microsoft_url.replace("https", "http"), "file:///etc/passwd",
                    "https://user:geheim@localhost/token"):
            with self.subTest(url):
                result = self.refused(self.microsoft(oauth_token_url=url), USAGE, "https")
                self.assertNotIn("geheim", result.err)

    def test_variables_for_proxies_are_not_heeded(self):
        self.fill(1)
        self.copy_from(self.microsoft(), env={"https_proxy": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"})


class Options(OAuthCase):
    def test_what_does_not_fit(self):
        for options, pattern in (
                ({"oauth": "google"}, "key file of the service account is missing"),
                ({"oauth": "microsoft"}, "client ID is missing"),
                ({"oauth": "microsoft", "oauth_client_id": "x"}, "secret or certificate is missing"),
                ({"oauth": "refresh", "oauth_client_id": "x"}, "refresh token is missing"),
                ({"oauth": "device", "oauth_client_id": "x", "oauth_token_url": "https://a/"}, "belong together"),
                ({"oauth_client_id": "x"}, "--source-oauth-client-id needs --source-oauth"),
                ({"oauth": "yahoo"}, "one of google, microsoft"),
                ({"oauth": "google", "token_command": "x"}, "exclude each other"),
                ({"oauth": "google", "oauth_key": "x", "auth": "plain"}, "access token goes with"),
                ({"key": "x"}, "--source-key needs --source-cert"),
                ({"auth": "external"}, "needs --source-cert"),
                ({"tunnel": "x", "proxy": "socks5://localhost"}, "tunnel does not go through a proxy")):
            with self.subTest(options):
                result = self.copy_from(Login.on(self.source, self.user, **options), expect=USAGE)
                self.assertRegex(result.err, pattern)

    def test_a_secret_as_an_option_is_refused(self):
        for option in ("--source-oauth-secret=geheim", "--source-token=geheim", "--source-oauth-client-secret=geheim"):
            with self.subTest(option):
                result = self.copy_from(Login.on(self.source, self.user), option, expect=USAGE)
                self.assertRegex(result.err, "every user of this machine can read")
                self.assertNotIn("geheim", result.err)

    def test_two_sides_at_once(self):
        """Source and target each with tokens of their own."""
        self.fill()
        target = Login.on(self.source, self.user, **self.microsoft().options)
        self.endpoint.mailbox = "u58"
        target.url = self.source.url("u58")
        self.assert_copied_within(self.copy(self.google(), target))

    def assert_copied_within(self, result):
        self.assertEqual(result.status, DONE, str(result))
        self.assertGreater(result.totals["copied"], 0)
        self.assertEqual(len(self.endpoint.requests), 2)


if __name__ == "__main__":
    unittest.main()
