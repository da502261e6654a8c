/*
 * fuzz_session.c - a whole session with a server that says anything
 *
 * The input is all that the server ever sends; the client logs in, lists, opens, searches, fetches, stores and appends
 * as a copy does. The first octet chooses how it logs in. What must hold: nothing overruns, leaks or waits for ever; a
 * session that has failed goes on failing; the password leaves only behind the login.
 */
#include "fuzz.h"
#include "imap/append.h"
#include "imap/digests.h"
#include "imap/list.h"
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWERS_MOST = 100000 }; /* what the kernel keeps for a socket without anybody reading */

static const char secret_text[] = "fuzz-secret-4711";

static int secret(char *out, size_t size, bool fresh, void *context, mig_error *err)
{
    (void)fresh;
    (void)context;
    (void)err;
    snprintf(out, size, "%s", secret_text);
    return 0;
}

static int count_octets(const mig__fetch_item *item, const mig__message_digest *digest, void *context, mig_error *err)
{
    (void)err;
    INSIST(item->uid != 0);
    *(uint64_t *)context += digest->octets;
    return 0;
}

static int on_search(const mig__response *response, void *context, mig_error *err)
{
    mig__uidset *found = context;
    for (size_t i = 0; response->uids != NULL && i < response->uids->count; i++) {
        const mig__uid_range *range = &response->uids->ranges[i];
        INSIST(range->first > 0 && range->first <= range->last);
        if (mig__uidset_add(found, range->first, range->last, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int wait_for(mig__session *session, mig__command *command, mig_error *err)
{
    mig__command_result result = {0};
    int failed = command == NULL ? -1 : mig__command_wait(session, command, &result, err);
    INSIST(failed == 0 || err->code != MIG_OK);
    mig__command_result_clear(&result);
    return failed;
}

static int append(mig__session *session, mig_error *err)
{
    static const char message[] = "Subject: x\r\n\r\n";
    const char *flags[] = {"\\Seen", "$Forwarded", NULL};
    mig__datetime date = {0};
    mig__command *command = mig__append_begin(session, "INBOX", NULL, NULL, err);
    if (command == NULL) {
        return -1;
    }
    int answer = mig__append_message(command, flags, &date, sizeof message - 1, false, err);
    if (answer < 0 || (answer == 0 && (mig__command_literal_data(command, message, sizeof message - 1, err) != 0 ||
                                       mig__command_end(command, err) != 0))) {
        return -1;
    }
    return wait_for(session, command, err);
}

static int converse(mig__session *session, mig_error *err)
{
    mig__mailbox_list list = {0};
    mig__selected selected = {0};
    mig__uidset found = MIG__UIDSET_INIT, some = MIG__UIDSET_INIT;
    uint64_t octets = 0;
    mig__list_options options = {.status = true};
    int failed = mig__list_all(session, &options, &list, err);
    free(options.suspect);
    if (failed == 0) {
        failed = wait_for(session, mig__select(session, "INBOX", true, &selected, err), err);
    }
    if (failed == 0) {
        failed = wait_for(session, mig__search(session, "ALL", on_search, &found, err), err);
    }
    if (failed == 0) {
        failed = mig__uidset_take(&found, 300, &some, err) < 0 || mig__uidset_add(&some, 1, 3, err) != 0 ? -1 : 0;
    }
    if (failed == 0) {
        failed = mig__fetch_digests(session, &some, MIG__FETCH_BODY, count_octets, &octets, err);
    }
    if (failed == 0) {
        failed = append(session, err);
    }
    mig__mailbox_list_free(&list);
    mig__selected_free(&selected);
    mig__uidset_free(&found);
    mig__uidset_free(&some);
    return failed;
}

static bool holds(const char *octets, size_t length, const char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0; i + size <= length; i++) {
        if (memcmp(octets + i, text, size) == 0) {
            return true;
        }
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const mig_auth ways[] = {MIG_AUTH_AUTO,     MIG_AUTH_PLAIN,       MIG_AUTH_LOGIN,
                                    MIG_AUTH_CRAM_MD5, MIG_AUTH_SCRAM_SHA_1, MIG_AUTH_SCRAM_SHA_256,
                                    MIG_AUTH_XOAUTH2,  MIG_AUTH_OAUTHBEARER};
    static char user[] = "user", host[] = "127.0.0.1", out[1 << 16];
    fuzz_input in = {data, size};
    unsigned choice = fuzz_octet(&in);
    if (in.size > ANSWERS_MOST) {
        return 0;
    }
    mig_endpoint endpoint = MIG_ENDPOINT_INIT;
    endpoint.user = user;
    endpoint.host = host;
    endpoint.tls = choice & 8 ? MIG_TLS_STARTTLS : MIG_TLS_NONE;
    endpoint.auth = ways[choice & 7];
    endpoint.secret = secret;
    endpoint.timeout_ms = 1000;
    endpoint.compress = 0;

    int pair[2];
    INSIST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    INSIST(in.size == 0 || write(pair[1], in.data, in.size) == (ssize_t)in.size);
    shutdown(pair[1], SHUT_WR);
    mig_error err = MIG_ERROR_INIT;
    const mig__session_options options = {.endpoint = &endpoint, .account = "fuzz"};
    mig__stream *stream = mig__stream_from_fd(pair[0], &endpoint, NULL, &err);
    mig__session *session = stream != NULL ? mig__session_open_stream(stream, &options, &err) : NULL;
    INSIST(session != NULL || err.code != MIG_OK);
    if (session != NULL && converse(session, &err) != 0) {
        INSIST(err.code != MIG_OK);
    }
    if (session != NULL) {
        mig__command_abandon(session);
        mig__session_close(&session);
    }
    size_t length = 0;
    for (ssize_t got; length < sizeof out && (got = recv(pair[1], out + length, sizeof out - length, 0)) > 0;) {
        length += (size_t)got;
    }
    if (endpoint.tls == MIG_TLS_STARTTLS) {
        INSIST(!holds(out, length, secret_text) && !holds(out, length, "AUTHENTICATE") && !holds(out, length, "LOGIN"));
    }
    close(pair[1]);
    return 0;
}
