/* test_certificate.c - when the old server may be switched off: each thing that is missing, by itself */
#include <migrate/certificate.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SETTLED = 1000, COPIED = 2000, VERIFIED = 3000, NOW = 4000 };

typedef struct world {
    mig_proof proof;
    mig_proof *proofs[1];
    mig_domain_record domain;
    size_t domains, accounts;
} world;

static char ann[] = "ann@old", bob[] = "ann@new", path[] = "state", example[] = "done.example", none[] = "",
            fault[] = "it fails";

/* All is well: a quiet copy after the domain had settled, and a whole verification behind it. */
static world done(void)
{
    world w = {.proof = {.source = ann, .target = bob, .path = path, .messages = 5, .run_count = 2},
               .domain = {.name = example,
                          .there = true,
                          .settled = true,
                          .at = NOW,
                          .settled_since = SETTLED,
                          .resolver = none,
                          .mx = none,
                          .open = none},
               .domains = 1,
               .accounts = 1};
    w.proof.runs[0] =
        (mig_proof_run){.verb = "verify", .status = "complete", .begun = VERIFIED, .ended = VERIFIED + 1, .root = "ab"};
    w.proof.runs[1] = (mig_proof_run){.verb = "copy", .status = "complete", .begun = COPIED, .ended = COPIED + 1};
    return w;
}

/* The certificate has exactly the one thing missing whose text holds `part`; NULL: nothing is. */
static void expect(world w, const char *part)
{
    mig_error err = MIG_ERROR_INIT;
    w.proofs[0] = &w.proof;
    mig_certificate *made = mig_certificate_judge(w.proofs, w.accounts, &w.domain, w.domains, NOW, &err);
    assert_non_null(made);
    assert_int_equal(made->missing_count, part != NULL ? 1 : 0);
    if (part != NULL && strstr(made->missing[0].text, part) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", part, made->missing[0].text);
    }
    mig_certificate_free(&made);
    assert_null(made);
}

static void test_all_done(void **state)
{
    (void)state;
    expect(done(), NULL);
}

static void test_domains(void **state)
{
    (void)state;
    world w = done();
    w.domains = 0;
    expect(w, "no domain is named");
    w = done();
    w.domain.there = false;
    expect(w, "not looked at after the switch");
    w = done();
    w.domain.settled = false;
    w.domain.open = fault;
    expect(w, "it fails");
    w = done();
    w.domain.settled_since = 0;
    expect(w, "not settled");
    w = done();
    w.domain.settled_since = COPIED; /* in the same second: perhaps after the copy began */
    expect(w, "began before the domains");
}

static void test_copy(void **state)
{
    (void)state;
    world w = done();
    w.accounts = 0;
    expect(w, "no account");
    w = done();
    mig_error_set(&w.proof.error, MIG_E_MISSING, "nothing was done");
    expect(w, "nothing was done");
    w = done();
    w.proof.run_count = 1;
    expect(w, "never copied");
    w = done();
    w.proof.runs[1].ended = 0;
    w.proof.runs[1].status[0] = '\0';
    expect(w, "did not come to its end");
    w = done();
    snprintf(w.proof.runs[1].status, sizeof w.proof.runs[1].status, "%s", "partial");
    expect(w, "not complete (partial");
    w = done();
    w.proof.runs[1].failed = 3;
    expect(w, "3 failed");
    w = done();
    w.proof.runs[1].copied = 2;
    expect(w, "still found 2 new messages");
    w = done();
    w.proof.failed = 1;
    expect(w, "1 messages could not be copied");
    w = done();
    w.proof.in_flight = 4;
    expect(w, "of 4 messages it is not known");
}

static void test_parts(void **state)
{
    (void)state;
    world w = done();
    snprintf(w.proof.runs[0].selection, sizeof w.proof.runs[0].selection, "folder INBOX");
    expect(w, "the last verification looked at another part");
    w = done();
    snprintf(w.proof.runs[1].selection, sizeof w.proof.runs[1].selection, "since 2020-01-01");
    expect(w, "the last copy looked at another part of the account than the plan means (since 2020-01-01)");
    w = done();
    snprintf(w.proof.selection, sizeof w.proof.selection, "exclude Trash");
    for (int run = 0; run < 2; run++) {
        snprintf(w.proof.runs[run].selection, sizeof w.proof.runs[run].selection, "exclude Trash");
    }
    expect(w, NULL);
}

