package io.github.notearchive.cli;

import io.github.notearchive.archive.catalog.RemapChanges;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.io.TerminalText;
import io.github.notearchive.maintenance.remap.RemapOptions;
import io.github.notearchive.maintenance.remap.RemapRunner;
import io.github.notearchive.maintenance.remap.RemapSummary;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code remap}: what this version makes of the answers that are stored already. */
@Command(
        name = "remap",
        mixinStandardHelpOptions = true,
        description =
                "Fills the columns of notes and captures anew from the stored answers that an older version has mapped; or continues the remap that was not finished. Makes no call, and works beside a run.",
        footer = {
            "",
            "Exit codes: 0 done; 1 unforeseen; 2 configuration; 5 another remap is active; 6 done, but some stored answers do not hold their note; 7 interrupted, run again; 8 the database is out of reach, run again later."
        })
final class RemapCommand implements Callable<Integer> {

    @Option(names = "--all", description = "Map all stored answers, those of this version of the mapper, too.")
    private boolean all;

    @Option(names = "--dry-run", description = "Write nothing; only say what would change.")
    private boolean dryRun;

    @Option(
            names = "--max-duration",
            paramLabel = "D",
            converter = MaxDurationArgument.class,
            description = "Read no further answer after this time, such as 90m or 6h.")
    private @Nullable Duration maxDuration;

    @Option(names = "--node", paramLabel = "NAME", description = "Which machine this is, instead of ARCHIVE_NODE.")
    private @Nullable String node;

    @Option(names = "--json", description = "Prints the result as one JSON document.")
    private boolean json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        SignalHandlers signals = SignalHandlers.install();
        Map<String, String> settings = node == null ? Map.of() : Map.of("archive.node", node);
        try (CommandContext context = CommandContext.openExisting(settings)) {
            RemapRunner runner = context.get(RemapRunner.class);
            String thisNode = context.get(ArchiveProperties.class).node();
            signals.passTo(context.get(JobStopper.class)::interrupt);
            RemapSummary summary = runner.remap(new RemapOptions(maxDuration, all, thisNode), dryRun);
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                Json.print(summary, out);
            } else {
                print(summary, dryRun, out);
            }
            out.flush();
            return summary.exitCode().number();
        }
    }

    static void print(RemapSummary summary, boolean dryRun, PrintWriter out) {
        out.printf(
                "%s (exit %d): %s%n",
                summary.exitCode(), summary.exitCode().number(), TerminalText.line(summary.reason()));
        if (summary.execution() != null) {
            out.printf(
                    "  execution %d of instance %d%s, %s%n",
                    summary.execution(),
                    summary.instance(),
                    summary.restart() ? ", a restart" : "",
                    DisplayFormat.took(summary.took()));
        }
        if (summary.execution() != null || dryRun) {
            printWork(summary, dryRun, out);
        }
        out.println("  next     " + next(summary, dryRun));
    }

    private static void printWork(RemapSummary summary, boolean dryRun, PrintWriter out) {
        out.printf(
                "  answers  %d read, %.0f a second%s; version %d of the mapper%n",
                summary.answers(),
                summary.answersNow() / Math.max(0.001, summary.took().toMillis() / 1000.0),
                summary.left() == null ? "" : ", " + summary.left() + " left",
                summary.mapper());
        if (summary.unreadable() > 0) {
            out.printf(
                    "  without  %d do not hold their note, e.g. %s%n",
                    summary.unreadable(), String.join(", ", summary.unreadableNotes()));
        }
        if (summary.changes().isEmpty()) {
            out.println("  changed  nothing");
        } else {
            out.println(dryRun ? "  would change" : "  changed");
            TextTable columns = new TextTable("column", "rows", "for example");
            summary.changes()
                    .forEach((String column, RemapChanges.Change change) ->
                            columns.row(column, change.rows(), String.join(" ", change.examples())));
            out.print(columns);
        }
        RunCommand.print("  new      ", summary.newFields(), out);
    }

    private static String next(RemapSummary summary, boolean dryRun) {
        boolean leavesWork =
                dryRun && !(summary.changes().isEmpty() && summary.newFields().isEmpty());
        return switch (summary.exitCode()) {
            case COMPLETED -> leavesWork ? "remap, which writes it" : "nothing to do until the next version";
            case INCOMPLETE ->
                "explain NOTE_ID tells the story of a note; "
                        + (leavesWork ? "remap writes the others" : "the others are done");
            case INTERRUPTED ->
                dryRun ? "remap --dry-run again; it begins anew" : "remap again; the same command continues this one";
            case UPSTREAM_UNAVAILABLE -> "remap again when the database is back";
            case ALREADY_RUNNING -> "nothing; the other remap goes on";
            case FAILED -> "read the log; the next remap continues where this one ended";
            case USAGE -> "put the configuration right, then remap again";
            case QUOTA_EXHAUSTED, BLOCKED_TOKEN, BLOCKED_PERMISSION, BLOCKED_BALANCE, FINDINGS -> "no remap ends so";
        };
    }
}
