"""A mailbox as a file: what export writes, what other programs make of it, and what check finds."""

import os
import signal
import subprocess
import tarfile
import time
import unittest
import zipfile

import archives
import dovecot
import imaputil
import mailgen
import oracle
import schema
from archives import ArchiveCase
from harness import (CORPUS, DONE, INTERRUPTED, LOCAL, LOGIN, LONG, PARTIAL, SEED, TEMPORARY, USAGE, Account,
                     build_directory, program, seeded)
from memserver import MemServer
from relay import DOWN, Relay

COUNT = 150
FORMATS = ("mail.tar.zst", "mail.tar", "mail.tar.gz", "mail.tar.xz", "mail.zip")


def is_sanitized(preset):
    listed = subprocess.run(["ldd", os.path.join(build_directory(preset), "tools", "mailmigrate-archive")],
                            stdout=subprocess.PIPE, check=True)
    return b"libasan" in listed.stdout


class Source(ArchiveCase):
    """A server with mail that no test changes, in the user "full"; others are for tests that do."""

    users = ["full"] + ["u%d" % number for number in range(1, 20)]

    @classmethod
    def setUpClass(cls):
        cls.server = dovecot.Dovecot(users=cls.users).start()
        cls.addClassCleanup(cls.server.stop)
        cls.messages = mailgen.generate(SEED, COUNT)
        connection = cls.server.login("full")
        mailgen.fill(connection, cls.messages, cls.server.separator, cls.server.prefix, mailgen.EMPTY_FOLDERS)
        cls.stored = sorted(octets for listed in imaputil.folders(connection) if listed.selectable
                            for octets in oracle.read_octets(connection, listed.wire).values())
        connection.shutdown()
        cls.next_user = iter(cls.users[1:])

    def login(self, user, server=None):
        connection = (server or self.server).login(user)
        self.addCleanup(connection.shutdown)
        return connection

    def account(self, user="full", **options):
        return Account.on(self.server, user, **options)

    def fresh(self, messages=()):
        """A user with these messages, and a connection of it."""
        user = next(self.next_user)
        connection = self.login(user)
        mailgen.fill(connection, messages, self.server.separator, self.server.prefix)
        return user, connection

    def exported(self, name="mail.tar", *extra):
        path = self.path(name)
        self.export(self.account(), path, *extra)
        return path


