"""`mailmigrate domain --phase before` over many zones, right and wrong, each verdict checked.

All of them are in one knot, which signs some; nsd is a second authority that lags behind; unbound is the resolver.
"""

import os
import re
import unittest

import harness
import nameservers
import schema
from nameservers import dkim_key, txt

KEY, WEAK, SHORT, ED = dkim_key(), dkim_key(bits=1024), dkim_key(bits=512), dkim_key("ed25519")
GOOD = {
    "mx": ["@ MX 10 mx.new.example."],
    "spf": ["@ " + txt("v=spf1 ip4:192.0.2.10 ip4:192.0.2.20 -all")],
    "dkim": ["s1._domainkey " + txt(KEY)],
    "dmarc": ["_dmarc " + txt("v=DMARC1; p=none; rua=mailto:postmaster@%s.example")],
}
ZONES = {}  # name -> (lines, {check: verdict})


def zone(name, expected, more=(), **instead):
    """A good zone but for what stands in `instead`; the verdicts of the checks named must be as expected."""
    lines = [line.replace("%s", name) for part, lines in GOOD.items() for line in instead.get(part, lines)]
    ZONES[name] = (lines + list(more), expected)


PASS = {check: "pass" for check in ("ttl.mx", "ttl.spf", "authority.answers", "mx.exists", "mx.host", "spf.record",
                                    "spf.limits", "spf.policy", "spf.new", "dkim.key", "dmarc.record", "dmarc.policy",
                                    "dmarc.alignment", "dmarc.reports", "sts.record", "tlsrpt.record", "dane.records",
                                    "caa.issue", "dnssec.chain")}
zone("good", PASS)
zone("signed", dict(PASS, **{"dnssec.expiry": "pass"}))
# ---- TTL, authorities ----
zone("slow-mx", {"ttl.mx": "warn"}, mx=["@ 86400 MX 10 mx.new.example."])
zone("slow-spf", {"ttl.spf": "warn"}, spf=["@ 14400 " + txt("v=spf1 ip4:192.0.2.10 ip4:192.0.2.20 -all")])
zone("slow-client", {"ttl.client": "warn"}, ["autodiscover 7200 A 192.0.2.30"])
zone("slow-srv", {"ttl.client": "warn"}, ["_imaps._tcp 7200 SRV 0 1 993 mx.new.example."])
zone("hour", {"ttl.mx": "pass"}, mx=["@ 3600 MX 10 mx.new.example."])
zone("lame", {"authority.answers": "warn"}, ["@ NS ns.dns.example.", "@ NS lame.dns.example."])
zone("lagging", {"authority.serial": "warn", "authority.mx": "fail", "authority.answers": "pass"},
     ["@ NS ns.dns.example.", "@ NS second.dns.example."])
zone("agreeing", {"authority.serial": "pass", "authority.mx": "pass", "authority.txt": "pass"},
     ["@ NS ns.dns.example.", "@ NS second.dns.example."])
