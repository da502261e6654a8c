/*
 * fuzz_plan.c - a plan and the list of accounts that it names: any octets in both files
 *
 * Up to the first 0xff it is the plan, the rest is the list. What must hold: either nothing is wrong, and then each
 * account has both ends; or each problem says on which file and what it is, in text that is fit to show.
 */
#include "base/buffer.h"
#include "fuzz.h"
#include <migrate/plan.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/mailmigrate-fuzz-XXXXXX";
static char plan_path[64], list_path[64];

static void clean_up(void)
{
    unlink(plan_path);
    unlink(list_path);
    rmdir(directory);
}

static void prepare(void)
{
    if (plan_path[0] != '\0') {
        return;
    }
    INSIST(mkdtemp(directory) != NULL);
    snprintf(plan_path, sizeof plan_path, "%s/plan.yaml", directory);
    snprintf(list_path, sizeof list_path, "%s/accounts.csv", directory);
    atexit(clean_up);
}

static void put(const char *path, const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    INSIST(file != NULL && fwrite(data, 1, size, file) == size && fclose(file) == 0);
}

static void insist_fit_to_show(const char *text)
{
    INSIST(text != NULL && text[0] != '\0' && mig__utf8_valid(text, strlen(text)));
    for (const char *c = text; *c != '\0'; c++) {
        INSIST((unsigned char)*c >= ' ' && *c != 0x7f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *border = size > 0 ? memchr(data, 0xff, size) : NULL;
    size_t length = border != NULL ? (size_t)(border - data) : size;
    mig_error err = MIG_ERROR_INIT;
    prepare();
    put(plan_path, data, length);
    put(list_path, data + length + (border != NULL), size - length - (border != NULL));
    mig_plan *plan = mig_plan_load(plan_path, &err);
    if (plan == NULL) {
        insist_fit_to_show(err.text);
        return 0;
    }
    for (size_t i = 0; i < plan->problem_count; i++) {
        INSIST(plan->problems[i].file != NULL);
        insist_fit_to_show(plan->problems[i].text);
    }
    for (size_t i = 0; plan->problem_count == 0 && i < plan->account_count; i++) {
        INSIST(plan->accounts[i].source != NULL && plan->accounts[i].target != NULL);
        for (size_t j = 0; j < plan->accounts[i].option_count; j++) {
            INSIST(plan->accounts[i].options[j].name != NULL && plan->accounts[i].options[j].value != NULL);
        }
    }
    if (plan->problem_count > 0) {
        INSIST(mig_plan_refuse(plan, &err) == -1);
        insist_fit_to_show(err.text);
    }
    mig_plan_free(&plan);
    return 0;
}
