"""Throw-away Cyrus IMAP 3.6 servers on loopback, unpacked from Debian's packages (see debs.py).

The interface is that of dovecot.Dovecot. Passwords are checked by this process, which plays saslauthd.
"""

import grp
import imaplib
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

import certs
import debs
from dovecot import PASSWORD, free_ports, work_directory

PACKAGES = ("cyrus-common", "cyrus-imapd")
LIBRARIES = ("libclamav12", "libical3", "libxapian30", "libzephyr4", "libpcre3", "libpq5", "libjansson4", "libwrap0",
             "libsasl2-2", "libsasl2-modules")

CONFIG = """\
configdirectory: {dir}/conf
partition-default: {dir}/spool
defaultpartition: default
proc_path: {dir}/run/proc
mboxname_lockpath: {dir}/run/lock
idlesocket: {dir}/run/idle
lmtpsocket: {dir}/run/lmtp
notifysocket: {dir}/run/notify
servername: localhost
cyrus_user: {user}
cyrus_group: {group}
admins: cyrus
unixhierarchysep: {slashes}
altnamespace: {altnamespace}
virtdomains: off
allowplaintext: yes
sasl_mech_list: PLAIN
sasl_pwcheck_method: saslauthd
sasl_saslauthd_path: {dir}/run/mux
tls_server_cert: {cert}
tls_server_key: {key}
tls_sessions_db_path: {dir}/run/tls_sessions.db
autocreate_quota: 0
umask: 077
sievedir: {dir}/sieve
sieveusehomedir: no
{extra}
"""

SERVICES = """\
START {{ }}
SERVICES {{
  imap  cmd="{bin}/imapd -C {dir}/imapd.conf -U 30" listen="127.0.0.1:{port}" prefork=0 maxchild=200
  imaps cmd="{bin}/imapd -s -C {dir}/imapd.conf -U 30" listen="127.0.0.1:{tls_port}" prefork=0 maxchild=200
  sieve cmd="{bin}/timsieved -C {dir}/imapd.conf" listen="127.0.0.1:{sieve_port}" prefork=0 maxchild=20
}}
EVENTS {{ }}
"""


class Cyrus:
    """One server, with Debian's settings but for these: separator "/" or "."; altnamespace: no "INBOX/" in front of
    names; extra: lines for imapd.conf.
    """

    def __init__(self, users=("u1", "u2", "u3"), separator="/", altnamespace=False, extra="", authority=None):
        self.root = debs.unpack(PACKAGES, LIBRARIES)
        self.bin = os.path.join(self.root, "usr", "lib", "cyrus", "bin")
        debs.insist(self.root, os.path.join(self.bin, "imapd"))
        self.users = {name: PASSWORD for name in users}
        self.separator = separator
        self.prefix = "" if altnamespace else "INBOX" + separator
        self.host, self.port, self.tls_port = "127.0.0.1", 0, 0
        self.sieve_port = 0
        self.dir = work_directory("mmc-")
        self.process = self.mux = None
        for part in ("conf/db", "conf/log", "conf/msg", "conf/proc", "conf/socket", "conf/user", "conf/quota", "spool",
                     "sieve", "run", "tls"):
            os.makedirs(os.path.join(self.dir, part))
        self.authority = authority or certs.Authority(os.path.join(self.dir, "tls"))
        self.ca = self.authority.ca
        cert, key = self.authority.issue("server")
        for source, name in ((cert, "cert.pem"), (key, "key.pem")):
            shutil.copyfile(source, os.path.join(self.dir, "tls", name))
        self._settings = {"slashes": "yes" if separator == "/" else "no",
                          "altnamespace": "yes" if altnamespace else "no", "extra": extra}

    @property
    def log(self):
        with open(os.path.join(self.dir, "master.log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def start(self):
        uid, gid = debs.unprivileged()
        self.port, self.tls_port, self.sieve_port = free_ports(3)
        with open(os.path.join(self.dir, "imapd.conf"), "w", encoding="utf-8") as out:
            out.write(CONFIG.format(dir=self.dir, user=pwd.getpwuid(uid).pw_name, group=grp.getgrgid(gid).gr_name,
                                    cert=os.path.join(self.dir, "tls/cert.pem"),
                                    key=os.path.join(self.dir, "tls/key.pem"), **self._settings))
        with open(os.path.join(self.dir, "cyrus.conf"), "w", encoding="utf-8") as out:
            out.write(SERVICES.format(dir=self.dir, bin=self.bin, port=self.port, tls_port=self.tls_port,
                                      sieve_port=self.sieve_port))
        self._answer_passwords()
        for directory, names, files in os.walk(self.dir):
            for name in [directory] + [os.path.join(directory, name) for name in names + files]:
                os.chown(name, uid, gid)
        self._spawn()
        return self

    def _spawn(self):
        env = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": debs.library_path(self.root)}
        plugins = [path for path in debs.library_path(self.root).split(":") if os.path.isdir(path + "/sasl2")]
        if plugins:
            env["SASL_PATH"] = plugins[0] + "/sasl2"
        with open(os.path.join(self.dir, "master.log"), "ab") as out:
            self.process = subprocess.Popen(
                debs.dropping() + [os.path.join(self.bin, "master"), "-D", "-C", os.path.join(self.dir, "imapd.conf"),
                                   "-M", os.path.join(self.dir, "cyrus.conf"), "-p",
                                   os.path.join(self.dir, "run/master.pid"), "-l", "128"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, cwd=self.dir, start_new_session=True)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with socket.create_connection((self.host, self.port), 2) as sock:
                    sock.settimeout(5)
                    if sock.recv(4) == b"* OK":
                        return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("Cyrus did not start:\n" + self.log)

    def _answer_passwords(self):
        """saslauthd's side of its protocol: four strings come, "OK" or "NO" goes back."""
        self.mux = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        path = os.path.join(self.dir, "run", "mux")
        self.mux.bind(path)
        os.chmod(path, 0o666)
        self.mux.listen(16)

        def string(file):
            return file.read(struct.unpack("!H", file.read(2))[0]).decode("utf-8")

        def serve():
            while True:
                try:
                    sock = self.mux.accept()[0]
                except OSError:
                    return
                with sock, sock.makefile("rb") as file:
                    user, password = [string(file) for _ in range(4)][:2]
                    answer = b"OK" if self.users.get(user) == password else b"NO"
                    sock.sendall(struct.pack("!H", len(answer)) + answer)

        threading.Thread(target=serve, daemon=True).start()

    def stop(self):
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
            self.process = None
        if self.mux:
            self.mux.shutdown(socket.SHUT_RDWR)
            self.mux.close()
            self.mux = None
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()

    def url(self, user="u1", scheme="imaps", host=None, port=None):
        port = port or (self.tls_port if scheme == "imaps" else self.port)
        return "%s://%s@%s:%d" % (scheme, user.replace("@", "%40"), host or self.host, port)

    def login(self, user="u1"):
        connection = imaplib.IMAP4(self.host, self.port)
        connection.login(user, self.users[user])
        return connection
