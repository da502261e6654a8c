/* run/grant.c - how many connections an account gets, with those to each host bounded over all accounts; pure */
#include "run/grant.h"
#include "base/buffer.h"

char *mig__host_key(const mig_endpoint *endpoint)
{
    mig__buffer key = MIG__BUFFER_INIT;
    if (endpoint->tunnel != NULL) {
        mig__buffer_add_text(&key, endpoint->tunnel);
        return mig__buffer_steal(&key);
    }
    for (const char *c = endpoint->host != NULL ? endpoint->host : ""; *c != '\0'; c++) {
        mig__buffer_add_char(&key, (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c));
    }
    mig__buffer_addf(&key, ":%u", (unsigned)endpoint->port);
    return mig__buffer_steal(&key);
}

/* What each account may have so that all get some, at least one. */
static int share(const mig__host *host, size_t accounts, int uses)
{
    int fair = host->limit / uses / (int)(accounts > 0 && accounts < (size_t)host->limit ? accounts : 1);
    if (accounts >= (size_t)host->limit) {
        fair = 1;
    }
    return fair > 0 ? fair : 1;
}

static int room(const mig__host *host, int uses)
{
    int left = (host->limit - host->in_use) / uses;
    return host->in_use == 0 && left < 1 ? 1 : left;
}

int mig__grant_take(mig__host *from, mig__host *to, int wanted, size_t accounts)
{
    int uses = from == to ? 2 : 1;
    mig__host *hosts[2] = {from, to};
    int granted = wanted;
    for (int i = 0; i < 2; i++) {
        if (hosts[i] != NULL) {
            int fair = share(hosts[i], accounts, uses), left = room(hosts[i], uses);
            granted = granted < fair ? granted : fair;
            granted = granted < left ? granted : left;
        }
    }
    if (granted < 1) {
        return 0;
    }
    for (int i = 0; i < 2; i++) {
        if (hosts[i] != NULL) {
            hosts[i]->in_use += granted;
        }
    }
    return granted;
}

bool mig__grant_may_rest(const mig__host *from, const mig__host *to)
{
    int uses = from == to ? 2 : 1;
    return from->resting + uses <= from->limit / 2 && (to == NULL || to->resting + uses <= to->limit / 2);
}

void mig__grant_rest(mig__host *from, mig__host *to, int count)
{
    from->resting += count;
    if (to != NULL) {
        to->resting += count;
    }
}

void mig__grant_give(mig__host *from, mig__host *to, int granted)
{
    from->in_use -= granted;
    if (to != NULL) {
        to->in_use -= granted;
    }
}
