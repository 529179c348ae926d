package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.SlotRow.Gap;
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
     * One expected file.
     *
     * @param row for a download that is in the spool: as it will be when it is stored under the key of its digest
     * @param upload downloaded file, which may be in the spool; null if the file was stored before, is waived or
     *     missing
     */
    record Piece(SlotRow row, @Nullable Upload upload) {

        /** @param lesserBecause why it is not the best rendition offered; null if it is */
        static Piece downloaded(MediaSlot slot, Upload upload, @Nullable String lesserBecause) {
            MediaCandidate from = upload.file().candidate();
            String checks = upload.file().checks();
            return new Piece(
                    SlotRow.stored(
                            slot,
                            upload.object(),
                            from.rendition(),
                            from.width(),
                            from.height(),
                            checks,
                            lesserBecause),
                    upload);
        }

        static Piece unchanged(SlotRow row) {
            return new Piece(row, null);
        }

        private SlotRow stored() {
            return upload == null ? row : row.with(upload.store());
        }

        /** Returns the lesser rendition that is present; empty if there is none, or its name is unknown. */
        Optional<String> lesserRendition() {
            return row.isLesser() ? Optional.ofNullable(row.rendition()) : Optional.empty();
        }
    }

    CollectedMedia withPieces(List<Piece> other) {
        return new CollectedMedia(capture, video, videoOutcome, other, retrySoon, retryBetter, noRoom, served, dead);
    }

    private NoteCapture responseWith(SlotRow row) {
        return video != null && row.kind().isOfVideo() ? video : capture;
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
        return missing(Gap.DEAD).map(file -> responseWith(file)).distinct().toList();
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
        return !retrySoon
                && missing(Gap.DEAD).findAny().isEmpty()
                && missing(Gap.GONE).findAny().isPresent();
    }

    /** Returns the files present in a lesser rendition than the best one offered. */
    Stream<Piece> lesser() {
        return pieces.stream().filter(piece -> piece.row().isLesser());
    }

    /** Returns the responses that offer a better rendition than the stored one. */
    Stream<NoteCapture> responsesWithBetterRendition() {
        return lesser().map(piece -> responseWith(piece.row())).distinct();
    }

    String lesserDetail() {
        SlotRow first = lesser().findFirst().orElseThrow().row();
        return first.slot() + " DEGRADED: " + first.lesserBecause()
                + andMore(lesser().skip(1).map(piece -> piece.row().slot()));
    }

    private Stream<SlotRow> missing() {
        return pieces.stream().map(Piece::row).filter(SlotRow::isMissing);
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

    String detail() {
        SlotRow first = first();
        return first.slot() + " " + first.gap() + ": " + first.error()
                + andMore(missing().map(SlotRow::slot).filter(slot -> !slot.equals(first.slot())));
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
    List<SlotRow> store() {
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
