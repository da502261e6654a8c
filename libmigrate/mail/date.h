/*
 * mail/date.h - dates as From_ lines, Date: headers and careless servers have them
 *
 * What is unambiguous is read, whatever its form; what is not is no date: a wrong one would be worse than none.
 */
#ifndef MIG_MAIL_DATE_H
#define MIG_MAIL_DATE_H

#include "base/clock.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The date in a text: "Mon Jan  1 10:00:00 2001", the same with a zone before or behind the year, "Mon, 1 Jan 2001
 * 10:00:00 +0200 (CEST)". Without a zone it is UTC. False when there is none; *utc is then as it was.
 */
bool mig__mail_date(const char *text, size_t length, int64_t *utc);

/* The same with its zone, for what is stored as a date: of days that exist only, and from 1970 on. */
bool mig__mail_moment(const char *text, size_t length, mig__datetime *out);

/*
 * The content of an INTERNALDATE: as RFC 3501 has it, else in any other form that says which moment is meant: without a
 * zone, with its name or a colon in it, in the form of RFC 5322, with blanks too many. A date before 1970 (a server's
 * way to say that it has none), a zone beyond a day and a day that does not exist are no dates.
 */
bool mig__internaldate_read(const char *text, size_t length, mig__datetime *out);

/* The Date: field of a message, from the octets that it begins with. */
bool mig__mail_own_date(const char *octets, size_t length, mig__datetime *out);

#endif
