package io.github.notearchive.cli;

import io.github.notearchive.archive.catalog.RebuiltTables;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.io.TerminalText;
import io.github.notearchive.maintenance.rebuild.RebuildRunner;
import io.github.notearchive.maintenance.rebuild.RebuildSummary;
import java.io.PrintWriter;
import org.springframework.stereotype.Component;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code rebuild}: restores the tables from the bucket. */
@Command(
        name = "rebuild",
        description =
                "Rebuilds the tables of an empty database from the bucket alone, or resumes an unfinished rebuild. With --missing it merges what the bucket has and a restored database lacks.",
        footer = {
            "",
            "For a lost database whose bucket still exists. Makes no call and buys nothing. Notes that were never paid for are not in the bucket: enqueue your lists again afterwards; archived notes stay as they are.",
            "Exit codes: 0 everything is restored; 2 the database is not empty (without --missing), the bucket is, it belongs to another archive, or configuration; 5 a run is active; 6 done, but sidecars were rejected or files are not in the bucket; 7 interrupted, run again; 8 a server is unavailable."
        })
final class RebuildCommand extends ArchiveCommand {

    private static final String UNKNOWN = """
              unknown   notes that nothing was ever paid for, and calls that were not charged: enqueue the lists again;
                        requeued or enqueued notes that were not claimed since; runs, and which of them settled a note;
                        whether the bytes of the files match their names: verified_at is empty until they are read""";

    @Option(
            names = "--missing",
            description =
                    "Merge into a database that holds rows: responses, notes and files that are only in the bucket or newer there, and erasures that the database does not know. For a database that was restored from an older dump.")
    private boolean missing;

    @Mixin
    private MaxDurationOption limit = new MaxDurationOption();

    @Component
    record Action(RebuildRunner runner, JobStopper stopper) {}

    @Override
    public Integer call() {
        SignalHandlers signals = SignalHandlers.install();
        try (CommandContext context = CommandContext.open()) {
            Action action = context.get(Action.class);
            signals.passTo(action.stopper::interrupt);
            RebuildSummary summary =
                    missing ? action.runner.merge(limit.duration()) : action.runner.rebuild(limit.duration());
            if (summary.execution() == null && summary.exitCode() != ExitCode.ALREADY_RUNNING) {
                throw new CommandFailure(summary.exitCode(), summary.reason());
            }
            print(summary, out());
            return summary.exitCode().number();
        }
    }

    private static void print(RebuildSummary summary, PrintWriter out) {
        printResult(out, summary.exitCode(), summary.reason());
        if (summary.execution() != null) {
            RebuildSummary.Found found = summary.found();
            RebuiltTables.Rows rows = summary.rows();
            printExecution(out, summary.execution(), null, summary.restart(), summary.took());
            line(
                    out,
                    "sidecars",
                    "%d read, %.0f a second, %d rejected"
                            .formatted(
                                    found.sidecars(),
                                    perSecond(summary.sidecarsNow(), summary.took()),
                                    found.refused()));
            line(out, "written", "rows of %d sidecars; those of the others exist".formatted(found.written()));
            line(
                    out,
                    "tables",
                    "%d notes (%d of them due now), %d captures, %d files, %d objects, %d paid calls"
                            .formatted(
                                    rows.notes(),
                                    rows.due(),
                                    rows.captures(),
                                    rows.files(),
                                    rows.objects(),
                                    rows.calls()));
            line(out, "lost", found.lost() + " files that are not in the bucket");
            found.findings().forEach(finding -> out.println("    " + TerminalText.line(finding)));
            long more = found.refused() + found.lost() - found.findings().size();
            if (more > 0) {
                out.println("    and " + more + " more; the log names them all");
            }
            out.println(UNKNOWN);
        }
        line(out, "next", next(summary.exitCode()));
    }

    private static String next(ExitCode exitCode) {
        return switch (exitCode) {
            case COMPLETED -> "enqueue your lists again, then run";
            case INCOMPLETE ->
                "check the list above; then enqueue your lists again, and run: lost files are fetched again";
            case INTERRUPTED -> "rebuild again, which resumes this one";
            case ALREADY_RUNNING -> "nothing was done; rebuild again when the other command has ended";
            case UPSTREAM_UNAVAILABLE -> "rebuild again when the server is available, which resumes this one";
            default -> "read the log; the next rebuild resumes this one";
        };
    }
}
