package io.github.notearchive.note;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A place that a note's answer promises a file for.
 *
 * @param kind what is expected there
 * @param ordinal the place among those of its kind, from 0, in the order of the answer; a live
 *     photo's motion has the ordinal of its still
 * @param identity the source's own name for the file ({@code fileid}, {@code live_photo_file_id},
 *     {@code video_id}, {@code sound_id}); the last part of the first address's path when the
 *     answer names none. From outside: never part of an object key or a file name
 * @param candidates where the bytes may be found, best first; may be empty, which is a gap that
 *     shows
 * @param notOffered why this endpoint offers no address at all; such a slot is waived by this name.
 *     Null for all others
 */
public record MediaSlot(
        MediaKind kind,
        int ordinal,
        String identity,
        List<MediaCandidate> candidates,
        @Nullable String notOffered) {

    public MediaSlot {
        if (ordinal < 0) {
            throw new IllegalArgumentException("An ordinal counts from 0, not " + ordinal);
        }
        candidates = List.copyOf(candidates);
    }

    /** Prints without addresses, whose signatures belong in no log. */
    @Override
    public String toString() {
        return kind + " " + ordinal;
    }
}
