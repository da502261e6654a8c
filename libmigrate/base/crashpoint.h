/*
 * base/crashpoint.h - named steps at which a test build can be made to die
 *
 * With MIG_TEST_HOOKS, and MIG_CRASH_AT="name:count" in the environment, the process kills itself (SIGKILL: no handler,
 * no flush, as with a power cut of the process) the count-th time that it passes the point of that name. In any other
 * build the macro is nothing.
 */
#ifndef MIG_BASE_CRASHPOINT_H
#define MIG_BASE_CRASHPOINT_H

#ifdef MIG_TEST_HOOKS
void mig__crash_point(const char *name);
#define MIG__CRASH_POINT(name) mig__crash_point(name)
#else
#define MIG__CRASH_POINT(name) ((void)0)
#endif

#endif
