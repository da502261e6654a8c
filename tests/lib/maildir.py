"""Damage to the Maildir of a stopped or running Dovecot, behind its back."""

import os
import re


def files(root):
    """All messages below a directory."""
    for directory, _, names in os.walk(root):
        if os.path.basename(directory) in ("cur", "new"):
            for name in names:
                yield os.path.join(directory, name)


def find(root, needle):
    """The one message that contains `needle`."""
    found = []
    for path in files(root):
        with open(path, "rb") as file:
            if needle in file.read():
                found.append(path)
    if len(found) != 1:
        raise RuntimeError("%d messages contain %r" % (len(found), needle))
    return found[0]


def forget_caches(root):
    """What Dovecot remembers of dates and sizes would hide a change."""
    for directory, _, names in os.walk(root):
        for name in names:
            if name.startswith("dovecot.index"):
                os.unlink(os.path.join(directory, name))


def rewrite(path, change):
    """Put change(octets) in place of the content; owner, date, UID and (without the sizes in it) the name stay."""
    status = os.stat(path)
    with open(path, "rb") as file:
        octets = file.read()
    changed = change(octets)
    if changed == octets:
        raise RuntimeError("nothing to change in " + path)
    with open(path, "wb") as file:
        file.write(changed)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    if len(changed) != len(octets):
        _rename_without_sizes(path)


def _rename_without_sizes(path):
    directory, name = os.path.split(path)
    shorter = re.sub(r",[SW]=\d+", "", name)
    os.rename(path, os.path.join(directory, shorter))
    folder = os.path.dirname(directory)
    uidlist = os.path.join(folder, "dovecot-uidlist")
    with open(uidlist, "r+b") as file:
        lines = file.read()
        old, new = (re.sub(":2,.*", "", text).encode("ascii") for text in (name, shorter))
        if old not in lines:
            raise RuntimeError("%s knows no %s" % (uidlist, name))
        file.seek(0)
        file.truncate()
        file.write(re.sub(rb"(?:[SW]\d+ )*:" + re.escape(old), b":" + new, lines))
    forget_caches(folder)


def duplicate(path):
    """Put a second message with the same content beside it."""
    directory, name = os.path.split(path)
    unique, rest = name.split(",", 1) if "," in name else name.split(":", 1)
    twin = os.path.join(directory, unique.replace(".M", ".M9", 1) + ("," if "," in name else ":") + rest)
    status = os.stat(path)
    with open(path, "rb") as source, open(twin, "xb") as target:
        target.write(source.read())
    os.chown(twin, status.st_uid, status.st_gid)
    os.utime(twin, ns=(status.st_atime_ns, status.st_mtime_ns))
    return twin
