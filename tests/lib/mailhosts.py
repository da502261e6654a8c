"""Mail and web servers of one address each, as well or badly behaved as a test wants them."""

import http.server
import socket
import socketserver
import ssl
import threading


def context(certificate):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*certificate)
    return made


class _Threads(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """A client that goes away is nothing to report."""


class Host:
    """A server in a thread; a context manager."""

    def serve(self, server):
        self.server = server
        self.thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()
        return self

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Mail(Host):
    """An SMTP server that talks up to RCPT. `takes`: domains it accepts mail for; relay: it accepts any."""

    def __init__(self, address, port, certificate=None, greeting="220 mx.hosts.example ESMTP", takes=(), relay=False,
                 silent=False, breaks_tls=False, extra="", refusal="550 5.7.1 no"):
        self.certificate, self.greeting, self.takes, self.relay = certificate, greeting, takes, relay
        self.silent, self.breaks_tls, self.extra, self.refusal = silent, breaks_tls, extra, refusal
        self.lines = []  # what clients said
        host = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                try:
                    host.talk(self.request)
                except (OSError, ssl.SSLError):
                    pass

        self.serve(_Threads((address, port), Handler))

    def talk(self, connection):
        if self.silent:
            connection.settimeout(30)
            connection.recv(1)
            return
        connection.sendall(self.greeting.encode("latin-1") + b"\r\n")
        while True:
            line = b""
            while not line.endswith(b"\n"):
                octet = connection.recv(1)
                if not octet:
                    return
                line += octet
            text = line.decode("latin-1").strip()
            self.lines.append(text)
            verb = text.upper()
            if verb.startswith("EHLO"):
                offers = ["mx.hosts.example"] + (["STARTTLS"] if self.certificate or self.breaks_tls else []) + ["SIZE"]
                reply = "".join("250%s%s\r\n" % ("-" if i + 1 < len(offers) else " ", each)
                                for i, each in enumerate(offers))
            elif verb == "STARTTLS":
                connection.sendall(b"220 go on\r\n" + self.extra.encode())
                if self.breaks_tls:
                    connection.sendall(b"this is no TLS\r\n")
                    return
                connection = context(self.certificate).wrap_socket(connection, server_side=True)
                continue
            elif verb.startswith("RCPT TO:"):
                domain = text.partition("@")[2].rstrip(">").lower()
                reply = "250 2.1.5 ok\r\n" if self.relay or domain in self.takes else self.refusal + "\r\n"
            elif verb == "QUIT":
                connection.sendall(b"221 bye\r\n")
                return
            else:
                reply = "250 ok\r\n"
            connection.sendall(reply.encode("latin-1"))


class Imap(Host):
    """An IMAP server that nobody can log in to. `extra`: octets behind its OK to STARTTLS, before TLS begins."""

    def __init__(self, address, port, certificate=None, starttls=False, extra=b""):
        self.lines = []
        host = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                try:
                    host.talk(self.request, certificate, starttls, extra)
                except (OSError, ssl.SSLError):
                    pass

        self.serve(_Threads((address, port), Handler))

    def talk(self, connection, certificate, starttls, extra):
        if certificate and not starttls:
            connection = context(certificate).wrap_socket(connection, server_side=True)
        connection.sendall(b"* OK here I am\r\n")
        file = connection.makefile("rb")
        while True:
            line = file.readline().rstrip(b"\r\n")
            if not line:
                return
            self.lines.append(line)
            tag, verb = line.split()[:2]
            if verb == b"STARTTLS":
                connection.sendall(tag + b" OK go on\r\n" + extra)
                connection = context(certificate).wrap_socket(connection, server_side=True)
                file = connection.makefile("rb")
                continue
            if verb == b"CAPABILITY":
                connection.sendall(b"* CAPABILITY IMAP4rev1%s AUTH=PLAIN\r\n" % (b" STARTTLS" if starttls else b""))
            connection.sendall(tag + b" OK done\r\n")


class Web(Host):
    """An HTTPS server; files: (host, path) -> (status, type, body)."""

    def __init__(self, address, port, certificates, files):
        """certificates: host -> (certificate, key); None in it is what others get."""
        host = self
        self.asked, self.posted, self.letters = [], [], []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                name = self.headers.get("Host", "").partition(":")[0]
                body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
                host.posted.append(body)
                host.letters.append((name, self.path, dict(self.headers), body))
                self.do_GET("POST")

            def do_GET(self, *method):  # what a POST alone gets has a key of its own
                name = self.headers.get("Host", "").partition(":")[0]
                host.asked.append((name, self.path))
                path = self.path.partition("?")[0]
                status, kind, body = files.get((name, path, *method),
                                              files.get((name, path), (404, "text/html", "<html>no</html>")))
                self.send_response(status)
                if status in (301, 302):
                    self.send_header("Location", body)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        contexts = {name: context(each) for name, each in certificates.items()}

        def choose(connection, name, _):
            if name in contexts:
                connection.context = contexts[name]

        first = contexts.get(None) or next(iter(contexts.values()))
        first.sni_callback = choose
        server = _Threads((address, port), Handler)
        plain = server.get_request

        def get_request():
            connection, peer = plain()
            connection.settimeout(10)
            return first.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), peer

        server.get_request = get_request
        self.serve(server)


def free_address_port(addresses):
    """A TCP port that is free at all the addresses."""
    for _ in range(100):
        held = []
        try:
            first = socket.socket()
            held.append(first)
            first.bind((addresses[0], 0))
            port = first.getsockname()[1]
            for address in addresses[1:]:
                held.append(socket.socket())
                held[-1].bind((address, port))
            return port
        except OSError:
            continue
        finally:
            for each in held:
                each.close()
    raise RuntimeError("no port is free")
