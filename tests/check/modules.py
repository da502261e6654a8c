"""The modules of the library: the one table that both checks, of includes and of linked symbols, hold the code to.

docs/architecture.md shows it to people; test_layers.py compares the two.
"""

# Module -> the modules whose internal headers it may include.
MODULES = {
    "base": set(),
    "mail": {"base"},
    "provider": {"base"},
    "net": {"base"},
    "imap": {"net", "mail", "base"},
    "folders": {"mail", "base"},
    "state": {"mail", "base"},
    "secret": {"base"},
    # A virus scanner by its socket: it knows octets and verdicts, and nothing of mail.
    "scanner": {"net", "base"},
    "account": {"folders", "imap", "net", "mail", "base"},
    "reading": {"account", "imap", "mail", "base"},
    "archive": {"scanner", "reading", "account", "folders", "imap", "mail", "base"},
    "copy": {"archive", "scanner", "reading", "account", "state", "folders", "imap", "mail", "base"},
    "verify": {"reading", "account", "state", "folders", "imap", "mail", "base"},
    "dedup": {"account", "state", "folders", "imap", "mail", "base"},
    "inventory": {"scanner", "reading", "account", "state", "folders", "imap", "mail", "base"},
    # Mail filters: ManageSieve, what scripts say, and carrying them over.
    "sieve": {"account", "state", "folders", "imap", "net", "mail", "base"},
    # What a server can do and where its limits are; quota answers are read as taking stock does.
    "measure": {"inventory", "account", "imap", "mail", "base"},
    "store": {"archive", "folders", "imap", "mail", "base"},
    "status": {"state", "imap", "base"},
    # Names and DNS: nothing of mail; the mail engine does not know it (-DMIG_WITH_DOMAIN=OFF).
    "domain": {"net", "base"},
    # From an address to its server: the questions and parsers of the module above.
    "discover": {"domain", "net", "base"},
    # Many accounts: copy, verify and inventory by their public headers alone.
    "run": {"state", "base"},
    # What a verification found, as a list of what is to be put right: from a result, or from its report.
    "mend": {"base"},
    # What people say, by name and value: into the structures of the others.
    "options": {"base"},
    "plan": {"base"},
    "report": {"mail", "base"},
    # The page in the browser; nothing else knows it (-DMIG_WITH_LIVE=OFF).
    "live": {"report", "base"},
}
# Beyond the table: the statistics of streams, which copy, verify and archive sum up.
ALSO = {"copy": {"net/stream.h"}, "verify": {"net/stream.h"}, "archive": {"net/stream.h"}}

# Module -> the modules whose functions it calls besides those: through their public headers (migrate/*.h).
PUBLIC = {
    "options": {"run", "inventory", "copy", "verify", "store", "net", "provider", "secret", "scanner"},
    "plan": {"options", "run", "net", "provider"},
    "account": {"provider"},
    "archive": {"net"},
    "copy": {"net"},
    "verify": {"net", "scanner"},
    "dedup": {"net"},
    "inventory": {"net", "provider"},
    "run": {"sieve", "mend", "inventory", "copy", "verify", "account", "provider", "net"},
    "domain": {"provider"},
    "discover": {"provider"},
    "measure": {"provider", "net"},
    "status": {"run"},
    "report": {"dedup", "measure", "sieve", "discover", "domain", "status", "run", "inventory", "verify",
               "archive", "scanner", "copy"},
    "live": {"status"},
}
