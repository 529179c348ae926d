package io.github.notearchive.provider;

import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.NoteId;
import java.time.Instant;

/**
 * A recorded call.
 *
 * @param number row in the ledger
 * @param id requested note
 * @param sentAt time of sending, in milliseconds
 * @param refresh whether the note is archived and fetched again
 */
public record CallRecord(long number, NoteId id, Endpoint endpoint, Instant sentAt, boolean refresh) {}
