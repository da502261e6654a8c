/*
 * options/table.c - every option: what it is called, what it takes, where its value goes, and which verbs have it
 *
 * A further option is a row here and a paragraph in the manuals: the command line, the plan, the list of accounts and
 * `--help` all read this table.
 */
#include "options/table.h"
#include "base/nearest.h"
#include "options/values.h"
#include <stdio.h>
#include <string.h>

#define COPY      (1u << MIG_VERB_COPY)
#define VERIFY    (1u << MIG_VERB_VERIFY)
#define RUN       (1u << MIG_VERB_RUN)
#define INVENTORY (1u << MIG_VERB_INVENTORY)
#define ARCHIVE   (1u << MIG_VERB_ARCHIVE)
#define FILTERS   (1u << MIG_VERB_FILTERS)
#define DEDUP     (1u << MIG_VERB_DEDUP)
#define MANY      (COPY | VERIFY | RUN | INVENTORY) /* those that a plan is for */
#define MAIL      (MANY | ARCHIVE)                  /* those that are about single messages */
#define ALL       (MAIL | DEDUP)
#define PROBE     (1u << MIG_VERB_PROBE)
#define BOTH      (ALL | FILTERS | PROBE) /* those that log in */

static const char *const tls_names[] = {"implicit", "starttls", "none", NULL};
static const char *const auth_names[] = {"auto",          "plain",   "login",       "cram-md5", "scram-sha-1",
                                         "scram-sha-256", "xoauth2", "oauthbearer", "external", NULL};
static const char *const grant_names[] = {"google", "microsoft", "refresh", "device", NULL};
static const char *const tls_min_names[] = {"1.2", "1.3", NULL};
static const char *const compress_names[] = {"auto", "off", "on", NULL};
static const char *const files_as_names[] = {"owner", "self", NULL};
static const char *const labels_names[] = {"all", "first", "keyword", NULL};
static const char *const flags_names[] = {"merge", "source", "keep", NULL};
static const char *const deletions_names[] = {"keep", "flag", "expunge", NULL};
static const char *const infected_names[] = {"report", "quarantine", "skip", NULL};
static const char *const depth_names[] = {"full", "quick", NULL};
static const char *const stock_names[] = {"quick", "full", NULL};
static const char *const against_names[] = {"state", "source", NULL};
static const char *const mail_when_names[] = {"always", "problems", NULL};
static const char *const progress_names[] = {"auto", "always", "never", NULL};

/* Choices are written as an int, so what they choose has to be as large as one. */
_Static_assert(sizeof(mig_auth) == sizeof(int) && sizeof(mig_labels) == sizeof(int) &&
                   sizeof(mig_inventory_depth) == sizeof(int) && sizeof(mig_progress_mode) == sizeof(int) &&
                   sizeof(mig_files_as) == sizeof(int) && sizeof(mig_infected) == sizeof(int),
               "an enumeration is an int");
_Static_assert(MIG_INVENTORY_FULL == MIG_INVENTORY_QUICK + 1, "in the order of stock_names");

/* clang-format off */
#define SIDE_AT(member) offsetof(mig_settings_side, member)
#define AT(member)      offsetof(mig_settings, member)
#define ROW(name, kind, scope, group, verbs, plan, path, input, letter, argument, help) \
    {name, kind, scope, group, verbs, plan, path, input, NULL, letter, argument, help}

/* Of a side. */
#define SIDE(name, type, member, argument, help) \
    {ROW(name, MIG_OPTION_VALUE, MIG_OPTION_OF_SIDE, MIG_OPTIONS_SIDE, BOTH, true, false, false, '\0', argument, \
         help), \
     type, SIDE_AT(member), NULL, 0, 0}
#define SIDE_FILE(name, member, argument, help) \
    {ROW(name, MIG_OPTION_VALUE, MIG_OPTION_OF_SIDE, MIG_OPTIONS_SIDE, BOTH, true, true, true, '\0', argument, help), \
     MIG__TYPE_TEXT, SIDE_AT(member), NULL, 0, 0}
#define SIDE_CHOICE(name, names, member, argument, help) \
    {ROW(name, MIG_OPTION_VALUE, MIG_OPTION_OF_SIDE, MIG_OPTIONS_SIDE, BOTH, true, false, false, '\0', argument, \
         help), \
     MIG__TYPE_CHOICE, SIDE_AT(member), names, 0, 0}

