/*
 * imap/response.c - libetpan 1.9.4 behind a stream in memory
 *
 * libetpan parses *(continue-req / response-data) response-done as one. Each response gets a session that is in step by
 * construction: an untagged one is followed by a tagged line of our own, a tagged one comes alone. The mailimap never
 * has a selected mailbox (imap_selection_info stays NULL), which its store functions check for; what they do not check
 * (EXPUNGE, SEARCH, BYE, a tagged BAD, which it takes for its own mistake) never reaches it.
 */
#include "imap/response_internal.h"
#include <libetpan/libetpan.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct mig__decoder {
    mailimap *imap;
    mailstream *stream; /* NULL: to be built */
    mailstream_low_driver driver;
    const char *input[2];
    size_t input_length[2];
    mig__buffer strings; /* what the response borrows, each with a NUL behind it */
    const char **words;
    size_t words_capacity;
};

/* ---- the stream ---- */

/* -1 at the end: with 0 libetpan would try for ever. */
static ssize_t memory_read(mailstream_low *low, void *out, size_t size)
{
    mig__decoder *decoder = low->data;
    for (int i = 0; i < 2; i++) {
        if (decoder->input_length[i] > 0) {
            size_t length = decoder->input_length[i] < size ? decoder->input_length[i] : size;
            memcpy(out, decoder->input[i], length);
            decoder->input[i] += length;
            decoder->input_length[i] -= length;
            return (ssize_t)length;
        }
    }
    return -1;
}

static ssize_t memory_write(mailstream_low *low, const void *data, size_t size)
{
    (void)low;
    (void)data;
    (void)size;
    return -1;
}

static int memory_close(mailstream_low *low)
{
    (void)low;
    return 0;
}

static int memory_fd(mailstream_low *low)
{
    (void)low;
    return -1;
}

static void memory_free(mailstream_low *low)
{
    free(low);
}

static void memory_cancel(mailstream_low *low)
{
    (void)low;
}

static const mailstream_low_driver memory_driver = {
    .mailstream_read = memory_read,
    .mailstream_write = memory_write,
    .mailstream_close = memory_close,
    .mailstream_get_fd = memory_fd,
    .mailstream_free = memory_free,
    .mailstream_cancel = memory_cancel,
};

/* ---- the session ---- */

static void give(mig__decoder *decoder, const char *first, size_t first_length, const char *second)
{
    decoder->input[0] = first;
    decoder->input_length[0] = first_length;
    decoder->input[1] = second;
    decoder->input_length[1] = strlen(second);
}

static void tear_down(mig__decoder *decoder)
{
    if (decoder->stream != NULL) {
        mailstream_close(decoder->stream);
        decoder->stream = NULL;
    }
    if (decoder->imap != NULL) {
        decoder->imap->imap_stream = NULL; /* else mailimap_free logs out */
        mailimap_free(decoder->imap);
        decoder->imap = NULL;
    }
}

/* False: out of memory. */
static bool build_up(mig__decoder *decoder)
{
    if (decoder->stream != NULL) {
        return true;
    }
    mailstream_low *low = NULL;
    decoder->imap = mailimap_new(0, NULL);
    if (decoder->imap == NULL) {
        return false;
    }
    decoder->driver = memory_driver;
    low = mailstream_low_new(decoder, &decoder->driver);
    if (low != NULL) {
        decoder->stream = mailstream_new(low, 8192);
    }
    if (decoder->stream == NULL) {
        free(low);
        tear_down(decoder);
        return false;
    }
    give(decoder, "* OK -\r\n", 8, "");
    if (mailimap_connect(decoder->imap, decoder->stream) != MAILIMAP_NO_ERROR_NON_AUTHENTICATED) {
        tear_down(decoder);
        return false;
    }
    return true;
}

/*
 * Let libetpan parse the frame. *out is NULL when it cannot; the session, in whatever state that left it, is built
 * anew for the next one. -1 is out of memory.
 */
