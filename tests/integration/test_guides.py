"""The guides of docs/guides, carried out as they stand: every block of commands, in order, against servers of our own.

What a guide says it replaces is replaced, and nothing else; what it does not replace is there (bash, openssl, python3).
"""

import os
import subprocess
import unittest

import certs
import dovecot
import guides
import harness
import mailgen
import oracle
import test_domain_probes
from test_domain_probes import NEW, World

NIGHT = ("systemd-sysusers", "systemd-tmpfiles", "journalctl", "chown")
PEOPLE = {"ann@example.org": ("lake-4711", "river-17"), "bob@example.org": ("hill-0815", "field-23"),
          "carla@example.org": ("tree-1234", "stone-42")}


class Guides(harness.ToolCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = dovecot.work_directory("mmg-")
        cls.addClassCleanup(subprocess.run, ["rm", "-rf", cls.directory], check=True)
        cls.authority = certs.Authority(os.path.join(cls.directory, "ca"))
        cls.servers = []
        for side in (0, 1):
            server = dovecot.Dovecot(users={name: both[side] for name, both in PEOPLE.items()},
                                     authority=cls.authority, separator="./"[side], prefix=["INBOX.", ""][side],
                                     layout=["maildir++", "fs"][side]).start()
            cls.addClassCleanup(server.stop)
            cls.servers.append(server)
        cls.world = None

    def begin_world(self):
        """The name servers and mail hosts of a domain that has been switched; once for all guides."""
        cls = type(self)
        if not cls.world:
            cls.world = World.__new__(World)
            cls.world.running = []
            cls.addClassCleanup(cls.world.stop)
            cls.world.__init__(cls.directory)
            with open(os.path.join(cls.directory, "anchors"), "w", encoding="ascii") as out:
                out.write(cls.world.knot.anchors)
        world = cls.world
        return ("{name: done.example, new-mx: new.hosts.example, old-host: [closed.hosts.example], selector: s1, "
                "new-address: %s, resolver: \"127.0.0.1@%d\", dns-port: %d, smtp-port: %d, https-port: %d, "
                "trust-anchor: %s, ca-file: %s, dnsbl: none, timeout: 3}" % (
                    NEW, world.resolver.port, world.port, world.smtp, world.https,
                    os.path.join(cls.directory, "anchors"), world.authority.ca))

    def setUp(self):
        super().setUp()
        self.home = os.path.join(self.dir, "home")
        self.programs = os.path.join(self.dir, "programs")
        os.mkdir(self.programs)
        os.symlink(harness.program(), os.path.join(self.programs, "mailmigrate"))
        for side, server in enumerate(self.servers):  # each guide begins with full mailboxes there, and empty ones here
            subprocess.run(["rm", "-rf", os.path.join(server.root, "mail")], check=True)
            os.mkdir(os.path.join(server.root, "mail"))
            if os.geteuid() == 0:
                os.chown(os.path.join(server.root, "mail"), server.uid, server.gid)
            for number, name in enumerate(PEOPLE if side == 0 else ()):
                connection = server.login(name)
                mailgen.fill(connection, mailgen.generate(harness.SEED + number, 40), server.separator, server.prefix)
                connection.logout()

    def stand_in(self, name, text="", status=0):
        """A program of that name, which notes how it was called."""
        path = os.path.join(self.programs, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write("#!/bin/sh\necho %s \"$*\" >>%s\n%sexit %d\n" % (name, self.noted, text, status))
        os.chmod(path, 0o755)

    @property
    def noted(self):
        return os.path.join(self.dir, "noted")

    def systemctl(self, directories):
        """`systemctl start mailmigrate@NAME` does what the unit says, with its environment."""
        unit = os.path.join(harness.build_directory("asan"), "tools", "mailmigrate@.service")
        with open(unit, encoding="utf-8") as file:
            lines = dict(line.strip().split("=", 1) for line in file if "=" in line and line[0] != "#")
        command = lines["ExecStart"].replace("%i", "$name")
        command = lines["Environment"] + " " + command[command.index("/mailmigrate ") + 1:]
        for old, new in directories.items():
            command = command.replace(old, new)
        self.stand_in("systemctl", "[ \"$1\" = start ] || exit 0\nname=${2#mailmigrate@}\nexport %s\n" % (
            command.replace(" mailmigrate ", "\nexec mailmigrate ")))

    def replacements(self, guide):
        """(what to replace in the guide's blocks, what is typed, what comes between two blocks)."""
        source, target = self.servers
        directories = {}
        plain = {"a directory of the test": None, "nothing: the test's own user": "", "noted": None,
                 "`start` does what the unit says; all else is noted": None,
                 "prints the password of the servers": "echo " + PEOPLE["ann@example.org"][0],
                 "the old server, as a plan names it": "{host: 127.0.0.1, port: %d," % source.tls_port,
                 "the new server, as a plan names it": "{host: 127.0.0.1, port: %d," % target.tls_port,
                 "the old server, as a URL names it": "@127.0.0.1:%d" % source.tls_port,
                 "the new server, as a URL names it": "@127.0.0.1:%d" % target.tls_port}
        replaced, typed, between = {}, "", ""
        for row in guide.rows:
            if row.words == "what is typed" and row.instead == "the passwords of the servers":
                typed = "\n".join(PEOPLE["ann@example.org"]) + "\n"
            elif row.words == "the time between two blocks" and row.instead == "a second":
                between = "sleep 1.1"
            elif row.words == "the authorities that certificates are held against":
                self.assertEqual(row.instead, "one of our own")
            elif row.instead == "a domain that has been switched":
                replaced[row.words[0]] = self.begin_world()
            elif row.instead == "a directory of the test":
                directories[row.words[0]] = replaced[row.words[0]] = self.dir + row.words[0]
                os.makedirs(self.dir + row.words[0])
            elif row.instead == "noted":
                for name in row.words:
                    self.stand_in(name)
            elif row.instead.startswith("`start` does"):
                self.systemctl(directories)
            else:
                self.assertIn(row.instead, plain)
                replaced[row.words[0]] = plain[row.instead]
        whole = "".join(block.text for block in guide.commands)
        for words in replaced:
            self.assertIn(words, whole, "nothing of this is in the guide's blocks")
        return replaced, typed, between

    def carry_out(self, name):
        guide = guides.guides()[name]
        replaced, typed, between = self.replacements(guide)
        env = dict(os.environ, HOME=self.home, SSL_CERT_FILE=self.authority.ca,
                   PATH=self.programs + ":" + os.environ["PATH"])
        env.pop("XDG_STATE_HOME", None)
        status, line, out = guides.run(guide.script(replaced, between), typed, env, self.home)
        self.assertEqual(status, 0, "%s, the block at line %d\n%s" % (name, line, out[-8000:]))
        self.assertEqual(line, guide.commands[-1].line)
        return out

    def assert_arrived(self, people=PEOPLE, left_out=()):
        """Everything is there, in the eyes of imaplib; nothing that was left out."""
        for name in people:
            source, target = self.servers[0].login(name, tls=True), self.servers[1].login(name, tls=True)
            lines = [line for line in oracle.compare(source, target) if not any(word in line for word in left_out)]
            self.assertEqual(lines, [])
            self.assertGreater(oracle.count(target), 20)
            source.logout()
            target.logout()

    def test_every_guide_is_carried_out(self):
        """A guide without a test here would be a promise of its last section that nobody keeps."""
        with open(os.path.join(guides.ROOT, "tests", "integration", "test_guides.py"), encoding="utf-8") as file:
            own = file.read()
        for name in guides.guides():
            self.assertIn('self.carry_out("%s")' % name, own)

    def test_weekend(self):
        out = self.carry_out("weekend.md")
        self.assertIn("The old server may be switched off.", out)
        self.assert_arrived(["ann@example.org"])
        self.assertFalse(os.path.exists(os.path.join(self.home, "move", "secrets")))

    def test_many_mailboxes_and_after(self):
        out = self.carry_out("many-mailboxes.md")
        self.assertIn("The old server may be switched off.", out)
        self.assert_arrived(left_out=("Trash", "Junk"))
        out = self.carry_out("after-the-cutover.md")
        self.assertIn("Signature Verified Successfully", out)
        self.assertIn("The old server may be switched off.", out)
        self.assert_arrived(["ann@example.org"], left_out=("Junk",))

    def test_every_night(self):
        self.carry_out("every-night.md")
        self.assert_arrived(["ann@example.org"])
        with open(self.noted, encoding="utf-8") as file:
            noted = file.read()
        for line in ("systemd-sysusers", "systemctl enable --now mailmigrate@office.timer",
                     "chown root:mailmigrate " + self.dir + "/etc/mailmigrate/office.yaml"):
            self.assertIn(line, noted)
        # One state, whether by hand or by the unit.
        states = [os.path.join(directory, name) for directory, _, names in os.walk(self.dir) for name in names
                  if name.endswith(".db")]
        self.assertEqual(len(states), 1, states)

    def test_troubleshooting(self):
        self.carry_out("troubleshooting.md")
        with open(os.path.join(self.home, "trace.log"), encoding="utf-8") as file:
            self.assertNotIn(PEOPLE["ann@example.org"][0], file.read())

    def test_other_tools(self):
        out = self.carry_out("other-tools.md")
        self.assertIn("missing", out)
        self.assert_arrived(["ann@example.org"])


del test_domain_probes


if __name__ == "__main__":
    unittest.main()
