-- When the job was asked for.  NULL: nobody knows, as for all jobs before this.
ALTER TABLE job ADD COLUMN created INTEGER;

-- Nanoseconds of processors that the command and those of its children which
-- it waited for have used: as themselves, and in the kernel for them.  Both are
-- NULL while it runs, and for ever if nobody was there to see.
ALTER TABLE job ADD COLUMN user_time INTEGER;
ALTER TABLE job ADD COLUMN system_time INTEGER;
