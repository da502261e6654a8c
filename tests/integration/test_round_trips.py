"""What an account costs: how often a run over several steps logs in, and how often it waits for an answer."""

import json
import os
import re
import unittest

import dovecot
from harness import DONE
from test_run import Campaign, fill

ACCOUNTS = 5


def logins(server):
    return len(re.findall(r"imap-login: (?:Info: )?Login: ", server.log))


def numbers_named(name, value):
    """All of that name, at whatever depth."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = [number for part in inner for number in numbers_named(name, part)]
    return found + [value[name]] if isinstance(value, dict) and name in value else found


class RoundTrips(Campaign):
    def setUp(self):
        super().setUp()
        users = ["u%d" % i for i in range(ACCOUNTS)]
        self.source = self.start(dovecot.Dovecot(users=users))
        self.target = self.start(dovecot.Dovecot(users=users, authority=self.source.authority))
        for number, user in enumerate(users):
            fill(self.source, user, "round trips %d" % number, 12)
        self.users = users

    def start(self, server):
        server.start()
        self.addCleanup(server.stop)
        return server

    def counted(self, plan, *extra):
        """Runs it. What came of it, and how often it logged in at both servers."""
        before = [logins(server) for server in (self.source, self.target)]
        result = self.run_plan("run", plan, "--connections", "1", *extra, expect=DONE)
        after = [logins(server) for server in (self.source, self.target)]
        with open(os.path.join(self.dir, "run.json"), encoding="utf-8") as lines:
            report = json.load(lines)
        trips = [sum(numbers_named("round_trips", report[step])) for step in ("inventory", "copy", "verify")]
        return trips, [b - a for a, b in zip(before, after)]

    def test_steps_hand_their_connections_on(self):
        """Check, inventory, copy and verification of an account log in once on each side, whatever there is to do."""
        plan = self.plan(self.source, self.target, [(user, user) for user in self.users])
        for _ in ("first copy", "nothing new"):
            _, counts = self.counted(plan, "--steps", "check,inventory,copy,verify")
            self.assertEqual(counts, [ACCOUNTS, ACCOUNTS])

    def test_hosts_that_take_few_connections(self):
        """Half of what a host takes may be idle: the other accounts log in once more after the check."""
        plan = self.plan(self.source, self.target, [(user, user) for user in self.users])
        _, counts = self.counted(plan, "--host-connections", "4")
        self.assertEqual(counts, [2 * ACCOUNTS - 2, 2 * ACCOUNTS - 2])

    def test_accounts_at_once(self):
        """Without --jobs it is found out, and the log says how many; what the user says stays."""
        plan = self.plan(self.source, self.target, [(a, b) for a in self.users for b in self.users])
        for jobs, told in (("auto", True), ("4", False)):
            log = os.path.join(self.dir, "log." + jobs)
            self.run_plan("run", plan, "--steps", "check", "--jobs", jobs, "--log", log)
            with open(log, encoding="utf-8") as lines:
                self.assertEqual("accounts at once: 6, before that 4" in lines.read(), told)
