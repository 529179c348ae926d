-- How each run ended and what it left, and which archive this is.

CREATE TABLE run_summary (
    id                 bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_execution_id   bigint      UNIQUE,
    night              date        NOT NULL,
    node               text        NOT NULL,
    began_at           timestamptz NOT NULL,
    ended_at           timestamptz NOT NULL,
    exit_number        smallint    NOT NULL,
    exit_code          text        NOT NULL,
    reason             text        NOT NULL,
    archived           bigint      NOT NULL,
    unavailable        bigint      NOT NULL,
    postponed          bigint      NOT NULL,
    failed             bigint      NOT NULL,
    released           bigint      NOT NULL,
    refreshed          bigint      NOT NULL,
    files_stored       bigint      NOT NULL,
    bytes_stored       bigint      NOT NULL,
    files_differing    bigint      NOT NULL,
    media_requests     bigint      NOT NULL,
    retried            bigint      NOT NULL DEFAULT 0,
    calls_allowed      bigint,
    worklist_pending   bigint      NOT NULL,
    worklist_postponed bigint      NOT NULL,
    worklist_archived  bigint      NOT NULL,
    worklist_gone      bigint      NOT NULL,
    worklist_failed    bigint      NOT NULL,
    due                bigint      NOT NULL,
    objects            bigint      NOT NULL,
    object_bytes       bigint      NOT NULL,
    oldest_verified_at timestamptz,
    never_verified     bigint      NOT NULL,
    open_findings      bigint      NOT NULL,
    open_notes         jsonb       NOT NULL,
    settings           jsonb       NOT NULL,
    cost               numeric,
    currency           text,
    survival           jsonb,
    CHECK ((cost IS NULL) = (currency IS NULL)),
    CHECK (ended_at >= began_at)
);

-- The runs of a night, the nights before, and the last one of each.
CREATE INDEX run_summary_night ON run_summary (night, node, id);

COMMENT ON TABLE run_summary IS
    'How each run ended and what it left: one row, written when it was over. A run that was killed has none, but a row in batch_job_execution; one that found another run active, or no database, has neither. report and status read it.';
COMMENT ON COLUMN run_summary.id IS 'In the order in which the runs ended.';
COMMENT ON COLUMN run_summary.job_execution_id IS
    'batch_job_execution.job_execution_id; NULL: it ended before one began, such as when the store was unavailable or the gate closed.';
COMMENT ON COLUMN run_summary.night IS
    'The calendar day of Asia/Shanghai in which it began. A run that resumes the instance of an earlier night has the later night here.';
COMMENT ON COLUMN run_summary.node IS 'archive.node of the process.';
COMMENT ON COLUMN run_summary.began_at IS 'When the command began.';
COMMENT ON COLUMN run_summary.ended_at IS 'When it was over; all counts of what there is are of this moment.';
COMMENT ON COLUMN run_summary.exit_number IS 'What the process returned.';
COMMENT ON COLUMN run_summary.exit_code IS
    'Its name: COMPLETED, FAILED, USAGE, QUOTA_EXHAUSTED, BLOCKED_TOKEN, BLOCKED_PERMISSION, BLOCKED_BALANCE, INCOMPLETE, INTERRUPTED or UPSTREAM_UNAVAILABLE.';
