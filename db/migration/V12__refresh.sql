-- Archived notes are asked about again, so that what becomes of them is known.

ALTER TABLE worklist
    ADD COLUMN refresh_days     integer CHECK (refresh_days BETWEEN 1 AND 36500),
    ADD COLUMN refresh_on       date,
    ADD COLUMN refresh_night    date,
    ADD COLUMN refresh_attempts integer NOT NULL DEFAULT 0 CHECK (refresh_attempts >= 0);

-- The claim of a refresh: the note that has been due for the longest. Looked at when no lane has a note that is due.
CREATE INDEX worklist_refresh ON worklist (refresh_night, note_id)
    WHERE refresh_night IS NOT NULL AND state IN ('ARCHIVED', 'UNAVAILABLE');

COMMENT ON COLUMN worklist.refresh_days IS
    'So many nights after each answer the note is asked about again, whatever archive.refresh says; NULL: as that says. Set by enqueue --refresh-after.';
COMMENT ON COLUMN worklist.refresh_on IS
    'A night in which it is asked about again, once; over when there is an answer of that night or a later one. Set by enqueue --refresh-after.';
COMMENT ON COLUMN worklist.refresh_night IS
    'The night (calendar day of Asia/Shanghai) from which a run may buy a new answer about a note that is ARCHIVED, or that was and is UNAVAILABLE; NULL: never. An answer of that night or later is the new one. Planned from the last answer when the note is archived, and for all notes when archive.refresh has changed.';
COMMENT ON COLUMN worklist.refresh_attempts IS 'Nights in a row in which the refresh that is due came to nothing.';
COMMENT ON COLUMN worklist.state IS
    'PENDING: never asked. POSTPONED: asked, and asked again at due_at. ARCHIVED: every expected file stored or waived by name. UNAVAILABLE: there is no such note, or no longer (what was archived of it stays; note.archived_at tells); looked at again at due_at, or in refresh_night. FAILED: given up, last_error says why; requeue makes it due again.';
COMMENT ON COLUMN worklist.last_error IS
    'What stood in the way last, for a person to read; NULL when nothing does. ARCHIVED: what stood in the way of a refresh.';
COMMENT ON COLUMN worklist.missing_night IS
    'The night in which a successful answer did not hold the note. A second such night makes it UNAVAILABLE.';

ALTER TABLE api_call ADD COLUMN refresh boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN api_call.refresh IS 'Whether it asked anew about a note that was archived. archive.refresh limits these calls by night.';
CREATE INDEX api_call_refresh ON api_call (sent_at) WHERE refresh;

CREATE TABLE refresh_policy (
    only_one   boolean     PRIMARY KEY DEFAULT true CHECK (only_one),
    policy     text        NOT NULL,
    planned_at timestamptz NOT NULL
);

COMMENT ON TABLE refresh_policy IS 'By which settings refresh_night was planned last for all notes. A run that has others plans anew.';
COMMENT ON COLUMN refresh_policy.only_one IS 'True: the table has one row at most.';
COMMENT ON COLUMN refresh_policy.planned_at IS 'When that was.';
COMMENT ON COLUMN refresh_policy.policy IS 'ages and gaps of archive.refresh, in days; off where it is not enabled.';

-- What a later answer no longer lists is kept, and what it adds must not cost an archived note its state.
COMMENT ON COLUMN note_media.ordinal IS
    'From 0, in the order of the answer. A file whose place a later answer gives to another one, and that it does not list elsewhere, stands behind all listed ones.';
COMMENT ON COLUMN note_media.captured_at IS
    'The answer that last listed this file. Older than note.last_captured_at: the note no longer has it, the archive does.';
COMMENT ON COLUMN note_media.reason IS
    'STORED: empty, or DEGRADED when a lesser rendition than the best one offered was taken, whose better one is tried for on later nights while the answer is fresh. WAIVED: NOT_OFFERED_BY_V1 (the video was not asked for), NOT_OFFERED_BY_V6 (it was, and there is none), NOT_REFRESHED (a refresh found it in a note that was archived without it, and could not have it; error says why, and it is tried for again), BY_POLICY, or what an operator gave. MISSING: RETRY (will be tried again), DEAD (every address dead; a new answer may help), GONE (dead in two answers of different nights) or NO_ANSWER (the call for the video was not made yet, or did not bring the note; error says why).';
