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
     * Returns the order of preference: streams within the limit before others; then by codec, larger dimensions, larger
     * file. Streams beyond the limit are ordered by smallest dimensions.
     */
    Comparator<MediaCandidate> order() {
        return Comparator.comparing(this::isBeyond)
                .thenComparingLong(stream -> isBeyond(stream) ? pixels(stream) : 0)
                .thenComparingInt(stream -> codecs.indexOf(stream.rendition().split("[\\[/]", 2)[0]))
                .thenComparing(
                        Comparator.comparingLong(StreamPreference::pixels).reversed())
                .thenComparing(Comparator.comparingLong((MediaCandidate stream) -> known(stream.size()))
                        .reversed());
    }

    private boolean isBeyond(MediaCandidate stream) {
        return maxHeight > 0 && Math.min(known(stream.width()), known(stream.height())) > maxHeight;
    }

    private static long pixels(MediaCandidate stream) {
        return known(stream.width()) * known(stream.height());
    }

    private static long known(@Nullable Number number) {
        return number == null ? 0 : number.longValue();
    }
}
