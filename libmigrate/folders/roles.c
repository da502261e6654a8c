/*
 * folders/roles.c - what a mailbox's name says about its use
 *
 * The names that clients and providers give to the mailboxes they make by themselves: Thunderbird, Outlook and
 * Exchange, Apple Mail, Gmail, KMail, Evolution, Roundcube, Horde, SquirrelMail, Zimbra, and the large hosts of each
 * country. Views (all mail, starred, important) are not here: leaving mail out because of a mere name would lose it.
 * Nor are words that people use for folders of their own in at least one of these languages ("Post", "Correo",
 * "Other").
 */
#include "base/unicode.h"
#include "folders/fold.h"
#include "folders/job.h"
#include <stdint.h>
#include <string.h>

/* Each list holds names in lower case (as mig__fold writes them), a NUL behind each; the most usual ones come first. */
static const char sent[] =
    "sent\0sent mail\0sent-mail\0sent_mail\0sentmail\0sent items\0sent-items\0sentitems\0sent messages\0sent "
    "objects\0"
    "gesendet\0gesendete\0gesendete objekte\0gesendete elemente\0gesendete nachrichten\0gesendete mails\0"
    "gesendete e-mails\0"
    "envoyés\0messages envoyés\0éléments envoyés\0courrier envoyé\0courriers envoyés\0mails envoyés\0e-mails "
    "envoyés\0"
    "objets envoyés\0envoyes\0elements envoyes\0messages envoyes\0"
    "enviados\0enviado\0elementos enviados\0mensajes enviados\0correo enviado\0correos enviados\0"
    "enviats\0elements enviats\0missatges enviats\0bidalitakoak\0"
    "posta inviata\0inviata\0inviati\0inviate\0messaggi inviati\0elementi inviati\0"
    "verzonden\0verzonden items\0verzonden berichten\0verzonden objecten\0verstuurd\0"
    "itens enviados\0mensagens enviadas\0e-mails enviados\0enviadas\0enviada\0"
    "wysłane\0elementy wysłane\0wiadomości wysłane\0poczta wysłana\0wyslane\0"
    "skickat\0skickade\0skickade objekt\0skickade meddelanden\0skickade mejl\0"
    "sendt\0sendte elementer\0sendt post\0sendte beskeder\0sendte meddelelser\0sendt e-post\0sendte "
    "meldinger\0"
    "lähetetyt\0lähetetyt viestit\0lähetetty\0lähetetty posti\0"
    "odeslané\0odeslaná pošta\0odeslaná\0odeslané zprávy\0odeslane\0odoslané\0odoslaná pošta\0odoslané "
    "správy\0"
    "отправленные\0отправленные сообщения\0отправленное\0"
    "надіслані\0відправлені\0надіслані листи\0надіслане\0изпратени\0изпратена поща\0послато\0"
    "elküldött\0elküldött elemek\0elküldött üzenetek\0elküldött levelek\0"
    "απεσταλμένα\0σταλμένα\0απεσταλμένα μηνύματα\0απεσταλμένη αλληλογραφία\0"
    "gönderilmiş öğeler\0gönderilen\0gönderilenler\0gönderilmiş postalar\0gönderilmiş\0gönderilen öğeler\0"
    "trimise\0mesaje trimise\0elemente trimise\0poslano\0poslana pošta\0poslane poruke\0poslane stavke\0"
    "saadetud\0saadetud kirjad\0nosūtītie\0išsiųsta\0išsiųsti laiškai\0"
    "送信済み\0送信済みアイテム\0送信済みメール\0送信済\0送信控え\0送信済みトレイ\0"
    "已发送\0已发送邮件\0已发邮件\0已發送郵件\0寄件備份\0已傳送\0已传送\0已傳送郵件\0已發送\0寄件備份匣\0"
    "보낸 편지함\0보낸편지함\0보낸 메일함\0보낸메일함\0보낸 항목\0전송 메시지\0"
    "đã gửi\0thư đã gửi\0จดหมายที่ส่งแล้ว\0terkirim\0"
    "נשלח\0דואר שנשלח\0פריטים שנשלחו\0المرسلة\0البريد المرسل\0العناصر المرسلة\0";

