package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.SlotStatus;
import io.github.notearchive.archive.catalog.SlotStatus.Gap;
import io.github.notearchive.archive.ledger.CallLedger;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.nightly.WorkItem.NewNote;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.MediaSlots;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.VideoProperties;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Decides whether a note's video needs a separate call, and what its slot contains without a response.
 *
 * <p>A call is made only for notes of type {@code video} whose response has no stream, while the video is neither
 * stored nor waived, or an audit found it damaged. That the provider has no video is final until the note is requeued.
 */
@Component
class VideoFiles {

    private final MediaCatalog catalog;
    private final CallLedger ledger;
    private final VideoProperties settings;

    VideoFiles(MediaCatalog catalog, CallLedger ledger, VideoProperties settings) {
        this.catalog = catalog;
        this.ledger = ledger;
        this.settings = settings;
    }

    /** Returns whether a call is required, unless the ledger has the response. */
    boolean isCallRequired(NewNote note, NoteCapture detail) {
        return settings.enabled()
                && MediaSlots.lacksVideo(detail)
                && !isSettled(catalog.slotsOf(detail.id()), note.claimed().state() == NoteState.PENDING);
    }

    /** Returns the outcome without a call. */
    VideoOutcome known(NoteCapture detail) {
        return MediaSlots.lacksVideo(detail)
                ? ledger.freshVideo(detail.id())
                        .<VideoOutcome>map(VideoOutcome.Answered::new)
                        .orElseGet(VideoOutcome.NotAsked::new)
                : new VideoOutcome.NotAsked();
    }

    private static boolean isSettled(List<SlotRow> rows, boolean isNew) {
        boolean there = false;
        for (SlotRow row : rows) {
            boolean wanted = row.isMissing() || row.damage() != null || (isNew && row.isLesser());
            if (row.kind().isOfVideo() && wanted) {
                return false;
            }
            there |= row.kind() == MediaKind.VIDEO
                    && !MediaSlots.NOT_OFFERED_BY_V1.equals(row.reason())
                    && !(isNew && MediaSlots.NOT_OFFERED_BY_V6.equals(row.reason()));
        }
        return there;
    }

    /** Returns the response with the valid URLs: the new one, or the previous one while a call is pending. */
    Optional<NoteCapture> answer(NoteCapture detail, VideoOutcome answer) {
        return switch (answer) {
            case VideoOutcome.Answered(var capture) -> Optional.of(capture);
            case VideoOutcome.Unanswered _ -> ledger.heldVideo(detail);
            case VideoOutcome.NotAsked _, VideoOutcome.NotOffered _ -> Optional.empty();
        };
    }

    /**
     * Returns the response of a note that lacks only its video, of any age: no new one is bought for a video that it
     * does not contain.
     */
    Optional<NoteCapture> detailOfWaiting(NoteId id) {
        List<SlotRow> rows = catalog.slotsOf(id);
        boolean onlyVideo = rows.stream().anyMatch(SlotRow::isMissing)
                && rows.stream().allMatch(row -> row.kind().isOfVideo() || !row.isMissing());
        return onlyVideo ? ledger.held(id).filter(MediaSlots::lacksVideo) : Optional.empty();
    }

    /** Returns the status of a video that no response offers; null if no call was required. */
    static @Nullable SlotStatus status(MediaSlot slot, VideoOutcome answer) {
        return switch (answer) {
            case VideoOutcome.NotAsked _, VideoOutcome.Answered _ -> null;
            case VideoOutcome.NotOffered() -> new SlotStatus.Waived(slot, MediaSlots.NOT_OFFERED_BY_V6);
            case VideoOutcome.Unanswered waiting -> new SlotStatus.Missing(slot, Gap.NO_ANSWER, waiting.reason(), null);
        };
    }
}
