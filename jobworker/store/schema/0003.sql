-- What jobs ask for beside their commands.

-- A JSON object of what was asked for, see jobworker/packing.py.
ALTER TABLE job ADD COLUMN specification TEXT NOT NULL DEFAULT '{}';

-- The key that the owner gave to the start, so that he can repeat it.  NULL:
-- none.
ALTER TABLE job ADD COLUMN start_key TEXT;

CREATE UNIQUE INDEX job_start_key ON job (owner, start_key)
    WHERE start_key IS NOT NULL;

-- The cause of an ending may now be 'timed out' or 'idle', too.
