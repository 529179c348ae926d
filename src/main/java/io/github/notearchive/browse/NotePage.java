package io.github.notearchive.browse;

import io.github.notearchive.archive.catalog.SlotRow.Gap;
import io.github.notearchive.archive.catalog.SlotRow.SlotState;
import io.github.notearchive.archive.query.NoteView.NoteCaptureLine;
import io.github.notearchive.archive.query.NoteView.NoteContent;
import io.github.notearchive.archive.query.NoteView.NoteFile;
import io.github.notearchive.archive.query.NoteView.ViewedMention;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.WorklistRepository.WorklistEntry;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.report.Chart;
import io.github.notearchive.report.NoteHistories.HistoryEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.lang3.StringUtils;
import org.apache.commons.lang3.Strings;
import org.jspecify.annotations.Nullable;

/** Model of the page of a note; its captures and events are in order from the newest. */
record NotePage(
        NoteContent note,
        List<NoteFile> files,
        List<ViewedMention> mentions,
        List<NoteCaptureLine> captures,
        @Nullable WorklistEntry entry,
        List<HistoryEvent> events,
        @Nullable Walk walk) {

    /**
     * Place of the note in the result of a search.
     *
     * @param place from 1
     */
    record Walk(
            Search search,
            int place,
            int size,
            @Nullable NoteId previous,
            @Nullable NoteId next) {}

    /**
     * A video, or a picture with the motion of a live photo; perhaps not stored.
     *
     * @param shown the file itself; of a HEIF picture, which few browsers show, its preview if there is one
     */
    record Slide(NoteFile file, NoteFile shown, @Nullable NoteFile motion) {

        boolean isVideo() {
            return file.kind() == MediaKind.VIDEO;
        }
    }

    /** Part of a text, which links to a topic if there is one. */
    record TextPart(String text, @Nullable String topic) {}

    record CountPoint(Instant at, long count) {}

    /** A count over time, oldest first and not empty; {@code key} is that of its name in the texts. */
    record Plot(String key, List<CountPoint> points) {

        /** Points that have a label. */
        private static final int DOTS = 24;

        CountPoint first() {
            return points.getFirst();
        }

        CountPoint last() {
            return points.getLast();
        }

        long growth() {
            return last().count - first().count;
        }

        LongSummaryStatistics range() {
            return points.stream().mapToLong(CountPoint::count).summaryStatistics();
        }

        /** Returns whether there is a curve to show: the count changed, at three points or two that are a day apart. */
        boolean isCurve() {
            boolean isLong =
                    points.size() > 2 || Duration.between(first().at, last().at).toDays() > 0;
            return isLong && range().getMax() > range().getMin();
        }

        /** Returns the line as path of SVG, in a box of 1,000 by 100. */
        String path() {
            return path(points);
        }

        /** Returns points that are evenly distributed, the last one included, each with a path that is a dot. */
        Map<CountPoint, String> dots() {
            int step = Math.ceilDiv(points.size(), DOTS);
            Map<CountPoint, String> dots = new LinkedHashMap<>();
            for (int i = (points.size() - 1) % step; i < points.size(); i += step) {
                dots.put(points.get(i), path(points.subList(i, i + 1)));
            }
            return dots;
        }

        private String path(List<CountPoint> drawn) {
            double time = Math.max(1, Duration.between(first().at, last().at).toMillis());
            LongSummaryStatistics counts = range();
            double height = Math.max(1, counts.getMax() - counts.getMin());
            return Chart.line(
                    100,
                    drawn.stream()
                            .map(point -> new Chart.ChartPoint(
                                    Duration.between(first().at, point.at).toMillis() / time,
                                    (point.count - counts.getMin()) / height))
                            .toList());
        }
    }

    /** Returns the counts that are known. */
    List<Plot> plots() {
        return Stream.of(
                        plot("note.likes", NoteCaptureLine::likes),
                        plot("note.collected", NoteCaptureLine::collected),
                        plot("note.comments", NoteCaptureLine::comments),
                        plot("note.shared", NoteCaptureLine::shared))
                .filter(plot -> !plot.points.isEmpty())
                .toList();
    }

    private Plot plot(String key, Function<NoteCaptureLine, @Nullable Long> count) {
        return new Plot(
                key,
                captures.reversed().stream()
                        .flatMap(capture -> Stream.ofNullable(count.apply(capture))
                                .map(n -> new CountPoint(capture.capturedAt(), n)))
                        .toList());
    }

    /** Returns the videos, the pictures, stored or not, and the videos that are not stored. */
    List<Slide> slides() {
        Stream<Slide> videos = of(MediaKind.VIDEO).map(video -> new Slide(video, video, null));
        Stream<Slide> pictures = of(MediaKind.IMAGE).map(image -> {
            boolean isHeif = Strings.CS.startsWith(image.contentType(), "image/hei");
            NoteFile preview = isHeif ? of(MediaKind.PREVIEW, image) : null;
            return new Slide(image, preview == null ? image : preview, of(MediaKind.MOTION, image));
        });
        return Stream.concat(videos, pictures)
                .sorted(Comparator.comparing(slide -> slide.isVideo() && !slide.file.isStored()))
                .toList();
    }

    private Stream<NoteFile> of(MediaKind kind) {
        return files.stream().filter(file -> file.kind() == kind);
    }

    List<NoteFile> stored() {
        return files.stream().filter(NoteFile::isStored).toList();
    }

    /** Returns the bytes of the stored files. */
    long bytes() {
        return stored().stream()
                .mapToLong(file -> file.sizeBytes() == null ? 0 : file.sizeBytes())
                .sum();
    }

    /** Returns the commands that resolve a failed note; for a gone file none that tries it again. */
    List<String> commands() {
        if (entry == null || entry.state() != NoteState.FAILED) {
            return List.of();
        }
        List<NoteFile> missing =
                files.stream().filter(file -> file.state() == SlotState.MISSING).toList();
        boolean isGone = missing.stream().anyMatch(file -> Gap.GONE.name().equals(file.reason()));
        Stream<String> waivers = missing.stream()
                .map(file ->
                        "note-archive waive %s %s %d --reason TEXT".formatted(note.id(), file.kind(), file.ordinal()));
        return Stream.concat(
                        missing.isEmpty() ? Stream.of("note-archive explain " + note.id()) : waivers,
                        isGone ? Stream.empty() : Stream.of("note-archive requeue " + note.id()))
                .toList();
    }

    private @Nullable NoteFile of(MediaKind kind, NoteFile image) {
        return stored(kind)
                .filter(file -> file.ordinal() == image.ordinal())
                .findAny()
                .orElse(null);
    }

    Stream<NoteFile> stored(MediaKind kind) {
        return of(kind).filter(NoteFile::isStored);
    }

    List<TextPart> text() {
        return Arrays.stream(DisplayFormat.TOPIC.splitWithDelimiters(StringUtils.defaultString(note.text()), -1))
                .map(part -> {
                    Matcher topic = DisplayFormat.TOPIC.matcher(part);
                    return topic.matches()
                            ? new TextPart("#" + topic.group(1), topic.group(1))
                            : new TextPart(part, null);
                })
                .toList();
    }

    /** Returns the topics that the text does not link to. */
    List<String> topics() {
        Set<String> linked =
                text().stream().flatMap(part -> Stream.ofNullable(part.topic())).collect(Collectors.toSet());
        return note.topics().stream().filter(topic -> !linked.contains(topic)).toList();
    }
}