static int run(mig__decoder *decoder, const mig__frame *frame, struct mailimap_response **out, mig_error *err)
{
    *out = NULL;
    if (!build_up(decoder)) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    decoder->stream->read_buffer_len = 0;
    bool tagged = frame->kind == MIG__FRAME_TAGGED;
    decoder->imap->imap_tag = tagged ? (int)frame->tag : 1;
    give(decoder, frame->text, frame->length, tagged ? "" : "1 OK -\r\n");
    int result = MAILIMAP_ERROR_STREAM;
    if (mailimap_read_line(decoder->imap) != NULL) {
        result = mailimap_parse_response(decoder->imap, out);
    }
    if (result != MAILIMAP_NO_ERROR) {
        *out = NULL;
        tear_down(decoder);
    }
    return result == MAILIMAP_ERROR_MEMORY ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
}

/* ---- words ---- */

static void add_string(mig__decoder *decoder, const char *prefix, const char *text)
{
    mig__buffer_add_text(&decoder->strings, prefix);
    mig__buffer_add(&decoder->strings, text, strlen(text) + 1);
}

/* All strings added so far, as an array. NULL: out of memory. */
static const char *const *list_words(mig__decoder *decoder, mig_error *err)
{
    if (mig__buffer_ok(&decoder->strings, err) != 0) {
        return NULL;
    }
    const char *at = decoder->strings.data;
    const char *end = decoder->strings.length > 0 ? at + decoder->strings.length : at;
    size_t count = 0;
    for (;; at += strlen(at) + 1) {
        if (count == decoder->words_capacity) {
            size_t capacity = count == 0 ? 32 : 2 * count;
            const char **words = realloc(decoder->words, capacity * sizeof *words);
            if (words == NULL) {
                mig_error_set(err, MIG_E_NOMEM, "out of memory");
                return NULL;
            }
            decoder->words = words;
            decoder->words_capacity = capacity;
        }
        if (at == end) {
            decoder->words[count] = NULL;
            return decoder->words;
        }
        decoder->words[count++] = at;
    }
}

static void add_flag(mig__decoder *decoder, const struct mailimap_flag *flag)
{
    switch (flag->fl_type) {
    case MAILIMAP_FLAG_ANSWERED:
        add_string(decoder, "", "\\Answered");
        break;
    case MAILIMAP_FLAG_FLAGGED:
        add_string(decoder, "", "\\Flagged");
        break;
    case MAILIMAP_FLAG_DELETED:
        add_string(decoder, "", "\\Deleted");
        break;
    case MAILIMAP_FLAG_SEEN:
        add_string(decoder, "", "\\Seen");
        break;
    case MAILIMAP_FLAG_DRAFT:
        add_string(decoder, "", "\\Draft");
        break;
    case MAILIMAP_FLAG_KEYWORD:
        add_string(decoder, "", flag->fl_data.fl_keyword);
        break;
    case MAILIMAP_FLAG_EXTENSION:
        if (strcasecmp(flag->fl_data.fl_extension, "Recent") != 0) {
            add_string(decoder, "\\", flag->fl_data.fl_extension);
        }
        break;
    default:
        break;
    }
}

static clistiter *first_of(clist *list)
{
    return list == NULL ? NULL : clist_begin(list);
}

static void add_capabilities(mig__decoder *decoder, const struct mailimap_capability_data *data)
{
    for (clistiter *at = first_of(data->cap_list); at != NULL; at = clist_next(at)) {
        const struct mailimap_capability *capability = clist_content(at);
        size_t start = decoder->strings.length;
        if (capability->cap_type == MAILIMAP_CAPABILITY_AUTH_TYPE) {
            add_string(decoder, "AUTH=", capability->cap_data.cap_auth_type);
        } else {
            add_string(decoder, "", capability->cap_data.cap_name);
        }
        for (size_t i = start; i < decoder->strings.length; i++) {
            char *c = &decoder->strings.data[i];
            *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
        }
    }
}

/* ---- response codes ---- */

