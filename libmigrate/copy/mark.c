/* copy/mark.c - see mark.h */
#include "copy/mark.h"
#include "base/clock.h"
#include "copy/job.h"
#include "state/lock.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define PREFIX  "/private/vendor/mailmigrate/run-"
#define VERSION "1"

/* ---- words ---- */

void mig__mark_format(const mig__mark_text *mark, char *out, size_t size)
{
    snprintf(out, size, VERSION " %s %s %ld %" PRId64 " %" PRId64, mark->id, mark->host, mark->pid, mark->since,
             mark->renewed);
}

bool mig__mark_parse(const char *words, mig__mark_text *out)
{
    mig__mark_text mark = {.pid = 0};
    char end;
    bool whole = sscanf(words, VERSION " %32[0-9a-f] %64[0-9A-Za-z.-] %ld %" SCNd64 " %" SCNd64 "%c", mark.id,
                        mark.host, &mark.pid, &mark.since, &mark.renewed, &end) == 5;
    if (whole && strlen(mark.id) == MIG__MARK_ID && mark.renewed >= mark.since && mark.since > 0) {
        *out = mark;
        return true;
    }
    return false;
}

bool mig__mark_value(const char *raw, const char *entry, char *out, size_t size)
{
    size_t length = strlen(entry), used = 0;
    const char *at = raw;
    while (*at != '\0' && (strncasecmp(at, entry, length) != 0 || at[length] != ' ')) {
        at++;
    }
    at += *at == '\0' ? 0 : length;
    at += strspn(at, " ");
    if (*at != '"') {
        return false;
    }
    for (at++; *at != '\0' && *at != '"' && used + 1 < size; at++) {
        at += *at == '\\' && at[1] != '\0' ? 1 : 0;
        out[used++] = *at;
    }
    out[used] = '\0';
    return *at == '"';
}

bool mig__mark_holds(const mig__mark_text *found, const mig__mark_text *own, bool locked, int64_t now)
{
    bool ours = strcmp(found->id, own->id) == 0;
    bool left = locked && strcasecmp(found->host, own->host) == 0;
    return !ours && !left && now - found->renewed < MIG__MARK_STALE;
}

/* ---- dialogues ---- */

static int on_entry(const mig__response *response, void *context, mig_error *err)
{
    mig__mark *mark = context;
    char words[MIG__MARK_TEXT];
    (void)err;
    if (response->kind == MIG__RESPONSE_METADATA && response->words_text != NULL &&
        mig__mark_value(response->words_text, mark->entry, words, sizeof words)) {
        mark->is_found = mig__mark_parse(words, &mark->found);
    }
    return 0;
}

int mig__mark_look(mig__session *session, mig__mark *mark, mig_error *err)
{
    mark->is_found = false;
    mig__command *command = mig__command_begin(session, "GETMETADATA", on_entry, mark, err);
    if (command != NULL) {
        mig__command_mailbox(command, "");
        mig__command_raw(command, mark->entry);
        command = mig__command_end(command, err) == 0 ? command : NULL;
    }
    return mig__command_outcome(session, command, err);
}

int mig__mark_put(mig__session *session, const mig__mark *mark, bool away, mig_error *err)
{
    char words[MIG__MARK_TEXT];
    mig__command *command = mig__command_begin(session, "SETMETADATA", NULL, NULL, err);
    if (command != NULL) {
        mig__mark_format(&mark->own, words, sizeof words);
        mig__command_mailbox(command, "");
        mig__command_raw(command, "(");
        mig__command_glue(command, mark->entry);
        if (away) {
            mig__command_raw(command, "NIL");
        } else {
            mig__command_astring(command, words);
        }
        mig__command_glue(command, ")");
        command = mig__command_end(command, err) == 0 ? command : NULL;
    }
    return mig__command_outcome(session, command, err);
}

static int look(mig__session *session, void *context, mig_error *err)
{
    return mig__mark_look(session, context, err);
}

/* Set, and seen: of two that set theirs at once the later one is there. */
static int put_and_look(mig__session *session, void *context, mig_error *err)
{
    int outcome = mig__mark_put(session, context, false, err);
    return outcome != 0 ? outcome : mig__mark_look(session, context, err);
}

static int take_away(mig__session *session, mig__mark *mark, mig_error *err)
{
    int outcome = mig__mark_look(session, mark, err);
    bool ours = outcome == 0 && mark->is_found && strcmp(mark->found.id, mark->own.id) == 0;
    return ours ? mig__mark_put(session, mark, true, err) : outcome;
}

/* ---- a run ---- */

