"""What the tests of the whole tool share: where the programs are, how to run them, and a test case with a directory."""

import json
import os
import random
import shutil
import subprocess
import unittest

import dovecot
import mailgen
import oracle

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SEED = int(os.environ.get("MIG_TEST_SEED", "1"))
LONG = bool(os.environ.get("MIG_TEST_LONG"))
CORPUS = os.path.normpath(os.path.join(ROOT, "..", "shared", "corpus"))

# Exit statuses, as the manual documents them.
DONE, PARTIAL, USAGE, LOGIN, TEMPORARY, REFUSED, LOCAL, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 130


def build_directory(preset):
    """Where tests/run built a preset; MIG_BUILD_ASAN and the like name another place."""
    return os.environ.get("MIG_BUILD_" + preset.upper(), os.path.join(ROOT, ".build", preset))


def program(preset="asan", name="mailmigrate"):
    return os.path.join(build_directory(preset), "tools", name)


def seeded(*what):
    """A random generator for one purpose, the same for the same seed."""
    return random.Random(repr((SEED,) + what))


class Result:
    """What a run of the tool gave."""

    def __init__(self, command, status, out, err, json_path=None):
        self.command, self.status, self.out, self.err = command, status, out, err
        self.json = None
        if json_path and os.path.exists(json_path):
            with open(json_path, encoding="utf-8") as file:
                self.json = json.load(file)

    @property
    def totals(self):
        return self.json["totals"]

    @property
    def problems(self):
        return [problem for account in self.json["accounts"] for problem in account["problems"]]

    @property
    def folders(self):
        return {folder["source"]: folder for account in self.json["accounts"] for folder in account["folders"]}

    def __str__(self):
        return "%s\nexit status %s\n--- standard output\n%s\n--- standard error\n%s" % (
            " ".join(self.command), self.status, self.out[-4000:], self.err[-6000:])


class Account:
    """One side of a run: a URL, the password, and options that belong to the side ("tls": "none", ...)."""

    def __init__(self, url, password, **options):
        self.url, self.password, self.options = url, password, options

    @classmethod
    def on(cls, server, user="u1", scheme="imaps", host=None, port=None, **options):
        """A user of a Dovecot (or anything with url() and users). scheme "plain" is imap:// without TLS."""
        if scheme == "plain":
            options["tls"] = "none"
        url = server.url(user, "imap" if scheme == "plain" else scheme, host, port)
        options.setdefault("ca_file", getattr(server, "ca", None))
        return cls(url, server.users[user], **options)

    def arguments(self, side, directory):
        path = os.path.join(directory, side + ".password")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            out.write(self.password + "\n")
        given = ["--" + side, self.url, "--%s-password-file" % side, path]
        for name, value in self.options.items():
            if value is not None:
                given += ["--%s-%s" % (side, name.replace("_", "-")), value]
        return given


class ToolCase(unittest.TestCase):
    """A test with a directory of its own (self.dir), where also the state and the home directory of the tool lie."""

    maxDiff = None

    def setUp(self):
        self.dir = dovecot.work_directory("mmt-")
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        os.mkdir(os.path.join(self.dir, "home"))
        self.state = os.path.join(self.dir, "state")

    def environment(self, extra=None):
        env = dict(os.environ, HOME=os.path.join(self.dir, "home"), **(extra or {}))
        env.pop("XDG_STATE_HOME", None)
        return env

    def command(self, source, target, *extra, preset="asan", verb="copy", state=None):
        return ([program(preset), verb] + source.arguments("source", self.dir) + target.arguments("target", self.dir)
                + ["--state", state or self.state, "--json", os.path.join(self.dir, "result.json")] + list(extra))

    def run_command(self, command, timeout=120, env=None, json_path=None):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=timeout, env=self.environment(env), check=False)
        return Result(command, done.returncode, done.stdout.decode("utf-8", "replace"),
                      done.stderr.decode("utf-8", "replace"), json_path)

    def start(self, command, env=None, **options):
        """Start the tool without waiting for it; the test ends it when it still runs then."""
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=self.environment(env), **options)

        def end():
            if process.poll() is None:
                process.kill()
            process.communicate()

        self.addCleanup(end)
        return process

    def copy(self, source, target, *extra, expect=DONE, **options):
        """Run `mailmigrate copy`; the exit status must be `expect` (None: any)."""
        json_path = os.path.join(self.dir, "result.json")
        if os.path.exists(json_path):
            os.unlink(json_path)
        run_options = {key: options.pop(key) for key in ("timeout", "env") if key in options}
        result = self.run_command(self.command(source, target, *extra, **options), json_path=json_path, **run_options)
        if expect is not None:
            self.assertEqual(result.status, expect, str(result))
        return result

    def assert_same(self, source, target, result=None, **options):
        """The oracle finds no difference between two imaplib connections."""
        lines = oracle.compare(source, target, **options)
        self.assertEqual(lines, [], "\n".join(lines[:50]) + ("\n" + str(result) if result else ""))


class Pair(ToolCase):
    """Two servers for all tests of a class; each test takes users of its own (u1, u2, ...)."""

    source_options = {}
    target_options = {"layout": "fs"}
    users = ["u%d" % number for number in range(1, 30)]

    @classmethod
    def setUpClass(cls):
        cls.source = dovecot.Dovecot(users=cls.users, **cls.source_options).start()
        cls.addClassCleanup(cls.source.stop)
        cls.target = dovecot.Dovecot(users=cls.users, authority=cls.source.authority, **cls.target_options).start()
        cls.addClassCleanup(cls.target.stop)
        cls.next_user = iter(cls.users)

    def setUp(self):
        super().setUp()
        self.user = next(self.next_user)

    def login(self, server):
        connection = server.login(self.user)
        self.addCleanup(connection.shutdown)
        return connection

    def fill(self, messages, empty=(), server=None):
        server = server or self.source
        connection = self.login(server)
        mailgen.fill(connection, messages, server.separator, server.prefix, empty)
        return connection

    def accounts(self, scheme="imaps", **options):
        return tuple(Account.on(server, self.user, scheme, **options) for server in (self.source, self.target))

    def copy_and_compare(self, *extra, scheme="imaps", compare=None, **options):
        result = self.copy(*self.accounts(scheme), *extra, **options)
        self.assert_same(self.login(self.source), self.login(self.target), result, **(compare or {}))
        return result
