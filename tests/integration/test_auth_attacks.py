"""Somebody between us and the server: no octet of a credential leaves, on imaps and on STARTTLS."""

import base64
import os
import re
import ssl
import threading
import unittest

import certs
import dovecot
import harness
import wire
from harness import LOGIN, TEMPORARY, USAGE, ToolCase
from logins import Login

USER, PASSWORD = "v1ctim@old.example", "s3cr3t-c4n4ry-20"
CAPABILITIES = "IMAP4rev1 SASL-IR ID AUTH=PLAIN AUTH=LOGIN AUTH=CRAM-MD5 AUTH=SCRAM-SHA-256 AUTH=XOAUTH2"


class Connection(wire.Connection):
    """Keeps every octet that came in, before and after TLS."""

    def __init__(self, sock, number):
        super().__init__(sock, number)
        self.octets_in = b""

    def _more(self):
        before = len(self.buffer)
        super()._more()
        self.octets_in += self.buffer[before:]


class Server(wire.Server):
    """A server that takes whatever login it gets, and records it. `how` names the attack."""

    connection_class = Connection

    def __init__(self, how, certificate, implicit, greeting=None, capabilities=CAPABILITIES, version=None):
        self.how, self.greeting, self.capabilities = how, greeting, capabilities
        self.secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.secured.load_cert_chain(*certificate)
        if version:
            self.secured.maximum_version = version
        super().__init__()
        self.context = self.secured if implicit else None
        self.implicit = implicit

    def play(self, connection):
        announced = self.capabilities + ("" if self.implicit or self.how == "stripped" else " STARTTLS")
        connection.send(self.greeting or "* OK [CAPABILITY %s] ready" % announced)
        while True:
            words = connection.line().decode("utf-8", "replace").split(" ")
            name = words[1].upper() if len(words) > 1 else ""
            if name == "CAPABILITY":
                connection.send("* CAPABILITY " + announced, words[0] + " OK done")
            elif name == "STARTTLS":
                if not self.start_tls(connection, words[0]):
                    continue
                announced = self.capabilities
            elif name == "LOGIN" or name == "AUTHENTICATE":
                self.answer_login(connection, words[0])
            elif name == "LOGOUT":
                connection.send("* BYE", words[0] + " OK")
                return
            else:
                connection.send(words[0] + " OK whatever")

    def answer_login(self, connection, tag):
        connection.send(tag + " OK in")

    def start_tls(self, connection, tag):
        if self.how == "refused":
            connection.send(tag + " NO not today")
            return False
        if self.how == "injected":
            connection.send((tag + " OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n").encode())
        elif self.how == "preauth-injected":
            connection.send((tag + " OK go\r\n* PREAUTH you are in\r\n").encode())
        elif self.how == "pretended":
            connection.send(tag + " OK go")
            return False  # goes on in clear text
        else:
            connection.send(tag + " OK go")
        connection.sock = self.secured.wrap_socket(connection.sock, server_side=True)
        return True

    @property
    def received_octets(self):
        return b"".join(connection.octets_in for connection in self.connections)


def forms(user=USER, password=PASSWORD):
    """The credential as it may travel: plain, PLAIN, LOGIN, XOAUTH2, and the user's name."""
    raw = [password.encode(), user.encode(), b"\0%s\0%s" % (user.encode(), password.encode()),
           b"user=%s\1auth=Bearer %s\1\1" % (user.encode(), password.encode())]
    return raw + [base64.b64encode(one).rstrip(b"=") for one in raw]


