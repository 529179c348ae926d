package io.github.notearchive.archive.catalog;

import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectKey;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Collectors;
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
            @Nullable String responseSha256) implements Expected {

        @Override
        public String description() {
            return "the response of note " + note + " of " + capturedAt;
        }
    }

    /** The transparency log, by its checkpoint. */
    record LogObjects(ObjectKey key) implements Expected {

        @Override
        public String description() {
            return "the log of captures";
        }
    }

    /** Result of verifying one object, and the number of bytes read; without damage it is intact. */
    record Verdict(Expected expected, @Nullable Damage damage, long bytes) {}

    /** Damage of an object, with what the store returned, for operators. */
    record Damage(FindingKind kind, String seen) {

        public enum FindingKind {
            /** The store has no such key. */
            MISSING,
            /** The length is correct, the SHA-256 differs. */
            CORRUPT,
            /** The length differs. */
            SIZE,
            /** The store responds, but does not return this object. */
            UNREADABLE,
            /** A slot is STORED with a digest that {@code media_object} lacks. */
            UNRECORDED,
            /** The store has no such sidecar. */
            SIDECAR_MISSING,
            /** The sidecar is unreadable, or is not that of its capture. */
            SIDECAR_CORRUPT,
            /** The sidecar is that of its capture, but differs from the tables or from the log. */
            SIDECAR_STALE,
            /** The object belongs to a note that was erased. */
            FORGOTTEN,
            /** No row refers to the object, or only that of a file that no slot uses. */
            ORPHAN
        }

        public static String describe(Map<FindingKind, Long> counts) {
            return counts.entrySet().stream()
                    .map(count -> count.getKey() + " " + count.getValue())
                    .collect(Collectors.joining(", "));
        }
    }
}
