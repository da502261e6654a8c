/*
 * test_spf_suite.c - check_host() against cases in the form of the public SPF test suite (openspf.org): our own in
 * domain/spf-cases.yml, and those of that suite where they lie beside the project
 */
#include "domain/name.h"
#include "domain/spf.h"
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include <cmocka.h>

#define MOST_ANSWERS 128

typedef struct zone {
    yaml_document_t *document;
    yaml_node_t *data; /* zonedata */
    mig__answer *answers[MOST_ANSWERS];
    size_t count;
} zone;

static yaml_node_t *member(yaml_document_t *document, yaml_node_t *map, const char *key)
{
    for (yaml_node_pair_t *pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top; pair++) {
        yaml_node_t *name = yaml_document_get_node(document, pair->key);
        if (strcasecmp((const char *)name->data.scalar.value, key) == 0) {
            return yaml_document_get_node(document, pair->value);
        }
    }
    return NULL;
}

static const char *text(yaml_node_t *node)
{
    return node != NULL && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : "";
}

/* ---- a name server of the zone ---- */

static mig__rr type_of(const char *name)
{
    static const struct {
        const char *name;
        mig__rr type;
    } types[] = {{"A", MIG__RR_A},     {"AAAA", MIG__RR_AAAA}, {"MX", MIG__RR_MX},      {"TXT", MIG__RR_TXT},
                 {"PTR", MIG__RR_PTR}, {"SPF", MIG__RR_TXT},   {"CNAME", MIG__RR_CNAME}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].name, name) == 0) {
            return types[i].type;
        }
    }
    fail_msg("a type of record that is not known: %s", name);
    return MIG__RR_A;
}

static void add_text(zone *z, mig__answer *answer, yaml_node_t *value)
{
    char joined[4096];
    size_t length = 0;
    mig__record *record = mig__answer_add(answer, MIG__RR_TXT);
    if (value->type == YAML_SEQUENCE_NODE) {
        for (yaml_node_item_t *i = value->data.sequence.items.start; i < value->data.sequence.items.top; i++) {
            yaml_node_t *part = yaml_document_get_node(z->document, *i);
            memcpy(joined + length, part->data.scalar.value, part->data.scalar.length);
            length += part->data.scalar.length;
        }
        mig__record_set_data(record, joined, length);
    } else {
        mig__record_set_data(record, value->data.scalar.value, value->data.scalar.length);
    }
}

static void add_record(zone *z, mig__answer *answer, mig__rr type, yaml_node_t *value)
{
    unsigned char address[16];
    if (type == MIG__RR_TXT) {
        add_text(z, answer, value);
    } else if (type == MIG__RR_MX) {
        mig__record *record = mig__answer_add(answer, type);
        yaml_node_t *host = yaml_document_get_node(z->document, value->data.sequence.items.start[1]);
        mig__record_set_name(record, text(host)[0] != '\0' ? text(host) : ".");
    } else if (type == MIG__RR_A || type == MIG__RR_AAAA) {
        assert_int_equal(inet_pton(type == MIG__RR_A ? AF_INET : AF_INET6, text(value), address), 1);
        mig__record_set_data(mig__answer_add(answer, type), address, type == MIG__RR_A ? 4 : 16);
    } else {
        mig__record_set_name(mig__answer_add(answer, type), text(value));
    }
}

static bool has_member(zone *z, yaml_node_t *entries, const char *key)
{
    for (yaml_node_item_t *i = entries->data.sequence.items.start; i < entries->data.sequence.items.top; i++) {
        yaml_node_t *entry = yaml_document_get_node(z->document, *i);
        if (entry->type == YAML_MAPPING_NODE && member(z->document, entry, key) != NULL) {
            return true;
        }
    }
    return false;
}

/* SPF entries stand for TXT unless there are TXT entries; TIMEOUT is for what is not there (as the suite's driver). */
static void fill(zone *z, mig__answer *answer, const char *name, mig__rr type, int depth)
{
    yaml_node_t *entries = member(z->document, z->data, name);
    answer->status = MIG__DNS_NXDOMAIN;
    if (entries == NULL) {
        return;
    }
    answer->status = MIG__DNS_NODATA;
    const bool has_txt = has_member(z, entries, "TXT");
    bool times_out = false;
    for (yaml_node_item_t *i = entries->data.sequence.items.start; i < entries->data.sequence.items.top; i++) {
        yaml_node_t *entry = yaml_document_get_node(z->document, *i);
        if (entry->type == YAML_SCALAR_NODE) {
            times_out = true;
            continue;
        }
        yaml_node_pair_t *pair = entry->data.mapping.pairs.start;
        const char *key = text(yaml_document_get_node(z->document, pair->key));
        yaml_node_t *value = yaml_document_get_node(z->document, pair->value);
        if (strcmp(text(value), "NONE") == 0 || (strcmp(key, "SPF") == 0 && has_txt)) {
            continue;
        }
        if (type_of(key) == type) {
            add_record(z, answer, type, value);
            answer->status = MIG__DNS_OK;
        } else if (type_of(key) == MIG__RR_CNAME) {
            if (depth > 8) {
                answer->status = MIG__DNS_SERVFAIL;
            } else {
                fill(z, answer, text(value), type, depth + 1);
            }
            return;
        }
    }
    if (answer->count == 0 && times_out) {
        answer->status = MIG__DNS_TIMEOUT;
    }
}

