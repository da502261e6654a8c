/* store/respond_fetch.c - UID FETCH and UID SEARCH */
#include "base/clock.h"
#include "store/responder.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct wanted {
    bool flags, date, size, body, header;
} wanted;

static void say_date(mig__dialogue *talk, int64_t date)
{
    char text[32];
    const mig__datetime moment = {.utc = date, .zone_minutes = 0, .valid = true};
    mig__dialogue_say(talk, " INTERNALDATE \"%s\"", mig__datetime_format(&moment, text));
}

typedef struct sending {
    mig__dialogue *talk;
    uint64_t left;
} sending;

static int send_piece(const char *octets, size_t length, void *context)
{
    sending *s = context;
    if (length > s->left) {
        return 1; /* more than was announced: it changed in between */
    }
    s->left -= length;
    mig__dialogue_say_octets(s->talk, octets, length);
    return s->talk->broken ? 1 : 0;
}

/* The literal. When it does not come out as announced the connection ends: the other side asks again. */
static int send_octets(mig__dialogue *talk, const mig__stretch *octets, const char *section, uint64_t size)
{
    mig_error ignored = MIG_ERROR_INIT;
    sending s = {talk, size};
    mig__dialogue_say(talk, " %s {%" PRIu64 "}\r\n", section, size);
    if (mig__stretch_read(octets, send_piece, &s, &ignored) != 0 || s.left > 0) {
        return mig__dialogue_break(talk);
    }
    return 0;
}

/* 0; 1: left out, `err` says why (MIG_OK: it is gone); -1: broken. */
static int fetch_one(mig__dialogue *talk, const wanted *want, mig__store_item *item, mig_error *err)
{
    mig_store *store = talk->store;
    mig__stretch octets = {.fd = -1};
    int64_t date = 0;
    uint64_t size = 0, shown = 0;
    bool open = want->date || want->size || want->body || want->header;
    int result = open ? mig__store_item_open(store, talk->selected, item, &octets, &date, err) : 0;
    if (result != 0) {
        return 1;
    }
    octets.header = want->header;
    if ((want->body || want->header) && mig__stretch_size(&octets, &size, err) != 0) {
        result = 1;
    }
    shown = size;
    if (result == 0 && want->size && !want->body) {
        octets.header = false;
        result = store->ops->size != NULL && store->ops->size(item, &octets, &shown) ? 0
                 : mig__stretch_size(&octets, &shown, err) != 0                      ? 1
                                                                                     : 0;
        octets.header = want->header;
    }
    if (result == 0) {
        mig__dialogue_say(talk, "* %u FETCH (UID %u", item->message.uid, item->message.uid);
        if (want->flags) {
            mig__dialogue_say(talk, " FLAGS (");
            mig__dialogue_say_octets(talk, item->flags, strlen(item->flags));
            mig__dialogue_say(talk, ")");
        }
        if (want->date) {
            say_date(talk, date);
        }
        if (want->size) {
            mig__dialogue_say(talk, " RFC822.SIZE %" PRIu64, shown);
        }
        if (want->body || want->header) {
            result = send_octets(talk, &octets, want->body ? "BODY[]" : "BODY[HEADER]", size);
        }
        mig__dialogue_say(talk, ")\r\n");
    }
    if (octets.fd >= 0) {
        close(octets.fd);
    }
    return result;
}

/* Call it for each message of the set that is there. */
typedef int each_fn(mig__dialogue *talk, mig__store_item *item, void *context, mig_error *err);

static int each(mig__dialogue *talk, const mig__uidset *uids, each_fn *call, void *context, mig_error *err)
{
    for (size_t i = 0; i < uids->count; i++) {
        uint64_t uid = uids->ranges[i].first;
        while (uid <= uids->ranges[i].last) {
            mig__store_item item;
            int found = mig__store_take(talk->store, talk->selected, (uint32_t)uid, &item, err);
            if (found != 0 || item.message.uid > uids->ranges[i].last) {
                mig__store_item_clear(&item);
                if (found < 0) {
                    return -1;
                }
                break;
            }
            uid = (uint64_t)item.message.uid + 1;
            int result = call(talk, &item, context, err);
            mig__store_item_clear(&item);
            if (result != 0) {
                return -1;
            }
        }
    }
    return 0;
}

typedef struct fetching {
    wanted want;
    mig_error first; /* what could not be read; the others are given all the same */
} fetching;

static int fetch_item(mig__dialogue *talk, mig__store_item *item, void *context, mig_error *err)
{
    fetching *f = context;
    mig_error error = MIG_ERROR_INIT;
    (void)err;
    int result = fetch_one(talk, &f->want, item, &error);
    if (result > 0 && error.code != MIG_OK && f->first.code == MIG_OK) {
        f->first = error;
    }
    return result < 0 ? -1 : 0;
}

static wanted read_items(const char *items)
{
    return (wanted){.flags = strstr(items, "FLAGS") != NULL,
                    .date = strstr(items, "INTERNALDATE") != NULL,
                    .size = strstr(items, "RFC822.SIZE") != NULL,
                    .body = strstr(items, "BODY.PEEK[]") != NULL,
                    .header = strstr(items, "BODY.PEEK[HEADER]") != NULL};
}

