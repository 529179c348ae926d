package io.github.notearchive.cli;

import io.github.notearchive.job.ExitCode;
import io.github.notearchive.report.NightReports;
import io.github.notearchive.report.RunEnd;
import java.io.PrintWriter;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is done after a run: how it ended is kept, and the report of the night is written. Trouble
 * with either is told and changes nothing of how the run ended.
 */
final class RunEnds {

    private static final Logger log = LoggerFactory.getLogger(RunEnds.class);

    private RunEnds() {}

    /**
     * Keeps and writes it.
     *
     * @return where the report lies; empty when there is none, as when another run is active
     */
    static Optional<NightReports.Written> settle(
            ArchiveContext context, String node, RunEnd end, PrintWriter out) {
        if (end.summary().exitCode() == ExitCode.ALREADY_RUNNING) {
            return Optional.empty();
        }
        try {
            NightReports reports = context.get(NightReports.class);
            reports.keep(node, end);
            Optional<NightReports.Written> written = reports.write(end.night(), node);
            written.ifPresent(report -> out.println("  report " + report.file()));
            out.flush();
            return written;
        } catch (Exception e) {
            log.warn(
                    "The report of this night could not be written; that changes nothing of the run. note-archive report makes it later: {}",
                    Failures.explain(e)
                            .map(Throwable::getMessage)
                            .orElseGet(() -> String.valueOf(e)));
            return Optional.empty();
        }
    }
}
