/*
 * guard_transcripts.h - what servers say: written after the manner of real ones, odd ones and hostile ones
 *
 * Every test that holds for any input at all runs over all of these.
 */
#ifndef TEST_GUARD_TRANSCRIPTS_H
#define TEST_GUARD_TRANSCRIPTS_H

#include <stddef.h>

typedef struct transcript {
    const char *name;
    const char *octets;
    size_t length;
} transcript;

#define T(name, octets)                                                                                                \
    {                                                                                                                  \
        name, octets, sizeof(octets) - 1                                                                               \
    }

static const transcript transcripts[] = {
    T("Dovecot, login and list",
      "* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ AUTH=PLAIN AUTH=SCRAM-SHA-256] "
      "Dovecot (Debian) ready.\r\n"
      "* ID (\"name\" \"Dovecot\")\r\n1 OK ID completed (0.001 + 0.000 secs).\r\n"
      "2 OK [CAPABILITY IMAP4rev1 SASL-IR LITERAL+ MULTIAPPEND UIDPLUS CONDSTORE QRESYNC STATUS=SIZE LIST-STATUS "
      "SPECIAL-USE] Logged in\r\n"
      "* ENABLED CONDSTORE QRESYNC\r\n3 OK Enabled (0.001 + 0.000 secs).\r\n"
      "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n"
      "* LIST (\\HasNoChildren \\UnMarked \\Trash) \"/\" Trash\r\n"
      "* STATUS Trash (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 1700000001 UNSEEN 0 HIGHESTMODSEQ 1 SIZE 0)\r\n"
      "* LIST (\\Noselect \\HasChildren) \"/\" \"Lists &AOk- \\\"x\\\"\"\r\n"
      "* LIST (\\NonExistent \\HasChildren) \"/\" gone (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n"
      "* LIST (\\HasNoChildren) \"/\" {9}\r\nnew\r\nline\r\n"
      "* LIST (\\HasNoChildren \\Subscribed) \"/\" INBOX\r\n"
      "* STATUS INBOX (MESSAGES 6046 UIDNEXT 6051 UIDVALIDITY 1700000000 UNSEEN 12 HIGHESTMODSEQ 9223372036854775807 "
      "SIZE 33123456)\r\n4 OK List completed (0.002 + 0.000 + 0.001 secs).\r\n"),
    T("Dovecot, examine and fetch",
      "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Forwarded NonJunk)\r\n"
      "* OK [PERMANENTFLAGS ()] Read-only mailbox.\r\n* 3 EXISTS\r\n* 0 RECENT\r\n"
      "* OK [UNSEEN 2] First unseen.\r\n* OK [UIDVALIDITY 1700000000] UIDs valid\r\n"
      "* OK [UIDNEXT 6051] Predicted next UID\r\n* OK [HIGHESTMODSEQ 42] Highest\r\n"
      "* VANISHED (EARLIER) 1:4,7,9:12\r\n"
      "5 OK [READ-ONLY] Examine completed (0.001 + 0.000 secs).\r\n"
      "* 1 FETCH (UID 5 FLAGS (\\Seen $Forwarded) INTERNALDATE \"01-Jan-2020 00:00:00 +0100\" MODSEQ (17) BODY[] "
      "{41}\r\n"
      "Subject: one\r\n\r\n* 9 EXISTS\r\n6 OK not so\r\n)\r\n"
      "* 2 FETCH (UID 6 FLAGS (\\Recent) INTERNALDATE \" 2-Feb-2021 12:34:56 -0330\" MODSEQ (18) BODY[] {0}\r\n)\r\n"
      "* 3 FETCH (UID 8 FLAGS () INTERNALDATE \"28-Feb-2022 23:59:60 +0000\" MODSEQ (19) BODY[] {12}\r\n"
      "a\0b\xff\x80{3}\r\nxy)\r\n"
      "6 OK Fetch completed (0.001 + 0.000 secs).\r\n"
      "* ESEARCH (TAG \"7\") UID ALL 5:6,8\r\n7 OK Search completed.\r\n"
      "* ESEARCH (TAG \"8\") UID\r\n8 OK Search completed.\r\n"),
    T("Dovecot, append",
      "+ OK\r\n9 OK [APPENDUID 1700000000 6051:6150] Append completed (0.020 + 0.000 + 0.019 secs).\r\n"
      "10 NO [OVERQUOTA] Quota exceeded (mailbox for user is full)\r\n"
      "11 NO [TRYCREATE] Mailbox doesn't exist: x\r\n12 NO [ALREADYEXISTS] Mailbox already exists\r\n"
      "13 OK [COPYUID 1700000000 5:6,8 1:3] Move completed\r\n14 NO [TOOBIG] Message too large\r\n"
      "* BYE Logging out\r\n15 OK Logout completed.\r\n"),
    T("Cyrus",
      "* OK [CAPABILITY IMAP4rev1 LITERAL+ ID ENABLE STARTTLS AUTH=PLAIN SASL-IR] host Cyrus IMAP 3.6.1 server "
      "ready\r\n"
      "1 OK [MAILBOXID (a1B2-_c3)] Completed\r\n"
      "* LIST (\\HasNoChildren) \"/\" \"INBOX/Entw&APw-rfe\"\r\n"
      "* STATUS \"INBOX/Entw&APw-rfe\" (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 1600000000 MAILBOXID (a1B2-_c3) SIZE "
      "5000000000)\r\n"
      "* 1 FETCH (FLAGS (\\Answered) UID 1 INTERNALDATE \" 1-Apr-2019 10:00:00 +0200\" RFC822.SIZE 11 EMAILID (M0a1b) "
      "THREADID (T1) SAVEDATE NIL BODY[] {11}\r\nhello world MODSEQ (5))\r\n"
      "* 2 FETCH (BODY[HEADER.FIELDS (MESSAGE-ID DATE)] {4}\r\n\r\n\r\n UID 2)\r\n"
      "* METADATA \"\" (/private/comment {14}\r\nmy)\r\n2 OK no\r\n /shared/x NIL)\r\n"
      "* QUOTA user.x (STORAGE 10 512)\r\n* QUOTAROOT INBOX user.x\r\n2 OK Completed\r\n"
      "* SEARCH 1 2 3 (MODSEQ 917162500)\r\n* SEARCH\r\n3 OK Completed (2 msgs in 0.000 secs)\r\n"),
    T("Courier",
      "* OK [CAPABILITY IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT SORT QUOTA IDLE ACL] Courier-IMAP "
      "ready. Copyright 1998-2018 Double Precision, Inc.  See COPYING for distribution information.\r\n"
      "* NAMESPACE ((\"INBOX.\" \".\")) NIL ((\"#shared.\" \".\")(\"shared.\" \".\"))\r\n"
      "* LIST (\\Unmarked \\HasChildren) \".\" \"INBOX\"\r\n* LSUB () \".\" \"INBOX.a b\"\r\n"
      "* STATUS \"INBOX.a b\" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 5 UNSEEN 0 )\r\n"
      "* FLAGS ($Forwarded \\Draft \\Answered \\Flagged \\Deleted \\Seen \\Recent)\r\n"
      "* OK [PERMANENTFLAGS (\\* \\Draft \\Answered \\Flagged \\Deleted \\Seen)] Limited\r\n"
      "* 1 FETCH (FLAGS (\\Seen) BODY[] {3}\r\nabc)\r\n* 1 FETCH (UID 1 BODY[] \"quoted \\\\ \\\" body\")\r\n"),
    T("Gmail",
      "* OK Gimap ready for requests from 192.0.2.1 x1mb\r\n"
      "* CAPABILITY IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 UIDPLUS COMPRESS=DEFLATE "
      "ENABLE "
      "MOVE CONDSTORE ESEARCH UTF8=ACCEPT LIST-EXTENDED LIST-STATUS LITERAL- SPECIAL-USE APPENDLIMIT=35651584\r\n"
      "* LIST (\\HasChildren \\Noselect) \"/\" \"[Gmail]\"\r\n"
      "* LIST (\\All \\HasNoChildren) \"/\" \"[Gmail]/Alle Nachrichten\"\r\n"
      "* 1 FETCH (X-GM-MSGID 1278455344230334865 X-GM-LABELS (\"\\\\Inbox\" \\Sent Muy {6}\r\na\"b\\c) UID 4 "
      "FLAGS (NotJunk $NotPhishing) BODY[] {5}\r\n12345)\r\n"
      "3 BAD [TOOBIG] Message too large. https://support.google.com/mail/answer/6584\r\n"
      "4 OK [APPENDUID 1 7] (Success) [THROTTLED]\r\n5 OK Success [THROTTLED]\r\n"
      "6 NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)\r\n"
      "* BYE [UNAVAILABLE] Temporary System Error\r\n"),
    T("Exchange", "* OK The Microsoft Exchange IMAP4 service is ready. [AAAA]\r\n\r\n"
                  "* LIST (\\Marked \\HasNoChildren) \"/\" Calendar\r\n\r\n"
                  "* 1 FETCH (BODY[] {4}\r\nabcd UID 9 INTERNALDATE NIL RFC822.SIZE 99999999999)\r\n"
                  "* 2 FETCH (BODY[] NIL UID 10 INTERNALDATE \"30-Dec-1899 00:00:00 +0000\")\r\n"
                  "3 BAD Request is throttled. Suggested Backoff Time: 12000 milliseconds\r\n"
                  "4 BAD Command Argument Error. 11\r\n"
                  "* BYE Connection is closed. 13\r\n"),
    T("Yahoo, UIDONLY",
      "* 25996 UIDFETCH (FLAGS (\\Seen) BODY[] {2}\r\nhi)\r\n* VANISHED 405,407,410:420\r\n"
      "* ESEARCH (TAG \"3\") UID PARTIAL (-1:-100 200:250,252:300)\r\n* ESEARCH (TAG \"4\") UID PARTIAL (1:100 NIL)\r\n"
      "5 OK [MESSAGELIMIT 1000 23221] FETCH completed\r\n6 NO [LIMIT] UID FETCH Rate limit hit.\r\n"),
    T("rev2", "* OK [CAPABILITY IMAP4rev2] hi\r\n* LIST () \"/\" \"new\" (\"OLDNAME\" (\"old name\"))\r\n"
              "* ESEARCH (TAG \"2\") UID MIN 7 MAX 3800 COUNT 4294967295 ALL 7,9,3800 MODSEQ 12121231777\r\n"
              "* 1 FETCH (UID 1 BINARY[] ~{4}\r\n\0\r\n\xfe BINARY.SIZE[] 4)\r\n"),
    T("bare LF", "* OK hi\n* 1 FETCH (UID 3 BODY[] {4}\na\nb\n FLAGS (\\Seen))\n* SEARCH 3\n1 OK\n"),
    T("odd FETCH",
      "* 1 FETCH (UID 0 FLAGS (\\Seen))\r\n* 2 FETCH (UID 4294967296 FLAGS (\\Seen))\r\n* 3 FETCH (UID 7\r\n"
      "* 4 FETCH (UID 8 BODY[] {3}\r\nabc\r\n* 5 FETCH ()\r\n* 6 FETCH (UID 9 BODY[] {1}\r\na BODY[] {2}\r\nbc)\r\n"
      "* 7 FETCH (BODY[HEADER] \"h\" BODY[] {2}\r\nbc UID 10)\r\n* 8 FETCH (UID 11 FLAGS (a \"b\" (c) \\ \\Seenx "
      "d%))\r\n"
      "* 0 FETCH (UID 12)\r\n* FETCH (UID 13)\r\n* 9 FETCH (UID 14 FLAGS (\"x))\r\n* 9 FETCH (UID 15 BODY[1] "
      "{3}\r\nabc)\r\n"
      "* 10 FETCH (UID 16 BODY[]<0> {3}\r\nabc BODY[]<9> {1}\r\nz)\r\n* 11 FETCH (UID 17 ENVELOPE (NIL {3}\r\na)b "
      "NIL))\r\n"
      "* 12 FETCH (RFC822 {2}\r\nab UID 18 RFC822.HEADER {1}\r\nc RFC822.TEXT NIL)\r\n* 13 FETCH (UID 19 X)\r\n"),
    T("odd lists",
      "* LIST (\\Noselect \\Noselect \\Marked \\Foo word \\Noselectx) \"\" \"\"\r\n* LIST () / a\r\n* LIST () \"/\"\r\n"
      "* LIST () \"/\" a b\r\n* LIST (() \"/\" a\r\n* LIST () \"/\" {3}\r\na\0b\r\n* LIST () \"\\\"\" a(b)\r\n"
      "* STATUS a\r\n* STATUS a ()\r\n* STATUS a (MESSAGES)\r\n* status a (messages 4294967296 Unseen 1)\r\n"
      "* STATUS {2}\r\n\"\\ (MESSAGES 1)\r\n* LIST () \"/\" \"a{3}\r\n* LIST () \"/\" a{3}\r\n"),
    T("odd sets",
      "* SEARCH 1 x\r\n* SEARCH 0\r\n* SEARCH 4294967296\r\n* SEARCH 3 2 1\r\n* VANISHED 1:*\r\n* VANISHED 5:1,3\r\n"
      "* VANISHED 1,,2\r\n* VANISHED 1, 2\r\n* VANISHED\r\n* ESEARCH ALL 1:\r\n* ESEARCH (TAG \"1\" UID ALL 3\r\n"
      "* ESEARCH UID ALL 1:5 7\r\n* ESEARCH UID FOO (a b) BAR 3 ALL 1:5,7 COUNT 6\r\n* SEARCH 1 2 (MODSEQ x)\r\n"
      "* SEARCH 1:2\r\n* ESEARCH (TAG \"abc\") UID COUNT x\r\n"),
    T("C1, C2, C3, C4: codes that crash libetpan",
      "* OK [BADCHARSET (\"x\")] hi\r\n* NO [BADCHARSET (A)] [BADCHARSET (A)] x\r\n1 NO [BADCHARSET (A)] no\r\n"
      "* OK [ALERT]\r\n* OK [PARSE]\r\n* OK [ALERT] \r\n* OK [PERMANENTFLAGS (\x01\r\n* OK [PERMANENTFLAGS (\x01)] "
      "x\r\n"
      "* OK [PERMANENTFLAGS (\\Seen \xff \\* a)] x\r\n* OK [PERMANENTFLAGS\r\n+ [BADCHARSET (\"]\")]\r\n2 OK\r\n3 OK "
      "\r\n"
      "* OK [CAPABILITY] x\r\n* OK [CAPABILITY AUTH= %] x\r\n* OK [UIDNEXT 4294967296] x\r\n* OK [UIDNEXT] x\r\n"
      "4 OK [APPENDUID 1 4294967296] x\r\n5 OK [APPENDUID 1 1:*] x\r\n6 OK [COPYUID 1 2] x\r\n7 OK [] x\r\n8 OK [ "
      "x\r\n"),
    T("texts with escape sequences and braces", "* OK \x1b[31mred\x1b[0m \xe2\x80\xae {3}\r\n* NO [\x1b[31m] x\r\n1 OK "
                                                "done {10}\r\n* BYE {1}\r\n* PREAUTH {1}\r\n+ {1}\r\n"),
    T("unknown", "* XYZ {3}\r\nabc (({2}\r\n)) {1}\r\n\"\r\n* 5 FOO\r\n* \r\n*\r\n* METADATA \"\" NIL\r\n* OK x\r\n"),
    T("no IMAP", "SSH-2.0-OpenSSH_9.2p1\r\n"),
    T("tag of another", "* OK x\r\nA1 OK done\r\n"),
    T("tag too large", "4294967296 OK done\r\n"),
    T("tagged data", "1 FETCH (UID 1)\r\n"),
    T("NUL in a line", "* OK a\0b\r\n"),
    T("NUL at the start", "\0\r\n"),
    T("a literal's size wraps", "* 1 FETCH (UID 1 BODY[] {4294967306}\r\n0123456789)\r\n"),
    T("a literal's size does not fit", "* 1 FETCH (UID 1 BODY[] {99999999999999999999}\r\n"),
    T("a literal of 4 GiB", "* 1 FETCH (UID 1 BODY[] {4294967294}\r\n0123456789"),
    T("cut in a literal", "* 1 FETCH (UID 1 BODY[] {20}\r\n0123456789"),
    T("cut in a line", "* 1 FETCH (UID 1 "),
    T("cut in a line end", "* OK x\r"),
};

#define TRANSCRIPTS (sizeof transcripts / sizeof *transcripts)

#endif
