-- Items in order of arrival, the seeds they were read from, and the validators of documents.
-- Instants are seconds since the epoch with the offset from UTC in seconds beside them; `changed_at` is in
-- milliseconds, since many items change within one second.

CREATE TABLE items (
    seq              INTEGER PRIMARY KEY AUTOINCREMENT,  -- arrival order, never given twice
    id               TEXT    NOT NULL,
    handle           INTEGER NOT NULL,                   -- first 64 bits of the digest of id
    state            INTEGER NOT NULL,                   -- 0 live, 1 scheduled, 2 withdrawn
    published        INTEGER NOT NULL,
    published_offset INTEGER NOT NULL,
    published_source INTEGER NOT NULL,
    updated          INTEGER NOT NULL,
    updated_offset   INTEGER NOT NULL,
    updated_source   INTEGER NOT NULL,
    changed_at       INTEGER NOT NULL,                   -- when subscribers last got something new
    withdrawn_at     INTEGER,
    restored_at      INTEGER,                            -- came back after a withdrawal: no update time before this
    standing         BLOB    NOT NULL,                   -- path of the seed whose version stands
    url              TEXT,
    title            TEXT    NOT NULL,
    source           TEXT,
    language         TEXT,
    author           TEXT,
    categories       TEXT    NOT NULL,                   -- JSON array
    body             BLOB    NOT NULL                    -- zstd of the JSON array [summary or null, content]
) STRICT;
CREATE INDEX items_by_handle ON items (handle);
CREATE INDEX items_due       ON items (published)            WHERE state = 1;
CREATE INDEX items_withdrawn ON items (withdrawn_at)         WHERE state = 2;

-- Every identity key under which an item was ever seen (16-byte digest of the key). They are looked for by item only
-- when items are forgotten, and then all are looked through.
CREATE TABLE keys (
    key BLOB    PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE seeds (
    path             BLOB    PRIMARY KEY,
    size             INTEGER NOT NULL,
    mtime_ns         INTEGER NOT NULL,
    ctime_ns         INTEGER NOT NULL,
    inode            INTEGER NOT NULL,
    digest           BLOB    NOT NULL,                   -- 16 bytes
    first_seen       INTEGER NOT NULL,
    arrival          INTEGER NOT NULL,                   -- milliseconds: when this version was read
    seq              INTEGER,                            -- its item; none when the seed never gave one
    has_path_key     INTEGER NOT NULL,                   -- 1 when the identity is the path itself
    published        INTEGER,                            -- times of this version, as they stand for subscribers
    published_offset INTEGER,
    published_source INTEGER,
    updated          INTEGER,
    updated_offset   INTEGER,
    updated_source   INTEGER,
    missing_since    INTEGER                             -- milliseconds; set while the file is gone
) STRICT, WITHOUT ROWID;
CREATE INDEX seeds_by_item ON seeds (seq);
CREATE INDEX seeds_by_text ON seeds (digest)        WHERE has_path_key = 1;
CREATE INDEX seeds_missing ON seeds (missing_since) WHERE missing_since IS NOT NULL;

CREATE TABLE diagnostics (
    path     BLOB    NOT NULL,
    line     INTEGER,
    rejected INTEGER NOT NULL,
    code     TEXT    NOT NULL,
    reason   TEXT    NOT NULL
) STRICT;
CREATE INDEX diagnostics_by_path ON diagnostics (path);

CREATE TABLE feeds (
    feed           INTEGER PRIMARY KEY,
    path           TEXT    NOT NULL UNIQUE,
    kind           INTEGER NOT NULL,                     -- 0 configured, 1 by source, 2 by language, 3 by category
    name           TEXT    NOT NULL,                     -- source, language or category; empty for configured ones
    filter         TEXT    NOT NULL,                     -- fingerprint of the filter that `members` was filled with
    updated        INTEGER,                              -- none until the feed was first published
    updated_offset INTEGER NOT NULL,
    changed_at     INTEGER NOT NULL,
    filled_at      INTEGER NOT NULL DEFAULT 0,           -- milliseconds: no document of the feed is older than this
    placed         INTEGER NOT NULL DEFAULT 0,           -- positions given out; none is given twice
    live           INTEGER NOT NULL DEFAULT 0            -- members that are not gone
) STRICT;
CREATE INDEX feeds_largest ON feeds (kind, live DESC, path) WHERE kind > 0;

-- Which items every feed has had, in the order in which they came in. A position stays with its item for good, and so
-- does the archive page that follows from it.
CREATE TABLE members (
    feed       INTEGER NOT NULL,
    position   INTEGER NOT NULL,                         -- from 0
    seq        INTEGER NOT NULL,
    updated    INTEGER NOT NULL,
    handle     INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    gone_at    INTEGER,                                  -- milliseconds; set while the item is not in the feed
    PRIMARY KEY (feed, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX members_by_item ON members (seq, feed);
CREATE INDEX members_newest  ON members (feed, updated DESC, handle) WHERE gone_at IS NULL;
CREATE INDEX members_changed ON members (feed, changed_at DESC)      WHERE gone_at IS NULL;
CREATE INDEX members_gone    ON members (feed, gone_at DESC)         WHERE gone_at IS NOT NULL;

-- When the set or the text of an archive page last changed; without a row, when its feed was filled.
CREATE TABLE pages (
    feed       INTEGER NOT NULL,
    page       INTEGER NOT NULL,                         -- from 1, the oldest
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (feed, page)
) STRICT, WITHOUT ROWID;

CREATE TABLE documents (
    path          TEXT    PRIMARY KEY,
    digest        BLOB    NOT NULL,
    last_modified INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
