"""The mail at the end of a run: to whom, when, what is in it, and what becomes of a run whose mail is refused."""

import email
import email.policy
import os
import socket
import unittest

import certs
from harness import DONE, LOGIN, PARTIAL, TEMPORARY, USAGE, Account, ToolCase
from mailbin import MailBin
from memserver import MemServer


class Mail(ToolCase):
    def setUp(self):
        super().setUp()
        self.source, self.target, self.bin = MemServer(), MemServer(), MailBin()
        for server in (self.source, self.target, self.bin):
            self.addCleanup(server.stop)
        self.accounts = [Account.on(server, "u1", "plain") for server in (self.source, self.target)]
        for number in range(3):
            self.source.find(b"INBOX").add(b"Subject: %d\r\n\r\nx\r\n" % number)
        self.to = ["--mail-to", "admin@example.org", "--mail-server", "smtp://127.0.0.1:%d" % self.bin.port]

    def run_it(self, *arguments, expect=DONE):
        result = self.run_command(self.command(*self.accounts, *arguments, verb="run"))
        self.assertEqual(result.status, expect, str(result))
        return result

    def refuse(self):
        self.target.refuse_append = lambda name, octets: "[TOOBIG] no" if b"Subject: 1" in octets else None

    def one_mail(self):
        self.assertEqual(len(self.bin.mails), 1)
        sender, to, octets = self.bin.mails[0]
        return sender, to, email.message_from_bytes(octets, policy=email.policy.default)

    def test_a_digest(self):
        self.refuse()
        self.run_it(*self.to, "--mail-from", "night@example.org", expect=PARTIAL)
        sender, to, mail = self.one_mail()
        self.assertEqual((sender, to), ("night@example.org", ["admin@example.org"]))
        self.assertEqual(mail["Subject"], "mailmigrate: partial, 1 account, exit status 1")
        self.assertEqual((mail["From"], mail["To"]), ("night@example.org", "admin@example.org"))
        self.assertEqual(mail["Auto-Submitted"], "auto-generated")
        self.assertRegex(mail["Message-ID"], r"^<[0-9a-f]{24}@example\.org>$")
        self.assertIsNotNone(mail["Date"].datetime)
        text = mail.get_body(("plain",)).get_content()
        self.assertIn("u1@127.0.0.1", text)
        self.assertIn("1 not copied", text)

    def test_only_when_something_wants_a_person(self):
        self.run_it(*self.to, "--mail-when", "problems")
        self.assertEqual(self.bin.mails, [])
        self.run_it(*self.to)
        self.assertEqual(self.one_mail()[0], "mailmigrate@" + socket.gethostname())
        self.bin.mails.clear()
        self.source.find(b"INBOX").add(b"Subject: 11\r\n\r\nx\r\n")
        self.refuse()
        self.run_it(*self.to, "--mail-when", "problems", expect=PARTIAL)
        self.one_mail()

    def test_tls_and_login(self):
        authority = certs.Authority(os.path.join(self.dir, "ca"))
        sure = MailBin(*authority.issue("mail"))
        self.addCleanup(sure.stop)
        sure.password = b"pw-of-mail"
        with open(os.path.join(self.dir, "pw"), "w", encoding="ascii", opener=lambda p, f: os.open(p, f, 0o600)) as out:
            out.write("pw-of-mail\n")
        log = os.path.join(self.dir, "log")
        arguments = ["--mail-to", "a@b.example", "--mail-server", "smtps://localhost:%d" % sure.port,
                     "--mail-user", "me", "--mail-password-file", os.path.join(self.dir, "pw"), "--log", log, "-vv"]
        result = self.run_it(*arguments, "--ca-file", authority.ca)
        self.assertEqual((sure.logins, len(sure.mails)), ([[b"me", b"pw-of-mail"]], 1))
        with open(log, encoding="utf-8") as file:
            self.assertNotIn("pw-of-mail", file.read() + result.out + result.err)
        sure.password = b"another"
        self.assertIn("the mail was not sent", self.run_it(*arguments, "--ca-file", authority.ca, expect=LOGIN).err)
        self.assertIn("the mail was not sent", self.run_it(*arguments, expect=TEMPORARY).err)  # nobody vouches for it
        self.assertEqual(len(sure.mails), 1)

    def test_a_mail_that_is_refused(self):
        self.bin.unknown.add("admin@example.org")
        result = self.run_it(*self.to, expect=TEMPORARY)
        self.assertIn("the mail was not sent", result.err)
        self.assertIn("550", result.err)
        self.assertEqual(len(self.target.find(b"INBOX").messages), 3)  # the run did its work

    def test_what_makes_no_sense_is_told_before_the_run(self):
        for arguments in (["--mail-to", "nobody"], ["--mail-to", "a@b.example\r\nBcc: c@d.example"],
                          ["--mail-server", "smtp://localhost"], ["--mail-to", "a@b.example", "--mail-user", "me"],
                          ["--mail-to", "a@b.example", "--mail-server", "smtp://me:pw@localhost"]):
            result = self.run_it(*arguments, expect=USAGE)
            self.assertNotIn("me:pw", result.err)
        self.assertEqual(self.target.find(b"INBOX").messages, [])


if __name__ == "__main__":
    unittest.main()
