package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.io.files.AtomicFile;
import io.github.notearchive.io.text.TerminalText;
import io.github.notearchive.nightly.FinishedRun;
import io.github.notearchive.nightly.NightlyJobRunner;
import io.github.notearchive.nightly.NightlyRun;
import io.github.notearchive.nightly.NightlySettings;
import io.github.notearchive.nightly.RunOptions;
import io.github.notearchive.nightly.RunStopper;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.report.NightReports;
import io.github.notearchive.telemetry.RunTelemetry;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code run}: starts tonight's job, or restarts the unfinished one. */
@Command(name = "run")
final class RunCommand extends ArchiveCommand {

    private static final Logger log = LoggerFactory.getLogger(RunCommand.class);

    /** Results of a run that was not started and needs an operator. */
    private static final Set<ExitCode> REFUSED = Set.of(ExitCode.USAGE, ExitCode.UPSTREAM_UNAVAILABLE, ExitCode.FAILED);

    private static final String STANDARD_OUTPUT = "-";

    @Option(names = "--limit", paramLabel = "N")
    private @Nullable Long limit;

    @Option(names = "--max-duration", paramLabel = "D")
    private @Nullable Duration maxDuration;

    @Option(names = "--force")
    private boolean force;

    @Option(names = "--node", paramLabel = "NAME")
    private @Nullable String node;

    /** File, {@value #STANDARD_OUTPUT}, or null. */
    @Option(names = "--summary-json", paramLabel = "FILE")
    private @Nullable String summaryJson;

    /** Telemetry, which also reports a run that cannot be started; and the run. */
    @Component
    static final class Action {

        private final RunTelemetry telemetry;
        private final ObjectProvider<NightlyCommandRun> run;

        Action(RunTelemetry telemetry, ObjectProvider<NightlyCommandRun> run) {
            this.telemetry = telemetry;
            this.run = run;
        }
    }

    @Component
    static final class NightlyCommandRun {

        private final NightlySettings settings;
        private final ArchiveLocation location;
        private final ObjectProvider<NightlyJobRunner> runner;
        private final ObjectProvider<RunStopper> stopper;
        private final FinishedRuns finished;

        NightlyCommandRun(
                NightlySettings settings,
                ArchiveLocation location,
                ObjectProvider<NightlyJobRunner> runner,
                ObjectProvider<RunStopper> stopper,
                FinishedRuns finished) {
            this.settings = settings;
            this.location = location;
            this.runner = runner;
            this.stopper = stopper;
            this.finished = finished;
        }

        void requireToken() {
            if (!settings.source().token().isPresent()) {
                throw CommandFailure.usage("""
                        there is no token, so no call can be made. Set JUSTONEAPI_TOKEN to the token of your \
                        JustOneAPI account:
                          export JUSTONEAPI_TOKEN=...
                        To see a whole night without one: note-archive sandbox""");
            }
        }
    }

    /** Null if they could not be read. */
    private @Nullable NightlySettings settings;

    private boolean isSummaryWritten;

    @Override
    public Integer call() {
        refuseIf(limit != null && limit < 1, "--limit must be at least 1, but is " + limit);
        requireWritableSummary();
        Instant began = ProgramConfiguration.CLOCK.instant();
        SignalHandlers signals = SignalHandlers.install();
        try (CommandContext context = CommandContext.open(withDirectory(ofNode(node)), null)) {
            Action action = context.get(Action.class);
            return action.telemetry
                    .observe(
                            "run",
                            () -> run(action.run.getObject(), signals, began),
                            RunSummary::result,
                            ErrorTranslator::result)
                    .exitCode()
                    .number();
        } catch (RuntimeException e) {
            if (!isSummaryWritten) {
                CommandFailure failure = ErrorTranslator.translate(e);
                Instant now = ProgramConfiguration.CLOCK.instant();
                Duration took = now.isBefore(began) ? Duration.ZERO : Duration.between(began, now);
                RunSummary summary =
                        RunSummary.notStarted(failure.exitCode(), String.valueOf(failure.getMessage()), took);
                write(new FinishedRun(began, now, summary), null);
            }
            throw e;
        }
    }

    private RunSummary run(NightlyCommandRun run, SignalHandlers signals, Instant began) {
        // standard output is for the document
        boolean isDocument = STANDARD_OUTPUT.equals(summaryJson);
        PrintWriter text = isDocument ? err() : out();
        String thisNode = run.settings.archive().node();
        settings = run.settings;
        run.requireToken();
        run.location.newArchive().ifPresent(log::warn);
        NightlyJobRunner runner = run.runner.getObject();
        signals.passTo(run.stopper.getObject()::stop);
        RunSummary summary;
        try (NightlyRun prepared = runner.prepare(new RunOptions(limit, maxDuration, force, thisNode));
                LiveProgress _ = LiveProgress.show(prepared::progress)) {
            summary = prepared.execute();
        }
        boolean refused = summary.execution() == null && REFUSED.contains(summary.exitCode());
        if (refused) {
            warn(summary.reason() + "; " + summary.end().next());
        } else {
            text.print(isDocument ? ConsoleText.render("run", summary) : text("run", summary));
        }
        FinishedRun end = new FinishedRun(began, ProgramConfiguration.CLOCK.instant(), summary);
        NightReports.WrittenReport report = run.finished.record(thisNode, end).orElse(null);
        if (report != null && !refused) {
            text.println("  report    " + report.file());
        }
        text.flush();
        write(end, report);
        run.finished.publish(end).ifPresent(result -> text.println("  publish   " + TerminalText.line(result)));
        text.flush();
        return summary;
    }

    /**
     * Checks before anything is bought that the summary can be written, and removes that of an earlier run, so that a
     * killed run leaves none.
     */
    private void requireWritableSummary() {
        if (summaryJson == null || summaryJson.equals(STANDARD_OUTPUT)) {
            return;
        }
        try {
            AtomicFile.write(Path.of(summaryJson), new byte[0]);
            Files.delete(Path.of(summaryJson));
        } catch (IOException e) {
            throw usage(
                    ("--summary-json %s cannot be written: %s; nothing was done. Name another file, or - for standard "
                                    + "output")
                            .formatted(summaryJson, e));
        }
    }

    /** Writes the summary. An error is logged and does not change the result of the run. */
    private void write(FinishedRun end, NightReports.@Nullable WrittenReport report) {
        isSummaryWritten = true;
        if (summaryJson == null) {
            return;
        }
        String nodeName = settings == null ? node : settings.archive().node();
        SummaryJson.Limits limits = SummaryJson.Limits.of(limit, maxDuration, settings);
        String document = json(SummaryJson.of(end, nodeName, limits, report)) + "\n";
        if (summaryJson.equals(STANDARD_OUTPUT)) {
            out().print(TerminalText.json(document));
            out().flush();
            return;
        }
        try {
            AtomicFile.write(Path.of(summaryJson), document.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            log.error(
                    "The summary was not written to {}: {}. The result of the run is unchanged",
                    summaryJson,
                    e.toString());
        }
    }
}
