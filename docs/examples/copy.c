/*
 * copy.c - copy a mailbox, show how far it is, print the summary: `copy NAME VALUE...`, names as in mailmigrate-copy(1)
 *
 *     cc copy.c $(pkg-config --cflags --libs migrate) -o copy
 *     ./copy source imaps://ann%40old.example@mail.old.example source-password-file old \
 *            target imaps://ann%40new.example@imap.new.example target-password-file new state ann.db
 */
#include <migrate/copy.h>
#include <migrate/options.h>
#include <migrate/report.h>
#include <stdio.h>

static void show(const mig_progress *now, void *context)
{
    (void)context;
    fprintf(stderr, "\r%s: %llu of %llu messages ", now->phase, (unsigned long long)now->messages_done,
            (unsigned long long)now->messages_total);
}

static int print(const char *text, size_t length, void *context)
{
    return fwrite(text, 1, length, context) == length ? 0 : -1;
}

int main(int argc, char **argv)
{
    mig_error err = MIG_ERROR_INIT;
    char line[MIG_ERROR_TEXT + MIG_ERROR_HINT];
    mig_copy_result *result = NULL;
    mig_settings *settings = mig_settings_new(MIG_VERB_COPY, &err);
    int failed = settings == NULL;
    for (int i = 1; i + 1 < argc && !failed; i += 2) {
        failed = mig_option_set(settings, NULL, argv[i], argv[i + 1], &err);
    }
    failed = failed || mig_settings_finish(settings, MIG_SETTINGS_WHOLE, NULL, NULL, &err) != 0 ||
             mig_settings_place(settings, ".", &err) != 0 || mig_settings_prepare(settings, NULL, &err) != 0;
    if (!failed) {
        settings->copy.observer.progress = show;
        result = mig_copy_run(&settings->copy, &err);
        failed = result == NULL || mig_report_copy_text(result, print, stdout, &err) != 0;
    }
    if (failed) {
        fprintf(stderr, "%s\n", mig_error_line(&err, line, sizeof line));
    }
    int status = failed ? mig_code_exit_status(err.code) : result->exit_status;
    mig_copy_result_free(&result);
    mig_settings_free(&settings);
    return status;
}
