-- Who is told of changes. What is still to be sent is not written down anywhere: it follows from the digest that a
-- subscriber was given last and that of the bytes now at the topic, so no crash can lose it.
-- Instants are seconds since the epoch, those about attempts milliseconds.

CREATE TABLE subscriptions (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    kind          INTEGER NOT NULL,                      -- 0 WebSub, 1 ping of another hub, 2 rssCloud
    topic         TEXT    NOT NULL,                      -- absolute URL, exactly as subscribed to
    callback      TEXT    NOT NULL,
    host          TEXT    NOT NULL,                      -- of the callback
    secret        BLOB,
    subscribed_at INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    delivered     BLOB    NOT NULL,                      -- 16-byte digest of the bytes it has
    delivered_at  INTEGER,
    attempted     BLOB    NOT NULL,                      -- digest of the bytes last sent, taken or not
    failures      INTEGER NOT NULL,                      -- since the last success
    problem       TEXT,                                  -- of the last attempt
    next_attempt  INTEGER NOT NULL,                      -- not before this moment
    claimed_until INTEGER NOT NULL,                      -- being sent, by whoever wrote this, until this moment at most
    UNIQUE (topic, kind, callback)
) STRICT;
CREATE INDEX subscriptions_by_topic  ON subscriptions (topic);
CREATE INDEX subscriptions_by_host   ON subscriptions (host);
CREATE INDEX subscriptions_by_expiry ON subscriptions (expires_at);
