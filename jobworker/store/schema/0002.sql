-- Jobs are listed page by page, the newest first.
CREATE INDEX job_started ON job (started, id);
