-- What was in force when the command of the job began: a JSON object, see
-- jobworker/conditions.py.  NULL: nobody knows, as for all jobs before this.
ALTER TABLE job ADD COLUMN conditions TEXT;
ALTER TABLE gone ADD COLUMN conditions TEXT;
