/*
 * fuzz_sieve_script.c - a Sieve script that anybody may have written: read, judged, rewritten, put into words
 *
 * What must hold: strings lie in the script and in order, the tree has no way back to itself, what is rewritten can be
 * read again, and has the new names in it.
 */
#include "fuzz.h"
#include "sieve/judge.h"
#include "sieve/words.h"

static void check(const mig__sieve_script *s, size_t length)
{
    for (size_t i = 0; i < s->node_count; i++) {
        const mig__sieve_node *node = &s->nodes[i];
        INSIST(node->next == MIG__SIEVE_NONE || node->next > i);
        INSIST(node->tests == MIG__SIEVE_NONE || node->tests > i);
        INSIST(node->block == MIG__SIEVE_NONE || node->block > i);
        INSIST(node->first + node->count <= s->argument_count);
    }
    for (size_t i = 0; i < s->string_count; i++) {
        const mig__sieve_string *string = &s->strings[i];
        INSIST(string->from < string->to && string->to <= length);
        INSIST(i == 0 || s->strings[i - 1].to <= string->from);
        INSIST(s->text.data[string->text + string->length] == '\0');
    }
}

static void judge(const char *octets, size_t length, const mig__sieve_script *script)
{
    static const mig__sieve_folder folders[] = {{"INBOX", "INBOX", true}, {"a", "b \"\\c", true}, {"x", NULL, false}};
    static const char *const own[] = {"a@b.example", NULL};
    const mig__sieve_facts facts = {.capability = "fileinto",
                                    .folders = folders,
                                    .folder_count = 3,
                                    .folders_known = true,
                                    .map_folders = true,
                                    .own = own};
    mig__sieve_judgement judgement;
    mig__buffer out = MIG__BUFFER_INIT;
    mig__sieve_script again;
    INSIST(mig__sieve_judge(script, &facts, &judgement, NULL) == 0);
    INSIST(mig__sieve_rewrite(octets, length, &judgement, &out, NULL) == 0);
    INSIST(mig__sieve_parse(out.data != NULL ? out.data : "", out.length, &again, NULL) == 0);
    INSIST(again.node_count == script->node_count && again.string_count == script->string_count);
    mig__sieve_script_clear(&again);
    mig__buffer_free(&out);
    mig__sieve_judgement_clear(&judgement);
}

static void put_into_words(const mig__sieve_script *script)
{
    mig_filter_rule *rules = NULL;
    size_t count = 0;
    INSIST(mig__sieve_rules(script, &rules, &count, NULL) == 0);
    for (size_t i = 0; i < count; i++) {
        INSIST(rules[i].when != NULL && rules[i].then != NULL);
        INSIST((rules[i].gmail != NULL) != (rules[i].gmail_why != NULL));
    }
    mig__sieve_rules_free(rules, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mig__sieve_script script;
    mig_error error = MIG_ERROR_INIT;
    const char *octets = size > 0 ? (const char *)data : "";
    if (mig__sieve_parse(octets, size, &script, &error) != 0) {
        INSIST(error.code == MIG_E_PROTOCOL || error.code == MIG_E_BOUNDS);
        return 0;
    }
    check(&script, size);
    judge(octets, size, &script);
    put_into_words(&script);
    mig__sieve_script_clear(&script);
    return 0;
}
