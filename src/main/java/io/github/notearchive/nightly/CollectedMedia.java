package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.SlotStatus;
import io.github.notearchive.archive.catalog.SlotStatus.Gap;
import io.github.notearchive.archive.catalog.SlotStatus.Missing;
import io.github.notearchive.archive.catalog.SlotStatus.Stored;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.nightly.MediaUploads.Upload;
import io.github.notearchive.note.MediaCandidate;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.NoteCapture;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Result of collecting the media of one note: its responses and the status of each file that they promise. Closing it
 * removes the files in the spool.
 *
 * @param video response for the note's video; null if there is none
 * @param retrySoon whether a file failed with an error that may pass within minutes
 * @param retryBetter whether a file has only a lesser rendition because a better one met an error that may pass within
 *     minutes
 * @param noRoom whether the spool had no room for a file
 * @param served whether a host served a file
 * @param dead whether a host reported a file as absent or forbidden; files already dead by the response of an earlier
 *     night do not count
 */
record CollectedMedia(
        NoteCapture capture,
        @Nullable NoteCapture video,
        VideoOutcome videoOutcome,
        List<Piece> pieces,
        boolean retrySoon,
        boolean retryBetter,
        boolean noRoom,
        boolean served,
        boolean dead)
        implements AutoCloseable {

    CollectedMedia {
        pieces = List.copyOf(pieces);
    }

    /**
     * Status of one expected file.
     *
     * @param status for a download that is in the spool: as it will be when it is stored under the key of its digest
     * @param upload downloaded file, which may be in the spool; null if the file was stored before, is waived or
     *     missing
     */
    record Piece(SlotStatus status, @Nullable Upload upload) {

        /** @param lesserBecause why it is not the best rendition offered; null if it is */
        static Piece downloaded(MediaSlot slot, Upload upload, @Nullable String lesserBecause) {
            MediaCandidate from = upload.file().candidate();
            return new Piece(
                    new Stored(
                            slot,
                            upload.object(),
                            from.rendition(),
                            from.width(),
                            from.height(),
                            upload.file().checks(),
                            lesserBecause),
                    upload);
        }

        static Piece unchanged(SlotStatus status) {
            return new Piece(status, null);
        }

        MediaSlot slot() {
            return status.slot();
        }

        private SlotStatus stored() {
            return upload != null && status instanceof Stored to
                    ? new Stored(
                            to.slot(),
                            upload.store(),
                            to.rendition(),
                            to.width(),
                            to.height(),
                            to.checks(),
                            to.lesserBecause())
                    : status;
        }

        /** Returns why the present file is not the best rendition offered; null if it is, or none is present. */
        @Nullable
        String lesserBecause() {
            return status instanceof Stored stored ? stored.lesserBecause() : null;
        }

        /** Returns the lesser rendition that is present; empty if there is none, or its name is unknown. */
        Optional<String> lesserRendition() {
            return status instanceof Stored stored && stored.lesserBecause() != null
                    ? Optional.ofNullable(stored.rendition())
                    : Optional.empty();
        }
    }

    CollectedMedia withPieces(List<Piece> other) {
        return new CollectedMedia(capture, video, videoOutcome, other, retrySoon, retryBetter, noRoom, served, dead);
    }

    private NoteCapture responseWith(MediaSlot slot) {
        return video != null && slot.kind().isOfVideo() ? video : capture;
    }

    /** Returns the responses, that about the note first. */
    List<NoteCapture> responses() {
        return video == null ? List.of(capture) : List.of(capture, video);
    }

    boolean isComplete() {
        return missing().findAny().isEmpty();
    }

    /** Returns the responses whose URLs have expired, so that a new response could fill a missing slot. */
    List<NoteCapture> expiredResponses() {
        return missing(Gap.DEAD)
                .map(file -> responseWith(file.slot()))
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
            case DEAD -> videoOutcome.isPendingFor(file.slot().kind());
            case RETRY -> false;
        });
    }

    /** Returns whether a file is gone permanently and no retry can bring another one. */
    boolean isPermanentlyIncomplete() {
        return !retrySoon
                && missing(Gap.DEAD).findAny().isEmpty()
                && missing(Gap.GONE).findAny().isPresent();
    }

    /** Returns the files present in a lesser rendition than the best one offered. */
    Stream<Piece> lesser() {
        return pieces.stream().filter(piece -> piece.lesserBecause() != null);
    }

    /** Returns the responses that offer a better rendition than the stored one. */
    Stream<NoteCapture> responsesWithBetterRendition() {
        return lesser().map(piece -> responseWith(piece.slot())).distinct();
    }

    String lesserDetail() {
        Piece first = lesser().findFirst().orElseThrow();
        return first.slot() + " DEGRADED: " + first.lesserBecause()
                + andMore(lesser().skip(1).map(Piece::slot));
    }

    private Stream<Missing> missing() {
        return pieces.stream()
                .map(Piece::status)
                .filter(Missing.class::isInstance)
                .map(Missing.class::cast);
    }

    private Stream<Missing> missing(Gap gap) {
        return missing().filter(file -> file.gap() == gap);
    }

    /** Returns the missing file that determines the reason: one with expired URLs, since it costs a new response. */
    private Missing first() {
        return Stream.concat(missing(Gap.DEAD), missing()).findFirst().orElseThrow();
    }

    StateReason reason() {
        return switch (first().gap()) {
            case DEAD -> StateReason.URLS_EXPIRED;
            case NO_ANSWER -> StateReason.VIDEO_PENDING;
            case RETRY, GONE -> StateReason.MEDIA_PENDING;
        };
    }

    String detail() {
        Missing first = first();
        return first.slot() + " " + first.gap() + ": " + first.error()
                + andMore(missing().map(Missing::slot).filter(slot -> !slot.equals(first.slot())));
    }

    private static String andMore(Stream<?> others) {
        String slots = others.map(String::valueOf).collect(Collectors.joining(", "));
        return slots.isEmpty() ? "" : "; also " + slots;
    }

    /** Returns the downloaded files; a file shared by two pieces occurs twice. */
    static Stream<Upload> uploads(Collection<Piece> pieces) {
        return pieces.stream().map(Piece::upload).filter(Objects::nonNull);
    }

    /** Returns whether a downloaded file is not stored yet. */
    boolean isInSpool() {
        return uploads(pieces).anyMatch(Upload::isSpooled);
    }

    /**
     * Stores the files that are only in the spool, and returns the status of all files. A repetition stores the rest.
     *
     * @throws io.github.notearchive.store.StoreException if the store rejects a file; files before it remain stored
     */
    List<SlotStatus> store() {
        return pieces.stream().map(Piece::stored).toList();
    }

    /** Records that the rows of the files are committed. */
    void settle() {
        uploads(pieces).forEach(Upload::settle);
    }

    /** Removes the spooled files. Idempotent. */
    @Override
    public void close() {
        uploads(pieces).forEach(Upload::close);
    }
}
