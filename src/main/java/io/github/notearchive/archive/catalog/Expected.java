package io.github.notearchive.archive.catalog;

import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectKey;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** An object of which the tables say that it is there. */
public sealed interface Expected {

    ObjectKey key();

    /**
     * A file of some note.
     *
     * @param sha256 of its bytes, in lower-case hexadecimal
     * @param size in bytes
     */
    record MediaFile(ObjectKey key, String sha256, long size) implements Expected {}

    /**
     * The exact answer of a capture.
     *
     * @param call the row of the ledger that bought it
     * @param capturedAt when it was received
     * @param answerSha256 the SHA-256 of the answer, in lower-case hexadecimal; null when the ledger holds it no more
     */
    record SidecarFile(
            ObjectKey key,
            NoteId note,
            long call,
            Instant capturedAt,
            @Nullable String answerSha256) implements Expected {}
}
