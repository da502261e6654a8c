"""Each way to log in, on a real Dovecot: SASL mechanisms, administrators, certificates, proxies, tunnels."""

import os
import re
import time
import unittest

import dovecot
import logins
from harness import LOGIN, TEMPORARY, USAGE, Account
from logins import Login
from memserver import MemServer
from proxies import Proxy
from tokens import Endpoint

EXTRA = """
auth_verbose = yes
auth_master_user_separator = *
passdb {
  driver = passwd-file
  args = scheme=PLAIN %(shared)s/masters
  master = yes
  result_success = continue
}
passdb {
  driver = static
  args = nopassword
  mechanisms = external
}
ssl_ca = <%(shared)s/ca/ca.pem
ssl_verify_client_cert = yes
ssl_require_crl = no
auth_ssl_username_from_cert = yes
ssl_cert_username_field = commonName
"""


class AuthCase(logins.LoginCase):
    @classmethod
    def source_settings(cls):
        with open(os.path.join(cls.shared, "masters"), "w", encoding="ascii") as out:
            out.write("admin:{PLAIN}master-pw\n")
        return {"mechanisms": logins.MECHANISMS + " external", "extra": EXTRA % {"shared": cls.shared},
                "certificate": cls.authority.issue("source", ("DNS:localhost", "DNS:source.invalid", "IP:127.0.0.1"))}

    def account(self, user=None, password=dovecot.PASSWORD, **options):
        return Login.on(self.source, user or self.user, password=password, **options)

    def log_after(self, words):
        """The log, once it holds these words: Dovecot writes it in its own time."""
        deadline = time.monotonic() + 10
        while words not in self.log() and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.log()

    def methods(self):
        return set(re.findall(r"Login: user=<%s>, method=([\w-]+)" % self.user, self.log()))


class Sasl(AuthCase):
    def test_each_mechanism(self):
        self.fill(3)
        for asked, method in (("auto", "SCRAM-SHA-256"), ("scram-sha-256", "SCRAM-SHA-256"),
                              ("scram-sha-1", "SCRAM-SHA-1"), ("cram-md5", "CRAM-MD5"), ("plain", "PLAIN"),
                              ("login", "PLAIN")):  # Dovecot logs the command LOGIN as PLAIN
            with self.subTest(asked):
                self.log_from = len(self.source.log)
                self.state = os.path.join(self.dir, "state-" + asked)
                self.copy_from(self.account(auth=asked))
                self.assertEqual(self.methods(), {method})
        self.assert_arrived()

    def test_wrong_password_is_tried_once(self):
        for mechanism in ("auto", "scram-sha-256", "scram-sha-1", "cram-md5", "plain", "login"):
            with self.subTest(mechanism):
                self.log_from = len(self.source.log)
                self.state = os.path.join(self.dir, "state-" + mechanism)
                result = self.copy_from(self.account(password="wr0ng-c4n4ry", auth=mechanism), expect=LOGIN)
                self.assertRegex(result.err, "refuses the login of " + self.user)
                self.assertNotIn("c4n4ry", result.err + result.out)
                log = self.log_after("auth failed")
                attempts = re.findall(r"auth failed, (\d+) attempts.*user=<%s>" % self.user, log)
                self.assertEqual(attempts, ["1"], self.log())

    def test_administrator_with_an_authorization_identity(self):
        self.fill(3)
        self.copy_from(self.account("admin", "master-pw", authzid=self.user, auth="plain"))
        self.assert_arrived()
        self.assertIn("Master user logging in as " + self.user, self.log())

    def test_administrator_as_a_part_of_the_name(self):
        self.fill(3)
        self.copy_from(self.account(self.user + "*admin", "master-pw", auth="plain"))
        self.assert_arrived()
        self.assertIn("Master user logging in as " + self.user, self.log())

    def test_identity_with_a_mechanism_that_has_none(self):
        result = self.copy_from(self.account("admin", "master-pw", authzid=self.user, auth="cram-md5"), expect=USAGE)
        self.assertRegex(result.err, "cannot log in as one user and act as another")
        self.assertNotIn("auth failed", self.log())

    def test_mechanism_that_is_not_offered(self):
        result = self.copy_from(Account.on(self.target, "u59", auth="scram-sha-256"), expect=LOGIN)
        self.assertRegex(result.err, "does not offer SCRAM-SHA-256.*PLAIN")


