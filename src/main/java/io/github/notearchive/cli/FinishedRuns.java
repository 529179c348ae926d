package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.report.FinishedRun;
import io.github.notearchive.report.NightReport;
import io.github.notearchive.report.NightReports;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is done after a run: how it ended is kept, and the report of the night is written. Trouble with either is told
 * and changes nothing of how the run ended.
 */
final class FinishedRuns {

    private static final Logger log = LoggerFactory.getLogger(FinishedRuns.class);

    private FinishedRuns() {}

    /**
     * Keeps and writes it.
     *
     * @return where the report lies; empty when there is none, as when another run is active
     */
    static Optional<NightReports.Written> settle(CommandContext context, String node, FinishedRun end) {
        if (end.summary().exitCode() == ExitCode.ALREADY_RUNNING) {
            return Optional.empty();
        }
        try {
            NightReports reports = context.get(NightReports.class);
            reports.keep(node, end);
            Optional<NightReport> report = reports.find(end.night(), node);
            return report.isEmpty() ? Optional.empty() : Optional.of(write(reports, report.get()));
        } catch (IOException | RuntimeException e) {
            log.warn(
                    "The report of this night could not be written; that changes nothing of the run. note-archive report makes it later: {}",
                    inWords(e));
            return Optional.empty();
        }
    }

    private static NightReports.Written write(NightReports reports, NightReport report) throws IOException {
        Path file = reports.write(report);
        try {
            return new NightReports.Written(file, reports.put(report));
        } catch (RuntimeException e) {
            log.warn(
                    "The report of this night lies in {}, but not in the bucket; that changes nothing of the run: {}",
                    file,
                    inWords(e));
            return new NightReports.Written(file, null);
        }
    }

    /** Says where it lies, below how the run ended. */
    static void print(NightReports.Written report, PrintWriter out) {
        out.println("  report " + report.file());
        out.flush();
    }

    private static String inWords(Exception failure) {
        return ErrorTranslator.explain(failure).map(Throwable::getMessage).orElseGet(() -> String.valueOf(failure));
    }
}