zone("silent-authority", {"authority.answers": "warn"}, ["@ NS ns.dns.example.", "@ NS silent.dns.example."])
# ---- MX ----
zone("no-mx", {"mx.exists": "fail"}, mx=[])
zone("no-mx-but-web", {"mx.exists": "fail"}, ["@ A 192.0.2.80"], mx=[])
zone("null-mx", {"mx.null": "fail"}, mx=["@ MX 0 ."])
zone("null-and-more", {"mx.null": "fail"}, mx=["@ MX 0 .", "@ MX 10 mx.new.example."])
zone("mx-alias", {"mx.host": "fail"}, ["mail CNAME mx.new.example."], mx=["@ MX 10 mail"])
zone("mx-address", {"mx.host": "fail"}, mx=["@ MX 10 192.0.2.10."])
zone("mx-nowhere", {"mx.host": "fail"}, mx=["@ MX 10 gone.new.example."])
zone("mx-six", {"mx.host": "pass", "mx.ipv6": "pass"}, ["mail AAAA 2001:db8::10"], mx=["@ MX 10 mail"])
zone("wildcard", {"mx.wildcard": "warn"}, ["* MX 10 mx.old.example."])
zone("mixed", {"mx.mixed": "warn"}, mx=["@ MX 10 aspmx.l.google.com.", "@ MX 20 mx.new.example."])
zone("gateway", {"mx.gateway": "warn"}, mx=["@ MX 10 mx1-eu1.ppe-hosted.com."])
# ---- SPF ----
zone("spf-none", {"spf.record": "fail"}, spf=[])
zone("spf-two", {"spf.record": "fail"}, spf=["@ " + txt("v=spf1 -all"), "@ " + txt("v=spf1 mx ~all")])
zone("spf-broken", {"spf.record": "fail"}, spf=["@ " + txt("v=spf1 ip4:192.0.2.10 mxx -all")])
zone("spf-glued", {"spf.record": "pass", "spf.new": "fail"},
     spf=["@ " + txt("v=spf1 ip4:192.0.2.20 -all ip4:192.0.2.10 -all")])
zone("spf-over", {"spf.limits": "fail"}, spf=["@ " + txt("v=spf1 %s ip4:192.0.2.10 -all" % " ".join(
    "include:n%d.spf.example" % number for number in range(11)))])
zone("spf-ten", {"spf.limits": "pass", "spf.new": "pass"}, spf=["@ " + txt("v=spf1 %s ip4:192.0.2.10 -all" % " ".join(
    "include:n%d.spf.example" % number for number in range(10)))])
zone("spf-loop", {"spf.limits": "fail"}, spf=["@ " + txt("v=spf1 include:spf-loop.example -all")])
zone("spf-void", {"spf.limits": "warn"}, spf=["@ " + txt("v=spf1 a:no.example ip4:192.0.2.10 -all")])
zone("spf-voids", {"spf.limits": "fail"}, spf=["@ " + txt("v=spf1 a:no.example a:no2.example mx:no3.example -all")])
zone("spf-include-none", {"spf.includes": "fail"},
     spf=["@ " + txt("v=spf1 include:ns.dns.example ip4:192.0.2.10 -all")])
zone("spf-include-two", {"spf.includes": "fail"}, spf=["@ " + txt("v=spf1 include:two.spf.example -all")])
zone("spf-redirect", {"spf.limits": "pass", "spf.new": "pass"}, spf=["@ " + txt("v=spf1 redirect=whole.spf.example")])
zone("spf-redirect-none", {"spf.includes": "fail"}, spf=["@ " + txt("v=spf1 redirect=ns.dns.example")])
zone("spf-macro", {"spf.limits": "unknown"}, spf=["@ " + txt("v=spf1 include:%{d}.spf.example ip4:192.0.2.10 -all")])
zone("spf-plus-all", {"spf.policy": "fail"}, spf=["@ " + txt("v=spf1 +all")])
zone("spf-neutral", {"spf.policy": "warn"}, spf=["@ " + txt("v=spf1 ip4:192.0.2.10 ?all")])
zone("spf-open-end", {"spf.policy": "warn"}, spf=["@ " + txt("v=spf1 ip4:192.0.2.10")])
zone("spf-ptr", {"spf.ptr": "warn"}, spf=["@ " + txt("v=spf1 ptr ip4:192.0.2.10 -all")])
zone("spf-long", {"spf.size": "warn"}, spf=["@ " + txt("v=spf1 %s -all" % " ".join(
    "ip4:192.0.2.%d" % number for number in range(40)))])
