"""Throw-away Dovecot servers on loopback, any number at once.

Everything runs as one unprivileged user (the caller, or `nobody` when the caller is root), in one directory, on free
ports, with its own configuration: an installed Dovecot is neither used nor disturbed. The server ends with `stop()`,
with the context manager, or when the process that started it dies.
"""

import errno
import grp
import imaplib
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

import certs
import dovecot_config

CAPABILITY = ("IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS "
              "THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS "
              "LIST-EXTENDED I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS "
              "BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY "
              "SPECIAL-USE").split()

ROLES = {"Sent": "\\Sent", "Drafts": "\\Drafts", "Junk": "\\Junk", "Trash": "\\Trash", "Archive": "\\Archive"}

PASSWORD = "pw-4711"


def free_ports(count):
    """Ports that are free on IPv4 and IPv6 loopback at the moment of the call."""
    held, ports = [], []
    while len(ports) < count:
        four = socket.socket(socket.AF_INET)
        four.bind(("127.0.0.1", 0))
        held.append(four)
        port = four.getsockname()[1]
        try:
            six = socket.socket(socket.AF_INET6)
            held.append(six)
            six.bind(("::1", port))
        except OSError as error:
            if socket.has_ipv6 and error.errno == errno.EADDRINUSE:  # another port then; no IPv6 at all is fine
                continue
        ports.append(port)
    for sock in held:
        sock.close()
    return ports


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
        return True
    except OSError:
        return False


def work_directory(prefix="mailmigrate-"):
    """A new directory with a short name (socket paths are limited to 107 octets) that any user can enter."""
    directory = tempfile.mkdtemp(prefix=prefix, dir="/tmp")
    os.chmod(directory, 0o755)
    return directory


