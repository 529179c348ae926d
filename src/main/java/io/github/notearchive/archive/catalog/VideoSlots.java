package io.github.notearchive.archive.catalog;

import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.MediaSlots;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Status of a video and its subtitles that no response offers. */
public final class VideoSlots {

    /** Waivers that follow from responses and were not given by an operator. */
    private static final Set<String> NOT_OFFERED = Set.of(MediaSlots.NOT_OFFERED_BY_V1, MediaSlots.NOT_OFFERED_BY_V6);

    private VideoSlots() {}

    /**
     * Returns the status of video and subtitles. Stored files and waivers of operators are kept, also files that an
     * audit found damaged, except for a pending video.
     *
     * @param otherwise status of a video that is neither stored nor waived by an operator; null for the recorded reason
     */
    public static List<SlotRow> withoutOffer(MediaSlot slot, List<SlotRow> rows, @Nullable SlotRow otherwise) {
        Optional<SlotRow> row = rows.stream()
                .filter(r -> r.kind() == MediaKind.VIDEO && r.ordinal() == slot.ordinal())
                .findFirst();
        List<SlotRow> decided = new ArrayList<>();
        decided.add(row.flatMap(r -> kept(r, otherwise == null || !otherwise.isMissing()))
                .orElseGet(() -> otherwise == null ? notOffered(slot, row) : otherwise));
        for (SlotRow subtitle : rows) {
            if (subtitle.kind() == MediaKind.SUBTITLE) {
                decided.add(kept(subtitle, true).orElseGet(() -> SlotRow.waived(subtitle.slot(), "BY_POLICY")));
            }
        }
        return decided;
    }

    private static SlotRow notOffered(MediaSlot slot, Optional<SlotRow> row) {
        boolean isByVideoCall = row.map(SlotRow::reason)
                .filter(MediaSlots.NOT_OFFERED_BY_V6::equals)
                .isPresent();
        return SlotRow.waived(slot, isByVideoCall ? MediaSlots.NOT_OFFERED_BY_V6 : String.valueOf(slot.notOffered()));
    }

    private static Optional<SlotRow> kept(SlotRow row, boolean evenDamaged) {
        Optional<SlotRow> held =
                row.media() != null && evenDamaged ? row.recorded(row.slot()) : row.settled(row.slot());
        return held.filter(
                status -> status.state() != SlotState.WAIVED || !NOT_OFFERED.contains(String.valueOf(status.reason())));
    }
}
