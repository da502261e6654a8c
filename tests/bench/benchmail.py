"""The mail that is measured with: real mail from directories, or the generator's, made as many as asked."""

import os
import random
import re

import imaputil
import mailgen

# Folders and their share of the messages, as in the corpus that the project's figures come from: one large, some small.
SHARES = (("INBOX", 42), ("Lists", 23), ("Older", 23), ("Bulk", 8), ("Projects", 4))


def _read(directories):
    """Every file below the directories, in the order of their names, with CRLF line ends."""
    messages = []
    for top in directories:
        for directory, names, files in os.walk(top):
            names.sort()
            for name in sorted(files):
                with open(os.path.join(directory, name), "rb") as file:
                    octets = file.read().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
                if octets:
                    messages.append(octets)
    if not messages:
        raise SystemExit("no mail in " + ", ".join(directories))
    return messages


def _copy_of(octets, number):
    """The same message as another one: its own Message-ID, and a line more at its end."""
    head, separator, body = octets.partition(b"\r\n\r\n")
    mark = b"copy%d." % number
    head, found = re.subn(rb"(?mi)^(message-id:\s*<)", lambda match: match[1] + mark, head, count=1)
    if not found:
        head = b"Message-ID: <%sbench@old.example>\r\n%s" % (mark, head)
    end = b"" if body.endswith(b"\n") else b"\r\n"
    return head + (separator or b"\r\n\r\n") + body + end + b"Copy %d\r\n" % number


def make(count, directories=()):
    """`count` messages over the folders of SHARES, shuffled the same way each time, and how they were made."""
    if directories:
        base = _read(directories)
        bodies = base[:count] + [_copy_of(base[number % len(base)], number) for number in range(len(base), count)]
        how = "%d messages from %s" % (min(count, len(base)), ", ".join(directories))
        if count > len(base):
            how += ("; the other %d are the same ones again, each with a Message-ID of its own and one more line"
                    % (count - len(base)))
    else:
        bodies = [m.octets for m in mailgen.generate(1, count, folders=(("INBOX",),), rare=())]
        how = "%d messages of the tests' generator" % count
    pick = random.Random(1)
    pick.shuffle(bodies)
    maker = mailgen.Generator(1)
    messages, start = [], 0
    for index, (folder, share) in enumerate(SHARES):
        end = count if index == len(SHARES) - 1 else start + count * share // 100
        messages += [mailgen.Message(folder, octets, ("\\Seen",) if pick.random() < 0.8 else (), maker.when(), "bench")
                     for octets in bodies[start:end]]
        start = end
    return messages, how


def thinned(messages, count):
    """`count` of the messages, evenly from all folders."""
    return [messages[number * len(messages) // count] for number in range(count)]


def folders(messages):
    return list(dict.fromkeys(message.folder for message in messages))


def octets(messages):
    return sum(len(message.octets) for message in messages)


def pack(messages, path):
    """Write the messages as bench_canned reads them."""
    with open(path, "wb") as out:
        for message in messages:
            line = "%s (%s) %s %d\n" % (message.folder, " ".join(message.flags), imaputil.date_time(message.when),
                                       len(message.octets))
            out.write(line.encode("ascii"))
            out.write(message.octets)
    return path


def repeated(messages, count):
    """`count` messages without end of their own: the given ones, then copies of them."""
    for number in range(count):
        message = messages[number % len(messages)]
        yield message if number < len(messages) else message._replace(octets=_copy_of(message.octets, number))


def write_maildir(directory, messages, user, group):
    """Put messages into a Maildir as Dovecot would have delivered them, which is much faster than APPEND."""
    for part in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(directory, part), exist_ok=True)
    for count, message in enumerate(messages, 1):
        stored = message.octets.replace(b"\r\n", b"\n")
        name = "%d.M%dP1.bench,S=%d,W=%d:2,%s" % (message.when.timestamp(), count, len(stored), len(message.octets),
                                                  "S" if "\\Seen" in message.flags else "")
        path = os.path.join(directory, "cur", name)
        with open(path, "wb") as out:
            out.write(stored)
        os.utime(path, (message.when.timestamp(),) * 2)
        os.chown(path, user, group)
    for part in (".", "cur", "new", "tmp"):
        os.chown(os.path.join(directory, part), user, group)


def large(size):
    """One message of about `size` octets, an attachment, in pieces that are made once."""
    maker = mailgen.Generator(2)
    blob = maker.blob(1 << 20)
    body = maker.attachment(1000) + blob * (size // len(blob))
    return mailgen.Message("INBOX", body, (), maker.when(), "large")
