"""Virus scanners for tests: Debian's clamd with signatures of our own, and a scripted one."""

import base64
import hashlib
import os
import shutil
import socket
import socketserver
import struct
import subprocess
import threading
import time

import dovecot

# In two parts, so that this file is nothing that a scanner on a developer's machine takes away.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MARKER = b"MAILMIGRATE-TEST-" + b"MARKER-4711"
WHOLE = b"this attachment as a whole is what a digest in the signatures names\r\n" * 5
LIMIT = 1 << 20  # octets: StreamMaxLength of the real one


def clamd_program():
    return shutil.which("clamd", path=os.environ["PATH"] + ":/usr/sbin")


class Clamd:
    """The real one, on a socket of its own; no freshclam, no file of the system's is touched."""

    def __init__(self, tcp=False):
        self.root = dovecot.work_directory("mmt-clamd-")
        self.socket = os.path.join(self.root, "clamd.ctl")
        self.port = dovecot.free_ports(1)[0] if tcp else None
        self.process = None
        database = os.path.join(self.root, "db")
        os.mkdir(database)
        self._write(os.path.join(database, "own.ndb"), "Own.Eicar:0:*:%s\nOwn.Marker:0:*:%s\n"
                    % (EICAR.hex(), MARKER.hex()))
        self._write(os.path.join(database, "own.hsb"), "%s:%d:Own.Digest:73\n"
                    % (hashlib.sha256(WHOLE).hexdigest(), len(WHOLE)))
        lines = ["LocalSocket " + self.socket, "DatabaseDirectory " + database, "TemporaryDirectory " + self.root,
                 "PidFile " + os.path.join(self.root, "pid"), "LogFile " + os.path.join(self.root, "log"),
                 "StreamMaxLength %d" % LIMIT, "Foreground yes", "MaxThreads 4", "SelfCheck 0"]
        if tcp:
            lines += ["TCPSocket %d" % self.port, "TCPAddr 127.0.0.1"]
        if os.getuid() == 0:
            lines.append("User root")
        self._write(os.path.join(self.root, "clamd.conf"), "\n".join(lines) + "\n")

    @staticmethod
    def _write(path, text):
        with open(path, "w", encoding="ascii") as out:
            out.write(text)

    @property
    def address(self):
        return "clamd:" + self.socket

    def start(self, seconds=60):
        self.process = subprocess.Popen([clamd_program(), "--config-file", os.path.join(self.root, "clamd.conf")],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + seconds
        while True:
            try:
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(self.socket)
                    probe.sendall(b"zPING\0")
                    if probe.recv(16) == b"PONG\0":
                        return self
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("clamd did not start: see " + os.path.join(self.root, "log"))
            time.sleep(0.05)

    def kill(self):
        """At once, as a crash does; its socket stays behind."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self):
        self.kill()
        shutil.rmtree(self.root, ignore_errors=True)


class Scripted:
    """A clamd by its protocol alone. `answer(octets, number)` gives what is said of a message (without the number), or
    None to say nothing, or raises: then the connection ends. It counts what it was shown, and the descriptors."""

    version = "ClamAV 9.9.9/27412/Tue Oct  1 08:32:41 2024"

    def __init__(self, answer=None):
        self.answer = answer or (lambda octets, number: "stream: OK")
        self.root = dovecot.work_directory("mmt-clamd-")
        self.socket = os.path.join(self.root, "clamd.ctl")
        self.shown, self.descriptors, self.connections = [], 0, 0
        self.server = None

    @property
    def address(self):
        return "clamd:" + self.socket

    def start(self):
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        scripted = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                scripted.connections += 1
                try:
                    scripted.serve(self.request)
                except (OSError, EOFError, RuntimeError):
                    pass

        class Server(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request, client_address):
                pass

        self.server = Server(self.socket, Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def serve(self, connection):
        reader = Reader(connection)
        number = 0
        while True:
            command = reader.until_nul()
            if command == b"zIDSESSION":
                continue
            number += 1
            if command == b"zVERSION":
                self.say(connection, number, self.version)
                continue
            if command == b"zINSTREAM":
                octets = reader.stream()
            elif command == b"zFILDES":
                octets = reader.file()
                self.descriptors += 1
            else:
                raise RuntimeError("not a command: %r" % command)
            self.shown.append(octets)
            words = self.answer(octets, number)
            if words is not None:
                self.say(connection, number, words)

    @staticmethod
    def say(connection, number, words):
        connection.sendall(words if isinstance(words, bytes) else b"%d: %s\0" % (number, words.encode()))

    def stop(self):
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None
        shutil.rmtree(self.root, ignore_errors=True)


class Reader:
    """What comes over a local socket: octets, and descriptors beside them."""

    def __init__(self, connection):
        self.connection, self.buffer, self.files = connection, bytearray(), []

    def more(self):
        octets, files, _, _ = socket.recv_fds(self.connection, 1 << 18, 4)
        self.files += files
        if not octets:
            raise EOFError
        self.buffer += octets

    def take(self, count):
        while len(self.buffer) < count:
            self.more()
        octets = bytes(self.buffer[:count])
        del self.buffer[:count]
        return octets

    def until_nul(self):
        while b"\0" not in self.buffer:
            self.more()
        octets = self.take(self.buffer.index(b"\0"))
        self.take(1)
        return octets

    def stream(self):
        octets = b""
        while True:
            size, = struct.unpack(">I", self.take(4))
            if size == 0:
                return octets
            octets += self.take(size)

    def file(self):
        self.take(1)
        with os.fdopen(self.files.pop(0), "rb", closefd=True) as file:
            return os.pread(file.fileno(), 1 << 30, 0)


# ---- messages with something in them ----

def message(body, kind="text/plain", extra=""):
    return ("Subject: test\r\nFrom: a@example.org\r\nMIME-Version: 1.0\r\nContent-Type: %s\r\n%s\r\n"
            % (kind, extra)).encode() + body


def attached(octets, name="file.bin"):
    """As base64, in a multipart message."""
    encoded = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    part = (b"--b\r\nContent-Type: application/octet-stream; name=\"%s\"\r\nContent-Transfer-Encoding: base64\r\n"
            b"Content-Disposition: attachment; filename=\"%s\"\r\n\r\n" % (name.encode(), name.encode()))
    return message(b"--b\r\nContent-Type: text/plain\r\n\r\nsee below\r\n" + part + encoded + b"--b--\r\n",
                   'multipart/mixed; boundary="b"')


def nested(inner):
    """As message/rfc822."""
    return message(b"--o\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--o--\r\n",
                   'multipart/mixed; boundary="o"')