int mig__respond_fetch(mig__dialogue *talk)
{
    mig__uidset uids = MIG__UIDSET_INIT;
    mig__buffer items = MIG__BUFFER_INIT;
    fetching f = {.first = MIG_ERROR_INIT};
    mig_error error = MIG_ERROR_INIT;
    int failed = mig__dialogue_expect(talk, ' ');
    failed = failed == 0 ? mig__dialogue_set(talk, &uids) : failed;
    failed = failed == 0 ? mig__dialogue_expect(talk, ' ') : failed;
    failed = failed == 0 ? mig__dialogue_list(talk, &items) : failed;
    failed = failed == 0 ? mig__dialogue_line_end(talk) : failed;
    if (failed == 0) {
        f.want = read_items(items.data);
        if (each(talk, &uids, fetch_item, &f, &error) == 0) {
            failed = f.first.code == MIG_OK ? mig__dialogue_ok(talk, "done") : mig__dialogue_no(talk, &f.first);
        } else {
            failed = talk->broken ? -1 : mig__dialogue_no(talk, &error);
        }
    }
    mig__uidset_free(&uids);
    mig__buffer_free(&items);
    return failed;
}

/* ---- UID SEARCH RETURN (ALL) [UID set] [SINCE date] [BEFORE date] [UNSEEN] | ALL ---- */

typedef struct searching {
    bool since, before, unseen;
    int64_t since_day, before_day; /* days since 1970 */
    mig__uidset among, found;
    bool some; /* `among` counts */
} searching;

/* "17-Jul-1996" */
static int read_day(mig__dialogue *talk, int64_t *day)
{
    char text[32], moment[64];
    mig__datetime date;
    if (mig__dialogue_expect(talk, ' ') != 0 || mig__dialogue_atom(talk, text, sizeof text) != 0) {
        return -1;
    }
    snprintf(moment, sizeof moment, "%s%s 00:00:00 +0000", text[1] == '-' ? " " : "", text);
    if (!mig__datetime_parse(moment, &date)) {
        return mig__dialogue_break(talk);
    }
    *day = date.utc / 86400;
    return 0;
}

static int read_criteria(mig__dialogue *talk, searching *s)
{
    char word[32];
    while (mig__dialogue_peek(talk) == ' ') {
        if (mig__dialogue_expect(talk, ' ') != 0 || mig__dialogue_atom(talk, word, sizeof word) != 0) {
            return -1;
        }
        int failed = 0;
        if (strcmp(word, "RETURN") == 0) {
            mig__buffer options = MIG__BUFFER_INIT;
            failed = mig__dialogue_expect(talk, ' ') != 0 ? -1 : mig__dialogue_list(talk, &options);
            mig__buffer_free(&options);
        } else if (strcmp(word, "SINCE") == 0) {
            s->since = true;
            failed = read_day(talk, &s->since_day);
        } else if (strcmp(word, "BEFORE") == 0) {
            s->before = true;
            failed = read_day(talk, &s->before_day);
        } else if (strcmp(word, "UNSEEN") == 0) {
            s->unseen = true;
        } else if (strcmp(word, "UID") == 0) {
            s->some = true;
            failed = mig__dialogue_expect(talk, ' ') != 0 ? -1 : mig__dialogue_set(talk, &s->among);
        } else if (strcmp(word, "ALL") != 0) {
            failed = mig__dialogue_break(talk);
        }
        if (failed != 0) {
            return -1;
        }
    }
    return mig__dialogue_line_end(talk);
}

/* RFC 3501 section 6.4.4: by the day alone; the zone that we write is UTC. */
static int search_item(mig__dialogue *talk, mig__store_item *item, void *context, mig_error *err)
{
    searching *s = context;
    if (s->unseen && strstr(item->flags, "\\Seen") != NULL) {
        return 0;
    }
    if (s->since || s->before) {
        mig__stretch octets;
        int64_t date = 0;
        mig_error ignored = MIG_ERROR_INIT;
        if (mig__store_item_open(talk->store, talk->selected, item, &octets, &date, &ignored) != 0) {
            /* What cannot be opened is found, so that FETCH says what is wrong with it. */
            return ignored.code == MIG_OK ? 0 : mig__uidset_add(&s->found, item->message.uid, item->message.uid, err);
        }
        close(octets.fd);
        int64_t day = date >= 0 ? date / 86400 : -((-date + 86399) / 86400);
        if ((s->since && day < s->since_day) || (s->before && day >= s->before_day)) {
            return 0;
        }
    }
    return mig__uidset_add(&s->found, item->message.uid, item->message.uid, err);
}

int mig__respond_search(mig__dialogue *talk)
{
    searching s = {.among = MIG__UIDSET_INIT, .found = MIG__UIDSET_INIT};
    mig__buffer set = MIG__BUFFER_INIT;
    mig_error error = MIG_ERROR_INIT;
    int failed = read_criteria(talk, &s);
    if (failed == 0 && !s.some) {
        failed = mig__uidset_add(&s.among, 1, UINT32_MAX, &error) != 0 ? mig__dialogue_break(talk) : 0;
    }
    if (failed == 0) {
        if (each(talk, &s.among, search_item, &s, &error) == 0) {
            mig__uidset_format(&s.found, &set);
            mig__dialogue_say(talk, "* ESEARCH (TAG \"%s\") UID%s", talk->tag, set.length > 0 ? " ALL " : "");
            mig__dialogue_say_octets(talk, set.length > 0 ? set.data : "", set.length);
            mig__dialogue_say(talk, "\r\n");
            failed = mig__dialogue_ok(talk, "done");
        } else {
            failed = talk->broken ? -1 : mig__dialogue_no(talk, &error);
        }
    }
    mig__uidset_free(&s.among);
    mig__uidset_free(&s.found);
    mig__buffer_free(&set);
    return failed;
}
