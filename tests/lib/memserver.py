"""An IMAP server in memory that keeps every octet as it came, and does what a test wants of it.

Dovecot answers for real servers; this one is for what Dovecot does not do: bare LF, mailbox names that are no mUTF-7,
keywords that are not kept, folders that cannot be made, and servers without this or that capability.
"""

import base64
import itertools
import re
import threading
import time

import imaputil
import wire

BASIC = ("IMAP4rev1", "NAMESPACE", "UIDPLUS", "LITERAL+", "SASL-IR", "AUTH=PLAIN", "ENABLE", "CHILDREN", "UNSELECT",
         "MOVE")
EVERYTHING = BASIC + ("MULTIAPPEND", "CONDSTORE", "SPECIAL-USE", "CREATE-SPECIAL-USE", "LIST-EXTENDED", "LIST-STATUS",
                      "ESEARCH", "STATUS=SIZE")
PASSWORD = "pw-4711"
EMAIL_IDS = itertools.count(1)
UIDVALIDITIES = itertools.count(1000)  # no two mailboxes of any two servers are alike


def string(octets):
    """A name as the server writes it: a literal where a quoted string cannot be."""
    return b"{%d}\r\n%s" % (len(octets), octets) if re.search(rb"[\r\n\0]", octets) else imaputil.quote(octets)


class Message:
    def __init__(self, uid, octets, flags, date, modseq, email_id=None):
        self.uid, self.octets, self.flags, self.date, self.modseq = uid, octets, set(flags), date, modseq
        self.email_id = email_id or "M%d" % next(EMAIL_IDS)


class Mailbox:
    def __init__(self, name, uidvalidity):
        self.name, self.uidvalidity = name, uidvalidity
        self.uidnext, self.modseq = 1, 1
        self.messages = []
        self.expunged = []  # (UID, modification sequence)
        self.attributes = set()
        self.subscribed = False

    def remove(self, message):
        self.modseq += 1
        self.messages.remove(message)
        self.expunged.append((message.uid, self.modseq))

    def flag(self, message, *flags):
        """Set its flags, as another client does."""
        self.modseq += 1
        message.flags, message.modseq = set(flags), self.modseq

    def add(self, octets, flags=(), date=b"01-Jan-2020 00:00:00 +0000", email_id=None):
        self.modseq += 1
        message = Message(self.uidnext, octets, flags, date, self.modseq, email_id)
        self.uidnext += 1
        self.messages.append(message)
        return message