static const struct mailimap_resp_text_code *find_code(const struct mailimap_response *response, bool tagged)
{
    const struct mailimap_resp_cond_state *state = NULL;
    if (tagged) {
        state = response->rsp_resp_done->rsp_data.rsp_tagged->rsp_cond_state;
    } else if (first_of(response->rsp_cont_req_or_resp_data_list) != NULL) {
        const struct mailimap_cont_req_or_resp_data *one =
            clist_content(clist_begin(response->rsp_cont_req_or_resp_data_list));
        if (one->rsp_type == MAILIMAP_RESP_RESP_DATA &&
            one->rsp_data.rsp_resp_data->rsp_type == MAILIMAP_RESP_DATA_TYPE_COND_STATE) {
            state = one->rsp_data.rsp_resp_data->rsp_data.rsp_cond_state;
        }
    }
    return state == NULL || state->rsp_text == NULL ? NULL : state->rsp_text->rsp_code;
}

static void add_permanent_flags(mig__decoder *decoder, clist *flags)
{
    for (clistiter *at = first_of(flags); at != NULL; at = clist_next(at)) {
        const struct mailimap_flag_perm *flag = clist_content(at);
        if (flag->fl_type == MAILIMAP_FLAG_PERM_ALL) {
            add_string(decoder, "", "\\*");
        } else {
            add_flag(decoder, flag->fl_flag);
        }
    }
}

/* The codes with arguments that libetpan reads. The code becomes OTHER where there is nothing in it. */
static int read_code(mig__decoder *decoder, const mig__frame *frame, mig__response *out, mig_error *err)
{
    struct mailimap_response *response = NULL;
    if (frame->text != NULL && run(decoder, frame, &response, err) != 0) {
        return -1;
    }
    const struct mailimap_resp_text_code *code =
        response == NULL ? NULL : find_code(response, frame->kind == MIG__FRAME_TAGGED);
    mig__code found = MIG__CODE_OTHER;
    if (out->code == MIG__CODE_CAPABILITY && code != NULL && code->rc_type == MAILIMAP_RESP_TEXT_CODE_CAPABILITY_DATA &&
        decoder->imap->imap_connection_info != NULL && decoder->imap->imap_connection_info->imap_capability != NULL) {
        found = MIG__CODE_CAPABILITY;
        add_capabilities(decoder, decoder->imap->imap_connection_info->imap_capability);
    } else if (code != NULL && code->rc_type == MAILIMAP_RESP_TEXT_CODE_PERMANENTFLAGS) {
        found = MIG__CODE_PERMANENTFLAGS;
        add_permanent_flags(decoder, code->rc_data.rc_perm_flags);
    } else if (code != NULL && code->rc_type == MAILIMAP_RESP_TEXT_CODE_UIDNEXT) {
        found = MIG__CODE_UIDNEXT;
        out->number = code->rc_data.rc_uidnext;
    } else if (code != NULL && code->rc_type == MAILIMAP_RESP_TEXT_CODE_UIDVALIDITY) {
        found = MIG__CODE_UIDVALIDITY;
        out->number = code->rc_data.rc_uidvalidity;
    } else if (code != NULL && code->rc_type == MAILIMAP_RESP_TEXT_CODE_UNSEEN) {
        found = MIG__CODE_UNSEEN;
        out->number = code->rc_data.rc_first_unseen;
    }
    out->code = found == out->code ? found : MIG__CODE_OTHER;
    if (response != NULL) {
        mailimap_response_free(response);
    }
    out->words = list_words(decoder, err);
    return out->words == NULL ? -1 : 0;
}

/* ---- data ---- */

static bool read_list(mig__decoder *decoder, const mig__frame *frame, mig__response *out)
{
    const struct mailimap_response_info *info = decoder->imap->imap_response_info;
    clistiter *at = first_of(out->kind == MIG__RESPONSE_LIST ? info->rsp_mailbox_list : info->rsp_mailbox_lsub);
    if (at == NULL) {
        return false;
    }
    const struct mailimap_mailbox_list *list = clist_content(at);
    out->list.delimiter = list->mb_delimiter;
    out->list.old_name = frame->extra.list_oldname;
    if (list->mb_flag != NULL) {
        if (list->mb_flag->mbf_type == MAILIMAP_MBX_LIST_FLAGS_SFLAG &&
            list->mb_flag->mbf_sflag == MAILIMAP_MBX_LIST_SFLAG_NOSELECT) {
            out->list.attributes |= MIG_ATTR_NOSELECT;
        }
        for (at = first_of(list->mb_flag->mbf_oflags); at != NULL; at = clist_next(at)) {
            const struct mailimap_mbx_list_oflag *flag = clist_content(at);
            if (flag->of_type == MAILIMAP_MBX_LIST_OFLAG_NOINFERIORS) {
                out->list.attributes |= MIG_ATTR_NOINFERIORS;
            } else if (flag->of_flag_ext != NULL) {
                mig__list_attribute(flag->of_flag_ext, &out->list);
            }
        }
    }
    add_string(decoder, "", list->mb_name);
    out->list.name = decoder->strings.data;
    return true;
}

