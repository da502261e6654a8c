"""`mailmigrate domain --phase now` and `after`: mail hosts with right, wrong and expired certificates, MTA-STS and
client files from a web server under an authority of our own, blocklists, reverse DNS, the old server and its traces."""

import hashlib
import json
import os
import subprocess
import threading
import time
import unittest
import xml.etree.ElementTree

import certs
import harness
import mailhosts
import nameservers
import schema
from nameservers import dkim_key, txt

NEW, OLD, WEB = "127.0.5.1", "127.0.5.2", "127.0.5.3"
EXPIRED, MISNAMED, PLAIN, BROKEN, REFUSING, CLOSED, SILENT, SULKY, STRANGE, INJECTING, BACK = (
    "127.0.5.%d" % number for number in range(4, 15))
ADDRESSES = [NEW, OLD, WEB, EXPIRED, MISNAMED, PLAIN, BROKEN, REFUSING, SILENT, SULKY, STRANGE, INJECTING, BACK, CLOSED]
HOSTS = {"new": NEW, "old": OLD, "expired": EXPIRED, "misnamed": MISNAMED, "plain": PLAIN, "broken": BROKEN,
         "refusing": REFUSING, "closed": CLOSED, "silent": SILENT, "sulky": SULKY, "strange": STRANGE,
         "injecting": INJECTING, "back": BACK}
KEY = dkim_key()
STS = "version: STSv1\nmode: %s\nmx: %s\nmax_age: 86400\n"
AUTOCONFIG = ('<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="x"><incomingServer type="imap">'
              "<hostname>%s</hostname><port>993</port></incomingServer></emailProvider></clientConfig>")
POX_PATH = "/autodiscover/autodiscover.xml"
POX = ('<?xml version="1.0"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">'
       "<Response><Account><AccountType>email</AccountType><Action>settings</Action><Protocol><Type>IMAP</Type>"
       "<Server>%s</Server><Port>993</Port></Protocol></Account></Response></Autodiscover>")
STS_PATH, AUTO_PATH = "/.well-known/mta-sts.txt", "/mail/config-v1.1.xml"


def zone(name, mx="new", spf="v=spf1 ip4:%s -all" % NEW, more=()):
    lines = ["@ MX 10 %s.hosts.example." % host for host in mx.split()]
    lines += ["@ " + txt(spf), "s1._domainkey " + txt(KEY),
              "_dmarc " + txt("v=DMARC1; p=none; rua=mailto:postmaster@" + name)]
    return nameservers.zone_text(name, lines + list(more))


def sts(name, more=()):
    return zone(name, more=["_mta-sts " + txt("v=STSv1; id=1;"), "mta-sts A " + WEB] + list(more))


