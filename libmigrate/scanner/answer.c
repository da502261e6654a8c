/*
 * scanner/answer.c - one answer of clamd inside an IDSESSION (clamd(8))
 *
 *     3: stream: OK
 *     4: stream: Eicar-Test-Signature FOUND
 *     5: fd[10]: OK
 *     6: INSTREAM size limit exceeded. ERROR
 *     1: ClamAV 1.4.1/27412/Tue Oct  1 08:32:41 2024
 *
 * What does not have exactly one of these forms is no answer. Names of signatures come from whoever wrote them.
 */
#include "scanner/answer.h"
#include "base/clock.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef struct words {
    const char *at;
    size_t length;
} words;

static bool begins(words w, const char *with)
{
    return w.length >= strlen(with) && memcmp(w.at, with, strlen(with)) == 0;
}

static bool take(words *w, const char *front)
{
    if (!begins(*w, front)) {
        return false;
    }
    w->at += strlen(front);
    w->length -= strlen(front);
    return true;
}

static bool take_end(words *w, const char *end)
{
    size_t length = strlen(end);
    if (w->length < length || memcmp(w->at + w->length - length, end, length) != 0) {
        return false;
    }
    w->length -= length;
    return true;
}

/* Without anything that could act on whoever shows it. */
static void keep(words w, char out[MIG_SCAN_NAME])
{
    size_t length = w.length < MIG_SCAN_NAME - 1 ? w.length : MIG_SCAN_NAME - 1;
    for (size_t i = 0; i < length; i++) {
        out[i] = w.at[i] >= ' ' && w.at[i] <= '~' ? w.at[i] : '?';
    }
    out[length] = '\0';
}

static bool take_number(words *w, uint32_t *out)
{
    uint64_t number = 0;
    size_t digits = 0;
    while (digits < w->length && digits < 10 && w->at[digits] >= '0' && w->at[digits] <= '9') {
        number = number * 10 + (uint64_t)(w->at[digits++] - '0');
    }
    w->at += digits;
    w->length -= digits;
    *out = (uint32_t)number;
    return digits > 0 && number <= UINT32_MAX;
}

/* ---- the date of the signatures, as ctime writes it: "Tue Oct  1 08:32:41 2024" ---- */

static int64_t read_date(words w)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char text[32], name[4];
    int day, hour, minute, second, year, used = 0;
    if (w.length >= sizeof text) {
        return 0;
    }
    memcpy(text, w.at, w.length);
    text[w.length] = '\0';
    if (sscanf(text, "%*3s %3s %2d %2d:%2d:%2d %4d%n", name, &day, &hour, &minute, &second, &year, &used) != 6 ||
        text[used] != '\0' || strlen(name) != 3) {
        return 0;
    }
    const char *month = strstr(months, name);
    if (month == NULL || (month - months) % 3 != 0 || year < 1970 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59 || second < 0 || second > 60) {
        return 0;
    }
    return mig__days_from_civil(year, (int)(month - months) / 3 + 1, day) * 86400 + hour * 3600 + minute * 60 + second;
}

static void read_version(words w, mig__answer *out)
{
    out->kind = MIG__ANSWER_VERSION;
    keep(w, out->text);
    const char *number = memchr(w.at, '/', w.length);
    const char *date = number == NULL ? NULL : memchr(number + 1, '/', w.length - (size_t)(number + 1 - w.at));
    if (date != NULL) {
        out->database = read_date((words){date + 1, w.length - (size_t)(date + 1 - w.at)});
    }
}

/* ---- what became of a message ---- */

/* "stream" or "fd[10]", and what stands behind it. */
static bool take_subject(words *w)
{
    words rest = *w;
    uint32_t number;
    bool subject = take(&rest, "stream: ") || (take(&rest, "fd[") && take_number(&rest, &number) && take(&rest, "]: "));
    *w = subject ? rest : *w;
    return subject;
}

static void read_verdict(words w, mig__answer *out)
{
    bool subject = take_subject(&w);
    if (subject && w.length == 2 && begins(w, "OK")) {
        out->kind = MIG__ANSWER_CLEAN;
    } else if (subject && take_end(&w, " FOUND") && w.length > 0) {
        /* Not a signature: clamd's own word that it did not look at all of it (AlertExceedsMax). */
        out->kind = begins(w, "Heuristics.Limits.Exceeded") ? MIG__ANSWER_TOO_BIG : MIG__ANSWER_FOUND;
        keep(w, out->text);
    } else if (take_end(&w, " ERROR") && w.length > 0) {
        out->kind = begins(w, "INSTREAM size limit exceeded") ? MIG__ANSWER_TOO_BIG : MIG__ANSWER_ERROR;
        keep(w, out->text);
    }
}

void mig__answer_read(const char *text, size_t length, mig__answer *out)
{
    words w = {text, length};
    *out = (mig__answer){.kind = MIG__ANSWER_NONE};
    if (!take_number(&w, &out->id) || !take(&w, ": ") || out->id == 0) {
        return;
    }
    if (begins(w, "ClamAV ")) {
        read_version(w, out);
    } else {
        read_verdict(w, out);
    }
}
