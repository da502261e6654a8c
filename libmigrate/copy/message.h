/*
 * copy/message.h - one message on its way from the source to the target
 *
 * Up to MIG__MEMORY_MESSAGE octets live in memory, counted against the run's budget; a larger message goes to an
 * unlinked file in the spool directory, so that no message, however large, costs more memory than a small one.
 */
#ifndef MIG_COPY_MESSAGE_H
#define MIG_COPY_MESSAGE_H

#include "base/clock.h"
#include "reading/hold.h"
#include "mail/digest.h"
#include "mail/flags.h"
#include <migrate/error.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define MIG__MEMORY_MESSAGE (4u << 20) /* octets */

typedef enum mig__dated { /* where the date of a message is from */
                          MIG__DATED_BY_SERVER,
                          MIG__DATED_BY_ITSELF, /* its Date: field, since the source gives none that can be read */
                          MIG__UNDATED
} mig__dated;

typedef struct mig__transit {
    struct mig__transit *next;
    uint32_t uid; /* on the source */
    mig__datetime date;
    mig__dated dated;
    mig__message_digest digest;
    char *flags;         /* sorted, joined by blanks, "" for none */
    char *stored, *owed; /* those of them that go with it to the target, and those that do not; NULL: not chosen */
    unsigned odd_flags;  /* that the source gave and that are no flags */
    char *email_id;      /* NULL: not known */
    char *message_id, *subject; /* to name it in reports; NULL: none */
    uint64_t size;              /* octets held */
    char *octets;               /* in memory, or NULL */
    int spool;                  /* descriptor, or -1 */
    bool settled;               /* was looked up among what is known on the target */
    bool screened;              /* the virus scanner was asked, and it may be sent */
    mig__blame blame;           /* for connections to the target that broke while it was sent */
    bool utf8;                  /* the target refused it in the usual form: sent as UTF8 (~{n}...) (RFC 6855) */
    bool plain;                 /* the target refused it with its keywords: sent with system flags only */
    bool bare;                  /* was sent without a list of flags */
    unsigned put_off;           /* times that the target did (hold.h) */
    uint64_t passed;            /* messages that the target had taken when it was first sent */
    bool sent;                  /* once, at least */
    uint64_t charged;           /* octets taken from the budget, given back by the queue when the message is done */
} mig__transit;

/* A message of exactly `size` octets, still empty. The spool file is made in `spool_dir`. */
mig__transit *mig__transit_new(uint64_t size, const char *spool_dir, mig_error *err);

/* Append octets. More than `size` in all is MIG_E_PROTOCOL; a full disk MIG_E_DISK_FULL. */
int mig__transit_add(mig__transit *message, uint64_t *filled, const char *octets, size_t length, mig_error *err);

/* Read up to `size` octets at `offset`: into `buffer` from the spool, or *data points into memory. Returns the count.
 */
int64_t mig__transit_read(const mig__transit *message, uint64_t offset, char *buffer, size_t size, const char **data,
                          mig_error *err);

/*
 * Message-ID and Subject from the octets held, and, where the source gave no date, that of the Date: field. A message
 * without them is as good as any other.
 */
void mig__transit_describe(mig__transit *message);

/* Releases the message, not its budget. */
void mig__transit_free(mig__transit *message);

#endif
