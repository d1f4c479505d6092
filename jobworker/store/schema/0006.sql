-- Jobs are found by the names that people gave to them; most have none.
CREATE INDEX job_name ON job (json_extract(specification, '$.name'), started, id)
    WHERE json_extract(specification, '$.name') IS NOT NULL;
