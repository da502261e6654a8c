"""A comparison of two accounts that is not ours: python3's imaplib, SHA-256 of BODY[], INTERNALDATE, flags, folders.

As a program: oracle.py SOURCE TARGET, each an URL imap[s]://user@host:port with the password in the environment
(SOURCE_PASSWORD, TARGET_PASSWORD) and --ca-file FILE. Prints the differences, or "no difference".
"""

import argparse
import collections
import hashlib
import imaplib
import os
import re
import ssl
import sys
import urllib.parse

import imaputil

STEP = 200
Entry = collections.namedtuple("Entry", "uid digest size date flags")


def _fetch_parts(data):
    """imaplib's FETCH data as (attributes, literal or None) of each message."""
    parts = []
    for item in data:
        if isinstance(item, tuple):
            parts.append([item[0], item[1]])
        elif item and parts and not re.match(rb"\d+ \(", item):
            parts[-1][0] += b" " + item  # what follows the literal
        elif item:
            parts.append([item, None])
    return parts


def _entry(head, body, change):
    uid = re.search(rb"\bUID (\d+)", head)
    if not uid:
        return None  # an unsolicited FETCH of flags
    flags = re.search(rb"\bFLAGS \(([^)]*)\)", head)
    date = re.search(rb'INTERNALDATE "([^"]+)"', head)
    octets = change(b"" if body is None else body)
    kept = frozenset(f.decode("latin-1") for f in flags[1].split() if f.lower() != b"\\recent")
    when = imaputil.parse_date_time(date[1])
    if octets is None:
        return Entry(int(uid[1]), None, 0, when, kept)
    return Entry(int(uid[1]), hashlib.sha256(octets).hexdigest(), len(octets), when, kept)


def as_it_is(octets):
    return octets


def read_octets(connection, wire):
    """The octets of each message of a mailbox, by UID."""
    read = {}

    def keep(octets):
        read[len(read)] = octets
        return octets

    entries = read_folder(connection, wire, keep)
    return {entry.uid: read[number] for number, entry in enumerate(entries)}


def read_folder(connection, wire, change=as_it_is):
    """All messages of a mailbox, as Entry in UID order, read without touching it.

    change: what to make of each message's octets before they are looked at; None leaves the message out.
    """
    imaputil.check(connection.select(imaputil.mailbox(wire), readonly=True))
    uids = imaputil.check(connection.uid("SEARCH", "ALL"))[0].split()
    entries = []
    for start in range(0, len(uids), STEP):
        chunk = b",".join(uids[start:start + STEP]).decode("ascii")
        data = imaputil.check(connection.uid("FETCH", chunk, "(UID FLAGS INTERNALDATE BODY.PEEK[])"))
        entries += [entry for entry in (_entry(*part, change) for part in _fetch_parts(data)) if entry]
    if len(entries) != len(uids):
        raise RuntimeError("%r: %d messages, but %d were fetched" % (wire, len(uids), len(entries)))
    return [entry for entry in entries if entry.digest]


def prefix_of(connection):
    """The personal namespace's prefix, as wire octets."""
    typ, data = connection.namespace()
    match = re.match(rb'\(\("((?:\\.|[^"\\])*)"', data[0] or b"") if typ == "OK" else None
    return re.sub(rb"\\(.)", rb"\1", match[1]) if match else b""


def components(listed, prefix):
    """What a mailbox's name is made of without prefix and separator: comparable between servers."""
    wire, name = listed.wire, listed.name
    if wire.upper() == b"INBOX":
        return ("INBOX",)
    if prefix and wire.startswith(prefix):
        wire = wire[len(prefix):]
        name = imaputil.mutf7_decode(wire)
    text = wire.decode("latin-1") if name is None else name
    return tuple(text.split(listed.separator)) if listed.separator else (text,)


def _show(folder):
    return "/".join(folder)


def compare_entries(folder, source, target):
    """Differences of two lists of Entry, as lines."""
    lines = []
    left = collections.Counter((e.digest, e.date, e.flags) for e in source)
    right = collections.Counter((e.digest, e.date, e.flags) for e in target)
    only_left, only_right = left - right, right - left
    spare = collections.defaultdict(list)
    for entry in target:
        key = (entry.digest, entry.date, entry.flags)
        if only_right[key]:
            only_right[key] -= 1
            spare[entry.digest].append(entry)
    for entry in source:
        key = (entry.digest, entry.date, entry.flags)
        if not only_left[key]:
            continue
        only_left[key] -= 1
        label = "%s: source UID %d (%d octets)" % (_show(folder), entry.uid, entry.size)
        if not spare[entry.digest]:
            lines.append(label + " is not on the target")
            continue
        other = spare[entry.digest].pop()
        if other.date != entry.date:
            lines.append("%s, target UID %d: INTERNALDATE differs by %d s" % (
                label, other.uid, other.date - entry.date))
        if other.flags != entry.flags:
            lines.append("%s, target UID %d: flags %s became %s" % (
                label, other.uid, sorted(entry.flags), sorted(other.flags)))
    for entries in spare.values():
        lines += ["%s: target UID %d (%d octets) is not on the source" % (_show(folder), entry.uid, entry.size)
                  for entry in entries]
    return lines


