"""The live page over HTTP: what is served to whom, and that a run does not mind who looks, or whether anybody can."""

import http.client
import os
import re
import signal
import socket
import ssl
import stat
import time
import unittest

import certs
from harness import DONE, USAGE, Account, ToolCase, program
from livestate import LiveState, page_url
from memserver import MemServer

PATHS = ("/", "/account?id=0", "/metrics", "/live.css", "/live.js", "/nothing")


class Client:
    """Requests to the page at `url`."""

    def __init__(self, url, ca=None):
        self.scheme, self.host, self.port, self.query = re.fullmatch(r"(https?)://(.+):(\d+)/(.*)", url).groups()
        self.context = ssl.create_default_context(cafile=ca) if self.scheme == "https" else None

    def connect(self):
        if self.context:
            return http.client.HTTPSConnection("localhost", int(self.port), timeout=30, context=self.context)
        return http.client.HTTPConnection(self.host, int(self.port), timeout=30)

    def get(self, path, method="GET", body=None, **headers):
        connection = self.connect()
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()

    def raw(self, octets):
        """What the server sends to these octets until it ends the connection."""
        with socket.create_connection((self.host, int(self.port)), timeout=40) as line:
            line.sendall(octets)
            got = b""
            while True:
                piece = line.recv(65536)
                if not piece:
                    return got
                got += piece


class Serving(ToolCase):
    def serve(self, *arguments):
        process = self.start([program(), "status", "--state", self.state, *arguments])
        return process, page_url(process)


