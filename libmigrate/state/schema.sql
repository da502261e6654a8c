-- The state file of mailmigrate, version 6. docs/state.md explains it to administrators.
--
-- This file is the one source of the schema: the build embeds it, and a new state file is made by running it. A change
-- here needs a new version in schema.c and a step there that brings older files along.
--
-- Plain SQL with types and constraints that PostgreSQL takes as well. Moments are seconds since 1970-01-01 UTC. NULL
-- means unknown. Names of mailboxes are as they go over the wire (modified UTF-7).

CREATE TABLE account (
    id          INTEGER PRIMARY KEY,
    source      TEXT NOT NULL,              -- user@host:port, never a secret
    target      TEXT NOT NULL,
    lease_owner TEXT,                       -- who works on the account at the moment
    lease_until BIGINT,                     -- others may take it over from then on
    UNIQUE (source, target)
);

CREATE TABLE folder (
    id                 INTEGER PRIMARY KEY,
    account            INTEGER NOT NULL REFERENCES account (id),
    source             TEXT NOT NULL,
    target             TEXT NOT NULL,
    source_mailbox_id  TEXT,                -- RFC 8474 MAILBOXID
    target_mailbox_id  TEXT,
    source_uidvalidity BIGINT NOT NULL,     -- these eight as of the last complete pass; 0: never completed
    source_uidnext     BIGINT NOT NULL,
    source_messages    BIGINT NOT NULL,
    source_modseq      BIGINT NOT NULL,
    target_uidvalidity BIGINT NOT NULL,
    target_uidnext     BIGINT NOT NULL,
    target_messages    BIGINT NOT NULL,
    target_modseq      BIGINT NOT NULL,
    created            SMALLINT NOT NULL,   -- 1: made by this tool on the target
    wanted             BIGINT NOT NULL DEFAULT 0, -- messages that the last pass wanted on the target: when there are
                                            -- fewer rows in state 0 to 3, the rest was not copied
    trouble            TEXT,                -- why the last pass did not get through the folder
    UNIQUE (account, source)
);

-- One row a message. There is no index over digests: they are random, so each new row would rewrite a page of it, many
-- times what the row itself costs. Whoever looks for a digest builds a table in memory (keyindex.h).
CREATE TABLE message (
    id                INTEGER PRIMARY KEY,
    folder            INTEGER NOT NULL REFERENCES folder (id),
    source_uid        BIGINT,               -- NULL: lost when the source's UIDVALIDITY changed
    target_uid        BIGINT,               -- NULL: not known (yet)
    state             SMALLINT NOT NULL,    -- 0 intent, 1 copied, 2 adopted, 3 failed, 4 vanished, 5 deleted,
                                            -- 6 withheld
    previous          SMALLINT,             -- in state 0: what the row goes back to if the target takes nothing
    octets            BIGINT,
    raw               BLOB,                 -- SHA-256 of the octets as the source gave them
    canonical         BLOB,                 -- SHA-256 of the canonical form
    canonical_version SMALLINT,             -- by which rules
    date_utc          BIGINT,               -- INTERNALDATE, and the zone that it was written in
    date_zone         SMALLINT,             -- minutes east of UTC
    flags             TEXT,                 -- as last carried over: sorted, joined by blanks
    email_id          TEXT,                 -- RFC 8474 EMAILID
    message_id        TEXT,                 -- of the header, to name the message in reports
    subject           TEXT,
    code              TEXT,                 -- in states 3 and 6: what was wrong, a stable name
    text              TEXT,                 -- in states 3 and 6: the same in words
    target_gone       BIGINT,               -- since when it is known to be gone from the target; NULL: not gone
    owed              TEXT,                 -- flags of the source that the target did not take: tried again
    mending           SMALLINT,             -- to be sent again: 1 was missing on the target, 2 altered there
    mended            SMALLINT,             -- was sent again for that reason, and taken
    mended_at         BIGINT                -- when, the last time
);
CREATE UNIQUE INDEX message_by_source ON message (folder, source_uid);

