/* verify/finding.c - an outcome of the comparison as a finding that a person can follow */
#include "base/memory.h"
#include "verify/judge.h"
#include <stdlib.h>
#include <string.h>

enum {
    EXPLAINED = 300, /* messages of a folder that get a second look; more of the same say nothing new */
    NAMED = 5000     /* messages of a folder whose headers are read to name them */
};

static int no_memory(mig_error *err)
{
    return mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static int grow(mig__judge *j, mig_error *err)
{
    mig_verify_account *account = j->account;
    mig_finding *findings = mig__grow(account->findings, account->finding_count, sizeof *findings, err);
    if (findings == NULL) {
        return -1;
    }
    account->findings = findings;
    const mig__message_digest **digests = mig__grow(j->digests, account->finding_count, sizeof *digests, err);
    if (digests == NULL) {
        return -1;
    }
    j->digests = digests;
    return 0;
}

static mig_finding *add_finding(mig__judge *j, mig_found kind, size_t folder, mig_error *err)
{
    mig_verify_account *account = j->account;
    if (grow(j, err) != 0) {
        return NULL;
    }
    mig_finding *finding = &account->findings[account->finding_count];
    *finding = (mig_finding){.kind = kind, .folder = folder, .messages = 1};
    j->digests[account->finding_count++] = NULL;
    return finding;
}

int mig__list_missing_folder(mig__judge *j, size_t folder, mig_error *err)
{
    return add_finding(j, MIG_FOUND_FOLDER_MISSING, folder, err) == NULL ? -1 : 0;
}

int mig__list_not_copied(mig__judge *j, size_t folder, uint64_t messages, const char *why, mig_error *err)
{
    mig_finding *finding = add_finding(j, MIG_FOUND_NOT_COPIED, folder, err);
    if (finding == NULL) {
        return -1;
    }
    mig__buffer text = MIG__BUFFER_INIT;
    mig__buffer_addf(&text, "%llu message%s: %s", (unsigned long long)messages, messages == 1 ? "" : "s",
                     why != NULL ? why : "the copy did not come to an end, and none of its own says why");
    finding->messages = messages;
    finding->detail = mig__buffer_steal(&text);
    return finding->detail == NULL ? no_memory(err) : 0;
}

static void describe(mig_finding *finding, const mig__recorded *recorded, const mig__found *found)
{
    if (recorded != NULL) {
        finding->source_uid = recorded->source_uid;
        finding->target_uid = recorded->target_uid;
        finding->has_date = recorded->has_date;
        finding->date = recorded->date;
        finding->octets = recorded->digest.octets;
    }
    if (found != NULL) {
        finding->target_uid = found->uid;
        if (recorded == NULL) {
            finding->has_date = found->has_date;
            finding->date = found->date;
            finding->octets = found->digest.octets;
        }
    }
}

/* ---- details ---- */

/* What the target is held against, in front of what it says. */
static const char *side_words(const mig__judge *j)
{
    return j->run->options->against == MIG_AGAINST_SOURCE ? "on the source" : "copied with";
}

static char *flags_detail(const mig__judge *j, const mig__recorded *recorded, const mig__found *found)
{
    mig__buffer text = MIG__BUFFER_INIT;
    mig__buffer_addf(&text, "%s (%s), now (%s)", side_words(j), recorded->flags != NULL ? recorded->flags : "",
                     found->flags != NULL ? found->flags : "");
    return mig__buffer_steal(&text);
}

static char *date_detail(const mig__judge *j, const mig__recorded *recorded, const mig__found *found)
{
    char was[32] = "none", is[32] = "none";
    if (recorded->has_date) {
        mig__datetime_format(&(mig__datetime){recorded->date, 0, true}, was);
    }
    if (found->has_date) {
        mig__datetime_format(&(mig__datetime){found->date, 0, true}, is);
    }
    mig__buffer text = MIG__BUFFER_INIT;
    mig__buffer_addf(&text, "%s %s, now %s", side_words(j), was, is);
    return mig__buffer_steal(&text);
}

static char *size_detail(const mig__judge *j, const mig__recorded *recorded, const mig__found *found)
{
    mig__buffer text = MIG__BUFFER_INIT;
    mig__buffer_addf(&text, "%s %llu octets, now %llu", side_words(j), (unsigned long long)recorded->digest.octets,
                     (unsigned long long)found->digest.octets);
    return mig__buffer_steal(&text);
}

static char *twin_detail(const mig__found *twin)
{
    mig__buffer text = MIG__BUFFER_INIT;
    mig__buffer_addf(&text, "the same content as UID %u", twin->uid);
    return mig__buffer_steal(&text);
}

/* ---- second looks ---- */

/* With both messages at hand the rules are certain; the record alone proves them only for what can be turned back. */
static void explain_stored(mig__judge *j, const mig__verify_job *job, const mig__recorded *recorded,
                           mig_finding *finding)
{
    mig__look_octets source, target;
    mig_error error;
    mig__explanation explanation = {0};
    int told = 0;
    if (!mig__look_at(&j->look, job, MIG_TARGET, finding->target_uid, &target)) {
        return;
    }
    mig__octets found = mig__look_view(&target);
    if (j->run->options->against == MIG_AGAINST_SOURCE &&
        mig__look_at(&j->look, job, MIG_SOURCE, recorded->source_uid, &source)) {
        mig__octets from = mig__look_view(&source);
        told = mig__explain_both(&from, &found, &explanation, &error);
        mig__look_octets_free(&source);
    }
    if (told > 0 || mig__explain_record(&recorded->digest, &found, &explanation, &error) == 0) {
        finding->rules = explanation.rules;
        finding->rules_certain = explanation.certain;
    }
    mig__look_octets_free(&target);
}

/* Where the two begin to differ; false: one of them is not to be had. */
static bool add_first_difference(mig__judge *j, const mig__verify_job *job, uint32_t source_uid, uint32_t target_uid,
                                 mig__buffer *text)
{
    mig__look_octets source, target;
    mig_error error;
    uint64_t offset = 0;
    bool told = false;
    if (!mig__look_at(&j->look, job, MIG_SOURCE, source_uid, &source)) {
        return false;
    }
    if (mig__look_at(&j->look, job, MIG_TARGET, target_uid, &target)) {
        mig__octets from = mig__look_view(&source), to = mig__look_view(&target);
        told = mig__first_difference(&from, &to, &offset, text, &error) > 0;
        mig__look_octets_free(&target);
    }
    mig__look_octets_free(&source);
    return told;
}

static void explain_altered(mig__judge *j, const mig__verify_job *job, const mig__recorded *recorded,
                            const mig__found *found, mig_finding *finding)
{
    mig__buffer text = MIG__BUFFER_INIT;
    bool told = j->run->options->against == MIG_AGAINST_SOURCE && j->explained++ < EXPLAINED &&
                add_first_difference(j, job, recorded->source_uid, found->uid, &text);
    if (!told) {
        char was[MIG__HEX_SIZE], is[MIG__HEX_SIZE];
        mig__buffer_clear(&text);
        mig__buffer_addf(&text, "%s %llu octets, SHA-256 %.16s..., now %llu octets, SHA-256 %.16s...", side_words(j),
                         (unsigned long long)recorded->digest.octets, mig__hex(recorded->digest.raw, was),
                         (unsigned long long)found->digest.octets, mig__hex(found->digest.raw, is));
    }
    finding->detail = mig__buffer_steal(&text);
}

/* ---- names ---- */

/* A message of the user's own will cannot be told from a loss; what is known helps a person to do so. */
static void tell_known(const mig__verify_job *job, const mig__message *message, mig_finding *finding)
{
    mig__buffer text = MIG__BUFFER_INIT;
    if (finding->kind != MIG_FOUND_MISSING) {
        return;
    }
    if (job->there == NULL) {
        finding->known = MIG_KNOWN_FOLDER_GONE;
        mig__buffer_addf(&text, "the target has no folder '%s' any more", job->target_name);
    } else if (message->gone_since != 0) {
        char when[32];
        mig__datetime_format(&(mig__datetime){message->gone_since, 0, true}, when);
        finding->known = MIG_KNOWN_SEEN_GONE;
        mig__buffer_addf(&text, "a copy saw on %s that it was gone", when);
    } else if (job->record_messages > 0 && message->target_uid != 0) {
        finding->known = MIG_KNOWN_AFTER_COPY;
        mig__buffer_add_text(&text, "the last copy saw nothing missing: it went afterwards");
    }
    free(finding->detail);
    finding->detail = text.length > 0 ? mig__buffer_steal(&text) : NULL;
    mig__buffer_free(&text);
}

static void name_from_state(mig__judge *j, const mig__verify_job *job, mig_finding *finding)
{
    mig__message message;
    mig_error error;
    if (j->run->state == NULL || job->folder == 0 || finding->source_uid == 0 ||
        mig__state_message_by_uid(j->run->state, job->folder, finding->source_uid, &message, &error) != 1) {
        return;
    }
    finding->message_id = message.message_id[0] != '\0' ? mig__strdup(message.message_id) : NULL;
    finding->subject = message.subject[0] != '\0' ? mig__strdup(message.subject) : NULL;
    bool told = finding->kind == MIG_FOUND_NOT_COPIED || finding->kind == MIG_FOUND_WITHHELD;
    if (told && message.text[0] != '\0') {
        finding->detail = mig__strdup(message.text);
    }
    tell_known(job, &message, finding);
    mig__message_clear(&message);
}

typedef struct name_slot {
    uint32_t uid;
    mig_finding *finding;
} name_slot;

typedef struct naming {
    name_slot *slots; /* by UID */
    size_t count;
} naming;

static int by_uid(const void *a, const void *b)
{
    const name_slot *x = a, *y = b;
    return x->uid != y->uid ? (x->uid > y->uid) - (x->uid < y->uid)
                            : (x->finding > y->finding) - (x->finding < y->finding);
}

/* A message may have several findings. */
static void take_name(uint32_t uid, const char *message_id, const char *subject, void *context)
{
    naming *n = context;
    size_t low = 0, high = n->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (n->slots[middle].uid < uid) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < n->count && n->slots[low].uid == uid; low++) {
        mig_finding *finding = n->slots[low].finding;
        if (finding->message_id == NULL && finding->subject == NULL) {
            finding->message_id = message_id[0] != '\0' ? mig__strdup(message_id) : NULL;
            finding->subject = subject[0] != '\0' ? mig__strdup(subject) : NULL;
        }
    }
}