class World:
    """All servers."""

    def __init__(self, directory):
        self.running, self.directory = [], directory
        self.port = nameservers.free_port(("127.0.0.1",))
        self.smtp = mailhosts.free_address_port(ADDRESSES)
        self.https = mailhosts.free_address_port([WEB])
        self.authority = certs.Authority(os.path.join(directory, "ca"))
        self.certificate = self.authority.issue("new", ("DNS:new.hosts.example",))
        self.start_mail()
        self.start_web()
        self.start_names()

    def begin(self, server):
        self.running.append(server)
        return server

    def mail(self, address, certificate=None, **options):
        options.setdefault("takes", TAKEN)
        return self.begin(mailhosts.Mail(address, self.smtp, certificate, **options))

    def start_mail(self):
        issue = self.authority.issue
        self.mail(NEW, self.certificate, greeting="220-new.hosts.example at your service\r\n220 ready")
        self.old = self.mail(OLD, issue("old", ("DNS:old.hosts.example",)), takes=("moving.example", "loop.example"))
        self.mail(EXPIRED, issue("expired", ("DNS:expired.hosts.example",), expired=True))
        self.mail(MISNAMED, issue("misnamed", ("DNS:another.example",)))
        self.mail(PLAIN)
        self.mail(BROKEN, breaks_tls=True)
        self.mail(REFUSING, issue("refusing", ("DNS:refusing.hosts.example",)), takes=())
        self.mail(SILENT, silent=True)
        self.mail(SULKY, greeting="554 go away")
        self.mail(STRANGE, issue("strange", ("DNS:strange.hosts.example",)), relay=True,
                  greeting="220 <script>alert(1)</script> \x1b[31m=HYPERLINK(1)")
        self.mail(INJECTING, issue("injecting", ("DNS:injecting.hosts.example",)), extra="250 injected\r\n")
        self.mail(BACK, issue("back", ("DNS:back.hosts.example",)), greeting="220 old.hosts.example ESMTP")

    def start_web(self):
        names = ["mta-sts.%s.example" % each for each in ("sts-good", "sts-misses", "sts-testing", "sts-html",
                                                          "sts-moved",
                                                           "sts-gone", "sts-broken")]
        names += ["autoconfig.client-old.example", "autoconfig.client-new.example", "client-new.example",
                  "client-post.example"]
        good = self.authority.issue("web", tuple("DNS:" + name for name in names))
        stale = self.authority.issue("stale", ("DNS:mta-sts.sts-stale.example",), expired=True)
        self.web = self.begin(mailhosts.Web(WEB, self.https, {None: good, "mta-sts.sts-stale.example": stale}, {
            (names[0], STS_PATH): (200, "text/plain", STS % ("enforce", "new.hosts.example")),
            (names[1], STS_PATH): (200, "text/plain", STS % ("enforce", "old.hosts.example")),
            (names[2], STS_PATH): (200, "text/plain", STS % ("testing", "old.hosts.example")),
            (names[3], STS_PATH): (200, "text/html", STS % ("enforce", "*.hosts.example")),
            (names[4], STS_PATH): (302, "text/plain", "https://elsewhere.example/"),
            (names[6], STS_PATH): (200, "text/plain", "version: STSv1\nmode: enforce\nmax_age: 5\n"),
            ("mta-sts.sts-stale.example", STS_PATH): (200, "text/plain", STS % ("enforce", "*.hosts.example")),
            (names[7], AUTO_PATH): (200, "text/xml", AUTOCONFIG % "old.hosts.example"),
            (names[8], AUTO_PATH): (200, "text/xml", AUTOCONFIG % "new.hosts.example"),
            ("client-post.example", POX_PATH): (200, "text/xml", POX % "new.hosts.example"),
            ("client-post.example", POX_PATH, "POST"): (200, "text/xml", POX % "old.hosts.example")}))

    def start_names(self):
        public = subprocess.run(["openssl", "x509", "-in", self.certificate[0], "-pubkey", "-noout"],
                                stdout=subprocess.PIPE, check=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=public, stdout=subprocess.PIPE,
                             check=True).stdout
        tlsa = "TLSA 3 1 1 " + hashlib.sha256(der).hexdigest()
        zones = {".": nameservers.zone_text("", ["@ NS ns.dns.example."]),
                 "dns.example": nameservers.zone_text("dns.example", ["ns A 127.0.0.1"]),
                 "hosts.example": nameservers.zone_text("hosts.example", [
                     "%s A %s" % pair for pair in HOSTS.items()] + ["_25._tcp.new " + tlsa,
                                                                     "_25._tcp.misnamed " + tlsa]),
                 "127.in-addr.arpa": nameservers.zone_text("127.in-addr.arpa", [
                     "1.5.0 PTR new.hosts.example.", "2.5.0 PTR other.hosts.example."]),
                 "bl.lists.example": nameservers.zone_text("bl.lists.example", [
                     "2.0.0.127 A 127.0.0.2", "2.5.0.127 A 127.0.0.2"]),
                 "refusing.lists.example": nameservers.zone_text("refusing.lists.example", ["* A 127.255.255.254"]),
                 "parked.lists.example": nameservers.zone_text("parked.lists.example", ["* A 198.51.100.7"]),
                 "listing.lists.example": nameservers.zone_text("listing.lists.example", [
                     "2.0.0.127 A 127.0.0.2", "1.5.0.127 A 127.0.0.4"])}
        for name in [each for each in TAKEN if not each.startswith("sts-")]:
            zones[name] = SPECIAL[name] if name in SPECIAL else zone(name)
        for name in TAKEN:
            if name.startswith("sts-"):
                zones[name] = sts(name)
        self.knot = self.begin(nameservers.Knot(zones, port=self.port, signed=["hosts.example", "done.example",
                                                                               "misnamed.example"])).start()
        self.resolver = self.begin(nameservers.Unbound(("127.0.0.1", self.port))).start()
        # Another resolver still has what was there before.
        stale = {"moving.example": zone("moving.example", mx="old"), "dns.example": zones["dns.example"]}
        self.before = self.begin(nameservers.Knot(stale, address="127.0.0.1")).start()

    def stop(self):
        for server in self.running:
            server.stop()


