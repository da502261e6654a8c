"""A TCP relay on loopback that does to a connection what networks do: delay, rate, cuts, stalls, drips, odd pieces.

It also records what passes, counts it, and can hide names from CAPABILITY answers (plain text only). Two threads move
each direction: one reads and stamps, one writes when the time has come, so a delay does not limit the bytes in flight.

As a program: relay.py HOST PORT [--port N] [--delay MS] [--rate BYTES] [--piece N] [--hide NAME]...
"""

import argparse
import collections
import os
import random
import re
import select
import socket
import struct
import threading
import time

UP, DOWN = "up", "down"  # client to server, server to client
CHUNK = 256 * 1024
IN_FLIGHT = 64 * 1024 * 1024  # more than any line that is imitated here holds; less than would hide a slow peer


class Cut:
    """End a connection after `after` bytes in `direction`, counted over all connections since the Cut was set.

    how: "fin" (both ends see an orderly end), "rst" (both see a reset), "stall" (nothing passes any more, in either
    direction, until the relay stops), "drip" (`drip` bytes a second from there on). It happens `times` times.
    """

    def __init__(self, direction, after, how="fin", times=1, drip=1):
        self.direction, self.after, self.how, self.times, self.drip = direction, after, how, times, drip
        self.left = after
        self.done = 0


class _Filter:
    """Takes names out of CAPABILITY lines and codes from the server, and leaves literals alone."""

    def __init__(self, names):
        self.names = [name.upper().encode("ascii") for name in names]
        self.buffer = b""
        self.literal = 0

    def _line(self, line):
        match = re.match(rb"(?i)(?:\* CAPABILITY |\S+ (?:OK|PREAUTH) \[CAPABILITY )([^\]\r\n]*)", line)
        if not match:
            return line
        kept = [word for word in match[1].split(b" ") if word.upper() not in self.names]
        return line[:match.start(1)] + b" ".join(kept) + line[match.end(1):]

    def feed(self, data):
        out, self.buffer = [], self.buffer + data
        while self.buffer:
            if self.literal:
                out.append(self.buffer[:self.literal])
                self.buffer = self.buffer[self.literal:]
                self.literal -= len(out[-1])
                continue
            end = self.buffer.find(b"\n") + 1
            if not end:
                break
            line, self.buffer = self.buffer[:end], self.buffer[end:]
            size = re.search(rb"\{(\d+)\}\r\n$", line)
            self.literal = int(size[1]) if size else 0
            out.append(self._line(line))
        return b"".join(out)


