/* report/inventory_common.c - the sentences of a stock-taking that the terminal and the page share */
#include "report/inventory_common.h"
#include <inttypes.h>
#include <migrate/format.h>
#include <string.h>

void mig__stock_octets(mig__buffer *out, bool known, uint64_t octets)
{
    char number[MIG_FORMAT_SIZE];
    mig__buffer_add_text(out, known ? mig_format_octets(octets, number, sizeof number) : "size unknown");
}

void mig__stock_count(mig__buffer *out, uint64_t count, const char *what)
{
    char number[MIG_FORMAT_SIZE];
    mig__buffer_addf(out, "%s %s%s", mig_format_count(count, number, sizeof number), what, count == 1 ? "" : "s");
}

void mig__stock_forecast(mig__buffer *out, const mig_forecast *forecast)
{
    char text[MIG_FORMAT_SIZE];
    if (forecast->left_messages == 0) {
        mig__buffer_add_text(out, "nothing");
        return;
    }
    mig__stock_count(out, forecast->left_messages, "message");
    mig__buffer_add_text(out, ", ");
    mig__stock_octets(out, true, forecast->left_bytes);
    mig__buffer_addf(out, "; about %s at %s speed", mig_format_duration(forecast->seconds, text, sizeof text),
                     forecast->measured ? "the measured" : "an assumed");
    if (forecast->days > 1) {
        mig__buffer_addf(out, ", in %" PRIu64 " nights", forecast->days);
    }
    if (forecast->daily_limit > 0) {
        mig__buffer_addf(out, " under the limit of %s a day",
                         mig_format_octets(forecast->daily_limit, text, sizeof text));
    }
}

const char *mig__stock_fits(const mig_inventory_account *account)
{
    if (account->fits != MIG_FITS_UNKNOWN) {
        return mig_fits_name(account->fits);
    }
    return account->bytes_known ? "unknown: the target tells no quota" : "unknown, as the size is";
}

void mig__stock_shares(mig__buffer *out, const mig_inventory_account *account)
{
    static const struct {
        mig_role role;
        const char *name;
    } parts[] = {{MIG_ROLE_JUNK, "junk"}, {MIG_ROLE_TRASH, "trash"}};
    const char *before = "";
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const uint64_t part = account->role_bytes[parts[i].role];
        if (part == 0 || account->bytes == 0) {
            continue;
        }
        const double percent = 100.0 * (double)part / (double)account->bytes;
        mig__buffer_addf(out, "%s%s ", before, parts[i].name);
        mig__stock_octets(out, true, part);
        if (percent < 1) {
            mig__buffer_add_text(out, " (under 1%)");
        } else {
            mig__buffer_addf(out, " (%.0f%%)", percent);
        }
        before = ", ";
    }
}

void mig__stock_growth(mig__buffer *out, const mig_inventory_account *account, int64_t now)
{
    const mig_growth growth = mig_growth_of(account->years, account->year_count, now);
    if (!growth.known || growth.before_bytes == 0) {
        return;
    }
    const double percent = 100.0 * ((double)growth.bytes / (double)growth.before_bytes - 1);
    mig__stock_octets(out, true, growth.bytes);
    mig__buffer_add_text(out, " (");
    mig__stock_count(out, growth.messages, "message");
    mig__buffer_addf(out, ") came in %d, ", growth.year);
    if (percent > -0.5 && percent < 0.5) {
        mig__buffer_addf(out, "as much as in %d", growth.year - 1);
    } else {
        mig__buffer_addf(out, "%.0f%% %s than in %d", percent < 0 ? -percent : percent, percent < 0 ? "less" : "more",
                         growth.year - 1);
    }
}

void mig__stock_profile(mig__buffer *out, const mig_inventory_side *side)
{
    static const struct {
        const char *reason, *words;
    } all[] = {{"named", "because you named it"},
               {"host name", "by its host name"},
               {"capabilities", "by its capabilities"},
               {"greeting", "by its greeting"}};
    if (side->provider == NULL) {
        return;
    }
    mig__buffer_addf(out, "taken for %s", side->provider->title);
    for (size_t i = 0; side->provider_reason != NULL && i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(all[i].reason, side->provider_reason) == 0) {
            mig__buffer_addf(out, ", %s", all[i].words);
        }
    }
}

const char *mig__stock_unseen(const mig_inventory_result *result)
{
    if (result->depth == MIG_INVENTORY_CONTENT) {
        return NULL;
    }
    return result->depth == MIG_INVENTORY_FULL ? "No message was read: --scan-content does, and tells of NUL octets, "
                                                 "bare line feeds and overlong lines, "
                                                 "which targets alter or refuse."
                                               : "Only what the servers count themselves was asked: --depth full asks "
                                                 "for each message's size and date.";
}

const char *mig__stock_received(const mig_inventory_account *account)
{
    return strncmp(account->selected, "without", strlen("without")) == 0 ? "" : "received ";
}