class Certificates(AuthCase):
    def test_external(self):
        cert, key = self.authority.issue(self.user, ("DNS:" + self.user,))
        self.fill(3)
        self.copy_from(self.account(password=None, cert=cert, key=key))
        self.assertEqual(self.methods(), {"EXTERNAL"})
        self.assert_arrived()

    def test_starttls_and_key_in_the_same_file(self):
        both = os.path.join(self.dir, "both.pem")
        with open(both, "wb") as out:
            for path in self.authority.issue(self.user, ("DNS:" + self.user,)):
                with open(path, "rb") as file:
                    out.write(file.read())
        self.fill(1)
        self.copy_from(Login.on(self.source, self.user, "imap", cert=both, auth="external"))
        self.assertEqual(self.methods(), {"EXTERNAL"})

    def test_certificate_besides_a_password(self):
        cert, key = self.authority.issue(self.user, ("DNS:" + self.user,))
        self.fill(1)
        self.copy_from(self.account(cert=cert, key=key))
        self.assertEqual(self.methods(), {"SCRAM-SHA-256"})

    def test_files_that_do_not_do(self):
        cert, key = self.authority.issue(self.user, ("DNS:" + self.user,))
        for options in ({"cert": os.path.join(self.dir, "none")}, {"cert": key}, {"cert": cert, "key": cert},
                        {"cert": cert, "key": self.authority.key}):
            with self.subTest(options):
                result = self.copy_from(self.account(password=None, **options), expect=None)
                self.assertIn(result.status, (LOGIN, 6), str(result))
                self.assertRegex(result.err, "client certificate")

    def test_pin_and_lowest_version(self):
        self.fill(1)
        wrong = "sha256//" + "A" * 43 + "="
        result = self.copy_from(self.account(pin=wrong), expect=TEMPORARY)
        self.assertRegex(result.err, "pin|public key")
        self.assertEqual(self.methods(), set())
        self.copy_from(self.account(), "--tls-min", "1.3")

    def test_sessions_are_resumed(self):
        """Later connections of a side begin TLS where an earlier one left off."""
        resumed = {}
        certificate = self.authority.issue("memserver")
        with MemServer(tls=certificate) as source, MemServer(tls=certificate, users=("u2",)) as target:
            for folder in range(4):
                box = source.add_mailbox("F%d" % folder)
                for number in range(250):
                    box.add(b"Subject: %d in %d\r\n\r\nhello\r\n" % (number, folder))
            target.on_command = lambda connection, name, arguments: resumed.setdefault(
                connection.number, connection.sock.session_reused)
            self.copy(*(Account.on(server, user, "imaps", host="localhost", ca_file=self.authority.ca)
                        for server, user in ((source, "u1"), (target, "u2"))))
        self.assertGreaterEqual(len(resumed), 2)
        self.assertFalse(resumed[0])
        self.assertIn(True, resumed.values())


