/* mailmigrate-login - sign in once by OAuth 2, and keep the refresh token; the manual is docs/mailmigrate-login.1 */
#include "cli/complain.h"
#include "cli/login.h"
#include "cli/process.h"
#include "cli/signals.h"

#include <stdlib.h>

static mig_stop stop = MIG_STOP_INIT; /* a signal can come as long as the process lives */

int main(int argc, char **argv)
{
    mig_error err = MIG_ERROR_INIT;
    cli_login login;
    cli_process_prepare();
    int status = cli_login_parse(&login, argc, (const char **)argv, &err);
    if (status == 0 && !login.answered) {
        cli_signals_quiet(true);
        cli_signals_install(&stop);
        status = login.check ? cli_login_check(&login, &stop, &err) : cli_login_run(&login, &stop, &err);
    }
    cli_login_clear(&login);
    return status == 0 ? 0 : cli_complain("mailmigrate-login", &err);
}
