package io.github.notearchive.note;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Order of preference among the streams of one video.
 *
 * <p>A preference, not a filter: streams without preference come last.
 *
 * @param codecs preferred codecs, best first; the others of {@link #ALL} follow in its order
 * @param maxHeight preferred maximum of the shorter side in pixels, so that {@code 1080} means the same for portrait
 *     and landscape; 0 for no limit
 */
public record StreamPreference(List<String> codecs, int maxHeight) {

    /**
     * Codecs of the source, best first: H.265 has the largest renditions, H.264 plays everywhere, few programs decode
     * the other two.
     */
    public static final List<String> ALL = List.of("h265", "h264", "av1", "h266");

    /** Best rendition that common programs play. */
    public static final StreamPreference DEFAULT = new StreamPreference(ALL, 0);

    public StreamPreference {
        List<String> complete = new ArrayList<>(codecs);
        ALL.stream().filter(codec -> !complete.contains(codec)).forEach(complete::add);
        codecs = List.copyOf(complete);
    }

    /**
     * Properties of an offered stream.
     *
     * @param width in pixels; 0 if unknown
     * @param height in pixels; 0 if unknown
     * @param size in bytes; 0 if unknown
     */
    record Offer(String codec, long width, long height, long size) {

        static Offer of(String codec, MediaCandidate promised) {
            return new Offer(codec, known(promised.width()), known(promised.height()), known(promised.size()));
        }

        private static long known(@Nullable Number number) {
            return number == null ? 0 : number.longValue();
        }

        private long pixels() {
            return width * height;
        }
    }

    /**
     * Returns the order of preference: streams within the limit before others; then by codec, larger dimensions, larger
     * file. Streams beyond the limit are ordered by smallest dimensions.
     */
    Comparator<Offer> order() {
        Comparator<Offer> bySize = Comparator.comparingInt((Offer offer) -> codecs.indexOf(offer.codec()))
                .thenComparing(Comparator.comparingLong(Offer::pixels).reversed())
                .thenComparing(Comparator.comparingLong(Offer::size).reversed());
        Comparator<Offer> beyond = Comparator.comparingLong(Offer::pixels).thenComparing(bySize);
        return Comparator.comparing(this::isBeyond)
                .thenComparing((a, b) -> isBeyond(a) ? beyond.compare(a, b) : bySize.compare(a, b));
    }

    private boolean isBeyond(Offer offer) {
        return maxHeight > 0 && Math.min(offer.width(), offer.height()) > maxHeight;
    }
}
