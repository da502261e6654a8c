"""Makes the picture and the texts of docs/domain.md: domain_picture.py --build DIRECTORY FILE.png [TEXTS]

A domain moves from a server of its own to a provider; both, the provider's names and the name servers are played on
loopback. Addresses and ports are replaced by those of the documentation, so that nothing shows where it was made.
"""

import argparse
import os
import re
import shutil
import subprocess

import browser
import certs
import dovecot
import mailhosts
import nameservers
from nameservers import dkim_key, txt

WIDTH, HEIGHT = 1060, 1180
OLD, FIRST, SECOND = "127.0.6.20", "127.0.6.1", "127.0.6.2"
HOSTS = {"in1-smtp": FIRST, "in2-smtp": SECOND}
KEY = dkim_key()


def example_org(stage):
    """The zone as it stands: "found", "prepared", "switching" or "done"."""
    ready = stage != "found"
    mx = {"found": "86400 MX 10 mail", "prepared": "300 MX 10 mail"}.get(stage)
    lines = ["@ %s" % mx] if mx else ["@ 300 MX 10 in1-smtp.messagingengine.com.",
                                      "@ 300 MX 20 in2-smtp.messagingengine.com."]
    lines += ["@ 300 MX 30 mail"] if stage == "switching" else []
    lines += ["mail A " + OLD] if stage != "done" else []
    include = " include:spf.messagingengine.com" if ready else ""
    lines += ["@ %d %s" % (300 if ready else 14400, txt("v=spf1 %s%s ~all" % ("mx" if stage != "done" else "", include)
                                                         if stage != "done" else "v=spf1%s ~all" % include)),
              "_dmarc " + txt("v=DMARC1; p=%s; rua=mailto:postmaster@example.org" % ("none" if ready else "reject"))]
    lines += ["fm%d._domainkey CNAME fm%d.example.org.dkim.fmhosted.com." % (n, n) for n in (1, 2, 3) if ready]
    return nameservers.zone_text("example.org", lines, serial={"found": 1, "prepared": 2, "switching": 3,
                                                               "done": 4}[stage])


def zones(stage):
    zone = nameservers.zone_text
    return {".": zone("", ["@ NS ns.dns.example."]), "dns.example": zone("dns.example", ["ns A 127.0.0.1"]),
            "example.org": example_org(stage),
            "messagingengine.com": zone("messagingengine.com", ["%s A %s" % pair for pair in HOSTS.items()] + [
                "spf " + txt("v=spf1 ip4:%s ip4:%s ?all" % (FIRST, SECOND))]),
            "fmhosted.com": zone("fmhosted.com", ["fm%d.example.org.dkim %s" % (n, txt(KEY)) for n in (1, 2, 3)]),
            "127.in-addr.arpa": zone("127.in-addr.arpa", [
                "1.6.0 PTR in1-smtp.messagingengine.com.", "2.6.0 PTR in2-smtp.messagingengine.com."]
                + (["20.6.0 PTR mail.example.org."] if stage != "done" else []))}


class Stage:
    """All servers at one moment of the move, and the tool between them."""

    def __init__(self, root, build, stage, old_takes=True):
        self.root, self.build, self.running = root, build, []
        self.authority = certs.Authority(os.path.join(root, "ca"))
        port = nameservers.free_port(("127.0.0.1",))
        self.smtp = mailhosts.free_address_port([OLD, FIRST, SECOND])
        for host, address in HOSTS.items():
            name = host + ".messagingengine.com"
            self.begin(mailhosts.Mail(address, self.smtp, self.authority.issue(host, ("DNS:" + name,)),
                                      takes=("example.org",),
                                      greeting="220 %s ESMTP" % name))
        self.begin(mailhosts.Mail(OLD, self.smtp, self.authority.issue("mail", ("DNS:mail.example.org",)),
                                  takes=("example.org",) if old_takes else (), greeting="220 mail.example.org ESMTP"))
        self.knot = self.begin(nameservers.Knot(zones(stage), port=port, signed=["example.org"])).start()
        self.anchors = os.path.join(root, "anchors")
        with open(self.anchors, "w", encoding="ascii") as out:
            out.write(self.knot.anchors)
        self.resolver = self.begin(nameservers.Unbound(("127.0.0.1", port))).start()

    def begin(self, server):
        self.running.append(server)
        return server

    def stop(self):
        for server in self.running:
            server.stop()

    def clean(self, text):
        text = re.sub(r"127\.0\.0\.1@\d+", "the resolver", text)
        text = re.sub(r"\b127\.0\.6\.(\d+)\b", r"192.0.2.\1", text)
        text = re.sub(r"\b(\d+)\.6\.0\.127\.in-addr", r"\1.2.0.192.in-addr", text)
        return text.replace("127.0.0.1", "192.0.2.53")

    def look(self, phase, *more, show_all=False):
        page = os.path.join(self.root, "page.html")
        command = [os.path.join(self.build, "tools", "mailmigrate"), "domain", "example.org", "--phase", phase,
                   "--provider",
                   "fastmail", "--resolver", "127.0.0.1@%d" % self.resolver.port, "--dns-port", str(self.knot.port),
                   "--smtp-port", str(self.smtp), "--ca-file", self.authority.ca, "--trust-anchor", self.anchors,
                       "--dnsbl", "none",
                   "--timeout", "5", "--html", page, *more] + (["--all"] if show_all else [])
        home = dict(os.environ, HOME=self.root, XDG_STATE_HOME=os.path.join(self.root, "state"))
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False, env=home)
        with open(page, encoding="utf-8") as file:
            return done.returncode, self.clean(done.stdout.decode()), self.clean(file.read())


def stage(root, build, name, phase, *more, **options):
    made = Stage(root, build, name, options.pop("old_takes", True))
    try:
        return made.look(phase, *more, **options)
    finally:
        made.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("picture")
    parser.add_argument("texts", nargs="?")
    options = parser.parse_args()
    root = dovecot.work_directory("mmpic-")
    try:
        _, text, page = stage(root, options.build, "found", "before")
        texts = [text]
        if options.texts:
            for arguments in (("prepared", "before"), ("switching", "now"), ("done", "after", "--old-host", OLD)):
                texts.append(stage(root, options.build, *arguments)[1])
            texts.append(stage(root, options.build, "done", "after", "--old-host", OLD, old_takes=False,
                               show_all=True)[1])
            with open(options.texts, "w", encoding="utf-8") as out:
                out.write("\n==========\n".join(texts))
        shown = os.path.join(root, "shown.html")
        with open(shown, "w", encoding="utf-8") as file:
            file.write(page)
        window = browser.Browser()
        try:
            window.size(WIDTH, HEIGHT)
            window.media()
            window.send("Emulation.setScrollbarsHidden", hidden=True)
            window.open(shown)
            window.picture(options.picture)
        finally:
            window.close()
    finally:
        shutil.rmtree(root, ignore_errors=True)
    print("%s: %d octets" % (options.picture, os.path.getsize(options.picture)))


if __name__ == "__main__":
    main()
