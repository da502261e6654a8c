/* fuzz.h - what the fuzz targets share: insisting on what must hold, and the input in parts */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold, or the input is a finding. */
#define INSIST(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: this must hold: %s\n", __FILE__, __LINE__, #condition);                            \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* The input, taken from the front. */
typedef struct fuzz_input {
    const uint8_t *data;
    size_t size;
} fuzz_input;

static inline unsigned fuzz_octet(fuzz_input *in)
{
    if (in->size == 0) {
        return 0;
    }
    in->size--;
    return *in->data++;
}

/* Octets up to the next 0xff or the end, as a malloc'd string: what follows a NUL is not seen of it. */
static inline char *fuzz_text(fuzz_input *in)
{
    const uint8_t *end = in->size > 0 ? memchr(in->data, 0xff, in->size) : NULL;
    size_t length = end != NULL ? (size_t)(end - in->data) : in->size;
    char *text = malloc(length + 1);
    if (text == NULL) {
        abort();
    }
    if (length > 0) {
        memcpy(text, in->data, length);
    }
    text[length] = '\0';
    in->data += end != NULL ? length + 1 : length;
    in->size -= end != NULL ? length + 1 : length;
    return text;
}

#endif
