"""An SMTP server that keeps what it is given: `mails` has (from, [to], octets) of each."""

import base64
import socketserver
import ssl
import threading


class Handler(socketserver.StreamRequestHandler):
    timeout = 60

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def data(self):
        lines = []
        while True:
            line = self.rfile.readline()
            if line in (b".\r\n", b""):
                return b"".join(lines)
            lines.append(line[1:] if line.startswith(b".") else line)

    def handle(self):
        owner, sender, to = self.server.owner, None, []
        self.say("220 bin ESMTP")
        for line in iter(self.rfile.readline, b""):
            words = line.decode().strip()
            owner.commands.append(words)
            verb = words.split(" ")[0].upper()
            if verb == "EHLO":
                self.say("250-bin\r\n250-AUTH PLAIN\r\n250 8BITMIME")
            elif verb == "AUTH":
                self.say("334 ")
                owner.logins.append(base64.b64decode(self.rfile.readline()).split(b"\0")[1:])
                self.say("235 welcome" if owner.logins[-1][1] == owner.password else "535 no")
            elif verb == "MAIL":
                sender = words[10:].split(">")[0].lstrip("<").lstrip(":<")
                self.say("250 ok")
            elif verb == "RCPT":
                to.append(words.split("<")[1].rstrip(">"))
                self.say("550 nobody here" if to[-1] in owner.unknown else "250 ok")
            elif verb == "DATA":
                self.say("354 go on")
                owner.mails.append((sender, list(to), self.data()))
                self.say("250 kept")
            else:
                self.say("221 bye")
                return


class MailBin:
    def __init__(self, cert=None, key=None):
        self.mails, self.commands, self.logins, self.unknown, self.password = [], [], [], set(), b""
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.owner = self
        if cert:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(cert, key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
