"""Mail in files for the tests of stores: what the tool is given, and files as other programs write them."""

import hashlib
import mailbox
import os
import re

import imaputil

CRLF = re.compile(rb"(?<!\r)\n")


class Files:
    """One side of a run that is files: no password, no options."""

    def __init__(self, scheme, path):
        self.url = "%s:%s" % (scheme, path)

    def arguments(self, side, directory):
        del directory
        return ["--" + side, self.url]


def given(octets):
    """What is given for octets that lie in a file: CRLF for each LF that has no CR."""
    return CRLF.sub(b"\r\n", octets)


def digest(octets):
    return hashlib.sha256(octets).hexdigest()


def maildir_flags(flags):
    letters = {"\\Draft": "D", "\\Flagged": "F", "\\Answered": "R", "\\Seen": "S", "\\Deleted": "T"}
    return "".join(sorted(letters[flag] for flag in flags if flag in letters))


def fill_maildir(root, messages, lf=True):
    """Put messages into a Maildir++ by python's mailbox; every fifth one stays in new. Flags are system flags alone.

    Returns {components: [(octets as given, time, flags)]}.
    """
    os.makedirs(os.path.dirname(root), exist_ok=True)
    box = mailbox.Maildir(root, create=True)
    there = {}
    for number, message in enumerate(messages):
        folder = box
        if message.folder != ("INBOX",):
            name = ".".join(imaputil.mutf7_encode(part).decode("ascii") for part in message.folder)
            folder = box.get_folder(name) if name in box.list_folders() else box.add_folder(name)
        octets = message.octets.replace(b"\r\n", b"\n") if lf else message.octets
        flags = maildir_flags(message.flags)
        fresh = number % 5 == 0
        key = folder.add(b"x")
        old = os.path.join(folder._path, folder._lookup(key))
        path = os.path.join(folder._path, "new" if fresh else "cur", key + ("" if fresh else ":2," + flags))
        with open(old, "wb") as file:
            file.write(octets)
        os.rename(old, path)
        when = int(message.when.timestamp())
        os.utime(path, (when, when))
        kept = frozenset() if fresh else frozenset(f for f in message.flags if maildir_flags([f]))
        there.setdefault(message.folder, []).append((given(octets), when, kept))
    return there


def mbox_octets(messages, quote=True):
    """An mbox of (octets, time as the From_ line has it, header lines in front): mboxrd."""
    out = []
    for octets, when, headers in messages:
        content = headers + octets.replace(b"\r\n", b"\n")
        if quote:
            content = re.sub(rb"^(>*From )", rb">\1", content, flags=re.M)
        out.append(b"From someone@example.org " + when + b"\n" + content + (b"" if content.endswith(b"\n") else b"\n")
                   + b"\n")
    return b"".join(out)


def write(path, octets):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(octets)


def own(path, server):
    """Give a tree to the user that a server runs as."""
    if os.geteuid() == 0:
        for directory, _, names in os.walk(path):
            for name in [directory] + [os.path.join(directory, n) for n in names]:
                os.chown(name, server.uid, server.gid, follow_symlinks=False)
