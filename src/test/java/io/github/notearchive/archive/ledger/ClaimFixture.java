package io.github.notearchive.archive.ledger;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.FetchRequest;

/** Claimed notes on the worklist, which a call requires. */
final class ClaimFixture {

    private static final long CLAIM = 7;

    private ClaimFixture() {}

    /** Inserts a note if it is missing, and claims it. */
    static FetchRequest of(ArchiveDatabase database, NoteId id) {
        database.update("""
                        INSERT INTO worklist (note_id, state, due_at, enqueued_at, claimed_by, claimed_until, claim_id)
                        VALUES (?, 'PENDING', now(), now(), 'main', now() + interval '1 hour', ?)
                        ON CONFLICT (note_id) DO UPDATE
                        SET claimed_by = EXCLUDED.claimed_by, claimed_until = EXCLUDED.claimed_until, claim_id = EXCLUDED.claim_id
                        """, id.value(), CLAIM);
        return new FetchRequest(id, CLAIM, null);
    }
}
