/* cli/find.c - the server of an address in the place of a URL: looked for, shown, and asked about */
#include "cli/find.h"

#include "cli/prompt.h"
#include "cli/secrets.h"

#include <migrate/format.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#ifdef MIG_WITH_DOMAIN
#include <migrate/discover_report.h>

struct cli_found {
    struct cli_found *next;
    mig_discover_result *result;
};

static struct cli_found *known(struct cli_found *found, const char *address)
{
    const char *at = strrchr(address, '@');
    while (found && (!at || strcasecmp(found->result->domain, at + 1) != 0)) {
        found = found->next;
    }
    return found;
}

static int to_terminal(const char *text, size_t length, void *terminal)
{
    char line[2048];
    while (length > 0 && text[length - 1] == '\n') {
        length--;
    }
    snprintf(line, sizeof line, "%.*s", (int)(length < sizeof line ? length : sizeof line - 1), text);
    cli_terminal_message(terminal, line);
    return 0;
}

/* May it be taken? 0, or -1 with MIG_E_REFUSED, MIG_E_INTERRUPTED. */
static int allowed(const mig_settings *settings, const mig_discover_result *result, mig_error *err)
{
    char question[512], host[300];
    const mig_discover_candidate *best = &result->candidates[0];
    mig_format_text(best->host, host, sizeof host);
    if (settings->yes && result->vouched) {
        return 0;
    }
    snprintf(question, sizeof question, "Log in to %s as the server of %s? [y/N] ", host, result->domain);
    const int said = cli_prompt_yes(question, err);
    if (said > 0) {
        return 0;
    }
    if (said == 0) {
        return mig_error_set(err, MIG_E_REFUSED, "%s was not taken", host);
    }
    if (err->code == MIG_E_INTERRUPTED) {
        return -1;
    }
    if (!result->vouched) {
        mig_error_set(err, MIG_E_REFUSED, "%s lies outside %s, and nothing vouches for it", host, result->domain);
        return mig_error_hint(err, "when it is the right one, give it as a URL: imaps://USER@%s", host);
    }
    mig_error_set(err, MIG_E_REFUSED, "%s was found for %s, and there is no terminal to ask on", host, result->domain);
    return mig_error_hint(err, "give --yes, or its URL: imaps://USER@%s", host);
}

static int none_found(const mig_discover_result *result, mig_error *err)
{
    if (result->interrupted) {
        return mig_error_set(err, MIG_E_INTERRUPTED, "stopped while looking for it");
    }
    mig_error_set(err, MIG_E_DNS, "none was found for %s%s", result->address,
                  result->unanswered ? ", and not every question was answered" : "");
    return mig_error_hint(err, "`mailmigrate discover %s` tells what was asked; else give its URL: imaps://USER@HOST",
                          result->address);
}

static mig_discover_result *look(const mig_settings *settings, mig_side side, const char *address, const mig_stop *stop,
                                 mig_error *err)
{
    mig_discover_options options = MIG_DISCOVER_OPTIONS_INIT;
    const char *own = settings->sides[side].ca_file;
    options.address = address;
    options.resolver = settings->resolver;
    options.ca_file = own ? own : settings->ca_file;
    options.stop = stop;
    return mig_discover(&options, err);
}

char *cli_find(const mig_settings *settings, mig_side side, const char *address, void *context, mig_error *err)
{
    cli_secrets *secrets = context;
    struct cli_found *found = known(secrets->found, address);
    if (found && found->result->candidates[0].user_by_address) {
        return mig_discover_url(&found->result->candidates[0], address);
    }
    mig_discover_result *result = look(settings, side, address, secrets->stop, err);
    if (!result) {
        return NULL;
    }
    int failed = mig_report_discover_text(result, settings->verbose > 0, to_terminal, secrets->terminal, err);
    failed = failed != 0 ? failed : result->found ? allowed(settings, result, err) : none_found(result, err);
    char *url = failed == 0 ? mig_discover_url(&result->candidates[0], address) : NULL;
    if (failed == 0 && !url) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    found = url ? malloc(sizeof *found) : NULL;
    if (found) {
        *found = (struct cli_found){.next = secrets->found, .result = result};
        secrets->found = found;
    } else {
        mig_discover_result_free(&result);
    }
    return url;
}

void cli_found_clear(struct cli_found **found)
{
    while (*found) {
        struct cli_found *next = (*found)->next;
        mig_discover_result_free(&(*found)->result);
        free(*found);
        *found = next;
    }
}
#else
char *cli_find(const mig_settings *settings, mig_side side, const char *address, void *context, mig_error *err)
{
    (void)settings;
    (void)side;
    (void)context;
    mig_error_set(err, MIG_E_USAGE, "%s: this build cannot look for the server of an address", address);
    mig_error_hint(err, "give its URL: imaps://USER@HOST");
    return NULL;
}

void cli_found_clear(struct cli_found **found)
{
    *found = NULL;
}
#endif
