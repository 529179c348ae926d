package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.catalog.MediaCatalog.SlotRow;
import io.github.notearchive.note.NoteCapture;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a note once an answer was taken in: what the tables are to hold of it, and what its sidecars tell.
 *
 * @param capture the answer about the note
 * @param video the answer that was bought for its video; null when there is none
 * @param files what became of each file that the answers list
 * @param archivedAt since when the note is complete; null when it is not
 */
public record CapturedNote(
        NoteCapture capture,
        @Nullable NoteCapture video,
        List<SlotRow> files,
        @Nullable Instant archivedAt) {

    public CapturedNote {
        files = List.copyOf(files);
    }

    /** As it stands by now. */
    public static CapturedNote of(
            NoteCapture capture, @Nullable NoteCapture video, List<SlotStatus> slots, boolean complete, Instant now) {
        return new CapturedNote(
                capture,
                video,
                slots.stream().map(status -> SlotRow.of(status, now)).toList(),
                complete ? now : null);
    }

    /** The answers, that about the note first. */
    public List<NoteCapture> answers() {
        return video == null ? List.of(capture) : List.of(capture, video);
    }

    /** The files that one of the answers lists. Each is listed by one of them. */
    public List<SlotRow> filesOf(NoteCapture answer) {
        return files.stream()
                .filter(file -> answer.callId() == listing(file).callId())
                .toList();
    }

    private NoteCapture listing(SlotRow file) {
        return video != null && file.kind().isOfVideo() ? video : capture;
    }

    /** Whether a file is among those of these answers. */
    public boolean lists(SlotRow file) {
        return files.stream().anyMatch(listed -> listed.kind() == file.kind() && listed.ordinal() == file.ordinal());
    }
}
