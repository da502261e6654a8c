/* net/wait.c - poll() in slices, so that a request to stop is heard */
#include "net/wait.h"
#include "base/clock.h"
#include <errno.h>

int mig__wait(struct pollfd *entries, nfds_t count, int64_t deadline, const mig_stop *stop, mig_error *err)
{
    for (;;) {
        int64_t left = deadline - mig__now_ms();
        int slice = (int)(left < 0 ? 0 : left < MIG__WAIT_SLICE_MS ? left : MIG__WAIT_SLICE_MS);
        int ready;

        if (mig_stop_level(stop) >= 2) {
            return mig_error_set(err, MIG_E_INTERRUPTED, "stopped while waiting for the server");
        }
        ready = poll(entries, count, slice);
        if (ready > 0) {
            return ready;
        }
        if (ready < 0 && errno != EINTR && errno != EAGAIN) {
            return mig_error_errno(err, MIG_E_INTERNAL, errno, "waiting for the network");
        }
        if (ready == 0 && left <= slice) {
            return 0;
        }
    }
}

bool mig__wait_for(int fd, short events, int64_t deadline)
{
    struct pollfd entry = {.fd = fd, .events = events};
    return mig__wait(&entry, 1, deadline, NULL, NULL) == 1;
}