-- A batch is on its way to the target: the intent was written before the first octet left, and the row goes with the
-- outcome. What is found here by the next run has to be looked for on the target. Its messages have the ids from
-- first_message on.
CREATE TABLE batch (
    id                 INTEGER PRIMARY KEY,
    folder             INTEGER NOT NULL REFERENCES folder (id),
    first_message      BIGINT NOT NULL,
    messages           BIGINT NOT NULL,
    target_uidvalidity BIGINT NOT NULL,     -- 0: unknown
    target_uidnext     BIGINT NOT NULL,     -- every UID that the batch gets is at least this; 0: unknown
    begun              BIGINT NOT NULL
);

-- The audit trail: who ran what, when, with which version and result.
CREATE TABLE run (
    id      INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (id),
    verb    TEXT NOT NULL,
    version TEXT NOT NULL,
    host    TEXT NOT NULL,
    pid     BIGINT NOT NULL,
    uid     BIGINT NOT NULL,                -- of the operating system's user
    begun   BIGINT NOT NULL,
    ended   BIGINT,                         -- NULL: still running, or killed
    status  TEXT,
    copied  BIGINT,
    failed  BIGINT,
    octets  BIGINT
);

CREATE TABLE event (
    id     INTEGER PRIMARY KEY,
    run    INTEGER NOT NULL REFERENCES run (id),
    at     BIGINT NOT NULL,
    kind   TEXT NOT NULL,                   -- one word: "folder-created", "merkle-root", ...
    folder INTEGER,                         -- without a reference: the record outlives the folder
    text   TEXT NOT NULL
);

-- What a virus scanner said of a message, where it was not "clean", and what was done about it. By content: the same
-- octets have one row, wherever they are.
CREATE TABLE scanned (
    account    INTEGER NOT NULL REFERENCES account (id),
    raw        BLOB NOT NULL,               -- as in message
    verdict    SMALLINT NOT NULL,           -- 1 infected, 2 not scanned
    decision   SMALLINT NOT NULL,           -- 0 copied, 1 quarantined, 2 skipped
    name       TEXT NOT NULL,               -- of the signature; of what was not scanned the reason
    signatures BIGINT,                      -- date of the scanner's signatures; NULL: it does not tell
    at         BIGINT NOT NULL,
    kept       TEXT,                        -- the archive that it was put into
    PRIMARY KEY (account, raw)
);

-- Octets sent to the target on a UTC day (days since 1970-01-01), for --daily-limit over several runs.
CREATE TABLE sent (
    account INTEGER NOT NULL REFERENCES account (id),
    day     BIGINT NOT NULL,
    octets  BIGINT NOT NULL,
    PRIMARY KEY (account, day)
);

-- Messages that were on the target once too often, and were moved away (mailmigrate dedup). An entry is durable before
-- its message is moved.
CREATE TABLE surplus (
    id               INTEGER PRIMARY KEY,
    account          INTEGER NOT NULL REFERENCES account (id),
    from_mailbox     TEXT NOT NULL,         -- of the target
    from_uidvalidity BIGINT NOT NULL,
    from_uid         BIGINT NOT NULL,
    to_mailbox       TEXT NOT NULL,
    to_uidvalidity   BIGINT NOT NULL,
    to_uidnext       BIGINT NOT NULL,       -- what arrives there has at least this UID
    to_uid           BIGINT,                -- NULL: not known (yet)
    kept_uid         BIGINT,                -- the one that stayed; NULL: the entry brings one back
    raw              BLOB NOT NULL,         -- SHA-256 of its octets
    octets           BIGINT NOT NULL,
    undoes           BIGINT,                -- the entry that this one takes back
    state            SMALLINT NOT NULL,     -- 0 begun, 1 moved, 2 brought back, 3 in neither mailbox any more
    at               BIGINT NOT NULL
);

-- For people with a SQL prompt.
CREATE VIEW listing AS
SELECT account.source AS account, folder.source AS source_folder, message.source_uid, folder.target AS target_folder,
       message.target_uid,
       CASE message.state WHEN 0 THEN 'intent' WHEN 1 THEN 'copied' WHEN 2 THEN 'adopted' WHEN 3 THEN 'failed'
                          WHEN 4 THEN 'vanished' WHEN 5 THEN 'deleted' ELSE 'withheld' END AS state,
       message.octets, message.flags, message.message_id, message.subject, message.code, message.text
FROM message JOIN folder ON folder.id = message.folder JOIN account ON account.id = folder.account;
