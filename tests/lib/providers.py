"""Hosted providers and difficult servers, imitated: each behaves in the ways that hurt a migration.

They stand on memserver.MemServer, so a test can look at what arrived. Nothing here was captured from anyone; what each
does is what is known of it publicly.
"""

import base64
import re

import imaputil
import wire
from memserver import PASSWORD, MemServer

MODERN = ("IMAP4rev1", "NAMESPACE", "UIDPLUS", "SASL-IR", "AUTH=PLAIN", "ENABLE", "CHILDREN", "UNSELECT", "MOVE", "ID",
          "CONDSTORE", "SPECIAL-USE", "LIST-EXTENDED", "LIST-STATUS", "ESEARCH")


class Rewritten:
    """What stands for a connection while one response is built: rewrite(line) is what goes out."""

    def __init__(self, connection, rewrite):
        self.connection, self.rewrite = connection, rewrite

    def send(self, line):
        self.connection.send(self.rewrite(line))


class Patient(wire.Connection):
    """A connection whose server may refuse a literal when it hears of its size."""

    server = None

    def accept_literal(self, text, size, go_ahead):
        refusal = self.server.refuse_literal(self, text, size)
        if refusal:
            self.send("%s %s" % (text.split(b" ")[0].decode("ascii"), refusal))
            return False
        return super().accept_literal(text, size, go_ahead)


class Provider(MemServer):
    """most_connections: more logins than that at once are refused. token: what XOAUTH2 has to bring."""

    capabilities_before_login = None
    most_connections = 0
    token = "ya29.token"

    def __init__(self, capabilities, **options):
        self.logged_in = set()
        self.most_at_once = 0
        self.connection_class = type("Connection", (Patient,), {"server": self})
        super().__init__(capabilities, **options)

    def refuse_literal(self, connection, text, size):
        """A tagged answer without the tag ("NO ...") to a literal's announcement, or None to take it."""
        return None

    def play(self, connection):
        try:
            super().play(connection)
        finally:
            self.logged_in.discard(connection)

    def _log_in(self, connection, user, password):
        if self.most_connections and len(self.logged_in) >= self.most_connections:
            return self.too_many
        answer = super()._log_in(connection, user, password)
        if answer.startswith("OK"):
            self.logged_in.add(connection)
            self.most_at_once = max(self.most_at_once, len(self.logged_in))
        return answer

    too_many = "NO [LIMIT] Too many simultaneous connections. (Failure)"

    def do_authenticate(self, connection, arguments):
        if arguments[0].upper() != b"XOAUTH2" or not self.can("AUTH=XOAUTH2"):
            return super().do_authenticate(connection, arguments)
        response = arguments[1] if len(arguments) > 1 else None
        if response is None:
            connection.send("+ ")
            response = connection.line()
        match = re.fullmatch(rb"user=([^\1]*)\1auth=Bearer ([^\1]*)\1\1".replace(rb"\1", b"\x01"),
                             base64.b64decode(response))
        if not match or match[2].decode() != self.token:
            connection.send("+ " + base64.b64encode(b'{"status":"400","schemes":"bearer"}').decode())
            connection.line()
            return "NO [AUTHENTICATIONFAILED] AUTHENTICATE failed."
        self.users.setdefault(match[1].decode(), PASSWORD)
        return self._log_in(connection, match[1].decode(), self.users[match[1].decode()])


