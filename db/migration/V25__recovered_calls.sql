-- A call without a response may have one in a file of its node: no other call is made about the note before that is settled.

ALTER TABLE api_call ADD COLUMN recovered_at timestamptz;

COMMENT ON COLUMN api_call.recovered_at IS
    'When a later run of the node that sent the call found no response to it, neither here nor in the node''s files. NULL: there is a response, or the node was not recovered yet. A call without response that is younger than a day and not recovered keeps all nodes from another call about the note.';