/* On the target where the message is there, else on the source. */
static int name_on_side(mig__judge *j, const mig__verify_job *job, size_t first, mig_side side, mig_error *err)
{
    mig__uidset uids = MIG__UIDSET_INIT;
    size_t count = j->account->finding_count - first;
    naming n = {calloc(count + 1, sizeof *n.slots), 0};
    int failed = n.slots == NULL ? no_memory(err) : 0;
    for (size_t i = 0; failed == 0 && i < count && n.count < NAMED; i++) {
        mig_finding *finding = &j->account->findings[first + i];
        bool on_target = finding->target_uid != 0 && finding->kind != MIG_FOUND_MISSING;
        uint32_t uid = side == MIG_SOURCE ? finding->source_uid : finding->target_uid;
        if (finding->message_id == NULL && finding->subject == NULL && uid != 0 && on_target == (side == MIG_TARGET)) {
            failed = mig__uidset_add(&uids, uid, uid, err);
            n.slots[n.count++] = (name_slot){uid, finding};
        }
    }
    if (failed == 0 && n.count > 0) {
        qsort(n.slots, n.count, sizeof *n.slots, by_uid);
        mig__look_names(&j->look, job, side, &uids, take_name, &n);
    }
    mig__uidset_free(&uids);
    free(n.slots);
    return failed;
}

