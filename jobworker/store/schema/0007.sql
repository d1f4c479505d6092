-- The most memory that the command, or one of those of its children which it
-- waited for, has had at a time, in bytes; and whether it may have been less: 0 or
-- 1.  NULL: nobody saw.
ALTER TABLE job ADD COLUMN peak_memory INTEGER;
ALTER TABLE job ADD COLUMN peak_bound INTEGER;

-- How many bytes the job has written.  Both are NULL until it has ended, and for
-- ever if nobody knows.
ALTER TABLE job ADD COLUMN stdout_bytes INTEGER;
ALTER TABLE job ADD COLUMN stderr_bytes INTEGER;

-- They change with the job.
ALTER TABLE change ADD COLUMN peak_memory INTEGER;
ALTER TABLE change ADD COLUMN peak_bound INTEGER;
ALTER TABLE change ADD COLUMN stdout_bytes INTEGER;
ALTER TABLE change ADD COLUMN stderr_bytes INTEGER;
