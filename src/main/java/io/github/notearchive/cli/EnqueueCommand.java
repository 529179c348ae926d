package io.github.notearchive.cli;

import io.github.notearchive.archive.worklist.EnqueueException;
import io.github.notearchive.archive.worklist.EnqueueReport;
import io.github.notearchive.archive.worklist.Enqueuer;
import io.github.notearchive.archive.worklist.NoteReference;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.io.TerminalText;
import io.github.notearchive.note.Night;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.Reader;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code enqueue}: note ids or links into the worklist. */
@Command(
        name = "enqueue",
        mixinStandardHelpOptions = true,
        description = "Puts notes on the worklist: ids, links or share texts, one a line, or a column of a CSV file.",
        footer = {
            "",
            "A CSV file is known by a first line that names a column note_id, id, url, 笔记ID, 笔记链接 or the like; --column names another.",
            "A first line that names users (user_id, author, 用户ID) and no notes is refused without --column.",
            "Notes that are on the worklist already keep their place. All of an input goes in, or nothing of it.",
            "With --refresh-after an input is written in batches of 10,000 notes: after a failure those before it stay; repeat the command.",
            "--refresh-after: each new answer costs a call, within the limits of archive.refresh, behind all other notes.",
            "Exit codes: 0 all lines were taken; 6 some lines were rejected, the others were taken; 2 the input cannot be read, or names users only."
        })
final class EnqueueCommand implements Callable<Integer> {

    /** Leads to the file that standard input comes from, where the system has such a link. */
    private static final Path STANDARD_INPUT = Path.of("/dev/stdin");

    @Parameters(
            paramLabel = "INPUT",
            arity = "1..*",
            description = "A file, - for standard input, or an id or link itself.")
    private List<String> inputs = List.of();

    @Option(
            names = "--priority",
            paramLabel = "N",
            defaultValue = "5",
            description = "0 to 9, the highest first (default: ${DEFAULT-VALUE}).")
    private int priority;

    @Option(
            names = "--source",
            paramLabel = "NAME",
            defaultValue = "enqueue",
            description = "Where the ids come from, kept with each of them.")
    private String source = "";

    @Option(
            names = "--refresh-after",
            paramLabel = "TIME",
            converter = RefreshAfter.Argument.class,
            description =
                    "Ask about them anew so long after each answer, in whole days such as 7d, or once in the night of a date such as 2027-01-31. Also for notes that are archived already.")
    private @Nullable RefreshAfter refreshAfter;

    @Option(
            names = "--column",
            paramLabel = "COLUMN",
            description = "The CSV column to read, by its name or its number from 1.")
    private @Nullable String column;

    @Option(
            names = "--rejects",
            paramLabel = "FILE",
            description =
                    "Writes every rejected line with its reason here, in place of what is there; else the first 100 are shown. No input can be this file.")
    private @Nullable Path rejects;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        if (priority < 0 || priority > 9) {
            throw new ParameterException(spec.commandLine(), "--priority must lie between 0 and 9, but is " + priority);
        }
        inputs.forEach(this::requireReadable);
        RejectsFile rejected = RejectsFile.prepare(rejects, filesToRead(), spec.commandLine());
        Enqueuer.Options options = new Enqueuer.Options(
                column,
                priority,
                source,
                refreshAfter == null ? null : refreshAfter.days(),
                refreshAfter == null ? null : refreshAfter.night());
        boolean clean = true;
        try (CommandContext context = CommandContext.open()) {
            Optional<String> newArchive = ArchiveLocation.newArchive(context);
            if (context.get(JobExecutionQueries.class).isRebuildUnfinished()) {
                throw new CommandFailure(
                        ExitCode.USAGE,
                        "the tables are being rebuilt from the bucket, and that is not finished; nothing was enqueued. Finish it with note-archive rebuild, then enqueue again");
            }
            requireLaterNight(Night.current(context.get(Clock.class)));
            newArchive.ifPresent(what -> {
                PrintWriter err = spec.commandLine().getErr();
                err.println(TerminalText.lines("note-archive: " + what));
                err.flush();
            });
            Enqueuer enqueuer = context.get(Enqueuer.class);
            try (rejected) {
                rejected.open();
                for (String input : inputs) {
                    try (Reader reader = open(input)) {
                        EnqueueReport report = enqueuer.enqueue(reader, options, rejected::write);
                        rejected.keep();
                        clean &= print(input, report);
                    } catch (EnqueueException e) {
                        throw new CommandFailure(ExitCode.USAGE, name(input) + ": " + e.getMessage());
                    }
                }
            }
        }
        return (clean ? ExitCode.COMPLETED : ExitCode.INCOMPLETE).number();
    }

    /** The files that are read; standard input is one of them where it is named as one. */
    private List<Path> filesToRead() {
        return inputs.stream()
                .filter(input -> !isReference(input))
                .map(input -> isStandardInput(input) ? STANDARD_INPUT : Path.of(input))
                .toList();
    }

    private void requireLaterNight(Night tonight) {
        LocalDate night = refreshAfter == null ? null : refreshAfter.night();
        if (night != null && !night.isAfter(tonight.date())) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--refresh-after "
                            + night
                            + " is not later than tonight, "
                            + tonight
                            + " in Shanghai; nothing was enqueued");
        }
    }

    private void requireReadable(String input) {
        if (isStandardInput(input) || isReference(input)) {
            return;
        }
        Path file = Path.of(input);
        if (!Files.isDirectory(file) && Files.isReadable(file)) {
            return;
        }
        throw new ParameterException(
                spec.commandLine(),
                "\""
                        + TerminalText.line(NoteReference.withoutShareToken(input))
                        + (Files.isRegularFile(file)
                                ? "\" is a file that this user may not read; nothing was enqueued"
                                : "\" is neither a readable file nor a note id (24 hexadecimal digits) nor a link to a note; nothing was enqueued"));
    }

    private static boolean isStandardInput(String input) {
        return input.equals("-");
    }

    private static boolean isReference(String input) {
        return !Files.exists(Path.of(input.replace("\0", ""))) && NoteReference.isNote(input);
    }

    private static Reader open(String input) throws IOException {
        if (isStandardInput(input)) {
            return new InputStreamReader(System.in, StandardCharsets.UTF_8);
        }
        return isReference(input)
                ? new StringReader(input)
                : new InputStreamReader(Files.newInputStream(Path.of(input)), StandardCharsets.UTF_8);
    }

    private static String name(String input) {
        return isStandardInput(input) ? "standard input" : TerminalText.line(NoteReference.withoutShareToken(input));
    }

    private boolean print(String input, EnqueueReport report) {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        out.printf(
                "%s: %d new, %d already known, %d named again, %d rejected%n",
                name(input), report.added(), report.known(), report.repeated(), report.rejected());
        if (report.heading() != null) {
            out.println("  line 1 names columns: \"" + TerminalText.line(report.heading()) + "\"");
        }
        out.flush();
        if (rejects == null) {
            report.examples().forEach(line -> err.println("  " + TerminalText.line(line)));
            if (report.rejected() > report.examples().size()) {
                err.printf(
                        "  and %d more; --rejects FILE writes them all%n",
                        report.rejected() - report.examples().size());
            }
            err.flush();
        }
        return report.rejected() == 0;
    }
}
