-- The jobs of one service.
--
-- All times are nanoseconds since the epoch, UTC.
CREATE TABLE job (
    -- A UUID in its canonical text form.
    id TEXT NOT NULL PRIMARY KEY,
    -- The subject of the token that the job was started with.
    owner TEXT NOT NULL,
    -- What to run, as it was asked.
    program TEXT NOT NULL,
    -- Its arguments, without the program itself: a JSON array of strings.
    arguments TEXT NOT NULL,
    -- The process id of the command itself.
    pid INTEGER NOT NULL,
    -- When that process was started, in clock ticks after boot, and which
    -- boot: together they tell it from later ones with the same id.
    process_start INTEGER NOT NULL,
    process_boot TEXT NOT NULL,
    -- When the job was started.
    started INTEGER NOT NULL,
    -- How far it has come: its command runs; it has exited and output may
    -- still arrive; nothing of it runs any more.
    phase TEXT NOT NULL CHECK (phase IN ('running', 'draining', 'ended')),
    -- The first request to stop it while its command was running: the subject
    -- who asked; the number of the signal; seconds after which everything is
    -- killed (NULL: never); when; the cause that an ending by it has; and the
    -- same in words, which may be empty.  NULL: none.
    stop_by TEXT,
    stop_signal INTEGER,
    stop_grace REAL,
    stop_at INTEGER,
    stop_cause TEXT,
    stop_reason TEXT,
    -- What its command left with, the exit code or else the number of the
    -- signal.  Both are NULL while it runs, and for ever if nobody was there
    -- to see.
    exit_code INTEGER,
    exit_signal INTEGER,
    -- Why it ended: 'exited', 'signaled', 'stopped', 'log limit', 'lost'.
    cause TEXT,
    -- When it ended.
    ended INTEGER,
    -- What cause, code and signal do not say, in words; may be empty.
    reason TEXT,

    CHECK (exit_code IS NULL OR exit_signal IS NULL),
    CHECK (stop_grace IS NULL OR stop_by IS NOT NULL),
    CHECK ((stop_by IS NULL) = (stop_signal IS NULL)),
    CHECK ((stop_by IS NULL) = (stop_at IS NULL)),
    CHECK ((stop_by IS NULL) = (stop_cause IS NULL)),
    CHECK ((stop_by IS NULL) = (stop_reason IS NULL)),
    CHECK ((phase = 'ended') = (cause IS NOT NULL)),
    CHECK ((phase = 'ended') = (ended IS NOT NULL)),
    CHECK ((phase = 'ended') = (reason IS NOT NULL))
);

-- After a restart the few jobs that have not ended are looked for among the
-- many that have.
CREATE INDEX job_unended ON job (started) WHERE phase != 'ended';
