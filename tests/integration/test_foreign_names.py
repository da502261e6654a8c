"""Names as servers have them that nobody tuned to: out of form, not valid, normalised, shared, or not there at all.

Each is looked at in every command that lists mailboxes: one name is one name, and what cannot be read is said.
"""

import os
import re
import tempfile
import unicodedata
import unittest

import certs
import dovecot
import dovecot_config
import imaputil
from harness import DONE, PARTIAL, Account, Pair, ToolCase, program
from memserver import EVERYTHING, MemServer

COMPOSED, DECOMPOSED = "Entw\u00fcrfe", "Entwu\u0308rfe"


def mail(subject):
    return b"Subject: %s\r\nMessage-ID: <%s@example.org>\r\n\r\nbody\r\n" % (subject.encode(), subject.encode())


class Case(ToolCase):
    def setUp(self):
        super().setUp()
        self.source = self.target = None

    def servers(self, source=None, target=None):
        self.source = self.enterContext(source or MemServer())
        self.target = self.enterContext(target or MemServer())

    def sides(self):
        return Account.on(self.source, scheme="plain"), Account.on(self.target, scheme="plain")

    def copied(self, *extra, expect=DONE):
        return self.copy(*self.sides(), *extra, expect=expect)

    def also(self, verb, *extra, expect=DONE):
        """Another command on the same two accounts; `archive` writes a file of its own."""
        path = os.path.join(self.dir, verb + ".json")
        command = self.command(*self.sides(), *extra, verb=verb)
        if verb == "archive":
            at = command.index("--target")
            command[2:2] = ["export", os.path.join(self.dir, "%d.tar" % len(os.listdir(self.dir)))]
            del command[at + 2:at + 10]
        command[command.index("--json") + 1] = path
        result = self.run_command(command, json_path=path)
        self.assertEqual(result.status, expect, str(result))
        return result

    def held(self, name):
        wire = imaputil.mutf7_encode(name) if isinstance(name, str) else name
        box = self.target.mailboxes.get(wire)
        return [message.octets for message in box.messages] if box else None


class ListLines(Case):
    """LIST as Exchange and others write it: the rest of the line is the name; what makes no sense at all is said."""

    def listed(self, line, name=None):
        """A source with one mailbox besides INBOX, which LIST tells in these words."""
        class Server(MemServer):
            def do_list(self, connection, arguments):
                answer = super().do_list(connection, arguments)
                connection.send(line)
                return answer
        if name is None:
            return Server(capabilities=[c for c in EVERYTHING if c != "LIST-STATUS"])

        class Hiding(Server):
            def _listed(self, reference, patterns):
                return [box for box in super()._listed(reference, patterns) if box.name != name]
        server = Hiding(capabilities=[c for c in EVERYTHING if c != "LIST-STATUS"])
        server.add_mailbox(name).add(mail("odd"))
        return server

    def test_names_out_of_form(self):
        tabs = b"INBOX/Da\tOggetto\tRicevuto\tCategorie\t"
        for line, name in ((tabs, tabs), (b"Sent Messages", b"Sent Messages"), (b'Hell"oh', b'Hell"oh'),
                           (b"a(b)", b"a(b)"), (b"a (b)", b"a (b)")):
            with self.subTest(name=name):
                self.state = os.path.join(self.dir, "state%d" % hash(name))
                self.servers(self.listed(b'* LIST (\\HasNoChildren) "/" %s\r\n' % line, name))
                self.copied()
                arrived = [m.octets for box in self.target.mailboxes.values() for m in box.messages]
                self.assertEqual(arrived, [mail("odd")])
                self.also("verify", "--against", "source")

    def test_separator_without_quotes(self):
        self.servers(self.listed(b"* LIST (\\HasNoChildren) / Foo\r\n", b"Foo"))
        self.copied()
        self.assertEqual(self.held("Foo"), [mail("odd")])

    def test_what_cannot_be_read_is_said(self):
        self.servers(self.listed(b'* LIST HasNoChildren "/" Lost\r\n'))
        self.source.find(b"INBOX").add(mail("plain"))
        result = self.copied(expect=PARTIAL)
        self.assertIn("cannot be understood", result.out)
        self.assertIn("Lost", result.out)
        self.assertNotIn("All 1 message", result.out)
        self.also("verify")  # against the record: all that was copied is there
        for verb, extra in (("verify", ["--against", "source"]), ("inventory", []), ("archive", [])):
            with self.subTest(verb=verb):
                self.assertIn("cannot be understood", self.also(verb, *extra, expect=PARTIAL).out)


