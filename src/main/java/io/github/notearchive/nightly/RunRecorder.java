package io.github.notearchive.nightly;

import io.github.notearchive.archive.stats.RunHistory;
import io.github.notearchive.batch.ExitCode;
import org.springframework.stereotype.Component;

/** Records the ends of runs in {@code run_summary}, for reports, health and plan. */
@Component
public record RunRecorder(RunHistory history, NightlySettings settings) {

    /**
     * Records the end of a run. A repetition for the same execution changes nothing. A run that found another one
     * active did nothing and is not recorded.
     */
    public void record(String node, FinishedRun run) {
        RunSummary summary = run.summary();
        if (summary.exitCode() == ExitCode.ALREADY_RUNNING) {
            return;
        }
        int allowed = settings.source().callsPerNight();
        history.record(new RunHistory.RunEnd(
                summary.executionId(),
                run.night(),
                node,
                run.began(),
                run.ended(),
                summary.exitCode().number(),
                summary.exitCode().name(),
                summary.reason(),
                new RunHistory.Work(
                        summary.counts().notes().archived(),
                        summary.counts().notes().unavailable(),
                        summary.counts().notes().postponed(),
                        summary.counts().notes().failed(),
                        summary.counts().notes().released(),
                        summary.counts().refreshes().refreshed(),
                        summary.files().stored(),
                        summary.files().bytesStored(),
                        summary.files().requests()),
                allowed == 0 ? null : Long.valueOf(allowed),
                settings.byName()));
    }
}