class Attacks(ToolCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = dovecot.work_directory("mma-")
        cls.addClassCleanup(harness.shutil.rmtree, cls.shared, ignore_errors=True)
        cls.authority = certs.Authority(os.path.join(cls.shared, "ca"))
        other = certs.Authority(os.path.join(cls.shared, "other"), "somebody else")
        cls.good = cls.authority.issue("good")
        cls.certificates = {
            "expired": cls.authority.issue("expired", expired=True),
            "self-signed": cls.authority.issue("alone", self_signed=True),
            "of another host": cls.authority.issue("elsewhere", ("DNS:elsewhere.example", "IP:192.0.2.7")),
            "of another authority": other.issue("good"),
        }
        # Where the run would go if it went on.
        cls.target = dovecot.Dovecot(users=["u1"], authority=cls.authority).start()
        cls.addClassCleanup(cls.target.stop)

    def run_against(self, server, scheme, status, *extra, **options):
        settings = {"ca_file": self.authority.ca}
        settings.update(options)
        url = "%s://%s@localhost:%d" % (scheme, USER.replace("@", "%40"), server.port)
        for login in (Login(url, PASSWORD, **settings),
                      Login(url, token_command="echo " + PASSWORD, **settings)):
            result = self.copy(login, harness.Account.on(self.target), *extra, expect=status, timeout=60)
            self.assertNotIn(PASSWORD, result.err + result.out)
        return result

    def assert_nothing_left(self, server, result, pattern):
        self.assertRegex(result.err, pattern)
        self.assertGreaterEqual(len(server.connections), 2, "the server was reached")
        octets = server.received_octets
        counted = sum(len(form) * octets.count(form) for form in forms())
        self.assertEqual(counted, 0, octets)
        self.assertNotRegex(octets, rb"(?i)\b(?:LOGIN|AUTHENTICATE)\b")

    def test_certificates(self):
        words = {"expired": "expired", "self-signed": "self-signed", "of another host": "localhost",
                 "of another authority": "(?i)not trusted|unknown|issuer|chain|authority"}
        for kind, certificate in self.certificates.items():
            for scheme in ("imaps", "imap"):
                with self.subTest(kind, scheme=scheme), Server("", certificate, scheme == "imaps") as server:
                    result = self.run_against(server, scheme, TEMPORARY)
                    self.assert_nothing_left(server, result, words[kind])
                    # each message says what to do
                    self.assertRegex(result.err, "ca-file|CA|trust|host|clock|renew|certificate")
                    if scheme == "imaps":
                        self.assertEqual(server.received_octets, b"")

    def test_pin_and_version(self):
        for options, extra, pattern in (({"pin": "sha256//" + "A" * 43 + "="}, (), "pin"),
                                        ({}, ("--tls-min", "1.3"), "TLS")):
            for scheme in ("imaps", "imap"):
                with self.subTest(pattern, scheme=scheme), \
                        Server("", self.good, scheme == "imaps", version=ssl.TLSVersion.TLSv1_2) as server:
                    result = self.run_against(server, scheme, TEMPORARY, *extra, **options)
                    self.assert_nothing_left(server, result, pattern)

    def test_starttls(self):
        for how, status, pattern in (("stripped", USAGE, "does not offer STARTTLS"),
                                     ("refused", USAGE, "refuses STARTTLS"),
                                     ("injected", TEMPORARY, "slipped in|plain text"),
                                     ("preauth-injected", TEMPORARY, "slipped in|plain text"),
                                     ("pretended", TEMPORARY, "TLS")):
            with self.subTest(how), Server(how, self.good, False) as server:
                if how == "pretended":
                    result = self.run_against(server, "imap", TEMPORARY, "--connect-timeout", "3")
                else:
                    result = self.run_against(server, "imap", status)
                self.assert_nothing_left(server, result, pattern)

    def test_preauth(self):
        for scheme, status in (("imap", USAGE), ("imaps", TEMPORARY)):
            with self.subTest(scheme), \
                    Server("", self.good, scheme == "imaps", greeting="* PREAUTH [CAPABILITY IMAP4rev1] in") as server:
                result = self.run_against(server, scheme, status)
                self.assert_nothing_left(server, result, "logged in already")
                self.assertNotRegex(server.received_octets, rb"LIST|EXAMINE|SELECT|APPEND")

    def test_plain_text_where_tls_should_be(self):
        """A server on the port of imaps that greets in plain text."""
        with Server("", self.good, False) as server:
            result = self.run_against(server, "imaps", TEMPORARY, "--connect-timeout", "3")
            self.assert_nothing_left(server, result, "TLS")

    def test_logindisabled(self):
        with Server("", self.good, True, capabilities="IMAP4rev1 LOGINDISABLED") as server:
            result = self.run_against(server, "imaps", LOGIN)
            self.assert_nothing_left(server, result, "does not offer")

    def test_only_mechanisms_that_need_more_than_a_password(self):
        with Server("", self.good, True, capabilities="IMAP4rev1 LOGINDISABLED AUTH=GSSAPI AUTH=NTLM") as server:
            result = self.run_against(server, "imaps", LOGIN)
            self.assert_nothing_left(server, result, "GSSAPI")


class Referrals(ToolCase):
    """RFC 2221: a server may send the client elsewhere, together with its password. It does not go."""

    def test_never_followed(self):
        authority = certs.Authority(os.path.join(self.dir, "ca"))
        certificate = authority.issue("server")
        target = dovecot.Dovecot(users=["u1"], authority=authority)
        self.addCleanup(target.stop)
        target.start()
        with Server("", certificate, True) as elsewhere:
            for word in ("NO", "OK"):
                with self.subTest(word), Server("", certificate, True) as server:
                    lock = threading.Lock()

                    def refer(connection, tag, answer=word):
                        with lock:
                            connection.send("%s %s [REFERRAL imaps://other@localhost:%d/] go there"
                                            % (tag, answer, elsewhere.port))

                    server.answer_login = refer
                    login = Login("imaps://me@localhost:%d" % server.port, PASSWORD, ca_file=authority.ca, auth="plain")
                    result = self.copy(login, harness.Account.on(target), expect=LOGIN if word == "NO" else None,
                                       timeout=60)
                    if word == "NO":
                        self.assertRegex(result.err, "REFERRAL|go there")
                        logins = re.findall(rb"(?m)AUTHENTICATE", server.received_octets)
                        self.assertEqual(len(logins), 1, "one attempt")
                    self.assertEqual(elsewhere.connections, [])


if __name__ == "__main__":
    unittest.main()
