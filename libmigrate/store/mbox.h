/* store/mbox.h - what the files of the mbox backend share: mbox.c reads a file, mbox_folders.c finds them */
#ifndef MIG_STORE_MBOX_H
#define MIG_STORE_MBOX_H

#include "store/store.h"

/* One file, as the folder `wire` or those of its labels. 0; 1: it is no mbox; -1. */
int mig__mbox_read(mig_store *store, const char *path, const char *wire, mig_error *err);
/* All files below the store's directory. */
int mig__mbox_folders(mig_store *store, mig_error *err);

#endif