static int name_entry(mig__run *run, mig__mark *mark, mig_error *err)
{
    uint8_t digest[MIG__DIGEST_SIZE], id[MIG__MARK_ID / 2];
    if (mig__lock_pair_digest(run->sides[MIG_SOURCE].label, run->sides[MIG_TARGET].label, digest, err) != 0) {
        return -1;
    }
    if (getentropy(id, sizeof id) != 0) {
        return mig_error_set(err, MIG_E_INTERNAL, "the system gives no random octets");
    }
    int length = snprintf(mark->entry, sizeof mark->entry, PREFIX);
    for (size_t i = 0; i < sizeof id; i++) {
        snprintf(mark->entry + length + 2 * i, 3, "%02x", digest[i]);
        snprintf(mark->own.id + 2 * i, 3, "%02x", id[i]);
    }
    return 0;
}

static void name_machine(mig__mark_text *own)
{
    if (gethostname(own->host, sizeof own->host - 1) != 0 || own->host[0] == '\0') {
        snprintf(own->host, sizeof own->host, "unknown");
    }
    for (char *c = own->host; *c != '\0'; c++) {
        bool plain = (*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || *c == '.';
        *c = plain ? *c : '-';
    }
    own->pid = (long)getpid();
    own->since = own->renewed = mig__wall_seconds();
}

/* Another run has its mark there, and it counts. */
static bool held(const mig__run *run, const mig__mark *mark)
{
    return mark->is_found && !run->options->force &&
           mig__mark_holds(&mark->found, &mark->own, run->pair.fd >= 0, mig__wall_seconds());
}

static int held_error(const mig__run *run, const mig__mark *mark, mig_error *err)
{
    int64_t age = mig__wall_seconds() - mark->found.renewed;
    mig_error_set(err, MIG_E_PAIR_LOCKED,
                  "copying from %s to %s is under way on %s (process %ld) already: it said so %lld minutes ago",
                  run->sides[MIG_SOURCE].label, run->sides[MIG_TARGET].label, mark->found.host, mark->found.pid,
                  (long long)(age > 0 ? age / 60 : 0));
    return mig_error_hint(err, "wait until that run has ended: two at once would copy messages twice. If it died, what "
                               "it said counts no more an hour after it said so, or when you use --force once");
}

int mig__mark_take(mig__run *run, mig__session **target, mig_error *err)
{
    mig__mark *mark = &run->mark;
    mig__gate *gate = &run->sides[MIG_TARGET].gate;
    if (!mig__session_can(*target, MIG__CAP_METADATA)) {
        return 0;
    }
    name_machine(&mark->own);
    if (name_entry(run, mark, err) != 0) {
        return -1;
    }
    int outcome = mig__gate_ask(gate, target, look, mark, err);
    if (outcome == 0 && held(run, mark)) {
        mark->entry[0] = '\0';
        return held_error(run, mark, err);
    }
    outcome = outcome != 0 ? outcome : mig__gate_ask(gate, target, put_and_look, mark, err);
    if (outcome == 0 && held(run, mark)) {
        mark->entry[0] = '\0';
        return held_error(run, mark, err);
    }
    if (outcome > 0) {
        mig__run_log(run, MIG_LOG_DEBUG, NULL, 0, err, "the target takes no mark: %s", err->text);
    }
    if (outcome != 0 || !mark->is_found) {
        mark->entry[0] = '\0';
    }
    return outcome < 0 ? -1 : 0;
}

void mig__mark_renew(mig__run *run)
{
    mig__mark *mark = &run->mark;
    mig_error error = MIG_ERROR_INIT;
    if (mark->entry[0] == '\0' || mig__wall_seconds() - mark->own.renewed < MIG__MARK_RENEW) {
        return;
    }
    mark->own.renewed = mig__wall_seconds(); /* whatever comes of it, the next time is later */
    mig__gate *gate = &run->sides[MIG_TARGET].gate;
    mig__session *session = mig__gate_open(gate, MIG__PATIENCE_NONE, &error);
    if (session != NULL && mig__mark_look(session, mark, &error) == 0) {
        if (held(run, mark)) {
            held_error(run, mark, &error);
            mig__run_fail(run, &error);
        } else if (mig__mark_put(session, mark, false, &error) == 0) {
            error = (mig_error)MIG_ERROR_INIT;
        }
    }
    mig__gate_close(gate, &session);
    if (error.code != MIG_OK) {
        mig__run_log(run, MIG_LOG_DEBUG, NULL, 0, &error, "the mark on the target was not renewed: %s", error.text);
    }
}

void mig__mark_release(mig__run *run, mig__session **target)
{
    mig__mark *mark = &run->mark;
    mig__gate *gate = &run->sides[MIG_TARGET].gate;
    mig_error error = MIG_ERROR_INIT;
    if (mark->entry[0] == '\0') {
        return;
    }
    if (*target == NULL) {
        *target = mig__gate_open(gate, MIG__PATIENCE_NONE, &error);
    }
    if (*target == NULL || take_away(*target, mark, &error) != 0) {
        mig__run_log(run, MIG_LOG_DEBUG, NULL, 0, &error, "the mark on the target stays: %s", error.text);
    }
    mark->entry[0] = '\0';
}
