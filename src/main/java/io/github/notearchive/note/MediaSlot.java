package io.github.notearchive.note;

import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;

/**
 * Media file that a response promises.
 *
 * @param ordinal position among the slots of its kind, from 0, in the order of the response; the motion of a live photo
 *     has the ordinal of its image
 * @param identity source file id ({@code fileid}, {@code live_photo_file_id}, {@code video_id}, {@code sound_id}); the
 *     last path segment of the first URL if the response has none or a placeholder such as {@code 0}. At most 200
 *     characters, see {@link #bounded}. Untrusted: never part of an object key or file name
 * @param candidates URLs, best first; may be empty, then the file is missing
 * @param named whether the identity is a source file id, so that the same identity elsewhere is the same file
 * @param notOffered reason why this endpoint offers no URL, which waives the slot; null for other slots
 */
public record MediaSlot(
        MediaKind kind,
        int ordinal,
        String identity,
        List<MediaCandidate> candidates,
        boolean named,
        @Nullable String notOffered) {

    private static final int LONGEST_IDENTITY = 200;

    /** Creates a slot whose identity is a source file id unless empty. */
    public MediaSlot(
            MediaKind kind,
            int ordinal,
            String identity,
            List<MediaCandidate> candidates,
            @Nullable String notOffered) {
        this(kind, ordinal, identity, candidates, !identity.isEmpty(), notOffered);
    }

    public MediaSlot {
        identity = bounded(identity);
        candidates = List.copyOf(candidates);
    }

    /** Returns the earliest {@link MediaCandidate#signedAt} of its URLs. The slot with the smallest expires first. */
    public long signedAt() {
        return candidates.stream().mapToLong(MediaCandidate::signedAt).min().orElse(Long.MAX_VALUE);
    }

    /** Returns a key of the file: slots with the same source file id and variants share one. */
    public List<Object> file() {
        return List.of(kind, identity, variants(), named ? "" : ordinal);
    }

    private List<String> variants() {
        return candidates.stream().map(MediaCandidate::variant).distinct().toList();
    }

    /** Returns the slot with the URLs of another slot of the same file; of a variant, its own come first. */
    public MediaSlot withUrlsOf(MediaSlot other) {
        List<MediaCandidate> all = variants().stream()
                .flatMap(variant -> Stream.concat(candidates.stream(), other.candidates.stream())
                        .filter(candidate -> candidate.variant().equals(variant)))
                .toList();
        return new MediaSlot(kind, ordinal, identity, all, named, notOffered);
    }

    public boolean isBest(String rendition) {
        return candidates.isEmpty() || candidates.getFirst().variant().equals(MediaCandidate.variantOf(rendition));
    }

    public MediaSlot betterThan(String rendition) {
        String taken = MediaCandidate.variantOf(rendition);
        List<MediaCandidate> better = candidates.stream()
                .takeWhile(candidate -> !candidate.variant().equals(taken))
                .toList();
        // renditions of a response without this rendition cannot be compared with it
        return new MediaSlot(
                kind, ordinal, identity, better.size() == candidates.size() ? List.of() : better, named, notOffered);
    }

    /**
     * Returns a source file id that fits an index: one of up to 200 characters unchanged, else its beginning, a tilde
     * and the SHA-256 of the whole in lower-case hexadecimal. Idempotent. Real ids have 20 to 70 characters.
     */
    public static String bounded(String identity) {
        if (identity.length() <= LONGEST_IDENTITY) {
            return identity;
        }
        String digest = "~" + DigestUtils.sha256Hex(identity);
        int end = LONGEST_IDENTITY - digest.length();
        return identity.substring(0, Character.isHighSurrogate(identity.charAt(end - 1)) ? end - 1 : end) + digest;
    }

    @Override
    public String toString() {
        return kind + " " + ordinal;
    }
}
