"""Real servers under one interface, each with what it is known to do to mail: expected by name, nothing else is let by.

A quirk applies to a message by its octets. It says what the server stores instead, or with which words it refuses.
"""

import re
from collections import namedtuple

import courier
import cyrus
import dovecot
import imaputil
import mailgen

# text: for docs/servers.md. applies(octets). Either stores(octets) -> octets, or refuses: the server's words.
# verdict: what verify calls a message that is stored so.
Quirk = namedtuple("Quirk", "name text applies stores refuses verdict", defaults=(None, None, "stored_differently"))


def _header(octets):
    """The header, up to the empty line or the end, as lines."""
    end = re.search(rb"(?:\A|\n)\r?\n", octets)
    return (octets[:end.start() + 1] if end else octets).split(b"\n")


def _bad_header(octets):
    """Cyrus wants a name and a colon right behind it on each line, and at least one line end."""
    name = re.compile(rb"[\x21-\x39\x3b-\x7e\x80-\xff]+:|[ \t]|From |>From |\r?$")
    return b"\n" not in octets or not all(name.match(line) for line in _header(octets)[:-1])


def _munged(octets):
    """Octets above 127 in the header become X."""
    size = len(b"\n".join(_header(octets)))
    return re.sub(rb"[\x80-\xff]", b"X", octets[:size]) + octets[size:]


def _crlf(octets):
    return re.sub(rb"\r*\n", b"\r\n", octets)


DOVECOT = (
    Quirk("NUL", "Dovecot hands out a NUL as 0x80", lambda octets: b"\0" in octets,
          stores=lambda octets: octets.replace(b"\0", b"\x80")),
    Quirk("line ends", "Dovecot's Maildir makes CR LF of a bare LF and of several CR before an LF, and drops a CR at "
          "the very end",
          lambda octets: _crlf(octets) != octets or octets.endswith(b"\r"),
          stores=lambda octets: re.sub(rb"\r\Z", b"", _crlf(octets))),
    Quirk("empty", "Dovecot refuses a message of no octets", lambda octets: not octets,
          refuses="Can't save a zero byte message"),
)
CYRUS = (
    Quirk("NUL", "Cyrus refuses a message with a NUL", lambda octets: b"\0" in octets,
          refuses="Message contains NUL characters"),
    Quirk("bare newlines", "Cyrus refuses a message with a bare LF", lambda octets: re.search(rb"(?<!\r)\n", octets),
          refuses="Message contains bare newlines"),
    Quirk("empty", "Cyrus refuses a message of no octets", lambda octets: not octets,
          refuses="Zero-length message literal"),
    Quirk("invalid header", "Cyrus refuses a header line without a name and a colon", _bad_header,
          refuses="Message contains invalid header"),
    Quirk("8-bit header", "Cyrus writes X for each octet above 127 in the header (munge8bit)",
          lambda octets: _munged(octets) != octets, stores=_munged, verdict="altered"),
)
CYRUS_NAMES = Quirk("names", "Cyrus refuses folder names with one of ! \" % ; < > \\ ^ ` { | }: they become _",
                    lambda components: any(char in '!"%;<>\\^`{|}' for part in components for char in part),
                    refuses="Invalid mailbox name")
CYRUS_PARENTS = Quirk("parents", "Cyrus makes the parents of a new folder as folders that can hold mail",
                      lambda components: len(components) > 1)
COURIER = (
    Quirk("line ends", "Courier makes CR LF of a bare LF and of several CR before an LF",
          lambda octets: _crlf(octets) != octets, stores=_crlf),
    Quirk("bare CR", "Courier drops every CR that no LF follows", lambda octets: re.search(rb"\r(?!\n)", octets),
          stores=lambda octets: re.sub(rb"\r+(?!\n)", b"", octets)),
    Quirk("final line end", "Courier ends the last line", lambda octets: not octets.endswith(b"\n"),
          stores=lambda octets: octets + b"\r\n"),
)


COURIER_NAMES = Quirk("names", "Courier refuses folder names with a slash: it becomes _",
                      lambda components: any("/" in part for part in components), refuses="Invalid mailbox name")
