/*
 * store/takeout.h - X-Gmail-Labels of a Google Takeout: which folders a message belongs to, and two of its flags
 */
#ifndef MIG_STORE_TAKEOUT_H
#define MIG_STORE_TAKEOUT_H

#include "base/buffer.h"
#include <migrate/error.h>
#include <migrate/folder.h>
#include <stdbool.h>

/* A label is a folder's name, or says something of the message. */
typedef enum mig__takeout_label {
    MIG__TAKEOUT_FOLDER,
    MIG__TAKEOUT_INBOX,
    MIG__TAKEOUT_UNREAD,
    MIG__TAKEOUT_STARRED,
    MIG__TAKEOUT_ARCHIVED, /* in no folder */
    MIG__TAKEOUT_IGNORED   /* Important, Opened, categories: views of Gmail's own */
} mig__takeout_label;

/* What a label is, in the languages that Google writes it in; the role of a folder (sent, drafts, ...). */
mig__takeout_label mig__takeout_kind(const char *label, mig_role *role);

typedef int mig__takeout_fn(const char *label, void *context, mig_error *err);

/* Decode the header's value (RFC 2047) and call `each` with every label, in UTF-8. 0, or -1. */
int mig__takeout_each(const char *header, mig__takeout_fn *each, void *context, mig_error *err);

#endif
