package io.github.notearchive.cli;

import io.github.notearchive.archive.stats.RunHistory;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.nightly.FinishedRun;
import io.github.notearchive.nightly.NightlySettings;
import io.github.notearchive.report.NightReport;
import io.github.notearchive.report.NightReports;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/** Records the end of a run and writes the report of its night. Errors are logged and do not change the result. */
@Component
record FinishedRuns(
        ObjectProvider<RunHistory> history, ObjectProvider<NightReports> reports, NightlySettings settings) {

    private static final Logger log = LoggerFactory.getLogger(FinishedRuns.class);

    /** Returns the written report; empty if there is none, for example if another run is active. */
    Optional<NightReports.Written> record(String node, FinishedRun end) {
        if (end.summary().exitCode() == ExitCode.ALREADY_RUNNING) {
            return Optional.empty();
        }
        try {
            history.getObject().record(end.row(node, settings));
            NightReports all = reports.getObject();
            Optional<NightReport> report = all.find(end.night(), node);
            return report.isEmpty() ? Optional.empty() : Optional.of(write(all, report.get()));
        } catch (IOException | RuntimeException e) {
            log.warn("The report was not written; note-archive report writes it later: {}", describe(e));
            return Optional.empty();
        }
    }

    private static NightReports.Written write(NightReports reports, NightReport report) throws IOException {
        Path file = reports.write(report);
        try {
            return new NightReports.Written(file, reports.put(report));
        } catch (RuntimeException e) {
            log.warn("The report is in {}, but was not stored in the bucket: {}", file, describe(e));
            return new NightReports.Written(file, null);
        }
    }

    private static String describe(Exception failure) {
        return ErrorTranslator.explain(failure).map(Throwable::getMessage).orElseGet(() -> String.valueOf(failure));
    }
}
