/*
 * store/labels.h - X-Gmail-Labels of a Google Takeout: which folders a message belongs to, and two of its flags
 */
#ifndef MIG_STORE_LABELS_H
#define MIG_STORE_LABELS_H

#include "base/buffer.h"
#include <migrate/error.h>
#include <migrate/folder.h>
#include <stdbool.h>

/* A label is a folder's name, or says something of the message. */
typedef enum mig__label_kind {
    MIG__LABEL_FOLDER,
    MIG__LABEL_INBOX,
    MIG__LABEL_UNREAD,
    MIG__LABEL_STARRED,
    MIG__LABEL_ARCHIVED, /* in no folder */
    MIG__LABEL_IGNORED   /* Important, Opened, categories: views of Gmail's own */
} mig__label_kind;

/* What a label is, in the languages that Google writes it in; the role of a folder (sent, drafts, ...). */
mig__label_kind mig__label_kind_of(const char *label, mig_role *role);

typedef int mig__label_fn(const char *label, void *context, mig_error *err);

/* Decode the header's value (RFC 2047) and call `each` with every label, in UTF-8. 0, or -1. */
int mig__labels_each(const char *header, mig__label_fn *each, void *context, mig_error *err);

#endif
