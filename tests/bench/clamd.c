/*
 * A virus scanner that answers at once, to measure what showing messages to one costs:
 *
 *   bench_clamd SOCKET      speaks clamd's IDSESSION on a local socket until it is killed; everything is clean
 *
 * Octets are received and counted past, as a scanner must at least; nothing looks at them.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PIECE = 256 * 1024 };

typedef struct session {
    int fd;
    unsigned number; /* of the command */
    char word[32];   /* a command that is arriving */
    size_t length;
    bool streaming;
    uint32_t left;         /* octets of the chunk */
    unsigned char size[4]; /* of the next chunk, as far as it has come */
    size_t size_length;
    char answers[4096];
    size_t answered;
} session;

static void flush(session *s)
{
    for (size_t sent = 0; sent < s->answered;) {
        ssize_t n = send(s->fd, s->answers + sent, s->answered - sent, MSG_NOSIGNAL);
        if (n <= 0) {
            break;
        }
        sent += (size_t)n;
    }
    s->answered = 0;
}

static void answer(session *s, const char *words)
{
    if (sizeof s->answers - s->answered < 64) {
        flush(s);
    }
    s->answered += (size_t)snprintf(s->answers + s->answered, 64, "%u: %s", s->number, words) + 1;
}

static void take_command(session *s)
{
    if (strcmp(s->word, "zIDSESSION") == 0) {
        return;
    }
    s->number++;
    if (strcmp(s->word, "zVERSION") == 0) {
        answer(s, "ClamAV 0.0.0");
    } else if (strcmp(s->word, "zINSTREAM") == 0) {
        s->streaming = true;
    } else {
        answer(s, "fd[0]: OK"); /* its descriptor is not asked for, and closed by the system */
    }
}

/* One octet outside of a chunk: of a command, or of a length. */
static void take_octet(session *s, char octet)
{
    if (s->streaming) {
        s->size[s->size_length++] = (unsigned char)octet;
        if (s->size_length == sizeof s->size) {
            s->left = (uint32_t)s->size[0] << 24 | (uint32_t)s->size[1] << 16 | (uint32_t)s->size[2] << 8 | s->size[3];
            s->size_length = 0;
            s->streaming = s->left > 0;
            if (!s->streaming) {
                answer(s, "stream: OK");
            }
        }
        return;
    }
    if (octet != '\0') {
        s->word[s->length] = octet;
        s->length += s->length + 1 < sizeof s->word ? 1 : 0;
        return;
    }
    s->word[s->length] = '\0';
    s->length = 0;
    take_command(s);
}

static void *serve(void *argument)
{
    session *s = argument;
    char *octets = malloc(PIECE);
    for (ssize_t n; octets != NULL && (n = recv(s->fd, octets, PIECE, 0)) > 0;) {
        for (ssize_t at = 0; at < n;) {
            if (s->left > 0) {
                uint32_t some = s->left < (uint32_t)(n - at) ? s->left : (uint32_t)(n - at);
                s->left -= some;
                at += some;
            } else {
                take_octet(s, octets[at++]);
            }
        }
        flush(s);
    }
    close(s->fd);
    free(octets);
    free(s);
    return NULL;
}

int main(int argc, char **argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (argc != 2 || strlen(argv[1]) >= sizeof address.sun_path) {
        fprintf(stderr, "usage: bench_clamd SOCKET\n");
        return 2;
    }
    memcpy(address.sun_path, argv[1], strlen(argv[1]) + 1);
    unlink(argv[1]);
    if (listener < 0 || bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 64) != 0) {
        perror("bench_clamd");
        return 1;
    }
    for (;;) {
        session *s = calloc(1, sizeof *s);
        pthread_t thread;
        if (s == NULL || (s->fd = accept(listener, NULL, NULL)) < 0 || pthread_create(&thread, NULL, serve, s) != 0) {
            perror("bench_clamd");
            return 1;
        }
        pthread_detach(thread);
    }
}
