-- Calls and their responses. A row is committed before its request is sent; a response before it is used.

CREATE TABLE api_call (
    id               bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    note_id          text COLLATE "C" NOT NULL CHECK (note_id ~ '^[0-9a-f]{24}$'),
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
    response         bytea,
    media_gone_at    timestamptz,
    refresh          boolean     NOT NULL DEFAULT false,
    recovered_at     timestamptz,
    CONSTRAINT api_call_response_check
        CHECK (response IS NULL OR (received_at IS NOT NULL AND (billed = 'YES' OR (billed = 'UNKNOWN' AND code IS NULL))))
);

-- Responses stay for days only: compressing them would cost a sixth of the CPU time of a night in PostgreSQL.
ALTER TABLE api_call ALTER COLUMN response SET STORAGE EXTERNAL;

-- Finds a paid response of a note; for explain and note_gone: every call of a note, without reading the
-- rows, which hold whole responses.
CREATE INDEX api_call_note ON api_call (note_id, id DESC) INCLUDE (endpoint, received_at, code);
-- Calls and bill of a night.
CREATE INDEX api_call_sent ON api_call (sent_at) INCLUDE (code, billed);
-- Calls and bill of a run.
CREATE INDEX api_call_execution ON api_call (job_execution_id) INCLUDE (billed);
-- Expired responses: their sidecar is stored, so the copy here may be removed.
CREATE INDEX api_call_held ON api_call (received_at) WHERE response IS NOT NULL;
CREATE INDEX api_call_refresh ON api_call (sent_at) WHERE refresh;
-- archive.retention.calls: few calls are unbilled.
CREATE INDEX api_call_unbilled ON api_call (sent_at) WHERE billed = 'NO';
-- retry_history.
CREATE INDEX api_call_retry ON api_call (note_id, endpoint, sent_at) WHERE code = 301;

COMMENT ON TABLE api_call IS
    'The ledger: one row for each request to the provider, written before it leaves. A row without received_at was in flight when its process died: it may have been billed.';
COMMENT ON COLUMN api_call.id IS 'Numbered in the order of sending.';
COMMENT ON COLUMN api_call.note_id IS 'The requested note.';
COMMENT ON COLUMN api_call.endpoint IS 'Which question: note-detail/v1, the note; note-detail/v6, its video.';
COMMENT ON COLUMN api_call.sent_at IS
    'Just before the request left.';
COMMENT ON COLUMN api_call.received_at IS 'When the response or the fault was received; NULL: none was recorded.';
COMMENT ON COLUMN api_call.duration_ms IS 'Milliseconds from sending the request to the whole response.';
COMMENT ON COLUMN api_call.http_status IS 'HTTP status; NULL when no response came.';
COMMENT ON COLUMN api_call.code IS 'The code in the body; NULL when no readable body came.';
COMMENT ON COLUMN api_call.billed IS
    'YES for code 0 and 201; NO for codes that the vendor does not charge and requests that never left; UNKNOWN else.';
COMMENT ON COLUMN api_call.request_id IS 'The provider''s own id of the request, for its support.';
COMMENT ON COLUMN api_call.message IS 'The provider''s message or the fault, shortened; never a credential.';
COMMENT ON COLUMN api_call.job_execution_id IS
    'The run that made the call: batch_job_execution.job_execution_id; NULL after a rebuild, where that run is unknown.';
COMMENT ON COLUMN api_call.response IS
    'The exact body of a paid response. Emptied only when it is too old to be reused, its sidecar is stored, and the note is ARCHIVED or UNAVAILABLE. Where billed is UNKNOWN: the first response about the note that is no envelope, at most 1 MiB of one that is too long; emptied when it is as old and the note is ARCHIVED or UNAVAILABLE.';
COMMENT ON COLUMN api_call.media_gone_at IS
    'When every URL of one of its files had expired, or requeue --degraded requested better ones: a later night buys a new response.';
COMMENT ON COLUMN api_call.refresh IS
    'Whether the call refreshed an archived note. archive.refresh limits these calls per night.';
COMMENT ON COLUMN api_call.recovered_at IS
    'When a later run of the node that sent the call found no response to it, neither here nor in the node''s files. NULL: there is a response, or the node was not recovered yet. A call without response that is younger than a day and not recovered keeps all nodes from another call about the note.';

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
COMMENT ON COLUMN source_gate.id IS 'Numbered in the order of closing.';
COMMENT ON COLUMN source_gate.code IS 'The provider''s code that closed it: 303.';
COMMENT ON COLUMN source_gate.reason IS 'What was used up, for a person to read.';
COMMENT ON COLUMN source_gate.closed_at IS 'When the code was met.';
COMMENT ON COLUMN source_gate.closed_until IS
    'The next 00:00 of Asia/Shanghai after the code was met: the provider counts by that day.';
COMMENT ON COLUMN source_gate.job_execution_id IS 'The run that met it: batch_job_execution.job_execution_id.';