class Export(Source):
    def test_every_format_holds_what_its_manifest_says(self):
        for name in FORMATS:
            with self.subTest(name):
                path = self.path(name)
                result = self.export(self.account(), path)
                self.assertEqual(schema.errors(result.json, "archive-export-1.json"), [])
                self.assertEqual(result.json["totals"]["messages"], COUNT)
                self.assertEqual(result.json["totals"]["file_bytes"], os.path.getsize(path))
                content = dict(archives.members(path))
                listed = archives.check_by_hand(path)
                self.assertTrue(sorted(content[line["path"]] for line in listed) == self.stored)
                checked = self.check(path)
                self.assertEqual(schema.errors(checked.json, "archive-check-1.json"), [])
                self.assertEqual((checked.json["totals"]["messages"], checked.json["findings"]), (COUNT, []))
                self.assertEqual([name for name in os.listdir(self.dir) if name.endswith(".part")], [])

    def test_manifest_is_what_the_server_says(self):
        path = self.exported()
        lines = archives.manifest(path)
        connection = self.login("full")
        folders = {line["name"]: line for line in lines if line["type"] == "folder"}
        wires = {tuple(listed.name.split("/")): listed.wire for listed in imaputil.folders(connection)}
        self.assertEqual({tuple(name.split("/")) for name in folders}, set(wires))
        for parts, wire in wires.items():
            line = folders["/".join(parts)]
            if not line["selectable"]:
                continue
            self.assertTrue(line["subscribed"])
            here = {entry.uid: entry for entry in oracle.read_folder(connection, wire)}
            validity = int(connection.response("UIDVALIDITY")[1][0])
            self.assertEqual((line["uidvalidity"], line["messages"]), (validity, len(here)))
            for one in lines:
                if one["type"] == "message" and one["folder"] == line["name"]:
                    entry = here.pop(one["uid"])
                    self.assertEqual((entry.digest, entry.size), (one["sha256"], one["size"]))
                    self.assertEqual(entry.flags, frozenset(one["flags"] + one["keywords"]))
                    self.assertEqual(entry.date, imaputil.parse_date_time(one["internaldate"].encode()))
            self.assertEqual(here, {})
        self.assertEqual(folders["Sent"]["role"], "sent")
        with tarfile.open(path) as archive:
            times = {info.name: info.mtime for info in archive}
        for line in lines:
            if line["type"] == "message":
                self.assertEqual(times[line["path"]], imaputil.parse_date_time(line["internaldate"].encode()))

    def test_dovecot_serves_what_is_unpacked(self):
        path = self.exported("mail.tar.zst")
        other = dovecot.Dovecot(users=["full"], authority=self.server.authority)
        self.addCleanup(other.stop)
        archives.unpack(path, other.mail("full"))
        named = archives.uidlist(os.path.join(other.mail("full"), "Maildir"))
        other.start()
        ours, theirs = self.login("full"), self.login("full", other)
        lines = oracle.compare(ours, theirs)
        self.assertEqual(lines, [], "\n".join(lines[:20]))
        for wire in (b"INBOX", b"Sent", b"Archive/2019"):
            before, after = oracle.read_folder(ours, wire), oracle.read_folder(theirs, wire)
            self.assertEqual(before, after)  # the same UIDs
            self.assertEqual(ours.response("UIDVALIDITY"), theirs.response("UIDVALIDITY"))
        self.assertEqual(set(named), {entry.uid for entry in oracle.read_folder(ours, b"INBOX")})

    def test_selection(self):
        path = self.path("some.tar")
        self.export(self.account(), path, "--folder", "INBOX", "--folder", "Projects*", "--exclude", "*Bridge",
                    "--since", "2010-01-01", "--before", "2020-01-01", "--max-size", "20K")
        inside = {line["folder"] for line in archives.check_by_hand(path)}
        self.assertIn("INBOX", inside)
        self.assertTrue(all(name == "INBOX" or name.startswith("Projects") for name in inside), inside)
        self.assertNotIn("Projects/2019/Bridge", inside)
        chosen = [message for message in self.messages if message.folder == ("INBOX",) and
                  len(message.octets) <= 20 << 10 and 2010 <= message.when.year < 2020]
        found = [line for line in archives.manifest(path) if line["type"] == "message" and line["folder"] == "INBOX"]
        self.assertAlmostEqual(len(found), len(chosen), delta=2)  # a zone may put a message into another year
        result = self.export(self.account(), self.path("none.tar"), "--folder", "No such", expect=USAGE)
        self.assertIn("--folder", result.err)

    def test_what_is_there_is_not_written_over(self):
        path = self.exported()
        with open(path, "rb") as file:
            before = file.read()
        result = self.export(self.account(), path, expect=USAGE)
        self.assertIn("is there already", result.err)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), before)
        self.export(self.account(), path, "--force", "--folder", "Sent")
        self.assertEqual({line["folder"] for line in archives.check_by_hand(path)}, {"Sent"})

    def test_options_that_make_no_sense(self):
        account = self.account()
        for arguments, words in ((("mail.rar",), "what kind of archive"),
                                 (("mail.tar.zst", "--encrypt", "--password-file", self.secret("x")), "only a .zip"),
                                 (("mail.zip", "--password-file", self.secret("x")), "--encrypt"),
                                 (("mail.tar", "--public-key", "x"), "--public-key"),
                                 (("mail.tar", "--incremental", "--force"), "--force")):
            with self.subTest(arguments):
                result = self.export(account, self.path(arguments[0]), *arguments[1:], expect=USAGE)
                self.assertIn(words, result.err)
                self.assertFalse(os.path.exists(self.path(arguments[0])))
        self.assertIn("which file", self.archive("check", expect=USAGE).err)
        self.assertIn("which file", self.archive("import", expect=USAGE).err)
        self.assertIn("export, import or check", self.archive("exprot", "x.tar", expect=USAGE).err)

    def secret(self, text):
        path = self.path("archive.password")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            out.write(text + "\n")
        return path

    def test_encrypted_zip_opens_with_7zip(self):
        path = self.path("mail.zip")
        result = self.export(self.account(), path, "--encrypt", "--password-file", self.secret("open sesame"))
        self.assertTrue(result.json["encrypted"])
        with open(path, "rb") as file:
            self.assertNotIn(self.messages[0].octets[:200], file.read())
        out = self.path("out")
        done = subprocess.run(["7zz", "x", "-popen sesame", "-o" + out, path], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode()[-500:])
        found = []
        for directory, _, names in os.walk(os.path.join(out, "Maildir")):
            if os.path.basename(directory) == "cur":
                for name in names:
                    with open(os.path.join(directory, name), "rb") as file:
                        found.append(file.read())
        self.assertTrue(sorted(found) == self.stored)
        listed = subprocess.run(["7zz", "l", "-slt", path], stdout=subprocess.PIPE, check=True).stdout.decode()
        self.assertRegex(listed, r"Method = AES-256")
        self.assertEqual(self.check(path, "--password-file", self.secret("open sesame")).json["findings"], [])
        for extra in ((), ("--password-file", self.secret("wrong"))):
            result = self.check(path, *extra, expect=LOGIN)
            self.assertIn("password", result.err)

    def test_signature_with_plain_openssl(self):
        def openssl(*arguments):
            return subprocess.run(["openssl", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  check=False)

        key, public, other = self.path("key.pem"), self.path("public.pem"), self.path("other.pem")
        for private, its_public in ((self.path("other-key.pem"), other), (key, public)):
            openssl("genpkey", "-algorithm", "ed25519", "-out", private)
            openssl("pkey", "-in", private, "-pubout", "-out", its_public)
        path = self.exported("mail.tar", "--sign", key)
        archives.check_by_hand(path)
        archives.unpack(path, self.path("out"))
        verify = ("pkeyutl", "-verify", "-pubin", "-rawin", "-in", self.path("out/manifest.root"), "-sigfile",
                  self.path("out/manifest.sig"), "-inkey")
        self.assertEqual(openssl(*verify, public).returncode, 0)
        self.assertNotEqual(openssl(*verify, other).returncode, 0)
        checked = self.check(path, "--public-key", public)
        self.assertEqual((checked.json["files"][0]["signature"], checked.json["findings"]), ("fits", []))
        self.assertIn("as it was signed", checked.out)
        checked = self.check(path, "--public-key", other, expect=PARTIAL)
        self.assertEqual((checked.json["files"][0]["signature"], self.kinds(checked)), ("does-not-fit", {"signature"}))
        unsigned = self.exported("unsigned.tar")
        self.assertEqual(self.kinds(self.check(unsigned, "--public-key", public, expect=PARTIAL)), {"signature"})

    def test_odd_names(self):
        server = dovecot.Dovecot(users=["odd"], layout="fs", authority=self.server.authority).start()
        self.addCleanup(server.stop)
        connection = self.login("odd", server)
        names = ["a.b", "a_b", "A.B", "..hidden", "x" * 200 + "/" + "y" * 200, "x" * 200 + "/" + "y" * 199 + "z",
                 "\u65e5" * 60, "INBOX/below", "con", "tilde~", "a.b/c.d"]
        for name in names:
            imaputil.check(connection.create(imaputil.mailbox(name)))
            imaputil.append(connection, name, [(b"Subject: %s\r\n\r\nx\r\n" % name.encode(), (), None)])
        path = self.path("odd.tar")
        self.export(Account.on(server, "odd"), path)
        content = dict(archives.members(path))
        seen = set()
        for line in archives.check_by_hand(path):
            self.assertEqual(content[line["path"]], b"Subject: %s\r\n\r\nx\r\n" % line["folder"].encode())
            directory = line["path"].split("/cur/")[0]
            self.assertRegex(directory, r"^Maildir/\.[ -~]{1,240}$")
            self.assertNotIn("..", directory)
            self.assertNotIn(directory.lower(), seen)
            seen.add(directory.lower())
        self.assertEqual({line["folder"] for line in archives.manifest(path) if line["type"] == "message"}, set(names))
        self.assertEqual(self.check(path).json["findings"], [])


    def test_names_that_do_harm(self):
        """What a hostile server calls its folders becomes a name below Maildir, and the manifest has it in full."""
        names = (b"../../../../tmp/mailmigrate-was-here", b"/etc/passwd", b"\x1b]0;owned\x07\x1b[2J", b"a\tb",
                 b"cr\r\nlf", b"caf\xe9 \xff", b"$(touch /tmp/mailmigrate-was-here)", b"x" * 4096, b"..", b".", b"",
                 b'say "no"', b"a" * 300 + b"/b", b"A/../B", b"cur", b"INBOX/cur", b"Maildir", b"~root", b"&AC8-etc")
        with MemServer() as server:
            for number, name in enumerate(names):
                server.add_mailbox(name).add(b"Subject: %d\r\n\r\n%d\r\n" % (number, number))
            path = self.path("odd.tar")
            self.export(Account.on(server, scheme="plain"), path)
        content = dict(archives.members(path))
        found = {}
        wire = {line["path"]: bytes.fromhex(line["octets"]) if line["octets"] else imaputil.mutf7_encode(line["name"])
                for line in archives.manifest(path) if line["type"] == "folder" and line["path"]}
        for name, octets in content.items():
            self.assertRegex(name, r"^(manifest\.\w+|Maildir/[ -~]+)$")
            self.assertNotIn("..", name.split("/"))
            if "/cur/" in name:
                found[wire[name.split("/cur/")[0]]] = octets
        listed = [name for name in names if name]
        self.assertEqual(sorted(set(found)), sorted(listed))
        for number, name in enumerate(names):
            if name:
                self.assertEqual(found[name], b"Subject: %d\r\n\r\n%d\r\n" % (number, number))
        self.assertEqual(self.check(path).json["findings"], [])
        archives.unpack(path, self.path("out"))
        self.assertEqual(sorted(os.listdir(self.path("out"))), ["Maildir", "manifest.jsonl", "manifest.root"])
        self.assertFalse(os.path.exists("/tmp/mailmigrate-was-here"))

    def test_mail_that_lies_in_files(self):
        """A Maildir is a source like any other."""
        path = self.exported()
        archives.unpack(path, self.path("out"))
        second = self.path("second.tar")
        self.archive("export", second, "--source", "maildir:" + self.path("out/Maildir"))
        ours, theirs = archives.check_by_hand(path), archives.check_by_hand(second)

        def content(lines):
            return sorted((line["sha256"], line["uid"], tuple(line["flags"] + line["keywords"])) for line in lines)

        self.assertEqual(content(ours), content(theirs))

    def test_sizes_that_lie(self):
        class Liar(MemServer):
            def body_of(self, box, message):
                return message.octets + b"more" if message.uid % 2 else message.octets[:-4]

        with Liar() as server:
            box = server.find(b"INBOX")
            for number in range(9):
                box.add(b"Subject: %d\r\n\r\nlong enough\r\n" % number)
            path = self.path("lie.tar")
            self.export(Account.on(server, scheme="plain"), path)
            wanted = sorted(server.body_of(box, message) for message in box.messages)
        content = dict(archives.members(path))
        self.assertEqual(sorted(content[line["path"]] for line in archives.check_by_hand(path)), wanted)

    def test_message_that_the_server_does_not_give(self):
        user, connection = self.fresh(mailgen.generate(SEED, 30))
        inbox = os.path.join(self.server.mail(user), "Maildir")
        imaputil.check(connection.select("INBOX", readonly=True))
        uid = int(imaputil.check(connection.uid("SEARCH", "ALL"))[0].split()[3])
        file = next(os.path.join(directory, name) for directory, _, names in os.walk(inbox) for name in names
                    if name.startswith(archives.uidlist(inbox)[uid].split(":")[0]))
        os.chmod(file, 0)
        if os.access(file, os.R_OK) and self.server.uid == os.geteuid():
            self.skipTest("no file is unreadable for this user")
        path = self.path("mail.tar")
        result = self.export(self.account(user), path, "--incremental", expect=PARTIAL)
        self.assertEqual([(p["folder"], p["uid"]) for p in result.json["problems"]], [("INBOX", uid)], str(result))
        self.assertEqual((result.json["totals"]["failed"], result.json["totals"]["messages"]), (1, 29))
        lost = [line for line in archives.manifest(path) if line["type"] == "lost"]
        self.assertEqual([(line["folder"], line["uid"]) for line in lost], [("INBOX", uid)])
        checked = self.check(path)  # no damage: the archive says itself what it lacks
        self.assertEqual(self.kinds(checked), {"lost"})
        os.chmod(file, 0o600)
        again = self.export(self.account(user), path, "--incremental")
        self.assertEqual(again.json["totals"]["messages"], 1)
        self.assertEqual(self.check(path).json["totals"]["messages"], 30)


class Incremental(Source):
    def test_chain(self):
        user, connection = self.fresh(mailgen.generate(SEED + 1, 40))
        path = self.path("mail.tar.zst")
        first = self.export(self.account(user), path, "--incremental")
        self.assertEqual((first.json["part"], first.json["totals"]["messages"]), (0, 40))
        nothing = self.export(self.account(user), path, "--incremental")
        self.assertIsNone(nothing.json["file"])
        self.assertFalse(os.path.exists(self.path("mail.1.tar.zst")))

        imaputil.append(connection, "INBOX", [(b"Subject: new\r\n\r\nnew\r\n", ("\\Seen",), None)])
        imaputil.check(connection.select("INBOX"))
        imaputil.check(connection.uid("STORE", "2", "+FLAGS", "(\\Flagged later)"))
        imaputil.check(connection.uid("STORE", "1", "+FLAGS", "(\\Deleted)"))
        imaputil.check(connection.expunge())
        imaputil.check(connection.close())
        imaputil.check(connection.create("Fresh"))
        imaputil.append(connection, "Fresh", [(b"Subject: fresh\r\n\r\nfresh\r\n", (), None)])
        imaputil.check(connection.delete("Junk"))
        second = self.export(self.account(user), path, "--incremental")
        self.assertEqual(second.json["file"], self.path("mail.1.tar.zst"))
        totals = second.json["totals"]
        self.assertEqual((totals["messages"], totals["flags_changed"]), (2, 1))
        self.assertGreaterEqual(totals["gone"], 1)
        lines = archives.manifest(self.path("mail.1.tar.zst"))
        flags = [line for line in lines if line["type"] == "flags"]
        self.assertEqual([(line["uid"], "later" in line["keywords"], "\\Flagged" in line["flags"]) for line in flags],
                         [(2, True, True)])
        self.assertEqual([line["name"] for line in lines if line["type"] == "vanished"], ["Junk"])
        checked = self.check(path)
        self.assertEqual(len(checked.json["files"]), 2)
        self.assertEqual(checked.json["totals"]["messages"], oracle.count(connection))

        # Each file is what follows the one before, and nothing else is.
        os.rename(self.path("mail.1.tar.zst"), self.path("mail.1.away"))
        imaputil.append(connection, "INBOX", [(b"Subject: third\r\n\r\nthird\r\n", (), None)])
        other = self.path("other.tar.zst")
        self.export(self.account(user), other)
        os.rename(other, self.path("mail.1.tar.zst"))
        self.assertIn("chain", self.kinds(self.check(path, expect=PARTIAL)))
        refused = self.export(self.account(user), path, "--incremental", expect=None)
        self.assertNotEqual(refused.status, DONE)
        self.assertIn("cannot be added to", refused.err)

    def test_another_account_is_refused(self):
        user, _ = self.fresh(mailgen.generate(SEED, 3))
        path = self.exported("mail.tar")
        result = self.export(self.account(user), path, "--incremental", expect=USAGE)
        self.assertIn("not of " + user, result.err)


class Import(Source):
    """Back into a server, through the engine of a copy: `archive import` is a copy from the file."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.target = dovecot.Dovecot(users=cls.users, layout="fs", authority=cls.server.authority).start()
        cls.addClassCleanup(cls.target.stop)

    def bring_back(self, path, user, *extra, expect=DONE):
        json_path = os.path.join(self.dir, "import.json")
        command = [program(), "archive", "import", path, *Account.on(self.target, user).arguments("target", self.dir),
                   "--state", self.state, "--json", json_path, *extra]
        result = self.run_command(command, json_path=json_path)
        if expect is not None:
            self.assertEqual(result.status, expect, str(result))
        return result

    def test_round_trip(self):
        for name in ("mail.tar.zst", "mail.zip"):
            with self.subTest(name):
                user = next(self.next_user)
                path = self.exported(name)
                self.state = self.path(name + ".state")
                result = self.bring_back(path, user)
                self.assertEqual(result.totals["copied"], COUNT)
                self.assert_same(self.login("full"), self.login(user, self.target), result)
                again = self.bring_back(path, user)
                self.assertEqual((again.totals["copied"], again.totals["already"]), (0, COUNT))

    def test_server_with_a_prefix(self):
        server = dovecot.Dovecot(users=["p"], separator=".", prefix="INBOX.", authority=self.server.authority).start()
        self.addCleanup(server.stop)
        connection = self.login("p", server)
        mailgen.fill(connection, mailgen.generate(SEED, 20), server.separator, server.prefix)
        path = self.path("mail.tar")
        self.export(Account.on(server, "p"), path)
        user = next(self.next_user)
        result = self.bring_back(path, user)
        self.assert_same(connection, self.login(user, self.target), result)

    def test_chain(self):
        user, connection = self.fresh(mailgen.generate(SEED + 2, 30))
        path = self.path("mail.tar.gz")
        self.export(self.account(user), path, "--incremental")
        imaputil.check(connection.select("INBOX"))
        imaputil.check(connection.uid("STORE", "2:3", "FLAGS", "(\\Answered changed)"))
        imaputil.check(connection.uid("STORE", "1", "+FLAGS", "(\\Deleted)"))
        imaputil.check(connection.expunge())
        imaputil.append(connection, "INBOX", [(b"Subject: new\r\n\r\nnew\r\n", ("\\Flagged", "newer"), None)])
        self.export(self.account(user), path, "--incremental")
        result = self.bring_back(path, user)
        self.assert_same(connection, self.login(user, self.target), result)

    def test_password(self):
        secret = self.path("secret")
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as out:
            out.write("open sesame\n")
        path = self.exported("mail.zip", "--encrypt", "--password-file", secret)
        user = next(self.next_user)
        self.assertIn("password", self.bring_back(path, user, expect=LOGIN).err)
        result = self.bring_back(path, user, "--password-file", secret)
        self.assert_same(self.login("full"), self.login(user, self.target), result)

    def test_damaged_messages_are_named_and_hostile_archives_refused(self):
        path = self.exported("mail.tar")
        line = next(line for line in archives.manifest(path) if line["type"] == "message" and line["size"] > 300)
        with tarfile.open(path) as archive:
            at = archive.getmember(line["path"]).offset_data + 200
        with open(path, "r+b") as file:
            file.seek(at)
            octet = file.read(1)
            file.seek(at)
            file.write(bytes([octet[0] ^ 1]))
        user = next(self.next_user)
        result = self.bring_back(path, user, expect=PARTIAL)
        self.assertEqual((result.totals["copied"], result.totals["failed"]), (COUNT - 1, 1))
        self.assertEqual([(p["uid"], "damaged or missing" in p["text"]) for p in result.problems],
                         [(line["uid"], True)])
        evil, octets = archives.member("Maildir/../../escape", b"x")
        archives.rebuild(path, self.path("evil.tar"), lambda info, content: [(info, content)] + (
            [(evil, octets)] if info.name.startswith("Maildir/.Sent/cur/") else []))
        self.state = self.path("evil.state")
        user = next(self.next_user)
        result = self.bring_back(self.path("evil.tar"), user, expect=None)
        self.assertNotEqual(result.status, DONE)
        self.assertIn("leads out", result.err)
        self.assertEqual(oracle.count(self.login(user, self.target)), 0)


class Broken(Source):
    """Connections that break, and processes that end."""

    def relay(self, *cut, **options):
        relay = Relay(self.server.host, self.server.port)
        self.addCleanup(relay.stop)
        return relay, relay.cut(DOWN, *cut, **options) if cut else None

    def test_cut_connections_leave_no_torn_member(self):
        random = seeded("archive cuts")
        size = sum(len(message.octets) for message in self.messages)
        for number in range(3):
            how = ("rst", "fin", "rst")[number]
            relay, cut = self.relay(random.randrange(size // 10, size // 3), how, times=2)
            path = self.path("cut%d.tar.gz" % number)
            self.export(self.account(scheme="plain", port=relay.port), path)
            self.assertEqual(cut.done, 2)
            self.assertEqual(len(archives.check_by_hand(path)), COUNT)
            self.assertEqual(self.check(path).json["findings"], [])

    def test_cuts_before_the_mail(self):
        """While logging in and listing that is a temporary failure, afterwards the export goes on; torn it never is."""
        outcomes = set()
        for after in (100, 1500, 4000, 8000, 12000):
            relay, cut = self.relay(after, "rst")
            path = self.path("early%d.tar" % after)
            result = self.export(self.account(scheme="plain", port=relay.port), path, expect=None)
            self.assertEqual(cut.done, 1)
            self.assertIn(result.status, (DONE, TEMPORARY), str(result))
            outcomes.add(result.status)
            self.assertEqual(os.path.exists(path), result.status == DONE)
            if result.status == DONE:
                self.assertEqual(len(archives.check_by_hand(path)), COUNT)
        self.assertIn(DONE, outcomes)

    def started(self, path):
        """An export that hangs in the middle, with something written."""
        relay, cut = self.relay(300000, "stall")
        process = self.start([program("asan"), "archive", "export", path] +
                             self.account(scheme="plain", port=relay.port).arguments("source", self.dir))
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not (cut.done and os.path.exists(path + ".part")):
            time.sleep(0.02)
        self.assertTrue(os.path.exists(path + ".part"))
        return process

    def test_kill_leaves_nothing_under_the_name(self):
        path = self.path("mail.tar")
        process = self.started(path)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.assertFalse(os.path.exists(path))
        self.export(self.account(), path)  # over what was left behind
        self.assertFalse(os.path.exists(path + ".part"))
        self.assertEqual(self.check(path).json["totals"]["messages"], COUNT)

    def test_stop_leaves_nothing_at_all(self):
        path = self.path("mail.tar.zst")
        process = self.started(path)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, INTERRUPTED, err.decode())
        self.assertEqual([name for name in os.listdir(self.dir) if name.startswith("mail.tar")], [])

    def test_two_at_once(self):
        path = self.path("mail.tar")
        self.started(path)
        result = self.export(self.account(), path, expect=LOCAL)
        self.assertIn("another process", result.err)

    def test_server_that_is_gone(self):
        relay, _ = self.relay()
        relay.stop()
        path = self.path("mail.tar")
        self.export(self.account(scheme="plain", port=relay.port), path, expect=TEMPORARY)
        self.assertEqual([name for name in os.listdir(self.dir) if name.startswith("mail.tar")], [])

    def test_full_disk(self):
        """The limit on a file's size stands for a disk: the write fails in the same place."""
        path = self.path("mail.tar")
        command = [program("asan"), "archive", "export", path] + self.account().arguments("source", self.dir)
        shell = "trap '' XFSZ; ulimit -f 300; exec \"$@\""
        result = self.run_command(["/bin/sh", "-c", shell, "sh"] + command)
        self.assertEqual(result.status, LOCAL, str(result))
        self.assertIn("cannot write", result.err)
        self.assertEqual([name for name in os.listdir(self.dir) if name.startswith("mail.tar")], [])


class Damaged(Source):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.whole = {}

    def setUp(self):
        super().setUp()
        for name in ("mail.tar", "mail.tar.zst", "mail.zip"):
            path = self.path(name)
            if name not in self.whole:
                self.export(self.account(), path)
                with open(path, "rb") as file:
                    type(self).whole[name] = file.read()

    def write(self, name, octets):
        with open(self.path(name), "wb") as out:
            out.write(octets)
        return self.path(name)

    def test_a_damaged_message_is_named(self):
        path = self.write("mail.tar", self.whole["mail.tar"])
        line = next(line for line in archives.manifest(path) if line["type"] == "message" and line["size"] > 300)
        with tarfile.open(path) as archive:
            at = archive.getmember(line["path"]).offset_data + 200
        octets = bytearray(self.whole["mail.tar"])
        octets[at] ^= 0x20
        checked = self.check(self.write("bad.tar", octets), expect=PARTIAL)
        self.assertEqual([(f["kind"], f["path"], f["folder"], f["uid"]) for f in checked.json["findings"]],
                         [("damaged", line["path"], line["folder"], line["uid"])])
        self.assertEqual(checked.json["totals"]["messages"], COUNT - 1)

    def test_flipped_bits_and_cuts_are_findings(self):
        random = seeded("archive damage")
        for name, octets in self.whole.items():
            for number in range(12):
                with self.subTest(name, number=number):
                    bad = bytearray(octets)
                    if number % 3 == 0:
                        bad = bad[:random.randrange(len(bad))]
                    else:
                        bad[random.randrange(len(bad))] ^= 1 << random.randrange(8)
                    checked = self.check(self.write("bad" + name[4:], bad), expect=None)
                    # A bit of padding or of a time does no harm; whatever does is a finding, and never a crash.
                    self.assertIn(checked.status, (DONE, PARTIAL), str(checked))
                    self.assertEqual(checked.status == PARTIAL, bool(checked.json["findings"]))
                    if number % 3 == 0 and len(bad) < len(octets) - 2048:
                        self.assertEqual(checked.status, PARTIAL)

    def test_no_archive_at_all(self):
        for name, octets in (("empty.tar", b""), ("text.tar.zst", b"hello\n" * 100), ("zero.zip", bytes(4096))):
            self.assertEqual(self.kinds(self.check(self.write(name, octets), expect=PARTIAL)), {"cut"})
        result = self.check(self.path("missing.tar"), expect=LOCAL)
        self.assertIn("missing.tar", result.err)

    def changed(self, change, expect=PARTIAL):
        path = self.write("mail.tar", self.whole["mail.tar"])
        archives.rebuild(path, self.path("new.tar"), change)
        return self.check(self.path("new.tar"), expect=expect)

    def test_manifest_and_content_both_ways(self):
        self.changed(lambda info, octets: [(info, octets)], expect=DONE)
        dropped = []

        def drop(info, octets):
            if "/cur/" in info.name and info.isfile() and not dropped:
                dropped.append(info.name)
                return []
            return [(info, octets)]

        checked = self.changed(drop)
        self.assertEqual([(f["kind"], f["path"]) for f in checked.json["findings"]], [("missing", dropped[0])])

        def add(info, octets):
            more = [archives.member("Maildir/cur/1.extra:2,", b"more\r\n"), archives.member("README", b"hello")]
            return (more if info.name == "manifest.jsonl" else []) + [(info, octets)]

        checked = self.changed(add)
        self.assertEqual(sorted((f["kind"], f["path"]) for f in checked.json["findings"]),
                         [("extra", "Maildir/cur/1.extra:2,"), ("extra", "README")])

        def forge(info, octets):
            return [(info, octets.replace(b'"uid":2,', b'"uid":3,', 1) if info.name == "manifest.jsonl" else octets)]

        self.assertLessEqual({"root"}, self.kinds(self.changed(forge)))

        def rename(info, octets):
            if info.name == "manifest.root":
                octets = octets.replace(b"merkle ", b"merkel ")
            return [(info, octets)]

        self.assertEqual(self.kinds(self.changed(rename)), {"root"})

    def test_hostile_members_are_refused(self):
        long = "Maildir/" + "x" * 300
        harm = [archives.member("/etc/passwd", b"x"), archives.member("Maildir/../../escape", b"x"),
                archives.member("../escape", b"x"), archives.member("Maildir/cur/../../../escape", b"x"),
                archives.member("Maildir/cur/link", kind=tarfile.SYMTYPE, link="/etc/passwd"),
                archives.member("Maildir/cur/hard", kind=tarfile.LNKTYPE, link="/etc/passwd"),
                archives.member("Maildir/cur/pipe", kind=tarfile.FIFOTYPE),
                archives.member("Maildir/cur/disk", kind=tarfile.BLKTYPE),
                archives.member("Maildir/cur/tty", kind=tarfile.CHRTYPE),
                archives.member("Maildir/cur/a\nb\x1b[2J", b"x"), archives.member(long, b"x"),
                archives.member("Maildir/" + "y/" * 900, b"x"), archives.member("Maildir/cur/\u202e", b"x")]
        for evil, octets in harm:
            with self.subTest(evil.name[:40]):
                checked = self.changed(lambda info, content: ([(evil, octets)] if info.name == "manifest.jsonl" else [])
                                       + [(info, content)])
                self.assertEqual(self.kinds(checked), {"refused"}, checked)
                self.assertNotIn("\x1b", checked.out)
                self.assertNotIn("\u202e", checked.out)

    def test_doubles_and_what_follows_the_manifest(self):
        def double(info, octets):
            return [(info, octets)] * (2 if "/cur/" in info.name and info.isfile() else 1)

        self.assertEqual(self.kinds(self.changed(double)), {"refused"})

        def behind(info, octets):
            more = [archives.member("Maildir/cur/late:2,", b"late")] if info.name == "manifest.root" else []
            return [(info, octets)] + more

        self.assertEqual(self.kinds(self.changed(behind)), {"refused"})

        def twice(info, octets):
            return [(info, octets)] * (2 if info.name == "manifest.jsonl" else 1)

        self.assertIn("refused", self.kinds(self.changed(twice)))

    def test_claimed_sizes(self):
        """A header that says 5 GiB, and nothing behind it; a zip that lies about a size."""
        evil, _ = archives.member("Maildir/cur/big:2,")
        evil.size = 5 << 30
        path = self.write("big.tar", evil.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
        self.assertLessEqual({"refused"}, self.kinds(self.check(path, expect=PARTIAL)))
        with zipfile.ZipFile(self.path("lie.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("Maildir/cur/1:2,", bytes(1 << 20))
        with open(self.path("lie.zip"), "rb") as file:
            octets = bytearray(file.read())
        at = octets.index(b"PK\1\2") + 24
        octets[at:at + 4] = (10).to_bytes(4, "little")
        self.assertTrue(self.kinds(self.check(self.write("lie.zip", octets), expect=PARTIAL)))


    @unittest.skipUnless(LONG, "reads 4 GiB")
    def test_bomb(self):
        """A file of some hundred kilobytes that would fill a disk."""
        path = self.path("bomb.tar.zst")
        with subprocess.Popen(["zstd", "-q", "-o", path], stdin=subprocess.PIPE) as packer:
            for number in range(6):
                evil, _ = archives.member("Maildir/cur/%d:2," % number)
                evil.size = 1 << 30
                packer.stdin.write(evil.tobuf(tarfile.USTAR_FORMAT))
                for _ in range(1 << 10):
                    packer.stdin.write(bytes(1 << 20))
            packer.stdin.close()
        self.assertLess(os.path.getsize(path), 1 << 20)
        checked = self.check(path, expect=PARTIAL, preset="release", timeout=300)
        self.assertIn("beyond all measure", " ".join(finding["detail"] for finding in checked.json["findings"]))


class Large(Source):
    def test_memory(self):
        user, connection = self.fresh()
        line = b"All work and no play makes a large message. " * 2 + b"\r\n"
        big = b"Subject: large\r\n\r\n" + line * ((40 << 20) // len(line))
        imaputil.append(connection, "INBOX", [(big, (), None), (b"Subject: small\r\n\r\nx\r\n", (), None)])
        path = self.path("large.tar.zst")
        result = self.export(self.account(user), path, preset="release")
        self.assertEqual(result.json["totals"]["bytes"], len(big) + 21)
        checked = self.check(path, preset="release")
        self.assertEqual(checked.json["findings"], [])
        if not is_sanitized("release"):
            for one in (result, checked):
                self.assertLess(one.json.get("totals")["peak_rss"], 64 << 20)


class Corpus(ArchiveCase):
    """Real mail that lies beside the project, where it does."""

    def corpus(self, kind, back):
        """Export; `back` brings it to another server, which has to have the same."""
        directory = os.path.join(CORPUS, kind)
        if not os.path.isdir(directory):
            self.skipTest("there is no ../shared/corpus/" + kind)
        messages = mailgen.from_directory(directory)
        with dovecot.Dovecot(users=["c"]) as server:
            connection = server.login("c")
            mailgen.fill(connection, messages, server.separator, server.prefix)
            path = self.path(kind + ".tar.zst")
            self.export(Account.on(server, "c"), path)
            self.assertEqual(len(archives.check_by_hand(path)), len(messages))
            other = dovecot.Dovecot(users=["c"], authority=server.authority)
            self.addCleanup(other.stop)
            back(path, other)
            theirs = other.login("c")
            lines = oracle.compare(connection, theirs)
            theirs.shutdown()
            connection.shutdown()
        self.assertEqual(lines, [], "\n".join(lines[:20]))

    @staticmethod
    def unpack(path, other):
        archives.unpack(path, other.mail("c"))
        other.start()

    def bring_back(self, path, other):
        other.start()
        result = self.run_command([program(), "archive", "import", path, "--state", self.state,
                                   *Account.on(other, "c").arguments("target", self.dir)])
        self.assertEqual(result.status, DONE, str(result))

    def test_malformed(self):
        self.corpus("malformed", self.unpack)

    def test_malformed_and_back(self):
        self.corpus("malformed", self.bring_back)

    def test_spam(self):
        self.corpus("spam", self.unpack)

    def test_ham(self):
        self.corpus("ham", self.bring_back)


if __name__ == "__main__":
    unittest.main()
