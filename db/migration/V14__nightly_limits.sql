-- Our own limits of a night hold for all nodes together, also while several run at once.

CREATE TABLE nightly_calls (
    night         date   PRIMARY KEY,
    calls         bigint NOT NULL CHECK (calls >= 0),
    video_calls   bigint NOT NULL CHECK (video_calls >= 0),
    refresh_calls bigint NOT NULL CHECK (refresh_calls >= 0),
    CHECK (video_calls + refresh_calls <= calls)
)
-- One row changes with every call: room on its page keeps its versions there.
WITH (fillfactor = 20);

COMMENT ON TABLE nightly_calls IS
    'How many calls left in each night, whatever node made them. Counted up in the transaction that writes the call''s row of api_call, if our own limits leave one; a run that begins raises it to what api_call holds. It is no history: ask api_call for that.';
COMMENT ON COLUMN nightly_calls.night IS 'The calendar day of Asia/Shanghai in which they were sent.';
COMMENT ON COLUMN nightly_calls.calls IS 'Calls of all kinds: what archive.source.calls-per-night limits.';
COMMENT ON COLUMN nightly_calls.video_calls IS 'Among them those for videos: what archive.video.calls-per-night limits.';
COMMENT ON COLUMN nightly_calls.refresh_calls IS 'Among them those about notes that were archived: what archive.refresh limits.';

-- How many bytes of media a night has stored, which archive.limits.bytes-per-night limits.
CREATE INDEX media_object_stored ON media_object (stored_at) INCLUDE (size_bytes);
