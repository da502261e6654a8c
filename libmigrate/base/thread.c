/* base/thread.c - threads of the library, and the limits that keep it from having more of them or of descriptors */
#include "base/thread.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

int mig__thread_start(pthread_t *thread, void *(*run)(void *argument), void *argument, mig_error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int problem = pthread_create(thread, NULL, run, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (problem == 0) {
        return 0;
    }
    if (problem != EAGAIN) {
        return mig_error_errno(err, MIG_E_NOMEM, problem, "a thread cannot be started");
    }
    mig_error_set(err, MIG_E_LIMIT, "a thread cannot be started: this user or this machine has too many already");
    return mig_error_hint(err,
                          "raise the limit (ulimit -u; TasksMax= of a systemd unit), or use fewer --connections and "
                          "accounts at once, then run again");
}

bool mig__out_of_descriptors(mig_error *err)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int problem = fd < 0 ? errno : 0;
    if (fd >= 0) {
        close(fd);
    }
    if (problem != EMFILE && problem != ENFILE) {
        return false;
    }
    mig_error_errno(err, MIG_E_IO, problem, "opening a file");
    return true;
}