class Proxies(AuthCase):
    def secret(self, text):
        path = os.path.join(self.dir, "proxy.password")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as out:
            out.write(text + "\n")
        return ["--proxy-password-file", path]

    def test_the_proxy_looks_the_name_up(self):
        for kind in ("socks5", "http"):
            with self.subTest(kind), Proxy(kind, {"source.invalid": "127.0.0.1"}) as proxy:
                self.user = next(self.next_user)
                self.fill(3)
                result = self.copy_from(self.account(host="source.invalid", proxy=proxy.url()))
                self.assert_arrived(result)
                self.assertEqual(set(proxy.asked), {("source.invalid", self.source.tls_port)})

    def test_with_a_password_for_both_sides(self):
        for kind in ("socks5", "http"):
            with self.subTest(kind), Proxy(kind, login=("mover", "pr0xy c4n4ry")) as proxy:
                self.user = next(self.next_user)
                self.fill(3)
                result = self.copy_from(self.account(), "--proxy", proxy.url("mover"), *self.secret("pr0xy c4n4ry"))
                self.assert_arrived(result)
                self.assertEqual({port for _, port in proxy.asked}, {self.source.tls_port, self.target.tls_port})
                self.assertEqual(set(proxy.logins), {("mover", "pr0xy c4n4ry")})

    def test_wrong_password_of_the_proxy(self):
        for kind in ("socks5", "http"):
            with self.subTest(kind), Proxy(kind, login=("mover", "right")) as proxy:
                result = self.copy_from(self.account(proxy=proxy.url("mover")), *self.secret("wrong"), expect=LOGIN)
                self.assertRegex(result.err, "proxy")
                self.assertEqual(len(proxy.logins), 1)
                self.assertNotIn("Login:", self.log())

    def test_a_proxy_that_can_not_reach_it(self):
        for kind in ("socks5", "http"):
            with self.subTest(kind), Proxy(kind) as proxy:
                result = self.copy_from(self.account(host="other.invalid", proxy=proxy.url()), expect=TEMPORARY)
                self.assertRegex(result.err, "proxy")

    def test_no_clear_text_through_a_proxy(self):
        with Proxy("socks5") as proxy:
            result = self.copy_from(Login.on(self.source, self.user, "plain", password=dovecot.PASSWORD,
                                             proxy=proxy.url()), expect=USAGE)
            self.assertRegex(result.err, "behind a proxy: without TLS")
            self.assertEqual(proxy.asked, [])
        self.assertNotIn("Login:", self.log())

    def test_the_token_endpoint_is_behind_it_as_well(self):
        endpoint = Endpoint(self.dir, self.authority, [self.user])
        self.addCleanup(endpoint.stop)
        for kind in ("socks5", "http"):
            with self.subTest(kind), Proxy(kind, login=("mover", "pw")) as proxy:
                account = self.account(password=None, proxy=proxy.url("mover"), oauth="google",
                                       oauth_key=endpoint.google_key, oauth_token_url=endpoint.google_url,
                                       oauth_ca_file=endpoint.ca)
                endpoint.delegated = set()
                result = self.copy_from(account, *self.secret("pw"), expect=LOGIN)
                self.assertRegex(result.err, "unauthorized_client")
                self.assertEqual(proxy.asked, [("localhost", endpoint.server.server_address[1])])


class Tunnels(AuthCase):
    def tunnel(self, user):
        # As the manual has it: started by root, the program refuses to write into a socket.
        return "cat | /usr/lib/dovecot/imap -c %s/dovecot.conf -u %s | cat" % (self.source.root, user)

    def test_imap_program_that_is_logged_in(self):
        self.fill(10)
        url = "imap://%s@old.invalid" % self.user
        result = self.copy_from(Login(url, tunnel=self.tunnel(self.user)), "--connections", "2")
        self.assertEqual(self.methods(), set(), "nobody logged in over the network")
        self.assert_arrived(result)

    def test_password_inside_a_tunnel(self):
        """A command that leads to the port: TLS and login go on inside, as the URL says."""
        self.fill(3)
        shim = os.path.join(self.dir, "shim.py")
        with open(shim, "w", encoding="ascii") as out:
            out.write("import os, socket, sys, threading\n"
                      "s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n"
                      "def up():\n"
                      "    for data in iter(lambda: os.read(0, 65536), b''):\n"
                      "        s.sendall(data)\n"
                      "    s.shutdown(socket.SHUT_WR)\n"
                      "threading.Thread(target=up, daemon=True).start()\n"
                      "for data in iter(lambda: s.recv(65536), b''):\n"
                      "    os.write(1, data)\n")
        for scheme, port, tls in (("imaps", self.source.tls_port, None), ("imap", self.source.port, None),
                                  ("imap", self.source.port, "none")):
            with self.subTest(scheme=scheme, tls=tls):
                self.state = os.path.join(self.dir, "state-%s-%s" % (scheme, tls))
                account = Login("%s://%s@localhost" % (scheme, self.user), dovecot.PASSWORD, ca_file=self.source.ca,
                                tls=tls, tunnel="python3 '%s' %d" % (shim, port))
                self.copy_from(account)
        self.assert_arrived()

    def test_command_that_fails(self):
        result = self.copy_from(Login("imap://%s@old.invalid" % self.user, tunnel="echo no such host >&2; exit 255"),
                                expect=TEMPORARY)
        self.assertRegex(result.err, "no such host")

    def test_not_logged_in_and_no_password(self):
        command = "printf '* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello\\r\\n'; cat >/dev/null"
        result = self.copy_from(Login("imap://%s@old.invalid" % self.user, tunnel=command, tls="none"), expect=LOGIN)
        self.assertRegex(result.err, "no password for " + self.user)


if __name__ == "__main__":
    unittest.main()
