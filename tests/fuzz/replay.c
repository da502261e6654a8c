/*
 * replay.c - a fuzz target without a fuzzer: gives it each file of the directories named, as the corpus has it
 *
 * Prints a line as a unit test does. A finding ends the program, by abort() or by a sanitizer.
 */
#include "fuzz.h"
#include <dirent.h>
#include <sys/stat.h>

static void replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    struct stat status;
    INSIST(fstat(fileno(file), &status) == 0);
    size_t size = (size_t)status.st_size;
    uint8_t *data = malloc(size > 0 ? size : 1); /* exactly as large, so that one octet too far is seen */
    INSIST(data != NULL && fread(data, 1, size, file) == size);
    fclose(file);
    fprintf(stderr, "%s\n", path);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
}

int main(int argc, char **argv)
{
    unsigned count = 0;
    for (int i = 1; i < argc; i++) {
        DIR *directory = opendir(argv[i]);
        if (directory == NULL) {
            perror(argv[i]);
            return 1;
        }
        for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
            char path[4096];
            if (entry->d_name[0] != '.') {
                snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
                replay(path);
                count++;
            }
        }
        closedir(directory);
    }
    printf("[       %s ] corpus\n", count > 0 ? "OK" : "FAILED");
    return count > 0 ? 0 : 1;
}