SPECIAL = {
    "done.example": zone("done.example"),
    "moving.example": zone("moving.example", mx="new old"),
    "loop.example": zone("loop.example", mx="back"),
    "client-old.example": zone("client-old.example", more=["autoconfig A " + WEB,
                                                           "autodiscover CNAME old.hosts.example.",
                                                           "_imaps._tcp SRV 0 1 993 old.hosts.example."]),
    "client-new.example": zone("client-new.example", more=["autoconfig A " + WEB,
                                                           "autodiscover CNAME new.hosts.example.",
                                                           "_imaps._tcp SRV 0 1 993 new.hosts.example.",
                                                           "_imap._tcp SRV 0 0 0 ."]),
    "client-post.example": zone("client-post.example", more=["@ A " + WEB]),
    "leftover.example": zone("leftover.example", spf="v=spf1 ip4:%s ip4:%s -all" % (NEW, OLD),
                             more=["mail A " + OLD, "oldkey._domainkey " + txt(KEY)]),
    **{name + ".example": zone(name + ".example", mx=name) for name in (
        "expired", "misnamed", "plain", "broken", "refusing", "closed", "silent", "sulky", "strange", "injecting")},
}
TAKEN = tuple(SPECIAL) + tuple("sts-%s.example" % each for each in (
    "good", "misses", "testing", "html", "moved", "gone", "broken", "stale"))


