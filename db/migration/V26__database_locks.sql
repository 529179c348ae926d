-- A note that a run erases because its author was forgotten: who else is to be removed is found without reading all authors.
CREATE INDEX author_person ON author (person_sha256(author_id));

-- Spring Batch stores local times of the process, and the process runs in UTC independent of the zone of the machine.
COMMENT ON TABLE batch_job_execution IS
    'Executions of jobs, by Spring Batch. Its times are in UTC, without a time zone; run_summary has the times of runs as timestamptz.';
COMMENT ON TABLE batch_step_execution IS 'Executions of steps, by Spring Batch. Its times are in UTC, without a time zone.';
COMMENT ON COLUMN run_history.started_at IS
    'In UTC, without a time zone, as Spring Batch writes it; run_summary.began_at is a timestamptz.';
COMMENT ON COLUMN run_history.ended_at IS
    'In UTC, without a time zone; run_summary.ended_at is a timestamptz. NULL: it runs, or it was killed and no later run has noticed.';
