/* net/mail.h - what of a mail can be wrong before it is sent (within net/, for its test). Pure */
#ifndef MIG_NET_MAIL_H
#define MIG_NET_MAIL_H

#include <stdbool.h>

/* "name@example.org", in ASCII and with nothing that a header or a command could take for its own. */
bool mig__mail_address(const char *text);

/* smtp:// or smtps://, a host, perhaps a port, nothing else. 0, or -1. Only literal names of this machine are loopback.
 */
int mig__mail_server(const char *url, bool *loopback);

#endif
