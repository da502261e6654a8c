/* plan/example.c - a plan with comments, for `mailmigrate plan init` */
#include <migrate/plan.h>
#include <string.h>

/* clang-format off: one line of the file is one line here */
static const char *const lines[] = {
    "# A plan for mailmigrate. `mailmigrate plan check FILE` says everything that is wrong with it, by lines;\n",
    "# `mailmigrate run FILE` carries it out; a further run does what is left. The manual is mailmigrate-plan(5).\n",
    "# Paths are relative to the directory of this file. A password is never in a plan, only where to find it.\n",
    "version: 1\n",
    "\n",
    "source:\n",
    "  host: mail.old.example\n",
    "  # port: 993\n",
    "  # tls: implicit              # or starttls, or none (towards this machine only)\n",
    "  # One login for all accounts, where the server has such a thing:\n",
    "  # master: admin              # Dovecot: logs in as user*admin\n",
    "  # admin: cyrus               # SASL: logs in as cyrus, and acts as the user\n",
    "  password-file: secrets/old/%u  # %u is the user's name; or password-command: pass show mail/old\n",
    "\n",
    "target:\n",
    "  # A provider brings host, port and what is known of its limits; the manual lists them.\n",
    "  provider: fastmail\n",
    "  password-file: secrets/new/%u\n",
    "\n",
    "# Every option of the command line has its place here, under its name without dashes. The command line wins.\n",
    "options:\n",
    "  # jobs: 8                    # accounts at once, the largest first; without it: as many as bring more\n",
    "  host-connections: 40         # to one host, over all accounts\n",
    "  # keep-going: true           # go on with the others when an account fails the check\n",
    "  # exclude: [Trash, \"Junk*\"]\n",
    "  # daily-limit: 500M\n",
    "  # until: \"06:00\"\n",
    "  # json: report.json\n",
    "  # html: report.html\n",
    "  # on-finish: mail -s \"the migration\" postmaster@example.org\n",
    "\n",
    "# The domains whose names move, for `mailmigrate domain` and `mailmigrate certificate`; without this key they\n",
    "# are those of the accounts' addresses, and the provider is that of the target.\n",
    "# domains:\n",
    "#   - name: example.org\n",
    "#     alias: [example.com]\n",
    "#     provider: fastmail       # or new-mx, selector, spf-include for another host; see mailmigrate-domain(1)\n",
    "#     old-host: mail.old.example\n",
    "\n",
    "# Accounts stand here, each with options of its own where it needs them, ...\n",
    "accounts:\n",
    "  - source: ann@old.example\n",
    "    target: ann@new.example\n",
    "  - source: bob@old.example\n",
    "    target: robert@new.example\n",
    "    max-size: 20M\n",
    "    map: [\"Sent Items=Sent\"]\n",
    "\n",
    "# ... or in a list: CSV with a header, as in\n",
    "#   source_user,target_user,source_password_file\n",
    "#   ann@old.example,ann@new.example,secrets/ann\n",
    "# accounts-file: accounts.csv\n",
};
/* clang-format on */

int mig_plan_example(mig_sink_fn *sink, void *context, mig_error *err)
{
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (sink(lines[i], strlen(lines[i]), context) != 0) {
            return mig_error_set(err, MIG_E_IO, "the plan could not be written");
        }
    }
    return 0;
}