class Dovecot:
    """One server. Options that are left out give what Debian's package gives, but for the mail format's place.

    users: names, each with PASSWORD, or a dict name -> password. storage: "maildir" or "sdbox". layout: "maildir++" or
    "fs" (Maildir only). roles: dict of mailbox name -> special use, or {} for none. without: capabilities that are not
    announced. quota: room for each user, such as "20K"; quotas: dict name -> room of
    those who have another. acl: the ACL plugin, with its files in the mailboxes. penalty:
    slow logins down after wrong passwords. sieve: ManageSieve at sieve_port; a list of the extensions
    that it lacks ("-vacation"). extra: lines for the configuration, the same in all versions of Dovecot.
    secure_only: refuse to log in without TLS.
    """

    def __init__(self, root=None, users=("u1", "u2", "u3"), separator="/", prefix="", storage="maildir",
                 layout="maildir++", roles=None, without=(), max_connections=200, mechanisms="plain login", plugins="",
                 quota=None, quotas=(), acl=False, penalty=True, extra="", secure_only=False, authority=None,
                 certificate=None, sieve=None):
        self.own_root = root is None
        self.root = root or work_directory("mmd-")
        self.users = dict(users) if isinstance(users, dict) else {name: PASSWORD for name in users}
        self.quotas = dict(quotas)
        self.separator, self.prefix = separator, prefix
        self.port = self.tls_port = self.sieve_port = 0
        self.process = None
        self.host = "127.0.0.1"
        self._account()
        for part in ("log", "mail", "run", "tls"):
            os.makedirs(os.path.join(self.root, part), exist_ok=True)
        self.authority = authority or certs.Authority(os.path.join(self.root, "tls"))
        self.ca = self.authority.ca
        cert, key = certificate or self.authority.issue("server")
        for source, name in ((cert, "cert.pem"), (key, "key.pem")):
            shutil.copyfile(source, os.path.join(self.root, "tls", name))
        self._features = dict(quota=quota, acl=acl, sieve=sieve)
        self._settings = dict(
            root=self.root, user=self.user, group=self.group, uid=self.uid, gid=self.gid,
            cert=os.path.join(self.root, "tls", "cert.pem"), key=os.path.join(self.root, "tls", "key.pem"),
            secure_only="yes" if secure_only else "no", mechanisms=mechanisms, max_connections=max_connections,
            driver=storage, path={"maildir": "~/Maildir"}.get(storage, "~/" + storage), layout=layout,
            plugins=plugins, separator=separator, prefix=prefix, penalty=penalty,
            capability=[c for c in CAPABILITY if c not in without] if without else None,
            roles="".join("  mailbox \"%s\" {\n    special_use = %s\n  }\n" % item
                          for item in (ROLES if roles is None else roles).items()),
            extra=extra)

    def _account(self):
        self.uid, self.gid = os.geteuid(), os.getegid()
        if self.uid == 0:
            nobody = pwd.getpwnam("nobody")
            self.uid, self.gid = nobody.pw_uid, nobody.pw_gid
        self.user, self.group = pwd.getpwuid(self.uid).pw_name, grp.getgrgid(self.gid).gr_name

    @property
    def log(self):
        """What the server said: before it had read its configuration, and since."""
        told = ""
        for name in ("start.log", "dovecot.log"):
            path = os.path.join(self.root, "log", name)
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    told += file.read()
        return told

    def _own(self):
        if os.geteuid() == 0:
            for directory, names, files in os.walk(self.root):
                for name in [directory] + [os.path.join(directory, f) for f in files + names]:
                    os.chown(name, self.uid, self.gid, follow_symlinks=False)

    def start(self):
        with open(os.path.join(self.root, "users"), "w", encoding="utf-8") as out:
            for name, password in self.users.items():
                out.write(dovecot_config.user_line(name, password, self.quotas.get(name)))
        for attempt in range(5):
            self.port, self.tls_port, self.sieve_port = free_ports(3)
            self._write_config()
            self._own()
            self._spawn()
            if self._wait_ready():
                return self
            self.kill()
        raise RuntimeError("Dovecot did not start:\n" + self.log)

    def _write_config(self):
        settings = dict(self._settings, port=self.port, tls_port=self.tls_port, sieve_port=self.sieve_port,
                        listen="127.0.0.1, ::1" if has_ipv6() else "127.0.0.1")
        config = dovecot_config.text(settings, **self._features)
        with open(os.path.join(self.root, "dovecot.conf"), "w", encoding="utf-8") as out:
            out.write(config)

    def _spawn(self, keep=False):
        command = ["/usr/sbin/dovecot", "-F", "-c", os.path.join(self.root, "dovecot.conf")]
        drop = ["setpriv"] if keep else ["setpriv", "--pdeathsig", "TERM"]
        if os.geteuid() == 0:
            drop += ["--reuid", str(self.uid), "--regid", str(self.gid), "--clear-groups"]
        with open(os.path.join(self.root, "log", "start.log"), "ab") as out:
            self.process = subprocess.Popen((drop if len(drop) > 1 else []) + command, stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=out, cwd=self.root, start_new_session=True)

    def _wait_ready(self, seconds=20):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                return False
            try:
                with socket.create_connection((self.host, self.port), 2) as sock:
                    sock.settimeout(5)
                    if sock.recv(4) == b"* OK":
                        return True
            except OSError:
                time.sleep(0.02)
        return False

    def restart(self):
        """Stop and start again on the same ports."""
        self.kill()
        self._spawn()
        if not self._wait_ready():
            raise RuntimeError("Dovecot did not start again:\n" + self.log)

    def detach(self):
        """Start again on the same ports, to live on after this process; returns the pid to end it with."""
        self.kill()
        self._spawn(keep=True)
        if not self._wait_ready():
            raise RuntimeError("Dovecot did not start again:\n" + self.log)
        return self.process.pid

    def has_children(self):
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self, gently=True):
        """End the server and its children (the session that _spawn made); the mail stays."""
        if self.process is None:
            return
        if gently and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                pass
            # Its children were told to end, too. Cut off between the name of a message and dovecot-keywords, they leave
            # letters that Dovecot shows as "unknown-1" for ever: its loss, not what is tested.
            deadline = time.monotonic() + 3
            while self.has_children() and time.monotonic() < deadline:
                time.sleep(0.02)
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None

    def stop(self):
        self.kill(gently=False)
        if self.own_root:
            shutil.rmtree(self.root, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()

    def url(self, user="u1", scheme="imaps", host=None, port=None):
        port = port or (self.tls_port if scheme == "imaps" else self.port)
        return "%s://%s@%s:%d" % (scheme, user.replace("@", "%40"), host or self.host, port)

    def login(self, user="u1", tls=False):
        """An imaplib connection that is logged in."""
        if tls:
            context = ssl.create_default_context(cafile=self.ca)
            connection = imaplib.IMAP4_SSL(self.host, self.tls_port, ssl_context=context)
        else:
            connection = imaplib.IMAP4(self.host, self.port)
        connection.login(user, self.users[user])
        return connection

    def mail(self, user="u1"):
        """The directory that holds the user's mail."""
        return os.path.join(self.root, "mail", user)
