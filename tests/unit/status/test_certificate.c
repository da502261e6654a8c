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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_done), cmocka_unit_test(test_domains),
                                       cmocka_unit_test(test_copy), cmocka_unit_test(test_verification),
                                       cmocka_unit_test(test_parts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
