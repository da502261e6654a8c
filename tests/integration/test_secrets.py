"""A password is in no argument list, no log, no trace, no state and no report."""

import base64
import os
import time
import unittest

import mailgen
from harness import DONE, SEED, Account, Pair
from relay import DOWN, Relay

SECRETS = ("c4n4ry-one-7f3a", "c4n4ry-two-91bc")


class Secrets(Pair):
    users = {"u1": SECRETS[0], "u2": SECRETS[0], "u3": SECRETS[0], "u4": SECRETS[0]}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The same users on the target have the other password.
        cls.target.users = dict.fromkeys(cls.users, SECRETS[1])
        cls.target.kill()
        cls.target.start()

    def forms(self):
        """The passwords as they are, and as they travel."""
        for secret in SECRETS:
            yield secret.encode()
            for text in (b"\0%s\0%s" % (self.user.encode(), secret.encode()), secret.encode()):
                yield base64.b64encode(text).rstrip(b"=")

    def assert_clean(self, octets, where):
        for form in self.forms():
            self.assertNotIn(form, octets, where)

    def test_no_file_holds_it(self):
        self.fill(mailgen.generate(SEED, 20))
        log = os.path.join(self.dir, "log")
        result = self.copy(*self.accounts(), "-v", "-v", "--trace", "--log", log)
        self.assertGreater(os.path.getsize(log), 1000)
        for directory, _, files in os.walk(self.dir):
            for name in files:
                if not name.endswith(".password"):
                    with open(os.path.join(directory, name), "rb") as file:
                        self.assert_clean(file.read(), name)
        self.assert_clean((result.out + result.err).encode(), "output")

    def test_trace_on_standard_error(self):
        self.fill(mailgen.generate(SEED, 5))
        for mechanism in ("auto", "plain", "login"):
            with self.subTest(mechanism):
                self.state = os.path.join(self.dir, "state-" + mechanism)
                accounts = self.accounts()
                for account in accounts:
                    account.options["auth"] = mechanism
                result = self.copy(*accounts, "--trace")
                self.assertRegex(result.err, "EXAMINE")
                self.assert_clean((result.out + result.err).encode(), "trace")

    def test_no_argument_list_shows_it(self):
        self.fill(mailgen.generate(SEED, 5))
        with Relay("127.0.0.1", self.source.port) as through:
            through.cut(DOWN, 2000, "stall")
            source = Account.on(self.source, self.user, "plain", port=through.port)
            process = self.start(self.command(source, Account.on(self.target, self.user)))
            deadline = time.monotonic() + 30
            while not through.cuts[0].done and time.monotonic() < deadline:
                time.sleep(0.05)
            self.assertEqual(through.cuts[0].done, 1, "the run stands still after its login")
            self.assertIsNone(process.poll())
            for pid in family(process.pid):
                with open("/proc/%d/cmdline" % pid, "rb") as file:
                    shown = file.read()
                self.assertIn(b"mailmigrate", shown)
                self.assert_clean(shown, "arguments of %d" % pid)

    def test_from_a_command_and_from_the_environment(self):
        self.fill(mailgen.generate(SEED, 5))
        command = self.command(*self.accounts())
        for side in ("source", "target"):
            at = command.index("--%s-password-file" % side)
            path = command[at + 1]
            if side == "source":
                command[at:at + 2] = ["--source-password-command", "cat '%s'" % path]
            else:
                del command[at:at + 2]
        result = self.run_command(command, env={"MAILMIGRATE_TARGET_PASSWORD": SECRETS[1]})
        self.assertEqual(result.status, DONE, str(result))


def family(pid):
    """A process and its children, by pid."""
    pids = [pid]
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/%s/stat" % name, encoding="ascii") as file:
                    if int(file.read().rsplit(")", 1)[1].split()[1]) == pid:
                        pids.append(int(name))
            except OSError:
                pass
    return pids


if __name__ == "__main__":
    unittest.main()
