/* inventory/fit.c - what will not fit on the target, or will not be there as it was, and why */
#include "inventory/job.h"
#include "base/buffer.h"
#include "base/memory.h"
#include <migrate/format.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t mig__inventory_limit(const mig__inventory *run)
{
    const mig_inventory_side *target = &run->account->sides[MIG_TARGET];
    uint64_t limit = target->append_limit;
    if (limit == 0 && target->provider != NULL) {
        limit = target->provider->message_size;
    }
    uint64_t chosen = run->options->selection.max_size;
    return chosen > 0 && (limit == 0 || chosen < limit) ? chosen : limit;
}

int mig__inventory_obstacle(mig__inventory *run, const char *folder, mig_code code, bool blocks, const char *format,
                            ...)
{
    mig_inventory_account *account = run->account;
    char text[1024], inert[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    mig__inert(text, length < 0 ? 0 : strlen(text), inert, sizeof inert);
    mig_obstacle *grown = mig__grow(account->obstacles, account->obstacle_count, sizeof *grown, NULL);
    if (grown == NULL) {
        return -1;
    }
    account->obstacles = grown;
    mig_obstacle *obstacle = &grown[account->obstacle_count];
    *obstacle =
        (mig_obstacle){.folder = mig__strdup(folder), .code = code, .blocks = blocks, .text = mig__strdup(inert)};
    account->obstacle_count++;
    return obstacle->folder == NULL || obstacle->text == NULL ? -1 : 0;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static int fit_sizes(mig__inventory *run, const mig_inventory_folder *folder)
{
    char octets[MIG_FORMAT_SIZE], count[MIG_FORMAT_SIZE], limit[MIG_FORMAT_SIZE];
    if (folder->too_big == 0) {
        return 0;
    }
    return mig__inventory_obstacle(run, folder->name, MIG_E_TOO_BIG, true,
                                   "%s message%s (%s) over the limit of %s will not be copied",
                                   mig_format_count(folder->too_big, count, sizeof count), plural(folder->too_big),
                                   mig_format_octets(folder->too_big_bytes, octets, sizeof octets),
                                   mig_format_octets(mig__inventory_limit(run), limit, sizeof limit));
}

static int fit_keywords(mig__inventory *run, const mig_inventory_folder *folder)
{
    mig__buffer names = MIG__BUFFER_INIT;
    uint64_t messages = 0;
    for (size_t i = 0; i < folder->keyword_count; i++) {
        const mig_inventory_keyword *keyword = &folder->keywords[i];
        if (keyword->lost) {
            mig__buffer_addf(&names, "%s%s", names.length > 0 ? ", " : "", keyword->name);
            messages = keyword->messages > messages ? keyword->messages : messages;
        }
    }
    int failed = names.failed ? -1
                 : names.length > 0
                     ? mig__inventory_obstacle(run, folder->name, MIG_E_FLAG, false,
                                               "the target keeps no such keywords: %s (up to %llu message%s)",
                                               names.data, (unsigned long long)messages, plural(messages))
                     : 0;
    mig__buffer_free(&names);
    return failed;
}

static int fit_content(mig__inventory *run, const mig_inventory_folder *folder)
{
    const mig_provider *provider = run->account->sides[MIG_TARGET].provider;
    const char *does =
        provider != NULL && provider->refuses_nul ? "refused by such targets" : "altered by many targets";
    char count[MIG_FORMAT_SIZE];
    int failed = 0;
    if (folder->with_nul > 0) {
        failed = mig__inventory_obstacle(run, folder->name, MIG_E_DIFFERENT, provider != NULL && provider->refuses_nul,
                                         "%s message%s with NUL octets: %s",
                                         mig_format_count(folder->with_nul, count, sizeof count),
                                         plural(folder->with_nul), does);
    }
    if (failed == 0 && folder->bare_newline > 0) {
        bool refused = provider != NULL && provider->refuses_bare_newline;
        failed = mig__inventory_obstacle(
            run, folder->name, MIG_E_DIFFERENT, refused, "%s message%s with bare line feeds or carriage returns: %s",
            mig_format_count(folder->bare_newline, count, sizeof count), plural(folder->bare_newline),
            refused ? "refused by such targets" : "some targets rewrite their line ends");
    }
    if (failed == 0 && folder->long_lines > 0) {
        failed = mig__inventory_obstacle(run, folder->name, MIG_E_TOO_BIG, true,
                                         "%s message%s with lines over %zu octets, which %s refuses",
                                         mig_format_count(folder->long_lines, count, sizeof count),
                                         plural(folder->long_lines), provider->line_length, provider->title);
    }
    return failed;
}

/* What becomes of a name; the map knows what the target takes. */
static int fit_name(mig__inventory *run, const mig_inventory_folder *folder)
{
    bool out = folder->target != NULL && folder->target[0] == '\0';
    return folder->note == NULL ? 0
                                : mig__inventory_obstacle(run, folder->name, MIG_E_NAME, out && folder->messages > 0,
                                                          "%s", folder->note);
}

/* ---- quota ---- */

/* Not enough room ends the account before the first message, with numbers, unless it is forced. */
static int fit_quota(mig__inventory *run, mig_error *err)
{
    mig_inventory_account *account = run->account;
    const mig_quota *quota = &account->sides[MIG_TARGET].quota;
    char need_text[MIG_FORMAT_SIZE], room_text[MIG_FORMAT_SIZE], limit_text[MIG_FORMAT_SIZE];
    uint64_t need = mig__inventory_left_bytes(run), messages = mig__inventory_left_messages(run);
    mig_error shortage = MIG_ERROR_INIT;
    if (quota->limit > 0 && account->bytes_known && need > mig__inventory_less(quota->limit, quota->used)) {
        mig_error_set(&shortage, MIG_E_OVERQUOTA, "the target lacks room: %s to copy, %s free of a quota of %s",
                      mig_format_octets(need, need_text, sizeof need_text),
                      mig_format_octets(mig__inventory_less(quota->limit, quota->used), room_text, sizeof room_text),
                      mig_format_octets(quota->limit, limit_text, sizeof limit_text));
    } else if (quota->messages_limit > 0 &&
               messages > mig__inventory_less(quota->messages_limit, quota->messages_used)) {
        mig_error_set(&shortage, MIG_E_OVERQUOTA,
                      "the target lacks room: %s messages to copy, %s free of a quota of %s",
                      mig_format_count(messages, need_text, sizeof need_text),
                      mig_format_count(mig__inventory_less(quota->messages_limit, quota->messages_used), room_text,
                                       sizeof room_text),
                      mig_format_count(quota->messages_limit, limit_text, sizeof limit_text));
    }
    if (shortage.code == MIG_OK) {
        bool told = account->bytes_known && (quota->known || account->sides[MIG_TARGET].append_limit > 0);
        account->fits = account->fits == MIG_FITS_UNKNOWN && told ? MIG_FITS_YES : account->fits;
        return 0;
    }
    account->fits = MIG_FITS_NO;
    mig_error_hint(&shortage, "raise the quota, copy less (--exclude, --since, --max-size), or use --force if the mail "
                              "is there already");
    if (mig__inventory_obstacle(run, "", MIG_E_OVERQUOTA, true, "%s", shortage.text) != 0) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (!run->options->force) {
        *err = shortage;
        return -1;
    }
    return 0;
}

int mig__inventory_fit(mig__inventory *run, mig_error *err)
{
    mig_inventory_account *account = run->account;
    if (run->options->target == NULL) {
        return 0;
    }
    for (size_t i = 0; i < account->folder_count; i++) {
        const mig_inventory_folder *folder = &account->folders[i];
        if (fit_name(run, folder) != 0 || fit_sizes(run, folder) != 0 || fit_keywords(run, folder) != 0 ||
            fit_content(run, folder) != 0) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        account->fits = folder->too_big > 0 ? MIG_FITS_NO : account->fits;
    }
    return fit_quota(run, err);
}
