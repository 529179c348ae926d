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
    'One row: the pace of calls that all nodes keep together, by the database''s clock. Changed before each call, and when the provider answers 302 or HTTP 429. Losing it costs a pause at most.';
COMMENT ON COLUMN call_pace.one IS 'True: there is one row.';
COMMENT ON COLUMN call_pace.next_at IS 'When the next call may leave. Whoever takes that moves it on by what archive.source.calls-per-second and share make the distance between two calls.';
COMMENT ON COLUMN call_pace.share IS 'The share of the configured rate that is used: halved by each 302, and one twentieth more with each other answer.';
COMMENT ON COLUMN call_pace.pause IS 'How long the last pause was; 0 since an answer other than 302. The next one is twice as long.';
COMMENT ON COLUMN call_pace.paused_until IS 'No call leaves before this time.';
COMMENT ON COLUMN call_pace.throttles IS 'Counts the pauses. A call names the one that was the last when it left, so that of calls that left together the first 302 counts.';

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
    'Each time an answer of the provider ended all runs that were active: the quota of the day, or a refused account. A run heeds what others wrote after it began, so a later run asks again. What keeps later runs from asking is source_gate.';
COMMENT ON COLUMN run_stop.id IS 'In the order in which they were met; a run heeds those behind the last one that it found when it began.';
COMMENT ON COLUMN run_stop.code IS 'The provider''s code: 303 for the quota; 100, 600, 601 or 602 for the account.';
COMMENT ON COLUMN run_stop.reason IS 'The answer, for a person to read.';
COMMENT ON COLUMN run_stop.met_at IS 'When the answer came, by the clock of the node that met it.';
COMMENT ON COLUMN run_stop.holds_until IS 'For 303 the end of that night, from which it ends no run any more; NULL for the others.';
COMMENT ON COLUMN run_stop.job_execution_id IS 'The run that met it: batch_job_execution.job_execution_id.';

COMMENT ON TABLE nightly_calls IS
    'How many calls left in each night, whatever node made them, of those that one of our own limits is about: counted up in the statement that writes the call''s row of api_call, if the limits leave one. A run that begins raises it to what api_call holds. It is no history: ask api_call for that.';