zone("spf-old-only", {"spf.new": "fail", "spf.old": "pass"}, spf=["@ " + txt("v=spf1 ip4:192.0.2.20 -all")])
zone("spf-new-only", {"spf.new": "pass", "spf.old": "warn"}, spf=["@ " + txt("v=spf1 ip4:192.0.2.10 -all")])
zone("spf-capital", {"spf.record": "pass", "spf.new": "pass"}, spf=["@ " + txt("V=SPF1 IP4:192.0.2.10 -ALL")])
zone("spf-beside", {"spf.record": "pass"}, ["@ " + txt("MS=ms12345678"), "@ " + txt("")])
# ---- DKIM ----
zone("dkim-none", {"dkim.key": "fail"}, dkim=[])
zone("dkim-weak", {"dkim.key": "warn"}, dkim=["s1._domainkey " + txt(WEAK)])
zone("dkim-short", {"dkim.key": "fail"}, dkim=["s1._domainkey " + txt(SHORT)])
zone("dkim-ed", {"dkim.key": "pass"}, dkim=["s1._domainkey " + txt(ED)])
zone("dkim-revoked", {"dkim.key": "fail"}, dkim=["s1._domainkey " + txt("v=DKIM1; p=")])
zone("dkim-no-p", {"dkim.key": "fail"}, dkim=["s1._domainkey " + txt("v=DKIM1; k=rsa")])
zone("dkim-cut", {"dkim.key": "fail"}, dkim=["s1._domainkey " + txt(KEY[:200])])
zone("dkim-not-base64", {"dkim.key": "fail"}, dkim=["s1._domainkey " + txt("v=DKIM1; p=!!!!")])
zone("dkim-sha1", {"dkim.key": "fail"}, dkim=["s1._domainkey " + txt("h=sha1; " + KEY.partition("; ")[2])])
zone("dkim-test", {"dkim.key": "warn"}, dkim=["s1._domainkey " + txt(KEY + "; t=y")])
zone("dkim-service", {"dkim.key": "fail"}, dkim=["s1._domainkey " + txt(KEY + "; s=tlsrpt")])
zone("dkim-several", {"dkim.key": "fail"}, ["s1._domainkey " + txt(WEAK)])
zone("dkim-alias", {"dkim.key": "pass"}, dkim=["s1._domainkey CNAME good-key.dns.example."])
zone("dkim-alias-nowhere", {"dkim.key": "fail"}, dkim=["s1._domainkey CNAME gone.dns.example."])
zone("dkim-version-late", {"dkim.key": "fail"}, dkim=["s1._domainkey " + txt(KEY.partition("; ")[2] + "; v=DKIM1")])
zone("dkim-delegated", {"dkim.delegated": "warn"}, ["_domainkey NS ns.dns.example."], dkim=[])
# ---- DMARC ----
zone("dmarc-none", {"dmarc.record": "warn"}, dmarc=[])
zone("dmarc-two", {"dmarc.record": "warn"}, ["_dmarc " + txt("v=DMARC1; p=reject")])
zone("dmarc-lower", {"dmarc.record": "warn"}, dmarc=["_dmarc " + txt("v=dmarc1; p=none")])
zone("dmarc-reject", {"dmarc.policy": "warn"},
     dmarc=["_dmarc " + txt("v=DMARC1; p=reject; rua=mailto:a@dmarc-reject.example")])
zone("dmarc-reject-test", {"dmarc.policy": "pass"},
     dmarc=["_dmarc " + txt("v=DMARC1; p=reject; t=y; rua=mailto:a@dmarc-reject-test.example")])
zone("dmarc-strict", {"dmarc.alignment": "warn"},
     dmarc=["_dmarc " + txt("v=DMARC1; p=none; adkim=s; aspf=s; rua=mailto:a@dmarc-strict.example")])
zone("dmarc-no-reports", {"dmarc.reports": "warn"}, dmarc=["_dmarc " + txt("v=DMARC1; p=none")])
zone("dmarc-abroad", {"dmarc.reports": "pass"},
     dmarc=["_dmarc " + txt("v=DMARC1; p=none; rua=mailto:a@reports.example")])
