"""Makes the picture of a report that stands in README.md: picture.py --build DIRECTORY FILE.png

Generated mail is copied between two throw-away servers and damaged on the target in several ways; then it is verified.
Names of machines, ports and times are replaced by made-up ones, so that the picture shows nothing of where it was made.
"""

import argparse
import os
import re
import shutil
import sys

import browser
import demo
import dovecot
import imaputil
import maildir
import mailgen

WIDTH, HEIGHT = 1180, 1240
FOLDERS = (("INBOX",), ("Sent",), ("Projects",), ("Trash",), ("Entw\u00fcrfe",))


def damage(target, messages):
    """One of each, to messages with a readable subject. Dovecot keeps lines with LF."""
    root = target.mail(demo.TARGET_USER)
    plain = [m for m in messages if m.kind == "plain" and b"Message-ID" in m.octets]

    def at(folder, number):
        chosen = [m for m in plain if m.folder[0] == folder][number]
        return maildir.find(root, re.search(rb"Message-ID: (\S+)", chosen.octets)[1])

    maildir.rewrite(at("INBOX", 0), lambda octets: octets[:-9] + bytes([octets[-9] ^ 1]) + octets[-8:])
    os.unlink(at("INBOX", 1))
    maildir.duplicate(at("INBOX", 2))
    maildir.rewrite(at("Sent", 0), lambda octets: b"X-UID: 77\n" + octets)
    connection = target.login(demo.TARGET_USER)
    imaputil.append(connection, "INBOX", [(b"From: grace@example.com\r\nSubject: Welcome to the new server\r\n"
                                           b"Message-ID: <1@example.com>\r\n\r\nHello.\r\n", (), None)])
    connection.select("Projects")
    imaputil.check(connection.uid("STORE", "1", "+FLAGS", "(\\Flagged)"))
    imaputil.check(connection.uid("MOVE", "2", "Trash"))


def report(build, root):
    """The page of a verification, as the tool writes it."""
    source, target = demo.servers(root)
    options = argparse.Namespace(build=build, report=root, verbose=False)
    try:
        source.start()
        target.start()
        messages = mailgen.generate(folders=FOLDERS)
        connection = source.login(demo.SOURCE_USER, tls=True)
        mailgen.fill(connection, messages, source.separator, source.prefix, ())
        demo.password_file(root, "source.password", source.users[demo.SOURCE_USER])
        demo.password_file(root, "target.password", target.users[demo.TARGET_USER])
        demo.run_tool(options, root, source, target, "copy")
        damage(target, messages)
        page = os.path.join(root, "report.html")
        demo.run_tool(options, root, source, target, "verify", "--against", "source", "--html", page)
        with open(page, encoding="utf-8") as file:
            text = file.read()
        for server, name in ((source, "mail.old.example"), (target, "imap.new.example")):
            text = text.replace("127.0.0.1:%d" % server.tls_port, name)
        return text.replace(os.uname().nodename, "desk")
    finally:
        source.stop()
        target.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("picture")
    options = parser.parse_args()
    root = dovecot.work_directory("mmpic-")
    try:
        text = report(options.build, root)
        if "127.0.0.1" in text:
            sys.exit("the report still names a machine")
        page = os.path.join(root, "shown.html")
        with open(page, "w", encoding="utf-8") as file:
            file.write(text)
        window = browser.Browser()
        try:
            window.size(WIDTH, HEIGHT)
            window.media()
            window.send("Emulation.setScrollbarsHidden", hidden=True)
            window.open(page)
            window.picture(options.picture)
        finally:
            window.close()
    finally:
        shutil.rmtree(root, ignore_errors=True)
    print("%s: %d octets" % (options.picture, os.path.getsize(options.picture)))


if __name__ == "__main__":
    main()
