"""Metrics of a run and of the states, held against the two servers and read by Prometheus' own tool."""

import json
import os
import re
import subprocess
import tempfile
import unittest

import schema
from harness import DONE, LOCAL, PARTIAL, ROOT, Account, ToolCase, program
from memserver import MemServer

DOCS = os.path.join(ROOT, "docs", "metrics")
RULES = os.path.join(DOCS, "mailmigrate.rules.yml")
ALERTS = """
rule_files: [%s]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'mailmigrate_accounts{status="failed", instance="a", job="n"}', values: '0x5 2x60'}
      - {series: 'mailmigrate_accounts{status="killed", instance="a", job="n"}', values: '0x65'}
      - {series: 'mailmigrate_accounts{status="running", instance="a", job="n"}', values: '3x65'}
      - {series: 'mailmigrate_messages_done{instance="a", job="n"}', values: '0+10x10 100x55'}
      - {series: 'mailmigrate_updated_timestamp_seconds{instance="a", job="n"}', values: '0x2400'}
    alert_rule_test:
      - {eval_time: 4m, alertname: MailmigrateAccountsFailed, exp_alerts: []}
      - eval_time: 20m
        alertname: MailmigrateAccountsFailed
        exp_alerts:
          - exp_labels: {severity: warning, instance: a, job: n}
            exp_annotations:
              summary: "2 accounts of the migration have failed or were killed"
              description: "`mailmigrate status` names them and says why; a killed run is just run again."
      - {eval_time: 30m, alertname: MailmigrateStalled, exp_alerts: []}
      - eval_time: 60m
        alertname: MailmigrateStalled
        exp_alerts:
          - exp_labels: {severity: warning, instance: a, job: n}
            exp_annotations:
              summary: "The migration is at work, and no message was dealt with for half an hour"
              description: >-
                See mailmigrate_throttles_total and mailmigrate_reconnects_total: a server may ask to wait.
      - {eval_time: 35h, alertname: MailmigrateSilent, exp_alerts: []}
      - eval_time: 37h
        alertname: MailmigrateSilent
        exp_alerts:
          - exp_labels: {severity: warning, instance: a, job: n}
            exp_annotations:
              summary: "No run has told of the migration for a day and a half"
              description: "The timer, the service or the file of metrics is not what it should be."
"""


def promtool(*arguments, text=None):
    return subprocess.run(["promtool", *arguments], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)


def values(text):
    """Name with labels -> number."""
    return {name: float(number) for name, number in re.findall(r"^mailmigrate_(\S+|info\{[^}]*\}) (\S+)$", text, re.M)}


def documented():
    """The names in the table of docs/live.md."""
    with open(os.path.join(ROOT, "docs", "live.md"), encoding="utf-8") as file:
        cells = re.findall(r"^\| (`[^|]+) \| (?:gauge|counter|summary)", file.read(), re.M)
    return {name for cell in cells for name in re.findall(r"`(\w+)(?:\{[\w,]+\})?`", cell) if name[0] != "_"}