class InvalidNames(Case):
    """Names that are no modified UTF-7, and a target that takes no such names."""

    NAMES = {b"caf\xc3\xa9": "caf\u00e9", b"caf\xe9 creme": "caf\u00e9 creme", b"R&D": "R&D",
             b"&AOk-&AOk-": "\u00e9\u00e9", b"&AEE-": "A", b"bad &": "bad &", b"x/R&D": "x/R&D"}

    def setUp(self):
        super().setUp()
        self.servers()
        self.target.refuse_create = self.refuse
        for name in self.NAMES:
            self.source.add_mailbox(name).add(mail("in"))

    @staticmethod
    def refuse(name):
        try:
            valid = imaputil.mutf7_encode(imaputil.mutf7_decode(name)) == name
        except (ValueError, UnicodeError):
            valid = False
        return None if valid else "[CANNOT] Mailbox name is not valid mUTF-7"

    def test_they_are_made_valid(self):
        result = self.copied()
        for valid in self.NAMES.values():
            self.assertEqual(self.held(valid), [mail("in")], valid)
        said = {p["folder"] for p in result.problems if "made valid" in p["text"]}
        self.assertEqual(said, set(self.NAMES.values()))
        self.assertEqual(self.copied().totals["copied"], 0)
        for extra in ([], ["--against", "source"]):
            self.also("verify", *extra)
        self.assertIn("made valid", self.also("inventory").out)

    def test_two_that_become_one(self):
        self.source.add_mailbox(b"R&-D").add(mail("another"))
        result = self.copied()
        self.assertEqual(sorted(self.held("R&D")), [mail("another"), mail("in")])
        self.assertIn("shares its folder", result.out)
        self.assertEqual(self.copied().totals["copied"], 0)
        self.also("verify")


class Normalising(MemServer):
    """It stores names in NFC, as RFC 9051 wants, whatever it is asked for."""

    @staticmethod
    def norm(name):
        try:
            return imaputil.mutf7_encode(unicodedata.normalize("NFC", imaputil.mutf7_decode(name)))
        except (ValueError, UnicodeError):
            return name

    def find(self, name):
        return super().find(self.norm(name))

    def add_mailbox(self, name, *attributes):
        wire = imaputil.mutf7_encode(name) if isinstance(name, str) else name
        return super().add_mailbox(self.norm(wire), *attributes)


class NormalForms(Case):
    """One name is one name, composed or not."""

    def test_target_that_normalises(self):
        self.servers(target=Normalising())
        self.source.add_mailbox(DECOMPOSED).add(mail("one"))
        self.copied()
        self.assertEqual(self.held(COMPOSED), [mail("one")])
        self.source.find(imaputil.mutf7_encode(DECOMPOSED)).add(mail("two"))
        again = self.copied()
        self.assertEqual((again.totals["copied"], again.totals["adopted"]), (1, 0))
        self.assertNotIn("replaced", again.out + again.err)
        for extra in ([], ["--against", "source"]):
            result = self.also("verify", *extra)
            self.assertEqual(result.totals["identical"], 2)

    def test_both_forms_are_one_folder_and_it_is_said(self):
        for target in (MemServer, Normalising):
            with self.subTest(target=target.__name__):
                self.state = os.path.join(self.dir, target.__name__)
                self.servers(target=target())
                for number, name in enumerate((COMPOSED, DECOMPOSED, COMPOSED + "/x", DECOMPOSED + "/x")):
                    self.source.add_mailbox(name).add(mail("m%d" % number))
                result = self.copied()
                self.assertIn("shares its folder on the target", result.out)
                counts = sorted(len(box.messages) for box in self.target.mailboxes.values())
                self.assertEqual([count for count in counts if count], [2, 2])
                self.assertEqual(self.copied().totals["copied"], 0)
                self.also("verify")
                self.also("verify", "--against", "source")

    def test_the_other_form_is_there_already(self):
        self.servers()
        self.source.add_mailbox(DECOMPOSED).add(mail("one"))
        self.target.add_mailbox(COMPOSED)
        self.copied()
        self.assertEqual(self.held(COMPOSED), [mail("one")])
        self.assertIsNone(self.held(DECOMPOSED))

    def test_patterns_in_the_other_form(self):
        self.servers()
        self.source.add_mailbox(DECOMPOSED).add(mail("one"))
        self.source.add_mailbox("Other").add(mail("two"))
        self.copied("--folder", COMPOSED, "--map", COMPOSED + "=Drafts here")
        self.assertEqual(self.held("Drafts here"), [mail("one")])
        self.assertIsNone(self.held("Other"))


