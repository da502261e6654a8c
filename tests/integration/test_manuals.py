"""The examples of the manual pages: each command is run, with servers of our own in the place of those it names."""

import glob
import os
import re
import subprocess
import unittest

import harness
import mailgen
import nameservers

ANN_OLD, ANN_NEW = "imaps://ann%40old.example@mail.old.example", "imaps://ann%40new.example@imap.new.example"
# Names are asked of a port on which nobody answers: nothing of what the examples name is asked for on the way.
NAMES = ("domain", "discover")
# How they end here: a name without an answer is not known, a certificate of nothing is none, no ManageSieve is there,
# and nobody signed in.
ELSE = {"domain": {1, 4}, "discover": {1, 4}, "certificate": {1}, "filters": {1, 4},
        "login": {3}}


def examples(path):
    """The commands of a manual's EXAMPLES, as a person reads them: lines that are continued are joined."""
    with open(path, encoding="utf-8") as file:
        section = re.search(r"^\.SH EXAMPLES\n(.*?)(?=^\.SH)", file.read(), flags=re.M | re.S)
    text = (section[1] if section else "").replace("\\-", "-").replace("\\e\n", " ")
    return [line for line in text.splitlines() if re.match(r"(mailmigrate|openssl) ", line)]


class Manuals(harness.Pair):
    users = ["ann@old.example", "ann@new.example"]

    def setUp(self):
        super().setUp()
        self.user = "ann@old.example"
        self.fill(mailgen.generate(harness.SEED, 30))
        self.closed = nameservers.free_port()
        plain = ["version: 1", "options: {ca-file: %s, state: states}" % self.source.ca, "accounts:",
                 "- {source: ann@old.example, target: ann@new.example}"]
        for side, server in (("source", self.source), ("target", self.target)):
            plain.insert(1, "%s: {host: %s, port: %d, password-file: secret}" % (side, server.host, server.tls_port))
        self.write("plan.yaml", "\n".join(plain) + "\n")
        self.write("secret", harness.dovecot.PASSWORD + "\n")
        self.write("archive.password", "of the archive\n")
        self.write("list.txt", "mail.old.example;ann;one;imap.new.example;ann;two\n")
        for name, text in (("pass", "echo " + harness.dovecot.PASSWORD), ("mail", "cat >/dev/null")):
            self.write("bin-" + name, "#!/bin/sh\n%s\n" % text)
            os.makedirs(os.path.join(self.dir, "bin"), exist_ok=True)
            os.chmod(os.path.join(self.dir, "bin-" + name), 0o755)
            os.rename(os.path.join(self.dir, "bin-" + name), os.path.join(self.dir, "bin", name))
        os.symlink(harness.program(), os.path.join(self.dir, "bin", "mailmigrate"))
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", os.path.join(self.dir, "key.pem")],
                       check=True)

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as out:
            out.write(text)

    def here(self, command):
        """The command with our servers and our directory in it."""
        command = command.replace("--source ... --target ...", "--source %s --target %s" % (ANN_OLD, ANN_NEW))
        changes = {ANN_OLD: self.source.url("ann@old.example"), ANN_NEW: self.target.url("ann@new.example"),
                   "/etc/mailmigrate/ann.old": "secret", "/var/log/": "", "/var/lib/mailmigrate": self.dir}
        if command.split()[1] in NAMES:
            changes.update({"9.9.9.9": "127.0.0.1@%d" % self.closed, "1.1.1.1": "127.0.0.1@%d" % self.closed,
                            " --watch --within 120": ""})
            command += " --timeout 1 --trust-anchor none --resolver 127.0.0.1@%d" % self.closed
        for old, new in changes.items():
            command = command.replace(old, new)
        return command

    def run_examples(self, path):
        env = {"SSL_CERT_FILE": self.source.ca, "MAILMIGRATE_SOURCE_PASSWORD": harness.dovecot.PASSWORD,
               "MAILMIGRATE_TARGET_PASSWORD": harness.dovecot.PASSWORD,
               "PATH": os.path.join(self.dir, "bin") + ":" + os.environ["PATH"]}
        for command in examples(path):
            verb = command.split()[1]
            with self.subTest(command):
                result = self.run_command(["sh", "-c", "cd %s && %s" % (self.dir, self.here(command))], env=env)
                expected = ELSE.get(verb, {harness.DONE})
                self.assertIn(result.status, expected, str(result))

    def test_every_program_has_examples_that_work(self):
        self.run_command([harness.program(), "copy", os.path.join(self.dir, "plan.yaml")])
        found = sorted(glob.glob(os.path.join(harness.ROOT, "docs", "*.1")))
        self.assertGreater(len(found), 8)
        for path in found:
            with self.subTest(path):
                self.assertTrue([each for each in examples(path) if each.startswith("mailmigrate ")])
            self.run_examples(path)


if __name__ == "__main__":
    unittest.main()