static const char drafts[] = "drafts\0draft\0draft messages\0"
                             "entwürfe\0entwurf\0entwuerfe\0"
                             "brouillons\0brouillon\0"
                             "borradores\0borrador\0esborranys\0zirriborroak\0"
                             "bozze\0bozza\0"
                             "concepten\0"
                             "rascunhos\0rascunho\0"
                             "szkice\0wersje robocze\0kopie robocze\0robocze\0"
                             "utkast\0kladder\0kladde\0udkast\0"
                             "luonnokset\0luonnos\0"
                             "koncepty\0rozepsané\0rozepsané zprávy\0návrhy\0"
                             "черновики\0чернетки\0чернови\0нацрти\0"
                             "piszkozatok\0piszkozat\0vázlatok\0"
                             "πρόχειρα\0προσχέδια\0"
                             "taslaklar\0taslak\0"
                             "ciorne\0schițe\0osnutki\0skice\0nacrti\0"
                             "mustandid\0melnraksti\0juodraščiai\0"
                             "下書き\0草稿\0草稿箱\0草稿匣\0草稿夹\0"
                             "임시보관함\0임시 보관함\0초안\0"
                             "thư nháp\0bản nháp\0จดหมายร่าง\0ร่าง\0draf\0"
                             "טיוטות\0المسودات\0مسودات\0";

static const char junk[] =
    "junk\0junk email\0junk e-mail\0junk mail\0junkmail\0junk-mail\0spam\0bulk mail\0bulk\0spambox\0spam mail\0"
    "spamverdacht\0unerwünscht\0junk-e-mail\0unerwünschte werbung\0spam-verdacht\0werbung und spam\0"
    "indésirables\0courrier indésirable\0indésirable\0pourriel\0pourriels\0spams\0courriels indésirables\0"
    "correo no deseado\0no deseado\0correo basura\0correu brossa\0"
    "posta indesiderata\0indesiderata\0indesiderati\0"
    "ongewenste e-mail\0ongewenst\0ongewenste reclame\0"
    "lixo eletrônico\0lixo eletrónico\0correio eletrónico de lixo\0e-mail de lixo\0não solicitado\0"
    "wiadomości-śmieci\0niechciane\0niechciana poczta\0"
    "skräppost\0uønsket e-mail\0uønsket post\0uønsket\0søppelpost\0søppel-e-post\0useriøs e-post\0"
    "roskaposti\0"
    "nevyžádaná pošta\0nevyžádané\0nevyžiadaná pošta\0"
    "спам\0нежелательная почта\0нежелательные\0небажана пошта\0нежелана поща\0непожељно\0"
    "levélszemét\0kéretlen levelek\0"
    "ανεπιθύμητα\0ανεπιθύμητη αλληλογραφία\0ανεπιθύμητη ηλ. αλληλογραφία\0"
    "önemsiz\0önemsiz e-posta\0gereksiz\0istenmeyen\0istenmeyen posta\0"
    "mesaje nedorite\0neželena pošta\0neželjena pošta\0neželjena e-pošta\0"
    "rämpspost\0mēstules\0šlamštas\0brukalai\0"
    "迷惑メール\0迷惑メールフォルダ\0スパム\0"
    "垃圾邮件\0垃圾郵件\0垃圾郵件匣\0广告邮件\0垃圾信件匣\0"
    "스팸\0스팸편지함\0스팸 편지함\0스팸메일함\0스팸 메일함\0정크 메일\0"
    "thư rác\0อีเมลขยะ\0จดหมายขยะ\0"
    "דואר זבל\0ספאם\0زبل\0البريد العشوائي\0البريد غير الهام\0";

