-- What was asked and bought. A row is committed before its request leaves; its answer before anyone uses it.

CREATE TABLE api_call (
    id               bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    note_id          text        NOT NULL CHECK (note_id ~ '^[0-9a-f]{24}$'),
    endpoint         text        NOT NULL,
    sent_at          timestamptz NOT NULL,
    received_at      timestamptz,
    duration_ms      integer     CHECK (duration_ms >= 0),
    http_status      integer,
    code             integer,
    billed           text        NOT NULL DEFAULT 'UNKNOWN' CHECK (billed IN ('YES', 'NO', 'UNKNOWN')),
    request_id       text,
    message          text,
    job_execution_id bigint,
    answer           bytea,
    media_gone_at    timestamptz,
    CHECK (answer IS NULL OR (billed = 'YES' AND received_at IS NOT NULL))
);

-- Is there an answer of this note that is paid for already? And explain: every call of a note.
CREATE INDEX api_call_note ON api_call (note_id, id DESC);
-- Calls and bill of a night.
CREATE INDEX api_call_sent ON api_call (sent_at);
-- Calls and bill of a run.
CREATE INDEX api_call_execution ON api_call (job_execution_id);
-- Answers whose time is over: their sidecar is stored, so the copy here may go.
CREATE INDEX api_call_held ON api_call (received_at) WHERE answer IS NOT NULL;

COMMENT ON TABLE api_call IS
    'The ledger: one row for each request to the provider, written before it leaves. A row without received_at was in flight when its process died: it may have been billed.';
COMMENT ON COLUMN api_call.endpoint IS 'Which question: note-detail/v1.';
COMMENT ON COLUMN api_call.sent_at IS 'Just before the request left.';
COMMENT ON COLUMN api_call.received_at IS 'When the answer, or the fault, was there; NULL: never seen by us.';
COMMENT ON COLUMN api_call.duration_ms IS 'Milliseconds from sending to the whole answer.';
COMMENT ON COLUMN api_call.http_status IS 'HTTP status; NULL when no response came.';
COMMENT ON COLUMN api_call.code IS 'The code in the body; NULL when no readable body came.';
COMMENT ON COLUMN api_call.billed IS 'YES for code 0 and 201; NO for codes that the vendor does not charge and requests that never left; UNKNOWN else.';
COMMENT ON COLUMN api_call.request_id IS 'The provider''s own id of the request, for its support.';
COMMENT ON COLUMN api_call.message IS 'The provider''s message or the fault, shortened; never a credential.';
COMMENT ON COLUMN api_call.job_execution_id IS 'The run that asked: batch_job_execution.job_execution_id.';
COMMENT ON COLUMN api_call.answer IS
    'The exact body of a paid answer. Emptied only when it is too old to be used again, its sidecar lies in the store, and the note is ARCHIVED or UNAVAILABLE.';
COMMENT ON COLUMN api_call.media_gone_at IS
    'When every address of one of its files was found dead. On a later night such an answer is bought anew instead of being used again.';

CREATE TABLE source_gate (
    id               bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code             integer     NOT NULL,
    reason           text        NOT NULL,
    closed_at        timestamptz NOT NULL,
    closed_until     timestamptz NOT NULL,
    job_execution_id bigint,
    CHECK (closed_until > closed_at)
);

CREATE INDEX source_gate_until ON source_gate (closed_until);

COMMENT ON TABLE source_gate IS
    'Each time the provider ended a night: closed until when, by which code, by which execution. The gate is closed while a row has closed_until in the future.';
COMMENT ON COLUMN source_gate.closed_until IS 'The next 00:00 of Asia/Shanghai after the code was met: the provider counts by that day.';
COMMENT ON COLUMN source_gate.job_execution_id IS 'The run that met it: batch_job_execution.job_execution_id.';
