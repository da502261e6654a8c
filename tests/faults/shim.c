/*
 * Preloaded into the tool under test (LD_PRELOAD): lets the n-th call of a function fail, or moves the wall clock.
 *
 *   FAULT=CALL:N:ERRNO  CALL is write, sync or alloc. Its N-th call fails with that error number; with FAULT_LASTING
 *                       all later ones as well. Of allocations those count that the programs of this project, the C
 *                       library and SQLite ask for: libetpan and OpenSSL are known to crash when theirs fail.
 *   FAULT_UNDER=PATH    write and sync: counts only what goes to files below PATH, also to those without a name
 *   FAULT_COUNT=FILE    at the end the number of counted calls is written to FILE
 *   CLOCK_JUMP=S:MS     from MS milliseconds after the start on, the wall clock is S seconds off
 */
#define _GNU_SOURCE
#undef _FILE_OFFSET_BITS /* both names of pwrite are wanted */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

enum { PATH = 512 };

static char wanted[16], under[PATH], count_file[PATH];
static bool lasting;
static long number;
static int error_number;
static atomic_long counted;
static struct range { /* code that an allocation is counted for */
    uintptr_t first, last;
} ranges[16];
static size_t range_count;
static long long jump_seconds, jump_after_ms, started_ms;

static long long monotonic_ms(void)
{
    struct timespec now;
    static int (*real)(clockid_t, struct timespec *);
    if (!real) {
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    }
    real(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void copy_variable(const char *name, char *out, size_t size)
{
    const char *value = getenv(name);
    snprintf(out, size, "%s", value ? value : "");
}

static int add_range(struct dl_phdr_info *info, size_t size, void *context)
{
    static const char *const names[] = {"libmigrate.so", "libc.so", "libsqlite3.so"};
    bool wanted_here = info->dlpi_name[0] == '\0'; /* the program itself */
    (void)size;
    (void)context;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        wanted_here = wanted_here || strstr(info->dlpi_name, names[i]);
    }
    for (int i = 0; wanted_here && i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_X) && range_count < sizeof ranges / sizeof ranges[0]) {
            const uintptr_t first = (uintptr_t)info->dlpi_addr + part->p_vaddr;
            ranges[range_count++] = (struct range){first, first + part->p_memsz};
        }
    }
    return 0;
}

__attribute__((constructor)) static void start(void)
{
    char rule[64], jump[64], call[16];
    long after;
    copy_variable("FAULT", rule, sizeof rule);
    copy_variable("FAULT_UNDER", under, sizeof under);
    copy_variable("FAULT_COUNT", count_file, sizeof count_file);
    copy_variable("CLOCK_JUMP", jump, sizeof jump);
    lasting = getenv("FAULT_LASTING") != NULL;
    if (sscanf(jump, "%lld:%lld", &jump_seconds, &jump_after_ms) == 2) {
        started_ms = monotonic_ms();
    }
    if (sscanf(rule, "%15[a-z]:%ld:%d", call, &after, &error_number) == 3) {
        dl_iterate_phdr(add_range, NULL);
        number = after;
        memcpy(wanted, call, sizeof wanted);
    }
}

__attribute__((destructor)) static void end(void)
{
    char text[32];
    if (!count_file[0]) {
        return;
    }
    const int length = snprintf(text, sizeof text, "%ld\n", atomic_load(&counted));
    wanted[0] = '\0';
    const int fd = open(count_file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd >= 0 && write(fd, text, (size_t)length) == length) {
        close(fd);
    }
}

static bool is_under(int fd)
{
    char link[64], path[PATH];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    return length > 0 && strncmp(path, under, strlen(under)) == 0;
}

/* Counts the call; true: it has to fail. */
static bool fails(const char *call)
{
    if (wanted[0] == '\0' || strcmp(wanted, call) != 0) {
        return false;
    }
    const long now = atomic_fetch_add(&counted, 1) + 1;
    if (number == 0 || now < number || (now > number && !lasting)) {
        return false;
    }
    errno = error_number;
    return true;
}

static bool fails_on(const char *call, int fd)
{
    const int kept = errno;
    if (wanted[0] == '\0' || strcmp(wanted, call) != 0 || !is_under(fd)) {
        errno = kept;
        return false;
    }
    errno = kept;
    return fails(call);
}

#define REAL(result, name, ...)                                                                                        \
    static result (*real)(__VA_ARGS__);                                                                                \
    if (!real)                                                                                                         \
    *(void **)&real = dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *data, size_t size)
{
    REAL(ssize_t, write, int, const void *, size_t);
    return fails_on("write", fd) ? -1 : real(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
    return fails_on("write", fd) ? -1 : real(fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
    REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t);
    return fails_on("write", fd) ? -1 : real(fd, data, size, at);
}

int fsync(int fd)
{
    REAL(int, fsync, int);
    return fails_on("sync", fd) ? -1 : real(fd);
}

int fdatasync(int fd)
{
    REAL(int, fdatasync, int);
    return fails_on("sync", fd) ? -1 : real(fd);
}

static bool fails_for(const void *caller)
{
    for (size_t i = 0; i < range_count; i++) {
        if ((uintptr_t)caller >= ranges[i].first && (uintptr_t)caller < ranges[i].last) {
            return fails("alloc");
        }
    }
    return false;
}

void *malloc(size_t size)
{
    return fails_for(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails_for(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails_for(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

static long long jumped(void)
{
    return jump_seconds != 0 && monotonic_ms() - started_ms >= jump_after_ms ? jump_seconds : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    REAL(int, clock_gettime, clockid_t, struct timespec *);
    const int result = real(clock, now);
    if (result == 0 && clock == CLOCK_REALTIME) {
        now->tv_sec += (time_t)jumped();
    }
    return result;
}

time_t time(time_t *out)
{
    struct timespec now;
    const time_t seconds = clock_gettime(CLOCK_REALTIME, &now) == 0 ? now.tv_sec : (time_t)-1;
    if (out) {
        *out = seconds;
    }
    return seconds;
}
