package io.github.notearchive.note;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A place that a note's answer promises a file for.
 *
 * @param kind what is expected there
 * @param ordinal the place among those of its kind, from 0, in the order of the answer; a live photo's motion has the
 *     ordinal of its still
 * @param identity the source's own name for the file ({@code fileid}, {@code live_photo_file_id}, {@code video_id},
 *     {@code sound_id}); the last part of the first address's path when the answer names none, or has a placeholder
 *     such as {@code 0} there. At most 200 characters, see {@link SourceName#bounded}. From outside: never part of an
 *     object key or a file name
 * @param candidates where the bytes may be found, best first; may be empty, which is a gap that shows
 * @param named whether the source itself gave the name, so that the same name elsewhere is the same file
 * @param notOffered why this endpoint offers no address at all; such a slot is waived by this name. Null for all others
 */
public record MediaSlot(
        MediaKind kind,
        int ordinal,
        String identity,
        List<MediaCandidate> candidates,
        boolean named,
        @Nullable String notOffered) {

    /** A slot with a name of the source's own, where it has one. */
    public MediaSlot(
            MediaKind kind,
            int ordinal,
            String identity,
            List<MediaCandidate> candidates,
            @Nullable String notOffered) {
        this(kind, ordinal, identity, candidates, !identity.isEmpty(), notOffered);
    }

    public MediaSlot {
        if (ordinal < 0) {
            throw new IllegalArgumentException("An ordinal counts from 0, not " + ordinal);
        }
        identity = SourceName.bounded(identity);
        candidates = List.copyOf(candidates);
    }

    /**
     * The earliest time that one of its addresses is signed with, as {@link MediaCandidate#signedAt} has it: the slot
     * with the smallest is the first to die.
     */
    public long signedAt() {
        return candidates.stream().mapToLong(MediaCandidate::signedAt).min().orElse(Long.MAX_VALUE);
    }

    /** Whether this rendition is as good as any that is offered. */
    public boolean isBest(String rendition) {
        return candidates.isEmpty() || candidates.getFirst().variant().equals(MediaCandidate.variantOf(rendition));
    }

    /** The same slot with those addresses only that offer more than this rendition. */
    public MediaSlot betterThan(String rendition) {
        String taken = MediaCandidate.variantOf(rendition);
        List<MediaCandidate> better = candidates.stream()
                .takeWhile(candidate -> !candidate.variant().equals(taken))
                .toList();
        // an answer that does not know this rendition offers nothing that could be compared with it
        return new MediaSlot(
                kind, ordinal, identity, better.size() == candidates.size() ? List.of() : better, named, notOffered);
    }

    /** Which bytes are offered, best first. */
    public List<String> variants() {
        return candidates.stream().map(MediaCandidate::variant).distinct().toList();
    }

    /**
     * The same slot with the addresses of another one that expects the same file and offers the same variants: of each,
     * its own come first.
     */
    public MediaSlot withAddressesOf(MediaSlot twin) {
        Map<String, MediaCandidate> byUrl = new LinkedHashMap<>();
        for (String variant : variants()) {
            Stream.concat(candidates.stream(), twin.candidates.stream())
                    .filter(candidate -> candidate.variant().equals(variant))
                    .forEach(candidate -> byUrl.putIfAbsent(candidate.url(), candidate));
        }
        return new MediaSlot(kind, ordinal, identity, List.copyOf(byUrl.values()), named, notOffered);
    }

    /** Prints without addresses, whose signatures belong in no log. */
    @Override
    public String toString() {
        return kind + " " + ordinal;
    }
}