-- Our own limits of a night hold for all nodes together, also while several run at once.
CREATE TABLE nightly_calls (
    night                date   PRIMARY KEY,
    calls                bigint NOT NULL CHECK (calls >= 0),
    video_calls          bigint NOT NULL CHECK (video_calls >= 0),
    refresh_calls        bigint NOT NULL CHECK (refresh_calls >= 0),
    unbilled_calls       bigint NOT NULL DEFAULT 0,
    unbilled_video_calls bigint NOT NULL DEFAULT 0,
    CHECK (video_calls + refresh_calls <= calls),
    CHECK (unbilled_calls BETWEEN 0 AND calls),
    CHECK (unbilled_video_calls BETWEEN 0 AND least(video_calls, unbilled_calls))
)
-- One row changes with every call: room on its page keeps its versions there.
WITH (fillfactor = 20);

COMMENT ON TABLE nightly_calls IS
    'Number of calls sent in each night by all nodes, of the kinds that one of our own limits covers: counted up in the statement that writes the call''s row of api_call, if the limits leave one. A run that begins raises it to what api_call holds. It is no history: query api_call for that.';
COMMENT ON COLUMN nightly_calls.night IS 'The calendar day of Asia/Shanghai in which they were sent.';
COMMENT ON COLUMN nightly_calls.calls IS 'Calls of all kinds: what archive.source.calls-per-night limits.';
COMMENT ON COLUMN nightly_calls.video_calls IS
    'Among them those for videos: what archive.video.calls-per-night limits.';
COMMENT ON COLUMN nightly_calls.refresh_calls IS
    'Among them those about notes that were archived: what archive.refresh limits.';
COMMENT ON COLUMN nightly_calls.unbilled_calls IS
    'Among calls those that api_call says were not billed, counted when a run begins and when archive.source.cost-per-night leaves no call. That limit counts all others as billed.';
COMMENT ON COLUMN nightly_calls.unbilled_video_calls IS 'Among them those for videos.';

-- Nodes that run at once keep one pace, and what ends the calls of one ends those of all.
CREATE TABLE call_pace (
    one          boolean          PRIMARY KEY DEFAULT true CHECK (one),
    next_at      timestamptz      NOT NULL DEFAULT '-infinity',
    share        double precision NOT NULL DEFAULT 1 CHECK (share > 0 AND share <= 1),
    pause        interval         NOT NULL DEFAULT '0' CHECK (pause >= '0'),
    paused_until timestamptz      NOT NULL DEFAULT '-infinity',
    throttles    bigint           NOT NULL DEFAULT 0
)
-- One row changes with every call: room on its page keeps its versions there.
WITH (fillfactor = 20);

INSERT INTO call_pace DEFAULT VALUES;

COMMENT ON TABLE call_pace IS
    'One row: the pace of calls that all nodes keep together, by the database''s clock. Changed before each call, and when the provider responds with 302 or HTTP 429. Losing it costs a pause at most.';
COMMENT ON COLUMN call_pace.one IS 'True: there is one row.';
COMMENT ON COLUMN call_pace.next_at IS
    'When the next call may be sent. The call that uses this time adds the distance between two calls, which follows from archive.source.calls-per-second and share.';
COMMENT ON COLUMN call_pace.share IS
    'The share of the configured rate that is used: halved by each 302, and one twentieth more with each other response.';
COMMENT ON COLUMN call_pace.pause IS
    'How long the last pause was; 0 since a response other than 302. The next one is twice as long.';
COMMENT ON COLUMN call_pace.paused_until IS 'No call leaves before this time.';
COMMENT ON COLUMN call_pace.throttles IS
    'Counts the pauses. A call names the one that was the last when it left, so that of calls that left together the first 302 counts.';

CREATE TABLE run_stop (
    id               bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code             integer     NOT NULL CHECK (code IN (100, 303, 600, 601, 602)),
    reason           text        NOT NULL,
    met_at           timestamptz NOT NULL,
    holds_until      timestamptz,
    job_execution_id bigint,
    CHECK ((holds_until IS NOT NULL) = (code = 303))
);

COMMENT ON TABLE run_stop IS
    'Responses of the provider that ended all active runs: the quota of the day, or a rejected account. A run observes rows that others wrote after it started, so a later run makes calls again. source_gate keeps later runs from making calls.';
COMMENT ON COLUMN run_stop.id IS
    'In the order of receipt; a run observes the rows after the last one that it found at its start.';
COMMENT ON COLUMN run_stop.code IS 'The provider''s code: 303 for the quota; 100, 600, 601 or 602 for the account.';
COMMENT ON COLUMN run_stop.reason IS 'The response, for operators.';
COMMENT ON COLUMN run_stop.met_at IS 'When the response was received, by the clock of that node.';
COMMENT ON COLUMN run_stop.holds_until IS
    'For 303 the end of that night, from which it ends no run any more; NULL for the others.';
COMMENT ON COLUMN run_stop.job_execution_id IS 'The run that met it: batch_job_execution.job_execution_id.';
