/*
 * fuzz_clamd.c - answers of a virus scanner
 *
 * What must hold: what is kept of it is printable ASCII and has its bounds; "clean" is said of nothing but the one form
 * that says so.
 */
#include "fuzz.h"
#include "scanner/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mig__answer answer;
    char *text = malloc(size + 1);
    if (text == NULL) {
        abort();
    }
    if (size > 0) {
        memcpy(text, data, size);
    }
    mig__answer_read(text, size, &answer);
    INSIST(memchr(answer.text, '\0', sizeof answer.text) != NULL);
    for (const char *c = answer.text; *c != '\0'; c++) {
        INSIST(*c >= ' ' && *c <= '~');
    }
    INSIST(answer.kind == MIG__ANSWER_NONE || answer.id > 0);
    INSIST(answer.kind != MIG__ANSWER_CLEAN || (size > 6 && memcmp(text + size - 4, ": OK", 4) == 0));
    INSIST(answer.kind != MIG__ANSWER_FOUND || answer.text[0] != '\0');
    INSIST(answer.kind == MIG__ANSWER_VERSION || answer.database == 0);
    free(text);
    return 0;
}
