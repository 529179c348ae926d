package io.github.notearchive.archive.catalog;

import java.util.Map;
import java.util.stream.Collectors;

/** Damage of an object, with what the store returned, for operators. */
public record Damage(Kind kind, String seen) {

    public enum Kind {
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
        /** No row refers to the object, or only that of a file that no slot uses. */
        ORPHAN
    }

    public static String describe(Map<Kind, Long> counts) {
        return counts.entrySet().stream()
                .map(count -> count.getKey() + " " + count.getValue())
                .collect(Collectors.joining(", "));
    }
}