static void read_status_item(const struct mailimap_status_info *info, mig__status_item *status)
{
    switch (info->st_att) {
    case MAILIMAP_STATUS_ATT_MESSAGES:
        status->has_messages = true;
        status->messages = info->st_value;
        break;
    case MAILIMAP_STATUS_ATT_UIDNEXT:
        status->has_uidnext = true;
        status->uidnext = info->st_value;
        break;
    case MAILIMAP_STATUS_ATT_UIDVALIDITY:
        status->has_uidvalidity = true;
        status->uidvalidity = info->st_value;
        break;
    case MAILIMAP_STATUS_ATT_UNSEEN:
        status->has_unseen = true;
        status->unseen = info->st_value;
        break;
    default:
        break;
    }
}

static bool read_status(mig__decoder *decoder, mig__response *out)
{
    const struct mailimap_mailbox_data_status *status = decoder->imap->imap_response_info->rsp_status;
    if (status == NULL) {
        return false;
    }
    for (clistiter *at = first_of(status->st_info_list); at != NULL; at = clist_next(at)) {
        read_status_item(clist_content(at), &out->status);
    }
    return true;
}

static void read_date(const struct mailimap_date_time *date, mig__datetime *out)
{
    int zone = abs(date->dt_zone);
    zone = (zone / 100 * 60 + zone % 100) * (date->dt_zone < 0 ? -1 : 1);
    out->utc = mig__days_from_civil(date->dt_year, date->dt_month, date->dt_day) * 86400 + date->dt_hour * 3600 +
               date->dt_min * 60 + date->dt_sec - zone * 60;
    out->zone_minutes = (int16_t)zone;
    out->valid = true;
}

static bool read_fetch(mig__decoder *decoder, mig__response *out)
{
    clistiter *at = first_of(decoder->imap->imap_response_info->rsp_fetch_list);
    if (at == NULL) {
        return false;
    }
    const struct mailimap_msg_att *attributes = clist_content(at);
    for (at = first_of(attributes->att_list); at != NULL; at = clist_next(at)) {
        const struct mailimap_msg_att_item *item = clist_content(at);
        if (item->att_type == MAILIMAP_MSG_ATT_ITEM_DYNAMIC) {
            out->fetch.has_flags = true;
            for (clistiter *flags = first_of(item->att_data.att_dyn->att_list); flags != NULL;
                 flags = clist_next(flags)) {
                const struct mailimap_flag_fetch *flag = clist_content(flags);
                if (flag->fl_type == MAILIMAP_FLAG_FETCH_OTHER) {
                    add_flag(decoder, flag->fl_flag);
                }
            }
        } else if (item->att_type == MAILIMAP_MSG_ATT_ITEM_STATIC) {
            const struct mailimap_msg_att_static *value = item->att_data.att_static;
            if (value->att_type == MAILIMAP_MSG_ATT_INTERNALDATE) {
                read_date(value->att_data.att_internal_date, &out->fetch.internaldate);
            } else if (value->att_type == MAILIMAP_MSG_ATT_RFC822_SIZE) {
                out->fetch.has_size = true;
                out->fetch.size = value->att_data.att_rfc822_size;
            } else if (value->att_type == MAILIMAP_MSG_ATT_UID) {
                out->fetch.uid = value->att_data.att_uid;
            }
        }
    }
    return true;
}