class Metrics(ToolCase):
    def setUp(self):
        super().setUp()
        self.source, self.target = MemServer(), MemServer()
        for server in (self.source, self.target):
            self.addCleanup(server.stop)
        self.accounts = [Account.on(server, "u1", "plain") for server in (self.source, self.target)]
        self.file = os.path.join(self.dir, "mail.prom")

    def read(self):
        with open(self.file, encoding="utf-8") as file:
            text = file.read()
        done = promtool("check", "metrics", text=text.encode())
        self.assertEqual((done.returncode, done.stdout.decode()), (0, ""))
        return text, values(text)

    def test_a_run_and_its_states(self):
        for number in range(7):
            self.source.find(b"INBOX").add(b"Subject: %d\r\n\r\nx\r\n" % number)
        self.target.refuse_append = lambda name, octets: "[TOOBIG] no" if b"Subject: 3" in octets else None
        result = self.run_command(self.command(*self.accounts, "--metrics", self.file, verb="run"))
        self.assertEqual(result.status, PARTIAL, str(result))
        text, found = self.read()
        self.assertIn('source="run"', text)
        self.assertEqual(found['accounts{status="partial"}'], 1)
        self.assertEqual((found["target_messages"], found["failed_messages"]), (6, 1))
        self.assertEqual(found['problems{code="too-big"}'], 1)
        self.assertEqual((found["run_active"], found["queue_bytes"], found["throttles_total"]), (0, 0, 0))
        self.assertGreater(found["state_commit_seconds_count"], 0, text)
        self.assertGreater(found["target_bytes"], 0)
        self.assertEqual(os.listdir(self.dir).count("mail.prom.tmp"), 0)
        names = set(re.findall(r"^# TYPE mailmigrate_(\w+) ", text, re.M))

        status = [program(), "status", "--state", self.state, "--metrics", self.file]
        self.assertEqual(self.run_command(status).status, DONE)
        text, found = self.read()
        self.assertIn('source="states"', text)
        self.assertEqual((found["target_messages"], found["failed_messages"]), (6, 1))
        self.assertEqual(found['problems{code="too-big"}'], 1)
        self.assertNotIn("seconds_left", found)
        names |= set(re.findall(r"^# TYPE mailmigrate_(\w+) ", text, re.M))
        moving = {"messages_per_second", "bytes_per_second", "seconds_left"}
        self.assertEqual(names | moving, documented())

    def test_a_place_that_cannot_be_written(self):
        self.file = os.path.join(self.dir, "missing", "mail.prom")
        result = self.run_command(self.command(*self.accounts, "--metrics", self.file, verb="run"))
        self.assertEqual(result.status, LOCAL, str(result))
        self.assertIn("mail.prom", result.err)
        self.assertEqual(self.target.find(b"INBOX").messages, [])


class Log(ToolCase):
    def test_lines_are_as_the_schema_says(self):
        source, target = MemServer(), MemServer()
        for server in (source, target):
            self.addCleanup(server.stop)
        source.find(b"INBOX").add(b"Subject: 3\r\n\r\nx\r\n")
        target.refuse_append = lambda name, octets: "[TOOBIG] no"
        accounts = [Account.on(server, "u1", "plain") for server in (source, target)]
        log = os.path.join(self.dir, "log")
        self.copy(*accounts, "--log", log, "-vv", expect=PARTIAL)
        with open(log, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        self.assertEqual([line["uid"] for line in lines if line.get("code") == "too-big"][:1], [1])
        for line in lines:
            self.assertEqual(schema.errors(line, "log-1.json"), [], line)

    @unittest.skipIf(os.path.exists("/run/systemd/journal/socket"), "a journal runs here")
    def test_no_journal_no_run(self):
        """What would be lost is not written into the void."""
        source, target = MemServer(), MemServer()
        for server in (source, target):
            self.addCleanup(server.stop)
        accounts = [Account.on(server, "u1", "plain") for server in (source, target)]
        result = self.copy(*accounts, "--log", "journal", expect=LOCAL)
        self.assertIn("no journal", result.err)


class Files(unittest.TestCase):
    def test_alert_rules(self):
        done = promtool("check", "rules", RULES)
        self.assertEqual(done.returncode, 0, done.stdout.decode())
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            file.write(ALERTS % RULES)
            file.flush()
            done = promtool("test", "rules", file.name)
        self.assertEqual(done.returncode, 0, done.stdout.decode())

    def test_rules_and_dashboard_use_names_that_there_are(self):
        with open(os.path.join(DOCS, "mailmigrate.grafana.json"), encoding="utf-8") as file:
            board = json.load(file)
        with open(RULES, encoding="utf-8") as file:
            texts = [file.read()]
        texts += [target["expr"] for panel in board["panels"] for target in panel["targets"]]
        used = {name for text in texts for name in re.findall(r"\bmailmigrate_(\w+)", text)}
        self.assertGreater(len(used), 10)
        self.assertEqual({re.sub(r"_(sum|count)$", "", name) for name in used} - documented(), set())


if __name__ == "__main__":
    unittest.main()
