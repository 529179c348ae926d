package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.io.text.TerminalText;
import io.github.notearchive.maintenance.erase.Eraser;
import io.github.notearchive.maintenance.erase.Eraser.ErasureReport;
import io.github.notearchive.note.NoteId;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code forget}: erases notes or a person. */
@Command(name = "forget")
final class ForgetCommand extends JsonCommand {

    @Parameters(paramLabel = "NOTE_ID", arity = "0..*")
    private List<String> ids = List.of();

    @Option(names = "--author", paramLabel = "ID")
    private @Nullable String author;

    @Option(names = "--reason", paramLabel = "TEXT")
    private @Nullable String reason;

    @Option(names = "--dry-run")
    private boolean dryRun;

    @Option(names = "--yes")
    private boolean yes;

    record Forgotten(ErasureReport report, @Nullable String person) {}

    @Override
    public Integer call() throws Exception {
        refuseIf(
                ids.isEmpty() == (author == null),
                "name either notes or one person, such as: forget --author 5f0123456789abcdef012345");
        refuseIf(dryRun && yes, "--dry-run and --yes exclude each other; give one of them");
        refuseIf(
                (author != null && author.isBlank()) || (reason != null && reason.isBlank()),
                "--author and --reason must not be empty");
        List<NoteId> notes = noteIds(ids);
        return executeIfCurrent(context -> {
            requireConsistent(context.get(JobExecutionQueries.class));
            Eraser eraser = context.get(Eraser.class);
            String person = author == null ? null : author.strip();
            if (person != null) {
                requireUserId(eraser, person);
            }
            var request = new Eraser.ErasureRequest(notes, person, reason == null ? null : reason.strip());
            ErasureReport report = yes ? erase(eraser, request) : eraser.preview(request);
            print(report, "forget", new Forgotten(report, person));
            return ExitCode.COMPLETED;
        });
    }

    private static void requireConsistent(JobExecutionQueries executions) {
        if (executions.isRebuildUnfinished()) {
            throw CommandFailure.usage(
                    "the tables are being rebuilt from the bucket, so files that other notes use are unknown; nothing "
                            + "was forgotten. Finish it with note-archive rebuild, then forget");
        }
    }

    private static void requireUserId(Eraser eraser, String person) {
        eraser.authorByRedId(person).map(TerminalText::line).ifPresent(id -> {
            throw CommandFailure.usage(
                    ("\"%s\" is the RedNote number of the author %s, not the user id; nothing was forgotten. Use: "
                                    + "forget --author %s")
                            .formatted(TerminalText.line(person), id, id));
        });
    }

    private static ErasureReport erase(Eraser eraser, Eraser.ErasureRequest request) throws IOException {
        return eraser.erase(request)
                .orElseThrow(() -> new CommandFailure(
                        ExitCode.ALREADY_RUNNING,
                        "a run, an audit, a publish or another forget is active, which may use the same "
                                + "files; nothing was forgotten. Repeat when it has ended"));
    }
}
