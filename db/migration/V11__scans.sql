-- Long scans of the store and the tables, cut into shards that several nodes process: verify and rebuild.

CREATE SEQUENCE scan_shard_claim_seq;

CREATE TABLE scan_shard (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scan          text        NOT NULL,
    since         timestamptz NOT NULL,
    step          text        NOT NULL,
    lower         text        NOT NULL,
    upper         text,
    position      text,
    result        jsonb,
    claimed_by    text,
    claimed_until timestamptz,
    claim_id      bigint,
    done_at       timestamptz,
    CHECK ((claimed_by IS NULL) = (claimed_until IS NULL) AND (claimed_by IS NULL) = (claim_id IS NULL)),
    CHECK (done_at IS NULL OR claim_id IS NULL)
);

-- The next shard of a step, and whether a scan is open.
CREATE INDEX scan_shard_open ON scan_shard (scan, since, step, id) WHERE done_at IS NULL;

COMMENT ON SEQUENCE scan_shard_claim_seq IS 'Numbers the claims of shards: scan_shard.claim_id.';
COMMENT ON TABLE scan_shard IS
    'Shards of the newest scan of each kind, and of the one before until the next begins. A node claims one after the other; a scan is open until all its shards are done.';
COMMENT ON COLUMN scan_shard.id IS 'Shards are claimed in this order.';
COMMENT ON COLUMN scan_shard.scan IS 'The job, and the option that makes it another scan: batch_job_instance.job_name.';
COMMENT ON COLUMN scan_shard.since IS
    'When the scan began, by the clock of the node that cut it: the job parameter since of all nodes that share it.';
COMMENT ON COLUMN scan_shard.step IS
    'The step of the job.';
COMMENT ON COLUMN scan_shard.lower IS 'The range begins after this key: an object name, a digest or the number of a call.';
COMMENT ON COLUMN scan_shard.upper IS 'The range ends with this key; NULL: with the last one of its area.';
COMMENT ON COLUMN scan_shard.position IS
    'Last key whose rows are committed, where the next claim continues; NULL: none, or the tables show what remains.';
COMMENT ON COLUMN scan_shard.result IS
    'Counts of this shard for the summary, committed with its rows. The format may change with the program. NULL: none yet.';
COMMENT ON COLUMN scan_shard.claimed_by IS 'The node that processes it; NULL: none.';
COMMENT ON COLUMN scan_shard.claimed_until IS
    'End of the lease, renewed each minute, by the clock of the database: as worklist.claimed_until.';
COMMENT ON COLUMN scan_shard.claim_id IS
    'Identifies the claim. A node whose claim was lost, because its lease ended, writes nothing.';
COMMENT ON COLUMN scan_shard.done_at IS
    'When its last rows were committed, by the clock of the database. An audit that is joined or resumed reads shards again, for what was stored since.';
