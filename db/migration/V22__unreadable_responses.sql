-- The first response about a note that cannot be read is kept, since it may have been billed.

ALTER TABLE api_call DROP CONSTRAINT api_call_check;
ALTER TABLE api_call ADD CONSTRAINT api_call_answer_check
    CHECK (answer IS NULL OR (received_at IS NOT NULL AND (billed = 'YES' OR (billed = 'UNKNOWN' AND code IS NULL))))
    NOT VALID;
ALTER TABLE api_call VALIDATE CONSTRAINT api_call_answer_check;

COMMENT ON COLUMN api_call.answer IS
    'The exact body of a paid answer. Emptied only when it is too old to be used again, its sidecar lies in the store, and the note is ARCHIVED or UNAVAILABLE. Where billed is UNKNOWN: the first response about the note that is no envelope, at most 1 MiB of one that is too long; emptied when it is as old and the note is ARCHIVED or UNAVAILABLE.';
