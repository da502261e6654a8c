"""`mailmigrate discover`, and an address in the place of a URL, with name server, HTTPS and IMAP servers of ours."""

import os
import pty
import select
import subprocess
import time
import unittest

import certs
import harness
import mailhosts
import memserver
import nameservers
import proxies
import schema

IMAP, OTHER, WEB, PLAIN, INJECTING, CLOSED = ("127.0.6.%d" % number for number in range(1, 7))
AUTO = ('<clientConfig version="1.1"><emailProvider id="x"><incomingServer type="pop3"><hostname>pop.hoster.example'
        "</hostname><port>995</port></incomingServer>"
        "<incomingServer type=\"imap\"><hostname>%s</hostname><port>%d</port>"
        "<socketType>%s</socketType><authentication>OAuth2</authentication><username>%s</username></incomingServer>"
        "</emailProvider></clientConfig>")
POX = ('<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"><Response>'
       "<Account>"
       "<AccountType>email</AccountType><Action>settings</Action><Protocol><Type>IMAP</Type><Server>%s</Server>"
       "<Port>%d</Port><LoginName>%s</LoginName><SSL>on</SSL></Protocol></Account></Response></Autodiscover>")
BOMB = ('<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">'
        '<!ENTITY f SYSTEM "file:///etc/passwd">]><clientConfig><emailProvider><incomingServer type="imap"><hostname>'
        "&f;&c;</hostname><port>993</port></incomingServer></emailProvider></clientConfig>")
CONFIG, KNOWN, DISCOVER = ("/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml",
                           "/autodiscover/autodiscover.xml")


