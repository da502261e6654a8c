"""Archives of `mailmigrate archive`: made, read by programs that are not ours, and damaged."""

import hashlib
import io
import json
import os
import re
import subprocess
import tarfile
import zipfile

import harness


class ArchiveCase(harness.ToolCase):
    """Runs of `mailmigrate archive`, with their result as JSON that fits its schema."""

    def archive(self, *arguments, expect=0, preset="asan", env=None, timeout=60):
        json_path = os.path.join(self.dir, "archive.json")
        if os.path.exists(json_path):
            os.unlink(json_path)
        command = [harness.program(preset), "archive", *arguments, "--json", json_path]
        result = self.run_command(command, json_path=json_path, env=env, timeout=timeout)
        if expect is not None:
            self.assertEqual(result.status, expect, str(result))
        return result

    def export(self, account, path, *extra, **options):
        return self.archive("export", path, *account.arguments("source", self.dir), *extra, **options)

    def check(self, path, *extra, **options):
        return self.archive("check", path, *extra, **options)

    def path(self, name):
        return os.path.join(self.dir, name)

    def kinds(self, result):
        """The kinds of findings, each once."""
        return {finding["kind"] for finding in result.json["findings"]}


def members(path):
    """(name, octets) of each file, in order, by Python's own modules and by zstd."""
    if path.endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            return [(info.filename, archive.read(info)) for info in archive.infolist() if not info.is_dir()]
    if path.endswith(".zst"):
        plain = subprocess.run(["zstd", "-dc", path], stdout=subprocess.PIPE, check=True).stdout
        archive = tarfile.open(fileobj=io.BytesIO(plain))
    else:
        archive = tarfile.open(path)
    with archive:
        return [(info.name, archive.extractfile(info).read()) for info in archive if info.isfile()]


def manifest(path):
    """The lines of the manifest."""
    return [json.loads(line) for line in dict(members(path))["manifest.jsonl"].splitlines()]


def check_by_hand(path):
    """What docs/archive.md says can be checked without us; raises where it does not hold. Returns the messages."""
    files = members(path)
    content = dict(files)
    lines = [json.loads(line) for line in content["manifest.jsonl"].splitlines()]
    assert [name for name, _ in files[-2:]] == ["manifest.jsonl", "manifest.root"] or files[-1][0] == "manifest.sig"
    listed = {line["path"]: line for line in lines if line["type"] in ("message", "file")}
    assert set(content) - {"manifest.jsonl", "manifest.root", "manifest.sig"} == set(listed)
    for name, line in listed.items():
        assert hashlib.sha256(content[name]).hexdigest() == line["sha256"], name
        assert len(content[name]) == line["size"], name
    folders = {line["name"]: [] for line in lines if line["type"] == "folder" and line["selectable"]}
    for line in lines:
        if line["type"] == "message":
            folders[line["folder"]].append((line["uid"], bytes.fromhex(line["sha256"])))
    roots = {line["name"]: line["root"] for line in lines if line["type"] == "folder" and line["selectable"]}
    for name, entries in folders.items():
        assert entries == sorted(entries)
        assert merkle([digest for _, digest in entries]).hex() == roots[name], name
    whole = merkle([name.encode() + b"\0" + bytes.fromhex(roots[name])
                    for name in sorted(roots, key=lambda name: name.encode())]).hex()
    sums = "mailmigrate.archive/1\nmanifest.jsonl sha256 %s\nmerkle %s\n" % (
        hashlib.sha256(content["manifest.jsonl"]).hexdigest(), whole)
    assert content["manifest.root"].decode() == sums
    return [line for line in lines if line["type"] == "message"]


def merkle(entries):
    """RFC 9162 section 2.1.1."""
    if len(entries) < 2:
        return hashlib.sha256(b"\0" + entries[0] if entries else b"").digest()
    half = 1 << (len(entries) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + merkle(entries[:half]) + merkle(entries[half:])).digest()


def rebuild(path, out, change):
    """Write `out` as `path` is, but for what change(info, octets) makes of each member: a list of such pairs."""
    with tarfile.open(path) as source, tarfile.open(out, "w", format=tarfile.PAX_FORMAT) as target:
        for info in source:
            octets = source.extractfile(info).read() if info.isfile() else None
            for new, content in change(info, octets):
                if content is not None:
                    new.size = len(content)
                target.addfile(new, io.BytesIO(content) if content is not None else None)


def member(name, octets=b"", kind=tarfile.REGTYPE, link=""):
    """A member as whoever wants to do harm would make it."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, 0o600
    return info, octets if kind == tarfile.REGTYPE else None


def unpack(path, directory):
    os.makedirs(directory, exist_ok=True)
    subprocess.run(["tar", "-xf", path, "-C", directory, "--no-same-owner"], check=True)


def uidlist(directory):
    """UID -> file name, by the list that Dovecot reads."""
    with open(os.path.join(directory, "dovecot-uidlist"), encoding="ascii") as file:
        head, *lines = file.read().splitlines()
    assert re.match(r"3 V\d+ N\d+( G\w+)?$", head), head
    return {int(line.split(" ", 1)[0]): line.split(" :", 1)[1] for line in lines}
