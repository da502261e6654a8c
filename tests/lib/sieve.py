"""ManageSieve for tests: a small client of our own to fill servers, and sieve-connect as an oracle of what is there."""

import base64
import re
import shutil
import socket
import ssl
import subprocess
import unittest


class Client:
    """Logged in over TLS; speaks no more than tests need."""

    def __init__(self, server, user="u1"):
        sock = socket.create_connection((server.host, server.sieve_port), 10)
        self.file = sock.makefile("rb")
        self.sock = sock
        self.answer()
        self.send(b"STARTTLS\r\n")
        self.answer()
        context = ssl.create_default_context(cafile=server.ca)
        self.sock = context.wrap_socket(sock, server_hostname=server.host)
        self.file = self.sock.makefile("rb")
        self.capability = self.answer()
        login = "\0%s\0%s" % (user, server.users[user])
        self.send(b"AUTHENTICATE \"PLAIN\" {%d+}\r\n%s\r\n" % (len(_b64(login)), _b64(login)))
        self.answer()

    def send(self, octets):
        self.sock.sendall(octets)

    def answer(self):
        """All lines up to OK, with literals; anything else than OK is an error."""
        lines = []
        while True:
            line = self.file.readline()
            literal = re.search(rb"\{(\d+)\+?\}\r\n$", line)
            if literal:
                line = line[:literal.start()] + self.file.read(int(literal[1])) + self.file.readline()
            if line.startswith((b"OK", b"NO", b"BYE")) or not line:
                if not line.startswith(b"OK"):
                    raise RuntimeError(line.decode("utf-8", "replace"))
                return lines
            lines.append(line)

    def put(self, name, text):
        self.send(b"PUTSCRIPT %s {%d+}\r\n%s\r\n" % (_quoted(name), len(text), text))
        self.answer()

    def activate(self, name):
        self.send(b"SETACTIVE %s\r\n" % _quoted(name))
        self.answer()

    def delete(self, name):
        self.send(b"DELETESCRIPT %s\r\n" % _quoted(name))
        self.answer()

    def get(self, name):
        self.send(b"GETSCRIPT %s\r\n" % _quoted(name))
        return self.answer()[0][:-2]

    def list(self):
        """Names, and which one is active."""
        self.send(b"LISTSCRIPTS\r\n")
        names, active = [], None
        for line in self.answer():
            name = re.match(rb"\"((?:[^\"\\]|\\.)*)\"", line)
            name = re.sub(rb"\\(.)", rb"\1", name[1]) if name else re.split(rb" ACTIVE\r\n$|\r\n$", line)[0]
            names.append(name.decode())
            if re.search(rb" ACTIVE\r\n$", line):
                active = names[-1]
        return sorted(names), active

    def close(self):
        self.file.close()
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def _b64(text):
    return base64.b64encode(text.encode())


def _quoted(name):
    return b"\"" + name.encode().replace(b"\\", b"\\\\").replace(b"\"", b"\\\"") + b"\""


def oracle_get(server, user, name, path):
    """What sieve-connect downloads, as octets."""
    program = shutil.which("sieve-connect")
    if not program:
        raise unittest.SkipTest("sieve-connect is not installed")
    done = subprocess.run([program, "-s", server.host, "-p", str(server.sieve_port), "-u", user, "--tlscafile",
                           server.ca, "--notlsverify", "--passwordfd", "0", "--download", "--remotesieve", name,
                           "--localsieve", path], input=server.users[user].encode() + b"\n",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stdout.decode("utf-8", "replace"))
    with open(path, "rb") as file:
        return file.read()
