"""Mail in files as other programs keep it: taken as it is meant, or named with the reason."""

import bz2
import gzip
import lzma
import os
import plistlib
import subprocess

import stores
from harness import DONE, PARTIAL, USAGE, ToolCase, program
from stores import Files, given

WHEN = 1115121600


def message(text):
    date = "Tue, 03 May 2005 12:00:00 +0000"
    return ("From: a@x.example\nSubject: %s\nDate: %s\n\nbody of %s\n" % (text, date, text)).encode()


class ForeignCase(ToolCase):
    """From files into a Maildir, which is then read without the tool."""

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def put(self, name, octets):
        path = self.path("mail", name)
        stores.write(path, octets)
        os.utime(path, (WHEN, WHEN))

    def folder(self, *names):
        for name in names:
            for part in ("cur", "new", "tmp"):
                os.makedirs(self.path("mail", name, part), exist_ok=True)

    def take(self, scheme, *extra, expect=DONE, name="mail"):
        result = self.copy(Files(scheme, self.path(name)), Files("maildir", self.path("target")), *extra, expect=expect)
        return result

    def arrived(self):
        """{folder: {octets: flags}}"""
        there = {}
        root = self.path("target")
        for directory, _, names in os.walk(root):
            if os.path.basename(directory) not in ("cur", "new"):
                continue
            folder = os.path.dirname(directory)
            keywords = {}
            if os.path.exists(os.path.join(folder, "dovecot-keywords")):
                with open(os.path.join(folder, "dovecot-keywords"), encoding="ascii") as file:
                    keywords = {chr(97 + int(line.split()[0])): line.split()[1] for line in file}
            for name in names:
                with open(os.path.join(directory, name), "rb") as file:
                    octets = file.read()
                flags = name.partition(":2,")[2]
                there.setdefault(os.path.relpath(folder, root), {})[octets] = {keywords.get(c, c) for c in flags}
        return there

    def assert_told(self, result, *words):
        texts = [problem["text"] for problem in result.problems if problem["code"] != "name"]
        for word in words:
            self.assertTrue(any(word in text for text in texts), "%s: %s" % (word, result))
        self.assertEqual(len(texts), len(words), str(result))


