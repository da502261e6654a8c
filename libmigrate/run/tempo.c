/* run/tempo.c - how many accounts are worked on at once, from how fast it goes; pure */
#include "run/tempo.h"

enum {
    BEGIN = 4,
    ACCOUNT_OCTETS = 65536, /* an account, with its two logins, costs about as much */
    ROUNDS = 2,             /* every worker ends so many accounts, on average, before it is judged */
    QUIET_ROUNDS = 10,      /* before it is tried again, after it brought nothing */
    PATIENT_ROUNDS = 40     /* after a complaint */
};

static const double worth_it = 1.05; /* less is chance */

void mig__tempo_begin(mig__tempo *tempo, int jobs, size_t most, double seconds)
{
    size_t wanted = jobs > 0 ? (size_t)jobs : BEGIN;
    *tempo = (mig__tempo){.now = wanted < most ? wanted : most, .most = most, .fixed = jobs > 0, .since = seconds};
}

static void choose(mig__tempo *tempo, size_t now, double seconds)
{
    tempo->now = now < 1 ? 1 : now < tempo->most ? now : tempo->most;
    tempo->since = seconds;
    tempo->work = 0;
    tempo->ended = 0;
}

/* Half as many: whoever complains should not have to twice. What was reached before is not tried again soon. */
static void yield(mig__tempo *tempo, double seconds)
{
    tempo->deaf = tempo->now - 1;
    tempo->before = 0;
    choose(tempo, tempo->now / 2, seconds);
    tempo->quiet = PATIENT_ROUNDS * tempo->now;
}

static void judge(mig__tempo *tempo, double seconds)
{
    double rate = (double)tempo->work / (seconds > tempo->since ? seconds - tempo->since : 1e-3);
    if (tempo->before > 0 && rate < worth_it * tempo->rate_before) {
        size_t back = tempo->before;
        tempo->before = 0;
        choose(tempo, back, seconds);
        tempo->quiet = QUIET_ROUNDS * back;
        return;
    }
    size_t before = tempo->now;
    choose(tempo, before + (before + 1) / 2, seconds);
    tempo->before = tempo->now > before ? before : 0;
    tempo->rate_before = rate;
}

void mig__tempo_add(mig__tempo *tempo, uint64_t octets, uint64_t messages, unsigned complaints, double seconds)
{
    if (tempo->fixed) {
        return;
    }
    tempo->work += octets + messages * MIG__MESSAGE_OCTETS + ACCOUNT_OCTETS;
    tempo->ended++;
    bool heard = complaints > 0 && tempo->deaf == 0;
    tempo->deaf -= tempo->deaf > 0;
    if (heard) {
        yield(tempo, seconds);
        return;
    }
    if (tempo->quiet > 0 && --tempo->quiet > 0) {
        return;
    }
    if (tempo->ended >= ROUNDS * tempo->now) {
        judge(tempo, seconds);
    }
}
