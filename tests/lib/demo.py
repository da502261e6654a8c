"""What tools/demo does once everything is installed and built."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time

import dovecot
import mailgen
import oracle

SOURCE_USER, TARGET_USER = "user@old.example", "user@new.example"


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--report", required=True)
    parser.add_argument("--mail")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args()


def step(text):
    print("\n== " + text, flush=True)


def servers(root):
    """An old server as they are found (INBOX. prefix, dots) and a new one (slashes), with one CA for both."""
    source = dovecot.Dovecot(os.path.join(root, "source"), users=[SOURCE_USER], separator=".", prefix="INBOX.")
    target = dovecot.Dovecot(os.path.join(root, "target"), users=[TARGET_USER], layout="fs", authority=source.authority)
    return source, target


def fill(source, mail):
    if mail:
        messages, empty = mailgen.from_directory(mail), ()
    else:
        messages, empty = mailgen.generate(), mailgen.EMPTY_FOLDERS
    if not messages:
        sys.exit("no message below " + mail)
    connection = source.login(SOURCE_USER, tls=True)
    mailgen.fill(connection, messages, source.separator, source.prefix, empty)
    connection.logout()
    size = sum(len(message.octets) for message in messages)
    print("%d messages in %d folders, %.1f MB" % (
        len(messages), len({m.folder for m in messages}) + len(empty), size / 1e6))


def password_file(root, name, password):
    path = os.path.join(root, name)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(password + "\n")


def run_tool(options, root, source, target, verb, *extra):
    """Run `mailmigrate VERB` for the two accounts; returns its exit status."""
    command = [os.path.join(options.build, "tools", "mailmigrate"), verb,
               "--source", source.url(SOURCE_USER), "--target", target.url(TARGET_USER), "--ca-file", source.ca,
               "--source-password-file", os.path.join(root, "source.password"),
               "--target-password-file", os.path.join(root, "target.password"),
               "--state", os.path.join(root, "state"), "--json", os.path.join(options.report, verb + ".json"), *extra]
    if options.verbose:
        command.append("-v")
    print("$ " + " ".join(command), flush=True)
    started = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            status = process.wait()
        except BaseException:
            process.terminate()
            raise
    print("exit status %d after %.1f s" % (status, time.monotonic() - started))
    return status


def migrate(options, root, source, target):
    """All of it in one command; returns its exit status and the path of its report."""
    password_file(root, "source.password", source.users[SOURCE_USER])
    password_file(root, "target.password", target.users[TARGET_USER])
    page = os.path.join(options.report, "report.html")
    step("migration: both sides checked, mail copied, the target read back and verified")
    return run_tool(options, root, source, target, "run", "--html", page), page


def compare(source, target):
    connections = source.login(SOURCE_USER, tls=True), target.login(TARGET_USER, tls=True)
    lines = oracle.compare(*connections)
    for line in lines:
        print(line)
    print("source: %d messages, target: %d messages" % tuple(oracle.count(c) for c in connections))
    print("%d differences" % len(lines) if lines else "no difference", flush=True)
    return not lines


def leave_running(root, source, target):
    pids = source.detach(), target.detach()
    print("\nThe servers keep running, with TLS; the CA is %s, the password %s" % (source.ca, dovecot.PASSWORD))
    print("  source: " + source.url(SOURCE_USER) + "\n  target: " + target.url(TARGET_USER))
    print("Stop them with: kill %d %d; rm -r %s" % (pids + (root,)))


def stop_on_signal(number, frame):
    sys.exit(128 + number)


def main():
    options = arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop_on_signal)
    os.makedirs(options.report, exist_ok=True)
    root = dovecot.work_directory("mmdemo-")
    source = target = None
    kept = False
    try:
        source, target = servers(root)
        step("two IMAP servers on loopback")
        for name, server in (("source", source), ("target", target)):
            server.start()
            print("%s: port %d (TLS), mail in %s" % (name, server.tls_port, os.path.join(server.root, "mail")))
        step("mail on the source")
        fill(source, options.mail)
        status, page = migrate(options, root, source, target)
        step("comparison by python3's imaplib: SHA-256 of BODY[], INTERNALDATE, flags, folders, subscriptions")
        same = compare(source, target)
        print("report: %s (and JSON beside it)" % page)
        if options.keep:
            leave_running(root, source, target)
            kept = True
        return status if status else 0 if same else 1
    finally:
        if not kept:
            for server in (source, target):
                if server:
                    server.stop()
            shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