class World:
    def __init__(self, directory):
        self.running = []
        self.authority = certs.Authority(os.path.join(directory, "ca"))
        self.imaps = mailhosts.free_address_port([IMAP, OTHER, CLOSED])
        self.imap = mailhosts.free_address_port([IMAP, PLAIN, INJECTING])
        self.https = mailhosts.free_address_port([WEB])
        self.port = nameservers.free_port(("127.0.0.1",))
        issue = self.authority.issue
        good = issue("good", ("DNS:imap.srv.example", "DNS:imap.hoster.example", "DNS:imap.gmail.com",
                              "DNS:imap.probe.example", "DNS:imap.signed.example", "DNS:certnames.example",
                              "DNS:mail.probe2.example", "DNS:imappro.zoho.eu"))
        self.good = self.begin(mailhosts.Imap(IMAP, self.imaps, good))
        self.begin(mailhosts.Imap(IMAP, self.imap, good, starttls=True))
        self.begin(mailhosts.Imap(OTHER, self.imaps, issue("other", ("DNS:elsewhere.example",))))
        self.begin(mailhosts.Imap(PLAIN, self.imap))
        self.begin(mailhosts.Imap(INJECTING, self.imap, good, starttls=True, extra=b"* OK injected\r\n"))
        mail = issue("mail", ("DNS:imap.old.example",))
        self.memory = self.begin(memserver.MemServer(users=("ann@old.example",), tls=mail))
        self.memory.mailboxes[b"INBOX"].add(b"Subject: one\r\n\r\nhello\r\n")
        self.start_web()
        self.start_names()

    def begin(self, server):
        self.running.append(server)
        return server

    def start_web(self):
        files = {
            ("autoconfig.auto.example", CONFIG): (200, "text/xml", AUTO % ("imap.hoster.example", self.imaps, "SSL",
                                                                           "%EMAILLOCALPART%")),
            ("known.example", KNOWN): (200, "text/xml", AUTO % ("imap.hoster.example", self.imap, "STARTTLS",
                                                                "%EMAILADDRESS%")),
            ("autodiscover.pox.example", DISCOVER): (200, "text/xml",
                                                    POX % ("imap.hoster.example", self.imaps, "u4711")),
            ("autodiscover.hoster.example", DISCOVER): (200, "text/xml", POX % ("imap.hoster.example", self.imaps, "")),
            ("autoconfig.hostile.example", CONFIG): (200, "text/xml", BOMB),
            ("hostile.example", KNOWN): (200, "text/xml", "<clientConfig>" + "x" * 300000),
            ("autodiscover.hostile.example", DISCOVER): (200, "text/xml", POX % ("\x85; rm -rf /", 993, "a\x85b")),
            ("hostile.example", DISCOVER): (302, "text/xml", "https://elsewhere.example/"),
            ("autoconfig.plain.example", CONFIG): (200, "text/xml", AUTO % ("imap.plain.example", self.imap, "plain",
                                                                            "ann")),
            ("autoconfig.broken.example", CONFIG): (503, "text/html", "later"),
            ("autodiscover.broken.example", DISCOVER): (401, "text/html", "who are you"),
        }
        names = sorted({"DNS:" + name for name, _ in files})
        self.web = self.begin(mailhosts.Web(WEB, self.https, {None: self.authority.issue("web", names)}, files))

    def start_names(self):
        def web(*names):
            return ["%s A %s" % (name, WEB) for name in names]

        zones = {
            "": ["@ NS ns.dns.example."], "dns.example": ["ns A 127.0.0.1"],
            "hoster.example": ["imap A " + IMAP, *web("autodiscover"), "mail A " + OTHER],
            "srv.example": ["imap A " + IMAP, "_imaps._tcp SRV 10 1 %d imap" % self.imaps,
                            "_imaps._tcp SRV 20 1 %d mail.hoster.example." % self.imaps, "_imap._tcp SRV 0 0 0 ."],
            "foreign.example": ["_imaps._tcp SRV 0 1 %d imap.hoster.example." % self.imaps],
            "signed.example": ["_imaps._tcp SRV 0 1 %d imap.hoster.example." % self.imaps],
            "certnames.example": ["_imaps._tcp SRV 0 1 %d imap.hoster.example." % self.imaps],
            "auto.example": web("autoconfig"), "known.example": web("@"), "pox.example": web("autodiscover"),
            "posrv.example": ["_autodiscover._tcp SRV 0 1 443 autodiscover.hoster.example."],
            "mxgoogle.example": ["@ MX 1 smtp.google.com."], "mxzoho.example": ["@ MX 10 mx.zoho.eu."],
            "mxfilter.example": ["@ MX 10 eu.pphosted.com."], "mxproton.example": ["@ MX 10 mail.protonmail.ch."],
            "google.com": ["smtp A " + CLOSED], "gmail.com": ["imap A " + IMAP],
            "zoho.eu": ["imappro A " + IMAP], "pphosted.com": [], "protonmail.ch": [],
            "probe.example": ["imap A " + IMAP, "mail A " + CLOSED], "probe2.example": ["mail A " + IMAP],
            "wrong.example": ["imap A " + OTHER], "closed.example": ["imap A " + CLOSED],
            "plain.example": [*web("autoconfig"), "imap A " + PLAIN],
            "injecting.example": ["imap A " + INJECTING],
            "hostile.example": [*web("@", "autoconfig", "autodiscover"), "_imaps._tcp SRV 0 1 993 a\\027b",
                                "_imaps._tcp SRV 0 1 0 x", "@ MX 0 ."],
            "broken.example": web("autoconfig", "autodiscover"), "nothing.example": [],
            "old.example": ["imap A 127.0.0.1", "_imaps._tcp SRV 0 1 %d imap" % self.memory.port],
        }
        zones = {name or ".": nameservers.zone_text(name, lines) for name, lines in zones.items()}
        self.knot = self.begin(nameservers.Knot(zones, port=self.port, signed=["signed.example"])).start()

    def stop(self):
        for server in self.running:
            server.stop()


