package io.github.notearchive.archive.catalog;

import java.util.Map;
import java.util.stream.Collectors;

/**
 * What is wrong with an object.
 *
 * @param expected what the tables say, for a person to read
 * @param seen what the store gave, for a person to read
 */
public record Damage(Kind kind, String expected, String seen) {

    /** The names stand in the column {@code fixity_finding.kind}. */
    public enum Kind {
        /** The store says that there is no such key. */
        MISSING,
        /** The length is right, the SHA-256 is another. */
        CORRUPT,
        /** The length is another. */
        SIZE,
        /** The store is there, but does not give this object. */
        UNREADABLE,
        /** A slot is STORED with a digest that {@code media_object} does not have. */
        UNRECORDED,
        /** The store says that there is no such sidecar. */
        SIDECAR_MISSING,
        /** The sidecar cannot be read, or is not that of its capture. */
        SIDECAR_CORRUPT,
        /** No row points at the object, or only that of a file that no slot uses. */
        ORPHAN
    }

    /** How many there are of each kind, in a line. */
    public static String inWords(Map<Kind, Long> counts) {
        return counts.entrySet().stream()
                .map(count -> count.getKey() + " " + count.getValue())
                .collect(Collectors.joining(", "));
    }
}
