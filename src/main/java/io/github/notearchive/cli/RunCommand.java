package io.github.notearchive.cli;

import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.io.TerminalText;
import io.github.notearchive.nightly.NightlyJobRunner;
import io.github.notearchive.nightly.NightlyLimitProperties;
import io.github.notearchive.nightly.RunOptions;
import io.github.notearchive.nightly.RunStopper;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.RefreshProperties;
import io.github.notearchive.provider.VideoProperties;
import io.github.notearchive.report.FinishedRun;
import io.github.notearchive.report.NightReports;
import io.github.notearchive.report.SummaryJson;
import io.github.notearchive.telemetry.RunTelemetry;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code run}: tonight's job, or the restart of the unfinished one. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = "Archives the notes that are due, or continues the run that was not finished.",
        footer = {
            "",
            "Exit codes: 0 all done; 1 unforeseen; 2 configuration; 3 quota used up, run again after 00:00 in Shanghai; 4 account blocked; 5 another run of this node is active; 6 done, some notes left to a later night or failed; 7 interrupted, run again; 8 a server is out of reach, run again later."
        })
final class RunCommand implements Callable<Integer> {

    private static final Logger log = LoggerFactory.getLogger(RunCommand.class);

    /** New fields that are named, of any number. */
    private static final int FIELDS = 3;

    @Option(
            names = "--limit",
            paramLabel = "N",
            description = "Take up at most N notes; one that comes back counts again.")
    private @Nullable Long limit;

    @Option(
            names = "--max-duration",
            paramLabel = "D",
            converter = MaxDurationArgument.class,
            description = "Take up no further note after this time, such as 90m or 6h; wins over ARCHIVE_MAX_DURATION.")
    private @Nullable Duration maxDuration;

    @Option(
            names = "--force",
            description =
                    "Ask although a code 303 closed the gate. Ignores neither our own limits nor when notes are due.")
    private boolean force;

    @Option(names = "--node", paramLabel = "NAME", description = "Which machine this is, instead of ARCHIVE_NODE.")
    private @Nullable String node;

    @Option(
            names = "--summary-json",
            paramLabel = "FILE",
            description = "Write how it ended and what it did as JSON, too, however it ends; - is standard output.")
    private @Nullable String summaryJson;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    /** Whether the document is written already. */
    private boolean isTold;

    private @Nullable String knownNode;
    private SummaryJson.@Nullable Limits limits;

    @Override
    public Integer call() {
        if (limit != null && limit < 1) {
            throw new ParameterException(spec.commandLine(), "--limit must be at least 1, but is " + limit);
        }
        SummaryFile file = SummaryFile.prepare(summaryJson, spec.commandLine());
        Instant began = Instant.now();
        try {
            return run(file, began);
        } catch (RuntimeException e) {
            if (file.isWanted() && !isTold) {
                tellOfFailure(file, began, e);
            }
            throw e;
        }
    }

    private int run(SummaryFile file, Instant began) {
        SignalHandlers signals = SignalHandlers.install();
        Map<String, String> settings = node == null ? Map.of() : Map.of("archive.node", node);
        try (CommandContext context = CommandContext.open(settings, null)) {
            return context.get(RunTelemetry.class)
                    .observe(
                            "run",
                            () -> run(context, signals, file, began),
                            RunSummary::result,
                            ErrorTranslator::result)
                    .exitCode()
                    .number();
        }
    }

