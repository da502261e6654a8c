/*
 * fuzz_login.c - what a browser, or anybody who can reach the port, brings back from a sign-in
 *
 * What must hold: a code, a state and an issuer are printable, words of others are inert, and what is no answer leaves
 * nothing behind.
 */
#include "fuzz.h"
#include "net/login_private.h"

static void printable(const char *text)
{
    for (; *text != '\0'; text++) {
        INSIST(*text >= 0x20 && *text <= 0x7e);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static mig__login_answer answer;
    mig_error err = MIG_ERROR_INIT;
    const bool taken = mig__login_parse((const char *)data, size, &answer);
    INSIST(taken || answer.code[0] == '\0');
    INSIST(!taken || answer.code[0] != '\0' || answer.error[0] != '\0');
    printable(answer.code);
    printable(answer.state);
    printable(answer.issuer);
    for (const char *c = answer.description; *c != '\0'; c++) {
        INSIST((unsigned char)*c >= 0x20 && *c != 0x7f);
    }
    if (taken) {
        const int judged = mig__login_judge(&answer, "https://login.example", true, &err);
        INSIST(judged != 0 || strcmp(answer.issuer, "https://login.example") == 0);
    }
    return 0;
}