/* Of an account (OF_ACCOUNT) or of the run (OF_RUN). */
#define VALUE(name, of, group, verbs, type, member, argument, help) \
    {ROW(name, MIG_OPTION_VALUE, MIG_OPTION_##of, group, verbs, true, false, false, '\0', argument, help), \
     type, AT(member), NULL, 0, 0}
#define INPUT(name, of, group, verbs, member, argument, help) \
    {ROW(name, MIG_OPTION_VALUE, MIG_OPTION_##of, group, verbs, true, true, true, '\0', argument, help), \
     MIG__TYPE_TEXT, AT(member), NULL, 0, 0}
#define OUTPUT(name, of, group, verbs, member, argument, help) \
    {ROW(name, MIG_OPTION_VALUE, MIG_OPTION_##of, group, verbs, true, true, false, '\0', argument, help), \
     MIG__TYPE_TEXT, AT(member), NULL, 0, 0}
#define CHOICE(name, of, group, verbs, names, first, member, argument, help) \
    {ROW(name, MIG_OPTION_VALUE, MIG_OPTION_##of, group, verbs, true, false, false, '\0', argument, help), \
     MIG__TYPE_CHOICE, AT(member), names, first, 0}
#define NUMBER(name, of, group, verbs, from, to, member, argument, help) \
    {ROW(name, MIG_OPTION_VALUE, MIG_OPTION_##of, group, verbs, true, false, false, '\0', argument, help), \
     MIG__TYPE_NUMBER, AT(member), NULL, from, to}
#define LIST(name, group, verbs, type, member, argument, help) \
    {ROW(name, MIG_OPTION_LIST, MIG_OPTION_OF_ACCOUNT, group, verbs, true, false, false, '\0', argument, help), \
     type, AT(member), NULL, 0, 0}
/* A list whose option may stand without a value, which then is "all". */
#define MAYBE(name, group, verbs, member, argument, help) \
    {{name, MIG_OPTION_LIST, MIG_OPTION_OF_ACCOUNT, group, verbs, true, false, false, "all", '\0', argument, help}, \
     MIG__TYPE_TEXTS, AT(member), NULL, 0, 0}
/* The same for one value of the run, with what it is then. */
#define OPTIONAL(name, group, verbs, member, without, argument, help) \
    {{name, MIG_OPTION_VALUE, MIG_OPTION_OF_RUN, group, verbs, true, false, false, without, '\0', argument, help}, \
     MIG__TYPE_TEXT, AT(member), NULL, 0, 0}
#define SWITCH(name, of, group, verbs, letter, member, help) \
    {ROW(name, MIG_OPTION_SWITCH, MIG_OPTION_##of, group, verbs, true, false, false, letter, NULL, help), \
     MIG__TYPE_SWITCH, AT(member), NULL, 0, 0}
/* Of the command line alone. */
#define TYPED(name, group, verbs, member, argument, help) \
    {ROW(name, MIG_OPTION_VALUE, MIG_OPTION_OF_RUN, group, verbs, false, true, true, '\0', argument, help), \
     MIG__TYPE_TEXT, AT(member), NULL, 0, 0}
#define TYPED_SWITCH(name, group, verbs, member, help) \
    {ROW(name, MIG_OPTION_SWITCH, MIG_OPTION_OF_RUN, group, verbs, false, false, false, '\0', NULL, help), \
     MIG__TYPE_SWITCH, AT(member), NULL, 0, 0}

static const mig__option rows[] = {
    {ROW("", MIG_OPTION_VALUE, MIG_OPTION_OF_SIDE, MIG_OPTIONS_SIDE, BOTH, false, false, false, '\0', "URL",
         "the account: an address, or imaps://user%40domain@host[:993], imap:// with STARTTLS"),
     MIG__TYPE_TEXT, SIDE_AT(url), NULL, 0, 0},
    {ROW("tls", MIG_OPTION_VALUE, MIG_OPTION_OF_SIDE, MIG_OPTIONS_SIDE, BOTH, true, false, false, '\0', "MODE",
         "implicit or starttls as the URL says, or none (to loopback)"),
     MIG__TYPE_TEXT, SIDE_AT(tls), tls_names, 0, 0},
    SIDE_CHOICE("auth", auth_names, auth, "MECHANISM",
         "auto, plain, login, cram-md5, scram-sha-1, scram-sha-256, xoauth2, oauthbearer, external"),
    SIDE("authzid", MIG__TYPE_TEXT, authzid, "USER", "log in as the URL's user, act as this one"),
    SIDE_FILE("password-file", password_file, "FILE", "the password is the first line of this file"),
    SIDE("password-command", MIG__TYPE_TEXT, password_command, "COMMAND",
         "the password is the first line that this command prints"),
    SIDE("pin", MIG__TYPE_PIN, pin, "PIN", "accept this public key alone: sha256//BASE64"),
    SIDE_FILE("ca-file", ca_file, "FILE", "certificates to trust instead of the system's (PEM)"),
    SIDE_FILE("cert", cert, "FILE", "client certificate (PEM): log in with it, or show it besides"),
    SIDE_FILE("key", key, "FILE", "its private key (PEM), when it is not in the same file"),
    SIDE("token-command", MIG__TYPE_TEXT, token_command, "COMMAND",
         "an access token is the first line that this command prints"),
    {ROW("oauth", MIG_OPTION_VALUE, MIG_OPTION_OF_SIDE, MIG_OPTIONS_SIDE, BOTH, true, false, false, '\0', "HOW",
         "get access tokens: google, microsoft, refresh or device"),
     MIG__TYPE_TEXT, SIDE_AT(grant), grant_names, 0, 0},
    SIDE_FILE("oauth-key", oauth2.key_file, "FILE", "Google's JSON key, or the certificate's key (PEM)"),
    SIDE_FILE("oauth-cert", oauth2.cert_file, "FILE", "certificate of the application (PEM)"),
    SIDE("oauth-client-id", MIG__TYPE_TEXT, oauth2.client_id, "ID", "client ID of the application"),
    SIDE_FILE("oauth-secret-file", oauth2.secret_file, "FILE", "its secret is the first line"),
    SIDE_FILE("oauth-refresh-file", oauth2.refresh_file, "FILE", "the refresh token is the first line"),
    SIDE("oauth-tenant", MIG__TYPE_TEXT, oauth2.tenant, "TENANT", "Microsoft's directory: its ID or domain"),
    SIDE("oauth-scope", MIG__TYPE_TEXT, oauth2.scope, "SCOPE", "what to ask for, instead of access by IMAP"),
    SIDE("oauth-token-url", MIG__TYPE_TEXT, oauth2.token_url, "URL", "another token endpoint"),
    SIDE("oauth-device-url", MIG__TYPE_TEXT, oauth2.device_url, "URL", "another endpoint for device codes"),
    SIDE_FILE("oauth-ca-file", oauth2.ca_file, "FILE", "certificates to trust at these (PEM)"),
    SIDE("proxy", MIG__TYPE_TEXT, proxy, "URL", "socks5://[USER@]HOST[:PORT] or http://[USER@]HOST[:PORT]"),
    SIDE("tunnel", MIG__TYPE_TEXT, tunnel, "COMMAND", "speak IMAP with this command: ssh HOST .../imap"),
    {ROW("sieve", MIG_OPTION_VALUE, MIG_OPTION_OF_SIDE, MIG_OPTIONS_SIDE, RUN | FILTERS, true, false, false, '\0',
         "SERVER", "ManageSieve: HOST[:PORT], none, or sieve:DIR for scripts in files"),
     MIG__TYPE_TEXT, SIDE_AT(sieve), NULL, 0, 0},
    {ROW("sieve-tunnel", MIG_OPTION_VALUE, MIG_OPTION_OF_SIDE, MIG_OPTIONS_SIDE, RUN | FILTERS, true, false, false,
         '\0', "COMMAND", "speak ManageSieve with this command: ssh HOST .../managesieve"),
     MIG__TYPE_TEXT, SIDE_AT(sieve_tunnel), NULL, 0, 0},
    SIDE("provider", MIG__TYPE_PROVIDER, provider, "NAME", "what is known of this provider holds here"),

    INPUT("ca-file", OF_ACCOUNT, MIG_OPTIONS_SERVERS, BOTH, ca_file, "FILE",
          "certificates to trust instead of the system's, both sides (PEM)"),
    VALUE("resolver", OF_ACCOUNT, MIG_OPTIONS_SERVERS, BOTH, MIG__TYPE_TEXT, resolver, "IP[@PORT]",
          "whom to ask for the server of an address (default: the system's resolver)"),
    SWITCH("yes", OF_ACCOUNT, MIG_OPTIONS_SERVERS, BOTH, '\0', yes,
           "take the server found for an address without asking, if something vouches for it"),
    SWITCH("allow-cleartext", OF_ACCOUNT, MIG_OPTIONS_SERVERS, BOTH, '\0', allow_cleartext,
           "permit tls mode none also beyond loopback"),
    CHOICE("tls-min", OF_ACCOUNT, MIG_OPTIONS_SERVERS, BOTH, tls_min_names, 12, tls_min, "VERSION",
           "lowest TLS version: 1.2 (default) or 1.3"),
    VALUE("proxy", OF_ACCOUNT, MIG_OPTIONS_SERVERS, BOTH, MIG__TYPE_TEXT, proxy, "URL",
          "reach both servers through this proxy"),
    INPUT("proxy-password-file", OF_ACCOUNT, MIG_OPTIONS_SERVERS, BOTH, proxy_password_file, "FILE",
          "the proxy's password is the first line of this file"),
    CHOICE("compress", OF_ACCOUNT, MIG_OPTIONS_SERVERS, (ALL | PROBE), compress_names, -1, compress, "MODE",
           "COMPRESS=DEFLATE: on, off or auto (default)"),
    CHOICE("files-as", OF_ACCOUNT, MIG_OPTIONS_SERVERS, ALL, files_as_names, 0, files_as, "WHO",
           "as root, whose rights mail in files is read with: owner (default), self"),
    VALUE("timeout", OF_ACCOUNT, MIG_OPTIONS_SERVERS, BOTH, MIG__TYPE_SECONDS, timeout_ms, "SECONDS",
          "give up on a server that is silent this long (default 300)"),
    VALUE("connect-timeout", OF_ACCOUNT, MIG_OPTIONS_SERVERS, BOTH, MIG__TYPE_SECONDS, connect_timeout_ms, "SECONDS",
          "give up on connecting or the greeting after this long (default 30)"),
    VALUE("patience", OF_ACCOUNT, MIG_OPTIONS_SERVERS, BOTH & ~PROBE, MIG__TYPE_SECONDS,
          copy.effort.patience_ms, "SECONDS",
          "keep trying to reach a server again for this long (default 120)"),

    LIST("folder", MIG_OPTIONS_FOLDERS, ALL, MIG__TYPE_TEXTS, copy.selection.folders, "GLOB",
         "only folders that match; can be given again"),
    LIST("exclude", MIG_OPTIONS_FOLDERS, ALL, MIG__TYPE_TEXTS, copy.selection.excludes, "GLOB",
         "not the folders that match; can be given again"),
    LIST("map", MIG_OPTIONS_FOLDERS, MANY | FILTERS, MIG__TYPE_RULES, copy.selection.maps, "FROM=TO",
         "folder FROM of the source is TO on the target; can be given again"),
    CHOICE("labels", OF_ACCOUNT, MIG_OPTIONS_FOLDERS, MANY, labels_names, 0, copy.selection.labels, "MODE",
           "of a source at Gmail: all (default), first, or keyword"),
    SWITCH("shared", OF_ACCOUNT, MIG_OPTIONS_FOLDERS, ALL, '\0', copy.selection.shared,
           "also folders that are shared or of other users"),

    VALUE("since", OF_ACCOUNT, MIG_OPTIONS_MESSAGES, MAIL, MIG__TYPE_DATE, copy.selection.since, "YYYY-MM-DD",
          "messages received on this day or later"),
    VALUE("before", OF_ACCOUNT, MIG_OPTIONS_MESSAGES, MAIL, MIG__TYPE_DATE, copy.selection.before, "YYYY-MM-DD",
          "messages received before this day"),
    VALUE("max-size", OF_ACCOUNT, MIG_OPTIONS_MESSAGES, MAIL, MIG__TYPE_SIZE, copy.selection.max_size, "SIZE",
          "leave larger messages out, and list them"),
    VALUE("junk", OF_ACCOUNT, MIG_OPTIONS_MESSAGES, MAIL, MIG__TYPE_JUNK, copy.selection.junk, "WHAT",
          "junk mail: copy (default), skip, last, or max-age=DAYS"),
    VALUE("scan", OF_ACCOUNT, MIG_OPTIONS_MESSAGES, COPY | RUN | INVENTORY | ARCHIVE, MIG__TYPE_SCANNER,
          copy.scan.scanner, "clamd:SOCKET", "show each message to a virus scanner: clamd:/run/clamav/clamd.ctl"),
    CHOICE("infected", OF_ACCOUNT, MIG_OPTIONS_MESSAGES, COPY | RUN, infected_names, MIG_INFECTED_REPORT,
           copy.scan.infected, "WHAT", "what it finds: report (copy and list, default), quarantine, or skip"),
    SWITCH("scan-optional", OF_ACCOUNT, MIG_OPTIONS_MESSAGES, COPY | RUN | INVENTORY | ARCHIVE, '\0',
           copy.scan.optional, "go on without the scanner when it is away, and name what was not scanned"),

    NUMBER("connections", OF_ACCOUNT, MIG_OPTIONS_PACE, MAIL & ~INVENTORY, 1, MIG_MOST_CONNECTIONS,
           copy.effort.connections, "N", "most connections to each side, 1 to 32 (default 4)"),
    VALUE("max-rate", OF_ACCOUNT, MIG_OPTIONS_PACE, COPY | RUN | INVENTORY, MIG__TYPE_SIZE, copy.max_rate, "SIZE",
          "octets a second towards the target, as 10M"),
    VALUE("daily-limit", OF_ACCOUNT, MIG_OPTIONS_PACE, COPY | RUN | INVENTORY, MIG__TYPE_SIZE, copy.daily_limit, "SIZE",
          "octets a day towards the target, over all runs, as 500M"),
    VALUE("until", OF_ACCOUNT, MIG_OPTIONS_PACE, COPY | RUN, MIG__TYPE_TIME, copy.until, "HH:MM",
          "stop cleanly at this time; the next run goes on"),
    SWITCH("ordered", OF_ACCOUNT, MIG_OPTIONS_PACE, COPY | RUN, '\0', copy.ordered,
           "keep each folder's messages in their order on the target"),

    CHOICE("flags", OF_ACCOUNT, MIG_OPTIONS_COPY, COPY | RUN, flags_names, 0, copy.flags, "MODE",
           "changed flags: merge (default), source or keep"),
    CHOICE("deletions", OF_ACCOUNT, MIG_OPTIONS_COPY, COPY | RUN, deletions_names, 0, copy.deletions, "MODE",
           "what vanished on the source: keep (default), flag or expunge"),

    CHOICE("against", OF_ACCOUNT, MIG_OPTIONS_VERIFY, VERIFY | RUN, against_names, 0, verify.against, "WHAT",
           "compare with the copy's state (default), or source: read that again too"),
    CHOICE("depth", OF_ACCOUNT, MIG_OPTIONS_VERIFY, VERIFY | RUN, depth_names, 0, verify.depth, "DEPTH",
           "full (default): read every message; quick: numbers, sizes, flags, dates"),
    VALUE("sample", OF_ACCOUNT, MIG_OPTIONS_VERIFY, VERIFY | RUN, MIG__TYPE_PERCENT, verify.sample, "PERCENT",
          "read only this share of the messages, chosen at random"),
    VALUE("seed", OF_ACCOUNT, MIG_OPTIONS_VERIFY, VERIFY | RUN, MIG__TYPE_SEED, verify.seed, "NUMBER",
          "choose the same messages as the run that told this number"),

    CHOICE("depth", OF_ACCOUNT, MIG_OPTIONS_STOCK, INVENTORY, stock_names, MIG_INVENTORY_QUICK, stock_depth, "DEPTH",
           "quick: what the servers count; full (default): each message's size, date"),
    SWITCH("scan-content", OF_ACCOUNT, MIG_OPTIONS_STOCK, INVENTORY, '\0', scan_content,
           "read every message, to tell what the target may alter"),

    SWITCH("adopt-read", OF_ACCOUNT, MIG_OPTIONS_COPY, COPY | RUN, '\0', copy.adopt_read,
           "read what was there before, also what earlier runs adopted"),
    SWITCH("no-adopt-read", OF_ACCOUNT, MIG_OPTIONS_COPY, COPY | RUN, '\0', copy.adopt_unread,
           "do not read what was there before: verify cannot prove it then"),

    MAYBE("mend", MIG_OPTIONS_COPY, COPY, mend_words, "WHAT",
          "send again what verify misses or finds altered: missing, altered, all, REPORT"),
    SWITCH("replace", OF_ACCOUNT, MIG_OPTIONS_COPY, COPY | RUN, '\0', mend.replace,
           "when mending: remove an altered message once the right one is there"),
    MAYBE("retry-failed", MIG_OPTIONS_COPY, COPY, retry_words, "CODE",
          "try nothing but what failed before: all, or by code, as too-big"),
    SWITCH("force", OF_ACCOUNT, MIG_OPTIONS_COPY, COPY | RUN | INVENTORY | FILTERS, '\0', copy.force,
           "go on where a safety check would stop"),
    OUTPUT("state", OF_ACCOUNT, MIG_OPTIONS_COPY, MANY | FILTERS | DEDUP, copy.state_path, "FILE",
           "the file that remembers what was copied"),
    SWITCH("dry-run", OF_ACCOUNT, MIG_OPTIONS_COPY, COPY | RUN | FILTERS, '\0', copy.dry_run,
           "say what would be done, change nothing"),

    SWITCH("map-folders", OF_ACCOUNT, MIG_OPTIONS_FILTERS, RUN | FILTERS, '\0', filters.map_folders,
           "filters: write the target's folder names into the scripts"),
    SWITCH("replace", OF_ACCOUNT, MIG_OPTIONS_FILTERS, FILTERS, '\0', filters.replace,
           "a script of the same name with other content goes"),
    SWITCH("replace-filters", OF_ACCOUNT, MIG_OPTIONS_FILTERS, RUN, '\0', filters.replace,
           "filters: a script of the same name with other content goes"),
    SWITCH("activate", OF_ACCOUNT, MIG_OPTIONS_FILTERS, RUN | FILTERS, '\0', filters.activate,
           "filters: make active what is active on the source, once the MX lead away from it"),

    VALUE("steps", OF_RUN, MIG_OPTIONS_STEPS, RUN, MIG__TYPE_STEPS, steps, "STEPS",
          "of check, inventory, copy, verify, mend, filters, domain (default check,copy,verify)"),
    SWITCH("final", OF_RUN, MIG_OPTIONS_STEPS, RUN, '\0', final,
           "the last pass: copy until the source is quiet, verify, mend, verify again"),
    NUMBER("final-passes", OF_RUN, MIG_OPTIONS_STEPS, RUN, 1, 100, final_passes, "N",
           "with --final: copy at most so often (default 5)"),
    SWITCH("keep-going", OF_RUN, MIG_OPTIONS_STEPS, RUN, '\0', keep_going,
           "go on with the others when an account fails the check"),
    {ROW("jobs", MIG_OPTION_VALUE, MIG_OPTION_OF_RUN, MIG_OPTIONS_MANY, MANY, true, false, false, '\0', "N",
         "accounts at once, 1 to 256 (default auto: as many as bring more)"),
     MIG__TYPE_AUTO, AT(jobs), NULL, 1, 256},
    NUMBER("host-connections", OF_RUN, MIG_OPTIONS_MANY, MANY, 1, 10000, host_connections, "N",
           "most connections to one host, over all accounts (default 64)"),
    VALUE("on-finish", OF_RUN, MIG_OPTIONS_MANY, MANY, MIG__TYPE_TEXT, on_finish, "COMMAND",
          "run this command at the end, with the summary as its input"),
    VALUE("webhook", OF_RUN, MIG_OPTIONS_MANY, MANY, MIG__TYPE_HTTPS, webhook, "URL",
          "send the summary there at the end (https, JSON)"),
    VALUE("mail-to", OF_RUN, MIG_OPTIONS_MANY, MANY, MIG__TYPE_TEXT, mail_to, "ADDRESS",
          "mail the summary there at the end"),
    CHOICE("mail-when", OF_RUN, MIG_OPTIONS_MANY, MANY, mail_when_names, 0, mail_when, "WHEN",
           "always (default), or problems: when something wants a person"),
    VALUE("mail-server", OF_RUN, MIG_OPTIONS_MANY, MANY, MIG__TYPE_TEXT, mail_server, "URL",
          "by smtp://HOST[:PORT] or smtps://HOST[:PORT] (default smtp://localhost)"),
    VALUE("mail-from", OF_RUN, MIG_OPTIONS_MANY, MANY, MIG__TYPE_TEXT, mail_from, "ADDRESS",
          "as this sender (default mailmigrate at this machine)"),
    VALUE("mail-user", OF_RUN, MIG_OPTIONS_MANY, MANY, MIG__TYPE_TEXT, mail_user, "USER",
          "log in to that server"),
    INPUT("mail-password-file", OF_RUN, MIG_OPTIONS_MANY, MANY, mail_password_file, "FILE",
          "with the password that is the first line of this file"),

    TYPED_SWITCH("apply", MIG_OPTIONS_COPY, DEDUP, apply, "move the doubles to the folder Duplicates"),
    TYPED_SWITCH("undo", MIG_OPTIONS_COPY, DEDUP, undo, "bring back what was moved there"),
    TYPED_SWITCH("dry-run", MIG_OPTIONS_COPY, DEDUP, copy.dry_run, "say what would be moved, change nothing (default)"),

    TYPED_SWITCH("incremental", MIG_OPTIONS_ARCHIVE, ARCHIVE, incremental,
                 "export: add a further file with what is new"),
    TYPED_SWITCH("encrypt", MIG_OPTIONS_ARCHIVE, ARCHIVE, encrypt, "export: encrypt the .zip (AES-256)"),
    TYPED("password-file", MIG_OPTIONS_ARCHIVE, ARCHIVE, archive_password_file, "FILE",
          "the archive's password is the first line of this file"),
    TYPED("sign", MIG_OPTIONS_ARCHIVE, ARCHIVE, sign_path, "KEY", "export: sign with this private key (PEM)"),
    TYPED("public-key", MIG_OPTIONS_ARCHIVE, ARCHIVE, public_key_path, "FILE", "check: the signer's public key (PEM)"),
    TYPED_SWITCH("force", MIG_OPTIONS_ARCHIVE, ARCHIVE, copy.force, "export: replace an archive that is there"),

    {ROW("connections", MIG_OPTION_VALUE, MIG_OPTION_OF_RUN, MIG_OPTIONS_PROBE, PROBE, false, false, false, '\0', "N",
         "try so many at once, 1 to 16 (default: 16, or what the provider is known to take)"),
     MIG__TYPE_NUMBER, AT(probe_connections), NULL, 1, 16},
    TYPED_SWITCH("write", MIG_OPTIONS_PROBE, PROBE, probe_write,
                 "make a folder, put 2 MB of test mail there, read it, and remove all of it"),

    OUTPUT("html", OF_RUN, MIG_OPTIONS_REPORTS, VERIFY | RUN | INVENTORY, html_path, "FILE",
           "write the report as one page for the browser and for paper"),
    OUTPUT("csv", OF_RUN, MIG_OPTIONS_REPORTS, VERIFY | RUN | INVENTORY, csv_path, "FILE",
           "write the findings as a table"),
    INPUT("sign", OF_RUN, MIG_OPTIONS_REPORTS, VERIFY | RUN | INVENTORY, sign_path, "KEY",
          "sign each report file with this private key (PEM): FILE.sig"),
    TYPED("check-report", MIG_OPTIONS_REPORTS, VERIFY, check_path, "FILE",
          "tell whether a report was changed since it was written"),
    TYPED("public-key", MIG_OPTIONS_REPORTS, VERIFY, public_key_path, "FILE",
          "the signer's public key (PEM), with --check-report"),

    CHOICE("progress", OF_RUN, MIG_OPTIONS_OUTPUT, MAIL, progress_names, 0, progress, "WHEN",
           "auto (default), always or never"),
    SWITCH("quiet", OF_RUN, MIG_OPTIONS_OUTPUT, BOTH, 'q', quiet, "only what needs attention"),
    {ROW("verbose", MIG_OPTION_SWITCH, MIG_OPTION_OF_RUN, MIG_OPTIONS_OUTPUT, BOTH, true, false, false, 'v', NULL,
         "tell more; twice: still more"),
     MIG__TYPE_COUNT, AT(verbose), NULL, 0, 0},
    OUTPUT("log", OF_RUN, MIG_OPTIONS_OUTPUT, BOTH, log_path, "FILE",
           "append what happens to this file, one JSON object a line, or to the journal"),
    OPTIONAL("live", MIG_OPTIONS_OUTPUT, RUN, live, "127.0.0.1:8417", "ADDRESS:PORT",
             "serve a page that shows the run (default 127.0.0.1:8417)"),
    INPUT("live-cert", OF_RUN, MIG_OPTIONS_OUTPUT, RUN, live_cert, "FILE",
          "its certificate (PEM), needed beyond loopback"),
    INPUT("live-key", OF_RUN, MIG_OPTIONS_OUTPUT, RUN, live_key, "FILE", "the key of that certificate (PEM)"),
    OUTPUT("metrics", OF_RUN, MIG_OPTIONS_OUTPUT, RUN, metrics_path, "FILE",
           "keep this file up to date with metrics for Prometheus"),
    OUTPUT("json", OF_RUN, MIG_OPTIONS_OUTPUT, BOTH, json_path, "FILE",
           "write the result as JSON; \"-\": to standard output"),
    SWITCH("trace", OF_RUN, MIG_OPTIONS_OUTPUT, BOTH, '\0', trace,
           "log the dialogue with the servers, secrets masked"),
};
/* clang-format on */

enum { COUNT = sizeof rows / sizeof rows[0] };

const mig_option *mig_option_at(size_t index)
{
    return index < COUNT ? &rows[index].is : NULL;
}

char *mig__option_name(const mig__option *option, int side, char *out, size_t size)
{
    if (option->is.scope != MIG_OPTION_OF_SIDE) {
        snprintf(out, size, "%s", option->is.name);
    } else {
        snprintf(out, size, "%s%s%s", side == MIG_SOURCE ? "source" : "target", option->is.name[0] != '\0' ? "-" : "",
                 option->is.name);
    }
    return out;
}

/* "source-tls" is "tls" of side 0, "max-size" itself; the scope tells which of the two is meant. */
static const char *split(const char *name, int *side)
{
    static const char *const sides[] = {"source", "target"};
    for (int i = 0; i < 2; i++) {
        size_t length = strlen(sides[i]);
        if (strncmp(name, sides[i], length) == 0 && (name[length] == '-' || name[length] == '\0')) {
            *side = i;
            return name + length + (name[length] == '-');
        }
    }
    *side = -1;
    return name;
}

const mig__option *mig__option_row(mig_verb verb, const char *name, int *side)
{
    int of = -1;
    const char *bare = split(name, &of);
    if ((verb == MIG_VERB_ARCHIVE || verb == MIG_VERB_PROBE) && of == MIG_TARGET) {
        return NULL; /* these have the one side */
    }
    for (size_t i = 0; i < COUNT; i++) {
        bool of_side = rows[i].is.scope == MIG_OPTION_OF_SIDE;
        if (of_side == (of >= 0) && (rows[i].is.verbs & 1u << verb) != 0 && strcmp(rows[i].is.name, bare) == 0) {
            *side = of_side ? of : 0;
            return &rows[i];
        }
    }
    return NULL;
}

const mig_option *mig_option_find(mig_verb verb, const char *name)
{
    int side = 0;
    const mig__option *row = mig__option_row(verb, name, &side);
    return row != NULL ? &row->is : NULL;
}

const char *mig_option_nearest(const char *typed, const char *const *names, size_t count)
{
    return mig__nearest(typed, names, count);
}

/* What imapsync, rsync, rclone and others call it: too far for the nearest name, and what hands type. */
static const char *name_elsewhere(mig_verb verb, const char *name)
{
    static const char *const names[][2] = {{"delete", "deletions"},
                                           {"delete1", "deletions"},
                                           {"delete2", "deletions"},
                                           {"expunge", "deletions"},
                                           {"expunge2", "deletions"},
                                           {"dry", "dry-run"},
                                           {"folderrec", "folder"},
                                           {"include", "folder"},
                                           {"regextrans2", "map"},
                                           {"f1f2", "map"},
                                           {"subfolder2", "map"},
                                           {"mailbox", "folder"},
                                           {"ssl1", "source-tls"},
                                           {"tls1", "source-tls"},
                                           {"ssl2", "target-tls"},
                                           {"tls2", "target-tls"},
                                           {"authmech1", "source-auth"},
                                           {"authmech2", "target-auth"},
                                           {"authuser1", "source-authzid"},
                                           {"authuser2", "target-authzid"},
                                           {"host1", "source"},
                                           {"user1", "source"},
                                           {"from", "source"},
                                           {"src", "source"},
                                           {"host2", "target"},
                                           {"user2", "target"},
                                           {"to", "target"},
                                           {"dst", "target"},
                                           {"dest", "target"},
                                           {"password1", "source-password-file"},
                                           {"passfile1", "source-password-file"},
                                           {"password2", "target-password-file"},
                                           {"passfile2", "target-password-file"},
                                           {"maxage", "since"},
                                           {"minage", "before"},
                                           {"bwlimit", "max-rate"},
                                           {"bandwidth", "max-rate"},
                                           {"maxbytespersecond", "max-rate"},
                                           {"threads", "connections"},
                                           {"transfers", "connections"},
                                           {"logfile", "log"},
                                           {"checksum", "depth"},
                                           {"percent", "sample"}};
    int side;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i][0]) == 0 && mig__option_row(verb, names[i][1], &side) != NULL) {
            return names[i][1];
        }
    }
    return NULL;
}

char *mig_option_suggest(mig_verb verb, const char *name, char *out, size_t size)
{
    char names[2 * COUNT][MIG_OPTION_NAME];
    const char *all[2 * COUNT];
    size_t count = 0;
    for (size_t i = 0; i < COUNT; i++) {
        bool of_side = rows[i].is.scope == MIG_OPTION_OF_SIDE;
        for (int side = 0; side < (of_side && verb != MIG_VERB_ARCHIVE ? 2 : 1); side++) {
            if ((rows[i].is.verbs & 1u << verb) != 0) {
                all[count] = mig__option_name(&rows[i], side, names[count], sizeof names[count]);
                count++;
            }
        }
    }
    const char *near = name_elsewhere(verb, name);
    near = near != NULL ? near : mig__nearest(name, all, count);
    if (near != NULL) {
        snprintf(out, size, "%s", near);
    }
    return near != NULL ? out : NULL;
}

bool mig_option_number(const char *text, int least, int most, int *out)
{
    return mig__parse_number(text, least, most, out);
}

bool mig_option_choice(const char *text, const char *const *choices, int *out)
{
    return mig__parse_choice(text, choices, out);
}