static bool read_flags(mig__decoder *decoder, const struct mailimap_response *response)
{
    clistiter *at = first_of(response->rsp_cont_req_or_resp_data_list);
    const struct mailimap_cont_req_or_resp_data *one = at == NULL ? NULL : clist_content(at);
    if (one == NULL || one->rsp_type != MAILIMAP_RESP_RESP_DATA ||
        one->rsp_data.rsp_resp_data->rsp_type != MAILIMAP_RESP_DATA_TYPE_MAILBOX_DATA) {
        return false;
    }
    const struct mailimap_mailbox_data *data = one->rsp_data.rsp_resp_data->rsp_data.rsp_mailbox_data;
    if (data->mbd_type != MAILIMAP_MAILBOX_DATA_FLAGS || data->mbd_data.mbd_flags == NULL) {
        return false;
    }
    for (at = first_of(data->mbd_data.mbd_flags->fl_list); at != NULL; at = clist_next(at)) {
        add_flag(decoder, clist_content(at));
    }
    return true;
}

static bool read_capability(mig__decoder *decoder)
{
    const struct mailimap_connection_info *info = decoder->imap->imap_connection_info;
    if (info == NULL || info->imap_capability == NULL) {
        return false;
    }
    add_capabilities(decoder, info->imap_capability);
    return true;
}

static bool read_enabled(mig__decoder *decoder)
{
    for (clistiter *at = first_of(decoder->imap->imap_response_info->rsp_extension_list); at != NULL;
         at = clist_next(at)) {
        const struct mailimap_extension_data *data = clist_content(at);
        if (data->ext_extension->ext_id == MAILIMAP_EXTENSION_ENABLE) {
            add_capabilities(decoder, data->ext_data);
            return true;
        }
    }
    return false;
}

/* What libetpan made of an untagged response of data. False: not what was expected. */
static bool read_data(mig__decoder *decoder, const mig__frame *frame, const struct mailimap_response *response,
                      mig__response *out)
{
    if (decoder->imap->imap_response_info == NULL) {
        return false;
    }
    switch (out->kind) {
    case MIG__RESPONSE_LIST:
    case MIG__RESPONSE_LSUB:
        return read_list(decoder, frame, out);
    case MIG__RESPONSE_STATUS:
        return read_status(decoder, out);
    case MIG__RESPONSE_FETCH:
        return read_fetch(decoder, out);
    case MIG__RESPONSE_FLAGS:
        return read_flags(decoder, response);
    case MIG__RESPONSE_CAPABILITY:
        return read_capability(decoder);
    case MIG__RESPONSE_ENABLED:
        return read_enabled(decoder);
    default:
        return false;
    }
}

static int parse_data(mig__decoder *decoder, const mig__frame *frame, mig__response *out, mig_error *err)
{
    struct mailimap_response *response = NULL;
    if (frame->text != NULL) {
        if (run(decoder, frame, &response, err) != 0) {
            return -1;
        }
        if (response == NULL || !read_data(decoder, frame, response, out)) {
            out->kind = MIG__RESPONSE_ODD;
        }
        if (response != NULL) {
            mailimap_response_free(response);
        }
    }
    const char *const *words = list_words(decoder, err);
    if (words == NULL) {
        return -1;
    }
    if (out->kind == MIG__RESPONSE_FETCH) {
        out->fetch.flags = words;
    } else if (out->kind != MIG__RESPONSE_LIST && out->kind != MIG__RESPONSE_LSUB) {
        out->words = words;
    }
    return 0;
}

int mig__decoder_parse(mig__decoder *decoder, const mig__frame *frame, mig__response *out, mig_error *err)
{
    mig__buffer_clear(&decoder->strings);
    switch (mig__response_begin(frame, out)) {
    case MIG__NEEDS_CODE:
        return read_code(decoder, frame, out, err);
    case MIG__NEEDS_DATA:
        return parse_data(decoder, frame, out, err);
    case MIG__NEEDS_NOTHING:
        return 0;
    }
    return 0;
}

mig__decoder *mig__decoder_new(mig_error *err)
{
    mig__decoder *decoder = calloc(1, sizeof *decoder);
    if (decoder == NULL || !build_up(decoder)) {
        free(decoder);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    return decoder;
}

void mig__decoder_free(mig__decoder **decoder)
{
    if (*decoder == NULL) {
        return;
    }
    tear_down(*decoder);
    mig__buffer_free(&(*decoder)->strings);
    free((*decoder)->words);
    free(*decoder);
    *decoder = NULL;
}
