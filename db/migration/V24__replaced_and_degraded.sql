-- Files that a better rendition has replaced are removed, and notes with lesser renditions are counted.

COMMENT ON TABLE forgotten_object IS
    'Files that no slot needs any more and whose objects are to be removed yet: those of forgotten notes, and those that a better rendition has replaced. Runs and forget remove them, in this order: row, object, entry. An entry whose file a slot uses again is dropped without removal.';
COMMENT ON COLUMN fixity_finding.kind IS
    'MISSING: the store says that there is no such key. SIZE: another length. CORRUPT: the length is right, the SHA-256 is another. UNREADABLE: the store is there but does not give this object. UNRECORDED: a slot in note_media is STORED with a digest that media_object does not have. SIDECAR_MISSING, SIDECAR_CORRUPT: the same for the exact answer of a capture. ORPHAN: no row points at the object, or only a row of media_object that no slot uses.';

-- Which notes have a lesser rendition of a file?
CREATE INDEX note_media_degraded ON note_media (note_id) WHERE reason = 'DEGRADED';

COMMENT ON COLUMN note_media.reason IS
    'STORED: empty, or DEGRADED when a lesser rendition than the best one offered was taken, since the best one was gone or failed at each try of a night; the better one is tried for on later nights while the answer is fresh, and requeue --degraded buys a new answer for it. WAIVED: NOT_OFFERED_BY_V1 (the video was not asked for), NOT_OFFERED_BY_V6 (it was, and there is none), NOT_REFRESHED (a refresh found it in a note that was archived without it, and could not have it; error says why, and it is tried for again), BY_POLICY, or what an operator gave. MISSING: RETRY (will be tried again), DEAD (every address dead; a new answer may help), GONE (dead in two answers of different nights) or NO_ANSWER (the call for the video was not made yet, or did not bring the note; error says why).';
COMMENT ON COLUMN api_call.media_gone_at IS
    'When every address of one of its files turned out to be dead, or requeue --degraded asked for better ones: a later night buys a new answer.';
