-- The tables can be rebuilt from the bucket alone. What is rebuilt was listed, and not read again.

ALTER TABLE media_object ALTER COLUMN verified_at DROP NOT NULL;

COMMENT ON COLUMN media_object.stored_at IS 'When the object came into the store; after a rebuild, what the store itself says.';
COMMENT ON COLUMN media_object.verified_at IS
    'When the store last showed that it holds these bytes: at first, its own digest of the upload. NULL: not since the tables were rebuilt from the bucket.';
COMMENT ON COLUMN note_capture.sidecar_key IS
    'Key of the object with the exact answer, the list of its media and how far the note got, stored before this row. NULL: written by a version that stored it only at the note''s end.';
COMMENT ON COLUMN api_call.sent_at IS 'Just before the request left. After a rebuild from a sidecar of format 1: when the answer was there.';
COMMENT ON COLUMN api_call.job_execution_id IS
    'The run that asked: batch_job_execution.job_execution_id; NULL after a rebuild, where that run is no longer known.';
COMMENT ON COLUMN worklist.settled_by IS
    'The job execution that last decided about it: batch_job_execution.job_execution_id; NULL after a rebuild, where that is no longer known.';
