/*
 * analyzer.h - what clang's analyzer has to know: it sees one file at a time, and not that these always return -1
 */
#ifndef MIG_CHECK_ANALYZER_H
#define MIG_CHECK_ANALYZER_H

#include <migrate/error.h>

#define mig_error_set(...) ((void)mig_error_set(__VA_ARGS__), -1)
#define mig_error_errno(...) ((void)mig_error_errno(__VA_ARGS__), -1)
#define mig_error_context(...) ((void)mig_error_context(__VA_ARGS__), -1)
#define mig_error_hint(...) ((void)mig_error_hint(__VA_ARGS__), -1)
#define mig_error_server(...) ((void)mig_error_server(__VA_ARGS__), -1)

#endif
