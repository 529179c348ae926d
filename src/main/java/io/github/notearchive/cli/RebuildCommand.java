package io.github.notearchive.cli;

import io.github.notearchive.archive.catalog.RebuiltTables;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.io.TerminalText;
import io.github.notearchive.maintenance.rebuild.RebuildRunner;
import io.github.notearchive.maintenance.rebuild.RebuildSummary;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code rebuild}: the tables from the bucket alone, or what they lack of it. */
@Command(
        name = "rebuild",
        mixinStandardHelpOptions = true,
        description =
                "Rebuilds the tables of an empty database from the bucket alone, or continues a rebuild that was not finished. With --missing it merges what the bucket has and a restored database lacks.",
        footer = {
            "",
            "For the day when the database is lost and the bucket is not. Asks nobody and buys nothing. What was never paid for is not in the bucket: enqueue your lists again afterwards, what is archived keeps its place.",
            "Exit codes: 0 all is there again; 2 the database is not empty (without --missing), the bucket is, it belongs to another archive, or configuration; 5 a run is active; 6 done, but sidecars were refused or files are not in the bucket; 7 interrupted, run again; 8 a server is out of reach."
        })
final class RebuildCommand implements Callable<Integer> {

    @Option(
            names = "--missing",
            description =
                    "Merge into a database that holds rows: responses, notes and files that are only in the bucket or newer there, and erasures that the database does not know. For a database that was restored from an older dump.")
    private boolean missing;

    @Option(
            names = "--max-duration",
            paramLabel = "D",
            converter = MaxDurationArgument.class,
            description = "Read no further sidecar after this time, such as 90m or 6h.")
    private @Nullable Duration maxDuration;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        SignalHandlers signals = SignalHandlers.install();
        try (CommandContext context = CommandContext.open()) {
            RebuildRunner runner = context.get(RebuildRunner.class);
            signals.passTo(context.get(JobStopper.class)::interrupt);
            RebuildSummary summary = missing ? runner.merge(maxDuration) : runner.rebuild(maxDuration);
            if (summary.execution() == null && summary.exitCode() != ExitCode.ALREADY_RUNNING) {
                throw new CommandFailure(summary.exitCode(), summary.reason());
            }
            print(summary, spec.commandLine().getOut());
            return summary.exitCode().number();
        }
    }

    private static void print(RebuildSummary summary, PrintWriter out) {
        out.printf(
                "%s (exit %d): %s%n",
                summary.exitCode(), summary.exitCode().number(), TerminalText.line(summary.reason()));
        if (summary.execution() != null) {
            RebuildSummary.Found found = summary.found();
            RebuiltTables.Rows rows = summary.rows();
            out.printf(
                    "  execution %d%s, %s, %.0f sidecars a second%n",
                    summary.execution(),
                    summary.restart() ? ", a restart" : "",
                    DisplayFormat.took(summary.took()),
                    summary.sidecarsNow() * 1e9 / Math.max(1, summary.took().toNanos()));
            out.printf("  sidecars  read %d, refused %d%n", found.sidecars(), found.refused());
            out.printf("  written   rows of %d sidecars; those of the others were there%n", found.written());
            out.printf(
                    "  tables    %d notes (%d of them due now), %d captures, %d files, %d objects, %d paid calls%n",
                    rows.notes(), rows.due(), rows.captures(), rows.files(), rows.objects(), rows.calls());
            out.printf("  lost      %d files that are not in the bucket%n", found.lost());
            found.findings().forEach(line -> out.println("    " + TerminalText.line(line)));
            long more = found.refused() + found.lost() - found.findings().size();
            if (more > 0) {
                out.printf("    and %d more; the log names them all%n", more);
            }
            out.println("""
                    unknown   notes that nothing was ever paid for, and calls that were not charged: enqueue the lists again;
                              what was requeued or enqueued and not taken up since; runs, and which of them decided;
                              whether the files' bytes are what their names say: verified_at is empty until they are read""".indent(2).stripTrailing());
        }
        out.println("  next      " + next(summary.exitCode()));
        out.flush();
    }

    private static String next(ExitCode exitCode) {
        return switch (exitCode) {
            case COMPLETED -> "enqueue your lists again, then run";
            case INCOMPLETE ->
                "look at what is named above; then enqueue your lists again, and run: lost files are brought in again";
            case INTERRUPTED -> "rebuild again; it goes on where it stopped";
            case ALREADY_RUNNING -> "nothing was done; rebuild again when that has ended";
            case UPSTREAM_UNAVAILABLE -> "rebuild again when the server is back; it goes on where it stopped";
            default -> "read the log; the next rebuild goes on where this one ended";
        };
    }
}