class Gmail(Provider):
    """Labels are folders, [Gmail] holds no mail and localized special folders, All Mail shows every message again.

    daily_bytes: APPENDs beyond are refused until new_day(); a message that it has counts nothing.
    throttle_every: each so many APPENDs say [THROTTLED].
    limit: the largest message; announce=False keeps APPENDLIMIT to itself, and too big is BAD.
    """

    FOLDERS = (("[Gmail]/Alle Nachrichten", "\\All"), ("[Gmail]/Entw\u00fcrfe", "\\Drafts"),
               ("[Gmail]/Gesendet", "\\Sent"), ("[Gmail]/Markiert", "\\Flagged"), ("[Gmail]/Papierkorb", "\\Trash"),
               ("[Gmail]/Spam", "\\Junk"), ("[Gmail]/Wichtig", "\\Important"))
    APART = ("\\Trash", "\\Junk")  # not in All Mail
    most_connections = 15
    too_many = "NO [ALERT] Too many simultaneous connections. (Failure)"

    def __init__(self, limit=35651584, announce=True, daily_bytes=0, throttle_every=0):
        names = MODERN + ("X-GM-EXT-1", "LITERAL-", "QUOTA", "AUTH=XOAUTH2", "AUTH=OAUTHBEARER")
        super().__init__(names + (("APPENDLIMIT=%d" % limit,) if announce else ()))
        self.limit, self.daily_bytes, self.throttle_every = limit, daily_bytes, throttle_every
        self.sent_today, self.appends, self.dropped = 0, 0, 0
        self.msgids = {}
        self.add_mailbox("[Gmail]", "\\Noselect", "\\HasChildren")
        for name, use in self.FOLDERS:
            self.add_mailbox(name, use, "\\HasNoChildren")
        for box in self.mailboxes.values():
            box.subscribed = "\\Noselect" not in box.attributes
        self.all_mail = next(box for box in self.mailboxes.values() if "\\All" in box.attributes)
        self.refuse_create = self._refuse_name

    @staticmethod
    def _refuse_name(name):
        last = name.split(b"/")[-1]
        if b"^" in name or b"  " in name or last != last.strip() or name.startswith(b"[Gmail]"):
            return "[CANNOT] Invalid folder name: %s (Failure)" % name.decode("ascii", "replace")
        return None

    def label(self, octets, names, flags=(), date=b"01-Jan-2020 00:00:00 +0000"):
        """Put one message under several labels, given as mailboxes; All Mail has it, too.

        Labels count as a change of the message, wherever it shows.
        """
        msgid = self.msgids.setdefault(octets, 1 << 60 | len(self.msgids) + 1)
        first = None
        for box in list(names) + ([self.all_mail] if not any(self._apart(box) for box in names) else []):
            there = next((m for m in box.messages if m.octets == octets), None)
            if there is None:
                there = box.add(octets, flags, date)
                there.msgid = msgid
            first = first or there
            there.flags, there.date = first.flags, first.date  # one message, one set of flags
        for box in self.mailboxes.values():
            for message in box.messages:
                if message.msgid == msgid:
                    box.modseq += 1
                    message.modseq = box.modseq
        return first

    def _apart(self, box):
        return any(use in box.attributes for use in self.APART)

    def new_day(self):
        self.sent_today = 0

    def refuse_literal(self, connection, text, size):
        if size > self.limit:
            return "BAD [TOOBIG] Message too large. Maximum size is %d bytes. (Failure)" % self.limit
        return None

    def do_append(self, connection, arguments):
        box, octets = self.find(arguments[0]), arguments[-1]
        self.appends += 1
        if not box:
            return "NO [TRYCREATE] Folder doesn't exist. (Failure)"
        counts = 0 if octets in self.msgids else len(octets)
        if self.daily_bytes and self.sent_today + counts > self.daily_bytes:
            return "NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)"
        self.sent_today += counts
        flags = next((word for word in arguments[1:-1] if isinstance(word, list)), [])
        date = next((word for word in arguments[1:-1] if isinstance(word, bytes)), b"01-Jan-2024 00:00:00 +0000")
        if any(m.octets == octets for m in box.messages):
            uid, box.uidnext = box.uidnext, box.uidnext + 1  # gets a UID and is dropped
            self.dropped += 1
        else:
            known = next((m for b in self.mailboxes.values() for m in b.messages if m.octets == octets), None)
            self.label(octets, [box], known.flags if known else self._kept(flags), known.date if known else date)
            uid = box.messages[-1].uid
        slow = self.throttle_every and self.appends % self.throttle_every == 0
        return "OK [APPENDUID %d %d] (Success)%s" % (box.uidvalidity, uid, " [THROTTLED]" if slow else "")

    LABELS = {"\\Drafts": b"\\Draft", "\\Sent": b"\\Sent", "\\Flagged": b"\\Starred", "\\Trash": b"\\Trash",
              "\\Junk": b"\\Spam", "\\Important": b"\\Important"}

    def _label_of(self, box):
        """As Gmail writes it: its own ones in quotes with a backslash, the others as an atom where that can be."""
        own = next((label for use, label in self.LABELS.items() if use in box.attributes), None)
        own = b"\\Inbox" if box.name == b"INBOX" else own
        return imaputil.quote(own or box.name) if own or not re.fullmatch(rb"[\w/&+,-]+", box.name) else box.name

    def labels_of(self, box, message):
        """The labels of a message but for that of the mailbox which is open."""
        return [self._label_of(other) for other in self.mailboxes.values()
                if other is not box and other is not self.all_mail
                and any(known.msgid == message.msgid for known in other.messages)]

    def _send_fetch(self, connection, box, message, items, since):
        told = b""
        if b"X-GM-MSGID" in items:
            told += b"X-GM-MSGID %d " % message.msgid
        if b"X-GM-LABELS" in items:
            told += b"X-GM-LABELS (%s) " % b" ".join(self.labels_of(box, message))
        if told:
            connection = Rewritten(connection, lambda line: line.replace(b" FETCH (", b" FETCH (" + told, 1))
        super()._send_fetch(connection, box, message, items, since)


