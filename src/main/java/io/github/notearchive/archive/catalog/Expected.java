package io.github.notearchive.archive.catalog;

import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectKey;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** An object that exists according to the tables. */
public sealed interface Expected {

    ObjectKey key();

    String description();

    /** A media file, by the lower-case hexadecimal SHA-256 and the number of its bytes. */
    record MediaFile(ObjectKey key, String sha256, long size) implements Expected {

        @Override
        public String description() {
            return size + " bytes, sha256 " + sha256;
        }
    }

    /** The sidecar of a capture; without the digest of its response if the ledger no longer has it. */
    record SidecarFile(
            ObjectKey key,
            NoteId note,
            long call,
            Instant capturedAt,
            @Nullable String answerSha256) implements Expected {

        @Override
        public String description() {
            return "the response of note " + note + " of " + capturedAt;
        }
    }

    /** Result of verifying one object, and the number of bytes read; without damage it is intact. */
    public record Verdict(Expected expected, @Nullable Damage damage, long bytes) {}
}
