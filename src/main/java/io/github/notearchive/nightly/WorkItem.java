package io.github.notearchive.nightly;

import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;

/** A claimed note, by the kind of work that it needs. */
sealed interface WorkItem {

    WorklistItem claimed();

    default NoteId id() {
        return claimed().id();
    }

    /** Not archived: fetch it and collect its media. */
    record NewNote(WorklistItem claimed) implements WorkItem {}

    /** Archived: try better renditions and missing files again, from existing responses. */
    record ArchivedNote(WorklistItem claimed) implements WorkItem {}

    /**
     * Archived before and due for a refresh: fetch it again.
     *
     * @param due night since which a response counts as new
     */
    record RefreshNote(WorklistItem claimed, Night due) implements WorkItem {}

    /** Returns the kind of work of a claimed note. */
    static WorkItem of(WorklistItem claimed) {
        Night due = claimed.refreshNight();
        if (due != null) {
            return new RefreshNote(claimed, due);
        }
        return claimed.state() == NoteState.ARCHIVED ? new ArchivedNote(claimed) : new NewNote(claimed);
    }
}
