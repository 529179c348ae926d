package io.github.notearchive.nightly;

import io.github.notearchive.archive.query.RunHistory;
import io.github.notearchive.batch.RunCounts;
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

    public Night night() {
        return Night.of(began);
    }

    /** Returns the row of {@code run_summary}, for reports, health and plan. */
    public RunHistory.RunEnd row(String node, NightlySettings settings) {
        RunCounts.Notes notes = summary.notes();
        RunCounts.FileCounts files = summary.files();
        int allowed = settings.source().callsPerNight();
        return new RunHistory.RunEnd(
                summary.execution(),
                night(),
                node,
                began,
                ended,
                summary.exitCode().number(),
                summary.exitCode().name(),
                summary.reason(),
                new RunHistory.RunWork(
                        notes.archived(),
                        notes.unavailable(),
                        notes.postponed(),
                        notes.failed(),
                        notes.released(),
                        summary.counts().refreshes().refreshed(),
                        files.stored(),
                        files.bytesStored(),
                        files.differing(),
                        files.requests(),
                        0),
                allowed == 0 ? null : Long.valueOf(allowed),
                settings.byName(),
                summary.cost());
    }
}