class MemServer(wire.Server):
    """Set what the test needs before the client comes.

    capabilities: what is announced. permanent_flags: None for all, else those of PERMANENTFLAGS (others are dropped).
    refuse_create(name), refuse_append(name, octets): a text such as "[CANNOT] not here" refuses, None allows.
    on_command(connection, name, arguments): called before each command; may send, close, or raise.
    refuse(connection, name, arguments): a text such as "NO [INUSE] later" instead of doing it, None does it.
    """

    greeting = "ready"

    def __init__(self, capabilities=EVERYTHING, users=("u1",), separator="/", prefix=b"", tls=None):
        self.capabilities = list(capabilities)
        self.users = {name: PASSWORD for name in users}
        self.separator, self.prefix = separator, prefix
        self.other_namespaces = b"NIL NIL"  # of other users, and shared ones (RFC 2342)
        self.permanent_flags = None
        self.refuse_create = lambda name: None
        self.refuse_append = lambda name, octets: None
        self.on_command = lambda connection, name, arguments: None
        self.refuse = lambda connection, name, arguments: None
        self.lock = threading.RLock()
        self.metadata = {}
        self.mailboxes = {}
        self.add_mailbox(b"INBOX")
        super().__init__(tls=tls)

    def url(self, user="u1", scheme="imap", host=None, port=None):
        return "%s://%s@%s:%d" % (scheme, user, host or self.host, port or self.port)

    def add_mailbox(self, name, *attributes):
        """Make a mailbox; name is bytes as on the wire, or str to be encoded."""
        wire_name = imaputil.mutf7_encode(name) if isinstance(name, str) else name
        box = Mailbox(wire_name, next(UIDVALIDITIES))
        box.attributes.update(attributes)
        self.mailboxes[wire_name] = box
        return box

    def can(self, capability):
        return capability in self.capabilities

    def find(self, name):
        return self.mailboxes.get(b"INBOX" if name.upper() == b"INBOX" else name)

    # --- the dialogue

    def play(self, connection):
        connection.user = connection.box = None
        connection.qresync = False
        connection.literal_plus = 1 << 62 if self.can("LITERAL+") else 4096 if self.can("LITERAL-") else 0
        connection.send("* OK [CAPABILITY %s] %s" % (" ".join(self.capabilities), self.greeting))
        while True:
            tag, name, arguments = connection.command()
            with self.lock:
                self.on_command(connection, name, arguments)
                handler = getattr(self, "do_" + name.lower().replace(" ", "_"), None)
                if handler is None:
                    connection.send("%s BAD unknown command" % tag)
                    continue
                answer = self.refuse(connection, name, arguments) or handler(connection, arguments)
            connection.send("%s %s" % (tag, answer))
            if name == "LOGOUT":
                return

    def do_capability(self, connection, arguments):
        connection.send("* CAPABILITY " + " ".join(self.capabilities))
        return "OK done"

    def do_noop(self, connection, arguments):
        return "OK done"

    do_check = do_noop

    def do_id(self, connection, arguments):
        connection.send("* ID NIL")
        return "OK done"

    def do_enable(self, connection, arguments):
        enabled = [word.upper().decode() for word in arguments if self.can(word.upper().decode())]
        connection.qresync = connection.qresync or "QRESYNC" in enabled
        connection.send(" ".join(["* ENABLED"] + enabled))
        return "OK done"

    def do_logout(self, connection, arguments):
        connection.send("* BYE see you")
        return "OK done"

    def do_login(self, connection, arguments):
        return self._log_in(connection, *(word.decode("utf-8") for word in arguments[:2]))

    def do_authenticate(self, connection, arguments):
        if arguments[0].upper() != b"PLAIN":
            return "NO [CANNOT] no such mechanism"
        if len(arguments) > 1:
            response = arguments[1]
        else:
            connection.send("+ ")
            response = connection.line()
        try:
            user, password = base64.b64decode(response).split(b"\0")[1:3]
        except ValueError:
            return "BAD not a PLAIN response"
        return self._log_in(connection, user.decode("utf-8"), password.decode("utf-8"))

    def _log_in(self, connection, user, password):
        if self.users.get(user) != password:
            return "NO [AUTHENTICATIONFAILED] wrong user or password"
        connection.user = user
        return "OK [CAPABILITY %s] welcome" % " ".join(self.capabilities)

    # --- mailboxes

    def do_namespace(self, connection, arguments):
        connection.send(b'* NAMESPACE ((%s "%s")) %s\r\n' % (
            string(self.prefix), self.separator.encode(), self.other_namespaces))
        return "OK done"

    def _pattern(self, reference, pattern):
        level = b"[^%s]*" % re.escape(self.separator.encode())
        return re.compile(re.escape(reference + pattern).replace(rb"\*", b".*").replace(rb"%", level), re.S)

    def _listed(self, reference, patterns):
        expressions = [self._pattern(reference, pattern) for pattern in patterns]
        return [box for name, box in sorted(self.mailboxes.items()) if any(e.fullmatch(name) for e in expressions)]

    def do_list(self, connection, arguments):
        options = [w.upper() for w in arguments.pop(0)] if isinstance(arguments[0], list) else []
        reference, patterns = arguments[0], arguments[1] if isinstance(arguments[1], list) else [arguments[1]]
        wanted = arguments[3] if len(arguments) > 3 else []
        wanted = [w.upper() if isinstance(w, bytes) else w for w in wanted]
        for box in self._listed(reference, patterns):
            if b"SUBSCRIBED" in options and not box.subscribed:
                continue
            attributes = sorted(box.attributes)
            if b"SUBSCRIBED" in wanted + options and box.subscribed:
                attributes.append("\\Subscribed")
            connection.send(b'* LIST (%s) "%s" %s\r\n' % (
                " ".join(attributes).encode(), self.separator.encode(), string(box.name)))
            if b"STATUS" in wanted and "\\Noselect" not in box.attributes:
                self._send_status(connection, box, wanted[wanted.index(b"STATUS") + 1])
        return "OK done"

    def do_lsub(self, connection, arguments):
        for box in self._listed(arguments[0], [arguments[1]]):
            if box.subscribed:
                connection.send(b'* LSUB () "%s" %s\r\n' % (self.separator.encode(), string(box.name)))
        return "OK done"

    def do_create(self, connection, arguments):
        name = arguments[0]
        refusal = self.refuse_create(name)
        if refusal:
            return "NO " + refusal
        if self.find(name):
            return "NO [ALREADYEXISTS] it is there"
        box = self.add_mailbox(name)
        if len(arguments) > 1 and arguments[1][0].upper() == b"USE":
            box.attributes.update(use.decode() for use in arguments[1][1])
        return "OK done"

    def do_delete(self, connection, arguments):
        return "OK done" if self.mailboxes.pop(arguments[0], None) else "NO [NONEXISTENT] no such mailbox"

    def do_rename(self, connection, arguments):
        old, new = arguments[0], arguments[1]
        if old not in self.mailboxes:
            return "NO [NONEXISTENT] no such mailbox"
        if self.find(new):
            return "NO [ALREADYEXISTS] it is there"
        below = old + self.separator.encode()
        for name in [name for name in self.mailboxes if name == old or name.startswith(below)]:
            box = self.mailboxes.pop(name)
            box.name = new + name[len(old):]
            self.mailboxes[box.name] = box
        return "OK done"

    def do_subscribe(self, connection, arguments):
        box = self.find(arguments[0])
        if not box:
            return "NO [NONEXISTENT] no such mailbox"
        box.subscribed = True
        return "OK done"

    def do_unsubscribe(self, connection, arguments):
        self.find(arguments[0]).subscribed = False
        return "OK done"

    def _send_status(self, connection, box, items):
        values = {b"MESSAGES": len(box.messages), b"UIDNEXT": box.uidnext, b"UIDVALIDITY": box.uidvalidity,
                  b"RECENT": 0, b"UNSEEN": sum("\\Seen" not in m.flags for m in box.messages),
                  b"HIGHESTMODSEQ": box.modseq, b"SIZE": sum(len(m.octets) for m in box.messages)}
        known = [b"%s %d" % (item.upper(), values[item.upper()]) for item in items if item.upper() in values]
        connection.send(b"* STATUS %s (%s)\r\n" % (string(box.name), b" ".join(known)))

    def do_status(self, connection, arguments):
        box = self.find(arguments[0])
        if not box:
            return "NO [NONEXISTENT] no such mailbox"
        self._send_status(connection, box, arguments[1])
        return "OK done"

    def _open(self, connection, arguments, mode):
        since = None
        if len(arguments) > 1 and arguments[1][0].upper() == b"QRESYNC":
            if not connection.qresync:
                return "BAD QRESYNC is not enabled"
            since = [int(number) for number in arguments[1][1][:2]]
        if connection.box and connection.qresync:
            connection.send("* OK [CLOSED] the one before")
        connection.box = box = self.find(arguments[0])
        if not box or "\\Noselect" in box.attributes:
            connection.box = None
            return "NO [NONEXISTENT] no such mailbox"
        connection.writable = mode == "READ-WRITE"
        permanent = self.permanent_flags
        if permanent is None:
            permanent = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft", "\\*"]
        connection.send("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)",
                        "* %d EXISTS" % len(box.messages), "* 0 RECENT",
                        "* OK [PERMANENTFLAGS (%s)] kept" % " ".join(permanent),
                        "* OK [UIDVALIDITY %d] ok" % box.uidvalidity, "* OK [UIDNEXT %d] ok" % box.uidnext)
        if self.can("CONDSTORE"):
            connection.send("* OK [HIGHESTMODSEQ %d] ok" % box.modseq)
        if since and since[0] == box.uidvalidity:
            self._send_changes(connection, box, since[1])
        return "OK [%s] done" % mode

    def _send_changes(self, connection, box, since):
        """What the answer to QRESYNC holds (RFC 7162 section 3.2.5.1)."""
        gone = ",".join(str(uid) for uid, modseq in box.expunged if modseq > since)
        if gone:
            connection.send("* VANISHED (EARLIER) " + gone)
        for message in box.messages:
            if message.modseq > since:
                self._send_fetch(connection, box, message, [b"FLAGS"], since)

    def do_select(self, connection, arguments):
        return self._open(connection, arguments, "READ-WRITE")

    def do_examine(self, connection, arguments):
        return self._open(connection, arguments, "READ-ONLY")

    def do_close(self, connection, arguments):
        if connection.box and connection.writable:
            for message in [m for m in connection.box.messages if "\\Deleted" in m.flags]:
                connection.box.remove(message)
        connection.box = None
        return "OK done"

    def do_unselect(self, connection, arguments):
        connection.box = None
        return "OK done"

    # --- entries of the server (RFC 5464)

    def do_getmetadata(self, connection, arguments):
        entry = arguments[1].lower()
        if not self.can("METADATA"):
            return "BAD unknown command"
        if entry in self.metadata:
            value = self.metadata[entry]
            connection.send(b'* METADATA "" (%s {%d}\r\n%s)\r\n' % (entry, len(value), value))
        return "OK done"

    def do_setmetadata(self, connection, arguments):
        if not self.can("METADATA"):
            return "BAD unknown command"
        entry, value = arguments[1][:2]
        if value.upper() == b"NIL":
            self.metadata.pop(entry.lower(), None)
        else:
            self.metadata[entry.lower()] = value
        return "OK done"

    # --- messages

    @staticmethod
    def _chosen(box, text):
        """The messages of a UID set."""
        last = box.messages[-1].uid if box.messages else 0
        chosen = []
        for part in text.split(b","):
            bounds = [last if bound == b"*" else int(bound) for bound in part.split(b":")]
            low, high = min(bounds), max(bounds)
            chosen += [m for m in box.messages if low <= m.uid <= high and m not in chosen]
        return sorted(chosen, key=lambda m: m.uid)

    def body_of(self, box, message):
        """The octets that FETCH gives; a test may replace it to let the server lie."""
        return message.octets

    def do_uid_fetch(self, connection, arguments):
        box = connection.box
        if not box:
            return "BAD no mailbox is selected"
        items = arguments[1] if isinstance(arguments[1], list) else [arguments[1]]
        since = 0
        if len(arguments) > 2 and arguments[2] and arguments[2][0].upper() == b"CHANGEDSINCE":
            since = int(arguments[2][1])
        for message in self._chosen(box, arguments[0]):
            if message.modseq > since:
                self._send_fetch(connection, box, message, [item.upper() for item in items], since)
        return "OK done"

    def _send_fetch(self, connection, box, message, items, since):
        parts = [b"UID %d" % message.uid]
        for item in items:
            if item == b"FLAGS":
                parts.append(b"FLAGS (%s)" % " ".join(sorted(message.flags)).encode())
            elif item == b"INTERNALDATE":
                parts.append(b'INTERNALDATE "%s"' % message.date)
            elif item == b"EMAILID" and self.can("OBJECTID"):
                parts.append(b"EMAILID (%s)" % message.email_id.encode())
            elif item == b"RFC822.SIZE":
                parts.append(b"RFC822.SIZE %d" % len(message.octets))
            elif item == b"BODY.PEEK[]":
                octets = self.body_of(box, message)
                parts.append(b"BODY[] {%d}\r\n%s" % (len(octets), octets))
            elif item == b"BODY.PEEK[HEADER]":
                end = re.search(rb"\r?\n\r?\n", message.octets)
                header = message.octets[:end.end()] if end else message.octets
                parts.append(b"BODY[HEADER] {%d}\r\n%s" % (len(header), header))
        if since or b"MODSEQ" in items:
            parts.append(b"MODSEQ (%d)" % message.modseq)
        connection.send(b"* %d FETCH (%s)\r\n" % (box.messages.index(message) + 1, b" ".join(parts)))

    @staticmethod
    def _day(message):
        return time.strptime(message.date[:11].strip().decode(), "%d-%b-%Y")

    def do_uid_search(self, connection, arguments):
        box, extended = connection.box, False
        if not box:
            return "BAD no mailbox is selected"
        if arguments and isinstance(arguments[0], bytes) and arguments[0].upper() == b"RETURN":
            arguments, extended = arguments[2:], True
        chosen, index = list(box.messages), 0
        while index < len(arguments):
            word = arguments[index].upper()
            if word == b"UID":
                index += 1
                chosen = [m for m in chosen if m in self._chosen(box, arguments[index])]
            elif word in (b"SINCE", b"BEFORE"):
                index += 1
                bound = time.strptime(arguments[index].decode(), "%d-%b-%Y")
                chosen = [m for m in chosen if (self._day(m) >= bound) == (word == b"SINCE")]
            elif re.fullmatch(rb"[\d:,*]+", word):
                pass
            elif word != b"ALL":
                return "BAD unknown search key"
            index += 1
        uids = [b"%d" % m.uid for m in chosen]
        if extended:
            tag = connection.received[-1].split(b" ")[0]
            found = b" ALL " + b",".join(uids) if uids else b""
            connection.send(b'* ESEARCH (TAG "%s") UID%s\r\n' % (tag, found))
        else:
            connection.send(b"* SEARCH" + b"".join(b" " + uid for uid in uids) + b"\r\n")
        return "OK done"

    def _kept(self, flags):
        names = {flag.decode("latin-1") for flag in flags} - {"\\Recent"}
        if self.permanent_flags is None or "\\*" in self.permanent_flags:
            return names
        return {name for name in names if name.lower() in {p.lower() for p in self.permanent_flags}}

    def do_uid_store(self, connection, arguments):
        box, how, flags = connection.box, arguments[-2].upper(), arguments[-1]
        flags = self._kept(flags if isinstance(flags, list) else [flags])
        for message in self._chosen(box, arguments[0]):
            box.modseq += 1
            message.modseq = box.modseq
            if how.startswith(b"+"):
                message.flags |= flags
            elif how.startswith(b"-"):
                message.flags -= flags
            else:
                message.flags = set(flags)
            if not how.endswith(b".SILENT"):
                self._send_fetch(connection, box, message, [b"FLAGS"], 0)
        return "OK done"

    def do_uid_copy(self, connection, arguments):
        target = self.find(arguments[1])
        if not target:
            return "NO [TRYCREATE] no such mailbox"
        chosen = self._chosen(connection.box, arguments[0])
        added = [target.add(m.octets, m.flags, m.date, m.email_id) for m in chosen]
        if not added:
            return "OK done"
        return "OK [COPYUID %d %s %s] done" % (target.uidvalidity, ",".join(str(m.uid) for m in chosen),
                                              ",".join(str(m.uid) for m in added))

    def do_uid_move(self, connection, arguments):
        answer = self.do_uid_copy(connection, arguments)
        if answer.startswith("OK"):
            self._remove(connection, self._chosen(connection.box, arguments[0]))
        return answer

    def do_uid_expunge(self, connection, arguments):
        self._remove(connection, [m for m in self._chosen(connection.box, arguments[0]) if "\\Deleted" in m.flags])
        return "OK done"

    @staticmethod
    def _remove(connection, messages):
        for message in messages:
            number = connection.box.messages.index(message) + 1
            connection.box.remove(message)
            connection.send("* VANISHED %d" % message.uid if connection.qresync else "* %d EXPUNGE" % number)

    def do_append(self, connection, arguments):
        box = self.find(arguments[0])
        if not box:
            return "NO [TRYCREATE] no such mailbox"
        waiting, flags, date = [], [], None
        for word in arguments[1:]:
            if isinstance(word, list):
                flags = word
            elif date is None and re.fullmatch(rb"[ \d]\d-\w{3}-\d{4} \d\d:\d\d:\d\d [+-]\d{4}", word):
                date = word
            else:
                refusal = self.refuse_append(box.name, word)
                if refusal:
                    return "NO " + refusal
                waiting.append((word, self._kept(flags), date or b"01-Jan-2024 00:00:00 +0000"))
                flags, date = [], None
        if len(waiting) > 1 and not self.can("MULTIAPPEND"):
            return "BAD one message only"
        added = [box.add(*message) for message in waiting]
        if not self.can("UIDPLUS"):
            return "OK done"
        return "OK [APPENDUID %d %d%s] done" % (box.uidvalidity, added[0].uid,
                                               ":%d" % added[-1].uid if len(added) > 1 else "")