class Microsoft(Provider):
    """XOAUTH2 alone; names in any case are the same, some are reserved; no SPECIAL-USE; throttles and hangs up.

    throttle_after: how many APPENDs until it asks for a pause of backoff_ms and ends the connection, so many times.
    """

    greeting = "The Microsoft Exchange IMAP4 service is ready."
    RESERVED = (b"calendar", b"contacts", b"journal", b"notes", b"tasks")
    most_connections = 20

    def __init__(self, limit=45 << 20, throttle_after=0, throttle_times=1, backoff_ms=300):
        super().__init__(("IMAP4", "IMAP4rev1", "AUTH=XOAUTH2", "SASL-IR", "UIDPLUS", "MOVE", "ID", "UNSELECT",
                          "CHILDREN", "IDLE", "NAMESPACE", "LITERAL+"))
        self.limit, self.backoff_ms = limit, backoff_ms
        self.throttle_after, self.throttle_times, self.appends, self.throttled = throttle_after, throttle_times, 0, 0
        for name in ("Archive", "Deleted Items", "Drafts", "Junk Email", "Outbox", "Sent Items"):
            self.add_mailbox(name)
        self.refuse_create = self._refuse_name

    def _refuse_name(self, name):
        if name.lower() in self.RESERVED:
            return "CREATE failed. The folder name is reserved."
        return None

    def find(self, name):
        return next((box for known, box in self.mailboxes.items() if known.lower() == name.lower()), None)

    def do_login(self, connection, arguments):
        return "NO LOGIN failed."

    def do_append(self, connection, arguments):
        octets = arguments[-1]
        self.appends += 1
        if self.throttle_after and self.appends % self.throttle_after == 0 and self.throttled < self.throttle_times:
            self.throttled += 1
            tag = connection.received[-1].split(b" ")[0].decode("ascii")
            connection.send("%s BAD Request is throttled. Suggested Backoff Time: %d milliseconds" % (
                tag, self.backoff_ms))
            raise wire.Closed("throttled")
        if len(octets) > self.limit or max(map(len, octets.split(b"\n"))) > 10500:
            return "BAD Command Argument Error. 11"
        box = self.find(arguments[0])
        before = len(box.messages) if box else 0
        answer = super().do_append(connection, arguments)
        if box and len(box.messages) > before:
            box.messages[-1].flags.discard("\\Flagged")  # what other programs see of it
        return answer


class Yahoo(Provider):
    """Large folders show their newest messages only, until UIDONLY is enabled; then no command may touch too many."""

    def __init__(self, limit=1000, rate_limit_every=0):
        super().__init__(tuple(c for c in MODERN if c not in ("ESEARCH", "CONDSTORE")) + (
            "LITERAL+", "OBJECTID", "UIDONLY", "PARTIAL", "APPENDLIMIT=41697280", "MESSAGELIMIT=%d" % limit))
        self.limit, self.rate_limit_every, self.fetches = limit, rate_limit_every, 0
        self.mailboxes[b"Inbox"] = self.mailboxes.pop(b"INBOX")
        self.mailboxes[b"Inbox"].name = b"Inbox"
        for name, use in (("Archive", "\\Archive"), ("Bulk", "\\Junk"), ("Draft", "\\Drafts"), ("Sent", "\\Sent"),
                          ("Trash", "\\Trash")):
            self.add_mailbox(name, use)

    def find(self, name):
        return self.mailboxes.get(b"Inbox" if name.upper() == b"INBOX" else name)

    def do_enable(self, connection, arguments):
        connection.uid_only = b"UIDONLY" in [word.upper() for word in arguments]
        connection.send("* ENABLED" + (" UIDONLY" if connection.uid_only else ""))
        return "OK done"

    def _shown(self, connection, messages):
        return messages if getattr(connection, "uid_only", False) else messages[-self.limit:]

    def _open(self, connection, arguments, mode):
        box = self.find(arguments[0])
        hidden = [] if not box or getattr(connection, "uid_only", False) else box.messages[:-self.limit]
        if hidden:
            box.messages = box.messages[len(hidden):]
        try:
            return super()._open(connection, arguments, mode)
        finally:
            if hidden:
                box.messages = hidden + box.messages

    def _most(self, messages):
        """At most so many at once, the newest ones, and the code that says so (RFC 9738)."""
        if len(messages) <= self.limit:
            return messages, "OK done"
        messages = messages[-self.limit:]
        return messages, "OK [MESSAGELIMIT %d %d] a part of it" % (self.limit, messages[0].uid)

    def do_uid_search(self, connection, arguments):
        words = [word.upper() for word in arguments]
        if [word for word in words if word not in (b"ALL", b"UID") and not re.fullmatch(rb"[\d:,*]+", word)]:
            return super().do_uid_search(connection, arguments)
        chosen = self._shown(connection, connection.box.messages)
        if b"UID" in words:
            wanted = self._chosen(connection.box, words[words.index(b"UID") + 1])
            chosen = [message for message in chosen if message in wanted]
        chosen, answer = self._most(chosen)
        connection.send(b"* SEARCH" + b"".join(b" %d" % message.uid for message in chosen) + b"\r\n")
        return answer

    def do_uid_fetch(self, connection, arguments):
        self.fetches += b"BODY.PEEK[]" in arguments[1]
        if b"BODY.PEEK[]" in arguments[1] and self.rate_limit_every and \
                self.fetches % self.rate_limit_every == 0:
            return "NO [LIMIT] UID FETCH Rate limit hit."
        shown = set(map(id, self._shown(connection, connection.box.messages)))
        chosen, answer = self._most([m for m in self._chosen(connection.box, arguments[0]) if id(m) in shown])
        items = [item.upper() for item in (arguments[1] if isinstance(arguments[1], list) else [arguments[1]])]
        for message in chosen:
            self._send_fetch(connection, connection.box, message, [i for i in items if i != b"EMAILID"], 0)
        return answer

    def _send_fetch(self, connection, box, message, items, since):
        if not getattr(connection, "uid_only", False):
            return super()._send_fetch(connection, box, message, items, since)
        uid_fetch = Rewritten(connection, lambda line: re.sub(  # RFC 9586: the UID stands for the sequence number
            rb"\A\* \d+ FETCH \(UID \d+ ?", b"* %d UIDFETCH (" % message.uid, line))
        return super()._send_fetch(uid_fetch, box, message, items, since)

    def do_append(self, connection, arguments):
        if not arguments[-1].endswith(b"\r\n"):
            return "BAD APPEND Message does not end with CRLF"
        return super().do_append(connection, arguments)


