/* report/metrics.c - an overview in the text format of Prometheus (version 0.0.4): docs/live.md has the names */
#include "base/buffer.h"
#include <migrate/metrics_report.h>
#include <stdio.h>

#define PREFIX "mailmigrate_"

static void head(mig__buffer *out, const char *name, const char *type, const char *help)
{
    mig__buffer_addf(out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

static void count(mig__buffer *out, const char *name, const char *type, const char *help, uint64_t value)
{
    head(out, name, type, help);
    mig__buffer_addf(out, PREFIX "%s %llu\n", name, (unsigned long long)value);
}

/* The C library writes a decimal point, since no program of ours sets LC_NUMERIC; a comma would be one more fault. */
static void real(mig__buffer *out, const char *name, const char *type, const char *help, double value)
{
    const uint64_t thousandths = value > 0 ? (uint64_t)(value * 1000 + 0.5) : 0;
    head(out, name, type, help);
    mig__buffer_addf(out, PREFIX "%s %llu.%03u\n", name, (unsigned long long)(thousandths / 1000),
                     (unsigned)(thousandths % 1000));
}

static void add_accounts(mig__buffer *out, const mig_overview *overview)
{
    head(out, "accounts", "gauge", "Accounts by how they stand.");
    for (int state = 0; state < (int)MIG_OVERVIEW_STATES; state++) {
        mig__buffer_addf(out, PREFIX "accounts{status=\"%s\"} %zu\n",
                         mig_overview_state_name((mig_overview_state)state), overview->states[state]);
    }
    head(out, "verified_accounts", "gauge", "Accounts by what their last verification found.");
    mig__buffer_addf(out, PREFIX "verified_accounts{result=\"complete\"} %zu\n", overview->verified);
    mig__buffer_addf(out, PREFIX "verified_accounts{result=\"different\"} %zu\n", overview->different);
    if (!overview->of_run) {
        count(out, "unreadable_states", "gauge", "State files that could not be read.", overview->unreadable);
    }
}

static void add_messages(mig__buffer *out, const mig_overview *overview)
{
    count(out, "messages_to_do", "gauge",
          overview->of_run ? "Messages of the accounts of the run, as far as known."
                           : "Messages that the accounts at work have to carry over.",
          overview->to_do);
    count(out, "messages_done", "gauge", "Of messages_to_do, those that are dealt with.", overview->done);
    count(out, "target_messages", "gauge",
          overview->of_run ? "Messages that this run has put on the target or found there."
                           : "Messages that are on the target by record.",
          overview->carried);
    count(out, "target_bytes", "gauge",
          overview->of_run ? "Octets of messages that this run has put on the target."
                           : "Octets of messages that are on the target by record.",
          overview->bytes);
    count(out, "failed_messages", "gauge", "Messages that could not be copied.", overview->failed);
    if (overview->of_run) {
        count(out, "differences", "gauge", "Messages that verification found missing, altered or otherwise wrong.",
              overview->differences);
    }
    head(out, "problems", "gauge",
         overview->of_run ? "Problems that the run has listed, by code." : "Messages that failed, by code.");
    for (int code = 0; code < (int)MIG_CODE_COUNT; code++) {
        if (overview->problems[code] > 0) {
            mig__buffer_addf(out, PREFIX "problems{code=\"%s\"} %llu\n", mig_code_name((mig_code)code),
                             (unsigned long long)overview->problems[code]);
        }
    }
}

static void add_pace(mig__buffer *out, const mig_overview *overview)
{
    if (overview->paced) {
        real(out, "messages_per_second", "gauge", "How fast messages are dealt with now.",
             overview->messages_per_second);
        real(out, "bytes_per_second", "gauge", "Octets of messages a second towards the target now.",
             overview->bytes_per_second);
    }
    if (overview->seconds_left >= 0) {
        real(out, "seconds_left", "gauge", "How long the rest takes at this speed.", overview->seconds_left);
    }
}

static void add_strain(mig__buffer *out, const mig_overview *overview)
{
    const mig_strain *strain = &overview->strain;
    if (!overview->strained) {
        return;
    }
    count(out, "queue_bytes", "gauge", "Octets of messages that are read and not on the target yet.",
          strain->queue_bytes);
    count(out, "reconnects_total", "counter", "Connections that broke while at work.", strain->reconnects);
    count(out, "throttles_total", "counter", "How often a server asked to wait.", strain->throttles);
    head(out, "state_commit_seconds", "summary", "Commits of the state file and the time that they took.");
    const uint64_t micro = (uint64_t)(strain->commit_seconds * 1e6 + 0.5);
    mig__buffer_addf(out, PREFIX "state_commit_seconds_sum %llu.%06u\n" PREFIX "state_commit_seconds_count %llu\n",
                     (unsigned long long)(micro / 1000000), (unsigned)(micro % 1000000),
                     (unsigned long long)strain->commits);
}

static void add_all(mig__buffer *out, const mig_overview *overview)
{
    count(out, "updated_timestamp_seconds", "gauge", "When these numbers were taken.", (uint64_t)overview->at);
    if (overview->of_run) {
        count(out, "run_active", "gauge", "1 while the run is at work, 0 when it has ended.", !overview->ended);
        real(out, "run_seconds", "gauge", "How long the run has taken.", overview->seconds);
    }
    add_accounts(out, overview);
    add_messages(out, overview);
    add_pace(out, overview);
    add_strain(out, overview);
}

int mig_report_metrics(const mig_overview *overview, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__buffer out = MIG__BUFFER_INIT;
    head(&out, "info", "gauge", "The version, and what the numbers come from: a run, state files, or nothing yet.");
    mig__buffer_addf(&out, PREFIX "info{version=\"%s\",source=\"%s\"} 1\n", MIG_VERSION,
                     overview->version == 0 ? "nothing yet"
                     : overview->of_run     ? "run"
                                            : "states");
    if (overview->version > 0) {
        add_all(&out, overview);
    }
    int result = mig__buffer_ok(&out, err);
    if (result == 0 && sink(out.data, out.length, context) != 0) {
        result = mig_error_set(err, MIG_E_IO, "the metrics could not be written");
    }
    mig__buffer_free(&out);
    return result;
}