class Others(Case):
    """Shared mailboxes and those of other users (RFC 2342) are not the account's own."""

    def setUp(self):
        super().setUp()
        self.servers()
        self.source.other_namespaces = b'(("Other Users/" "/")) (("Public/" "/")("#news." "."))'
        self.source.find(b"INBOX").add(mail("own"))
        self.source.add_mailbox(b"Public", "\\Noselect")
        for name in (b"Public/News", b"Public/Old", b"Other Users/ann/INBOX", b"#news.x"):
            self.source.add_mailbox(name).add(mail("theirs"))
        self.source.add_mailbox(b"Publicity").add(mail("own"))

    def test_they_are_left_out_and_named(self):
        result = self.copied()
        self.assertEqual(set(self.target.mailboxes), {b"INBOX", b"Publicity"})
        self.assertIn("4 folders are shared or of other users", result.out)
        self.assertIn("--shared", result.out)
        verified = self.also("verify", "--against", "source")
        self.assertIn("4 folders are shared", verified.out)
        self.assertEqual(verified.totals["messages"], 2)
        stock = self.also("inventory")
        self.assertIn("4 folders are shared", stock.out)
        self.assertEqual(stock.json["accounts"][0]["totals"]["messages"] if "totals" in stock.json["accounts"][0]
                         else stock.json["totals"]["messages"], 2)
        archived = self.also("archive")
        self.assertEqual(archived.totals["messages"], 2)

    def test_they_are_taken_when_asked_for(self):
        self.copied("--folder", "Public/News")
        self.assertEqual(self.held("Public/News"), [mail("theirs")])
        self.assertIsNone(self.held("Public/Old"))
        result = self.copied("--shared")
        self.assertEqual(result.totals["messages"], 6)
        self.assertNotIn("left out", result.out)
        self.assertEqual(self.also("verify", "--against", "source", "--shared").totals["identical"], 6)
        self.assertEqual(self.also("archive", "--shared").totals["messages"], 6)

    def test_what_the_target_shares_is_nobody_s_extra_mail(self):
        self.target.other_namespaces = b'NIL (("Public/" "/"))'
        self.copied()
        self.target.add_mailbox(b"Public/Here").add(mail("theirs"))
        result = self.also("verify", "--against", "source")
        self.assertEqual(result.totals["extra"], 0, str(result))


class Utf8Only(MemServer):
    """RFC 9755: nothing before ENABLE UTF8=ACCEPT, names in UTF-8; and RFC 6855: headers in UTF-8 in one form alone."""

    def __init__(self):
        super().__init__(capabilities=EVERYTHING + ("UTF8=ONLY",))
        self.wrapped, self.wants_wrapping = 0, True

    def do_enable(self, connection, arguments):
        connection.utf8 = b"UTF8=ACCEPT" in [word.upper() for word in arguments]
        return super().do_enable(connection, arguments)

    def can(self, capability):
        return super().can(capability) or (capability == "UTF8=ACCEPT" and super().can("UTF8=ONLY"))

    def find(self, name):
        name.decode("utf-8")
        return super().find(name)

    def do_list(self, connection, arguments):
        return super().do_list(connection, arguments) if hasattr(connection, "utf8") else "NO [CANNOT] ENABLE first"

    def do_create(self, connection, arguments):
        return super().do_create(connection, arguments) if hasattr(connection, "utf8") else "NO [CANNOT] ENABLE first"

    def do_append(self, connection, arguments):
        plain = []
        for word in arguments:
            if plain and plain[-1] == b"UTF8" and isinstance(word, list):
                plain[-1:] = word
                self.wrapped += 1
            elif (self.wants_wrapping and isinstance(word, bytes) and b"\r\n\r\n" in word
                  and max(word[:word.index(b"\r\n\r\n")]) >= 0x80):
                return "NO [CANNOT] use UTF8"
            else:
                plain.append(word)
        return super().do_append(connection, plain)