static void test_verification(void **state)
{
    (void)state;
    world w = done();
    snprintf(w.proof.runs[0].verb, sizeof w.proof.runs[0].verb, "%s", "archive");
    expect(w, "never verified");
    w = done();
    w.proof.runs[0].begun = COPIED; /* while the copy ran */
    expect(w, "before the last copy");
    w = done();
    w.proof.runs[0].ended = 0;
    expect(w, "did not come to its end");
    w = done();
    snprintf(w.proof.runs[0].status, sizeof w.proof.runs[0].status, "%s", "interrupted");
    expect(w, "not clean (interrupted");
    w = done();
    w.proof.runs[0].failed = 1;
    expect(w, "1 findings");
    w = done();
    w.proof.runs[0].root[0] = '\0';
    expect(w, "did not read every message");
}

/* Mended mail has to be read back after it was sent again, whatever else is verified. */
static void test_mended(void **state)
{
    (void)state;
    world w = done();
    w.proof.mended_missing = 2;
    w.proof.mended_at = COPIED;
    expect(w, NULL);
    w.proof.runs[1].copied = w.proof.runs[1].mended = 2; /* the last copy sent these again, and nothing new came */
    expect(w, NULL);
    w.proof.runs[1].copied = 3;
    expect(w, "still found 1 new messages");
    w = done();
    w.proof.mended_altered = 1;
    w.proof.mended_at = VERIFIED + 1;
    expect(w, "messages were sent again (copy --mend) after the last verification");
    /* All in one second: the order of the runs tells that the verification was the mending's own. */
    w = done();
    const mig_proof_run verified = w.proof.runs[0];
    w.proof.runs[0] = w.proof.runs[1];
    w.proof.runs[1] = verified;
    w.proof.runs[0].begun = w.proof.runs[0].ended = VERIFIED;
    expect(w, "before the last copy");
    w.proof.runs[0].copied = w.proof.runs[0].mended = 2;
    expect(w, "messages were sent again (copy --mend) after the last verification");
}

static world read_back_by(const char *status, const char *root, const char *selection)
{
    world w = done();
    w.proof.mended_missing = 1;
    w.proof.mended_at = COPIED;
    snprintf(w.proof.runs[0].status, sizeof w.proof.runs[0].status, "%s", status);
    snprintf(w.proof.runs[0].root, sizeof w.proof.runs[0].root, "%s", root);
    snprintf(w.proof.runs[0].selection, sizeof w.proof.runs[0].selection, "%s", selection);
    return w;
}

static void test_read_back(void **state)
{
    (void)state;
    world w = read_back_by("complete", "ab", "");
    assert_true(mig_proof_read_back(&w.proof));
    w.proof.mended_at = VERIFIED + 1;
    assert_false(mig_proof_read_back(&w.proof));
    w = read_back_by("complete", "ab", "");
    w.proof.runs[0].failed = 1;
    assert_false(mig_proof_read_back(&w.proof));
    w = read_back_by("complete", "ab", "");
    w.proof.runs[0].ended = 0;
    assert_false(mig_proof_read_back(&w.proof));
    w = read_back_by("complete", "", "");
    assert_false(mig_proof_read_back(&w.proof));
    w = read_back_by("partial", "ab", "");
    assert_false(mig_proof_read_back(&w.proof));
    w = read_back_by("complete", "ab", "folder INBOX");
    assert_false(mig_proof_read_back(&w.proof));
    w = read_back_by("complete", "ab", "");
    w.proof.runs[2] = w.proof.runs[1];
    w.proof.runs[1] = w.proof.runs[0];
    w.proof.runs[0] = w.proof.runs[2]; /* a copy after the verification, which found nothing */
    w.proof.run_count = 3;
    assert_true(mig_proof_read_back(&w.proof));
    w.proof.runs[0].mended = 1;
    assert_false(mig_proof_read_back(&w.proof));
    w.proof.runs[0].mended = 0;
    w.proof.runs[0].ended = 0;
    assert_false(mig_proof_read_back(&w.proof));
    snprintf(w.proof.runs[1].verb, sizeof w.proof.runs[1].verb, "archive");
    assert_false(mig_proof_read_back(&w.proof));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_done), cmocka_unit_test(test_domains),
                                       cmocka_unit_test(test_copy),     cmocka_unit_test(test_verification),
                                       cmocka_unit_test(test_parts),    cmocka_unit_test(test_mended),
                                       cmocka_unit_test(test_read_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
