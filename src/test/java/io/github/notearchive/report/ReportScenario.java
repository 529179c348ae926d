package io.github.notearchive.report;

import io.github.notearchive.archive.query.RunHistory;
import io.github.notearchive.nightly.FinishedRun;
import io.github.notearchive.nightly.NightlyScenario;
import io.github.notearchive.nightly.NightlySettings;
import io.github.notearchive.nightly.RunSummary;
import java.time.Instant;
import org.springframework.beans.factory.annotation.Autowired;

/** Base of tests of recorded nights. */
abstract class ReportScenario {

    @Autowired
    NightlyScenario night;

    @Autowired
    NightReports reports;

    @Autowired
    private RunHistory history;

    @Autowired
    private NightlySettings nightlySettings;

    /** Runs and records the run. */
    RunSummary run() {
        Instant began = night.clock().instant();
        RunSummary summary = night.run();
        record(new FinishedRun(began, night.clock().instant(), summary));
        return summary;
    }

    void record(FinishedRun run) {
        history.record(run.row("main", nightlySettings));
    }

    void finding(String kind) {
        night.update("""
                INSERT INTO fixity_finding (kind, object_key, seen, first_seen, last_seen, job_execution_id)
                VALUES (?, 'media/aa/' || ?, 'x', '2001-01-01', '2001-01-01', 1)
                """, kind, kind);
    }
}
