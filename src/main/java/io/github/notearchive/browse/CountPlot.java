package io.github.notearchive.browse;

import io.github.notearchive.archive.stats.NoteView.NoteCaptureLine;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Line of one count over time, in a box of 1,000 by 100.
 *
 * @param key key of the name of the count in the texts
 * @param path the line as path of SVG
 */
record CountPlot(String key, String path, Instant from, Instant to, long first, long last) {

    private record Point(Instant at, long count) {}

    static List<CountPlot> of(List<NoteCaptureLine> captures) {
        return List.of(
                        line("note.likes", captures, NoteCaptureLine::likes),
                        line("note.collected", captures, NoteCaptureLine::collected),
                        line("note.comments", captures, NoteCaptureLine::comments),
                        line("note.shared", captures, NoteCaptureLine::shared))
                .stream()
                .flatMap(Optional::stream)
                .toList();
    }

    /** Returns a line of the known counts; empty if there are fewer than two times. */
    private static Optional<CountPlot> line(
            String key, List<NoteCaptureLine> captures, Function<NoteCaptureLine, @Nullable Long> count) {
        List<Point> points = new ArrayList<>();
        for (NoteCaptureLine capture : captures) {
            Long value = count.apply(capture);
            if (value != null) {
                points.add(new Point(capture.capturedAt(), value));
            }
        }
        if (points.size() < 2) {
            return Optional.empty();
        }
        Point first = points.getFirst();
        Point last = points.getLast();
        long least = points.stream().mapToLong(Point::count).min().orElseThrow();
        double range = Math.max(1, points.stream().mapToLong(Point::count).max().orElseThrow() - least);
        double time = Math.max(1, last.at.toEpochMilli() - first.at.toEpochMilli());
        String path = points.stream()
                .map(point -> Math.round(1000 * (point.at.toEpochMilli() - first.at.toEpochMilli()) / time)
                        + " "
                        + Math.round(100 - 100 * (point.count - least) / range))
                .collect(Collectors.joining("L", "M", ""));
        return Optional.of(new CountPlot(key, path, first.at, last.at, first.count, last.count));
    }
}