class ICloud(Provider):
    """No LITERAL+, MOVE or SPECIAL-USE; ENABLE without an answer; INBOX takes no children; 20 MB a message."""

    def __init__(self):
        super().__init__([c for c in MODERN if c not in ("MOVE", "SPECIAL-USE")] + ["QRESYNC", "XAPPLEPUSHSERVICE"])
        for name in ("Archive", "Deleted Messages", "Drafts", "Junk", "Sent Messages"):
            self.add_mailbox(name)
        self.refuse_create = lambda name: "INBOX takes no children" if name.upper().startswith(b"INBOX/") else None

    def do_enable(self, connection, arguments):
        return "OK ENABLE completed"

    def refuse_literal(self, connection, text, size):
        return "NO [TOOBIG] Message too large" if size > 20 << 20 else None


class LyingSizes(Provider):
    """Exchange on one's own server: RFC822.SIZE is what the message takes on the disk."""

    def __init__(self):
        super().__init__(("IMAP4", "IMAP4rev1", "AUTH=PLAIN", "UIDPLUS", "MOVE", "ID", "UNSELECT", "CHILDREN", "IDLE",
                          "NAMESPACE", "LITERAL+"))

    def _send_fetch(self, connection, box, message, items, since):
        lie = b"RFC822.SIZE %d" % (len(message.octets) * 3 // 2 + 517)
        lying = Rewritten(connection, lambda line: line.replace(b"RFC822.SIZE %d" % len(message.octets), lie, 1))
        super()._send_fetch(lying, box, message, items, since)


class NewUidvalidity(Provider):
    """Forgets its UIDs: each login finds the mailboxes with another UIDVALIDITY."""

    def __init__(self):
        super().__init__(MODERN + ("LITERAL+",))

    def _log_in(self, connection, user, password):
        if not self.logged_in:
            for box in self.mailboxes.values():
                box.uidvalidity += 1
                for number, message in enumerate(box.messages):
                    message.uid = number + 1
                box.uidnext = len(box.messages) + 1
        return super()._log_in(connection, user, password)


class Rev2Only(Provider):
    """IMAP4rev2 and nothing older: names are UTF-8, SEARCH is answered by ESEARCH, nothing else is announced."""

    def __init__(self):
        super().__init__(("IMAP4rev2", "AUTH=PLAIN"))

    def can(self, capability):
        return capability in ("UIDPLUS", "LIST-STATUS", "STATUS=SIZE", "MOVE", "LITERAL-", "ENABLE", "NAMESPACE")

    def add_mailbox(self, name, *attributes):
        return super().add_mailbox(name.encode("utf-8") if isinstance(name, str) else name, *attributes)

    def do_uid_search(self, connection, arguments):
        if not (arguments and isinstance(arguments[0], bytes) and arguments[0].upper() == b"RETURN"):
            arguments = [b"RETURN", [b"ALL"]] + arguments
        return super().do_uid_search(connection, arguments)


def without(*lacking):
    """A maker of plain servers that lack something."""
    return lambda: Provider([c for c in MODERN + ("LITERAL+", "MULTIAPPEND") if c not in lacking])
