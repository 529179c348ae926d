package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.maintenance.rebuild.RebuildRunner;
import io.github.notearchive.maintenance.rebuild.RebuildSummary;
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

    @Option(
            names = "--missing",
            description =
                    "Merge into a database that holds rows: responses, notes and files that are only in the bucket or newer there, and erasures that the database does not know. For a database that was restored from an older dump.")
    private boolean missing;

    @Mixin
    private MaxDurationOption limit = new MaxDurationOption();

    @Component
    record Action(RebuildRunner runner, JobStopper stopper) {}

    /** Result, as printed. */
    record Rebuild(RebuildSummary summary, String next) {}

    @Override
    public Integer call() throws Exception {
        SignalHandlers signals = SignalHandlers.install();
        return execute(CommandContext.open(), Action.class, action -> {
            signals.passTo(action.stopper::interrupt);
            RebuildSummary summary =
                    missing ? action.runner.merge(limit.duration()) : action.runner.rebuild(limit.duration());
            if (summary.execution() == null && summary.exitCode() != ExitCode.ALREADY_RUNNING) {
                throw new CommandFailure(summary.exitCode(), summary.reason());
            }
            String next = switch (summary.exitCode()) {
                case COMPLETED -> "enqueue your lists again, then run";
                case INCOMPLETE ->
                    "check the list above; then enqueue your lists again, and run: lost files are fetched again";
                case ALREADY_RUNNING -> "nothing was done; rebuild again when the other command has ended";
                default -> next(summary.exitCode());
            };
            out().print(ConsoleText.render("rebuild", new Rebuild(summary, next)));
            return summary.exitCode();
        });
    }
}
