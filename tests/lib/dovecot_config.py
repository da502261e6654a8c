"""Dovecot's configuration for tests/lib/dovecot.py, in the words of the version that is installed.

2.4 (Debian 13) has other names for most settings than 2.3 (Debian 12) and refuses a file that does not begin with a
version. What tests ask for beyond the base (quota, ACL) is therefore named here and not written out by them.
"""

import functools
import re
import subprocess

COMMON = """\
base_dir = {root}/run
state_dir = {root}/run
log_path = {root}/log/dovecot.log
protocols = imap
listen = {listen}
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
default_client_limit = 1000
default_process_limit = 50
first_valid_uid = 1
ssl = yes
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
mail_max_userip_connections = {max_connections}
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = "{prefix}"
{roles}}}
service auth {{
  client_limit = 2000
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  {unlimited}
  process_min_avail = 1
  process_limit = 2
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 400
  vsz_limit = 1G
}}
"""

OF_2_3 = COMMON + """\
ssl_cert = <{cert}
ssl_key = <{key}
disable_plaintext_auth = {secure_only}
mail_location = {driver}:{path}{layout}
mail_home = {root}/mail/%u
mail_plugins = {plugins}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {root}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {root}/users
  override_fields = uid={uid} gid={gid} home={root}/mail/%u
}}
service anvil {{
  chroot =
  client_limit = 2000
{penalty}}}
"""

OF_2_4 = """\
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
""" + COMMON + """\
ssl_server_cert_file = {cert}
ssl_server_key_file = {key}
auth_allow_cleartext = {cleartext}
mail_driver = {driver}
mail_path = {path}
{layout}
mail_home = {root}/mail/%{{user}}
mail_plugins {{
{plugins}}}
passdb passwd-file {{
  default_password_scheme = PLAIN
  passwd_file_path = {root}/users
}}
userdb passwd-file {{
  passwd_file_path = {root}/users
  fields {{
    uid = {uid}
    gid = {gid}
    home = {root}/mail/%{{user}}
  }}
}}
service anvil {{
  chroot =
  client_limit = 2000
{penalty}}}
"""

SIEVE = """\
protocols = imap sieve
service managesieve-login {{
  chroot =
  {unlimited}
  inet_listener sieve {{
    port = {sieve_port}
  }}
}}
"""

# Scripts lie in ~/sieve, the active one is a link beside it, as Debian's package has it.
SIEVE_2_3 = """\
plugin {{
  sieve = file:~/sieve;active=~/.dovecot.sieve
  {extensions}
}}
"""

SIEVE_2_4 = """\
sieve_script personal {{
  driver = file
  path = ~/sieve
  active_path = ~/.dovecot.sieve
}}
{extensions}
"""

NO_PENALTY = "  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n"


@functools.lru_cache(None)
def version():
    """(major, minor) of the Dovecot that is installed."""
    told = subprocess.run(["/usr/sbin/dovecot", "--version"], stdout=subprocess.PIPE, check=True).stdout.decode()
    return tuple(int(part) for part in re.match(r"(\d+)\.(\d+)", told).groups())


def _of_2_3(settings, quota, acl):
    plugins = ["quota"] * bool(quota) + ["acl"] * bool(acl)
    more = ""
    if quota:
        more += "protocol imap {\n  mail_plugins = $mail_plugins imap_quota\n}\n"
        more += "plugin {\n  quota = maildir:User quota\n  quota_rule = *:storage=%s\n}\n" % quota
    if acl:
        more += "plugin {\n  acl = vfile\n}\n"
    layout = ":LAYOUT=fs" if settings["layout"] == "fs" else ""
    return OF_2_3.format(**dict(settings, unlimited="service_count = 0", layout=layout,
                                plugins=" ".join([settings["plugins"]] + plugins))) + more


def _of_2_4(settings, quota, acl):
    plugins = settings["plugins"].split() + ["quota"] * bool(quota) + ["acl"] * bool(acl)
    more = ""
    if quota:
        more += "protocol imap {\n  mail_plugins {\n    imap_quota = yes\n  }\n}\n"
        more += "quota_driver = maildir\nquota \"User quota\" {\n}\nquota_storage_size = %s\n" % quota
    if acl:
        more += "acl_driver = vfile\n"
    layout = "" if settings["driver"] != "maildir" else "mailbox_list_layout = " + settings["layout"]
    roles = re.sub(r"special_use = (\S+)", lambda match: "special_use = \"\\%s\"" % match[1], settings["roles"])
    return OF_2_4.format(**dict(settings, unlimited="restart_request_count = unlimited", layout=layout, roles=roles,
                                cleartext="no" if settings["secure_only"] == "yes" else "yes",
                                plugins="".join("  %s = yes\n" % name for name in plugins))) + more


def _sieve(settings, sieve):
    """What ManageSieve needs; sieve: extensions to leave out, as "-vacation -include"."""
    old = version() < (2, 4)
    words = dict(sieve_port=settings["sieve_port"],
                 unlimited="service_count = 0" if old else "restart_request_count = unlimited")
    taken = " ".join(sieve) if sieve else ""
    if old:
        extensions = "sieve_extensions = %s" % taken if taken else ""
    else:
        gone = [word[1:] for word in sieve or ()]
        extensions = "sieve_extensions {\n%s}" % "".join("  %s = no\n" % word for word in gone) if gone else ""
    return SIEVE.format(**words) + (SIEVE_2_3 if old else SIEVE_2_4).format(extensions=extensions)


def user_line(name, password, quota=None):
    """A line of the users file; quota: room of this user, other than that of the rest."""
    field = "userdb_quota_rule=*:storage=" if version() < (2, 4) else "userdb_quota_storage_size="
    return "%s:{PLAIN}%s::::::%s\n" % (name, password, field + quota if quota else "")


def text(settings, quota=None, acl=False, sieve=None):
    """The file's text. sieve: None, or extensions that ManageSieve lacks
    (["-vacation"]).
    settings: what the templates above name, `extra` and `capability` (a list, or None for all)."""
    settings = dict(settings, penalty="" if settings.pop("penalty", True) else NO_PENALTY)
    made = (_of_2_3 if version() < (2, 4) else _of_2_4)(settings, quota, acl)
    if sieve is not None:
        made += _sieve(settings, sieve)
    if settings["capability"] is not None:
        made += "imap_capability = %s\n" % " ".join(settings["capability"])
    return made + settings["extra"]