def tree(connection):
    """(components -> Listed of every mailbox, set of components that are subscribed)."""
    prefix = prefix_of(connection)
    subscribed = {components(f, prefix) for f in imaputil.folders(connection, "LSUB") if f.selectable}
    return {components(f, prefix): f for f in imaputil.folders(connection)}, subscribed


def compare(source, target, mapping=None, left_out=(), subscriptions=True, extra_folders=False, change=as_it_is,
            extra_parents=False):
    """All differences between two logged-in imaplib connections, as a list of lines; empty when there are none.

    mapping: source components -> target components where they are not the same. left_out: source folders that need not
    be there. extra_folders: allow folders on the target that the source lacks; extra_parents: those above folders that
    it has, if they are empty. change: what the target is known to make of a message's octets, None for a message that
    it does not take.
    """
    ours, ours_subscribed = tree(source)
    theirs, theirs_subscribed = tree(target)
    mapping = mapping or {}
    lines, expected = [], set()
    for folder, listed in sorted(ours.items()):
        if folder in left_out or not listed.selectable:
            continue
        there = mapping.get(folder, folder)
        expected.add(there)
        if there not in theirs or not theirs[there].selectable:
            lines.append("%s: no such folder on the target" % _show(there))
            continue
        lines += compare_entries(folder, read_folder(source, listed.wire, change),
                                 read_folder(target, theirs[there].wire))
        if subscriptions and folder in ours_subscribed and there not in theirs_subscribed:
            lines.append("%s: subscribed on the source only" % _show(folder))
    if not extra_folders:
        lines += ["%s: folder on the target only" % _show(folder) for folder, listed in sorted(theirs.items())
                  if listed.selectable and folder not in expected and folder != ("INBOX",)
                  and not (extra_parents and any(other[:len(folder)] == folder for other in expected)
                           and not read_folder(target, listed.wire))]
    return lines


def count(connection):
    """Messages in all selectable mailboxes."""
    total = 0
    for listed in imaputil.folders(connection):
        if listed.selectable:
            total += int(imaputil.check(connection.select(imaputil.mailbox(listed.wire), readonly=True))[0])
    return total


def snapshot(connection):
    r"""What must stay on a source: of each mailbox RECENT, by UID flags with \Recent and MODSEQ, and STATUS."""
    result = {}
    for listed in imaputil.folders(connection):
        if not listed.selectable:
            continue
        name = imaputil.mailbox(listed.wire)
        imaputil.check(connection.select(name, readonly=True))
        recent = connection.response("RECENT")[1]
        data = imaputil.check(connection.fetch("1:*", "(UID FLAGS MODSEQ)")) if connection_exists(connection) else []
        flags = {}
        for item in data:
            head = item[0] if isinstance(item, tuple) else item
            uid = re.search(rb"UID (\d+)", head or b"")
            if uid:
                flags[int(uid[1])] = (tuple(sorted(re.search(rb"FLAGS \(([^)]*)\)", head)[1].split())),
                                      int(re.search(rb"MODSEQ \((\d+)\)", head)[1]))
        status = imaputil.check(connection.status(name, "(MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ)"))
        numbers = re.search(rb"\((MESSAGES [^)]*)\)", status[0])[1]
        result[listed.wire] = (recent, flags, numbers)
    return result


def connection_exists(connection):
    """Whether the selected mailbox holds messages."""
    data = connection.untagged_responses.get("EXISTS")
    return bool(data and data[-1] and int(data[-1]))


def connect(url, password, ca_file=None):
    parts = urllib.parse.urlsplit(url)
    user = urllib.parse.unquote(parts.username)
    context = ssl.create_default_context(cafile=ca_file)
    if parts.scheme == "imaps":
        connection = imaplib.IMAP4_SSL(parts.hostname, parts.port or 993, ssl_context=context)
    else:
        connection = imaplib.IMAP4(parts.hostname, parts.port or 143)
        connection.starttls(context)
    connection.login(user, password)
    return connection


def main():
    parser = argparse.ArgumentParser(description="Compare two IMAP accounts with python3's imaplib.")
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--ca-file")
    options = parser.parse_args()
    source = connect(options.source, os.environ["SOURCE_PASSWORD"], options.ca_file)
    target = connect(options.target, os.environ["TARGET_PASSWORD"], options.ca_file)
    lines = compare(source, target)
    for line in lines:
        print(line)
    print("%d messages on the source, %d on the target" % (count(source), count(target)))
    print("%d differences" % len(lines) if lines else "no difference")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
