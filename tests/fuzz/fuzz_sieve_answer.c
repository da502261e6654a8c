/*
 * fuzz_sieve_answer.c - the framing of what a ManageSieve server may send
 *
 * The first octet says how the rest is cut. What must hold: the whole and the pieces give the same answers, each token
 * lies in its answer and is followed by a NUL, and bounds hold.
 */
#include "fuzz.h"
#include "sieve/answer.h"

static void note(const mig__sieve_answer *answer, mig__buffer *out)
{
    INSIST(answer->count <= MIG__SIEVE_TOKENS);
    for (size_t i = 0; i < answer->count; i++) {
        const mig__sieve_token *token = &answer->tokens[i];
        INSIST(token->at + token->length < answer->octets.length);
        INSIST(answer->octets.data[token->at + token->length] == '\0');
        mig__buffer_addf(out, "%d:", (int)token->kind);
        mig__buffer_add(out, mig__sieve_text(answer, i), token->length);
    }
    mig__buffer_add_char(out, '\n');
}

static void run(const char *octets, size_t length, size_t most, mig__buffer *out)
{
    mig__sieve_reader reader;
    mig_error error = MIG_ERROR_INIT;
    int complete = 0;
    mig__sieve_reader_init(&reader);
    for (size_t at = 0, used = 0; at < length && complete >= 0; at += used) {
        const size_t piece = length - at < most ? length - at : most;
        complete = mig__sieve_reader_push(&reader, octets + at, piece, &used, &error);
        INSIST(complete < 0 || used > 0);
        if (complete > 0) {
            note(&reader.answer, out);
        }
    }
    mig__buffer_addf(out, "%s", complete < 0 ? mig_code_name(error.code) : "open");
    mig__sieve_reader_free(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    mig__buffer whole = MIG__BUFFER_INIT, pieces = MIG__BUFFER_INIT;
    run((const char *)data + 1, size - 1, size, &whole);
    run((const char *)data + 1, size - 1, 1 + data[0] % 16, &pieces);
    INSIST(whole.length == pieces.length && memcmp(whole.data, pieces.data, whole.length) == 0);
    mig__buffer_free(&whole);
    mig__buffer_free(&pieces);
    return 0;
}
