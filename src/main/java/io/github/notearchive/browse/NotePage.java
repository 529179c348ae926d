package io.github.notearchive.browse;

import io.github.notearchive.archive.stats.NoteView.Mention;
import io.github.notearchive.archive.stats.NoteView.Neighbours;
import io.github.notearchive.archive.stats.NoteView.NoteCaptureLine;
import io.github.notearchive.archive.stats.NoteView.NoteContent;
import io.github.notearchive.archive.stats.NoteView.NoteFile;
import io.github.notearchive.archive.worklist.WorklistRepository.WorklistEntry;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.report.NoteHistories.Event;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.lang3.Strings;
import org.jspecify.annotations.Nullable;

/** Model of the page of a note. */
record NotePage(
        NoteContent note,
        List<NoteFile> files,
        List<String> topics,
        List<Mention> mentions,
        List<NoteCaptureLine> captures,
        Neighbours neighbours,
        @Nullable WorklistEntry entry,
        List<Event> events) {

    /** A topic within a text, as the app writes it. */
    private static final Pattern TOPIC = Pattern.compile("#([^#\\[\\]\\n]{1,500})\\[话题\\]#");

    /** Characters that a path cannot contain, even encoded: servers reject them. */
    private static final Pattern NOT_IN_PATHS = Pattern.compile("[/\\\\;%\\p{Cntrl}]|^\\.");

    /**
     * A video, or a picture with the motion of a live photo.
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

    List<Slide> slides() {
        List<Slide> slides = new ArrayList<>();
        stored(MediaKind.VIDEO).forEach(video -> slides.add(new Slide(video, video, null)));
        stored(MediaKind.IMAGE).forEach(image -> {
            boolean isHeif = Strings.CS.startsWith(image.contentType(), "image/hei");
            NoteFile shown = isHeif ? of(MediaKind.PREVIEW, image) : null;
            slides.add(new Slide(image, shown == null ? image : shown, of(MediaKind.MOTION, image)));
        });
        return slides;
    }

    private @Nullable NoteFile of(MediaKind kind, NoteFile image) {
        return stored(kind)
                .filter(file -> file.ordinal() == image.ordinal())
                .findAny()
                .orElse(null);
    }

    Stream<NoteFile> stored(MediaKind kind) {
        return files.stream().filter(file -> file.kind() == kind && file.isStored());
    }

    List<CountPlot> plots() {
        return CountPlot.of(captures);
    }

    List<TextPart> text() {
        List<TextPart> parts = new ArrayList<>();
        String text = note.text() == null ? "" : note.text();
        Matcher topic = TOPIC.matcher(text);
        int end = 0;
        while (topic.find()) {
            parts.add(new TextPart(text.substring(end, topic.start()), null));
            parts.add(new TextPart("#" + topic.group(1), topic.group(1)));
            end = topic.end();
        }
        parts.add(new TextPart(text.substring(end), null));
        return parts;
    }

    /** Returns the captures, newest first. */
    List<NoteCaptureLine> newestCaptures() {
        return captures.reversed();
    }

    /** Returns the captures with a change, newest first. */
    List<NoteCaptureLine> edits() {
        return newestCaptures().stream()
                .filter(capture -> !capture.changed().isEmpty())
                .toList();
    }

    List<Event> newestEvents() {
        return events.stream()
                .sorted(Comparator.comparing(Event::at).reversed())
                .toList();
    }

    static String topicPath(String name) {
        return NOT_IN_PATHS.matcher(name).find() ? "/topics?name=" + Site.encode(name) : "/topics/" + Site.encode(name);
    }

    static String authorPath(String id) {
        return "/authors/" + Site.encode(id);
    }
}
