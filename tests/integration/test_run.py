"""Many accounts in one go: a plan of fifty, some of which cannot succeed, and all others that must."""

import csv
import http.server
import json
import os
import re
import ssl
import stat
import subprocess
import threading
import time
import unittest

import certs
import dovecot
import imaputil
import mailgen
import oracle
import schema
from harness import DONE, LOCAL, LOGIN, REFUSED, SEED, TEMPORARY, USAGE, Account, ToolCase, program, seeded
from relay import UP, Relay


class Campaign(ToolCase):
    """Two servers, and a directory with a plan."""

    def secret(self, name, text):
        path = os.path.join(self.dir, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            out.write(text + "\n")
        return name

    def plan(self, source, target, rows, options="", name="plan.yaml", columns=("source_user", "target_user")):
        with open(os.path.join(self.dir, "accounts.csv"), "w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(columns)
            writer.writerows(rows)
        with open(os.path.join(self.dir, name), "w", encoding="utf-8") as out:
            out.write("version: 1\n"
                      "source: {host: %s, port: %d, password-file: %s}\n"
                      "target: {host: %s, port: %d, password-file: %s}\n"
                      "options:\n  ca-file: %s\n  state: states\n%s"
                      "accounts-file: accounts.csv\n" % (
                          source.host, source.tls_port, self.secret("good", dovecot.PASSWORD),
                          target.host, target.tls_port, "good", source.ca,
                          "".join("  %s\n" % line for line in options.splitlines())))
        return os.path.join(self.dir, name)

    def run_plan(self, verb, plan, *extra, expect=DONE, preset="asan", timeout=300):
        json_path = os.path.join(self.dir, "run.json")
        if os.path.exists(json_path):
            os.unlink(json_path)
        result = self.run_command([program(preset), verb, plan, "--json", json_path] + list(extra), timeout=timeout,
                                  json_path=json_path)
        if expect is not None:
            self.assertEqual(result.status, expect, str(result))
        return result


    def login(self, server, user):
        connection = server.login(user)
        self.addCleanup(connection.shutdown)
        return connection


def fill(server, user, seed, count):
    connection = server.login(user)
    mailgen.fill(connection, mailgen.generate(seed, count, rare=()), server.separator, server.prefix)
    connection.shutdown()


class Fifty(Campaign):
    """Mixed sizes; six with a wrong password, four over quota, one that hangs in the middle."""

    WRONG = {"u3", "u11", "u19", "u27", "u35", "u43"}
    FULL = {"u5", "u15", "u25", "u45"}
    HANGS = "u8"

    @classmethod
    def setUpClass(cls):
        users = ["u%d" % number for number in range(1, 51)]
        # Dovecot makes an address wait after failed logins; here all accounts come from one address.
        cls.source = dovecot.Dovecot(users=users, separator=".", prefix="INBOX.", penalty=False).start()
        cls.addClassCleanup(cls.source.stop)
        cls.target = dovecot.Dovecot(users=users, authority=cls.source.authority, quota="100M",
                                     quotas=dict.fromkeys(cls.FULL, "8K"))
        cls.target.start()
        cls.addClassCleanup(cls.target.stop)
        random = seeded("sizes")
        cls.sizes = {user: random.choice((3, 5, 8, 12, 30)) for user in users}
        cls.sizes.update({"u50": 0, cls.HANGS: 30})
        cls.sizes.update((user, 30) for user in cls.FULL)  # more than fits, whatever the seed
        for number, user in enumerate(users):
            if cls.sizes[user]:
                fill(cls.source, user, SEED + number, cls.sizes[user])

    def rows(self, relay_port):
        self.secret("bad", "not-the-password")
        for user in self.source.users:
            yield (user, user, "bad" if user in self.WRONG else "",
                   str(relay_port) if user == self.HANGS else "")

    def test_keep_going(self):
        columns = ("source_user", "target_user", "source_password_file", "target_port")
        with Relay("127.0.0.1", self.target.tls_port) as relay:
            # In the middle of what is sent, and from then on as soon as a connection is made.
            relay.cut(UP, 20000, "stall", times=100).after = 300
            plan = self.plan(self.source, self.target, list(self.rows(relay.port)), columns=columns, options=(
                "jobs: 6\nhost-connections: 12\ntimeout: 4\nconnect-timeout: 4\npatience: 4"))
            result = self.run_plan("run", plan, "--keep-going", "--html", os.path.join(self.dir, "report.html"),
                                   expect=None, timeout=500)
        planted = self.WRONG | self.FULL | {self.HANGS}
        states = {account["source"].split("@")[0]: account for account in result.json["accounts"]}
        self.assertEqual(set(states), set(self.source.users), str(result))
        failed = {user for user, account in states.items() if account["state"] != "done" or account["exit"]}
        self.assertEqual(failed, planted, str(result))
        for user in self.WRONG:
            self.assertEqual((states[user]["step"], states[user]["error"]["code"], states[user]["exit"]),
                             ("check", "auth", LOGIN))
            self.assertIn("Authentication failed", states[user]["error"]["server"])
        for user in self.FULL:
            self.assertEqual((states[user]["step"], states[user]["error"]["code"], states[user]["exit"]),
                             ("check", "overquota", REFUSED))
            self.assertRegex(states[user]["error"]["text"], r"KiB to copy, .* of a quota of 8\.0 KiB")
        self.assertEqual(states[self.HANGS]["exit"], TEMPORARY, states[self.HANGS])
        # The worst of all accounts: a refused login.
        self.assertEqual((result.status, result.json["exit"]), (LOGIN, LOGIN))
        for user in planted:
            self.assertIn(user + "@", result.err)
        for user, account in states.items():
            if user not in planted:
                self.assertEqual((account["messages"], account["copied"]), (self.sizes[user],) * 2, account)
                self.assertEqual((account["verified"] + account["stored_differently"], account["differences"]),
                                 (self.sizes[user], 0), account)
                self.assert_same(self.login(self.source, user), self.login(self.target, user), result)
        for user in self.WRONG | self.FULL:
            self.assertEqual(oracle.count(self.login(self.target, user)), 0)
        self.assertEqual(schema.errors(result.json, "run-1.json"), [])
        self.assertEqual(schema.errors(result.json["inventory"], "inventory-1.json"), [])
        self.again(plan, planted)

    def again(self, plan, planted):
        """A further run does what is left: the account that hung, now that its line is whole."""
        with open(os.path.join(self.dir, "accounts.csv"), encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        with open(os.path.join(self.dir, "accounts.csv"), "w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([row[:3] + [row[3] if not row[3].isdigit() else str(self.target.tls_port)]
                                       for row in rows])
        result = self.run_plan("run", plan, "--keep-going", expect=LOGIN)
        failed = {a["source"].split("@")[0] for a in result.json["accounts"] if a["state"] != "done"}
        self.assertEqual(failed, planted - {self.HANGS})
        copied = {a["source"].split("@")[0]: a["copied"] for a in result.json["accounts"] if a["copied"]}
        self.assertLessEqual(set(copied), {self.HANGS})
        self.assert_same(self.login(self.source, self.HANGS), self.login(self.target, self.HANGS), result)


class Few(Campaign):
    @classmethod
    def setUpClass(cls):
        users = ["u%d" % number for number in range(1, 60)] + ["master"]
        cls.source = dovecot.Dovecot(users=users, layout="fs").start()
        cls.addClassCleanup(cls.source.stop)
        cls.target = dovecot.Dovecot(users=users, authority=cls.source.authority).start()
        cls.addClassCleanup(cls.target.stop)
        cls.next_user = iter(users)

    def setUp(self):
        super().setUp()
        self.users = [next(self.next_user) for _ in range(3)]
        for number, user in enumerate(self.users):
            fill(self.source, user, SEED + number, 6)

    def count(self, user):
        connection = self.target.login(user)
        count = oracle.count(connection)
        connection.shutdown()
        return count

    def test_nothing_is_written_when_one_fails_the_check(self):
        self.secret("bad", "not-the-password")
        rows = [(user, user, "bad" if user == self.users[1] else "") for user in self.users]
        plan = self.plan(self.source, self.target, rows, columns=("source_user", "target_user", "target_password_file"))
        result = self.run_plan("run", plan, expect=LOGIN)
        self.assertEqual([a["state"] for a in result.json["accounts"]], ["skipped", "failed", "skipped"])
        self.assertEqual([self.count(user) for user in self.users], [0, 0, 0])
        self.assertIn("--keep-going", result.out)
        self.assertNotIn("not-the-password", result.out + result.err)

    def test_a_password_that_can_not_be_had(self):
        """It is a failure of its account alone; without --keep-going nothing is written."""
        rows = [(user, user, "nowhere" if user == self.users[1] else "") for user in self.users]
        plan = self.plan(self.source, self.target, rows, columns=("source_user", "target_user", "target_password_file"))
        result = self.run_plan("run", plan, expect=LOGIN)
        self.assertEqual([a["state"] for a in result.json["accounts"]], ["skipped", "failed", "skipped"])
        self.assertRegex(result.err, r"%s@.*nowhere: No such file" % self.users[1])
        self.assertEqual([self.count(user) for user in self.users], [0, 0, 0])
        result = self.run_plan("run", plan, "--keep-going", expect=LOGIN)
        self.assertEqual([a["state"] for a in result.json["accounts"]], ["done", "failed", "done"])
        self.assertEqual([self.count(user) for user in self.users], [6, 0, 6])

    def test_signed_reports(self):
        """Every report of a run is signed; plain openssl and --check-report say so."""
        key, public = os.path.join(self.dir, "key.pem"), os.path.join(self.dir, "public.pem")
        for command in (["genpkey", "-algorithm", "ed25519", "-out", key],
                        ["pkey", "-in", key, "-pubout", "-out", public]):
            subprocess.run(["openssl"] + command, stdin=subprocess.DEVNULL, check=True)
        os.chmod(key, 0o600)
        plan = self.plan(self.source, self.target, [(user, user) for user in self.users],
                         options="sign: key.pem\nhtml: r.html")
        table = os.path.join(self.dir, "r.csv")
        self.run_plan("run", plan, "--csv", table)
        checked = self.run_command([program(), "verify", "--check-report", os.path.join(self.dir, "run.json")])
        self.assertIn("agree with each other", checked.out)
        reports = [os.path.join(self.dir, name) for name in ("run.json", "r.html", "r.csv")]
        for verb in ("run", "verify"):
            for report in reports:
                done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin",
                                       "-in", report, "-sigfile", report + ".sig"],
                                      stdout=subprocess.PIPE, check=False)
                self.assertEqual(done.returncode, 0, (verb, report, done.stdout))
                checked = self.run_command([program(), "verify", "--check-report", report, "--public-key", public])
                self.assertEqual(checked.status, DONE, str(checked))
                os.unlink(report + ".sig")
            if verb == "run":
                self.run_plan("verify", plan, "--csv", table)
        result = self.run_command([program(), "run", plan, "--json", "-"])
        self.assertEqual(result.status, USAGE, str(result))
        self.assertIn("no place for its signature", result.err)
        result = self.run_command([program(), "run", plan, "--sign", os.path.join(self.dir, "nowhere")])
        self.assertEqual(result.status, LOCAL, str(result))
        self.assertEqual([self.count(user) for user in self.users], [6, 6, 6])

    def test_copy_verify_and_inventory_take_a_plan(self):
        plan = self.plan(self.source, self.target, [(user, user) for user in self.users])
        result = self.run_plan("inventory", plan)
        self.assertEqual(result.json["schema"], "mailmigrate.inventory/1")
        self.assertEqual([a["messages"] for a in result.json["accounts"]], [6, 6, 6])
        self.assertEqual([self.count(user) for user in self.users], [0, 0, 0])
        result = self.run_plan("copy", plan)
        self.assertEqual((result.json["schema"], result.totals["copied"]), ("mailmigrate.copy/1", 18))
        result = self.run_plan("copy", plan)
        self.assertEqual((result.totals["copied"], result.totals["already"]), (0, 18))
        result = self.run_plan("verify", plan)
        self.assertEqual(len(result.json["verify"]["accounts"]), 3)
        self.assertEqual(result.json["verify"]["totals"]["identical"], 18)

    def test_taking_stock_needs_no_target(self):
        plan = self.plan(self.source, self.target, [(user,) for user in self.users], columns=("source_user",))
        with open(plan, encoding="utf-8") as file:
            lines = [line for line in file if not line.startswith("target:")]
        with open(plan, "w", encoding="utf-8") as out:
            out.writelines(lines)
        result = self.run_plan("inventory", plan)
        self.assertEqual([(a["messages"], a["target"]) for a in result.json["accounts"]], [(6, None)] * 3)
        for verb in ("run", "copy", "verify"):
            result = self.run_command([program(), verb, plan])
            self.assertEqual(result.status, USAGE, str(result))
            self.assertIn("there is no target", result.err)
        self.assertIn("there is no target", self.run_command([program(), "plan", "check", plan]).out)

    def test_options_of_account_plan_and_command_line(self):
        rows = [(user, user, "1K" if user == self.users[1] else "") for user in self.users]
        plan = self.plan(self.source, self.target, rows, columns=("source_user", "target_user", "max_size"),
                         options="exclude: [Junk]\nmax-size: 1M\nfolder: [INBOX]")
        result = self.run_plan("copy", plan, "--dry-run", "--folder", "Sent", expect=None)
        for account in result.json["accounts"]:
            taken = [f["source"] for f in account["folders"] if f["target"]]
            self.assertEqual(taken, ["Sent"] if taken else [])
        result = self.run_plan("inventory", plan)
        for account, most in zip(result.json["accounts"], (1 << 20, 1 << 10, 1 << 20)):
            self.assertEqual([f["name"] for f in account["folders"] if f["target"]], ["INBOX"])
            for folder in account["folders"]:
                if folder["target"]:
                    self.assertEqual(folder["too_big"] > 0, folder["largest"] > most)

    def test_same_account_and_swapped_sides(self):
        """O1, O2: refused before anything is written, by any name."""
        user = self.users[0]
        both = Account.on(self.source, user), Account.on(self.source, user, host="localhost")
        result = self.run_command(self.command(*both, verb="run"))
        self.assertEqual(result.status, USAGE, str(result))
        self.assertIn("the same account", result.err)
        empty = next(self.next_user)
        swapped = Account.on(self.target, empty), Account.on(self.source, user)
        result = self.run_command(self.command(*swapped, verb="run"))
        self.assertEqual(result.status, USAGE, str(result))
        self.assertIn("are they swapped", result.err)

    def test_one_login_an_account_and_run(self):
        """O3: a wrong password is tried once, and is nowhere to be read."""
        user = self.users[0]
        bad = Account.on(self.target, user)
        bad.password = "wrong-4712"
        log = os.path.join(self.dir, "log")
        before = self.target.log.count("auth failed")
        result = self.run_command(self.command(Account.on(self.source, user), bad, "--log", log, "-v", "-v", "--trace",
                                               verb="run"))
        self.assertEqual(result.status, LOGIN, str(result))
        self.assertEqual(self.target.log.count("auth failed") - before, 1, self.target.log[-2000:])
        for path, _, names in os.walk(self.dir):
            for name in names:
                if name not in ("source.password", "target.password"):
                    with open(os.path.join(path, name), "rb") as file:
                        self.assertNotIn(b"wrong-4712", file.read(), name)
        self.assertNotIn("wrong-4712", result.out + result.err)

    def test_steps(self):
        user = self.users[0]
        accounts = Account.on(self.source, user), Account.on(self.target, user)
        path = os.path.join(self.dir, "result.json")
        result = self.run_command(self.command(*accounts, "--steps", "check", verb="run"), json_path=path)
        self.assertEqual((result.status, result.json["steps"]), (DONE, ["check"]), str(result))
        self.assertEqual(self.count(user), 0)
        result = self.run_command(self.command(*accounts, "--steps", "check,inventory,copy,verify", "--csv",
                                               os.path.join(self.dir, "t.csv"), verb="run"), json_path=path)
        self.assertEqual(result.status, DONE, str(result))
        self.assertEqual(result.json["inventory"]["accounts"][0]["messages"], 6)
        self.assertEqual(result.json["verify"]["totals"]["identical"], 6)
        self.assertEqual(self.run_command(self.command(*accounts, "--steps", "chek", verb="run")).status, USAGE)


    def status(self, *arguments):
        """What `status` says, for people and as JSON, which agree with its schema."""
        path = os.path.join(self.dir, "status.json")
        result = self.run_command([program(), "status", *arguments])
        self.assertEqual(result.status, DONE, str(result))
        told = self.run_command([program(), "status", *arguments, "--json", path], json_path=path)
        self.assertEqual(schema.errors(told.json, "status-1.json"), [])
        return result.out, told.json

    def wait_for_status(self, process, plan, condition):
        for _ in range(600):
            out, told = self.status(plan)
            if condition(out, told):
                return out, told
            self.assertIsNone(process.poll(), out)
            time.sleep(0.1)
        self.fail("waited in vain: " + out)

    def test_status_beside_a_run(self):
        """A slow run is seen from another process, with its speed and the time left, and goes on undisturbed."""
        users = [next(self.next_user) for _ in range(3)]
        small = (b"Subject: x\r\n\r\n" + 8 * (70 * b"x" + b"\r\n"), (), mailgen.generate(SEED, 1)[0].when)
        for user in users:  # at the speed below, 20 seconds
            imaputil.append(self.login(self.source, user), "INBOX", [small] * 160)
        plan = self.plan(self.source, self.target, [(user, user) for user in users],
                         options="max-rate: 5K\njobs: 3\nconnections: 1")
        process = self.start([program(), "copy", plan])
        _, told = self.wait_for_status(process, plan, lambda _, now: now["totals"]["to_copy"] == 480)
        self.assertEqual([(a["standing"], a["verb"], a["to_copy"]) for a in told["accounts"]],
                         [("running", "copy", 160)] * 3)
        line = r"copy runs since .*: \d+ of 160 messages, .*/s, .* left; \d+ messages? on the target"
        out, told = self.wait_for_status(process, plan, lambda text, now: re.search(line, text) and any(
            a["seconds_left"] for a in now["accounts"]) and now["totals"]["seconds_left"])
        self.assertRegex(out, r"(?m)^3 accounts: [1-3] running.*; \d+ of \d+ messages, .*/s, .* left$")
        for account in told["accounts"]:
            if account["seconds_left"]:
                left = (account["to_copy"] - account["done"]) / account["messages_per_second"]
                self.assertAlmostEqual(account["seconds_left"], left, delta=left / 1000)
        process.terminate()
        process.wait(120)
        self.run_plan("copy", plan, "--max-rate", "100M")
        out, told = self.status("--state", os.path.join(self.dir, "states"))
        self.assertRegex(out, r"(?m)^3 accounts: 0 running, 3 ended, 0 killed$")
        self.assertEqual(len(re.findall(r"copy complete, .* ago: 160 messages on the target", out)), 3, out)
        self.assertEqual((told["totals"]["copied"], told["totals"]["seconds_left"]), (480, None))
        self.run_plan("verify", plan)
        out, _ = self.status(plan)
        self.assertEqual(len(re.findall(r"verify complete", out)), 3, out)

    def test_status_of_a_killed_run(self):
        plan = self.plan(self.source, self.target, [(self.users[0], self.users[0])], options="max-rate: 1K")
        process = self.start([program(), "copy", plan])
        self.wait_for_status(process, plan, lambda _, now: now["totals"]["to_copy"] == 6)
        process.kill()
        process.wait()
        out, told = self.status(plan)
        self.assertRegex(out, r"copy was killed; run it again")
        self.assertEqual((told["totals"]["killed"], told["accounts"][0]["seconds_left"]), (1, None))
        self.run_plan("run", plan, "--max-rate", "100M")

    def test_watching(self):
        """One look after the other, each a whole object; a signal ends it."""
        plan = self.plan(self.source, self.target, [(self.users[0], self.users[0])])
        self.run_plan("copy", plan)
        process = self.start([program(), "status", plan, "--watch", "--interval", "1", "--json", "-"])
        decoder, text, seen = json.JSONDecoder(), "", []
        while len(seen) < 2:
            text += process.stdout.readline().decode()
            try:
                seen.append(decoder.decode(text))
                text = ""
            except json.JSONDecodeError:
                self.assertIsNone(process.poll())
        process.terminate()
        self.assertEqual(process.wait(60), DONE)
        self.assertEqual([told["accounts"][0]["copied"] for told in seen], [6, 6])

    def test_command_and_webhook_at_the_end(self):
        told = []

        class Hook(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                told.append((self.path, self.headers["Content-Type"],
                             json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
                self.send_response(200 if self.path == "/good" else 500)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Hook)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.source.authority.issue("hook"))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        plan = self.plan(self.source, self.target, [(user, user) for user in self.users])
        hook = "https://127.0.0.1:%d" % server.server_port
        out = os.path.join(self.dir, "told.json")
        result = self.run_plan("run", plan, "--on-finish", "cat >'%s'" % out, "--webhook", hook + "/good")
        with open(out, encoding="utf-8") as file:
            given = json.load(file)
        self.assertEqual(schema.errors(given, "run-1.json"), [])
        self.assertEqual([(path, kind) for path, kind, _ in told], [("/good", "application/json")])
        self.assertEqual(told[0][2], given)
        self.assertEqual((given["exit"], len(given["accounts"]), "copy" in given), (0, 3, False))
        result = self.run_plan("run", plan, "--webhook", hook + "/bad", expect=TEMPORARY)
        self.assertIn("status 500", result.err)
        result = self.run_plan("run", plan, "--on-finish", "exit 3", expect=None)
        self.assertEqual(result.status, LOCAL, str(result))
        self.assertIn("status 3", result.err)
        told.clear()
        elsewhere = certs.Authority(self.dir)
        result = self.run_plan("run", plan, "--steps", "check", "--webhook", hook + "/good", "--ca-file", elsewhere.ca,
                               expect=None)
        self.assertNotEqual(result.status, DONE)
        self.assertEqual(told, [])


class Import(Campaign):
    def test_list_for_imapsync(self):
        users = ["a1", "b2"]
        with dovecot.Dovecot(users={u: "pw;not-%s" % u if u == "zz" else "pw-" + u for u in users}) as source, \
                dovecot.Dovecot(users=users, authority=source.authority) as target:
            for user in users:
                fill(source, user, SEED, 4)
            path = os.path.join(self.dir, "list.txt")
            with open(path, "w", encoding="utf-8") as out:
                out.write("# a comment\n\n" + "".join(
                    "%s;%s;pw-%s;%s;%s;%s;\n" % (source.host, u, u, target.host, u, dovecot.PASSWORD) for u in users))
            place = os.path.join(self.dir, "plan")
            result = self.run_command([program(), "plan", "import", path, "--directory", place])
            self.assertEqual(result.status, DONE, str(result))
            self.assertNotIn("pw-", result.out + result.err)
            secrets = os.path.join(place, "secrets")
            self.assertEqual(len(os.listdir(secrets)), 4)
            for name in os.listdir(secrets):
                self.assertEqual(stat.S_IMODE(os.stat(os.path.join(secrets, name)).st_mode), 0o600)
            with open(os.path.join(place, "accounts.csv"), encoding="utf-8") as file:
                self.assertNotIn("pw-", file.read())
            with open(os.path.join(place, "plan.yaml"), "a", encoding="utf-8") as out:
                out.write("options:\n  ca-file: %s\nsource: {port: %d}\ntarget: {port: %d}\n" % (
                    source.ca, source.tls_port, target.tls_port))
            plan = os.path.join(place, "plan.yaml")
            self.assertEqual(self.run_command([program(), "plan", "check", plan]).status, DONE)
            self.run_plan("run", plan)
            for user in users:
                self.assert_same(source.login(user), target.login(user))

    def test_blanks_and_semicolons_in_a_list(self):
        """Blanks around hosts and users are nobody's; a password with a semicolon is told, and not taken for a host."""
        path, place = os.path.join(self.dir, "list.txt"), os.path.join(self.dir, "plan")
        with open(path, "w", encoding="utf-8") as out:
            out.write(" a.example ; u1 ;pw 1 ; b.example ; u2 ;pw2; --nofoldersizes\n")
        result = self.run_command([program(), "plan", "import", path, "--directory", place])
        self.assertEqual(result.status, DONE, str(result))
        with open(os.path.join(place, "accounts.csv"), encoding="utf-8") as file:
            self.assertRegex(file.read(), r'\n"a\.example","u1",[^ ]*,"b\.example","u2",')
        words = []
        for name in sorted(os.listdir(os.path.join(place, "secrets"))):
            with open(os.path.join(place, "secrets", name), encoding="utf-8") as file:
                words.append(file.read().rstrip("\n"))
        self.assertEqual(sorted(words), ["pw 1 ", "pw2"])
        with open(path, "w", encoding="utf-8") as out:
            out.write("a.example;u1;half;other;b.example;u2;pw2\n")
        result = self.run_command([program(), "plan", "import", path, "--directory", place + "2"])
        self.assertEqual(result.status, 2, str(result))
        self.assertIn("line 1 has more than six fields, and the seventh is no option; a password with a semicolon",
                      result.err)
        self.assertNotIn("half", result.out + result.err)

    def test_nothing_is_overwritten_and_nothing_left_behind(self):
        path = os.path.join(self.dir, "list.txt")
        place = os.path.join(self.dir, "plan")
        with open(path, "w", encoding="utf-8") as out:
            out.write("h;u;secret-1;h;u;secret-2\nh;u;secret-3\n")
        result = self.run_command([program(), "plan", "import", path, "--directory", place])
        self.assertEqual(result.status, USAGE, str(result))
        self.assertRegex(result.err, r"line 2 has 3 fields")
        self.assertNotIn("secret-", result.out + result.err)
        self.assertFalse(os.path.exists(place))
        with open(path, "w", encoding="utf-8") as out:
            out.write("h;u;secret-1;h;u;secret-2\n")
        self.assertEqual(self.run_command([program(), "plan", "import", path, "--directory", place]).status, DONE)
        self.assertEqual(self.run_command([program(), "plan", "import", path, "--directory", place]).status, USAGE)


class MasterUser(Campaign):
    """One login for all accounts: user*master on the source, a SASL authorization identity on the target."""

    MASTER = ("auth_master_user_separator = *\npassdb {\n  driver = passwd-file\n  master = yes\n"
              "  args = scheme=PLAIN username_format=%%u %s/masters\n  result_success = continue\n}\n")

    def server(self, **options):
        server = dovecot.Dovecot(users=["m1", "m2"], **options)
        server._settings["extra"] = self.MASTER % server.root
        with open(os.path.join(server.root, "masters"), "w", encoding="utf-8") as out:
            out.write("boss:{PLAIN}boss-pw\n")
        return server

    def test_master(self):
        with self.server() as source, self.server(authority=source.authority) as target:
            for user in source.users:
                fill(source, user, SEED, 5)
            self.secret("boss", "boss-pw")
            with open(os.path.join(self.dir, "plan.yaml"), "w", encoding="utf-8") as out:
                out.write("version: 1\n"
                          "source: {host: 127.0.0.1, port: %d, master: boss, password-file: boss}\n"
                          "target: {host: 127.0.0.1, port: %d, admin: boss, password-file: boss}\n"
                          "options: {ca-file: %s, state: states}\n"
                          "accounts:\n  - source: m1\n  - source: m2\n" % (source.tls_port, target.tls_port, source.ca))
            self.run_plan("run", os.path.join(self.dir, "plan.yaml"))
            for user in source.users:
                self.assert_same(source.login(user), target.login(user))


class Plans(ToolCase):
    """What `plan check` says."""

    def check(self, text, *files):
        path = os.path.join(self.dir, "plan.yaml")
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return self.run_command([program(), "plan", "check", path])

    def test_example(self):
        path = os.path.join(self.dir, "example.yaml")
        self.assertEqual(self.run_command([program(), "plan", "init", path]).status, DONE)
        result = self.run_command([program(), "plan", "check", path])
        self.assertEqual((result.status, result.out.count("cannot be read")), (USAGE, 4), str(result))
        for side, user in (("old", "ann@old"), ("old", "bob@old"), ("new", "ann@new"), ("new", "robert@new")):
            os.makedirs(os.path.join(self.dir, "secrets", side), exist_ok=True)
            with open(os.path.join(self.dir, "secrets", side, user + ".example"), "w", encoding="utf-8") as out:
                out.write("x\n")
        self.assertEqual(self.run_command([program(), "plan", "check", path]).status, DONE)
        self.assertEqual(self.run_command([program(), "plan", "init", path]).status, USAGE)

    def told(self, result):
        """What was said, by file and line."""
        told = {}
        for line in result.out.splitlines():
            path, number, text = line.split(":", 2)
            told.setdefault((os.path.basename(path), int(number)), []).append(text.strip())
        return told

    def test_every_error_in_one_pass(self):
        result = self.check("version: 1\nsource: {host: a, prot: 1}\ntarget: {host: b, port: 77777}\n"
                            "options:\n  conections: 3\n  max-size: 20Q\n  ordered: perhaps\n"
                            "accounts:\n- {source: x}\n- {target: y}\n- {source: x}\nsorce: 1\n")
        self.assertEqual(result.status, USAGE)
        told = self.told(result)
        self.assertEqual(list(told), sorted(told))
        for number, part in ((2, "mean \"port\""), (3, "65535"), (5, "connections"), (6, "20Q"), (7, "true or false"),
                             (10, "source user"), (11, "already"), (12, "sorce")):
            self.assertIn(part, told.get(("plan.yaml", number), [""])[0], result.out)
        self.assertEqual(len(result.out.splitlines()), 8, result.out)

    def test_a_dozen_planted_errors(self):
        """Several in one account, the same in several accounts, of each kind; and nothing else is told."""
        planted = {("plan.yaml", 1): ["version: 1"],
                   ("plan.yaml", 4): ["starttls"],
                   ("plan.yaml", 6): ["nowhere"],
                   ("plan.yaml", 8): ["1 to 256"],
                   ("plan.yaml", 9): ["YYYY-MM-DD"],
                   ("plan.yaml", 10): ["HH:MM"],
                   ("plan.yaml", 11): ["takes a list, here is one value"],
                   ("plan.yaml", 12): ["takes one value, here is a list"],
                   ("plan.yaml", 13): ["https://"],
                   ("plan.yaml", 14): ["second time"],
                   ("plan.yaml", 18): ["merge, source, keep"],
                   ("plan.yaml", 19): ["FROM=TO"],
                   ("plan.yaml", 20): ["a mapping, here is one value"],
                   ("accounts.csv", 2): ["20Q", "auto, plain", "sha256//"],
                   ("accounts.csv", 3): ["20Q"],
                   ("accounts.csv", 4): ["65535", "admin (SASL) and master"],
                   ("accounts.csv", 5): ["fewer cells"],
                   ("accounts.csv", 6): ["source user"],
                   ("accounts.csv", 7): ["since 2001-01-02 and before 2001-01-01 leave no day"],
                   ("accounts.csv", 8): ["exclude each other"]}
        with open(os.path.join(self.dir, "accounts.csv"), "w", encoding="utf-8") as out:
            out.write("source_user,max_size,source_auth,source_pin,source_port,source_admin,source_master,since,before,"
                      "source_token_command,source_password_command\n"
                      "a,20Q,plian,abc,,,,,,,\n"
                      "b,20Q,,,,,,,,,\n"
                      "c,,,,70000,boss,boss,,,,\n"
                      "d,\n"
                      ",,,,,,,,,,\n"
                      "f,,,,,,,2001-01-02,2001-01-01,,\n"
                      "g,,,,,,,,,date,date\n"
                      "h,1K,,,,,,,,,\n")
        result = self.check("version: 2\n"
                            "source:\n"
                            "  host: a\n"
                            "  tls: startls\n"
                            "target: {host: b,\n"
                            "         password-file: nowhere}\n"
                            "options:\n"
                            "  jobs: 300\n"
                            "  since: 2001-13-13\n"
                            "  until: noon\n"
                            "  exclude: Trash\n"
                            "  max-rate: [1, 2]\n"
                            "  webhook: http://h/\n"
                            "  jobs: 7\n"
                            "accounts-file: accounts.csv\n"
                            "accounts:\n"
                            "- source: \u00e4\n"
                            "  flags: marge\n"
                            "  map: [a]\n"
                            "- just a name\n"
                            "- source: y\n"
                            "  since: 2001-01-02\n")
        self.assertEqual(result.status, USAGE)
        told = self.told(result)
        self.assertEqual({place: len(texts) for place, texts in told.items()},
                         {place: len(texts) for place, texts in planted.items()}, result.out)
        for place, parts in planted.items():
            for part in parts:
                self.assertTrue(any(part in text for text in told[place]), (place, part, result.out))
        self.assertIn("the plan has %d errors" % sum(map(len, planted.values())), result.err)


if __name__ == "__main__":
    unittest.main()