static const char trash[] =
    "trash\0deleted\0deleted items\0deleted messages\0deleted-items\0deleted mail\0bin\0trash can\0"
    "papierkorb\0gelöscht\0gelöschte objekte\0gelöschte elemente\0gelöschte nachrichten\0müll\0"
    "corbeille\0éléments supprimés\0messages supprimés\0supprimés\0elements supprimes\0poubelle\0"
    "papelera\0elementos eliminados\0mensajes eliminados\0eliminados\0papelera de reciclaje\0paperera\0elements "
    "suprimits\0"
    "cestino\0posta eliminata\0eliminati\0elementi eliminati\0messaggi eliminati\0"
    "prullenbak\0prullenmand\0verwijderd\0verwijderde items\0verwijderde berichten\0verwijderde objecten\0"
    "lixo\0lixeira\0itens excluídos\0itens eliminados\0mensagens excluídas\0excluídos\0"
    "kosz\0elementy usunięte\0usunięte\0wiadomości usunięte\0"
    "papperskorgen\0papperskorg\0borttagna objekt\0borttaget\0raderade\0raderade objekt\0"
    "papirkurv\0papirkurven\0slettet post\0slettede elementer\0slettet\0slettede meddelelser\0slettede "
    "beskeder\0søppelkurv\0"
    "roskakori\0poistetut\0poistetut viestit\0"
    "koš\0odstraněná pošta\0odstraněné\0odstraněné zprávy\0smazané\0kôš\0odstránená pošta\0"
    "удаленные\0удалённые\0удаленные сообщения\0корзина\0удаленное\0"
    "видалені\0кошик\0видалені листи\0кошче\0изтрити\0отпад\0"
    "kuka\0lomtár\0törölt elemek\0törölt üzenetek\0törölt\0szemetes\0"
    "κάδοσ απορριμμάτων\0κάδοσ\0διαγραμμένα\0διεγραμμένα\0διαγραμμένα στοιχεία\0απορρίμματα\0"
    "silinmiş öğeler\0çöp kutusu\0çöp\0silinen\0silinenler\0silinmiş\0"
    "coș de gunoi\0gunoi\0elemente șterse\0smeti\0koš za smeće\0smeće\0izbrisano\0"
    "prügikast\0kustutatud kirjad\0miskaste\0šiukšlinė\0šiukšliadėžė\0"
    "ゴミ箱\0ごみ箱\0削除済みアイテム\0削除済み\0削除済みメール\0"
    "已删除\0已删除邮件\0已删除邮件箱\0回收站\0废件箱\0垃圾桶\0刪除的郵件\0已刪除\0已刪除的郵件\0資源回收筒\0"
    "휴지통\0지운 편지함\0지운편지함\0삭제된 항목\0삭제된 메시지\0"
    "thùng rác\0ถังขยะ\0sampah\0"
    "אשפה\0פריטים שנמחקו\0المهملات\0سلة المهملات\0العناصر المحذوفة\0";

static const char archive[] =
    "archive\0archives\0archived\0archiv\0archivierte\0archivées\0archivés\0archivo\0archivio\0archief\0arquivo\0arquiv"
    "os\0"
    "arquivo morto\0archiwum\0archiwa\0arkiv\0arkiverede\0arkisto\0archív\0архив\0архив писем\0архів\0"
    "archívum\0αρχείο\0αρχειοθήκη\0arşiv\0arhivă\0arhiva\0arhiv\0arhiiv\0archyvas\0arhīvs\0arxiu\0"
    "アーカイブ\0存档\0归档\0封存\0存檔\0封存匣\0보관\0보관함\0보관 메일함\0lưu trữ\0ארכיון\0أرشيف\0الأرشيف\0";

static const struct {
    mig_role role;
    const char *names;
    size_t size;
} lists[] = {
    {MIG_ROLE_SENT, sent, sizeof sent},          {MIG_ROLE_DRAFTS, drafts, sizeof drafts},
    {MIG_ROLE_JUNK, junk, sizeof junk},          {MIG_ROLE_TRASH, trash, sizeof trash},
    {MIG_ROLE_ARCHIVE, archive, sizeof archive},
};

enum { LONGEST = 96 }; /* octets; no name of these lists has as many */

mig_role mig__role_known(const char *component, size_t *rank)
{
    size_t length = strlen(component);
    mig_role role = MIG_ROLE_NONE;
    mig__buffer folded = MIG__BUFFER_INIT;
    *rank = SIZE_MAX;
    if (length == 0 || length > LONGEST) {
        return MIG_ROLE_NONE;
    }
    mig__fold(component, length, &folded);
    for (size_t i = 0; role == MIG_ROLE_NONE && !folded.failed && i < sizeof lists / sizeof *lists; i++) {
        const char *name = mig__name_find(lists[i].names, lists[i].size, folded.data);
        if (name != NULL) {
            *rank = (size_t)(name - lists[i].names);
            role = lists[i].role;
        }
    }
    mig__buffer_free(&folded);
    return role;
}

mig_role mig__role_by_name(const char *component)
{
    size_t rank;
    return mig__role_known(component, &rank);
}