    private RunSummary run(CommandContext context, SignalHandlers signals, SummaryFile file, Instant began) {
        PrintWriter words =
                file.words(spec.commandLine().getOut(), spec.commandLine().getErr());
        String thisNode = context.get(ArchiveProperties.class).node();
        knownNode = thisNode;
        SummaryJson.Limits bounds = limits(context);
        limits = bounds;
        requireToken(context.get(NoteSourceProperties.class));
        ArchiveLocation.unusedCredentials(context).forEach(log::warn);
        ArchiveLocation.newArchive(context).ifPresent(log::warn);
        NightlyJobRunner runner = context.get(NightlyJobRunner.class);
        signals.passTo(context.get(RunStopper.class)::stop);
        RunSummary summary;
        try (LiveProgress _ = LiveProgress.show(runner::progress)) {
            summary = runner.run(new RunOptions(limit, maxDuration, force, thisNode));
        }
        boolean refused = summary.execution() == null && isRefusal(summary.exitCode());
        if (refused) {
            spec.commandLine()
                    .getErr()
                    .println(TerminalText.lines("note-archive: " + summary.reason() + "; " + summary.next()));
        } else {
            print(summary, words);
        }
        FinishedRun end = new FinishedRun(began, Instant.now(), summary);
        NightReports.Written report =
                FinishedRuns.settle(context, thisNode, end).orElse(null);
        if (report != null && !refused) {
            FinishedRuns.print(report, words);
        }
        file.write(
                SummaryJson.of(end, thisNode, bounds, report),
                spec.commandLine().getOut());
        isTold = true;
        return summary;
    }

    /** Says in the document, too, what ended the command before a run could say so itself. */
    private void tellOfFailure(SummaryFile file, Instant began, RuntimeException failure) {
        Instant ended = later(began, Instant.now());
        CommandFailure told = ErrorTranslator.told(failure);
        RunSummary summary = RunSummary.notStarted(
                told.exitCode(), String.valueOf(told.getMessage()), Duration.between(began, ended));
        file.write(
                SummaryJson.of(
                        new FinishedRun(began, ended, summary),
                        knownNode == null ? node : knownNode,
                        limits == null
                                ? new SummaryJson.Limits(
                                        limit, seconds(maxDuration), null, null, null, null, null, null)
                                : limits,
                        null),
                spec.commandLine().getOut());
    }

    /** A clock that was put back must not make a run end before it began. */
    private static Instant later(Instant began, Instant now) {
        return now.isBefore(began) ? began : now;
    }

    private SummaryJson.Limits limits(CommandContext context) {
        NoteSourceProperties source = context.get(NoteSourceProperties.class);
        NightlyLimitProperties night = context.get(NightlyLimitProperties.class);
        Duration ofTheNight = night.maxDuration().isZero() ? null : night.maxDuration();
        long bytes = night.bytesPerNight().toBytes();
        return new SummaryJson.Limits(
                limit,
                seconds(maxDuration == null ? ofTheNight : maxDuration),
                orNone(source.callsPerNight()),
                orNone(context.get(VideoProperties.class).callsPerNight()),
                orNone(context.get(RefreshProperties.class).callsAllowed(source.callsPerNight())),
                source.callsPerSecond(),
                bytes == 0 ? null : Long.valueOf(bytes),
                night.stopAt().isEmpty() ? null : night.stopAt());
    }

    private static @Nullable Long orNone(int limit) {
        return limit == 0 ? null : Long.valueOf(limit);
    }

    private static @Nullable Double seconds(@Nullable Duration duration) {
        return duration == null ? null : Double.valueOf(duration.toMillis() / 1000.0);
    }

    /** Ends that somebody has to do something about, and that no execution tells of. */
    private static boolean isRefusal(ExitCode exitCode) {
        return exitCode == ExitCode.USAGE || exitCode == ExitCode.UPSTREAM_UNAVAILABLE || exitCode == ExitCode.FAILED;
    }

    private static void requireToken(NoteSourceProperties source) {
        if (!source.token().isPresent()) {
            throw new CommandFailure(ExitCode.USAGE, """
                    there is no token, so nothing can be asked. Set JUSTONEAPI_TOKEN to the token of your JustOneAPI account:
                      export JUSTONEAPI_TOKEN=...
                    To see a whole night without one: note-archive sandbox""");
        }
    }

