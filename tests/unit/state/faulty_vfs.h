/*
 * state/faulty_vfs.h - a disk for SQLite that fails when told to
 *
 * It becomes the default VFS, in front of the real one. A "power cut" keeps of each file what it was at its last fsync:
 * faulty_restore puts that in place, as a machine finds it after the power is back. fsync does not reach the disk, so
 * that thousands of runs take seconds; what would have been on it is kept in copies named "FILE.durable".
 */
#ifndef MIG_TEST_STATE_FAULTY_VFS_H
#define MIG_TEST_STATE_FAULTY_VFS_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef enum faulty_kind { FAULTY_NONE, FAULTY_WRITE, FAULTY_SYNC, FAULTY_ANY } faulty_kind;

static struct faulty {
    sqlite3_vfs *real;
    sqlite3_vfs vfs;
    pthread_mutex_t lock;
    faulty_kind kind; /* which operations count */
    long left;        /* this many still succeed */
    bool forever;     /* after the first failure nothing succeeds any more */
    bool images;      /* keep what is durable */
    int result;       /* what a failure returns */
    bool struck;      /* it has failed */
    long syncs, writes;
    void (*at_sync)(void); /* called in each fsync; NULL: none */
} faulty = {.lock = PTHREAD_MUTEX_INITIALIZER};

typedef struct faulty_file {
    sqlite3_file base;
    char name[256];
    sqlite3_file *real; /* behind this structure */
} faulty_file;

static inline sqlite3_file *real_of(sqlite3_file *file)
{
    return ((faulty_file *)file)->real;
}

/* What this operation returns by itself: SQLITE_OK to go on. */
static inline int faulty_strike(faulty_kind kind)
{
    int rc = SQLITE_OK;
    pthread_mutex_lock(&faulty.lock);
    *(kind == FAULTY_SYNC ? &faulty.syncs : &faulty.writes) += 1;
    if (faulty.struck && faulty.forever) {
        rc = faulty.result;
    } else if (!faulty.struck && (faulty.kind == kind || faulty.kind == FAULTY_ANY) && faulty.left-- == 0) {
        faulty.struck = true;
        rc = faulty.result;
    }
    pthread_mutex_unlock(&faulty.lock);
    return rc;
}

static inline void faulty_copy(const char *from, const char *to)
{
    static char octets[1 << 16];
    size_t length;
    FILE *in = fopen(from, "rb");
    FILE *out = in ? fopen(to, "wb") : NULL;
    while (out && (length = fread(octets, 1, sizeof octets, in)) > 0) {
        fwrite(octets, 1, length, out);
    }
    if (out) {
        fclose(out);
    }
    if (in) {
        fclose(in);
    }
}

static int faulty_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int faulty_read(sqlite3_file *file, void *out, int amount, sqlite3_int64 offset)
{
    return real_of(file)->pMethods->xRead(real_of(file), out, amount, offset);
}

static int faulty_write(sqlite3_file *file, const void *data, int amount, sqlite3_int64 offset)
{
    int rc = faulty_strike(FAULTY_WRITE);
    if (rc != SQLITE_OK) {
        int half = amount / 2; /* a write that fails may have been done in part */
        real_of(file)->pMethods->xWrite(real_of(file), data, half, offset);
        return rc;
    }
    return real_of(file)->pMethods->xWrite(real_of(file), data, amount, offset);
}

static int faulty_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int rc = faulty_strike(FAULTY_WRITE);
    return rc != SQLITE_OK ? rc : real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int faulty_sync(sqlite3_file *file, int flags)
{
    faulty_file *f = (faulty_file *)file;
    char image[300];
    (void)flags;
    int rc = faulty_strike(FAULTY_SYNC);
    if (rc == SQLITE_OK && faulty.images) {
        snprintf(image, sizeof image, "%s.durable", f->name);
        faulty_copy(f->name, image);
    }
    if (faulty.at_sync != NULL) {
        faulty.at_sync();
    }
    return rc;
}

static int faulty_file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int faulty_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int faulty_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int faulty_check_reserved(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int faulty_control(sqlite3_file *file, int op, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), op, argument);
}

static int faulty_sector_size(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int faulty_characteristics(sqlite3_file *file)
{
    (void)file;
    return 0; /* promises nothing */
}

static int faulty_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}

static int faulty_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void faulty_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int faulty_shm_unmap(sqlite3_file *file, int remove)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static const sqlite3_io_methods faulty_methods = {2,
                                                  faulty_close,
                                                  faulty_read,
                                                  faulty_write,
                                                  faulty_truncate,
                                                  faulty_sync,
                                                  faulty_file_size,
                                                  faulty_lock,
                                                  faulty_unlock,
                                                  faulty_check_reserved,
                                                  faulty_control,
                                                  faulty_sector_size,
                                                  faulty_characteristics,
                                                  faulty_shm_map,
                                                  faulty_shm_lock,
                                                  faulty_shm_barrier,
                                                  faulty_shm_unmap,
                                                  NULL,
                                                  NULL};

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    faulty_file *f = (faulty_file *)file;
    (void)vfs;
    memset(f, 0, sizeof *f);
    f->real = (sqlite3_file *)(void *)(f + 1);
    snprintf(f->name, sizeof f->name, "%s", name ? name : "");
    int rc = faulty.real->xOpen(faulty.real, name, f->real, flags, out_flags);
    f->base.pMethods = rc == SQLITE_OK ? &faulty_methods : NULL;
    return rc;
}

static int faulty_delete(sqlite3_vfs *vfs, const char *name, int sync_directory)
{
    char image[300];
    (void)vfs;
    pthread_mutex_lock(&faulty.lock);
    bool off = faulty.struck && faulty.forever;
    pthread_mutex_unlock(&faulty.lock);
    if (off) {
        return faulty.result;
    }
    snprintf(image, sizeof image, "%s.durable", name);
    unlink(image);
    return faulty.real->xDelete(faulty.real, name, sync_directory);
}

static inline void faulty_install(void)
{
    if (sqlite3_vfs_find("faulty")) {
        return; /* a test that failed left it */
    }
    faulty.real = sqlite3_vfs_find(NULL);
    faulty.vfs = *faulty.real;
    faulty.vfs.zName = "faulty";
    faulty.vfs.szOsFile += (int)sizeof(faulty_file);
    faulty.vfs.xOpen = faulty_open;
    faulty.vfs.xDelete = faulty_delete;
    sqlite3_vfs_register(&faulty.vfs, 1);
}

static inline void faulty_remove(void)
{
    sqlite3_vfs_unregister(&faulty.vfs);
    sqlite3_vfs_register(faulty.real, 1);
}

static inline void faulty_arm(faulty_kind kind, long nth, bool forever, int result)
{
    faulty.kind = kind;
    faulty.left = nth - 1;
    faulty.forever = forever;
    faulty.result = result;
    faulty.struck = false;
    faulty.syncs = faulty.writes = 0;
    faulty.at_sync = NULL;
}

/* The power is back: each file is what its last fsync made of it. */
static inline void faulty_restore(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    char name[256];
    char image[300];
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        snprintf(image, sizeof image, "%s.durable", name);
        unlink(name);
        if (access(image, F_OK) == 0) {
            faulty_copy(image, name);
        }
        unlink(image);
    }
}

#endif
