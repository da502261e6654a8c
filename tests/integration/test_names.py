"""Folder names, roles, separators, subscriptions: everything that a mailbox tree can hold."""

import unittest

import imaputil
import mailgen
import oracle
from harness import DONE, PARTIAL, SEED, Account, Pair, ToolCase
from memserver import MemServer

MAIL = (b"Subject: one\r\n\r\nbody\r\n", ("\\Seen",), None)


class Names(Pair):
    """Names with everything that needs quoting; both sides use slashes."""

    source_options = {"layout": "fs"}

    def make(self, *names):
        connection = self.login(self.source)
        for name in names:
            imaputil.check(connection.create(imaputil.mailbox(name)))
            imaputil.append(connection, name, [(b"Subject: %s\r\n\r\n." % imaputil.mutf7_encode(name), (), None)])
        return connection

    def test_characters(self):
        self.make('quote"inside', "back\\slash", "100%", "star*star", "two  blanks", " leading", "dot.inside",
                  "a&b", "&", "{12}", "(paren)", "[bracket]", "NIL", "til~de", "#hash",
                  "\u00e4\u00f6\u00fc", "\u65e5\u672c\u8a9e", "\U0001f4e7 mail", "x" * 180, "deep/er/still/deeper")
        self.copy_and_compare()

    def test_noselect_parents(self):
        connection = self.login(self.source)
        imaputil.check(connection.create("Parent/Child/Grandchild"))
        imaputil.append(connection, "Parent/Child/Grandchild", [MAIL])
        listed = {f.wire: f for f in imaputil.folders(connection)}
        self.assertIn("\\noselect", listed[b"Parent"].attributes)
        self.copy_and_compare()

    def test_empty_folders(self):
        connection = self.login(self.source)
        for name in ("Empty", "Also/Empty"):
            imaputil.check(connection.create(name))
        result = self.copy_and_compare()
        self.assertEqual(result.totals["copied"], 0)
        self.assertIn("Empty", result.folders)

    def test_subscriptions(self):
        connection = self.make("Subscribed", "Not subscribed", "A/B")
        imaputil.check(connection.subscribe("Subscribed"))
        imaputil.check(connection.subscribe("A/B"))
        self.copy_and_compare()
        theirs = {f.wire for f in imaputil.folders(self.login(self.target), "LSUB")}
        self.assertEqual(theirs & {b"Subscribed", b"Not subscribed", b"A/B"}, {b"Subscribed", b"A/B"})

    def test_inbox_in_any_spelling_and_children(self):
        connection = self.login(self.source)
        imaputil.append(connection, "INBOX", [MAIL])
        imaputil.check(connection.create("INBOX/Child"))
        imaputil.append(connection, "INBOX/Child", [MAIL])
        self.copy_and_compare()

    def test_selection_and_map(self):
        self.make("Keep", "Keep/This", "Drop", "Old/2001", "Old/2002")
        result = self.copy(*self.accounts(), "--folder", "Keep*", "--folder", "Old*", "--exclude", "*2002",
                           "--map", "Old*=Archive/Old*")
        there = oracle.tree(self.login(self.target))[0]
        self.assertIn(("Keep", "This"), there)
        self.assertIn(("Archive", "Old", "2001"), there)
        self.assertNotIn(("Drop",), there)
        self.assertNotIn(("Archive", "Old", "2002"), there)
        self.assertEqual(result.totals["copied"], 3)


class Roles(Pair):
    """Announced uses meet, whatever the folders are called."""

    source_options = {"roles": {"Gesendet": "\\Sent", "Entw&APw-rfe": "\\Drafts"}}
    target_options = {"roles": {"Sent Items": "\\Sent", "Drafts": "\\Drafts", "Junk Mail": "\\Junk"}}

    def test_roles(self):
        source, target = self.login(self.source), self.login(self.target)
        for name in ("Sent Items", "Drafts", "Junk Mail"):
            imaputil.check(target.create(imaputil.mailbox(name)))
        for name in ("Gesendet", "Entw\u00fcrfe", "Spam"):
            imaputil.check(source.create(imaputil.mailbox(name)))
            imaputil.append(source, name, [MAIL])
        result = self.copy_and_compare(compare={"mapping": {
            ("Gesendet",): ("Sent Items",), ("Entw\u00fcrfe",): ("Drafts",), ("Spam",): ("Junk Mail",)}})
        self.assertEqual(result.folders["Gesendet"]["target"], "Sent Items")


