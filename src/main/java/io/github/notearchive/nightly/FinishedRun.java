package io.github.notearchive.nightly;

import io.github.notearchive.note.Night;
import java.time.Instant;

/**
 * End of the command {@code run}, with or without an execution.
 *
 * @param began start of the command
 * @param ended end of the command, at least {@code began} even if the clock was set back
 * @param summary counts and result
 */
public record FinishedRun(Instant began, Instant ended, RunSummary summary) {

    public FinishedRun {
        ended = ended.isBefore(began) ? began : ended;
    }

    /** Returns the night in which the command started. */
    public Night night() {
        return Night.of(began);
    }
}
