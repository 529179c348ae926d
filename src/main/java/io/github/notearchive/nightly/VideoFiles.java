package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.MediaCatalog.SlotRow;
import io.github.notearchive.archive.catalog.SlotStatus;
import io.github.notearchive.archive.catalog.SlotStatus.Gap;
import io.github.notearchive.archive.ledger.CallLedger;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.MediaSlots;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.VideoProperties;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Decides whether a note's video needs a separate call, and what its slot contains without a response.
 *
 * <p>A call is made only for notes of type {@code video} whose response has no stream, while the video is neither
 * stored nor waived, or an audit found it damaged. That the provider has no video is final until the note is requeued.
 */
@Component
public class VideoFiles {

    /** Waivers that follow from responses and were not given by an operator. */
    private static final Set<String> NOT_OFFERED = Set.of(MediaSlots.NOT_OFFERED_BY_V1, MediaSlots.NOT_OFFERED_BY_V6);

    private final MediaCatalog catalog;
    private final CallLedger ledger;
    private final VideoProperties settings;

    VideoFiles(MediaCatalog catalog, CallLedger ledger, VideoProperties settings) {
        this.catalog = catalog;
        this.ledger = ledger;
        this.settings = settings;
    }

    /** Returns whether a call is required, unless the ledger has the response. */
    boolean isCallRequired(WorklistItem claimed, NoteCapture detail) {
        return settings.enabled()
                && claimed.state() != NoteState.ARCHIVED
                && MediaSlots.lacksVideo(detail)
                && !isSettled(catalog.slotsOf(detail.id()), claimed.state() == NoteState.PENDING);
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

    /**
     * Returns the status of video and subtitles that no response offers. Stored files and waivers of operators are
     * kept, also files that an audit found damaged, except for a pending video.
     *
     * @param slot slot of the video, not offered by the response about the note
     */
    public static List<SlotStatus> withoutOffer(MediaSlot slot, List<SlotRow> rows, VideoOutcome answer) {
        Optional<SlotRow> row = rows.stream()
                .filter(r -> r.kind() == MediaKind.VIDEO && r.ordinal() == slot.ordinal())
                .findFirst();
        List<SlotStatus> decided = new ArrayList<>();
        decided.add(row.flatMap(r -> kept(r, !(answer instanceof VideoOutcome.Unanswered)))
                .orElseGet(() -> status(slot, row.orElse(null), answer)));
        for (SlotRow subtitle : rows) {
            if (subtitle.kind() == MediaKind.SUBTITLE) {
                decided.add(kept(subtitle, true).orElseGet(() -> new SlotStatus.Waived(subtitle.slot(), "BY_POLICY")));
            }
        }
        return decided;
    }

    private static SlotStatus status(MediaSlot slot, @Nullable SlotRow row, VideoOutcome answer) {
        return switch (answer) {
            case VideoOutcome.NotAsked _, VideoOutcome.Answered _ ->
                new SlotStatus.Waived(
                        slot,
                        row != null && MediaSlots.NOT_OFFERED_BY_V6.equals(row.reason())
                                ? MediaSlots.NOT_OFFERED_BY_V6
                                : String.valueOf(slot.notOffered()));
            case VideoOutcome.NotOffered() -> new SlotStatus.Waived(slot, MediaSlots.NOT_OFFERED_BY_V6);
            case VideoOutcome.Unanswered waiting -> new SlotStatus.Missing(slot, Gap.NO_ANSWER, waiting.reason(), null);
        };
    }

    private static Optional<SlotStatus> kept(SlotRow row, boolean evenDamaged) {
        Optional<SlotStatus> held =
                row.media() != null && evenDamaged ? row.recorded(row.slot()) : row.settled(row.slot());
        return held.filter(
                status -> !(status instanceof SlotStatus.Waived(var _, var reason) && NOT_OFFERED.contains(reason)));
    }
}