# Messages by which the servers can be told apart, beside those that mailgen makes.
TELLING = {
    "bare LF": b"Subject: lf\r\n\r\nonly\nline feeds\r\n",
    "mixed line ends": b"Subject: mixed\r\n\none\r\ntwo\nthree\rfour\r\r\n",
    "bare CR": b"Subject: cr\r\n\r\na\rb\rc\r",
    "CR CR LF": b"Subject: crcrlf\r\n\r\na\r\r\nb\r\n",
    "NUL": b"Subject: nul\r\n\r\na\0b\r\n",
    "8-bit header": b"Subject: \xe4\xf6\xfc\r\n\r\n\xff\xfe\x80\r\n",
    "no empty line": b"Subject: nothing\r\n",
    "no line end": b"Subject: nothing",
    "no header": b"this is no header\r\n\r\njust a body\r\n",
    "blank before the colon": b"Subject : x\r\nFrom: y\r\n\r\nbody\r\n",
    "From line": b"From me@old.example Mon Jan  1 2020\r\nSubject: x\r\n\r\nbody\r\n",
    "folded at once": b" continued\r\nSubject: x\r\n\r\nbody\r\n",
    "one octet": b".",
    "empty": b"",
}


class Kind:
    """One sort of server: make(users) gives one that is not started.

    quirks apply to messages, in this order; bad_name is one that applies to the components of a folder's name; parents
    is set where a parent that is made along with a folder can hold mail.
    """

    def __init__(self, name, make, quirks, bad_name=None, parents=None):
        self.name, self.make, self.quirks, self.bad_name, self.parents = name, make, quirks, bad_name, parents

    def takes_name(self, components):
        return not (self.bad_name and self.bad_name.applies(components))

    def place(self, components):
        """Where a folder goes: its own name, or what is left of one that is refused."""
        if self.takes_name(components):
            return components
        return tuple(re.sub(r'[!"#$%*/:;<>?\[\\\]^`{|}~]', "_", part) for part in components)

    def refusal(self, octets):
        """The quirk that keeps the message out, or None."""
        return next((quirk for quirk in self.quirks if quirk.refuses and quirk.applies(octets)), None)

    def stored(self, octets):
        """What the server makes of the octets; None when it refuses them."""
        if self.refusal(octets):
            return None
        for quirk in self.quirks:
            if quirk.stores and quirk.applies(octets):
                octets = quirk.stores(octets)
        return octets

    def met(self, octets):
        """The quirks that a message meets here, in turn."""
        refused = self.refusal(octets)
        if refused:
            return [refused]
        met = []
        for quirk in self.quirks:
            if quirk.stores and quirk.applies(octets):
                met.append(quirk)
                octets = quirk.stores(octets)
        return met

    def verdict(self, octets):
        """What verify has to call the message when it is stored here."""
        verdicts = {quirk.verdict for quirk in self.met(octets) if self.stored(octets) != octets}
        return "altered" if "altered" in verdicts else "stored_differently" if verdicts else "identical"


DOVECOT_KIND = Kind("Dovecot", lambda users: dovecot.Dovecot(users=users, layout="fs"), DOVECOT)
CYRUS_KIND = Kind("Cyrus", lambda users: cyrus.Cyrus(users=users), CYRUS, CYRUS_NAMES, CYRUS_PARENTS)
COURIER_KIND = Kind("Courier", lambda users: courier.Courier(users=users), COURIER, COURIER_NAMES)
KINDS = (DOVECOT_KIND, CYRUS_KIND, COURIER_KIND)


def fill(connection, messages, separator, prefix, empty=()):
    """As mailgen.fill, message by message and on servers without LITERAL+; returns [(message, the server's words)] of
    those that it refused.
    """
    by_folder, refused = {}, []
    for message in messages:
        by_folder.setdefault(message.folder, []).append(message)
    for folder in list(by_folder) + list(empty):
        name = imaputil.mailbox(mailgen.folder_name(folder, separator, prefix))
        if folder != ("INBOX",):
            status, data = connection.create(name)
            if status != "OK" and b"already exists" not in data[-1]:  # some make the parents, too
                raise RuntimeError("CREATE %s: %r" % (name, data))
        imaputil.check(connection.subscribe(name))
    for folder, here in by_folder.items():
        name = mailgen.folder_name(folder, separator, prefix)
        for message in here:
            status, data = imaputil.append_waiting(connection, name, message.octets, message.flags, message.when)
            if status != "OK":
                refused.append((message, data[-1].decode("utf-8", "replace")))
    return refused
