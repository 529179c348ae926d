package io.github.notearchive.archive.worklist;

import io.github.notearchive.archive.worklist.WorklistRow.Counters;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A claimed note. A new one is fetched with its media, an archived one is fetched again if it is due for a refresh, and
 * otherwise tries better renditions and missing files from existing responses.
 *
 * @param claim the fencing token of the claim
 * @param hasCalls whether calls about the note were made before the claim, so that the ledger may have a response
 * @param refreshNight night since which a response counts as new, if the note is claimed for a refresh; otherwise null
 */
public record WorklistItem(
        NoteId id,
        long claim,
        WorklistRow row,
        boolean hasCalls,
        @Nullable Night refreshNight) {

    public WorklistItem withCalls() {
        return new WorklistItem(id, claim, row, true, refreshNight);
    }

    public NoteState state() {
        return row.state();
    }

    /** Returns whether the note is neither archived nor claimed for a refresh. */
    public boolean isNew() {
        return !isRefresh() && state() != NoteState.ARCHIVED;
    }

    public boolean isRefresh() {
        return refreshNight != null;
    }

    /** Returns the failures in total and in a night, which may have begun after the claim. */
    public Counters countersIn(Night tonight) {
        return row.counters().in(tonight.date());
    }

    public int refreshAttempts() {
        return row.refresh().refreshAttempts();
    }

    public @Nullable Night missingNight() {
        return row.missingNight() == null ? null : new Night(row.missingNight());
    }

    /** Returns the earlier night in which a success lacked the note. */
    public Optional<Night> wasMissingBefore(Night tonight) {
        return Optional.ofNullable(missingNight()).filter(night -> night.compareTo(tonight) < 0);
    }

    @Override
    public String toString() {
        return "note " + id + " (claim " + claim + ")";
    }
}
