package io.github.notearchive.ledger;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.source.Inquiry;

/** Notes on the worklist that are claimed, without which no call is written down. */
final class Claims {

    private static final long CLAIM = 7;

    private Claims() {}

    /** Puts a note on the worklist if it is not there, and claims it. */
    static Inquiry of(ArchiveDatabase database, NoteId id) {
        database.jdbc().sql("""
                        INSERT INTO worklist (note_id, state, due_at, enqueued_at, claimed_by, claimed_until, claim_id)
                        VALUES (:id, 'PENDING', now(), now(), 'main', now() + interval '1 hour', :claim)
                        ON CONFLICT (note_id) DO UPDATE
                        SET claimed_by = EXCLUDED.claimed_by, claimed_until = EXCLUDED.claimed_until, claim_id = EXCLUDED.claim_id
                        """).param("id", id.value()).param("claim", CLAIM).update();
        return new Inquiry(id, CLAIM, null);
    }
}