class Probes(harness.ToolCase):
    @classmethod
    def setUpClass(cls):
        directory = harness.dovecot.work_directory("mmd-")
        cls.addClassCleanup(subprocess.run, ["rm", "-rf", directory], check=True)
        cls.world = World.__new__(World)
        cls.world.running = []
        cls.addClassCleanup(cls.world.stop)
        cls.world.__init__(directory)

    def look(self, *arguments, phase="after", expect=None, new="new", dnsbl="none", old="old", timeout=3):
        path, anchors = os.path.join(self.dir, "result.json"), os.path.join(self.dir, "anchors")
        with open(anchors, "w", encoding="ascii") as out:
            out.write(self.world.knot.anchors)
        command = [harness.program(), "domain", "--phase", phase, "--new-mx", new + ".hosts.example",
                   "--old-host", old + ".hosts.example", "--selector", "s1", "--new-address", NEW,
                   "--resolver", "127.0.0.1@%d" % self.world.resolver.port, "--dns-port", str(self.world.port),
                   "--smtp-port", str(self.world.smtp), "--https-port", str(self.world.https), "--trust-anchor",
                       anchors,
                   "--ca-file", self.world.authority.ca, "--dnsbl", dnsbl, "--timeout", str(timeout), "--json", path,
                       *arguments]
        result = self.run_command(command, json_path=path)
        if expect is not None:
            self.assertEqual(result.status, expect, str(result))
        self.assertEqual(schema.errors(result.json, "domain-1.json"), [])
        return result

    def checks(self, result, check, domain=0):
        return [each for each in result.json["domains"][domain]["checks"] if each["check"] == check]

    def verdicts(self, result, check):
        return {each["verdict"] for each in self.checks(result, check)}

    def test_all_done(self):
        result = self.look("done.example", old="closed", expect=0)
        for check in ("switch.authorities", "switch.resolvers", "smtp.answers", "smtp.starttls", "smtp.certificate",
                      "dane.match", "reverse.name", "old.port", "leftover.record", "spf.new", "dkim.key"):
            self.assertEqual(self.verdicts(result, check), {"pass"}, check)
        self.assertEqual(self.checks(result, "smtp.answers")[0]["seen"], ["220 ready"])

    def test_certificates(self):
        for name, check, verdict, words in (
                ("expired", "smtp.certificate", "warn", "is over"), ("misnamed", "smtp.certificate", "warn",
                                                                     "its name"),
                ("plain", "smtp.starttls", "warn", "does not offer"), ("broken", "smtp.starttls", "fail",
                                                                       "not come about"),
                ("injecting", "smtp.starttls", "fail", "more than it was asked for"),
                ("refusing", "smtp.accepts", "fail", "does not take"), ("closed", "smtp.answers", "fail", "refuses"),
                ("silent", "smtp.answers", "fail", "does not greet"), ("sulky", "smtp.answers", "fail",
                                                                       "does not greet")):
            with self.subTest(name):
                result = self.look(name + ".example", new=name, timeout=2, expect=1)
                found = self.checks(result, check)
                self.assertEqual([each["verdict"] for each in found], [verdict], found)
                self.assertIn(words, found[0]["text"])

    def test_certificate_that_does_not_fit_tlsa(self):
        result = self.look("misnamed.example", new="misnamed", expect=1)
        found = self.checks(result, "dane.match")
        self.assertEqual([each["verdict"] for each in found], ["fail"])
        self.assertRegex(found[0]["publish"][0],
                         r"^_25\._tcp\.misnamed\.hosts\.example\. 300 IN TLSA 3 1 1 [0-9a-f]{64}$")

    def test_mta_sts(self):
        for name, check, verdict in (("good", "sts.policy", "pass"), ("good", "sts.mx", "pass"), ("misses", "sts.mx",
                                                                                                  "fail"),
                                     ("testing", "sts.mx", "warn"), ("html", "sts.policy", "fail"),
                                     ("moved", "sts.policy", "fail"), ("gone", "sts.policy", "fail"),
                                     ("broken", "sts.policy", "fail"), ("stale", "sts.policy", "fail")):
            with self.subTest(name):
                result = self.look("sts-%s.example" % name, old="closed")
                self.assertEqual(self.verdicts(result, check), {verdict}, self.checks(result, check))
        self.assertNotIn(("elsewhere.example", "/"), self.world.web.asked)

    def test_mta_sts_before_the_switch(self):
        """The policy lists the host that the MX names now, and not the one to come."""
        result = self.look("sts-good.example", phase="before", new="mx.elsewhere", expect=1)
        found = {each["subject"]: each for each in self.checks(result, "sts.mx")}
        self.assertEqual(found["new.hosts.example"]["verdict"], "pass")
        coming = found["mx.elsewhere.hosts.example"]
        self.assertEqual(coming["verdict"], "fail")
        self.assertIn("which is to come", coming["text"])
        self.assertRegex(coming["publish"][0], r'^_mta-sts\.sts-good\.example\. 300 IN TXT "v=STSv1; id=\d+;"$')

    def test_clients(self):
        result = self.look("client-old.example", expect=1)
        for check in ("client.autoconfig", "client.autodiscover", "client.srv"):
            self.assertIn("fail", self.verdicts(result, check), check)
        result = self.look("client-new.example", old="closed")
        for check in ("client.autoconfig", "client.autodiscover", "client.srv"):
            self.assertEqual(self.verdicts(result, check), {"pass"}, self.checks(result, check))

    def test_autodiscover_is_asked_as_programs_ask(self):
        """By POST, about a mailbox that every domain has, without credentials."""
        result = self.look("client-post.example", expect=1)
        found = [each for each in self.checks(result, "client.autodiscover") if each["verdict"] == "fail"]
        self.assertIn("leads to the old server", found[0]["text"])
        self.assertEqual(found[0]["seen"], ["imap old.hosts.example:993"])
        sent = [each for each in self.world.web.letters if each[:2] == ("client-post.example", POX_PATH)]
        self.assertEqual(len(sent), 1)
        self.assertEqual(sent[0][2]["Content-Type"], "text/xml; charset=utf-8")
        self.assertNotIn("Authorization", sent[0][2])
        request = xml.etree.ElementTree.fromstring(sent[0][3])
        namespace = "{http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006}"
        self.assertEqual(request.tag, namespace + "Autodiscover")
        self.assertEqual(request.find("*/%sEMailAddress" % namespace).text, "postmaster@client-post.example")

    def test_blocklists(self):
        result = self.look("done.example", dnsbl="bl.lists.example", old="old")
        self.assertEqual(sorted(each["verdict"] for each in self.checks(result, "dnsbl.listed")), ["pass", "warn"])
        result = self.look("done.example", dnsbl="listing.lists.example", old="closed", expect=1)
        self.assertIn("fail", self.verdicts(result, "dnsbl.listed"))
        for name in ("refusing", "parked", "gone"):
            with self.subTest(name):
                result = self.look("done.example", dnsbl=name + ".lists.example", old="closed", expect=4)
                self.assertEqual(self.verdicts(result, "dnsbl.listed"), {"unknown"})

    def test_old_server(self):
        result = self.look("moving.example", expect=1)
        self.assertEqual(self.verdicts(result, "old.accepts"), {"fail"})
        self.assertEqual(self.verdicts(result, "old.relay"), {"pass"})
        self.assertEqual(self.verdicts(result, "switch.authorities"), {"fail"})
        self.assertEqual(self.verdicts(result, "mx.mixed"), {"fail"})
        result = self.look("done.example", old="old", expect=1)
        self.assertEqual(self.verdicts(result, "old.accepts"), {"pass"})
        result = self.look("done.example", old="strange", expect=1)
        self.assertEqual(self.verdicts(result, "old.relay"), {"fail"})
        self.assertFalse([line for line in self.world.old.lines if line.upper().startswith(("DATA", "AUTH", "VRFY"))])

    def test_leftovers(self):
        result = self.look("leftover.example", "--old-selector", "oldkey", expect=1)
        self.assertEqual([each["subject"] for each in self.checks(result, "leftover.record")],
                         ["mail.leftover.example"])
        self.assertEqual(len(self.checks(result, "leftover.spf")), 1)
        self.assertEqual(self.checks(result, "leftover.dkim")[0]["publish"],
                         ['oldkey._domainkey.leftover.example. 300 IN TXT "v=DKIM1; p="'])

    def test_reverse(self):
        result = self.look("done.example", old="old")
        found = {each["subject"]: each["verdict"] for each in self.checks(result, "reverse.name")}
        self.assertEqual(found, {NEW: "pass", OLD: "warn"})

    def test_now(self):
        result = self.look("moving.example", "--resolver", "127.0.0.1@%d" % self.world.before.port, phase="now",
                           expect=1)
        self.assertEqual(self.verdicts(result, "switch.authorities"), {"warn"})
        spread = self.checks(result, "switch.resolvers")[0]
        self.assertEqual(spread["verdict"], "warn")
        self.assertIn("0 of 2 resolvers have the new MX alone, 1 have some of both, 1 the old", spread["text"])
        self.assertEqual(self.verdicts(result, "switch.new"), {"pass"})
        self.assertEqual(self.verdicts(result, "switch.old"), {"pass"})
        self.assertEqual(self.verdicts(result, "switch.loop"), {"pass"})

    def test_now_when_it_is_over(self):
        result = self.look("done.example", phase="now", old="closed")
        self.assertEqual(self.verdicts(result, "switch.authorities"), {"pass"})
        self.assertEqual(self.verdicts(result, "switch.old"), {"unknown"})

    def test_loop(self):
        result = self.look("loop.example", phase="now", new="back", expect=1)
        self.assertIn("greets as the old server", self.checks(result, "switch.loop")[0]["text"])
        result = self.look("loop.example", phase="now", new="old", expect=1)
        self.assertIn("address of the old server", self.checks(result, "switch.loop")[0]["text"])

    def test_greetings_are_inert(self):
        paths = {kind: os.path.join(self.dir, "out." + kind) for kind in ("html", "csv")}
        result = self.look("strange.example", "--html", paths["html"], "--csv", paths["csv"], new="strange")
        text = {kind: open(path, encoding="utf-8").read() for kind, path in paths.items()}
        self.assertNotIn("\x1b", result.out + json.dumps(result.json) + "".join(text.values()))
        self.assertNotIn("<script", text["html"])
        self.assertIn("&lt;script&gt;", text["html"])
        self.assertIn("default-src 'none'", text["html"])
        for row in text["csv"].splitlines()[1:]:
            self.assertNotRegex(row, r'(^|,)"?=')

    def test_watch(self):
        """Looks again until all is green: the old server takes mail at first, then no more."""
        takes, self.world.old.takes = self.world.old.takes, ("done.example",)
        self.addCleanup(setattr, self.world.old, "takes", takes)
        said = self.world.old.lines

        def relent():
            while not any("done.example" in line for line in said[before:]):
                time.sleep(0.02)
            self.world.old.takes = takes

        before = len(said)
        thread = threading.Thread(target=relent, daemon=True)
        thread.start()
        result = self.look("done.example", "--watch", "--interval", "1", "--within", "1", "--old-address", "127.0.5.99")
        thread.join()
        self.assertEqual(result.status, 0, str(result))
        self.assertTrue(any("old.accepts" in line and "pass, was fail" in line for line in result.json["changes"]))

    def test_watch_gives_up(self):
        """Interrupted while it waits: the status is that of the last look."""
        process = self.start([harness.program(), "domain", "done.example", "--watch", "--interval", "60", "--resolver",
                              "127.0.0.1@1", "--timeout", "1"])
        process.stdout.readline()
        process.terminate()
        self.assertEqual(process.wait(20), harness.TEMPORARY)

    def test_signed_reports(self):
        key, public = os.path.join(self.dir, "key.pem"), os.path.join(self.dir, "public.pem")
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True,
                       stderr=subprocess.DEVNULL)
        subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True)
        self.look("done.example", "--sign", key, old="closed")
        path = os.path.join(self.dir, "result.json")
        done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in", path,
                               "-sigfile",
                               path + ".sig"], stdout=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
