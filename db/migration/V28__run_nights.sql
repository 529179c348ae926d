-- The night of a run and the night of its job instance differ for a run that continues an earlier night: a column for each.

CREATE OR REPLACE VIEW run_history AS
SELECT e.job_execution_id,
       e.job_instance_id,
       coalesce((SELECT s.night FROM run_summary s WHERE s.job_execution_id = e.job_execution_id),
                (e.start_time AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Shanghai')::date) AS night,
       (SELECT p.parameter_value FROM batch_job_execution_params p
        WHERE p.job_execution_id = e.job_execution_id AND p.parameter_name = 'node') AS node,
       e.start_time AS started_at,
       e.end_time AS ended_at,
       e.status,
       e.exit_code,
       nullif(e.exit_message, '') AS exit_message,
       (SELECT sum(s.write_count) FROM batch_step_execution s
        WHERE s.job_execution_id = e.job_execution_id AND s.step_name LIKE 'archiveNotes:w%')::bigint AS notes,
       bill.calls,
       bill.billed,
       bill.maybe_billed,
       (SELECT count(*) FROM worklist w
        WHERE w.state = 'POSTPONED' AND w.settled_by = e.job_execution_id) AS left_postponed,
       (SELECT count(*) FROM worklist w
        WHERE w.state = 'FAILED' AND w.settled_by = e.job_execution_id) AS left_failed,
       CASE WHEN e.job_execution_id = (SELECT max(o.job_execution_id)
                                       FROM batch_job_execution o JOIN batch_job_instance oi USING (job_instance_id)
                                       WHERE oi.job_name = 'archiveNotes')
            THEN (SELECT count(*) FROM worklist w WHERE w.due_at <= now())
       END AS due_now,
       (SELECT p.parameter_value FROM batch_job_execution_params p
        WHERE p.job_execution_id = e.job_execution_id AND p.parameter_name = 'night')::date AS instance_night
FROM batch_job_execution e
JOIN batch_job_instance i USING (job_instance_id)
CROSS JOIN LATERAL (
    SELECT count(*) AS calls,
           count(*) FILTER (WHERE c.billed = 'YES') AS billed,
           count(*) FILTER (WHERE c.billed = 'UNKNOWN') AS maybe_billed
    FROM api_call c
    WHERE c.job_execution_id = e.job_execution_id) AS bill
WHERE i.job_name = 'archiveNotes';

COMMENT ON COLUMN run_history.night IS
    'The calendar day of Asia/Shanghai in which the run began, as in run_summary, the report and the log. Of a run without a row in run_summary it is the day of started_at, which is in UTC.';
COMMENT ON COLUMN run_history.instance_night IS
    'The calendar day of Asia/Shanghai in which the job instance was created: the job parameter night. Earlier than night where a run continues the instance of an earlier night.';
