package io.github.notearchive.provider;

import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.NoteId;
import java.time.Instant;

/**
 * A request that is written down and may leave.
 *
 * @param number its row in the ledger
 * @param id the note that is asked about
 * @param endpoint the question
 * @param sentAt when it leaves, to the millisecond
 * @param refresh whether it asks anew about a note that is archived
 */
public record CallRecord(long number, NoteId id, Endpoint endpoint, Instant sentAt, boolean refresh) {}