class Utf8(Case):
    """Names are converted by what each side speaks."""

    NAMES = (COMPOSED, COMPOSED + "/R&D", "\u65e5\u672c", "plain")

    def settled(self):
        again = self.copied()
        self.assertEqual((again.totals["already"], again.totals["copied"]), (len(self.NAMES), 0))
        self.assertNotIn("replaced", again.out + again.err)
        for extra in ([], ["--against", "source"]):
            self.assertEqual(self.also("verify", *extra).totals["identical"], len(self.NAMES))
        self.also("inventory")

    def test_source(self):
        self.servers(Utf8Only())
        for name in self.NAMES:
            self.source.add_mailbox(name.encode()).add(mail("x"))
        result = self.copied()
        self.assertNotIn("made valid", result.out)
        self.assertEqual([self.held(name) for name in self.NAMES], [[mail("x")]] * len(self.NAMES))
        self.settled()
        self.assertEqual(self.also("archive").totals["messages"], len(self.NAMES))

    def test_target(self):
        self.servers(target=Utf8Only())
        for name in self.NAMES:
            self.source.add_mailbox(name).add(mail("x"))
        self.copied()
        self.assertEqual([self.held(name.encode()) for name in self.NAMES], [[mail("x")]] * len(self.NAMES))
        self.settled()

    def test_both(self):
        self.servers(Utf8Only(), Utf8Only())
        for name in self.NAMES:
            self.source.add_mailbox(name.encode()).add(mail("x"))
        self.copied()
        self.assertEqual([self.held(name.encode()) for name in self.NAMES], [[mail("x")]] * len(self.NAMES))
        self.settled()

    def test_headers_in_utf8(self):
        """The usual form first, since RFC 9755 has no other; where that is refused, the one of RFC 6855."""
        octets = b"Subject: gr\xc3\xbc\xc3\x9fe\r\n\r\nbody\r\n"
        for wants in (False, True):
            with self.subTest(wants=wants):
                self.state = os.path.join(self.dir, "state%d" % wants)
                self.servers(target=Utf8Only())
                self.target.wants_wrapping = wants
                box = self.source.find(b"INBOX")
                for number in range(5):
                    box.add(octets if number == 2 else mail("m%d" % number), ("\\Seen", "keyword"))
                self.assertEqual(self.copied().totals["copied"], 5)
                self.assertEqual(self.target.wrapped, int(wants))
                there = [m for m in self.target.find(b"INBOX").messages if m.octets == octets]
                self.assertEqual([m.flags for m in there], [{"\\Seen", "keyword"}])
                self.assertEqual(self.copied().totals["already"], 5)


