"""What imaplib leaves out: mUTF-7 names, quoting, parsed LIST answers, APPEND of octets as they are."""

import base64
import datetime
import re

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def mutf7_encode(name):
    """RFC 3501 section 5.1.3."""
    out, wide = [], []

    def flush():
        if wide:
            text = base64.b64encode("".join(wide).encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
            out.append("&%s-" % text.decode("ascii"))
            wide.clear()

    for char in name:
        if " " <= char <= "~":
            flush()
            out.append("&-" if char == "&" else char)
        else:
            wide.append(char)
    flush()
    return "".join(out).encode("ascii")


def mutf7_decode(octets):
    """The name, or None when the octets are not valid mUTF-7."""

    def wide(match):
        if not match[1]:
            return "&"
        text = match[1].replace(",", "/")
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-16-be")

    try:
        text = octets.decode("ascii")
        name = re.sub(r"&([A-Za-z0-9+,]*)-", wide, text)
        return name if mutf7_encode(name) == octets else None
    except ValueError:
        return None


def quote(octets):
    """A quoted string (RFC 3501 section 9) of a mailbox name on the wire."""
    return b'"' + octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def mailbox(name):
    """The argument for a mailbox name: str is encoded, bytes are taken as wire octets."""
    return quote(mutf7_encode(name) if isinstance(name, str) else name).decode("latin-1")


def _unquote(token):
    if isinstance(token, tuple):  # a literal, as imaplib gives it
        return token[1]
    if token.startswith(b'"'):
        return re.sub(rb"\\(.)", rb"\1", token[1:-1])
    return token


class Listed:
    """One LIST answer: wire name, name (None when not valid mUTF-7), separator, attributes in lower case."""

    def __init__(self, line):
        head = line[0] if isinstance(line, tuple) else line
        match = re.match(rb'\(([^)]*)\) (NIL|"(?:\\.|[^"\\])*") ', head)
        self.attributes = {a.decode("ascii").lower() for a in match[1].split()}
        self.separator = "" if match[2] == b"NIL" else _unquote(match[2]).decode("ascii")
        self.wire = line[1] if isinstance(line, tuple) else _unquote(head[match.end():])
        self.name = mutf7_decode(self.wire)

    @property
    def selectable(self):
        return not self.attributes & {"\\noselect", "\\nonexistent"}


def check(answer):
    """The data of an imaplib answer that must be OK."""
    if answer[0] != "OK":
        raise RuntimeError("server said %s %r" % answer)
    return answer[1]


def folders(connection, command="LIST"):
    """All mailboxes, as Listed; command "LSUB" gives the subscribed ones."""
    data = check(connection.list('""', '"*"') if command == "LIST" else connection.lsub('""', '"*"'))
    return [Listed(line) for line in data if line]


def date_time(when):
    """The date-time argument of APPEND for an aware datetime, in its own zone."""
    offset = int(when.utcoffset().total_seconds()) // 60
    sign = "-" if offset < 0 else "+"
    return '"%2d-%s-%04d %02d:%02d:%02d %s%02d%02d"' % (
        when.day, MONTHS[when.month - 1], when.year, when.hour, when.minute, when.second,
        sign, abs(offset) // 60, abs(offset) % 60)


def parse_date_time(octets):
    """Seconds since 1970 of an INTERNALDATE."""
    match = re.fullmatch(rb" ?(\d{1,2})-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)", octets)
    zone = datetime.timedelta(hours=int(match[8]), minutes=int(match[9])) * (-1 if match[7] == b"-" else 1)
    when = datetime.datetime(int(match[3]), MONTHS.index(match[2].decode("ascii")) + 1, int(match[1]), int(match[4]),
                             int(match[5]), int(match[6]), tzinfo=datetime.timezone(zone))
    return int(when.timestamp())


def append(connection, name, messages):
    """APPEND (octets, flags, datetime or None) tuples as they are (imaplib's own append rewrites line ends).

    One MULTIAPPEND for several of them; needs LITERAL+.
    """
    tag = connection._new_tag()
    parts = [tag, b" APPEND ", mailbox(name).encode("latin-1")]
    for octets, flags, when in messages:
        parts.append((" (%s)" % " ".join(flags)).encode("ascii"))
        if when is not None:
            parts.append(b" " + date_time(when).encode("ascii"))
        parts += [b" {%d+}\r\n" % len(octets), octets]
    connection.send(b"".join(parts) + b"\r\n")
    return check(connection._command_complete("APPEND", tag))


def append_waiting(connection, name, octets, flags=(), when=None):
    """APPEND one message as it is, with a literal that waits for the server; returns imaplib's (status, data)."""
    tag = connection._new_tag()
    line = b"%s APPEND %s (%s)" % (tag, mailbox(name).encode("latin-1"), " ".join(flags).encode("ascii"))
    if when is not None:
        line += b" " + date_time(when).encode("ascii")
    connection.send(line + b" {%d}\r\n" % len(octets))
    while connection._get_response():
        if connection.tagged_commands[tag]:  # refused before the octets were sent
            return connection._command_complete("APPEND", tag)
    connection.send(octets + b"\r\n")
    return connection._command_complete("APPEND", tag)