class _Connection:
    """The two sockets and the four threads of one connection.

    A reset needs the last reference to the socket gone, so no thread may sleep in it: all of them wait in poll() with
    an eventfd that ends every wait at once, and the last one to leave closes.
    """

    def __init__(self, relay, client, server):
        self.relay, self.sockets = relay, (client, server)
        self.recorded = {UP: [], DOWN: []}
        self.open = True
        self.reset = False
        self.stalled = False
        self.lock = threading.Lock()
        self.wake = os.eventfd(0)
        self.threads = 4
        self.pipes = {direction: collections.deque() for direction in (UP, DOWN)}
        self.ready = {direction: threading.Condition() for direction in (UP, DOWN)}
        self.waiting = {UP: 0, DOWN: 0}

    def start(self):
        client, server = self.sockets
        for sock in self.sockets:
            sock.setblocking(False)
        for direction, source, sink in ((UP, client, server), (DOWN, server, client)):
            self.relay._thread(self._run, self._read, direction, source)
            self.relay._thread(self._run, self._write, direction, sink)

    def _run(self, function, direction, sock):
        try:
            function(direction, sock)
        except OSError:
            self.close()
        with self.lock:
            self.threads -= 1
            last = self.threads == 0
        if last:
            for sock in self.sockets:
                self._drain(sock)
                sock.close()
            os.close(self.wake)

    def _drain(self, sock):
        """Octets left unread would turn the orderly end into a reset."""
        try:
            while not self.reset and sock.recv(CHUNK):
                pass
        except OSError:
            pass

    def _wait(self, sock, event, seconds=None):
        """Wait for the socket (or, without one, for the time to pass); False when the connection is over."""
        poll = select.poll()
        poll.register(self.wake, select.POLLIN)
        if sock:
            poll.register(sock, event)
        poll.poll(None if seconds is None else seconds * 1000)
        return self.open

    def _read(self, direction, source):
        hide = _Filter(self.relay.hide) if direction == DOWN and self.relay.hide else None
        ready, pipe = self.ready[direction], self.pipes[direction]
        data = b"-"
        while data and self._wait(source, select.POLLIN):
            try:
                data = source.recv(CHUNK)
            except BlockingIOError:
                continue
            passed = hide.feed(data) if hide else data
            with ready:
                while self.waiting[direction] > IN_FLIGHT and self.open:
                    ready.wait()
                if passed or not data:
                    pipe.append((time.monotonic() + self.relay.delay / 1000, passed))
                    self.waiting[direction] += len(passed)
                ready.notify_all()

    def _write(self, direction, sink):
        ready, pipe = self.ready[direction], self.pipes[direction]
        while True:
            with ready:
                while not pipe and self.open:
                    ready.wait()
                if not self.open:
                    return
                stamp, data = pipe.popleft()
                self.waiting[direction] -= len(data)
                ready.notify_all()
            pause = stamp - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            if not data:
                sink.shutdown(socket.SHUT_WR)
                return
            if not self._pass(direction, sink, data):
                return

    def _pass(self, direction, sink, data):
        data, rest, cut = self.relay._take(direction, data)
        if not self._send(direction, sink, data):
            return False
        if not cut:
            return True
        if cut.how == "stall":
            self.stalled = True
        elif cut.how == "drip":
            return self._drip(direction, sink, rest, cut.drip)
        else:
            self.close(reset=cut.how == "rst")
        return self.open

    def _drip(self, direction, sink, data, rate):
        for index in range(len(data)):
            if not self._wait(None, 0, 1 / rate) or not self._send(direction, sink, data[index:index + 1]):
                return False
        return True

    def _send(self, direction, sink, data):
        relay = self.relay
        if relay.record:
            self.recorded[direction].append(data)
        with relay.lock:
            relay.bytes[direction] += len(data)
        view = memoryview(data)
        while view:
            if self.stalled:
                self._wait(None, 0)
            size = len(view)
            if relay.piece:
                size = min(size, relay.random.randint(1, relay.piece))
            elif relay.rate:
                size = min(size, max(1, relay.rate // 50))
            if not self._wait(sink, select.POLLOUT):
                return False
            try:
                sent = sink.send(view[:size])
            except BlockingIOError:
                continue
            if relay.rate:
                time.sleep(sent / relay.rate)
            view = view[sent:]
        return True

    @staticmethod
    def _end(sock, reset):
        try:
            if reset:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the peer was faster

    def close(self, reset=False):
        with self.lock:
            if not self.open:
                return
            self.open, self.reset = False, reset
            if self.threads:
                for sock in self.sockets:
                    self._end(sock, reset)
                os.eventfd_write(self.wake, 1)
        for ready in self.ready.values():
            with ready:
                ready.notify_all()


class Relay:
    """Relays to (host, port). All settings may be changed while it runs.

    delay: ms each way. rate: bytes a second each way, 0 for no bound. piece: send pieces of 1..piece bytes. hide:
    capability names to take out. record: keep what passes (see lines_up). refuse: accept and close at once.
    """

    def __init__(self, host, port, delay=0, rate=0, piece=0, hide=(), record=False, seed=1, listen_port=0):
        self.target = (host, port)
        self.delay, self.rate, self.piece, self.hide, self.record = delay, rate, piece, tuple(hide), record
        self.refuse = False
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.bytes = {UP: 0, DOWN: 0}
        self.connections = []
        self.cuts = []
        self.listener = socket.create_server(("127.0.0.1", listen_port), backlog=64)
        self.port = self.listener.getsockname()[1]
        self._thread(self._accept)

    def _thread(self, function, *args):
        threading.Thread(target=function, args=args, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            if self.refuse:
                client.close()
                continue
            self._thread(self._connect, client)

    def _connect(self, client):
        try:
            server = socket.create_connection(self.target, 10)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = _Connection(self, client, server)
        with self.lock:
            self.connections.append(connection)
        connection.start()

    def cut(self, direction, after, how="fin", times=1, drip=1):
        """Arm a cut; returns the Cut, whose `done` tells how often it happened."""
        cut = Cut(direction, after, how, times, drip)
        with self.lock:
            self.cuts.append(cut)
        return cut

    def _take(self, direction, data):
        """What of `data` passes, what does not, and the Cut that falls into it, or None."""
        with self.lock:
            for cut in self.cuts:
                if cut.direction != direction or cut.done >= cut.times:
                    continue
                if len(data) <= cut.left:
                    cut.left -= len(data)
                    continue
                passed, rest = data[:cut.left], data[cut.left:]
                cut.done += 1
                cut.left = cut.after
                return passed, rest, cut
        return data, b"", None

    def lines_up(self, connection=None):
        """The command lines of clients that were recorded, without literals, of one connection or of all."""
        lines = []
        for item in self.connections if connection is None else [self.connections[connection]]:
            lines += command_lines(b"".join(item.recorded[UP]))
        return lines

    def cut_all(self, reset=False):
        """End all connections that are open now."""
        for connection in list(self.connections):
            connection.close(reset)

    def stop(self):
        self.stopped.set()
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.cut_all()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()


def command_lines(data):
    """Split a client's octets into commands; each literal is shown as its header only."""
    lines, line = [], b""
    while data:
        end = data.find(b"\n")
        if end < 0:
            lines.append(line + data)
            return lines
        part, data = data[:end].rstrip(b"\r"), data[end + 1:]
        line += part
        literal = re.search(rb"~?\{(\d+)\+?\}$", part)
        if literal:
            data = data[int(literal[1]):]
        else:
            lines.append(line)
            line = b""
    return lines + [line] if line else lines


def main():
    parser = argparse.ArgumentParser(description="Relay TCP connections, with the faults of a network.")
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--port", type=int, default=0, dest="listen_port", help="port to listen on, else a free one")
    parser.add_argument("--delay", type=float, default=0, help="milliseconds each way")
    parser.add_argument("--rate", type=int, default=0, help="bytes a second each way")
    parser.add_argument("--piece", type=int, default=0, help="send pieces of at most this many bytes")
    parser.add_argument("--hide", action="append", default=[], help="capability that is hidden (plain text only)")
    options = parser.parse_args()
    relay = Relay(options.host, options.port, options.delay, options.rate, options.piece, options.hide,
                  listen_port=options.listen_port)
    print(relay.port, flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        relay.stop()


if __name__ == "__main__":
    main()