zone("dmarc-unwanted", {"dmarc.reports": "warn"}, dmarc=["_dmarc " + txt("v=DMARC1; p=none; rua=mailto:a@dns.example")])
zone("dmarc-odd", {"dmarc.record": "warn"},
     dmarc=["_dmarc " + txt("v=DMARC1; p=monitor; pct=50; rua=mailto:a@dmarc-odd.example")])
zone("dmarc-alias", {"dmarc.alias": "warn"}, dmarc=["_dmarc CNAME shared.dns.example."])
# ---- MTA-STS, TLS-RPT (their files are in test_domain_probes) ----
zone("sts-two", {"sts.record": "fail"}, ["_mta-sts " + txt("v=STSv1; id=1;"), "_mta-sts " + txt("v=STSv1; id=2;")])
zone("sts-bad-id", {"sts.record": "fail"}, ["_mta-sts " + txt("v=STSv1; id=2024-01-01;")])
zone("sts-no-file", {"sts.record": "pass", "sts.policy": "unknown"}, ["_mta-sts " + txt("v=STSv1; id=1;")])
zone("tlsrpt-good", {"tlsrpt.record": "pass"}, ["_smtp._tls " + txt("v=TLSRPTv1; rua=mailto:a@dns.example")])
zone("tlsrpt-bad", {"tlsrpt.record": "warn"}, ["_smtp._tls " + txt("v=TLSRPTv1; rua=nobody")])
zone("tlsrpt-two", {"tlsrpt.record": "warn"}, ["_smtp._tls " + txt("v=TLSRPTv1; rua=mailto:a@dns.example"),
                                               "_smtp._tls " + txt("v=TLSRPTv1; rua=mailto:b@dns.example")])
# ---- TLSA, CAA ----
zone("tlsa-unsigned", {"dane.records": "warn"}, ["mail A 192.0.2.10", "_25._tcp.mail TLSA 3 1 1 " + "ab" * 32],
     mx=["@ MX 10 mail"])
zone("tlsa-signed", {"dane.records": "pass"}, ["mail A 192.0.2.10", "_25._tcp.mail TLSA 3 1 1 " + "ab" * 32],
     mx=["@ MX 10 mail"])
zone("tlsa-unusable", {"dane.records": "fail"}, ["mail A 192.0.2.10", "_25._tcp.mail TLSA 1 0 1 " + "ab" * 32],
     mx=["@ MX 10 mail"])
zone("tlsa-length", {"dane.records": "fail"}, ["mail A 192.0.2.10", "_25._tcp.mail TLSA 3 1 1 " + "ab" * 20],
     mx=["@ MX 10 mail"])
zone("caa-one", {"caa.issue": "warn"}, ["@ CAA 0 issue \"letsencrypt.org\""])
zone("caa-nobody", {"caa.issue": "warn"}, ["@ CAA 0 issue \";\""])
zone("caa-iodef", {"caa.issue": "pass"}, ["@ CAA 0 iodef \"mailto:a@dns.example\""])
# ---- DNSSEC ----
zone("bogus", {"dnssec.chain": "fail", "mx.exists": "fail", "spf.record": "fail"})
zone("short-lived", {"dnssec.expiry": "warn"})

SIGNED = ("signed", "tlsa-signed", "tlsa-unusable", "tlsa-length", "bogus")
HELPERS = {
    ".": ["@ NS ns.dns.example.", "ns.dns.example. A 127.0.0.1"],
    "dns.example": ["ns A 127.0.0.1", "lame A 127.0.0.3", "second A 127.0.0.2", "silent A 127.0.0.4",
                    "good-key " + txt(KEY), "shared " + txt("v=DMARC1; p=none; rua=mailto:a@dns.example"),
                    "_report._dmarc.x A 127.0.0.1"],
    "_domainkey.dkim-delegated.example": [],
    "new.example": ["mx A 192.0.2.10"],
    "old.example": ["mx A 192.0.2.20"],
    "reports.example": ["*._report._dmarc " + txt("v=DMARC1")],
    "spf.example": ["n%d %s" % (number, txt("v=spf1 ip4:198.51.100.%d ?all" % number)) for number in range(11)]
                   + ["two " + txt("v=spf1 -all"), "two " + txt("v=spf1 ~all"),
                      "whole " + txt("v=spf1 ip4:192.0.2.10 ip4:192.0.2.20 -all")],
}
OPTIONS = ("--phase", "before", "--new-mx", "mx.new.example", "--selector", "s1", "--old-address", "192.0.2.20",
           "--new-address", "192.0.2.10", "--timeout", "2")


