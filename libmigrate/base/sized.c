/* base/sized.c - options structures by the size that their caller knew */
#include "base/sized.h"
#include <stdint.h>
#include <string.h>

int mig__sized_take(void *own, size_t room, const void *given, const char *name, mig_error *err)
{
    size_t size = 0;
    memcpy(&size, given, sizeof size);
    if (size < sizeof size) {
        return mig_error_set(err, MIG_E_USAGE, "a %s was not initialized: begin with its INIT (migrate/version.h)",
                             name);
    }
    const unsigned char *octets = given;
    for (size_t i = room; i < size; i++) {
        if (octets[i] != 0) {
            return mig_error_set(err, MIG_E_USAGE, "a %s has an option set that this libmigrate does not know", name);
        }
    }
    memset(own, 0, room);
    memcpy(own, given, size < room ? size : room);
    return 0;
}