class Maildirs(ForeignCase):
    def test_separators(self):
        self.folder("")
        names = ("1.M1.h;2,FS", "2.M1.h!2,FS", "3.M1.h\uf03a2,FS", "4.M1.h%3A2,FS",
                 "5.M1.h,S=4500,W=4592 2,FS", "6.M1.h_2,FS")
        for name in names:
            self.put("cur/" + name, message(name))
        self.take("maildir")
        self.assertEqual(self.arrived()["."], {given(message(name)): {"F", "S"} for name in names})

    def test_compressed(self):
        """As Dovecot's zlib plugin keeps them, with and without Z in the name, and twice; ,S= is of what is inside."""
        self.folder("")
        plain = message("compressed " * 200)
        ways = {"gz": gzip.compress(plain), "bz2": bz2.compress(plain), "xz": lzma.compress(plain),
                "twice": gzip.compress(bz2.compress(plain)),
                "two": gzip.compress(plain[:99]) + gzip.compress(plain[99:])}
        for tool in (("zstd", "-q"), ("compress", "-c")):
            try:
                ways[tool[0]] = subprocess.run(tool, input=plain, stdout=subprocess.PIPE, check=True).stdout
            except FileNotFoundError:
                continue
        for number, (way, octets) in enumerate(sorted(ways.items())):
            self.put("cur/%d.M1.h,S=%d:2,S%s" % (number, len(plain), "Z" * (number % 2)), octets)
        result = self.take("maildir")
        self.assertEqual(result.totals["copied"], len(ways))
        self.assertEqual(set(self.arrived()["."]), {given(plain)})
        verified = self.run_command(self.command(
            Files("maildir", self.path("mail")), Files("maildir", self.path("target")), "--against", "source",
            verb="verify"))
        self.assertEqual(verified.status, 0, str(verified))

    def test_what_is_no_message(self):
        """Encrypted, in one program's own format, cut, corrupt, or a picture: named, and the rest arrives."""
        self.folder("")
        whole = gzip.compress(message("x" * 3000))
        broken = {
            "mail_crypt": b"CRYPTED\x03\x07\x02\0\0\0\x01\0\0" + bytes(range(200)),
            "LZ4": b"Dovecot-LZ4\x0d\x2a\x9b\xc5" + bytes(200),
            "ends too early": whole[:-20],
            "incorrect data check": whole[:-8] + b"\0\0\0\0" + whole[-4:],
            "PNG": b"\x89PNG\r\n\x1a\n\n\n",
            "PDF": gzip.compress(b"%PDF-1.4\n\n"),
            "Outlook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        }
        for number, octets in enumerate(broken.values()):
            self.put("cur/%d.M1.h:2,S" % number, octets)
        self.put("cur/99.M1.h:2,S", message("whole"))
        result = self.take("maildir", expect=PARTIAL)
        self.assert_told(result, *broken)
        self.assertEqual(self.arrived()["."], {given(message("whole")): {"S"}})

    def test_verified_but_for_what_cannot_be_read(self):
        """One unreadable message does not keep the others of its folder from being compared with the source."""
        self.folder("")
        for number in range(8):
            self.put("cur/%d.M1.h:2,S" % number, message("whole %d" % number))
        self.put("cur/99.M1.h:2,S", b"CRYPTED\x03\x07\x02\0\0\0\x01\0\0" + bytes(range(200)))
        self.take("maildir", expect=PARTIAL)
        sides = ["--source", "maildir:" + self.path("mail"), "--target", "maildir:" + self.path("target")]
        found = self.run_command([program(), "verify", "--against", "source", "--state", self.state] + sides)
        self.assertEqual(found.status, PARTIAL, str(found))
        self.assertIn("8 of 8 identical; not to the end", found.out)
        self.assertIn("mail_crypt", found.out)
        for extra in ([], ["--scan-content"]):
            stock = self.run_command([program(), "inventory", "--source", "maildir:" + self.path("mail")] + extra)
            self.assertEqual(stock.status, PARTIAL, str(stock))
            self.assertRegex(stock.out, r"message 9 tells nothing of itself: .*mail_crypt")
            self.assertRegex(stock.out, r"\n +8 +0 +[0-9.]+ [A-Za-z]+ +[0-9.]+ [A-Za-z]+ .* INBOX")

    def test_a_bomb(self):
        self.folder("")
        octets = gzip.compress(gzip.compress(bytes(200 << 20), 9), 9)
        self.put("cur/1.M1.h:2,S", octets)
        self.assert_told(self.take("maildir", expect=PARTIAL), "beyond all measure")

    def test_trees(self):
        """KMail's, isync's, a domain's; folders beside cur as in LAYOUT=fs; blanks in names."""
        for names in (("inbox", "sent-mail", ".inbox.directory/lists", ".inbox.directory/.lists.directory/kde"),
                      ("Inbox", "Archive", "Archive/.2006", "Archive/.2006.May"),
                      ("example.org/ann", "example.org/ann/.Sent"),
                      ("", "Archive", "Archive/2005", "Old mail"),
                      ("", ".Sent", "Archive"),
                      (".Sent", ".Old mail.A b")):
            with self.subTest(names=names):
                self.setUp()
                self.folder(*names)
                for number, name in enumerate(names):
                    self.put("%s/cur/%d.M1.h:2,S" % (name or ".", number), message("in %d" % number))
                result = self.take("maildir")
                self.assertEqual(result.totals["copied"], len(names), str(result))
                self.assertEqual(sum(map(len, self.arrived().values())), len(names))

    def test_home_directory(self):
        self.folder("Maildir", "Maildir/.Sent")
        self.put("Maildir/cur/1.M1.h:2,S", message("x"))
        result = self.take("maildir", expect=USAGE)
        self.assertIn("did you mean maildir:%s?" % self.path("mail", "Maildir"), result.err)

    def test_what_lies_about(self):
        """Every file is a message, a folder's own, or named."""
        self.folder("", ".Sent")
        self.put("cur/1.M1.h:2,S", message("x"))
        for name in ("dovecot-uidlist.x", "maildirsize", "subscriptions", ".mbsyncstate", "dovecot.index.log",
                     ".Sent/maildirfolder"):
            self.put(name, b"x\n")
        self.put("outbox", b"From a@b Tue May  3 12:00:00 2005\n\nx\n")
        self.put(".Sent/lost.eml", message("y"))
        self.put("notes.txt", b"something else\n")
        os.symlink("/etc/passwd", self.path("mail", "linked"))
        os.mkfifo(self.path("mail", ".Sent", "dovecot-keywords"))
        result = self.take("maildir", expect=PARTIAL)
        self.assert_told(result, "mbox:" + self.path("mail", "outbox"), "lost.eml", "notes.txt",
                         "symbolic link", "neither")
        left = self.take("maildir", "--folder", "INBOX")
        self.assertEqual(left.problems, [])

    def test_letters_without_a_keyword(self):
        """Letters that dovecot-keywords has no name for: how many messages have which is said."""
        self.folder("")
        self.put("dovecot-keywords", b"0 NonJunk\n")
        for number, letters in enumerate(("Sa", "Sab", "c", "S")):
            self.put("cur/%d.M1.h:2,%s" % (number, letters), message("%d" % number))
        result = self.take("maildir")
        self.assertIn("2 messages have letters for keywords (bc) that dovecot-keywords does not name", result.err)
        flags = sorted(map(sorted, self.arrived()["."].values()))
        self.assertEqual(flags, [[], ["NonJunk", "S"], ["NonJunk", "S"], ["S"]])

    def test_courier(self):
        self.folder("", ".Sent")
        self.put("cur/1000000001.M1.h,S=100:2,S", message("kw"))
        self.put("cur/1000000002.M1.h:2,S", message("changed"))
        self.put(".Sent/cur/1000000003.M2.h:2,S", message("sent"))
        self.put("courierimapkeywords/:list", b"$Label1\nNonJunk\n\n"
                 b"1000000001.M1.h,S=100:0 1\n1000000002.M1.h:0\n9.gone:1\n")
        self.put("courierimapkeywords/1000000002.M1.h", b"Work\n")
        self.put("courierimapsubscribed", b"INBOX\nINBOX.Sent\n")
        self.put("courierimapuiddb", b"1 1 4\n")
        self.take("maildir")
        there = self.arrived()["."]
        self.assertEqual(there[given(message("kw"))], {"S", "$Label1", "NonJunk"})
        self.assertEqual(there[given(message("changed"))], {"S", "Work"})
        with open(self.path("target", "subscriptions"), encoding="ascii") as file:
            self.assertEqual(set(file.read().split()), {"INBOX", "Sent"})


class Mboxes(ForeignCase):
    FROM = b"From a@x.example Tue May  3 12:00:00 2005\n"

    def test_from_lines(self):
        for line in ("From a@x.example", "From ", "From -", "From a@x.example 2005-05-03 12:00:00",
                     "From a@x.example Tue May 03 12:00:00 GMT+01:00 2005",
                     "From a Tue May  3 12:00:00 2005 remote from hostx",
                     "From a@x.example Di Mai  3 12:00:00 2005", "From a@x.example Tue May  3 12:00:00 05"):
            with self.subTest(line=line):
                self.setUp()
                self.put("box", b"".join(b"%s\n%s\n" % (line.encode(), message(str(n))) for n in range(3)))
                result = self.take("mbox", name="mail/box")
                self.assertEqual(set(self.arrived()["."]), {given(message(str(n))) for n in range(3)}, str(result))

    def test_wrappings(self):
        """Compressed, with a byte order mark, MMDF, Windows' line ends: taken. What is no mbox is named or known."""
        one = self.FROM + message("one")
        self.put("2005-June.txt.gz", gzip.compress(one))
        self.put("xz.mbox.xz", lzma.compress(one))
        self.put("bom.mbox", b"\xef\xbb\xbf" + one)
        self.put("mmdf", b"\1\1\1\1\n" + message("one") + b"\1\1\1\1\n")
        self.put("crlf", one.replace(b"\n", b"\r\n"))
        self.put("filterlog.html", b"<html>\n")
        self.put("Inbox.msf", b"// mork\n")
        good = self.take("mbox")
        self.assertEqual(good.totals["copied"], 5)
        self.assertEqual(set(self.arrived()) - {"."}, {".2005-June", ".xz", ".bom", ".mmdf", ".crlf"}, str(good))
        for there in self.arrived().values():
            self.assertLessEqual(set(there), {given(message("one"))})
        self.put("mac", one.replace(b"\n", b"\r"))
        self.put("mail.zip", b"PK\x03\x04\x14\0" + bytes(40))
        self.put("cut.gz", gzip.compress(one * 9)[:-9])
        self.put("outlook.pst", b"!BDN" + bytes(600))
        self.put("letter.txt", b"Dear all\n")
        self.assert_told(self.take("mbox", expect=PARTIAL), "CR alone", "zip", "too early", "readpst", "letter.txt")

    def test_content_length(self):
        inner = self.FROM + b"Subject: inner\n\nx\n" + self.FROM + b"Subject: inner\n\n>From here\n"
        outer = b"Subject: outer\nContent-Length: %d\n\n" % len(inner) + inner
        self.put("box", self.FROM + outer + b"\n" + self.FROM + message("second"))
        self.take("mbox", name="mail/box")
        self.assertEqual(set(self.arrived()["."]), {given(outer), given(message("second"))})

    def test_apple_and_kmail(self):
        one = self.FROM + message("one")
        self.put("Archive.mbox/mbox", one)
        self.put("Archive.mbox/table_of_contents", b"\0\1")
        self.take("mbox", name="mail/Archive.mbox")
        self.assertEqual(set(self.arrived()) - {"."}, {".Archive"})
        self.setUp()
        self.put("inbox", one)
        self.put(".inbox.directory/lists", one)
        self.put(".inbox.index", b"\0\1")
        self.assertEqual(self.take("mbox").totals["copied"], 2)

    def test_a_maildir_among_them(self):
        """Thunderbird's other kind of folder: named once, and not file by file."""
        for scheme, name, octets in (("mbox", "good", self.FROM + message("one")), ("eml", "1.eml", message("one"))):
            with self.subTest(scheme=scheme):
                self.setUp()
                self.folder("Sent")
                self.put("Sent/cur/1.x:2,S", message("x"))
                self.put("Sent/cur/2.x:2,S", message("y"))
                self.put(name, octets)
                self.assert_told(self.take(scheme, expect=PARTIAL), "it is a Maildir")

    def test_two_files_of_one_name(self):
        self.put("box", self.FROM + message("one"))
        self.put("box.mbox", self.FROM + message("two"))
        result = self.take("mbox")
        self.assertEqual({name: f["copied"] for name, f in result.folders.items()}, {"box": 1, "box (2)": 1})

    def test_deleted_and_not_compacted(self):
        self.put("Inbox", self.FROM + b"X-Mozilla-Status: 0009\n" + message("gone") + b"\n"
                 + self.FROM + message("here"))
        result = self.take("mbox")
        self.assertIn("1 message is marked as deleted", result.err)


class Emls(ForeignCase):
    @staticmethod
    def emlx(octets, flags):
        return b"%-10d\n" % len(octets) + octets + plistlib.dumps({"flags": flags, "date-received": WHEN})

    def test_apple_mail(self):
        """Apple Mail's own tree: what the levels are called says nothing."""
        top = "V8/0B7FA3E0-5D5C-4C9C-9C62-D3F5D9C9C111"
        deep = "INBOX.mbox/5D5CA3E0-0B7F-4C9C-9C62-D3F5D9C9C222/Data"
        self.put("%s/%s/Messages/1.emlx" % (top, deep), self.emlx(message("1"), 1))
        self.put("%s/%s/1/2/Messages/2.emlx" % (top, deep), self.emlx(message("2"), 1 << 4 | 1 << 2))
        self.put("%s/Sent Messages.mbox/Messages/3.emlx" % top, self.emlx(message("3"), 1))
        self.put("%s/%s/Attachments/1/2/picture.png" % (top, deep), b"\x89PNG\r\n\x1a\n")
        self.put("V8/MailData/Envelope Index", b"SQLite format 3\0")
        self.put("%s/INBOX.mbox/Info.plist" % top, b"<plist/>")
        self.take("eml", name="mail/V8")
        there = self.arrived()
        self.assertEqual(there["."], {given(message("1")): {"S"}, given(message("2")): {"F", "R"}})
        self.assertEqual(there[".Sent Messages"], {given(message("3")): {"S"}})

    def test_what_is_no_whole_message(self):
        self.put("1.emlx", self.emlx(message("1"), 1)[:40])
        self.put("2.partial.emlx", self.emlx(message("2"), 1))
        self.put("3.eml", b"%PDF-1.4\n")
        self.put("4.msg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
        self.put("5.eml", message("5"))
        self.put("6.eml.gz", gzip.compress(message("6")))
        self.put("7", message("7"))
        self.put(".DS_Store", b"\0")
        result = self.take("eml", expect=PARTIAL)
        self.assertEqual(set(self.arrived()["."]), {given(message(n)) for n in "567"}, str(result))
        self.assert_told(result, "1.emlx", "2.partial.emlx", "PDF", "4.msg")


class DamagedArchives(ForeignCase):
    def test_import_names_what_is_damaged(self):
        """M10 for archives: listed, exit 1, in copy, import and verification."""
        self.folder("")
        for number in range(5):
            self.put("cur/%d.M1.h:2,S" % number, message("number %d" % number))
        file = self.path("mail.tar")
        done = self.run_command([program(name="mailmigrate"), "archive", "export", file,
                                 "--source", "maildir:" + self.path("mail")])
        self.assertEqual(done.status, 0, str(done))
        with open(file, "r+b") as archive:
            octets = archive.read()
            at = octets.index(b"body of number 2")
            archive.seek(at)
            archive.write(b"B")
        result = self.copy(Files("archive", file), Files("maildir", self.path("target")), expect=PARTIAL)
        self.assertEqual((result.totals["copied"], result.totals["failed"]), (4, 1), str(result))
        self.assert_told(result, "damaged or missing")
        json_path = self.path("verify.json")
        verified = self.run_command(self.command(Files("archive", file), Files("maildir", self.path("target")),
                                                 verb="verify"), json_path=json_path)
        self.assertEqual(verified.status, PARTIAL, str(verified))
        self.assertNotIn("every byte", verified.out)
        state = self.path("other.state")
        imported = self.run_command([program(name="mailmigrate"), "archive", "import", file, "--target",
                                     "maildir:" + self.path("second"), "--state", state])
        self.assertEqual(imported.status, PARTIAL, str(imported))
        self.assertIn("damaged or missing", imported.out)
