package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.SlotRow.Gap;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.nightly.NoteFetcher.VideoOutcome;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteCapture;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Media of one note: its responses and the status of each file that they promise. {@link MediaCollector} adds files,
 * uploads and events in the worker's thread.
 *
 * @param video response for the note's video; null if there is none
 * @param uploaded objects of the files that were uploaded
 * @param events what the downloads met
 */
record CollectedMedia(
        NoteCapture capture,
        @Nullable NoteCapture video,
        VideoOutcome videoOutcome,
        List<SlotRow> files,
        List<StoredMedia> uploaded,
        Set<MediaEvent> events) {

    enum MediaEvent {
        /** A file failed with an error that may pass within minutes. */
        RETRY_SOON,
        /** A file has only a lesser rendition because a better one met an error that may pass within minutes. */
        RETRY_BETTER,
        /** The spool had no room for a file. */
        NO_ROOM,
        /** A host served a file. */
        SERVED,
        /**
         * A host reported a file as absent or forbidden. Files already dead by the response of an earlier night do not
         * count.
         */
        DEAD
    }

    CollectedMedia(NoteCapture capture, @Nullable NoteCapture video, VideoOutcome videoOutcome) {
        this(capture, video, videoOutcome, new ArrayList<>(), new ArrayList<>(), EnumSet.noneOf(MediaEvent.class));
    }

    CollectedMedia with(List<SlotRow> changed) {
        return new CollectedMedia(capture, video, videoOutcome, changed, uploaded, events);
    }

    /** Returns a view for optional files, whose events do not affect the note. */
    CollectedMedia ofOptionalFiles() {
        return new CollectedMedia(capture, video, videoOutcome, files, uploaded, EnumSet.noneOf(MediaEvent.class));
    }

    void addIf(boolean isMet, MediaEvent event) {
        if (isMet) {
            events.add(event);
        }
    }

    boolean met(MediaEvent event) {
        return events.contains(event);
    }

    NoteCapture responseWith(MediaKind kind) {
        return video != null && kind.isOfVideo() ? video : capture;
    }

    List<NoteCapture> responses() {
        return video == null ? List.of(capture) : List.of(capture, video);
    }

    boolean isComplete() {
        return missing().findAny().isEmpty();
    }

    /** Returns the responses whose URLs have expired, so that a new response could fill a missing slot. */
    List<NoteCapture> expiredResponses() {
        return missing(Gap.DEAD)
                .map(file -> responseWith(file.kind()))
                .distinct()
                .toList();
    }

    /** Returns whether a call to replace this response was made and brought no response. */
    boolean isReplacementPending(NoteCapture response) {
        return videoOutcome instanceof VideoOutcome.Unanswered && response.equals(video);
    }

    /** Returns whether every missing file is a pending video or gone permanently. */
    boolean waitsOnlyForVideo() {
        return missing().allMatch(file -> switch (file.gap()) {
            case NO_ANSWER, GONE -> true;
            case DEAD -> videoOutcome.isPendingFor(file.kind());
            case RETRY -> false;
        });
    }

    /** Returns whether a file is gone permanently and no retry can bring another one. */
    boolean isPermanentlyIncomplete() {
        return !met(MediaEvent.RETRY_SOON)
                && missing(Gap.DEAD).findAny().isEmpty()
                && missing(Gap.GONE).findAny().isPresent();
    }

    /** Returns the files present in a lesser rendition than the best one offered. */
    Stream<SlotRow> lesser() {
        return files.stream().filter(SlotRow::isLesser);
    }

    /** Returns the responses that offer a better rendition than the stored one. */
    Stream<NoteCapture> responsesWithBetterRendition() {
        return lesser().map(file -> responseWith(file.kind())).distinct();
    }

    private Stream<SlotRow> missing() {
        return files.stream().filter(SlotRow::isMissing);
    }

    private Stream<SlotRow> missing(Gap gap) {
        return missing().filter(file -> file.gap() == gap);
    }

    /** Returns the missing file that determines the reason: one with expired URLs, since it costs a new response. */
    private SlotRow first() {
        return Stream.concat(missing(Gap.DEAD), missing()).findFirst().orElseThrow();
    }

    StateReason reason() {
        return switch (first().gap()) {
            case DEAD -> StateReason.URLS_EXPIRED;
            case NO_ANSWER -> StateReason.VIDEO_PENDING;
            case RETRY, GONE -> StateReason.MEDIA_PENDING;
        };
    }

    /** Describes the missing files; if there are none, those in a lesser rendition. */
    String detail() {
        List<SlotRow> named = isComplete() ? lesser().toList() : missing().toList();
        SlotRow first = isComplete() ? named.getFirst() : first();
        String others = named.stream()
                .filter(file -> !file.equals(first))
                .map(file -> file.slot().toString())
                .collect(Collectors.joining(", "));
        return first.slot() + " " + first.reason() + ": " + first.error()
                + (others.isEmpty() ? "" : "; also " + others);
    }
}