static const mig__answer *serve(void *context, const char *name, mig__rr type)
{
    zone *z = context;
    assert_true(z->count < MOST_ANSWERS);
    mig__answer *answer = calloc(1, sizeof *answer);
    z->answers[z->count++] = answer;
    fill(z, answer, name, type, 0);
    return answer;
}

/* ---- cases ---- */

static bool expects(yaml_document_t *document, yaml_node_t *wanted, const char *result)
{
    if (wanted->type == YAML_SCALAR_NODE) {
        return strcmp(text(wanted), result) == 0;
    }
    for (yaml_node_item_t *i = wanted->data.sequence.items.start; i < wanted->data.sequence.items.top; i++) {
        if (strcmp(text(yaml_document_get_node(document, *i)), result) == 0) {
            return true;
        }
    }
    return false;
}

static bool run_case(zone *z, const char *name, yaml_node_t *test)
{
    mig__spf_query query = {.mail_from = text(member(z->document, test, "mailfrom")),
                            .helo = text(member(z->document, test, "helo")),
                            .now = 1700000000};
    const char *host = text(member(z->document, test, "host"));
    query.address_length = strchr(host, ':') != NULL ? 16 : 4;
    assert_int_equal(inet_pton(query.address_length == 16 ? AF_INET6 : AF_INET, host, query.address), 1);

    mig__spf_outcome outcome;
    const mig__asker asker = {serve, z};
    mig__spf_check(&query, &asker, &outcome);
    const char *result = mig__spf_result_name(outcome.result);
    bool good = expects(z->document, member(z->document, test, "result"), result);
    yaml_node_t *explanation = member(z->document, test, "explanation");
    const char *given = outcome.explanation != NULL ? outcome.explanation : "DEFAULT";
    if (good && explanation != NULL && strcmp(text(explanation), given) != 0) {
        good = false;
    }
    if (!good) {
        printf("%s: %s (%s), explanation %s\n", name, result, outcome.why, given);
    }
    free(outcome.explanation);
    for (; z->count > 0; z->count--) {
        mig__answer_clear(z->answers[z->count - 1]);
        free(z->answers[z->count - 1]);
    }
    return good;
}

static size_t run_document(yaml_document_t *document, size_t *failed)
{
    yaml_node_t *root = yaml_document_get_root_node(document);
    yaml_node_t *tests = member(document, root, "tests");
    zone z = {.document = document, .data = member(document, root, "zonedata")};
    size_t count = 0;
    for (yaml_node_pair_t *pair = tests->data.mapping.pairs.start; pair < tests->data.mapping.pairs.top; pair++) {
        yaml_node_t *name = yaml_document_get_node(document, pair->key);
        *failed += !run_case(&z, text(name), yaml_document_get_node(document, pair->value));
        count++;
    }
    return count;
}

/* How many cases there are; 0: no such file. */
static size_t run_file(const char *path, size_t *failed)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return 0;
    }
    yaml_parser_t parser;
    assert_int_equal(yaml_parser_initialize(&parser), 1);
    yaml_parser_set_input_file(&parser, file);
    size_t count = 0;
    for (bool more = true; more;) {
        yaml_document_t document;
        assert_int_equal(yaml_parser_load(&parser, &document), 1);
        more = yaml_document_get_root_node(&document) != NULL;
        if (more) {
            count += run_document(&document, failed);
        }
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    fclose(file);
    return count;
}

static void test_our_cases(void **state)
{
    (void)state;
    size_t failed = 0;
    assert_true(run_file("unit/domain/spf-cases.yml", &failed) >= 50);
    assert_int_equal(failed, 0);
}

static void test_public_suite(void **state)
{
    (void)state;
    size_t failed = 0, count = run_file("../../shared/spf/rfc7208-tests.yml", &failed);
    if (count == 0) {
        skip();
    }
    printf("%zu cases of the public suite, %zu failed\n", count, failed);
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_our_cases), cmocka_unit_test(test_public_suite)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
