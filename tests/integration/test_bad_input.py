"""What a person can get wrong: one line that says what to do, and the documented exit status."""

import os
import signal
import time
import unittest

import certs
import dovecot
import mailgen
import wire
from harness import INTERRUPTED, LOCAL, LOGIN, PARTIAL, SEED, TEMPORARY, USAGE, Account, Pair, program
from memserver import MemServer


class BadInput(Pair):
    def refused(self, status, pattern, *extra, source=None, target=None, **options):
        """The run must end with `status` and exactly one line on standard error that matches `pattern`."""
        ours, theirs = self.accounts()
        result = self.copy(source or ours, target or theirs, "-q", "--patience", "1", *extra, expect=status, **options)
        lines = result.err.splitlines()
        self.assertEqual(len(lines), 1, str(result))
        self.assertTrue(lines[0].startswith("mailmigrate-copy: "), lines[0])
        self.assertRegex(lines[0], pattern)
        self.assertNotIn(dovecot.PASSWORD, result.out + result.err)
        return result

    def test_unknown_host(self):
        for side in ("source", "target"):
            with self.subTest(side):
                account = Account.on(self.source, self.user, host="no-such-host.invalid")
                self.refused(TEMPORARY, "no-such-host.invalid", **{side: account})

    def test_refused_connection(self):
        port = dovecot.free_ports(1)[0]
        account = Account.on(self.source, self.user, port=port)
        self.refused(TEMPORARY, "(?i)127.0.0.1.*%d.*refused|refused.*%d" % (port, port), source=account)

    def test_wrong_password(self):
        for scheme in ("imaps", "imap"):
            for side, server in (("source", self.source), ("target", self.target)):
                with self.subTest(side=side, scheme=scheme):
                    account = Account.on(server, self.user, scheme)
                    account.password = "not-this-one"
                    before = server.log.count("auth failed") + server.log.count("Password mismatch")
                    result = self.refused(LOGIN, "(?i)login.*refused|refused.*login|password", **{side: account})
                    self.assertNotIn("not-this-one", result.out + result.err)
                    after = server.log.count("auth failed") + server.log.count("Password mismatch")
                    self.assertLessEqual(after - before, 1, "O3: one attempt")

    def test_bad_certificates(self):
        authority = certs.Authority(os.path.join(self.dir, "ca"))
        cases = {"expired": authority.issue("expired", expired=True),
                 "self-signed": authority.issue("self", self_signed=True),
                 "wrong name": authority.issue("other", alternatives=("DNS:other.example",)),
                 "unknown authority": certs.Authority(os.path.join(self.dir, "other-ca")).issue("server")}
        for name, certificate in cases.items():
            with self.subTest(name):
                received = []

                def play(connection):
                    received.append(connection.line())

                server = wire.Server(play, tls=certificate)
                self.addCleanup(server.stop)
                account = Account("imaps://u1@127.0.0.1:%d" % server.port, "secret-in-vain", ca_file=authority.ca)
                self.refused(TEMPORARY, "(?i)certificate", source=account)
                self.assertEqual(received, [], "not one octet of the dialogue leaves")

    def test_common_name_does_not_count(self):
        """RFC 9525: the name stands in subjectAltName, or nowhere."""
        authority = certs.Authority(os.path.join(self.dir, "ca"))
        server = wire.Server(lambda connection: connection.line(), tls=authority.issue("127.0.0.1", alternatives=()))
        self.addCleanup(server.stop)
        account = Account("imaps://u1@127.0.0.1:%d" % server.port, "secret-in-vain", ca_file=authority.ca)
        self.refused(TEMPORARY, "has no subjectAltName", source=account)

    def test_plain_scheme_for_the_port_of_tls(self):
        """Server and client would wait for one another: recognised within 10 seconds, by imap:// and without TLS."""
        for options in ({}, {"tls": "none"}):
            with self.subTest(options=options):
                begun = time.monotonic()
                account = Account("imap://u1@%s:%d" % (self.source.host, self.source.tls_port), "x", **options)
                self.refused(TEMPORARY, "one for TLS.*imaps://", source=account)
                self.assertLess(time.monotonic() - begun, 10)

    def test_server_that_does_not_greet(self):
        """--connect-timeout is for the greeting as well, and one signal ends the wait."""
        def silent(connection):
            connection.line()

        with wire.Server(silent) as server:
            for options in ({"tls": "none"}, {}):
                account = Account("imap://u1@127.0.0.1:%d" % server.port, "x", **options)
                self.refused(TEMPORARY, "has not greeted for 1 seconds.*--connect-timeout", "--connect-timeout", "1",
                             source=account)
            process = self.start(self.command(account, Account.on(self.target, self.user), preset="asan"))
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=10)
            self.assertEqual(process.returncode, INTERRUPTED)
            server.errors.clear()

    def test_system_trust_store_does_not_know_our_authority(self):
        account = Account.on(self.source, self.user, ca_file=None)
        self.refused(TEMPORARY, "(?i)certificate.*--(source-)?(ca-file|pin)", source=account)

    def test_starttls_stripped_and_injected(self):
        """H3: no credential leaves when TLS does not come about."""
        def without(connection):
            connection.send("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready")
            while True:
                tag, name, _ = connection.command()
                connection.send("* CAPABILITY IMAP4rev1 AUTH=PLAIN", tag + " OK done")

        def refusing(connection):
            connection.send("* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] ready")
            while True:
                tag, name, _ = connection.command()
                connection.send(tag + (" NO not today" if name == "STARTTLS" else " OK done"))

        def injecting(connection):
            connection.send("* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] ready")
            while True:
                tag, name, _ = connection.command()
                # In one write, so that it is behind the tagged OK when the client looks.
                connection.send(("%s OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n" % tag).encode())

        def preauth(connection):
            connection.send("* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] already in")
            while True:
                tag, _, _ = connection.command()
                connection.send(tag + " OK done")

        for play in (without, refusing, injecting, preauth):
            with self.subTest(play.__name__), wire.Server(play) as server:
                account = Account("imap://u1@127.0.0.1:%d" % server.port, "secret-in-vain")
                result = self.copy(account, Account.on(self.target, self.user), "-q", expect=None)
                self.assertIn(result.status, (USAGE, TEMPORARY), str(result))
                self.assertEqual(len(result.err.splitlines()), 1, str(result))
                sent = b"".join(server.received).upper()
                self.assertNotIn(b"LOGIN", sent)
                self.assertNotIn(b"AUTHENTICATE", sent)

    def test_bad_urls(self):
        for url in ("http://u@host", "imaps://host", "imaps://u@", "u@host", "imaps://u@host:99999", "imaps://u@host:0",
                    "imaps://u@host:x", "imaps://u@[::1", "imaps://u%zz@host", "imaps://u%0d%0a@host", ""):
            with self.subTest(url):
                self.refused(USAGE, "(?i)url|--source", source=Account(url, "x"))

    def test_password_in_the_url(self):
        result = self.refused(USAGE, "(?i)password.*(file|command)", source=Account("imaps://u1:geheim@127.0.0.1", "x"))
        self.assertNotIn("geheim", result.err + result.out)

    def test_password_as_an_option(self):
        for option in ("--source-password=geheim", "--password=geheim"):
            with self.subTest(option):
                self.assertNotIn("geheim", self.refused(USAGE, "(?i)password", option).err)

    def test_bad_options(self):
        for arguments, pattern in ((("--folders", "x"), "--folder"), (("--since", "yesterday"), "YYYY-MM-DD"),
                                   (("--max-size", "ten"), "size"), (("--connections", "0"), "number"),
                                   (("--flags", "all"), "merge"), (("stray",), "stray"),
                                   (("--until", "25:00"), "HH:MM"),
                                   (("--map", "nothing"), "FROM=TO"), (("--source-tls", "none"), "contradicts")):
            with self.subTest(arguments):
                self.refused(USAGE, pattern, *arguments)

    def test_nearest_option_of_the_other_verbs(self):
        for verb, typed, meant in (("domain", "--resolvr", "--resolver"), ("certificate", "--recrods=x", "--records"),
                                   ("status", "--sate", "--state"), ("plan", "--directroy", "--directory")):
            with self.subTest(verb):
                result = self.run_command([program(), verb, typed])
                self.assertEqual(result.status, USAGE, str(result))
                self.assertRegex(result.err, "did you mean %s\\?" % meant)
        result = self.run_command([program(), "certificate", "--nothing-like-it"])
        self.assertIn("--help lists the options", result.err)

    def test_cleartext_beyond_loopback(self):
        account = Account("imap://u1@192.0.2.1", "x", tls="none")
        self.refused(USAGE, "not this machine.*imaps://", source=account)

    def test_password_file_that_is_not_there(self):
        missing = ["--source-password-file", os.path.join(self.dir, "none")]
        result = self.run_command(self.command(*self.accounts(), "-q") + missing)
        self.assertIn(result.status, (LOGIN, LOCAL), str(result))
        self.assertEqual(len(result.err.splitlines()), 1, str(result))

    def test_no_password_and_no_terminal(self):
        command = self.command(*self.accounts(), "-q")
        at = command.index("--source-password-file")
        del command[at:at + 2]
        result = self.run_command(["setsid", "-w"] + command)
        self.assertEqual(result.status, LOGIN, str(result))
        self.assertRegex(result.err, "--source-password-file")

    def test_unreadable_state(self):
        os.mkdir(os.path.join(self.dir, "directory"))
        with open(os.path.join(self.dir, "garbage"), "wb") as out:
            out.write(b"this is no database, " * 500)
        for name in ("directory", "garbage", "garbage/state"):
            with self.subTest(name):
                self.refused(LOCAL, name, state=os.path.join(self.dir, name))

    def test_output_that_can_not_be_written(self):
        for option in ("--json", "--log"):
            with self.subTest(option):
                self.refused(LOCAL, "missing/file", option, os.path.join(self.dir, "missing/file"))

    def test_folder_that_can_not_be_created(self):
        self.fill(mailgen.generate(SEED, 5, folders=(("INBOX",),)))
        self.fill(mailgen.generate(SEED, 3, folders=(("Reserved",),)))
        with MemServer(users=[self.user]) as target:
            target.refuse_create = lambda name: "[CANNOT] that name is ours"
            result = self.copy(self.accounts()[0], Account.on(target, self.user, "plain"), expect=PARTIAL)
            self.assertEqual(len(target.mailboxes[b"INBOX"].messages), 5)
            problem = [p for p in result.problems if p["folder"] == "Reserved"]
            self.assertEqual(len(problem), 1, str(result))
            self.assertIn("that name is ours", problem[0]["text"])
            self.assertEqual(result.folders["Reserved"]["failed"], 3)
            self.assertIn("that name is ours", result.out + result.err)

    def test_server_that_is_no_imap_server(self):
        for greeting in (b"220 mail.example ESMTP\r\n", b"\x16\x03\x01\x02", b"* BYE too many connections\r\n", b""):
            with self.subTest(greeting):
                def play(connection):
                    connection.send(greeting)

                with wire.Server(play) as server:
                    account = Account("imap://u1@127.0.0.1:%d" % server.port, "x", tls="none")
                    self.refused(TEMPORARY, "127.0.0.1", source=account)


if __name__ == "__main__":
    unittest.main()