    static void print(RunSummary summary, PrintWriter out) {
        out.printf(
                "%s (exit %d): %s%n",
                summary.exitCode(), summary.exitCode().number(), TerminalText.line(summary.reason()));
        RunSummary.Execution execution = summary.execution();
        if (execution != null) {
            RunCounts.Notes notes = summary.notes();
            out.printf(
                    "  execution %d of instance %d%s, %s%n",
                    execution.id(),
                    execution.instance(),
                    execution.restart() ? ", a restart" : "",
                    DisplayFormat.took(summary.took()));
            out.printf(
                    "  notes  archived %d, unavailable %d, postponed %d times, failed %d, released %d%s%n",
                    notes.archived(),
                    notes.unavailable(),
                    notes.postponed(),
                    notes.failed(),
                    notes.released(),
                    notes.erased() == 0 ? "" : ", erased " + notes.erased());
            RunCounts.Files files = summary.files();
            out.printf(
                    "  files  stored %d (%s), deduplicated %d (%s), reused %d (%s), upgraded %d, degraded %d, %d requests%n",
                    files.stored(),
                    DisplayFormat.size(files.bytesStored()),
                    files.deduplicated(),
                    DisplayFormat.size(files.bytesDeduplicated()),
                    files.reused(),
                    DisplayFormat.size(files.bytesReused()),
                    files.upgraded(),
                    files.degraded(),
                    files.requests());
            out.printf(
                    "  calls  %d, of which billed %d, billing unknown %d; bought again for expired URLs %d%n",
                    summary.bill().calls(),
                    summary.bill().billed(),
                    summary.bill().billingUnknown(),
                    summary.boughtAgain());
            print(summary.videos(), out);
            print("  new    ", summary.newFields(), out);
            print(summary.counts().refreshes(), summary.refreshes(), out);
        }
        out.println("  next   " + summary.next());
        out.flush();
    }

    private static void print(RunSummary.Videos videos, PrintWriter out) {
        if (videos.enabled() || videos.bill().calls() > 0) {
            out.printf(
                    "  videos %d of these calls, of which billed %d, billing unknown %d; tonight %d of %s%n",
                    videos.bill().calls(),
                    videos.bill().billed(),
                    videos.bill().billingUnknown(),
                    videos.tonight().made(),
                    videos.tonight().allowed() == 0
                            ? "any number"
                            : videos.tonight().allowed() + " allowed");
        }
    }

    /** What nobody has seen before in an answer; nothing when there is none. */
    static void print(String label, List<SchemaDrift.Found> newFields, PrintWriter out) {
        if (newFields.isEmpty()) {
            return;
        }
        String examples = newFields.stream()
                .limit(FIELDS)
                .map(found -> found.field() + " (note " + found.example() + ")")
                .collect(Collectors.joining(", "));
        out.println(label
                + TerminalText.line("%d field paths never seen before, e.g. %s; schema_drift has them"
                        .formatted(newFields.size(), examples)));
    }

    private static void print(RunCounts.Refreshes counts, RunSummary.Refreshes refreshes, PrintWriter out) {
        if (counts.done() + refreshes.due() + refreshes.bill().calls() > 0) {
            out.printf(
                    "  again  refreshed %d: changed counts %d, text %d, files %d, restored %d; unavailable %d, postponed %d, still due %d%n",
                    counts.refreshed(),
                    counts.changedCounts(),
                    counts.changedText(),
                    counts.changedFiles(),
                    counts.restored(),
                    counts.unavailable(),
                    counts.postponed(),
                    refreshes.due());
            out.printf(
                    "         %d of these calls, of which billed %d, billing unknown %d; tonight %d of %s%n",
                    refreshes.bill().calls(),
                    refreshes.bill().billed(),
                    refreshes.bill().billingUnknown(),
                    refreshes.tonight().made(),
                    refreshes.tonight().allowed() == 0
                            ? "any number"
                            : refreshes.tonight().allowed() + " allowed");
        }
    }
}
