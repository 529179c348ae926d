package io.github.notearchive.cli;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.io.TerminalText;
import io.github.notearchive.maintenance.erase.Eraser;
import io.github.notearchive.maintenance.erase.ErasureReport;
import io.github.notearchive.note.NoteId;
import java.io.IOException;
import java.io.PrintWriter;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code forget}: removes what is kept of notes or of a person, for good. */
@Command(
        name = "forget",
        mixinStandardHelpOptions = true,
        description =
                "Removes all rows and objects of notes, or of all notes of a person, and sees that they are not archived again. Shows what would go unless --yes is given.",
        footer = {
            "",
            "What stays: a tombstone with the note's id or the hash of the person's; the calls in api_call without their answers, for the bill; files that other notes use, too; other people's notes that name the person, in their texts and answers; logs; backups; and in a bucket with versions, what it was told to keep of removed objects.",
            "Exit codes: 0 done, or shown; 2 usage, or no such bucket; 5 a run or an audit is active, repeat when it has ended; 8 a server is out of reach. Whatever interrupts it, the same command finishes it."
        })
final class ForgetCommand implements Callable<Integer> {

    @Parameters(paramLabel = "NOTE_ID", arity = "0..*", description = "The notes.")
    private List<String> ids = List.of();

    @Option(
            names = "--author",
            paramLabel = "ID",
            description =
                    "A person, by the platform's user id: all notes of theirs, now and later, and where others' notes name them.")
    private @Nullable String author;

    @Option(
            names = "--reason",
            paramLabel = "TEXT",
            description = "Why; kept in the tombstones, so it should hold nothing that is to be forgotten.")
    private @Nullable String reason;

    @Option(names = "--dry-run", description = "Only show what would go. So it is without --yes.")
    private boolean dryRun;

    @Option(names = "--yes", description = "Do it. Nothing brings it back.")
    private boolean yes;

    @Option(names = "--json", description = "Prints the result as one JSON document.")
    private boolean json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws SQLException, IOException {
        if (ids.isEmpty() == (author == null)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "name either notes or one person, such as: forget --author 5f0123456789abcdef012345");
        }
        if (dryRun && yes) {
            throw new ParameterException(spec.commandLine(), "--dry-run and --yes are opposites; give one of them");
        }
        if ((author != null && author.isBlank()) || (reason != null && reason.isBlank())) {
            throw new ParameterException(spec.commandLine(), "--author and --reason must say something");
        }
        List<NoteId> notes = ids.stream().map(id -> Arguments.noteId(spec, id)).toList();
        try (CommandContext context = CommandContext.openExisting()) {
            if (context.get(JobExecutionQueries.class).isRebuildUnfinished()) {
                throw new CommandFailure(
                        ExitCode.USAGE,
                        "the tables are being rebuilt from the bucket, and that is not finished, so that nobody knows which files other notes use; nothing was forgotten. Finish it with note-archive rebuild, then forget");
            }
            Optional<String> difference = context.get(ArchiveRevision.class).difference();
            if (difference.isPresent()) {
                throw new CommandFailure(ExitCode.USAGE, difference.get() + "; nothing was forgotten");
            }
            Eraser forgetter = context.get(Eraser.class);
            String person = author == null ? null : author.strip();
            if (person != null) {
                requireNoRedId(forgetter, person);
            }
            var request = new Eraser.Request(notes, person, reason == null ? null : reason.strip());
            ErasureReport report =
                    yes ? forgetter.forget(request).orElseThrow(ForgetCommand::notNow) : forgetter.preview(request);
            print(report, spec.commandLine().getOut());
            return ExitCode.COMPLETED.number();
        }
    }

    private static boolean isNobody(ErasureReport report) {
        return report.notes().isEmpty()
                && report.namedIn().isEmpty()
                && report.rows().values().stream().allMatch(rows -> rows == 0);
    }

    private static CommandFailure notNow() {
        return new CommandFailure(
                ExitCode.ALREADY_RUNNING,
                "a run, an audit or another forget is active, which may have the same files in hand; nothing was forgotten. Repeat when it has ended");
    }

    private static void requireNoRedId(Eraser forgetter, String person) {
        Optional<String> id = forgetter.authorByRedId(person);
        if (id.isPresent()) {
            throw new CommandFailure(
                    ExitCode.USAGE,
                    "\""
                            + TerminalText.line(person)
                            + "\" is the number that people know the author "
                            + TerminalText.line(id.get())
                            + " by, not the user id; nothing was forgotten. Use: forget --author "
                            + TerminalText.line(id.get()));
        }
    }

    private void print(ErasureReport report, PrintWriter out) {
        if (json) {
            Json.print(report, out);
            out.flush();
            return;
        }
        boolean done = !report.dryRun();
        out.printf(
                "%s %d notes%s%s%n",
                done ? "Forgotten:" : "Would be forgotten:",
                report.notes().size(),
                report.author() ? " and a person" : "",
                done ? "" : " (nothing was changed; --yes does it)");
        if (report.author() && isNobody(report)) {
            out.printf(
                    "  person   nothing of this person was here: check that \"%s\" is the right user id. %s%n",
                    TerminalText.line(author),
                    done
                            ? "It is remembered, so that nothing of theirs is archived"
                            : "With --yes it is remembered, so that nothing of theirs is archived");
        }
        Map<String, Long> rows = report.rows();
        out.println("  rows     "
                + rows.entrySet().stream()
                        .filter(table -> !table.getKey().equals("api_call"))
                        .map(table -> table.getKey() + " " + table.getValue())
                        .collect(Collectors.joining(", ")));
        out.printf(
                "  calls    %d lose their answer and message, and stay for the bill%n",
                rows.getOrDefault("api_call", 0L));
        out.printf(
                "  objects  %d files (%s) and %d exact answers (%s)%n",
                report.files(),
                DisplayFormat.size(report.fileBytes()),
                report.sidecars(),
                DisplayFormat.size(report.sidecarBytes()));
        if (report.unwrittenAnswers() > 0) {
            out.printf("  answers  %d that waited in files for the database%n", report.unwrittenAnswers());
        }
        if (report.reports() > 0) {
            out.printf(
                    "  reports  %d of nights that name them, here and in the bucket; note-archive report makes them again%n",
                    report.reports());
        }
        if (report.sharedFiles() > 0) {
            out.printf(
                    "  stays    %d files (%s) that other notes use, too%n",
                    report.sharedFiles(), DisplayFormat.size(report.sharedBytes()));
        }
        if (!report.namedIn().isEmpty()) {
            out.printf(
                    "  stays    the name in texts and answers of %d notes of others, such as %s%n",
                    report.namedIn().size(), report.namedIn().getFirst());
        }
        out.println(
                "  note     a bucket with versions keeps removed objects for as long as it was told to; logs, backups and reports on other machines are yours");
        out.flush();
    }
}
