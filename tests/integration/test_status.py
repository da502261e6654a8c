"""`mailmigrate status`: pairs of accounts, those that wait, failed starts that can be forgotten."""

import os
import unittest

from harness import DONE, LOGIN, Account, ToolCase, program
from memserver import MemServer


class Status(ToolCase):
    def setUp(self):
        super().setUp()
        self.source, self.target = MemServer(), MemServer()
        for server in (self.source, self.target):
            self.addCleanup(server.stop)
        self.accounts = [Account.on(server, "u1", "plain") for server in (self.source, self.target)]
        self.states = os.path.join(self.dir, "states")
        os.mkdir(self.states)

    def status(self, *arguments):
        result = self.run_command([program(), "status", *arguments])
        self.assertEqual(result.status, DONE, str(result))
        return result.out

    def copy_with(self, name, expect=DONE, password=None):
        source = Account(self.accounts[0].url, password or self.accounts[0].password, tls="none")
        return self.copy(source, self.accounts[1], state=os.path.join(self.states, name), expect=expect)

    def test_failed_starts_are_forgotten(self):
        self.source.find(b"INBOX").add(b"Subject: x\r\n\r\nx\r\n")
        self.copy_with("wrong.db", expect=LOGIN, password="no")
        self.copy_with("right.db")
        self.copy_with("right.db", expect=LOGIN, password="no")
        pair = "u1@127.0.0.1:%d -> u1@127.0.0.1:%d" % (self.source.port, self.target.port)
        out = self.status("--state", self.states)
        self.assertEqual(out.count(pair + ": copy failed, "), 2, out)
        out = self.status("--state", self.states, "--forget")
        self.assertIn("forgotten: " + pair, out)
        self.assertEqual(out.count("forgotten"), 1, out)
        self.assertNotIn("wrong.db", os.listdir(self.states))
        self.assertIn("right.db", os.listdir(self.states))
        self.assertIn("1 message on the target", self.status("--state", self.states))

    def test_who_waits(self):
        with open(os.open(os.path.join(self.dir, "password"), os.O_WRONLY | os.O_CREAT, 0o600), "w",
                  encoding="utf-8") as file:
            file.write(self.source.users["u1"] + "\n")
        plan = os.path.join(self.dir, "plan.yaml")
        sides = (("source", self.source.port), ("target", self.target.port))
        lines = ["version: 1"]
        lines += ["%s: {host: 127.0.0.1, port: %d, tls: none, password-file: password}" % side for side in sides]
        lines += ["options: {state: states}", "accounts:"]
        lines += ["  - {source: %s, target: %s}" % (user, user) for user in ("u1", "u2")]
        with open(plan, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        out = self.status(plan)
        self.assertIn("2 accounts: 0 running, 0 ended, 0 killed, 2 waiting", out)
        self.assertRegex(out, r"u2@127.0.0.1:\d+ -> u2@127.0.0.1:\d+: nothing done yet")


if __name__ == "__main__":
    unittest.main()
