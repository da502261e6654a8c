"""What the tests of logins share: a side of a run that logs in without a password option, and Dovecots for that."""

import os
import shutil

import certs
import dovecot
import harness
import mailgen
import tokens

MECHANISMS = "plain login cram-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer"


class Login(harness.Account):
    """An account with the options that are given, and a password file only when `password` is not None."""

    def __init__(self, url, password=None, **options):
        super().__init__(url, password, **options)

    @classmethod
    def on(cls, server, user="u1", scheme="imaps", host=None, port=None, password=None, **options):
        if scheme == "plain":
            options["tls"] = "none"
        options.setdefault("ca_file", server.ca)
        return cls(server.url(user, "imap" if scheme == "plain" else scheme, host, port), password, **options)

    def arguments(self, side, directory):
        if self.password is not None:
            return super().arguments(side, directory)
        given = ["--" + side, self.url]
        for name, value in self.options.items():
            if value is not None:
                given += ["--%s-%s" % (side, name.replace("_", "-")), value]
        return given


class LoginCase(harness.ToolCase):
    """One source with many ways to log in (class attribute `source`), and a plain target; new users for each test."""

    users = ["u%d" % number for number in range(1, 60)]

    @classmethod
    def source_settings(cls):
        return {}

    @classmethod
    def setUpClass(cls):
        cls.shared = dovecot.work_directory("mml-")
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        cls.authority = certs.Authority(os.path.join(cls.shared, "ca"))
        settings = {"mechanisms": MECHANISMS, "users": cls.users, "authority": cls.authority}
        settings.update(cls.source_settings())
        cls.source = dovecot.Dovecot(**settings).start()
        cls.addClassCleanup(cls.source.stop)
        cls.target = dovecot.Dovecot(users=cls.users, authority=cls.authority, layout="fs").start()
        cls.addClassCleanup(cls.target.stop)
        cls.next_user = iter(cls.users)

    def setUp(self):
        super().setUp()
        self.user = next(self.next_user)
        self.log_from = len(self.source.log)

    def log(self):
        """What the source has logged during this test."""
        return self.source.log[self.log_from:]

    def fill(self, count=5, messages=None, **options):
        connection = self.source.login(self.user)
        messages = messages or mailgen.generate(harness.SEED, count, **options)
        mailgen.fill(connection, messages, self.source.separator)
        connection.logout()
        self.log_from = len(self.source.log)
        return messages

    def to_target(self):
        return harness.Account.on(self.target, self.user)

    def copy_from(self, source, *extra, **options):
        return self.copy(source, self.to_target(), *extra, **options)

    def assert_arrived(self, result=None):
        connections = []
        for server in (self.source, self.target):
            connections.append(server.login(self.user))
            self.addCleanup(connections[-1].shutdown)
        self.assert_same(*connections, result)


def with_tokens(users, **options):
    """(endpoint, settings for a Dovecot) that belong together; the caller stops the endpoint."""
    directory = dovecot.work_directory("mmk-")
    authority = certs.Authority(os.path.join(directory, "ca"))
    endpoint = tokens.Endpoint(directory, authority, users, **options)
    endpoint.install()
    return endpoint, {"extra": endpoint.dovecot_settings(), "authority": authority}