class Servers:
    """knot, nsd and unbound with all zones."""

    def __init__(self):
        zones = {name: nameservers.zone_text(name, lines) for name, lines in HELPERS.items()}
        for name, (lines, _) in ZONES.items():
            zones[name + ".example"] = nameservers.zone_text(name + ".example", lines, serial=2)
        port = nameservers.free_port(("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"))
        old = {name: nameservers.zone_text(name, ["@ NS ns.dns.example."] + lines, serial=serial)
               for name, lines, serial in (
                   ("lagging.example", [line.replace("mx.new", "mx.old") for line in ZONES["lagging"][0]], 1),
                   ("agreeing.example", ZONES["agreeing"][0], 2))}
        self.running = []
        try:
            self.knot = self.begin(nameservers.Knot(zones, port=port, signed=[name + ".example" for name in SIGNED],
                                                        short=["short-lived.example"]))
            self.begin(nameservers.Nsd(old, "127.0.0.2", port))
            other = {"other.example": nameservers.zone_text("other.example", [])}
            self.begin(nameservers.Nsd(other, "127.0.0.3", port))
            self.unbound = self.begin(nameservers.Unbound(("127.0.0.1", port)))
        except BaseException:
            self.stop()
            raise

    def begin(self, server):
        self.running.append(server)
        return server.start()

    def stop(self):
        for server in self.running:
            server.stop()

    def arguments(self, directory):
        """Options by which the tool asks these servers; another key than bogus.example's is what it expects there."""
        anchors = []
        for line in self.knot.anchors.splitlines():
            if line.startswith("bogus.example."):
                line = re.sub(r"[0-9a-f]{8}$", "00000000", line)
            anchors.append(line)
        path = os.path.join(directory, "anchors")
        with open(path, "w", encoding="ascii") as out:
            out.write("\n".join(anchors) + "\n")
        return ["--resolver", "127.0.0.1@%d" % self.unbound.port, "--dns-port", str(self.knot.port),
                "--trust-anchor", path]