COMMENT ON COLUMN run_summary.reason IS 'Why it ended so, for a person to read.';
COMMENT ON COLUMN run_summary.archived IS 'Notes that this run brought to their end complete.';
COMMENT ON COLUMN run_summary.unavailable IS 'Notes that it found not to be there, or no longer.';
COMMENT ON COLUMN run_summary.postponed IS 'Notes that this run postponed and that no later run of its night settled.';
COMMENT ON COLUMN run_summary.failed IS 'Notes that failed permanently in this run and that no later run of its night settled.';
COMMENT ON COLUMN run_summary.released IS 'Notes that the run released unchanged.';
COMMENT ON COLUMN run_summary.refreshed IS 'Archived notes that were fetched again.';
COMMENT ON COLUMN run_summary.files_stored IS 'Files that it stored, without those that were there.';
COMMENT ON COLUMN run_summary.bytes_stored IS 'Bytes of these files.';
COMMENT ON COLUMN run_summary.files_differing IS 'Files that it stored although their length or MD5 is not that of the response.';
COMMENT ON COLUMN run_summary.media_requests IS 'Requests to media servers, which cost nothing.';
COMMENT ON COLUMN run_summary.retried IS 'Postponements and failures of notes that this run, or a later one of its night, processed again.';
COMMENT ON COLUMN run_summary.calls_allowed IS 'Our own limit of calls in that night, of all nodes; NULL: none.';
COMMENT ON COLUMN run_summary.worklist_pending IS 'Notes that were PENDING when it was over.';
COMMENT ON COLUMN run_summary.worklist_postponed IS 'Notes that were POSTPONED then.';
COMMENT ON COLUMN run_summary.worklist_archived IS 'Notes that were ARCHIVED then.';
COMMENT ON COLUMN run_summary.worklist_gone IS 'Notes that were UNAVAILABLE then.';
COMMENT ON COLUMN run_summary.worklist_failed IS 'Notes that were FAILED then.';
COMMENT ON COLUMN run_summary.due IS 'Notes that were due then.';
COMMENT ON COLUMN run_summary.objects IS 'Rows of media_object then: files in the store.';
COMMENT ON COLUMN run_summary.object_bytes IS 'Bytes of these files.';
COMMENT ON COLUMN run_summary.oldest_verified_at IS
    'When the file was verified that was so the longest ago; NULL: there is none that ever was.';
COMMENT ON COLUMN run_summary.never_verified IS
    'Files that were not verified since the tables were rebuilt from the bucket.';
COMMENT ON COLUMN run_summary.open_findings IS 'Findings of audits that were open then.';
COMMENT ON COLUMN run_summary.open_notes IS
    'The notes that were POSTPONED or FAILED then, counted by reason: a list of {"state", "reason", "code", "notes"}. Contains no note id.';
COMMENT ON COLUMN run_summary.settings IS
    'The settings in force that matter for what it did, by name; no secret is among them.';
COMMENT ON COLUMN run_summary.cost IS
    'Cost of its billed calls, by archive.source.price at that time; NULL: no price was set.';
COMMENT ON COLUMN run_summary.currency IS 'Currency of cost, as ISO 4217 code.';
COMMENT ON COLUMN run_summary.survival IS
    'Shares of all notes that are available, by days, each with the notes that were observed for so long: {"1": {"share": 0.99, "atRisk": 120}}; without those of fewer than 10 notes. NULL: the estimate took more than ten seconds, or the run was interrupted or ended before an execution.';

-- The database and the bucket of one archive know each other: a restored older dump, or a bucket of another archive, is refused.
CREATE TABLE archive (
    only_one   boolean     PRIMARY KEY DEFAULT true CHECK (only_one),
    archive_id uuid        NOT NULL,
    revision   bigint      NOT NULL CHECK (revision > 0),
    revised_at timestamptz NOT NULL
);

COMMENT ON TABLE archive IS
    'One row: which archive this is, and its revision. The object archive.json in the bucket holds the same, and never a higher revision than the database that wrote it. Empty until the first run or rebuild.';
COMMENT ON COLUMN archive.only_one IS 'True: the table has one row at most.';
COMMENT ON COLUMN archive.archive_id IS
    'Random identifier of the archive, created by its first run; rebuild takes it from the bucket.';
COMMENT ON COLUMN archive.revision IS
    'Counter: 1 more at the start and at the end of each run and each forget, each minute of a run, and at each waive; committed before archive.json is written. A bucket with a higher revision was written after this database was dumped.';
COMMENT ON COLUMN archive.revised_at IS 'When the revision was counted up last, by the clock of the node.';

-- Spring Batch stores local times of the process, and the process runs in UTC independent of the zone of the machine.
COMMENT ON TABLE batch_job_execution IS
    'Executions of jobs, by Spring Batch. Its times are in UTC, without a time zone; run_summary has the times of runs as timestamptz.';
COMMENT ON TABLE batch_step_execution IS
    'Executions of steps, by Spring Batch. Its times are in UTC, without a time zone.';
