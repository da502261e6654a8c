"""Sample mail of the kinds that people have, the same for the same seed.

`generate()` gives about 300 messages in a dozen folders; `fill()` puts messages into an account through IMAP.
Run as a program it writes the messages as files: mailgen.py DIRECTORY [SEED].
"""

import base64
import datetime
import os
import random
import sys
from collections import namedtuple

import imaputil

# folder: components of the name; octets: as they go into APPEND; flags; when: INTERNALDATE with its zone.
Message = namedtuple("Message", "folder octets flags when kind")

FOLDERS = (
    ("INBOX",), ("Sent",), ("Drafts",), ("Junk",), ("Trash",), ("Archive", "2019"), ("Archive", "2020"),
    ("Projects",), ("Projects", "2019", "Bridge"), ("Projects", "2019", "Tunnel & Tower"), ("Entw\u00fcrfe alt",),
    ("\u65e5\u672c\u8a9e", "\u4ed5\u4e8b"), ("\u0420\u0430\u0431\u043e\u0442\u0430",), ('He said "no"',),
    ("back\\slash",), ("100% sure",), ("two  spaces",), ("a&b",),
)
EMPTY_FOLDERS = (("Nothing here",), ("Projects", "2020"))
KEYWORDS = ("$Forwarded", "$MDNSent", "NonJunk", "Label1", "work")
SYSTEM_FLAGS = ("\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted")

WORDS = ("meeting bridge invoice tomorrow please review attached draft schedule concrete train delay lunch holiday "
         "budget figures contract signed question answer server backup weather garden recipe photo concert").split()
NAMES = ("Ada Lovelace <ada@old.example>", "\"Nobody, Really\" <nobody@old.example>", "grace@old.example",
         "=?utf-8?q?J=C3=BCrgen_Gro=C3=9F?= <juergen@old.example>", "list-owner@lists.example")
