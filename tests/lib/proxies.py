"""A SOCKS5 and HTTP CONNECT proxy on loopback that counts, and that looks names up in a table of its own."""

import base64
import socket
import struct
import threading


class Refused(Exception):
    pass


def take(sock, size):
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            raise Refused("end of stream")
        data += part
    return data


class Proxy:
    """kind: "socks5" or "http". names: host name -> address. login: (user, password) that is wanted, or None."""

    def __init__(self, kind, names=None, login=None):
        self.kind, self.names, self.login = kind, names or {}, login
        self.asked, self.logins = [], []  # (host, port) of each connection; (user, password) given
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=32)
        self.port = self.listener.getsockname()[1]
        self.sockets = []
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, user=None):
        return "%s://%slocalhost:%d" % (self.kind, user + "@" if user else "", self.port)

    def _accept(self):
        while True:
            try:
                sock = self.listener.accept()[0]
            except OSError:
                return
            self.sockets.append(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        try:
            server = self._socks(sock) if self.kind == "socks5" else self._http(sock)
            self.sockets.append(server)
            threading.Thread(target=self._pump, args=(server, sock), daemon=True).start()
            self._pump(sock, server)
        except (Refused, OSError):
            sock.close()

    @staticmethod
    def _pump(source, drain):
        try:
            while True:
                data = source.recv(1 << 16)
                if not data:
                    break
                drain.sendall(data)
            drain.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _connect(self, host, port):
        self.asked.append((host, port))
        if host.endswith(".invalid") and host not in self.names:
            raise ConnectionError("no such host")
        return socket.create_connection((self.names.get(host, host), port), 10)

    def _right(self, user, password):
        self.logins.append((user, password))
        return (user, password) == self.login

    def _socks(self, sock):
        """RFC 1928 and RFC 1929."""
        _, count = take(sock, 2)
        methods = take(sock, count)
        method = 2 if self.login else 0
        if method not in methods:
            sock.sendall(b"\5\xff")
            raise Refused("no method")
        sock.sendall(bytes((5, method)))
        if self.login:
            user = take(sock, take(sock, 2)[1]).decode()
            right = self._right(user, take(sock, take(sock, 1)[0]).decode())
            sock.sendall(b"\1\0" if right else b"\1\1")
            if not right:
                raise Refused("login")
        kind = take(sock, 4)[3]
        if kind == 3:
            host = take(sock, take(sock, 1)[0]).decode()
        else:
            family, size = (socket.AF_INET, 4) if kind == 1 else (socket.AF_INET6, 16)
            host = socket.inet_ntop(family, take(sock, size))
        port = struct.unpack(">H", take(sock, 2))[0]
        try:
            server = self._connect(host, port)
        except OSError:
            sock.sendall(b"\5\5\0\1\0\0\0\0\0\0")
            raise
        sock.sendall(b"\5\0\0\1\0\0\0\0\0\0")
        return server

    def _http(self, sock):
        """RFC 9110 section 9.3.6."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += take(sock, 1)
        lines = head.decode("latin-1").split("\r\n")
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        if self.login:
            given = fields.get("proxy-authorization", "").partition(" ")[2]
            if not self._right(*base64.b64decode(given).decode().partition(":")[::2]):
                sock.sendall(b"HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
                             b"Content-Length: 0\r\n\r\n")
                raise Refused("login")
        host, _, port = lines[0].split(" ")[1].rpartition(":")
        try:
            server = self._connect(host.strip("[]"), int(port))
        except OSError:
            sock.sendall(b"HTTP/1.1 502 cannot reach it\r\nContent-Length: 0\r\n\r\n")
            raise
        sock.sendall(b"HTTP/1.1 200 go on\r\n\r\n")
        return server

    def stop(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for sock in list(self.sockets):
            sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()
