package io.github.notearchive.note;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Which of the streams that are offered for one film is wanted most.
 *
 * <p>A preference and no filter: what it does not name is taken last, rather than no film at all.
 *
 * @param codecs the codecs in the order of preference, of {@link #ALL}; those that are not named come after them, in
 *     the order of {@link #ALL}
 * @param maxHeight how many pixels the shorter side should have at most, so that {@code 1080} means the same for a film
 *     that stands as for one that lies; 0 is no limit
 */
public record StreamPreference(List<String> codecs, int maxHeight) {

    /**
     * The codecs that the source names, the best first: H.265 has the largest renditions of a film, H.264 plays
     * everywhere, few programs decode the other two.
     */
    public static final List<String> ALL = List.of("h265", "h264", "av1", "h266");

    /** The best rendition that common programs play. */
    public static final StreamPreference DEFAULT = new StreamPreference(ALL, 0);

    public StreamPreference {
        List<String> complete = new ArrayList<>(codecs);
        ALL.stream().filter(codec -> !complete.contains(codec)).forEach(complete::add);
        codecs = List.copyOf(complete);
    }

    /**
     * What is known of a stream that is offered.
     *
     * @param width in pixels; 0 when the answer does not say
     * @param height in pixels; 0 when the answer does not say
     * @param size in bytes; 0 when the answer does not say
     */
    public record Offer(String codec, long width, long height, long size) {

        private long pixels() {
            return width * height;
        }
    }

    /**
     * The one that is wanted most first: those within the limit before those beyond it; then by codec, the larger
     * picture first and, where that is equal, the larger file. Of those beyond the limit the smallest picture first.
     */
    public Comparator<Offer> order() {
        Comparator<Offer> bySize = Comparator.comparingInt((Offer offer) -> codecs.indexOf(offer.codec()))
                .thenComparing(Comparator.comparingLong(Offer::pixels).reversed())
                .thenComparing(Comparator.comparingLong(Offer::size).reversed());
        Comparator<Offer> beyond = Comparator.comparingLong(Offer::pixels).thenComparing(bySize);
        return (a, b) -> {
            boolean aIsBeyond = isBeyond(a);
            if (aIsBeyond != isBeyond(b)) {
                return aIsBeyond ? 1 : -1;
            }
            return aIsBeyond ? beyond.compare(a, b) : bySize.compare(a, b);
        };
    }

    private boolean isBeyond(Offer offer) {
        return maxHeight > 0 && Math.min(offer.width(), offer.height()) > maxHeight;
    }
}