class Making(Case):
    """CREATE that is refused, or that is taken and not meant."""

    def fill(self, *names):
        for name in names:
            self.source.add_mailbox(name).add(mail("in " + name.strip().replace(" ", "-")))

    def arrived(self):
        return {name.decode(): len(box.messages) for name, box in self.target.mailboxes.items() if name != b"INBOX"}

    def settled(self, count):
        """All is there after the first run, the next does nothing and warns of nothing, verify finds it."""
        again = self.copied()
        self.assertEqual((again.totals["already"], again.totals["copied"], again.totals["adopted"]), (count, 0, 0))
        self.assertNotIn("replaced", again.out + again.err)
        for extra in ([], ["--against", "source"]):
            self.assertEqual(self.also("verify", *extra).totals["identical"], count)

    def test_mail_or_folders_but_not_both(self):
        class Flat(MemServer):
            def do_create(self, connection, arguments):
                above = arguments[0].rpartition(b"/")[0]
                if above and self.find(above):
                    return "NO [CANNOT] Mailbox doesn't allow inferior mailboxes"
                return super().do_create(connection, arguments)

            def add_mailbox(self, name, *attributes):
                return super().add_mailbox(name, *attributes, "\\NoInferiors")

        self.servers(target=Flat())
        self.fill("A", "A/B", "A/B/C", "A/B/C/D")
        result = self.copied()
        self.assertEqual(sum(self.arrived().values()), 4)
        self.assertIn("A - B", self.arrived())
        self.assertIn("it is 'A - B' there", result.out)
        self.settled(4)

    def test_characters_that_are_refused(self):
        self.servers()
        self.target.refuse_create = lambda name: (
            "[CANNOT] character not allowed" if re.search(rb"[?#*%&]", name) else None)
        self.fill("What?", "a#b", "Plain")
        self.source.add_mailbox("R&D").add(mail("in R-D"))
        result = self.copied()
        self.assertEqual(set(self.arrived()), {"What_", "a_b", "Plain", "R_D"}, str(result))
        self.assertIn("it is 'What_' there", result.out)
        self.settled(4)

    def test_opened_a_moment_later(self):
        for words in ("NO [NONEXISTENT] not yet", "NO [INUSE] wait", "NO not yet"):
            with self.subTest(words=words):
                left = {}

                class Late(MemServer):
                    def do_create(self, connection, arguments):
                        left.setdefault(arguments[0], 2)
                        return super().do_create(connection, arguments)

                    def _open(self, connection, arguments, mode):
                        if left.get(arguments[0]):
                            left[arguments[0]] -= 1
                            return words
                        return super()._open(connection, arguments, mode)

                self.state = os.path.join(self.dir, "state" + words[4:8])
                self.servers(target=Late())
                self.fill("A", "B")
                self.copied()
                self.settled(2)

    def test_never_opened(self):
        class Never(MemServer):
            def _open(self, connection, arguments, mode):
                return "NO [NONEXISTENT] never" if arguments[0] == b"A" else super()._open(connection, arguments, mode)
        self.servers(target=Never())
        self.fill("A", "B")
        result = self.copied(expect=PARTIAL)
        self.assertEqual(self.arrived(), {"A": 0, "B": 1})
        self.assertIn("cannot open 'A'", result.out)
        self.assertNotIn("replaced", self.copied(expect=PARTIAL).out)

    def trimming(self, also_when_opened):
        class Trimming(MemServer):
            def do_create(self, connection, arguments):
                return super().do_create(connection, [arguments[0].strip().lower()] + arguments[1:])

            def find(self, name):
                return super().find(name.strip().lower() if also_when_opened and name != b"INBOX" else name)
        return Trimming()

    def test_names_that_are_changed_without_a_word(self):
        for also_when_opened in (False, True):
            with self.subTest(also_when_opened=also_when_opened):
                self.state = os.path.join(self.dir, "state%d" % also_when_opened)
                self.servers(target=self.trimming(also_when_opened))
                self.fill("Foo ", "Bar", "baz")
                result = self.copied()
                self.assertEqual(self.arrived(), {"foo": 1, "bar": 1, "baz": 1}, str(result))
                self.assertIn("the target changed its name; it is 'foo' there", result.out)
                self.settled(3)


class RealServers(Pair):
    """Dovecot with mail in mbox files, where a mailbox with mail has none below it, and its check of names."""

    target_options = {"storage": "mbox"}

    def test_tree_on_files(self):
        connection = self.login(self.source)
        names = ("Teams", "Teams/Alpha", "Teams/Alpha/One", "Teams/Beta", "Plain/Child", "Plain/Child/x")
        for name in names:
            imaputil.check(connection.create(name))
            imaputil.append(connection, name, [(mail("in-" + name.replace("/", "-")), (), None)])
        result = self.copy(*self.accounts())
        self.assertEqual(result.totals["copied"], 6, str(result))
        self.assertIn("Teams - Alpha", result.out)
        again = self.copy(*self.accounts())
        self.assertEqual((again.totals["already"], again.totals["copied"]), (6, 0))
        self.assertNotIn("replaced", result.out + result.err + again.out + again.err)
        verified = self.run_command(self.command(*self.accounts(), verb="verify"))
        self.assertEqual(verified.status, DONE, str(verified))


