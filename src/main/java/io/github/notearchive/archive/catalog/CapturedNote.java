package io.github.notearchive.archive.catalog;

import io.github.notearchive.note.NoteCapture;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A note with its responses, as written to the tables and to its sidecars. */
public record CapturedNote(
        NoteCapture capture,
        @Nullable NoteCapture video,
        List<SlotRow> files,
        @Nullable Instant archivedAt) {

    public CapturedNote {
        files = List.copyOf(files);
    }

    public static CapturedNote of(
            NoteCapture capture, @Nullable NoteCapture video, List<SlotRow> slots, boolean complete, Instant now) {
        return new CapturedNote(
                capture, video, slots.stream().map(slot -> slot.at(now)).toList(), complete ? now : null);
    }

    public List<NoteCapture> answers() {
        return video == null ? List.of(capture) : List.of(capture, video);
    }

    /** Returns the files that a response lists. Each file is listed by one response. */
    public List<SlotRow> filesOf(NoteCapture response) {
        return files.stream()
                .filter(file -> response.callId() == listing(file).callId())
                .toList();
    }

    private NoteCapture listing(SlotRow file) {
        return video != null && file.kind().isOfVideo() ? video : capture;
    }

    public boolean lists(SlotRow file) {
        return files.stream().anyMatch(listed -> listed.kind() == file.kind() && listed.ordinal() == file.ordinal());
    }
}
