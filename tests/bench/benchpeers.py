"""Other programs doing the same work, when they are installed: interimap, mbsync (isync), imapsync."""

import os
import shutil

INTERIMAP = """\
database = %(dir)s/interimap.db
list-mailbox = "*"
[local]
type = imap
host = 127.0.0.1
port = %(target_port)d
username = %(target_user)s
password = %(password)s
STARTTLS = NO
[remote]
type = imap
host = 127.0.0.1
port = %(source_port)d
username = %(source_user)s
password = %(password)s
STARTTLS = NO
"""

MBSYNC = """\
IMAPAccount source
Host 127.0.0.1
Port %(source_port)d
User %(source_user)s
Pass "%(password)s"
SSLType None
AuthMechs LOGIN

IMAPStore source
Account source

IMAPAccount target
Host 127.0.0.1
Port %(target_port)d
User %(target_user)s
Pass "%(password)s"
SSLType None
AuthMechs LOGIN

IMAPStore target
Account target

Channel copy
Far :source:
Near :target:
Patterns *
Create Near
Expunge None
Sync Pull
SyncState %(dir)s/
"""


def installed():
    """The peers that are there."""
    return [name for name in ("interimap", "mbsync", "imapsync") if shutil.which(name)]


def command(name, directory, **where):
    """Write the peer's configuration into a new directory; its command line. One directory is one sync relation."""
    if not os.path.isdir(directory):
        os.mkdir(directory, 0o700)
    values = dict(where, dir=directory)
    path = os.path.join(directory, "config")
    if name in ("interimap", "mbsync"):
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            out.write((INTERIMAP if name == "interimap" else MBSYNC) % values)
    if name == "interimap":
        return ["interimap", "--config", path, "--quiet"]
    if name == "mbsync":
        return ["mbsync", "-q", "-c", path, "copy"]
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(where["password"] + "\n")
    given = ["imapsync", "--nolog", "--noreleasecheck", "--tmpdir", directory, "--pidfile", path + ".pid"]
    for side, who in (("1", "source"), ("2", "target")):
        given += ["--host" + side, "127.0.0.1", "--port" + side, str(where[who + "_port"]),
                  "--user" + side, where[who + "_user"], "--passfile" + side, path, "--nossl" + side, "--notls" + side]
    return given
