/*
 * migrate/version.h - which libmigrate this is, and how programs and it stay together over versions
 *
 * A structure of options has its own size as the first member and an INIT to begin with. Later versions add members at
 * its end; a program that was compiled before leaves them as they are by default, and one that was compiled later is
 * told when it sets what the library does not know. The structures within (selection, effort, observer) have room to
 * spare instead. Results are made by the library and read by the program: they grow at their end as well. What breaks
 * either rule changes the library's SONAME.
 */
#ifndef MIGRATE_VERSION_H
#define MIGRATE_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

/* "1.2.3", of the library that runs. Static storage. */
const char *mig_version(void);

#ifdef __cplusplus
}
#endif
#endif
