"""Name servers that answer wrongly, hostilely, slowly or not at all: `mailmigrate domain` ends in time,
    without a crash,
and says what it does not know."""

import os
import socket
import struct
import threading
import time
import unittest

import harness
import nameservers

A, NS, CNAME, SOA, MX, TXT = 1, 2, 5, 6, 15, 16


def wire(name):
    return b"".join(bytes([len(part)]) + part for part in name.encode("latin-1").split(b".") if part) + b"\0"


def record(name, kind, data, ttl=300):
    return (name if isinstance(name, bytes) else wire(name)) + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


class Liar:
    """A name server whose answers `reply(name, kind, query)` makes: octets, or None for none; over TCP as well."""

    def __init__(self, reply, tcp=None):
        self.reply, self.tcp_reply = reply, tcp or reply
        self.port = nameservers.free_port(("127.0.0.1",))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.tcp = socket.socket()
        self.tcp.bind(("127.0.0.1", self.port))
        self.tcp.listen(16)
        self.open = True
        for serve in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def stop(self):
        self.open = False
        self.udp.close()
        self.tcp.close()

    @staticmethod
    def asked(query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
            at += 1 + query[at]
        return ".".join(labels).lower(), struct.unpack(">H", query[at + 1:at + 3])[0], query[12:at + 5]

    def answer(self, query, reply):
        try:
            return reply(*self.asked(query)[:2], query)
        except IndexError:
            return None

    def serve_udp(self):
        while self.open:
            try:
                query, peer = self.udp.recvfrom(4096)
                made = self.answer(query, self.reply)
                for each in made if isinstance(made, list) else [made]:
                    if each is not None:
                        self.udp.sendto(each, peer)
            except OSError:
                if not self.open:
                    return

    def serve_tcp(self):
        while self.open:
            try:
                connection, _ = self.tcp.accept()
                with connection:
                    connection.settimeout(2)
                    size = struct.unpack(">H", connection.recv(2))[0]
                    made = self.answer(connection.recv(size), self.tcp_reply)
                    if made is not None:
                        connection.sendall(struct.pack(">H", len(made)) + made)
            except (OSError, struct.error):
                pass


def message(query, answers=(), flags=0x8580, count=None, question=None):
    name, kind, asked = Liar.asked(query)
    return (query[:2] + struct.pack(">HHHHH", flags, 1, len(answers) if count is None else count, 0, 0)
            + (asked if question is None else question) + b"".join(answers))


def honest(name, kind, query):
    """A whole zone, as a base to lie from."""
    known = {("hostile.example", NS): [record("hostile.example", NS, wire("ns.hostile.example"))],
             ("ns.hostile.example", A): [record("ns.hostile.example", A, bytes([127, 0, 0, 1]))],
             ("mx.hostile.example", A): [record("mx.hostile.example", A, bytes([192, 0, 2, 1]))],
             ("hostile.example", SOA): [record("hostile.example", SOA, wire("ns.hostile.example") + wire("h.example")
                                               + struct.pack(">IIIII", 1, 2, 3, 4, 5))],
             ("hostile.example", MX): [record("hostile.example", MX, b"\0\x0a" + wire("mx.hostile.example"))],
             ("hostile.example", TXT): [record("hostile.example", TXT, b"\x0bv=spf1 -all")]}
    found = known.get((name, kind), [])
    return message(query, found, 0x8580 if found or name == "hostile.example" else 0x8583)


class Hostile(harness.ToolCase):
    def look(self, reply, tcp=None, timeout=2, as_authority_only=False, extra=()):
        liar = Liar(reply, tcp)
        self.addCleanup(liar.stop)
        resolver = Liar(honest) if as_authority_only else liar
        if as_authority_only:
            self.addCleanup(resolver.stop)
        path = os.path.join(self.dir, "result.json")
        started = time.monotonic()
        result = self.run_command([harness.program(), "domain", "hostile.example", "--resolver",
                                   "127.0.0.1@%d" % resolver.port,
                                   "--authority", "127.0.0.1@%d" % liar.port, "--trust-anchor", "none", "--timeout",
                                   str(timeout), "--json", path, *extra], timeout=100, json_path=path)
        self.assertIn(result.status, (0, 1, 4), str(result))
        self.assertLess(time.monotonic() - started, 60)
        self.assertNotRegex(result.out, r"[\x00-\x09\x0b-\x1f\x7f]")
        return result

    def verdicts(self, result, check):
        return {each["verdict"] for each in result.json["domains"][0]["checks"] if each["check"] == check}

    def test_honest(self):
        result = self.look(honest)
        self.assertEqual(self.verdicts(result, "authority.answers"), {"pass"})
        self.assertEqual(self.verdicts(result, "mx.exists"), {"pass"})

    def test_nobody(self):
        result = self.look(lambda *_: None, timeout=1)
        self.assertEqual(result.status, harness.TEMPORARY)
        self.assertEqual(self.verdicts(result, "mx.exists"), {"unknown"})

    def test_authority_lies(self):
        """What an authority sends is taken apart by us: none of these is an answer."""
        loop = b"\xc0\x0c"
        lies = {
            "pointer to itself": lambda q: message(q, [b"\xc0" + bytes([len(Liar.asked(q)[2]) + 12]) + b"\0\x0f\0\1"]),
            "pointers in a circle": lambda q: message(q, [b"\xc0\xff" + b"\xc0\x0c" * 400]),
            "more records than there are": lambda q: message(q, [], count=65535),
            "another question": lambda q: message(q, [], question=wire("other.example") + b"\0\x0f\0\1"),
            "another id": lambda q: bytes([q[0] ^ 1]) + message(q)[1:],
            "a question": lambda q: q,
            "three octets": lambda q: q[:3],
            "noise": lambda q: bytes((x * 37 + 11) & 255 for x in range(500)),
            "nothing": lambda q: b"",
            "length beyond the end": lambda q: message(q, [loop + struct.pack(">HHIH", MX, 1, 1, 9999) + b"\0"]),
            "a short MX": lambda q: message(q, [record(loop, MX, b"\0")]),
            "a reserved label": lambda q: message(q, [record(b"\x80abc", MX, b"\0\1\0")]),
        }
        for title, lie in lies.items():
            with self.subTest(title):
                result = self.look(lambda _, __, query, lie=lie: lie(query), timeout=1, as_authority_only=True)
                self.assertNotIn("pass", self.verdicts(result, "authority.answers"))

    def test_aliases_without_end(self):
        def chain(name, kind, query):
            if kind in (NS, SOA) or name != "hostile.example" and not name.startswith("n"):
                return honest(name, kind, query)
            return message(query, [record("hostile.example" if i == 0 else "n%d.hostile.example" % i, CNAME,
                                          wire("n%d.hostile.example" % (i + 1))) for i in range(30)])
        self.look(chain)
        self.look(chain, as_authority_only=True)

    def test_alias_to_itself(self):
        result = self.look(lambda name, kind, query: message(query, [record(name, CNAME, wire(name))]))
        self.assertNotIn("pass", self.verdicts(result, "mx.exists"))

    def test_huge_text(self):
        """64 KiB of TXT over TCP, after a truncated answer by UDP."""
        huge = b"".join(bytes([255]) + b"v=spf1 \x1b[31m" + b"a" * 244 for _ in range(240))

        def udp(name, kind, query):
            return message(query, [], 0x8780) if kind == TXT else honest(name, kind, query)

        def tcp(name, kind, query):
            return message(query, [record("hostile.example", TXT, huge)]) if kind == TXT else honest(name, kind, query)

        result = self.look(udp, tcp)
        self.assertEqual(self.verdicts(result, "spf.record"), {"fail"})

    def test_truncated_without_tcp(self):
        result = self.look(lambda name, kind, query: message(query, [], 0x8780) if kind == MX else honest(name, kind,
                                                                                                          query),
                           lambda *_: None)
        self.assertEqual(self.verdicts(result, "mx.exists"), {"unknown"})

    def test_other_case(self):
        def shout(name, kind, query):
            reply = bytearray(honest(name, kind, query))
            end = 12 + len(wire(name))
            reply[12:end] = bytes(reply[12:end]).upper()
            return bytes(reply)
        result = self.look(shout, as_authority_only=True)
        self.assertEqual(self.verdicts(result, "authority.answers"), {"pass"})

    def test_slow(self):
        def slow(name, kind, query):
            time.sleep(0.05)
            return honest(name, kind, query)
        self.look(slow, timeout=3)

    def test_repetitions_and_strays(self):
        """Answers that come late, twice, or from a guess are passed over until the right one comes."""
        def noisy(name, kind, query):
            right = honest(name, kind, query)
            return [bytes([right[0] ^ 255]) + right[1:], b"\0" * 12, right, right]
        result = self.look(noisy, as_authority_only=True)
        self.assertEqual(self.verdicts(result, "authority.answers"), {"pass"})

    def test_no_edns(self):
        def old(name, kind, query):
            return message(query, [], 0x8181) if query[11] else honest(name, kind, query)
        result = self.look(old, as_authority_only=True)
        self.assertEqual(self.verdicts(result, "authority.answers"), {"pass"})

    def test_refused_and_failing(self):
        for code in (2, 5, 9, 11):
            with self.subTest(code):
                result = self.look(lambda name, kind, query, code=code: message(query, [], 0x8180 | code), timeout=1)
                self.assertEqual(result.status, harness.TEMPORARY, str(result))

    def test_endless_includes(self):
        """Each include leads to another name, for ever."""
        def endless(name, kind, query):
            if kind != TXT or name.startswith("_"):
                return honest(name, kind, query)
            text = b"v=spf1 include:x%d.hostile.example -all" % (len(name) * 31 % 997)
            return message(query, [record(name, TXT, bytes([len(text)]) + text)])
        result = self.look(endless)
        self.assertEqual(self.verdicts(result, "spf.limits"), {"fail"})


if __name__ == "__main__":
    unittest.main()