class Discover(harness.ToolCase):
    @classmethod
    def setUpClass(cls):
        directory = harness.dovecot.work_directory("mmd-")
        cls.addClassCleanup(subprocess.run, ["rm", "-rf", directory], check=True)
        cls.world = World.__new__(World)
        cls.world.running = []
        cls.addClassCleanup(cls.world.stop)
        cls.world.__init__(directory)

    def look(self, address, *arguments, expect=0):
        path, anchors = os.path.join(self.dir, "result.json"), os.path.join(self.dir, "anchors")
        with open(anchors, "w", encoding="ascii") as out:
            out.write(self.world.knot.anchors)
        result = self.run_command(
            [harness.program(), "discover", address, "--resolver", "127.0.0.1@%d" % self.world.port, "--ca-file",
             self.world.authority.ca, "--https-port", str(self.world.https), "--imaps-port", str(self.world.imaps),
             "--imap-port", str(self.world.imap), "--trust-anchor", anchors, "--timeout", "5", "--json", path,
             "--all", *arguments], json_path=path)
        self.assertEqual(result.status, expect, str(result))
        self.assertEqual(schema.errors(result.json, "discover-1.json"), [])
        self.assertEqual(result.json["exit"], expect)
        self.assertNotRegex(result.out, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")
        return result

    def best(self, address, expect=0):
        return self.look(address, expect=expect).json["candidates"][0]

    def asked(self, result):
        return {each["asked"]: each for each in result.json["questions"]}

    def test_srv(self):
        result = self.look("ann@srv.example")
        first, second = result.json["candidates"]
        self.assertEqual((first["way"], first["host"], first["tls"], first["state"]),
                         ("srv", "imap.srv.example", "implicit", "good"))
        self.assertEqual(first["url"], "imaps://ann%%40srv.example@imap.srv.example:%d" % self.world.imaps)
        self.assertEqual(first["voucher"], "it lies in srv.example itself")
        self.assertEqual((second["host"], second["state"]), ("mail.hoster.example", "certificate"))
        self.assertIn("not offered", self.asked(result)["SRV _imap._tcp.srv.example"]["came"])
        self.assertIn("this one  imap.srv.example", result.out)
        self.assertFalse([line for line in self.world.good.lines if b"LOGIN" in line or b"AUTH" in line])

    def test_foreign_hosts(self):
        """A host outside the domain: nobody vouches for it, or its zone's signature does, or its certificate."""
        found = self.best("ann@foreign.example", expect=1)
        self.assertEqual((found["state"], found["voucher"]), ("good", None))
        self.assertEqual(self.best("ann@signed.example")["voucher"], "the SRV record is signed (DNSSEC)")
        self.assertEqual(self.best("ann@certnames.example")["voucher"],
                         "its certificate is for certnames.example as well")

    def test_files(self):
        found = self.best("ann@auto.example")
        self.assertEqual((found["way"], found["user"], found["oauth2"]), ("autoconfig", "ann", True))
        self.assertIn("https://autoconfig.auto.example/mail/config-v1.1.xml names it", found["voucher"])
        self.assertIn(("autoconfig.auto.example", CONFIG + "?emailaddress=ann%40auto.example"), self.world.web.asked)
        found = self.best("ann@known.example")
        self.assertEqual((found["tls"], found["port"], found["user"]),
                         ("starttls", self.world.imap, "ann@known.example"))
        found = self.best("ann&bob@pox.example")
        self.assertEqual((found["way"], found["user"]), ("autodiscover", "u4711"))
        self.assertIn("<EMailAddress>ann&amp;bob@pox.example</EMailAddress>", self.world.web.posted[-1])
        found = self.best("ann@posrv.example", expect=1)
        self.assertEqual((found["way"], found["voucher"]), ("autodiscover", None))

    def test_providers(self):
        found = self.best("ann@mxgoogle.example")
        self.assertEqual((found["way"], found["host"]), ("mx", "imap.gmail.com"))
        self.assertEqual(self.best("ann@gmail.com")["way"], "provider")
        self.assertEqual(self.best("ann@mxzoho.example")["host"], "imappro.zoho.eu")
        result = self.look("ann@mxfilter.example", expect=1)
        self.assertIn("a filter (Proofpoint)", self.asked(result)["MX mxfilter.example"]["came"])
        result = self.look("ann@mxproton.example", expect=1)
        self.assertIn("differs by customer", self.asked(result)["MX mxproton.example"]["came"])

    def test_probing(self):
        result = self.look("ann@probe.example")
        self.assertEqual([(each["host"], each["tls"], each["state"]) for each in result.json["candidates"]],
                         [("imap.probe.example", "implicit", "good"), ("imap.probe.example", "starttls", "good"),
                          ("mail.probe.example", "implicit", "unreached"),
                          ("mail.probe.example", "starttls", "unreached")])
        self.assertEqual(self.best("ann@probe2.example")["host"], "mail.probe2.example")

    def test_what_does_not_do(self):
        for name, states in (("wrong", {"certificate", "unreached"}), ("closed", {"unreached"}),
                             ("injecting", {"no-tls", "unreached"}), ("plain", {"no-tls", "unreached"})):
            with self.subTest(name):
                result = self.look("ann@%s.example" % name, expect=1)
                self.assertFalse(result.json["found"])
                self.assertEqual({each["state"] for each in result.json["candidates"]}, states)
        self.assertIn("without TLS", self.asked(result)["https://autoconfig.plain.example" + CONFIG]["came"])

    def test_hostile_answers(self):
        result = self.look("ann@hostile.example", expect=1)
        self.assertEqual(result.json["candidates"], [])
        asked = self.asked(result)
        self.assertIn("no such file", asked["https://autoconfig.hostile.example" + CONFIG]["came"])
        self.assertIn("no host names", asked["https://autodiscover.hostile.example" + DISCOVER]["came"])
        self.assertIn("too large", asked["https://hostile.example" + KNOWN]["came"])
        self.assertIn("not followed", asked["https://hostile.example" + DISCOVER]["came"])
        self.assertNotIn("root:", result.out)
        self.assertNotIn(("elsewhere.example", "/"), self.world.web.asked)

    def test_no_answer_is_not_no(self):
        result = self.look("ann@broken.example", expect=4)
        self.assertTrue(result.json["unanswered"])
        self.assertFalse(self.asked(result)["https://autoconfig.broken.example" + CONFIG]["answered"])
        self.assertIn("login first", self.asked(result)["https://autodiscover.broken.example" + DISCOVER]["came"])
        self.assertIn("not every question was answered", result.out)
        result = self.look("ann@nothing.example", expect=1)
        self.assertFalse(result.json["unanswered"])

    def test_usage(self):
        for address in ("ann", "@x.example", "ann@", "ann@127.0.0.1", "a\x1bn@x.example", "ann@" + "x" * 300):
            with self.subTest(address):
                done = self.run_command([harness.program(), "discover", address])
                self.assertEqual(done.status, harness.USAGE, str(done))
                self.assertNotIn("\x1b", done.err)

    # ---- an address as a source

    def proxy(self):
        made = proxies.Proxy("socks5", names={"imap.old.example": "127.0.0.1"})
        self.addCleanup(made.stop)
        return made

    def copy_by_address(self, address="ann@old.example", *more):
        path = os.path.join(self.dir, "password")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as out:
            out.write(memserver.PASSWORD + "\n")
        return [harness.program(), "copy", "--source", address, "--source-password-file", path, "--target",
                "maildir:" + os.path.join(self.dir, "mail"), "--state", self.state, "--ca-file",
                self.world.authority.ca, "--resolver", "127.0.0.1@%d" % self.world.port,
                "--source-proxy", self.proxy().url(), *more]

    def delivered(self):
        where = os.path.join(self.dir, "mail")
        return [name for _, _, names in os.walk(where) for name in names if ",S=" in name or ":2," in name]

    def logins(self):
        return [line for line in self.world.memory.received if b"AUTHENTICATE" in line or b"LOGIN" in line]

    def test_copy_by_address(self):
        before = self.logins()
        refused = self.run_command(self.copy_by_address())
        self.assertEqual(refused.status, harness.USAGE, str(refused))
        self.assertIn("imap.old.example was found for old.example, and there is no terminal to ask on", refused.err)
        self.assertEqual(self.logins(), before)
        done = self.run_command(self.copy_by_address("ann@old.example", "--yes"))
        self.assertEqual(done.status, harness.DONE, str(done))
        self.assertIn("vouched for  it lies in old.example itself", done.err)
        self.assertEqual(len(self.delivered()), 1)

    def test_what_nobody_vouches_for_is_not_taken(self):
        done = self.run_command(self.copy_by_address("ann@foreign.example", "--yes"))
        self.assertEqual(done.status, harness.USAGE, str(done))
        self.assertIn("lies outside foreign.example, and nothing vouches for it", done.err)
        done = self.run_command(self.copy_by_address("ann@nothing.example", "--yes"))
        self.assertEqual(done.status, harness.TEMPORARY, str(done))
        self.assertIn("none was found for ann@nothing.example", done.err)

    def on_terminal(self, command, answer):
        """(exit status, all that the terminal showed) of a command that asks one question."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(command[0], command, self.environment())
        shown, answered, until = b"", False, time.monotonic() + 60
        while time.monotonic() < until:
            if not select.select([terminal], [], [], 0.2)[0]:
                continue
            try:
                piece = os.read(terminal, 4096)
            except OSError:
                break
            if not piece:
                break
            shown += piece
            if not answered and b"[y/N]" in shown:
                os.write(terminal, answer)
                answered = True
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(terminal)
        return status, shown.decode("utf-8", "replace")

    def test_asked_on_a_terminal(self):
        status, shown = self.on_terminal(self.copy_by_address(), b"n\n")
        self.assertEqual(status, harness.USAGE, shown)
        self.assertIn("Log in to imap.old.example as the server of old.example?", shown)
        self.assertIn("imap.old.example was not taken", shown)
        status, shown = self.on_terminal(self.copy_by_address(), b"y\n")
        self.assertEqual(status, harness.DONE, shown)
        self.assertEqual(len(self.delivered()), 1)

    def test_plan(self):
        copying = self.copy_by_address()
        plan = os.path.join(self.dir, "plan.yaml")
        with open(plan, "w", encoding="utf-8") as out:
            out.write("version: 1\nsource: {discover: true, password-file: password, proxy: %s}\n"
                      "target: {files: 'maildir:mail'}\n"
                      "options: {ca-file: %s, resolver: 127.0.0.1@%d, state: state}\n"
                      "accounts: [{source: ann@old.example}]\n"
                      % (copying[-1], self.world.authority.ca, self.world.port))
        done = self.run_command([harness.program(), "plan", "check", plan])
        self.assertEqual(done.status, harness.DONE, str(done))
        done = self.run_command([harness.program(), "copy", plan, "--yes"])
        self.assertEqual(done.status, harness.DONE, str(done))
        self.assertEqual(len(self.delivered()), 1)
        for text, words in (("source: {discover: true, host: x.example}", "discover and host exclude each other"),
                            ("source: {discover: perhaps, host: x.example}", "\"perhaps\" is not true or false")):
            with open(plan, "w", encoding="utf-8") as out:
                out.write("version: 1\n%s\ntarget: {host: y.example}\naccounts: [{source: ann@old.example}]\n" % text)
            done = self.run_command([harness.program(), "plan", "check", plan])
            self.assertEqual(done.status, harness.USAGE, str(done))
            self.assertIn(words, done.out)


if __name__ == "__main__":
    unittest.main()
