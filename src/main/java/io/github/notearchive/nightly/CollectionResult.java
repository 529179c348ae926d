package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.SlotStatus;
import io.github.notearchive.archive.catalog.SlotStatus.Gap;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.nightly.CollectedMedia.Piece;
import io.github.notearchive.note.NoteCapture;
import java.util.List;

/**
 * Result of collecting the media of one note.
 *
 * @param files the expected files and the status of each
 * @param video outcome of the call for the note's video
 * @param retrySoon whether a file failed with an error that may pass within minutes
 * @param retryBetter whether a file has only a lesser rendition because a better one met an error that may pass within
 *     minutes
 * @param noRoom whether the spool had no room for a file
 * @param served whether a host served a file
 * @param dead whether a host reported a file as absent or forbidden; files already dead by the response of an earlier
 *     night do not count
 * @param faulty whether a URL was unreachable
 */
record CollectionResult(
        CollectedMedia files,
        VideoOutcome video,
        boolean retrySoon,
        boolean retryBetter,
        boolean noRoom,
        boolean served,
        boolean dead,
        boolean faulty) {

    /** Returns a copy with other pieces. */
    CollectionResult withPieces(List<Piece> pieces) {
        return new CollectionResult(
                new CollectedMedia(files.capture(), files.video(), pieces),
                video,
                retrySoon,
                retryBetter,
                noRoom,
                served,
                dead,
                faulty);
    }

    boolean isComplete() {
        return missing().isEmpty();
    }

    /** Returns whether a new response with other URLs could fill a missing slot. */
    private boolean needsNewResponse() {
        return missing().stream().anyMatch(missing -> missing.gap() == Gap.DEAD);
    }

    /** Returns the responses whose URLs have expired. */
    List<NoteCapture> expiredResponses() {
        return missing().stream()
                .filter(missing -> missing.gap() == Gap.DEAD)
                .map(missing -> files.answerWith(missing.slot()))
                .distinct()
                .toList();
    }

    /** Returns whether a call to replace this response was made and brought no response. */
    boolean isReplacementPending(NoteCapture response) {
        return video instanceof VideoOutcome.Unanswered && response.equals(files.video());
    }

    /** Returns whether every missing file is a pending video or gone permanently. */
    boolean waitsOnlyForVideo() {
        return missing().stream().allMatch(missing -> switch (missing.gap()) {
            case NO_ANSWER, GONE -> true;
            case DEAD -> MediaPlan.isReplacementPending(missing.slot().kind(), video);
            case RETRY -> false;
        });
    }

    /** Returns whether a file is gone permanently and no retry can bring another one. */
    boolean isPermanentlyIncomplete() {
        return !retrySoon && !needsNewResponse() && missing().stream().anyMatch(missing -> missing.gap() == Gap.GONE);
    }

    /** Returns the responses that offer a better rendition than the stored one. */
    List<NoteCapture> responsesWithBetterRendition() {
        return files.lesser()
                .map(piece -> files.answerWith(piece.slot()))
                .distinct()
                .toList();
    }

    /** Returns whether a downloaded file is still in the spool. */
    boolean hasSpooledFiles() {
        return CollectedMedia.downloads(files.pieces()).findAny().isPresent();
    }

    /** Describes the lesser renditions in one line. */
    String lesserDetail() {
        List<Piece> lesser = files.lesser().toList();
        Piece first = lesser.getFirst();
        return first.slot()
                + " DEGRADED: "
                + first.lesserBecause()
                + (lesser.size() == 1 ? "" : ", and " + (lesser.size() - 1) + " more");
    }

    private List<SlotStatus.Missing> missing() {
        return files.pieces().stream()
                .filter(Piece.Unchanged.class::isInstance)
                .map(piece -> ((Piece.Unchanged) piece).status())
                .filter(SlotStatus.Missing.class::isInstance)
                .map(SlotStatus.Missing.class::cast)
                .toList();
    }

    /** Returns the missing file that determines the reason: one with expired URLs, since it costs a new response. */
    private SlotStatus.Missing first() {
        List<SlotStatus.Missing> missing = missing();
        return missing.stream()
                .filter(file -> file.gap() == Gap.DEAD)
                .findFirst()
                .orElseGet(missing::getFirst);
    }

    /** Returns why the note is incomplete. */
    StateReason reason() {
        return switch (first().gap()) {
            case DEAD -> StateReason.URLS_EXPIRED;
            case NO_ANSWER -> StateReason.VIDEO_PENDING;
            case RETRY, GONE -> StateReason.MEDIA_PENDING;
        };
    }

    /** Describes the missing files in one line. */
    String detail() {
        List<SlotStatus.Missing> missing = missing();
        SlotStatus.Missing first = first();
        String others = missing.size() == 1 ? "" : ", and " + (missing.size() - 1) + " more";
        return first.slot() + " " + first.gap() + ": " + first.error() + others;
    }
}