class Page(Serving):
    """One server for all tests of the class."""

    def setUp(self):
        super().setUp()
        self.states = LiveState(self.state, 120)
        self.process, url = self.serve("--serve=127.0.0.1:0", "--interval", "1")
        self.client = Client(url)
        self.wait_for("/", "person00001")

    def wait_for(self, path, text, timeout=60):
        deadline = time.monotonic() + timeout
        while text not in self.client.get(path)[2]:
            self.assertLess(time.monotonic(), deadline, text)
            time.sleep(0.1)

    def account(self, name):
        page = self.client.get("/?q=" + name)[2]
        return re.search(r'href="(/account\?id=[0-9a-f]{16})">' + name, page)[1]

    def test_views(self):
        page = self.client.get("/")[2]
        self.assertIn("120 accounts", page)
        self.assertIn("Page 1 of 3", page)
        self.assertLess(page.index("person00001"), page.index("person00002"))
        self.assertEqual(len(re.findall("<tr ", page)), 51)
        self.assertIn("20 accounts", self.client.get("/?page=3")[2].replace("120 accounts", "20 accounts"))
        self.assertIn("1 account found", self.client.get("/?state=killed")[2])
        self.assertIn("1 account found", self.client.get("/?q=PERSON00077")[2])
        self.assertIn("0 accounts found", self.client.get("/?q=%3Cscript%3E")[2])
        page = self.client.get(self.account("person00002"))[2]
        self.assertIn("Entw\u00fcrfe", page)
        self.assertIn("too-big", page)
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;", page)
        self.assertNotIn("<script>alert", page)
        self.assertNotIn("\u202e", page)
        self.assertIn("partial", page)

    def test_what_changes_is_told(self):
        path = self.account("person00001")
        with socket.create_connection((self.client.host, int(self.client.port)), timeout=60) as line:
            line.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            got = b""
            while got.count(b"data: ") < 2:
                piece = line.recv(4096)
                self.assertNotEqual(piece, b"")
                got += piece
            self.assertIn(b"text/event-stream", got)
            self.states.copied(range(2, 252))
            self.wait_for("/", "250 of 1,000")
            self.wait_for(path, "251 messages")

    def test_metrics(self):
        status, headers, text = self.client.get("/metrics")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        self.assertIn('mailmigrate_accounts{status="killed"} 1\n', text)

    def test_headers(self):
        for path in PATHS:
            status, headers, _ = self.client.get(path)
            with self.subTest(path):
                self.assertEqual(status, 404 if path in ("/nothing", "/account?id=0") else 200)
                self.assertTrue(headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'; "))
                self.assertNotIn("unsafe", headers["Content-Security-Policy"])
                self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
                self.assertEqual(headers["Referrer-Policy"], "no-referrer")
                kept = path.startswith("/live.")
                self.assertEqual(headers["Cache-Control"], "private, no-cache" if kept else "no-store")
                if kept:
                    again = self.client.get(path, If_None_Match=headers["ETag"])
                    self.assertEqual((again[0], again[2]), (304, ""))
        self.assertNotRegex(self.client.get("/")[2], r'(?:src|href|action)="(?!/|data:,|#)')

    def test_methods(self):
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"):
            with self.subTest(method):
                status, headers, _ = self.client.get("/", method)
                self.assertEqual((status, headers["Allow"]), (405, "GET, HEAD"))
        status, headers, text = self.client.get("/", "HEAD")
        self.assertEqual((status, text), (200, ""))
        self.assertGreater(int(headers["Content-Length"]), 1000)
        self.assertEqual(self.client.get("/", "POST", "state=failed")[0], 405)

    def test_a_body_is_not_the_next_request(self):
        smuggled = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
        got = self.client.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s"
                              % (len(smuggled), smuggled))
        self.assertNotIn(b"mailmigrate_info", got)

    def test_hosts(self):
        """A name of somebody else that leads to this machine (DNS rebinding) is served nothing."""
        for host in ("evil.example", "evil.example:%s" % self.client.port, "127.0.0.1.evil.example", "localhost:",
                     "0.0.0.0", "localhost, evil.example"):
            for path in PATHS:
                with self.subTest(host=host, path=path):
                    status, _, text = self.client.get(path, Host=host)
                    self.assertEqual(status, 421)
                    self.assertNotIn("person0", text)
        self.assertEqual(self.client.get("/", Host="localhost:%s" % self.client.port)[0], 200)
        for two in (b"Host: localhost\r\nHost: evil.example\r\n", b"Host: evil.example\r\nHost: localhost\r\n"):
            got = self.client.raw(b"GET / HTTP/1.1\r\n%sConnection: close\r\n\r\n" % two)
            self.assertNotIn(b"person0", got)
        self.assertNotIn(b"person0", self.client.raw(b"GET / HTTP/1.0\r\n\r\n"))

    def test_paths_that_lead_elsewhere(self):
        for path in ("/../../../../etc/passwd", "/..%2f..%2fetc/passwd", "/live.css/../../../etc/passwd",
                     "//etc/passwd",
                     "/live.css%00.html", "/.", "/account/", "/%2e%2e/", "/index.html", "/state", "/live.css;x"):
            got = self.client.raw(b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path.encode())
            with self.subTest(path):
                self.assertRegex(got, rb"^HTTP/1\.1 4\d\d ")
                self.assertNotIn(b"root:", got)

    def test_what_is_injected_stays_text(self):
        for words in ("%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "'%20onfocus=alert(1)%20autofocus='", "%00",
                      "%1b%5b31m",
                      "%0d%0aSet-Cookie:%20a=b", "x" * 5000, "%ff%fe", "%E2%80%AE"):
            for path in ("/?q=%s", "/?state=%s", "/?order=%s&page=%s".replace("%s", words, 1), "/account?id=%s"):
                status, headers, text = self.client.get(path.replace("%s", words))
                self.assertIn(status, (200, 404))
                self.assertNotIn("Set-Cookie", headers)
                self.assertNotRegex(text, "<script>alert|[\0\x1b\u202e]")
                self.assertNotIn("' onfocus", text)

    def test_large_and_malformed_requests(self):
        for octets in (b"GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % (b"x" * 100000),
                       b"GET / HTTP/1.1\r\nHost: localhost\r\nX: %s\r\n\r\n" % (b"x" * 100000),
                       b"GET / HTTP/1.1\r\nHost: localhost\r\n%s\r\n" % (b"X: y\r\n" * 20000),
                       b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"GET /\r\n\r\n",
                       b"\0" * 40000 + b"\r\n\r\n"):
            try:
                got = self.client.raw(octets)
            except ConnectionResetError:
                got = b""
            self.assertNotIn(b"person0", got)
        self.assertEqual(self.client.get("/")[0], 200)

    def test_many_and_slow_clients(self):
        """More than there is room for, none of which ends its request: they are ended, and the page is there again."""
        lines = []
        self.addCleanup(lambda: [line.close() for line in lines])
        for _ in range(70):
            line = socket.create_connection((self.client.host, int(self.client.port)), timeout=60)
            lines.append(line)
            try:
                line.sendall(b"GET / HTTP/1.1\r\nHost: loc")
            except OSError:
                pass
        deadline = time.monotonic() + 120
        while True:
            for line in lines:
                try:
                    line.send(b"a")  # an octet now and then keeps no connection
                except OSError:
                    pass
            try:
                if self.client.get("/")[0] == 200:
                    break
            except OSError:
                pass
            except http.client.HTTPException:
                pass
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.5)

    def test_a_signal_ends_it(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            process, url = self.serve("--serve=127.0.0.1:0")
            with socket.create_connection(("127.0.0.1", int(Client(url).port)), timeout=60) as line:
                line.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                line.recv(100)
                process.send_signal(number)
                self.assertEqual(process.wait(60), DONE)


class Elsewhere(Serving):
    """Beyond loopback: TLS and a token, or nothing."""

    def setUp(self):
        super().setUp()
        LiveState(self.state, 3)
        authority = certs.Authority(os.path.join(self.dir, "ca"))
        self.cert, self.key = authority.issue("page")
        self.ca = authority.ca

    def refused(self, *arguments):
        result = self.run_command([program(), "status", "--state", self.state, *arguments])
        self.assertEqual(result.status, USAGE, str(result))
        return result.err

    def test_never_in_the_open(self):
        self.assertIn("without TLS", self.refused("--serve=0.0.0.0:0"))
        self.assertIn("without TLS", self.refused("--serve=[::]:0"))
        self.assertIn("both", self.refused("--serve=0.0.0.0:0", "--live-cert", self.cert))
        self.assertIn("cannot be served", self.refused("--serve=nowhere.example:0"))

    def test_token(self):
        _, url = self.serve("--serve=0.0.0.0:0", "--live-cert", self.cert, "--live-key", self.key)
        client = Client(url, self.ca)
        token = re.fullmatch(r"\?token=([0-9a-f]{32})", client.query)[1]
        for path in PATHS + ("/events", "/?token=" + "0" * 32):
            with self.subTest(path):
                status, headers, text = client.get(path)
                self.assertEqual(status, 401)
                self.assertNotIn("person0", text)
                self.assertNotIn("Set-Cookie", headers)
        status, headers, _ = client.get("/" + client.query)
        self.assertEqual((status, headers["Location"]), (303, "/"))
        self.assertEqual(headers["Set-Cookie"],
                         "__Host-mailmigrate=%s; Path=/; Secure; HttpOnly; SameSite=Strict" % token)
        cookie = "__Host-mailmigrate=" + token
        deadline = time.monotonic() + 60
        while "person00001" not in client.get("/", Cookie=cookie)[2]:
            self.assertLess(time.monotonic(), deadline)
        self.assertIn("mailmigrate_info", client.get("/metrics", Authorization="Bearer " + token)[2])
        self.assertEqual(client.get("/", Cookie="__Host-mailmigrate=" + token[:-1])[0], 401)
        self.assertEqual(client.get("/", Cookie=cookie, Host="evil.example")[0], 421)

    def test_a_key_of_another(self):
        _, other = certs.Authority(os.path.join(self.dir, "ca")).issue("other")
        result = self.run_command([program(), "status", "--state", self.state, "--serve=0.0.0.0:0", "--live-cert",
                                   self.cert, "--live-key", other])
        self.assertEqual(result.status, 4, str(result))
        self.assertIn("do not go together", result.err)


class Run(ToolCase):
    """A run that is looked at."""

    def setUp(self):
        super().setUp()
        self.source, self.target = MemServer(), MemServer()
        for server in (self.source, self.target):
            self.addCleanup(server.stop)
        self.accounts = [Account.on(server, "u1", "plain") for server in (self.source, self.target)]
        for number in range(5):
            self.source.find(b"INBOX").add(b"Subject: %d\r\n\r\nx\r\n" % number)

    def test_the_page_of_a_run_to_its_end(self):
        held = []

        def hold(connection, name, arguments):
            while name == "APPEND" and not held:
                time.sleep(0.05)

        self.target.on_command = hold
        log = os.path.join(self.dir, "log")
        process = self.start(self.command(*self.accounts, "--live=127.0.0.1:0", "--log", log, verb="run"))
        url = page_url(process)
        client = Client(url)
        deadline = time.monotonic() + 60
        while "0 of 5" not in client.get("/")[2]:
            self.assertLess(time.monotonic(), deadline)
        with socket.create_connection((client.host, int(client.port)), timeout=60) as line:
            line.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            line.recv(100)
            held.append(True)
            got = b""
            while b"event: end" not in got:
                piece = line.recv(4096)
                self.assertNotEqual(piece, b"", got)
                got += piece
            page = client.get("/")[2]
        self.assertIn("The run has ended.", page)
        self.assertIn('class="state complete"', page)
        self.assertIn("5 messages seen there by this run", page)
        self.assertEqual(process.wait(60), DONE)
        self.assertEqual(stat.S_IMODE(os.stat(log).st_mode), 0o600)

    def test_a_page_that_cannot_be_served_stops_nobody(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            result = self.run_command(self.command(
                *self.accounts, "--live=127.0.0.1:%d" % taken.getsockname()[1], verb="run"))
        self.assertEqual(result.status, DONE, str(result))
        self.assertIn("the run goes on without its page", result.err)
        self.assertEqual(len(self.target.find(b"INBOX").messages), 5)

    def test_what_makes_no_sense_is_told_before_the_run(self):
        for arguments in (["--live=0.0.0.0:80"], ["--live=nowhere"], ["--live-cert", "/dev/null"]):
            result = self.run_command(self.command(*self.accounts, *arguments, verb="run"))
            self.assertEqual(result.status, USAGE, str(result))
        self.assertEqual(self.target.find(b"INBOX").messages, [])


if __name__ == "__main__":
    unittest.main()