class Zones(harness.ToolCase):
    @classmethod
    def setUpClass(cls):
        cls.servers = Servers()
        cls.addClassCleanup(cls.servers.stop)

    def look(self, *arguments, expect=1):
        path = os.path.join(self.dir, "result.json")
        result = self.run_command([harness.program(), "domain", *arguments, *self.servers.arguments(self.dir),
                                   "--json", path], json_path=path)
        self.assertEqual(result.status, expect, str(result))
        return result

    def test_every_zone(self):
        self.assertGreaterEqual(len(ZONES), 80)
        result = self.look(*(name + ".example" for name in ZONES), *OPTIONS)
        self.assertEqual(schema.errors(result.json, "domain-1.json"), [])
        for domain in result.json["domains"]:
            lines, expected = ZONES[domain["domain"].removesuffix(".example")]
            for check, verdict in expected.items():
                found = [each for each in domain["checks"] if each["check"] == check]
                with self.subTest(domain=domain["domain"], check=check):
                    self.assertIn(verdict, [each["verdict"] for each in found], "%s\n%s" % (lines, domain["checks"]))
                    if verdict == "pass":
                        self.assertEqual({each["verdict"] for each in found}, {"pass"}, found)
            for each in domain["checks"]:
                with self.subTest(domain=domain["domain"], check=each):
                    self.assertTrue(each["text"])
                    if each["verdict"] in ("warn", "fail"):
                        self.assertTrue(each["advice"])
                        self.assertTrue(each["rule"])

    def test_good_zone_passes(self):
        result = self.look("good.example", *OPTIONS, expect=0)
        self.assertEqual(result.json["counts"]["pass"], sum(result.json["counts"].values()))
        self.assertRegex(result.json["domains"][0]["earliest"], r"^20\d\d-")

    def test_text_says_what_to_publish(self):
        result = self.look("spf-two.example", "dmarc-none.example", *OPTIONS)
        self.assertIn("Something has to be put right before the switch.", result.out)
        self.assertRegex(result.out, r"publish: _dmarc\.dmarc-none\.example\. 300 IN TXT \"v=DMARC1; p=none")
        self.assertRegex(result.out, r"fail +spf\.record +spf-two\.example: there is more than one SPF record")

    def test_include_tree_is_shown(self):
        result = self.look("spf-over.example", *OPTIONS)
        checks = {each["check"]: each for each in result.json["domains"][0]["checks"]}
        self.assertEqual(len(checks["spf.limits"]["seen"]), 12)
        self.assertIn("11 look-ups of 10", checks["spf.limits"]["text"])

    def test_provider_table(self):
        result = self.look("good.example", "--provider", "fastmail", "--dnsbl", "none", "--timeout", "2")
        checks = [each for each in result.json["domains"][0]["checks"] if each["check"] == "spf.new"]
        self.assertEqual(checks[0]["verdict"], "fail")
        self.assertIn('good.example. 300 IN TXT "v=spf1 ip4:192.0.2.10 ip4:192.0.2.20 '
                      'include:spf.messagingengine.com -all"', checks[0]["publish"])
        self.assertEqual(result.json["domains"][0]["new_provider"], "Fastmail")

    def test_aliases_are_looked_at(self):
        result = self.look("good.example", "--alias", "spf-none.example", *OPTIONS)
        names = [(each["domain"], each["alias_of"], each["verdict"]) for each in result.json["domains"]]
        self.assertEqual(names, [("good.example", None, "pass"), ("spf-none.example", "good.example", "fail")])

    def test_usage(self):
        for arguments in ((), ("not a domain",), ("good.example", "--phase", "soon"),
                          ("good.example", "--provider", "x"),
                          ("good.example", "--resolver", "ns.dns.example"), ("good.example", "--new-address", "mx"),
                          ("good.example", "--dns-port", "0")):
            with self.subTest(arguments):
                done = self.run_command([harness.program(), "domain", *arguments])
                self.assertEqual((done.status, done.out), (harness.USAGE, ""), str(done))
                self.assertTrue(done.err)

    def test_resolver_without_signatures(self):
        """The keys of the real root do not come through it: nothing is called forged, DNSSEC is not known."""
        anchors = self.servers.arguments(self.dir)
        path = os.path.join(self.dir, "result.json")
        result = self.run_command([harness.program(), "domain", "good.example", *OPTIONS, *anchors[:4], "--json", path],
                                  json_path=path)
        self.assertEqual(result.status, harness.TEMPORARY, str(result))
        found = {each["check"]: each["verdict"] for each in result.json["domains"][0]["checks"]}
        self.assertEqual((found["dnssec.chain"], found["mx.exists"], found["spf.record"]), ("unknown", "pass", "pass"))

    def test_no_server_answers(self):
        port = nameservers.free_port(("127.0.0.1",))
        result = self.run_command([harness.program(), "domain", "good.example", "--resolver", "127.0.0.1@%d" % port,
                                   "--timeout", "1"])
        self.assertEqual(result.status, harness.TEMPORARY, str(result))
        self.assertIn("unknown", result.out)


if __name__ == "__main__":
    unittest.main()