class PublicFolders(ToolCase):
    """Dovecot with a public namespace, and Maildir directories that somebody named by hand."""

    def test_they_are_not_the_account_s_own(self):
        with tempfile.TemporaryDirectory(dir=self.dir) as public:
            os.chmod(public, 0o777)
            old = dovecot_config.version() < (2, 4)
            place = "location = maildir:%s\n" % public if old else "mail_driver = maildir\n  mail_path = %s\n" % public
            extra = ("namespace public {\n  type = public\n  prefix = Public Folders/\n  separator = /\n  "
                     "subscriptions = no\n  list = yes\n  %s}\n" % place)
            authority = certs.Authority(os.path.join(self.dir, "ca"))
            with dovecot.Dovecot(users=["u1"], authority=authority, extra=extra) as source, \
                    dovecot.Dovecot(users=["u1"], authority=authority) as target:
                connection = source.login("u1")
                self.addCleanup(connection.shutdown)
                for name in ("Mine", "Public Folders/News"):
                    imaputil.check(connection.create(imaputil.mailbox(name)))
                    imaputil.append(connection, name, [(mail("x"), (), None)])
                result = self.copy(Account.on(source), Account.on(target))
                self.assertEqual(result.totals["copied"], 1)
                self.assertIn("1 folder is shared or of other users", result.out)
                result = self.copy(Account.on(source), Account.on(target), "--shared")
                self.assertEqual(result.totals["copied"], 1)

    def test_directories_with_other_names(self):
        path = os.path.join(self.dir, "Maildir")
        for name in ("", ".Entw\u00fcrfe", ".R&D"):
            for part in ("cur", "new", "tmp"):
                os.makedirs(os.path.join(path, name, part))
            with open(os.path.join(path, name, "cur", "1.x:2,S"), "wb") as out:
                out.write(mail("x"))
        with dovecot.Dovecot(users=["u1"]) as target:
            command = [program("asan"), "copy", "--source", "maildir:" + path]
            command += Account.on(target).arguments("target", self.dir) + ["--state", self.state]
            result = self.run_command(command)
            self.assertEqual(result.status, DONE, str(result))
            self.assertIn("made valid", result.out)
            connection = target.login("u1")
            self.addCleanup(connection.shutdown)
            there = {folder.wire for folder in imaputil.folders(connection)}
            self.assertLessEqual({b"Entw&APw-rfe", b"R&-D"}, there)


class NothingMatches(Case):
    """A --folder that matches nothing is no green night."""

    def setUp(self):
        super().setUp()
        self.servers()
        self.source.find(b"INBOX").add(mail("one"))
        self.source.add_mailbox("Archive").add(mail("two"))

    def test_it_is_said_with_what_was_meant(self):
        result = self.copied("--folder", "Inboxx", expect=PARTIAL)
        self.assertIn("no folder matches --folder 'Inboxx'", result.out)
        self.assertIn("did you mean 'INBOX'?", result.out)
        self.assertNotIn("holds no message that was asked for", result.out)
        result = self.copied("--folder", "Inboxx", "--folder", "Arch*", expect=PARTIAL)
        self.assertEqual(result.totals["copied"], 1, "the others are copied nevertheless")
        self.copied("--folder", "inbox")
        for verb, extra, expect in (("verify", [], PARTIAL), ("verify", ["--against", "source"], PARTIAL),
                                    ("inventory", [], PARTIAL), ("archive", ["--folder", "INBOX"], PARTIAL)):
            with self.subTest(verb=verb):
                said = self.also(verb, "--folder", "Archve", *extra, expect=expect)
                self.assertIn("did you mean 'Archive'?", said.out)


class Refused(Case):
    """What could not be looked at is named, and no sentence says that it is not there."""

    def test_every_folder_refused(self):
        self.servers()
        self.source.find(b"INBOX").add(mail("one"))
        self.source.do_examine = lambda connection, arguments: "NO [NOPERM] not for you"
        result = self.copied(expect=PARTIAL)
        self.assertNotIn("holds no message that was asked for", result.out)
        self.assertIn("INBOX: cannot read", result.out)
        stock = self.also("inventory", expect=PARTIAL)
        self.assertIn("INBOX", stock.out)
        self.assertIn("not for you", stock.out)


if __name__ == "__main__":
    unittest.main()
