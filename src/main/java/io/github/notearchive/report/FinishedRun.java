package io.github.notearchive.report;

import io.github.notearchive.archive.stats.RunHistory;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.note.Night;
import java.time.Instant;

/**
 * The end of the command {@code run}, whatever came of it.
 *
 * @param began when the command began
 * @param ended when it was over; a clock that was put back does not make that earlier than it began
 * @param summary how it ended, and what it did
 */
public record FinishedRun(Instant began, Instant ended, RunSummary summary) {

    public FinishedRun {
        ended = ended.isBefore(began) ? began : ended;
    }

    /** Returns the end as {@code run_summary} records it. */
    RunHistory.RunEnd recorded(String node, SettingsInForce settings) {
        return new RunHistory.RunEnd(
                summary.executionId(),
                night(),
                node,
                began,
                ended,
                summary.exitCode().number(),
                summary.exitCode().name(),
                summary.reason(),
                new RunHistory.Work(
                        summary.notes().archived(),
                        summary.notes().unavailable(),
                        summary.notes().postponed(),
                        summary.notes().failed(),
                        summary.notes().released(),
                        summary.counts().refreshes().refreshed(),
                        summary.files().stored(),
                        summary.files().bytesStored(),
                        summary.files().requests()),
                settings.callsAllowed(),
                settings.byName());
    }

    /** The calendar day of Shanghai in which it began. */
    public Night night() {
        return Night.of(began);
    }
}