class Dots(Pair):
    """A target where a dot separates cannot keep a dot inside a name."""

    source_options = {"layout": "fs"}
    target_options = {"separator": "."}

    def test_separator_inside_a_name(self):
        connection = self.login(self.source)
        imaputil.check(connection.create("a.b/c"))
        imaputil.append(connection, "a.b/c", [MAIL])
        result = self.copy(*self.accounts())
        self.assertEqual(result.totals["copied"], 1)
        self.assertNotEqual(result.folders["a.b/c"]["target"], "a.b.c", "it would be a folder in a folder")
        target = imaputil.mutf7_encode(result.folders["a.b/c"]["target"])
        self.assertEqual(len(oracle.read_folder(self.login(self.target), target)), 1)


class InMemory(ToolCase):
    """What no real server here would take."""

    def test_name_that_is_not_mutf7(self):
        with MemServer() as source, MemServer() as target:
            for name in (b"bad &", b"&AGE-", b"caf\xc3\xa9", b"bad &ZeV/Child"):
                source.add_mailbox(name).add(b"Subject: kept\r\n\r\n" + name)
            result = self.copy(Account.on(source, scheme="plain"), Account.on(target, scheme="plain"))
            for name, valid in ((b"bad &", b"bad &-"), (b"&AGE-", b"a"), (b"caf\xc3\xa9", b"caf&AOk-"),
                                (b"bad &ZeV/Child", b"bad &-ZeV/Child")):
                arrived = [m.octets for m in target.mailboxes[valid].messages]
                self.assertEqual(arrived, [b"Subject: kept\r\n\r\n" + name], str(result))
            named = [p for p in result.problems if p["code"] == "name" and "made valid" in p["text"]]
            self.assertEqual(len(named), 4, str(result))

    def test_refused_by_the_target(self):
        """H2: neither a foreign command nor a file comes of a hostile name; what cannot be made is listed."""
        with MemServer() as source, MemServer() as target:
            source.mailboxes[b"INBOX"].add(b"Subject: arrives\r\n\r\n")
            source.add_mailbox(b"../../etc/passwd").add(b"Subject: climbs\r\n\r\n")
            source.add_mailbox(b"Reserved").add(b"Subject: stays behind\r\n\r\n")
            target.refuse_create = lambda name: "[CANNOT] reserved here" if name == b"Reserved" else None
            result = self.copy(Account.on(source, scheme="plain"), Account.on(target, scheme="plain"), expect=PARTIAL)
            self.assertEqual(len(target.mailboxes[b"INBOX"].messages), 1)
            self.assertNotIn(b"Reserved", target.mailboxes)
            problem = [p for p in result.problems if p["folder"] == "Reserved"]
            self.assertTrue(problem and "reserved here" in problem[0]["text"], str(result))

    def test_roles_are_asked_for(self):
        with MemServer() as source, MemServer() as target:
            source.add_mailbox("Abgelegt", "\\Archive").add(b"Subject: old\r\n\r\n")
            self.copy(Account.on(source, scheme="plain"), Account.on(target, scheme="plain"))
            made = [box for box in target.mailboxes.values() if "\\Archive" in box.attributes]
            self.assertEqual(len(made), 1)
            self.assertEqual(len(made[0].messages), 1)

    def test_names_that_hold_commands(self):
        """H2: CR LF, NUL and commands in names, as only a literal can bring them; the other folders arrive."""
        with MemServer() as source, MemServer() as target:
            source.mailboxes[b"INBOX"].add(b"Subject: good\r\n\r\n")
            source.add_mailbox("Other").add(b"Subject: good, too\r\n\r\n")
            for name in (b"x\r\nA1 DELETE INBOX", b"y\nA2 DELETE INBOX", b"z\" \"\r\nA3 DELETE INBOX\r\n", b"n" * 4096):
                source.add_mailbox(name).add(b"Subject: evil\r\n\r\n")
            result = self.copy(Account.on(source, scheme="plain"), Account.on(target, scheme="plain"), expect=None)
            self.assertIn(result.status, (DONE, PARTIAL), str(result))
            for line in source.received + target.received:
                self.assertNotRegex(line.upper(), rb"^A\d DELETE|^\S+ DELETE")
            self.assertEqual(len(target.mailboxes[b"INBOX"].messages), 1)
            self.assertEqual(len(target.mailboxes[b"Other"].messages), 1)
            arrived = sum(len(box.messages) for box in target.mailboxes.values())
            listed = {problem["folder"] for problem in result.problems if problem["failed"]}
            self.assertGreaterEqual(arrived + len(listed), 6, str(result))


class Generated(Pair):
    """The generator's tree, with separators and prefixes in all pairings that the other files leave out."""

    source_options = {"separator": "."}
    target_options = {"separator": "/", "prefix": "INBOX/", "layout": "fs"}

    def test_prefix_with_slashes(self):
        self.fill(mailgen.generate(SEED + 60, 60), mailgen.EMPTY_FOLDERS)
        self.copy_and_compare()


if __name__ == "__main__":
    unittest.main()