# A made-up PKCS #7 blob: what matters is that not one octet of a signed message changes.
SIGNATURE = base64.encodebytes(bytes(range(256)) * 4).replace(b"\n", b"\r\n")


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.number = 0

    def text(self, lines):
        pick = self.random
        return "".join(" ".join(pick.choice(WORDS) for _ in range(pick.randint(3, 11))).capitalize() + ".\r\n"
                       for _ in range(lines))

    def blob(self, size):
        return base64.encodebytes(self.random.randbytes(size)).replace(b"\n", b"\r\n")

    def boundary(self):
        return "=_%032x" % self.random.getrandbits(128)

    def header(self, subject=None, message_id=True, extra=""):
        pick = self.random
        when = self.when().strftime("%a, %d %b %Y %H:%M:%S %z")
        lines = ["Return-Path: <bounce@old.example>",
                 "Received: from mx.old.example (mx.old.example [192.0.2.%d])\r\n"
                 "\tby imap.old.example with ESMTP id %08X;\r\n\t%s" % (
                     pick.randint(1, 254), pick.getrandbits(32), when),
                 "From: " + pick.choice(NAMES), "To: " + pick.choice(NAMES),
                 "Subject: " + (subject or self.text(1).strip()), "Date: " + when]
        if message_id:
            lines.append("Message-ID: <%d.%08x@old.example>" % (self.number, pick.getrandbits(32)))
        return "\r\n".join(lines) + "\r\nMIME-Version: 1.0\r\n" + extra

    def when(self):
        pick = self.random
        zone = datetime.timezone(datetime.timedelta(minutes=pick.choice((0, 60, 120, -300, -480, 330, 345, 540, -210))))
        start = datetime.datetime(2001, 1, 1, tzinfo=datetime.timezone.utc)
        return (start + datetime.timedelta(seconds=pick.randrange(22 * 365 * 86400))).astimezone(zone)

    def plain(self):
        return (self.header() + "Content-Type: text/plain; charset=us-ascii\r\n\r\n" + self.text(12)).encode("ascii")

    def html(self):
        body = "<html><body><p>" + self.text(5) + "</p></body></html>\r\n"
        return (self.header() + "Content-Type: text/html; charset=utf-8\r\n\r\n" + body).encode("utf-8")

    def alternative(self):
        mark = self.boundary()
        return (self.header() + "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n" % mark
                + "--%s\r\nContent-Type: text/plain\r\n\r\n%s\r\n" % (mark, self.text(4))
                + "--%s\r\nContent-Type: text/html\r\n\r\n<p>%s</p>\r\n" % (mark, self.text(4))
                + "--%s--\r\n" % mark).encode("ascii")

    def attachment(self, size=None):
        mark = self.boundary()
        head = (self.header() + "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n" % mark
                + "--%s\r\nContent-Type: text/plain\r\n\r\n%s\r\n" % (mark, self.text(3))
                + "--%s\r\nContent-Type: application/pdf; name=\"plan.pdf\"\r\n" % mark
                + "Content-Transfer-Encoding: base64\r\n\r\n").encode("ascii")
        return head + self.blob(size or self.random.randint(2000, 60000)) + ("--%s--\r\n" % mark).encode("ascii")

    def japanese(self):
        text = "\u3053\u3093\u306b\u3061\u306f\u3001\u660e\u65e5\u306f\u5341\u6642\u3067\u3059\u3002\r\n"
        subject = base64.b64encode("\u4f1a\u8b70\u306e\u4ef6".encode("iso2022_jp")).decode("ascii")
        head = self.header(subject="=?ISO-2022-JP?B?%s?=" % subject)
        head += "Content-Type: text/plain; charset=ISO-2022-JP\r\n\r\n"
        return head.encode("ascii") + text.encode("iso2022_jp") * self.random.randint(2, 9)

    def nested(self):
        mark = self.boundary()
        inner = self.alternative().decode("ascii")
        return (self.header("Fwd: nested") + "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n" % mark
                + "--%s\r\nContent-Type: message/rfc822\r\n\r\n%s\r\n--%s--\r\n" % (mark, inner, mark)).encode("ascii")

    def signed(self):
        mark = self.boundary()
        head = (self.header() + "Content-Type: multipart/signed; micalg=sha-256;\r\n"
                "\tprotocol=\"application/pkcs7-signature\";\r\n\tboundary=\"%s\"\r\n\r\n"
                "--%s\r\nContent-Type: text/plain\r\n\r\nSigned  text \r\n%s\r\n--%s\r\n"
                "Content-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                % (mark, mark, self.text(3), mark)).encode("ascii")
        return head + SIGNATURE + ("--%s--\r\n" % mark).encode("ascii")

    def eight_bit(self):
        body = "Sch\u00f6ne Gr\u00fc\u00dfe aus K\u00f6ln, 20 \u20ac\r\n" * 4
        head = self.header(subject="Gr\u00fc\u00dfe, unverschl\u00fcsselt")
        head += "Content-Type: text/plain; charset=iso-8859-15\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        return (head + body).encode("iso-8859-15")

    def every_octet(self):
        octets = bytes(range(1, 256)).replace(b"\r", b"").replace(b"\n", b"")
        return self.header().encode("ascii") + b"Content-Type: application/octet-stream\r\n\r\n" + octets * 3 + b"\r\n"

    def long_line(self, size=1 << 20):
        return self.header("one long line").encode("ascii") + b"\r\n" + b"0123456789abcdef" * (size // 16) + b"\r\n"

    def no_message_id(self):
        return (self.header(message_id=False) + "\r\n" + self.text(5)).encode("ascii")

    def same_message_id(self):
        return (self.header(message_id=False) + "Message-ID: <same@old.example>\r\n\r\n" + self.text(5)).encode("ascii")

    def no_headers(self):
        return ("\r\nOnly a body, number %d.\r\n" % self.number).encode("ascii")

    def no_body(self):
        return (self.header("nothing follows") + "\r\n").encode("ascii")

    def no_separator(self):
        return self.header("not even an empty line").encode("ascii")

    def no_final_newline(self):
        return (self.header() + "\r\n" + self.text(2)).encode("ascii") + b"the end, without a line end"

    def bare_cr(self):
        return (self.header() + "\r\n").encode("ascii") + b"one\rtwo\rthree\r\nfour\r\n"

    def bare_lf(self):
        return (self.header() + "\r\n" + self.text(4)).replace("\r\n", "\n").encode("ascii")

    def dots_and_from(self):
        return (self.header() + "\r\n.\r\n..\r\nFrom here on\r\n>From there\r\n" + self.text(1)).encode("ascii")

    def flags(self, folder):
        pick = self.random
        chosen = [f for f in SYSTEM_FLAGS if pick.random() < (0.6 if f == "\\Seen" else 0.1)]
        chosen += [k for k in KEYWORDS if pick.random() < 0.08]
        return tuple(chosen + (["\\Draft"] if folder[0] == "Drafts" and "\\Draft" not in chosen else []))


# How often each kind comes, of 100; the rare ones come at least once in `generate`.
COMMON = (("plain", 22), ("html", 16), ("alternative", 18), ("attachment", 12), ("japanese", 6), ("nested", 5),
          ("signed", 5), ("eight_bit", 6), ("no_message_id", 4), ("same_message_id", 3), ("dots_and_from", 3))
RARE = ("every_octet", "long_line", "no_headers", "no_body", "no_separator", "no_final_newline", "bare_cr", "bare_lf")


def generate(seed=1, count=300, folders=FOLDERS, rare=RARE):
    """`count` messages over `folders`, a list of Message. INBOX gets a third of them."""
    maker = Generator(seed)
    kinds = [kind for kind, share in COMMON for _ in range(share)]
    messages = []
    for number in range(count):
        maker.number = number
        kind = rare[number] if number < len(rare) else maker.random.choice(kinds)
        folder = folders[0] if number % 3 == 0 or len(folders) == 1 else folders[1 + number % (len(folders) - 1)]
        octets = getattr(maker, kind)()
        messages.append(Message(folder, octets, maker.flags(folder), maker.when(), kind))
    return messages


def from_directory(path):
    """Each file below `path` as a message; bare LF becomes CRLF, empty files are left out (no server takes them).

    A sub-directory is a folder; the files of `path` itself are dealt out to the generator's folders in turn.
    """
    messages = []
    maker = Generator(1)
    for directory, names, files in os.walk(path):
        names.sort()
        parts = tuple(part.replace(".", "_") for part in os.path.relpath(directory, path).split(os.sep) if part != ".")
        for number, name in enumerate(sorted(files)):
            with open(os.path.join(directory, name), "rb") as file:
                octets = file.read().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            folder = parts or FOLDERS[number % len(FOLDERS)]
            if octets:
                messages.append(Message(folder, octets, maker.flags(folder), maker.when(), "file"))
    return messages


def folder_name(components, separator="/", prefix=""):
    """The server's name of a folder; INBOX stands outside the prefix."""
    return "INBOX" if components == ("INBOX",) else prefix + separator.join(components)


def fill(connection, messages, separator="/", prefix="", empty=(), subscribe=True, batch=100):
    """Create the folders and APPEND the messages, in order within each folder."""
    by_folder = {}
    for message in messages:
        by_folder.setdefault(message.folder, []).append(message)
    for folder in list(by_folder) + list(empty):
        name = imaputil.mailbox(folder_name(folder, separator, prefix))
        if folder != ("INBOX",):
            imaputil.check(connection.create(name))
        if subscribe:
            imaputil.check(connection.subscribe(name))
    for folder, here in by_folder.items():
        name = folder_name(folder, separator, prefix)
        for start in range(0, len(here), batch):
            imaputil.append(connection, name, [(m.octets, m.flags, m.when) for m in here[start:start + batch]])


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for number, message in enumerate(generate(seed)):
        directory = os.path.join(sys.argv[1], *(part.replace("/", "_") for part in message.folder))
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, "%04d.eml" % number), "wb") as out:
            out.write(message.octets)


if __name__ == "__main__":
    main()
