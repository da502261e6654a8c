/* cli/filters_names.c - MX, SRV and addresses for the work on filters, by the library's looks at domains */
#include "cli/filters_names.h"

#ifdef MIG_WITH_DOMAIN
#include <migrate/domain.h>
#include <stdio.h>

static mig_domain_lookup lookup(const void *context)
{
    const cli_filters_names *names = context;
    return (mig_domain_lookup){.resolver = names->resolver, .stop = names->stop};
}

static int server(const char *domain, char **host, uint16_t *port, void *context)
{
    const mig_domain_lookup how = lookup(context);
    return mig_domain_service(&how, "_sieve._tcp", domain, host, port, NULL);
}

static int mail_hosts(const char *domain, char **lines, char *why, size_t size, void *context)
{
    const mig_domain_lookup how = lookup(context);
    mig_error error = MIG_ERROR_INIT;
    const int status = mig_domain_mail_hosts(&how, domain, lines, &error);
    if (status != 0) {
        snprintf(why, size, "%s", error.text);
    }
    return status;
}

static int addresses(const char *host, char **lines, void *context)
{
    const mig_domain_lookup how = lookup(context);
    return mig_domain_addresses(&how, host, lines, NULL);
}

const mig_filters_names *cli_filters_names_make(cli_filters_names *out, const mig_settings *settings,
                                                const mig_stop *stop)
{
    *out = (cli_filters_names){
        .names = {server, mail_hosts, addresses, out}, .resolver = settings->resolver, .stop = stop};
    return &out->names;
}
#else
const mig_filters_names *cli_filters_names_make(cli_filters_names *out, const mig_settings *settings,
                                                const mig_stop *stop)
{
    (void)out;
    (void)settings;
    (void)stop;
    return NULL;
}
#endif
