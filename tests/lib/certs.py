"""A certificate authority for one test run, and server certificates from it, made with the openssl program."""

import os
import subprocess


def _openssl(*args):
    subprocess.run(("openssl",) + args, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


class Authority:
    """The CA in `directory`; `self.ca` is the PEM file that clients are given as --ca-file."""

    def __init__(self, directory, name="mailmigrate test CA"):
        os.makedirs(directory, exist_ok=True)
        self.directory = directory
        self.ca = os.path.join(directory, "ca.pem")
        self.key = os.path.join(directory, "ca.key")
        if not os.path.exists(self.ca):
            _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-keyout", self.key, "-out", self.ca, "-days", "30", "-subj", "/CN=" + name,
                     # Python 3.13 verifies strictly, and refuses an authority that may not sign certificates.
                     "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, name, alternatives=("DNS:localhost", "IP:127.0.0.1", "IP:::1"), expired=False, self_signed=False):
        """Make a key and a certificate for `alternatives`; returns (certificate file, key file)."""
        base = os.path.join(self.directory, name)
        cert, key, request, extensions = base + ".pem", base + ".key", base + ".csr", base + ".ext"
        if os.path.exists(cert):
            return cert, key
        subject = "/CN=" + name
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-keyout", key, "-out", request, "-subj", subject)
        with open(extensions, "w", encoding="ascii") as out:
            out.write("subjectAltName=%s\n" % ",".join(alternatives) if alternatives else "basicConstraints=CA:FALSE\n")
        signer = ["-signkey", key] if self_signed else ["-CA", self.ca, "-CAkey", self.key, "-CAcreateserial"]
        # A negative lifetime ends before it begins, which every verifier calls expired.
        _openssl("x509", "-req", "-in", request, "-out", cert, "-extfile", extensions,
                 "-days", "-1" if expired else "30", *signer)
        return cert, key
