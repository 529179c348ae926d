package io.github.notearchive.cli;

import io.github.notearchive.archive.query.RunHistory;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.nightly.FinishedRun;
import io.github.notearchive.nightly.NightlySettings;
import io.github.notearchive.nightly.RetentionProperties;
import io.github.notearchive.note.Night;
import io.github.notearchive.publish.PublishProperties;
import io.github.notearchive.publish.PublishReport;
import io.github.notearchive.publish.Publisher;
import io.github.notearchive.report.NightReport;
import io.github.notearchive.report.NightReports;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/**
 * Records the end of a run, writes the report of its night, deletes old ones and publishes tables. Errors are logged
 * and do not change the result.
 */
@Component
final class FinishedRuns {

    private static final Logger log = LoggerFactory.getLogger(FinishedRuns.class);

    private final ObjectProvider<RunHistory> history;
    private final ObjectProvider<NightReports> reports;
    private final ObjectProvider<Publisher> publisher;
    private final NightlySettings settings;
    private final RetentionProperties retention;
    private final PublishProperties publishing;

    FinishedRuns(
            ObjectProvider<RunHistory> history,
            ObjectProvider<NightReports> reports,
            ObjectProvider<Publisher> publisher,
            NightlySettings settings,
            RetentionProperties retention,
            PublishProperties publishing) {
        this.history = history;
        this.reports = reports;
        this.publisher = publisher;
        this.settings = settings;
        this.retention = retention;
        this.publishing = publishing;
    }

    /** Returns the written report; empty if there is none, for example if another run is active. */
    Optional<NightReports.WrittenReport> record(String node, FinishedRun end) {
        if (end.summary().exitCode() == ExitCode.ALREADY_RUNNING) {
            return Optional.empty();
        }
        try {
            history.getObject().record(end.row(node, settings));
            NightReports all = reports.getObject();
            Optional<NightReport> report = all.find(end.night(), node);
            Optional<NightReports.WrittenReport> written =
                    report.isEmpty() ? Optional.empty() : Optional.of(write(all, report.get()));
            deleteOld(all, end.night());
            return written;
        } catch (IOException | RuntimeException e) {
            log.warn("The report was not written; note-archive report writes it later: {}", describe(e));
            return Optional.empty();
        }
    }

    /** Publishes the changes of the night; returns the result in one line, empty if it is off or nothing was run. */
    Optional<String> publish(FinishedRun end) {
        if (!publishing.enabled() || end.summary().execution() == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(publisher
                    .getObject()
                    .publishAfterRun()
                    .map(PublishReport::line)
                    .orElse("not started, since another node waits to publish, or a publish or forget is active"));
        } catch (IOException | InterruptedException | RuntimeException e) {
            String reason = describe(e);
            log.warn("The tables were not published; the next publish continues: {}", reason);
            return Optional.of("failed: " + reason + "; repeat it with note-archive publish");
        }
    }

    private void deleteOld(NightReports reports, Night night) {
        if (retention.reports().isZero()) {
            return;
        }
        try {
            reports.removeBefore(night.date().minusDays(retention.reports().toDays()));
        } catch (IOException | RuntimeException e) {
            log.warn("Old reports were not deleted; the next run deletes them: {}", describe(e));
        }
    }

    private static NightReports.WrittenReport write(NightReports reports, NightReport report) throws IOException {
        Path file = reports.write(report);
        try {
            return new NightReports.WrittenReport(file, reports.put(report));
        } catch (RuntimeException e) {
            log.warn("The report is in {}, but was not stored in the bucket: {}", file, describe(e));
            return new NightReports.WrittenReport(file, null);
        }
    }

    private static String describe(Exception failure) {
        return ErrorTranslator.explain(failure).map(Throwable::getMessage).orElseGet(() -> String.valueOf(failure));
    }
}
