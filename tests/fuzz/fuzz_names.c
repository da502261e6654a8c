/*
 * fuzz_names.c - modified UTF-7, both ways
 *
 * What must hold: a name that is valid comes back octet by octet; one that is not is made valid; what
 * was encoded is printable ASCII and decodes to itself.
 */
#include "base/buffer.h"
#include "fuzz.h"
#include "imap/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, size};
    char *name = fuzz_text(&in);
    mig__buffer out = MIG__BUFFER_INIT, back = MIG__BUFFER_INIT;

    bool valid = mig__name_decode(name, &out);
    mig__buffer_add(&out, "", 0);
    const char *shown = out.data != NULL ? out.data : "";
    INSIST(mig__utf8_valid(shown, strlen(shown)));
    if (valid) {
        INSIST(mig__name_encode(shown, &back));
        INSIST(strcmp(back.data != NULL ? back.data : "", name) == 0);
    } else {
        INSIST(mig__name_encode(shown, &back)); /* what was made of it is a name that every server can have */
    }
    mig__buffer_clear(&out);
    mig__buffer_clear(&back);
    if (mig__name_encode(name, &out)) {
        INSIST(mig__utf8_valid(name, strlen(name)));
        const char *wire = out.data != NULL ? out.data : "";
        for (const char *c = wire; *c != '\0'; c++) {
            INSIST(*c >= ' ' && *c <= '~');
        }
        INSIST(mig__name_decode(wire, &back));
        INSIST(strcmp(back.data != NULL ? back.data : "", name) == 0);
    } else {
        INSIST(out.length == 0);
    }
    mig__buffer_free(&out);
    mig__buffer_free(&back);
    free(name);
    return 0;
}
