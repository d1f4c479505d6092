-- What has happened to jobs, so that somebody can be told of it later.

-- The revision of the last change of the job.  0: it was before there were
-- any.
ALTER TABLE job ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;

-- What tells this journal apart from all others.  There is one row.
CREATE TABLE journal (
    identity TEXT NOT NULL
);

INSERT INTO journal VALUES (lower(hex(randomblob(16))));

-- The last changes, written in the transactions that made them.
CREATE TABLE change (
    -- One more than that of the change before, of whatever job.
    revision INTEGER NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL
        CHECK (kind IN ('started', 'changed', 'ended', 'deleted')),
    -- When: nanoseconds since the epoch.
    at INTEGER NOT NULL,
    -- The job.
    id TEXT NOT NULL,
    -- What can change of it, as it was then: the columns of the same names.
    -- The rest stands where the job does.
    phase TEXT NOT NULL,
    stop_by TEXT,
    stop_signal INTEGER,
    stop_grace REAL,
    stop_at INTEGER,
    stop_cause TEXT,
    stop_reason TEXT,
    exit_code INTEGER,
    exit_signal INTEGER,
    cause TEXT,
    ended INTEGER,
    reason TEXT,
    user_time INTEGER,
    system_time INTEGER
);

-- Jobs that were deleted by one of these changes, without the values of
-- variables: the columns of the same names.
CREATE TABLE gone (
    -- That of the deletion.
    revision INTEGER NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    owner TEXT NOT NULL,
    program TEXT NOT NULL,
    arguments TEXT NOT NULL,
    pid INTEGER NOT NULL,
    process_start INTEGER NOT NULL,
    process_boot TEXT NOT NULL,
    started INTEGER NOT NULL,
    specification TEXT NOT NULL,
    created INTEGER
);

CREATE INDEX gone_id ON gone (id, revision);
