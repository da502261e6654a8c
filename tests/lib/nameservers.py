"""Name servers on loopback from Debian packages: knot (signs by itself), nsd, and unbound as a public resolver."""

import base64
import os
import shutil
import socket
import struct
import subprocess
import time
import unittest

import dovecot

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def program(name):
    found = shutil.which(name, path=PATH)
    if not found:
        raise unittest.SkipTest("%s is not installed" % name)
    return found


def free_port(addresses=("127.0.0.1",)):
    """A port that is free for UDP and TCP at all the addresses."""
    for _ in range(100):
        with socket.socket() as probe:
            probe.bind((addresses[0], 0))
            port = probe.getsockname()[1]
        held = []
        try:
            for address in addresses:
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    held.append(socket.socket(socket.AF_INET, kind))
                    held[-1].bind((address, port))
            return port
        except OSError:
            continue
        finally:
            for each in held:
                each.close()
    raise RuntimeError("no port is free")


def question(name, kind=6, identity=4711):
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.rstrip(".").split(".") if part)
    return struct.pack(">HHHHHH", identity, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)


def answers(address, port, name, kind=6):
    """True when the server answers with code 0."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.3)
        try:
            probe.sendto(question(name, kind), (address, port))
            reply = probe.recv(4096)
        except OSError:
            return False
        return len(reply) > 12 and reply[3] & 15 == 0 and reply[7] > 0


class Server:
    """A program with a configuration in a directory of its own."""

    def __init__(self, address, port):
        self.address, self.port = address, port
        self.directory = dovecot.work_directory("mmn-")
        os.chmod(self.directory, 0o755)
        self.process = None

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def run(self, command, name, kind=6):
        with open(os.path.join(self.directory, "log"), "ab") as log:
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM"] + command, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, cwd=self.directory)
        until = time.monotonic() + 60
        while not answers(self.address, self.port, name, kind):
            if self.process.poll() is not None or time.monotonic() > until:
                with open(os.path.join(self.directory, "log"), encoding="utf-8", errors="replace") as log:
                    raise RuntimeError("%s does not answer:\n%s" % (command[0], log.read()[-3000:]))
            time.sleep(0.05)
        return self

    def wait(self, name, kind):
        until = time.monotonic() + 60
        while not answers(self.address, self.port, name, kind) and time.monotonic() < until:
            time.sleep(0.05)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def zone_text(name, lines, serial=1, server="ns.dns.example."):
    """A zone: `lines` as in a zone file, names relative to it; SOA and NS come by themselves unless there are some."""
    body = "\n".join(lines)
    head = "$ORIGIN %s.\n$TTL 300\n@ IN SOA %s hostmaster.dns.example. %d 3600 600 86400 60\n" % (
        name.strip("."), server, serial)
    if not any(" NS " in line and line.startswith("@ ") for line in lines):
        head += "@ IN NS %s\n" % server
    return head + body + "\n"


class Knot(Server):
    """zones: name -> text. Those in `signed` and `short` (for a day or so) are signed; self.anchors has their DS."""

    def __init__(self, zones, address="127.0.0.1", port=None, signed=(), short=()):
        super().__init__(address, port or free_port((address,)))
        self.zones, self.signed, self.short, self.anchors = zones, set(signed) | set(short), set(short), ""

    def start(self):
        os.mkdir(os.path.join(self.directory, "run"))
        for name, text in self.zones.items():
            self.write(name.strip(".") + ".zone", text)
        policy = "policy:\n"
        for each, more in (("signs", ""), ("short", "    rrsig-lifetime: 40h\n    rrsig-refresh: 3h\n")):
            policy += "  - id: %s\n    algorithm: ecdsap256sha256\n    nsec3: off\n%s" % (each, more)
        config = ("server:\n  rundir: %(d)s/run\n  listen: %(a)s@%(p)d\n"
                  "  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n"
                  "log:\n  - target: stderr\n    any: warning\ndatabase:\n  storage: %(d)s\n%(policy)s"
                  "template:\n  - id: default\n    storage: %(d)s\n    zonefile-sync: -1\n"
                  "    journal-content: none\n    semantic-checks: off\nzone:\n") % {
                      "d": self.directory, "a": self.address, "p": self.port, "policy": policy}
        for name in self.zones:
            config += "  - domain: %s\n    file: \"%s.zone\"\n" % (name, name.strip("."))
            if name in self.signed:
                policy = "short" if name in self.short else "signs"
                config += "    dnssec-signing: on\n    dnssec-policy: %s\n" % policy
        path = self.write("knot.conf", config)
        self.run([program("knotd"), "-c", path], next(iter(self.zones)))
        for name in self.zones:  # they are loaded, and signed, one after another
            self.wait(name, 48 if name in self.signed else 6)
        for name in self.signed:
            shown = subprocess.run([program("keymgr"), "-c", path, name, "ds"], stdout=subprocess.PIPE, check=True)
            self.anchors += shown.stdout.decode()
        return self


class Nsd(Server):
    """A second authority, which has what it is given and lags behind."""

    def __init__(self, zones, address, port):
        super().__init__(address, port)
        self.zones = zones

    def start(self):
        config = ("server:\n  ip-address: %(a)s@%(p)d\n  server-count: 1\n  username: \"\"\n  chroot: \"\"\n"
                  "  zonesdir: \"%(d)s\"\n  database: \"\"\n  pidfile: \"%(d)s/pid\"\n  xfrdfile: \"%(d)s/xfrd\"\n"
                  "  zonelistfile: \"%(d)s/list\"\n  xfrdir: \"%(d)s\"\n  cookie-secret-file: \"\"\n"
                  "remote-control:\n  control-enable: no\n") % {
                      "d": self.directory, "a": self.address, "p": self.port}
        for name, text in self.zones.items():
            self.write(name + ".zone", text)
            config += "zone:\n  name: \"%s\"\n  zonefile: \"%s.zone\"\n" % (name, name)
        path = self.write("nsd.conf", config)
        return self.run([program("nsd"), "-d", "-c", path], next(iter(self.zones)))


class Unbound(Server):
    """A public resolver: everything comes from one authority, or from those of `zones` (name -> (address, port))."""

    def __init__(self, authority, zones=None, address="127.0.0.1", port=None):
        super().__init__(address, port or free_port((address,)))
        self.authority, self.zones = authority, zones or {}

    def start(self):
        config = ("server:\n  interface: %(a)s@%(p)d\n  port: %(p)d\n  do-daemonize: no\n  chroot: \"\"\n"
                  "  username: \"\"\n  directory: \"%(d)s\"\n  pidfile: \"\"\n  use-syslog: no\n  logfile: \"\"\n"
                  "  verbosity: 0\n  num-threads: 1\n  module-config: \"iterator\"\n  do-not-query-localhost: no\n"
                  "  unblock-lan-zones: yes\n  do-ip6: no\n  access-control: 127.0.0.0/8 allow\n"
                  "  local-zone: \"127.in-addr.arpa.\" nodefault\n  local-zone: \"test.\" nodefault\n"
                  "  qname-minimisation: no\n  so-reuseport: no\n  infra-host-ttl: 1\n"
                  "  harden-referral-path: no\n  target-fetch-policy: \"0 0 0 0 0\"\n"
                  "remote-control:\n  control-enable: no\n") % {"a": self.address, "p": self.port, "d": self.directory}
        for name, (address, port) in [(".", self.authority)] + list(self.zones.items()):
            config += "forward-zone:\n  name: \"%s\"\n  forward-addr: %s@%d\n" % (name, address, port)
        path = self.write("unbound.conf", config)
        return self.run([program("unbound"), "-d", "-c", path], "dns.example")


def dkim_key(kind="rsa", bits=2048):
    """(tags of a key record) of a fresh key."""
    command = ["openssl", "genpkey", "-algorithm", "ed25519" if kind == "ed25519" else "RSA"]
    if kind == "rsa":
        command += ["-pkeyopt", "rsa_keygen_bits:%d" % bits]
    key = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubout", "-outform", "DER"], input=key, stdout=subprocess.PIPE,
                         check=True).stdout
    if kind == "ed25519":
        der = der[-32:]
    return "v=DKIM1; k=%s; p=%s" % (kind, base64.b64encode(der).decode())


def txt(text):
    """Text as one TXT record: strings of up to 255 octets."""
    parts = [text[i:i + 255] for i in range(0, len(text), 255)] or [""]
    return "TXT " + " ".join('"%s"' % part.replace("\\", "\\\\").replace('"', '\\"') for part in parts)
