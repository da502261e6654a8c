/*
 * store/takeout.c - Google Takeout writes the labels in the language of the account, all in one header, in encoded
 * words (RFC 2047) where they need it, with commas in between and quotes around a label that has a comma itself
 */
#include "store/takeout.h"
#include "base/unicode.h"
#include "folders/fold.h"
#include "folders/map.h"
#include "mail/header.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LABEL_MOST = 1024 };

/* Each list holds labels in lower case, a NUL behind each. */
static const char inbox[] =
    "inbox\0posteingang\0boîte de réception\0recibidos\0bandeja de entrada\0posta in arrivo\0"
    "caixa de entrada\0entrada\0postvak in\0inkorgen\0inkorg\0indbakke\0innboks\0saapuneet\0"
    "odebrane\0doručená pošta\0beérkező levelek\0входящие\0вхідні\0gelen kutusu\0mesaje primite\0"
    "εισερχόμενα\0受信トレイ\0收件箱\0收件匣\0받은편지함\0";
static const char unread[] = "unread\0ungelesen\0non lus\0non lu\0no leídos\0no leído\0non letti\0da leggere\0"
                             "não lidas\0não lidos\0ongelezen\0olästa\0oläst\0ulæst\0ulæste\0ulest\0uleste\0lukematon\0"
                             "nieprzeczytane\0nepřečtené\0olvasatlan\0непрочитанные\0непрочитані\0okunmamış\0necitite\0"
                             "未読\0未读\0未讀\0읽지 않음\0읽지않음\0";
static const char starred[] = "starred\0markiert\0suivis\0suivi\0destacados\0destacado\0speciali\0com estrela\0"
                              "met ster\0stjärnmärkt\0stjernemarkeret\0stjernemerket\0tähdellä merkitty\0"
                              "oznaczone gwiazdką\0s hvězdičkou\0csillagozott\0помеченные\0із зірочкою\0yıldızlı\0"
                              "cu stea\0スター付き\0已加星标\0已加星號\0별표편지함\0";
static const char archived[] =
    "archived\0archiviert\0archivés\0archivé\0archivados\0archivado\0archiviati\0"
    "archiviato\0arquivadas\0arquivado\0arquivados\0gearchiveerd\0arkiverade\0arkiverad\0"
    "arkiveret\0arkivert\0arkistoitu\0zarchiwizowane\0archivováno\0archivált\0"
    "архивированные\0архивные\0архівовані\0arşivlenmiş\0アーカイブ済み\0已归档\0已封存\0보관됨\0";
static const char ignored[] =
    "important\0wichtig\0importants\0importantes\0importante\0importanti\0belangrijk\0viktigt\0"
    "viktig\0vigtige\0tärkeä\0tärkeät\0ważne\0důležité\0fontos\0важное\0важливі\0önemli\0重要\0"
    "重要邮件\0중요\0중요편지함\0"
    "opened\0geöffnet\0ouvert\0ouverts\0abierto\0abiertos\0aperto\0aperti\0aberto\0abertas\0"
    "geopend\0öppnade\0öppnad\0åbnet\0åpnet\0avattu\0otwarte\0otevřeno\0megnyitva\0открытые\0"
    "відкриті\0açıldı\0開封済み\0已打开\0已開啟\0열림\0";
/* What a category of Gmail's tabs begins with. */
static const char categories[] =
    "category \0kategorie: \0kategorie \0catégorie : \0catégorie: \0catégorie \0categoría: \0"
    "categoría \0categoria: \0categoria \0categorie: \0kategori: \0kategori \0"
    "kategoria: \0kategoria \0категория: \0категорія: \0カテゴリ: \0类别: \0類別: \0";

static const struct {
    mig__takeout_label kind;
    const char *names;
    size_t size;
} lists[] = {
    {MIG__TAKEOUT_INBOX, inbox, sizeof inbox},       {MIG__TAKEOUT_UNREAD, unread, sizeof unread},
    {MIG__TAKEOUT_STARRED, starred, sizeof starred}, {MIG__TAKEOUT_ARCHIVED, archived, sizeof archived},
    {MIG__TAKEOUT_IGNORED, ignored, sizeof ignored},
};

mig__takeout_label mig__takeout_kind(const char *label, mig_role *role)
{
    size_t length = strlen(label);
    mig__takeout_label kind = MIG__TAKEOUT_FOLDER;
    mig__buffer folded = MIG__BUFFER_INIT;
    *role = MIG_ROLE_NONE;
    if (length == 0 || length >= LABEL_MOST) {
        return length == 0 ? MIG__TAKEOUT_IGNORED : MIG__TAKEOUT_FOLDER;
    }
    mig__fold(label, length, &folded);
    for (size_t i = 0; kind == MIG__TAKEOUT_FOLDER && !folded.failed && i < sizeof lists / sizeof *lists; i++) {
        kind = mig__name_find(lists[i].names, lists[i].size, folded.data) != NULL ? lists[i].kind : kind;
    }
    for (const char *name = categories;
         kind == MIG__TAKEOUT_FOLDER && !folded.failed && name < categories + sizeof categories - 1;
         name += strlen(name) + 1) {
        kind = strncmp(folded.data, name, strlen(name)) == 0 ? MIG__TAKEOUT_IGNORED : kind;
    }
    mig__buffer_free(&folded);
    if (kind == MIG__TAKEOUT_FOLDER || kind == MIG__TAKEOUT_INBOX) {
        *role = kind == MIG__TAKEOUT_INBOX ? MIG_ROLE_INBOX : mig__role_by_name(label);
    }
    return kind;
}

/* ---- the list ---- */

static int give(mig__buffer *label, mig__takeout_fn *each, void *context, mig_error *err)
{
    size_t from = 0, to = label->length;
    const char *text = label->data;
    while (from < to && strchr(" \t", text[from]) != NULL) {
        from++;
    }
    while (to > from && strchr(" \t", text[to - 1]) != NULL) {
        to--;
    }
    int failed = mig__buffer_ok(label, err);
    if (failed == 0 && to > from) {
        label->data[to] = '\0';
        failed = each(label->data + from, context, err);
    }
    mig__buffer_clear(label);
    return failed;
}

int mig__takeout_each(const char *header, mig__takeout_fn *each, void *context, mig_error *err)
{
    mig__buffer text = MIG__BUFFER_INIT, label = MIG__BUFFER_INIT;
    mig__decode_words(header, &text);
    int failed = mig__buffer_ok(&text, err);
    bool quoted = false;
    for (size_t i = 0; failed == 0 && i < text.length; i++) {
        char c = text.data[i];
        if (c == '"') {
            quoted = !quoted;
        } else if (c == '\\' && quoted && i + 1 < text.length) {
            mig__buffer_add_char(&label, text.data[++i]);
        } else if (c == ',' && !quoted) {
            failed = give(&label, each, context, err);
        } else if (label.length < LABEL_MOST && c != '\0') {
            mig__buffer_add_char(&label, c);
        }
    }
    failed = failed == 0 ? give(&label, each, context, err) : failed;
    mig__buffer_free(&text);
    mig__buffer_free(&label);
    return failed;
}
