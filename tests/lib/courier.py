"""Throw-away Courier IMAP 5.0 servers on loopback, unpacked from Debian's packages (see debs.py).

Courier's login has its paths compiled in (/etc/courier, /run/courier), its imapd has not. So the login is played here,
as imaplogin does it: it ends by handing the socket to Courier's imapd, which does everything else.
The interface is that of dovecot.Dovecot, without TLS.
"""

import imaplib
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import debs
from dovecot import PASSWORD, work_directory

PACKAGES = ("courier-base", "courier-imap", "courier-authlib")
LIBRARIES = ("libcourier-unicode4", "libgamin0", "gamin", "libidn12", "libpcre3", "libltdl7", "libgdbm6", "libgnutls30")


class Courier:
    """One server with Debian's /etc/courier/imapd; `settings` changes some of it (IMAP_EMPTYTRASH="", ...)."""

    separator, prefix = ".", "INBOX."
    ca = None

    def __init__(self, users=("u1", "u2", "u3"), **settings):
        self.root = debs.unpack(PACKAGES, LIBRARIES)
        self.imapd = os.path.join(self.root, "usr", "bin", "imapd")
        debs.insist(self.root, self.imapd)
        self.users = {name: PASSWORD for name in users}
        self.host, self.port = "127.0.0.1", 0
        self.dir = work_directory("mmk-")
        self.listener = self.watcher = self.out = None
        self.sessions = []
        self.lock = threading.Lock()
        config = os.path.join(self.root, "etc", "courier", "imapd")
        printed = subprocess.run(["env", "-i", "sh", "-c", "set -a; . \"$1\"; env -0", "sh", config], check=True,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout.decode("utf-8")
        self.env = dict(item.split("=", 1) for item in printed.split("\0") if item)
        self.env.update(settings, PATH=os.environ["PATH"], LD_LIBRARY_PATH=debs.library_path(self.root),
                        PROTOCOL="IMAP", GAM_CLIENT_ID=os.path.basename(self.dir), MAILDIRQUOTA="")

    @property
    def log(self):
        with open(os.path.join(self.dir, "courier.log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def start(self):
        uid, gid = debs.unprivileged()
        for user in self.users:
            for part in ("cur", "new", "tmp"):
                os.makedirs(os.path.join(self.mail(user), part))
        for directory, names, _ in os.walk(self.dir):
            for name in [directory] + [os.path.join(directory, name) for name in names]:
                os.chown(name, uid, gid)
        self.out = open(os.path.join(self.dir, "courier.log"), "ab")
        # Without this helper each login waits a second for it and then complains.
        watcher = os.path.join(self.root, "usr", "libexec", "gam_server")
        if os.path.exists(watcher):
            self.watcher = subprocess.Popen(
                debs.dropping() + [watcher, "--notimeout", self.env["GAM_CLIENT_ID"]], stdin=subprocess.DEVNULL,
                stdout=self.out, stderr=self.out, env=self.env, cwd=self.dir)
            time.sleep(0.1)
        self.listener = socket.create_server((self.host, 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def mail(self, user="u1"):
        return os.path.join(self.dir, user, "Maildir")

    def _accept(self):
        while True:
            try:
                sock = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        try:
            with sock:
                self._log_in(sock)
        except OSError:
            pass

    @staticmethod
    def _line(sock):
        """One line and not an octet more: what follows belongs to imapd."""
        line = b""
        while not line.endswith(b"\n"):
            ahead = sock.recv(8192, socket.MSG_PEEK)
            if not ahead:
                raise ConnectionResetError("the client left before it logged in")
            line += sock.recv(ahead.find(b"\n") + 1 or len(ahead), socket.MSG_WAITALL)
        return line.rstrip(b"\r\n")

    def _command(self, sock):
        """Tag, name, and the arguments that follow, with literals."""
        line, arguments = self._line(sock), []
        while True:
            literal = re.search(rb"\{(\d+)\}$", line)
            for match in re.finditer(rb'"((?:\\.|[^"\\])*)"|([^\s"{}]+)', line):
                arguments.append(match[2] if match[1] is None else re.sub(rb"\\(.)", rb"\1", match[1]))
            if not literal:
                return [argument.decode("utf-8") for argument in arguments]
            sock.sendall(b"+ OK\r\n")
            arguments.append(sock.recv(int(literal[1]), socket.MSG_WAITALL))
            line = self._line(sock)

    def _log_in(self, sock):
        announced = self.env["IMAP_CAPABILITY"]
        sock.sendall(("* OK [CAPABILITY %s] Courier-IMAP ready.\r\n" % announced).encode("ascii"))
        while True:
            tag, name, *arguments = self._command(sock)
            answer = "BAD Invalid command."
            if name.upper() == "CAPABILITY":
                sock.sendall(("* CAPABILITY %s\r\n" % announced).encode("ascii"))
                answer = "OK CAPABILITY completed"
            elif name.upper() == "NOOP":
                answer = "OK NOOP completed"
            elif name.upper() == "LOGOUT":
                sock.sendall(("* BYE Courier-IMAP server shutting down\r\n%s OK done\r\n" % tag).encode("ascii"))
                return
            elif name.upper() == "LOGIN" and len(arguments) == 2:
                if self.users.get(arguments[0]) == arguments[1]:
                    return self._hand_over(sock, tag, arguments[0])
                answer = "NO Login failed."
            sock.sendall(("%s %s\r\n" % (tag, answer)).encode("utf-8"))

    def _hand_over(self, sock, tag, user):
        host, port = sock.getpeername()
        env = dict(self.env, AUTHENTICATED=user, AUTHADDR=user, IMAPLOGINTAG=tag, TCPREMOTEIP=host,
                   TCPREMOTEPORT=str(port))
        process = subprocess.Popen(debs.dropping() + [self.imapd, "Maildir"], stdin=sock, stdout=sock, stderr=self.out,
                                   env=env, cwd=os.path.dirname(self.mail(user)), start_new_session=True)
        with self.lock:
            self.sessions.append(process)
        sock.close()
        process.wait()
        with self.lock:
            self.sessions.remove(process)

    def stop(self):
        if not self.listener:
            return
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.listener = None
        with self.lock:
            for process in self.sessions:
                process.send_signal(signal.SIGKILL)
        if self.watcher:
            self.watcher.kill()
            self.watcher.wait()
        self.out.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()

    def url(self, user="u1", scheme="imap", host=None, port=None):
        return "%s://%s@%s:%d" % (scheme, user.replace("@", "%40"), host or self.host, port or self.port)

    def login(self, user="u1"):
        connection = imaplib.IMAP4(self.host, self.port)
        connection.login(user, self.users[user])
        return connection
