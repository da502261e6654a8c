/* cli/output.c - where results go: standard output, or a file that appears whole or not at all */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(cli_output *output, int errnum, mig_error *err)
{
    mig_error_errno(err, MIG_E_IO, errnum, "%s cannot be written", output->path ? output->path : "standard output");
    cli_output_close(output);
    return -1;
}

/* Devices, pipes and the like have no place beside them to write to first. */
static bool in_place(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

static int open_temporary(cli_output *output)
{
    static const char ending[] = ".XXXXXX";
    const size_t length = strlen(output->path);
    output->temporary = malloc(length + sizeof ending);
    if (!output->temporary) {
        return -1;
    }
    memcpy(output->temporary, output->path, length);
    memcpy(output->temporary + length, ending, sizeof ending);
    const int fd = mkstemp(output->temporary);
    if (fd < 0) {
        free(output->temporary);
        output->temporary = NULL;
        return -1;
    }
    const mode_t mask = umask(0); /* the file gets the mode that open() would give it */
    umask(mask);
    fchmod(fd, 0666 & ~mask);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

int cli_output_open(cli_output *output, const char *path, mig_error *err)
{
    *output = (cli_output)CLI_OUTPUT_INIT;
    if (strcmp(path, "-") == 0) {
        output->file = stdout;
        return 0;
    }
    output->path = strdup(path);
    if (!output->path) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    const int fd = in_place(path) ? open(path, O_WRONLY | O_CLOEXEC) : open_temporary(output);
    if (fd < 0) {
        return refuse(output, errno, err);
    }
    output->file = fdopen(fd, "w");
    if (!output->file) {
        const int errnum = errno;
        close(fd);
        return refuse(output, errnum, err);
    }
    return 0;
}

int cli_output_sink(const char *text, size_t length, void *output)
{
    cli_output *out = output;
    errno = 0;
    if (fwrite(text, 1, length, out->file) == length) {
        return 0;
    }
    out->failure = errno != 0 ? errno : EIO;
    return -1;
}

int cli_output_explain(cli_output *output, mig_error *err)
{
    return output->failure != 0 ? refuse(output, output->failure, err) : -1;
}

int cli_output_commit(cli_output *output, mig_error *err)
{
    if (fflush(output->file) != 0 || ferror(output->file)) {
        return refuse(output, errno, err);
    }
    if (output->temporary && (fsync(fileno(output->file)) != 0 || rename(output->temporary, output->path) != 0)) {
        return refuse(output, errno, err);
    }
    free(output->temporary);
    output->temporary = NULL;
    cli_output_close(output);
    return 0;
}

void cli_output_close(cli_output *output)
{
    if (output->file && output->file != stdout) {
        fclose(output->file);
    }
    if (output->temporary) {
        unlink(output->temporary);
    }
    free(output->temporary);
    free(output->path);
    *output = (cli_output)CLI_OUTPUT_INIT;
}