int mig__name_findings(mig__judge *j, size_t folder, size_t first, mig_error *err)
{
    const mig__verify_job *job = &j->run->jobs[folder];
    bool source = j->run->options->against == MIG_AGAINST_SOURCE;
    return name_on_side(j, job, first, MIG_TARGET, err) != 0 ? -1
           : source                                          ? name_on_side(j, job, first, MIG_SOURCE, err)
                                                             : 0;
}

/* ---- an outcome ---- */

static void explain(mig__judge *j, const mig__verify_job *job, const mig__outcome *outcome,
                    const mig__recorded *recorded, const mig__found *found, mig_finding *finding)
{
    const mig__verify_job *leader = &j->run->jobs[job->leader];
    if (finding->kind == MIG_FOUND_STORED_DIFFERENTLY && j->explained++ < EXPLAINED) {
        explain_stored(j, job, recorded, finding);
    } else if (finding->kind == MIG_FOUND_ALTERED) {
        explain_altered(j, job, recorded, found, finding);
    } else if (finding->kind == MIG_FOUND_SIZE_DIFFERS) {
        finding->detail = size_detail(j, recorded, found);
    } else if (finding->kind == MIG_FOUND_DUPLICATED) {
        finding->detail = twin_detail(&leader->found[outcome->twin]);
    }
}

