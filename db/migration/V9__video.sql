-- Videos are asked for by a call of their own, and come with subtitles.

ALTER TABLE note_media
    DROP CONSTRAINT note_media_kind_check,
    ADD CONSTRAINT note_media_kind_check CHECK (kind IN ('IMAGE', 'MOTION', 'AUDIO', 'VIDEO', 'SUBTITLE'));

COMMENT ON COLUMN note_media.kind IS
    'IMAGE: still or cover. MOTION: the moving half of the live photo IMAGE of the same ordinal. AUDIO: sound or music. VIDEO: the video. SUBTITLE: the words spoken in it, one slot a language.';
COMMENT ON COLUMN note_media.identity IS
    'The source''s own name of the file: fileid, live_photo_file_id, video_id, sound_id; else the last part of its first address. SUBTITLE: the language.';
COMMENT ON COLUMN note_media.reason IS
    'STORED: empty, or DEGRADED when a lesser rendition than the best one offered was taken, whose better one is tried for on later nights while the answer is fresh. WAIVED: NOT_OFFERED_BY_V1 (the video was not asked for), NOT_OFFERED_BY_V6 (it was, and there is none), BY_POLICY, or what an operator gave. MISSING: RETRY (will be tried again), DEAD (every address dead; a new answer may help), GONE (dead in two answers of different nights) or NO_ANSWER (the call for the video was not made yet, or did not bring the note; error says why).';
COMMENT ON COLUMN api_call.endpoint IS 'Which question: note-detail/v1, the note; note-detail/v6, its video.';
COMMENT ON COLUMN note_capture.call_id IS
    'The call that bought it. Answers to note-detail/v6 have rows of their own, and change nothing in note.';
