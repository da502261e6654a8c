/*
 * fuzz_files.c - what lies in files that anybody made: compressed messages, .emlx, names of messages, dates
 *
 * What must hold: unpacking ends, within its bound, with octets or an error; a message of an .emlx lies in its file;
 * the base of a name is a part of it, and flags are flags; kinds of contents have words where they are no plain text.
 */
#include "archive/unpack.h"
#include "fuzz.h"
#include "imap/command.h"
#include "mail/date.h"
#include "mail/flags.h"
#include "store/contents.h"
#include "store/emlx.h"
#include "store/maildir.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BOUND = 1 << 20 };

static void unpack(FILE *file, size_t size)
{
    char piece[4096];
    mig_error err = MIG_ERROR_INIT;
    uint64_t total = 0;
    mig__unpack *u = mig__unpack_open(fileno(file), 0, size, &err);
    int64_t got = u != NULL ? 1 : -1;
    while (got > 0 && total < BOUND) { /* the rest of a bomb is as the beginning */
        got = mig__unpack_read(u, piece, sizeof piece, &err);
        INSIST(got <= (int64_t)sizeof piece);
        total += got > 0 ? (uint64_t)got : 0;
    }
    INSIST(got >= 0 || err.code != MIG_OK);
    mig__unpack_free(&u);
}

static void look_at_emlx(FILE *file, size_t size)
{
    const char *flags[MIG__EMLX_FLAGS + 1];
    mig__emlx emlx;
    if (!mig__emlx_read(fileno(file), size, &emlx)) {
        return;
    }
    INSIST(emlx.from <= size && emlx.length <= size - emlx.from);
    mig__emlx_flags(&emlx, flags);
    for (size_t i = 0; flags[i] != NULL; i++) {
        INSIST(i < MIG__EMLX_FLAGS && mig__flag_valid(flags[i]));
    }
}

static void look_at_name(const uint8_t *data, size_t size)
{
    char *name = calloc(1, size + 1); /* not strndup: ASan takes its argument for a whole string */
    INSIST(name != NULL);
    memcpy(name, data, size);
    INSIST(mig__maildir_base(name) <= strlen(name) && mig__maildir_stem(name) <= strlen(name));
    char *joined = mig__maildir_flags(name, NULL, NULL);
    const char **flags = joined != NULL ? mig__flags_split(joined) : NULL;
    INSIST(flags != NULL);
    for (size_t i = 0; flags[i] != NULL; i++) {
        INSIST(mig__flag_valid(flags[i]));
    }
    free(flags);
    free(joined);
    free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *words;
    int64_t date;
    FILE *file = tmpfile();
    INSIST(file != NULL && fwrite(data, 1, size, file) == size && fflush(file) == 0);
    INSIST((mig__contents_of((const char *)data, size, &words) == MIG__CONTENTS_PLAIN) == (words == NULL));
    (void)mig__contents_mail((const char *)data, size);
    (void)mig__mail_date((const char *)data, size, &date);
    unpack(file, size);
    look_at_emlx(file, size);
    look_at_name(data, size);
    fclose(file);
    return 0;
}