static int list_difference(mig__judge *j, mig_found kind, size_t folder, const mig__recorded *recorded,
                           const mig__found *found, mig_error *err)
{
    mig_finding *finding = add_finding(j, kind, folder, err);
    if (finding == NULL) {
        return -1;
    }
    describe(finding, recorded, found);
    name_from_state(j, &j->run->jobs[folder], finding);
    finding->detail =
        kind == MIG_FOUND_DATES_DIFFER ? date_detail(j, recorded, found) : flags_detail(j, recorded, found);
    return 0;
}

int mig__list_infected(mig__judge *j, size_t folder, const mig__recorded *recorded, char *detail, mig_error *err)
{
    mig_finding *finding = add_finding(j, MIG_FOUND_INFECTED, folder, err);
    if (finding == NULL) {
        free(detail);
        return -1;
    }
    describe(finding, recorded, NULL);
    name_from_state(j, &j->run->jobs[folder], finding);
    finding->detail = detail;
    return 0;
}

int mig__list_outcome(mig__judge *j, size_t folder, const mig__outcome *outcome, const mig__recorded *recorded,
                      mig_error *err)
{
    const mig__verify_job *job = &j->run->jobs[folder], *leader = &j->run->jobs[job->leader];
    const mig__found *found = outcome->found == MIG__NO_INDEX ? NULL : &leader->found[outcome->found];
    mig_grade grade = mig_found_grade((mig_found)outcome->kind);
    if (grade != MIG_GRADE_GOOD && grade != MIG_GRADE_UNPROVEN) {
        mig_finding *finding = add_finding(j, (mig_found)outcome->kind, folder, err);
        if (finding == NULL) {
            return -1;
        }
        describe(finding, recorded, found);
        finding->after_copy = outcome->after_copy;
        if (outcome->kind == MIG_FOUND_MISSING && recorded->has_digest) {
            j->digests[j->account->finding_count - 1] = &recorded->digest;
        } else if ((outcome->kind == MIG_FOUND_EXTRA || outcome->kind == MIG_FOUND_ARRIVED) && found->has_digest) {
            j->digests[j->account->finding_count - 1] = &found->digest;
        }
        name_from_state(j, job, finding);
        explain(j, job, outcome, recorded, found, finding);
    }
    if (outcome->flags_differ && list_difference(j, MIG_FOUND_FLAGS_DIFFER, folder, recorded, found, err) != 0) {
        return -1;
    }
    if (outcome->flags_added && list_difference(j, MIG_FOUND_FLAGS_ADDED, folder, recorded, found, err) != 0) {
        return -1;
    }
    return outcome->dates_differ ? list_difference(j, MIG_FOUND_DATES_DIFFER, folder, recorded, found, err) : 0;
}
