"""IMAP servers made for one test: a function plays the server's part on each connection, line by line.

    def play(connection):
        connection.send("* OK ready")
        tag = connection.expect(r"(\\S+) CAPABILITY")[1]
        connection.send("* CAPABILITY IMAP4rev1", tag + " OK done")

    with wire.Server(play) as server: ...

What the client sends that was not expected is an error of the test, told when the block ends.
"""

import re
import socket
import ssl
import struct
import threading


class Unexpected(Exception):
    """The client did not do what the test expects."""


class Closed(Exception):
    """The client ended the connection."""


class Connection:
    def __init__(self, sock, number):
        self.sock, self.number = sock, number
        self.buffer = b""
        self.received = []  # command lines, without literals
        self.literal_plus = 1 << 62  # the largest literal that need not wait (RFC 7888): 0, 4096 for LITERAL-, or any

    def send(self, *lines):
        """Each line with CRLF; bytes go out as they are."""
        self.sock.sendall(b"".join(line if isinstance(line, bytes) else line.encode("utf-8") + b"\r\n"
                                   for line in lines))

    def _more(self):
        try:
            data = self.sock.recv(1 << 18)
        except OSError as error:
            raise Closed(str(error)) from error
        if not data:
            raise Closed("end of stream")
        self.buffer += data

    def octets(self, size):
        parts, left = [], size
        while left:
            if not self.buffer:
                self._more()
            parts.append(self.buffer[:left])
            self.buffer = self.buffer[left:]
            left -= len(parts[-1])
        return b"".join(parts)

    def line(self):
        """The next line without its CRLF."""
        while b"\n" not in self.buffer:
            self._more()
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r")

    def expect(self, pattern):
        """The next line must match the whole pattern; returns the match, of str."""
        line = self.line().decode("utf-8", "surrogateescape")
        match = re.fullmatch(pattern, line, re.I)
        if not match:
            raise Unexpected("connection %d: wanted %r, got %r" % (self.number, pattern, line))
        return match

    def command(self, go_ahead="+ go on"):
        """A whole command as (tag, NAME, arguments), with its literals read; see parse() for the arguments."""
        text, literals = b"", []
        while True:
            line = self.line()
            match = re.search(rb"(~?)\{(\d+)(\+?)\}$", line)
            text += line
            if not match:
                break
            if match[3] and int(match[2]) > self.literal_plus:
                raise Unexpected("a literal of %s octets that did not wait: %r" % (match[2].decode(), line[:200]))
            if not match[3] and not self.accept_literal(text, int(match[2]), go_ahead):
                return self.command(go_ahead)
            literals.append(self.octets(int(match[2])))
        self.received.append(text)
        tag, _, rest = text.partition(b" ")
        words = parse(rest, literals)
        name = words.pop(0).upper() if words else b""
        if name == b"UID" and words:
            name += b" " + words.pop(0).upper()
        return tag.decode("latin-1"), name.decode("latin-1"), words

    def accept_literal(self, text, size, go_ahead):
        """Answer a synchronizing literal's announcement; False when it was refused."""
        self.send(go_ahead)
        return True

    def close(self, reset=False):
        try:
            if reset:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()


TOKEN = re.compile(rb'\s*(?:(\()|(\))|"((?:\\.|[^"\\])*)"|~?\{(\d+)\+?\}'
                   rb'|([^\s()"\[]*(?:\[[^\]]*\](?:<[^>]*>)?)?[^\s()"]*))')


def parse(text, literals):
    """Arguments of a command: bytes for atoms, strings and literals, lists for what stands in parentheses.

    A section such as BODY.PEEK[HEADER.FIELDS (To)] stays one atom.
    """
    literals = list(literals)
    stack = [[]]
    for match in TOKEN.finditer(text):
        if match[1]:
            stack.append([])
        elif match[2] and len(stack) > 1:
            done = stack.pop()
            stack[-1].append(done)
        elif match[3] is not None:
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", match[3]))
        elif match[4] is not None:
            stack[-1].append(literals.pop(0))
        elif match[5]:
            stack[-1].append(match[5])
    return stack[0]


class Server:
    """Calls play(connection) in a thread for each connection. tls: (certificate file, key file) for TLS at once."""

    connection_class = Connection

    def __init__(self, play=None, tls=None):
        if play:
            self.play = play
        self.context = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*tls)
        self.errors, self.connections = [], []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.host, self.port = "127.0.0.1", self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock = self.listener.accept()[0]
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        connection = self.connection_class(sock, len(self.connections))
        self.connections.append(connection)
        try:
            if self.context:
                connection.sock = self.context.wrap_socket(sock, server_side=True)
            self.play(connection)
        except (Closed, ConnectionError, ssl.SSLError):
            pass
        except Exception as error:  # told to the test by check(): a thread's own traceback would be lost
            self.errors.append(error)
        finally:
            connection.close()

    @property
    def received(self):
        """The command lines of all connections."""
        return [line for connection in self.connections for line in connection.received]

    def check(self):
        if self.errors:
            raise self.errors[0]

    def stop(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for connection in list(self.connections):
            connection.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, *exc):
        self.stop()
        if kind is None:
            self.check()
