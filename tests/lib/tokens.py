"""A token endpoint on loopback (HTTPS) that is as strict as Google's and Microsoft's documents are.

It checks assertions (signature, audience, lifetime, use of an ID twice), secrets, scopes, tenants and refresh tokens,
refuses in the words of the real ones, and issues access tokens: JWTs signed with HS256, which a Dovecot with
`dovecot_settings()` validates by itself, to the second.
"""

import base64
import hashlib
import hmac
import http.server
import json
import os
import secrets
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse

GOOGLE_SCOPES = ("https://mail.google.com/", "https://www.googleapis.com/auth/gmail.imap_admin")
MICROSOFT_SCOPE = "https://outlook.office365.com/.default"
PERSON_SCOPE = "https://outlook.office.com/IMAP.AccessAsUser.All"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


def encode(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def openssl(*args):
    return subprocess.run(("openssl",) + args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)


def rsa_certificate(directory, name, bits=2048):
    """(certificate file, key file): self-signed, as one is uploaded to Entra."""
    cert, key = (os.path.join(directory, name + end) for end in (".pem", ".key"))
    openssl("req", "-x509", "-newkey", "rsa:%d" % bits, "-nodes", "-keyout", key, "-out", cert, "-days", "30", "-subj",
            "/CN=" + name).check_returncode()
    return cert, key


class Refused(Exception):
    def __init__(self, error, description, status=400):
        super().__init__(description)
        self.status, self.body = status, {"error": error, "error_description": description}


def verify(assertion, public_key, algorithms):
    """(header, claims) of a JWT whose RSA signature `public_key` (a PEM file) confirms; None when it does not."""
    try:
        signed, signature = assertion.rsplit(".", 1)
        header, claims = (json.loads(decode(part)) for part in signed.split("."))
    except ValueError:
        return None
    if header.get("alg") not in algorithms or header.get("typ") != "JWT":
        return None
    padding = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"] if header["alg"] == "PS256" else []
    with tempfile.TemporaryDirectory() as directory:
        for name, octets in (("signed", signed.encode("ascii")), ("signature", decode(signature))):
            with open(os.path.join(directory, name), "wb") as out:
                out.write(octets)
        done = openssl("dgst", "-sha256", *padding, "-verify", public_key, "-signature",
                       os.path.join(directory, "signature"), os.path.join(directory, "signed"))
    return (header, claims) if done.returncode == 0 else None


class Endpoint:
    """The server. `lifetime`: seconds that a token lives. `users`: for whom Google's endpoint issues tokens."""

    tenant = "8a6b2c1e-1111-4222-8333-944444444444"
    client_id = "5f1d0b7e-aaaa-4bbb-8ccc-0dddddddddd0"
    service_account = "mover@project.iam.gserviceaccount.example"

    def __init__(self, directory, authority, users=(), lifetime=3600):
        self.directory, self.users, self.lifetime = directory, set(users), lifetime
        self.secret = os.urandom(32)  # signs access tokens
        self.delegated = set(GOOGLE_SCOPES)
        self.client_secret = "app~" + secrets.token_urlsafe(24)
        self.mailbox = None  # whose mailbox Microsoft's tokens open: Dovecot wants it in the token
        self.refresh_tokens = {}  # token -> user
        self.rotate = False  # a refresh token is good once
        self.device_answers = []  # what polling gets before the token: "authorization_pending", "slow_down", ...
        self.devices = set()
        self.codes = {}  # authorization code -> what it was asked with
        self.answer_with = {}  # parameters of the redirection that are other than right; None: left out
        self.broken = []  # (status, headers, body) that are answered first, whatever is asked
        self.requests, self.issued, self.used_ids = [], [], set()
        self.times = []  # of each request, monotonic
        self.ca = authority.ca
        self.google_key = self._make_google_key()
        self.app_cert, self.app_key = rsa_certificate(directory, "application")
        self.app_public = self._public(self.app_key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.issue("token-endpoint"))
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                endpoint.serve(self)

            def do_GET(self):
                endpoint.authorize(self)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args):
                pass

            def finish_request(self, request, address):
                request.settimeout(30)
                with context.wrap_socket(request, server_side=True) as secured:
                    super().finish_request(secured, address)

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = "https://localhost:%d" % self.server.server_address[1]
        self.google_url = self.url + "/google/token"
        self.microsoft_url = "%s/%s/oauth2/v2.0/token" % (self.url, self.tenant)
        self.auth_url = "%s/%s/oauth2/v2.0/authorize" % (self.url, self.tenant)
        self.device_url = "%s/%s/oauth2/v2.0/devicecode" % (self.url, self.tenant)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    # ---- keys ----

    def _public(self, key):
        path = key + ".pub"
        openssl("pkey", "-in", key, "-pubout", "-out", path).check_returncode()
        return path

    def _make_google_key(self):
        _, key = rsa_certificate(self.directory, "service-account")
        self.google_public = self._public(key)
        self.google_key_id = hashlib.sha1(os.urandom(8)).hexdigest()
        with open(key, encoding="ascii") as file:
            self.google_key_file = {"type": "service_account", "project_id": "project",
                                    "private_key_id": self.google_key_id, "private_key": file.read(),
                                    "client_email": self.service_account, "client_id": "117"}
        return self.write("google.json", json.dumps(self.google_key_file))

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
        return path

    # ---- what Dovecot needs ----

    def dovecot_settings(self):
        """Lines for the configuration; `install` writes the files they name before the server starts."""
        return ("passdb {\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = %s/oauth2.conf\n}\n"
                % self.directory)

    def install(self):
        keys = os.path.join(self.directory, "keys", "default", "HS256")
        os.makedirs(keys)
        with open(os.path.join(keys, "default"), "w", encoding="ascii") as out:
            out.write(base64.b64encode(self.secret).decode("ascii"))
        with open(os.path.join(self.directory, "oauth2.conf"), "w", encoding="ascii") as out:
            out.write("introspection_mode = local\nusername_attribute = email\n"
                      "local_validation_key_dict = fs:posix:prefix=%s/keys/\n" % self.directory)

    def token(self, user, lifetime=None):
        now = int(time.time())
        claims = {"iss": self.url, "sub": user, "email": user, "iat": now, "nbf": now - 1, "jti": secrets.token_hex(8),
                  "exp": now + (self.lifetime if lifetime is None else lifetime)}
        signed = ".".join(encode(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
        token = signed + "." + encode(hmac.new(self.secret, signed.encode(), "sha256").digest())
        self.issued.append(token)
        return token

    # ---- answers ----

    def serve(self, handler):
        self.times.append(time.monotonic())
        body = handler.rfile.read(int(handler.headers.get("Content-Length", "0")))
        form = {name: values[0] for name, values in urllib.parse.parse_qs(body.decode(), strict_parsing=True).items()}
        self.requests.append((handler.path, form))
        status, headers, answer = 200, {}, None
        try:
            if self.broken:
                status, headers, answer = self.broken.pop(0)
            elif handler.headers.get("Content-Type") != "application/x-www-form-urlencoded":
                raise Refused("invalid_request", "not a form", 415)
            elif handler.path == "/google/token":
                answer = self.google(form)
            else:
                answer = self.microsoft(handler.path, form)
        except Refused as refused:
            status, answer = refused.status, refused.body
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    def answer(self, user, refresh=None):
        answer = {"access_token": self.token(user), "token_type": "Bearer", "expires_in": self.lifetime}
        if refresh:
            answer["refresh_token"] = refresh
        return answer

    def google(self, form):
        """https://developers.google.com/identity/protocols/oauth2/service-account, and refresh tokens."""
        if form.get("grant_type") == "refresh_token":
            return self.refresh(form)
        if form.get("grant_type") != JWT_BEARER:
            raise Refused("unsupported_grant_type", "Invalid grant_type: %s" % form.get("grant_type"))
        found = verify(form.get("assertion", ""), self.google_public, ("RS256",))
        if not found or found[0].get("kid") != self.google_key_id:
            raise Refused("invalid_grant", "Invalid JWT Signature.")
        claims, now = found[1], time.time()
        if claims.get("iss") != self.service_account:
            raise Refused("invalid_grant", "Invalid grant: account not found")
        if claims.get("aud") != self.google_url:
            raise Refused("invalid_grant", "Invalid JWT: Failed audience check.")
        if not now - 300 < claims["iat"] <= now + 300 or not now < claims["exp"] <= claims["iat"] + 3600:
            raise Refused("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes) and in a "
                                           "reasonable timeframe. Check your iat and exp values in the JWT claim.")
        if not set(claims.get("scope", "").split()) <= set(GOOGLE_SCOPES):
            raise Refused("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        if not set(claims["scope"].split()) <= self.delegated:
            raise Refused("unauthorized_client", "Client is unauthorized to retrieve access tokens using this method, "
                                                 "or client not authorized for any of the scopes requested.", 401)
        if claims.get("sub") not in self.users:
            raise Refused("invalid_grant", "Invalid email or User ID")
        return self.answer(claims["sub"])

    def microsoft(self, path, form):
        """https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow and its kin."""
        if path not in ("/%s/oauth2/v2.0/%s" % (self.tenant, end) for end in ("token", "devicecode")):
            raise Refused("invalid_request", "AADSTS90002: Tenant '%s' not found." % path.split("/")[1])
        if form.get("client_id") != self.client_id:
            raise Refused("unauthorized_client", "AADSTS700016: Application with identifier '%s' was not found in the "
                                                 "directory 'Contoso'." % form.get("client_id"))
        if path.endswith("/devicecode"):
            return self.device(form)
        grant = form.get("grant_type")
        if grant == DEVICE_CODE:
            return self.poll(form)
        if grant == "refresh_token":
            return self.refresh(form)
        if grant == "authorization_code":
            return self.redeem(form)
        if grant != "client_credentials":
            raise Refused("unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.")
        self.authenticate(form)
        if not form.get("scope", "").endswith("/.default") or " " in form["scope"]:
            raise Refused("invalid_scope", "AADSTS1002012: The provided value for scope %s is not valid. Client "
                                           "credential flows must have a scope value with /.default suffixed to the "
                                           "resource identifier." % form.get("scope"))
        if form["scope"] != MICROSOFT_SCOPE:
            raise Refused("invalid_resource",
                          "AADSTS500011: The resource principal named %s was not found." % form["scope"])
        return self.answer(self.mailbox)

    def authenticate(self, form):
        if "client_secret" in form:
            if not hmac.compare_digest(form["client_secret"], self.client_secret):
                raise Refused("invalid_client", "AADSTS7000215: Invalid client secret provided. Ensure the secret "
                                                "being sent in the request is the client secret value, not the client "
                                                "secret ID.", 401)
            return
        if form.get("client_assertion_type") != CLIENT_ASSERTION:
            raise Refused("invalid_client", "AADSTS7000218: The request body must contain the following parameter: "
                                            "'client_assertion' or 'client_secret'.", 401)
        found = verify(form.get("client_assertion", ""), self.app_public, ("PS256", "RS256"))
        with open(self.app_cert, encoding="ascii") as file:
            thumbprint = encode(hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read())).digest())
        if not found or found[0].get("x5t#S256") != thumbprint:
            raise Refused("invalid_client", "AADSTS700027: The certificate with identifier used to sign the client "
                                            "assertion is not registered on application.", 401)
        claims, now = found[1], time.time()
        if not claims["nbf"] <= now < claims["exp"] <= now + 3600:
            raise Refused("invalid_client", "AADSTS700024: Client assertion is not within its valid time range.", 401)
        if (claims["iss"], claims["sub"], claims["aud"]) != (self.client_id, self.client_id, self.microsoft_url):
            raise Refused("invalid_client", "AADSTS700021: Client assertion application identifier doesn't match.", 401)
        if claims["jti"] in self.used_ids:
            raise Refused("invalid_client", "AADSTS7000220: The assertion was used before.", 401)
        self.used_ids.add(claims["jti"])

    # ---- people with a browser: RFC 6749 section 4.1, RFC 7636, RFC 9207 ----

    def authorize(self, handler):
        """A page with a link, which leads back to the program that asks."""
        url = urllib.parse.urlsplit(handler.path)
        asked = {name: values[0] for name, values in urllib.parse.parse_qs(url.query, strict_parsing=True).items()}
        redirect = urllib.parse.urlsplit(asked.get("redirect_uri", ""))
        right = (url.path == urllib.parse.urlsplit(self.auth_url).path and asked.get("response_type") == "code"
                 and asked.get("client_id") == self.client_id and asked.get("code_challenge_method") == "S256"
                 and redirect.scheme == "http" and redirect.hostname in ("127.0.0.1", "localhost")
                 and len(asked.get("code_challenge", "")) == 43 and asked.get("scope") and asked.get("state"))
        if not right:
            handler.send_error(400)
            return
        code = secrets.token_urlsafe(24)
        self.codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.url, **self.answer_with}
        query = urllib.parse.urlencode({name: value for name, value in answer.items() if value is not None})
        page = ('<!DOCTYPE html><title>Sign in</title><a id="allow" href="%s?%s">Allow</a>'
                % (asked["redirect_uri"], query.replace("&", "&amp;"))).encode()
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.send_header("Content-Length", str(len(page)))
        handler.end_headers()
        handler.wfile.write(page)

    def redeem(self, form):
        asked = self.codes.pop(form.get("code"), None)
        verifier = form.get("code_verifier", "")
        challenge = encode(hashlib.sha256(verifier.encode()).digest())
        if not asked or asked["redirect_uri"] != form.get("redirect_uri") or len(verifier) < 43:
            raise Refused("invalid_grant", "AADSTS70000: The provided value for the 'code' parameter is not valid.")
        if asked["code_challenge"] != challenge:
            raise Refused("invalid_grant", "AADSTS50148: The code_verifier does not match the code_challenge.")
        return self.answer(self.mailbox, self.new_refresh(self.mailbox))

    def refresh(self, form):
        user = self.refresh_tokens.get(form.get("refresh_token"))
        if not user:
            raise Refused("invalid_grant", "AADSTS70008: The provided authorization code or refresh token has expired "
                                           "due to inactivity.")
        if not self.rotate:
            return self.answer(user)
        del self.refresh_tokens[form["refresh_token"]]
        return self.answer(user, self.new_refresh(user))

    def new_refresh(self, user):
        token = "1.refresh-" + secrets.token_urlsafe(32)
        self.refresh_tokens[token] = user
        return token

    def device(self, form):
        if PERSON_SCOPE not in form.get("scope", "").split():
            raise Refused("invalid_scope", "AADSTS70011: The provided value for the input parameter 'scope' is not "
                                           "valid.")
        code = secrets.token_urlsafe(40)
        self.devices.add(code)
        return {"device_code": code, "user_code": "GTHK-7QPD", "expires_in": 900, "interval": 1,
                "verification_uri": "https://microsoft.example/devicelogin", "message": "To sign in, ..."}

    def poll(self, form):
        if form.get("device_code") not in self.devices:
            raise Refused("bad_verification_code", "AADSTS70021: the device code is unknown")
        if self.device_answers:
            error = self.device_answers.pop(0)
            raise Refused(error, "AADSTS70016: OAuth 2.0 device flow error: " + error)
        self.devices.discard(form["device_code"])
        return self.answer(self.mailbox, self.new_refresh(self.mailbox))
