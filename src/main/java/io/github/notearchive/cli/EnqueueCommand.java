package io.github.notearchive.cli;

import io.github.notearchive.archive.worklist.Enqueuer;
import io.github.notearchive.archive.worklist.Enqueuer.EnqueueException;
import io.github.notearchive.archive.worklist.Enqueuer.EnqueueReport;
import io.github.notearchive.archive.worklist.NoteReference;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.io.TerminalText;
import io.github.notearchive.note.Night;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code enqueue}: adds notes to the worklist. */
@Command(name = "enqueue")
final class EnqueueCommand extends ArchiveCommand {

    /** Link to the file behind standard input, where the system has one. */
    private static final Path STANDARD_INPUT = Path.of("/dev/stdin");

    @Parameters(paramLabel = "INPUT", arity = "1..*")
    private List<String> inputs = List.of();

    @Option(names = "--priority", paramLabel = "N", defaultValue = "5")
    private int priority;

    @Option(names = "--source", paramLabel = "NAME", defaultValue = "enqueue")
    private String source = "";

    @Option(names = "--refresh-after", paramLabel = "TIME", converter = Arguments.Refresh.class)
    private Arguments.@Nullable RefreshAfter refreshAfter;

    @Option(names = "--column", paramLabel = "COLUMN")
    private @Nullable String column;

    @Option(names = "--rejects", paramLabel = "FILE")
    private @Nullable Path rejects;

    @Component
    record Action(
            ArchiveLocation location,
            ObjectProvider<JobExecutionQueries> executions,
            ObjectProvider<Enqueuer> enqueuer,
            Clock clock) {}

    @Override
    public Integer call() throws Exception {
        if (priority < 0 || priority > 9) {
            throw usage("--priority must be 0 to 9, but is " + priority);
        }
        inputs.forEach(this::requireReadable);
        RejectsFile rejected = RejectsFile.prepare(rejects, filesToRead(), commandLine());
        return executeOrCreate(Action.class, action -> {
            Optional<String> newArchive = action.location.newArchive();
            if (action.executions.getObject().isRebuildUnfinished()) {
                throw CommandFailure.usage(
                        "the tables are being rebuilt from the bucket; nothing was enqueued. Finish it with note-archive rebuild, then enqueue again");
            }
            requireLaterNight(Night.current(action.clock));
            newArchive.ifPresent(this::warn);
            return enqueue(action.enqueuer.getObject(), rejected);
        });
    }

    private ExitCode enqueue(Enqueuer enqueuer, RejectsFile rejected) throws IOException {
        Enqueuer.Options options = new Enqueuer.Options(
                column,
                priority,
                source,
                refreshAfter == null ? null : refreshAfter.days(),
                refreshAfter == null ? null : refreshAfter.night());
        boolean clean = true;
        try (rejected) {
            rejected.open();
            for (String input : inputs) {
                try (Reader reader = open(input)) {
                    EnqueueReport report = enqueuer.enqueue(reader, options, rejected::write);
                    print(input, report);
                    clean &= report.rejected() == 0;
                } catch (EnqueueException e) {
                    throw CommandFailure.usage(name(input) + ": " + e.getMessage());
                }
            }
        }
        return clean ? ExitCode.COMPLETED : ExitCode.INCOMPLETE;
    }

    private List<Path> filesToRead() {
        return inputs.stream()
                .filter(input -> !isReference(input))
                .map(input -> isStandardInput(input) ? STANDARD_INPUT : Path.of(input))
                .toList();
    }

    private void requireLaterNight(Night tonight) {
        LocalDate night = refreshAfter == null ? null : refreshAfter.night();
        if (night != null && !night.isAfter(tonight.date())) {
            throw usage("--refresh-after %s is not later than tonight, %s in Shanghai; nothing was enqueued"
                    .formatted(night, tonight));
        }
    }

    private void requireReadable(String input) {
        if (isStandardInput(input) || isReference(input)) {
            return;
        }
        Path file = Path.of(input);
        if (Files.isDirectory(file) || !Files.isReadable(file)) {
            String problem = Files.isRegularFile(file)
                    ? "is a file that this user may not read"
                    : Files.isDirectory(file)
                            ? "is a directory"
                            : "does not exist; nor is it a note id (24 hexadecimal digits) or a link to a note";
            throw usage("\"%s\" %s; nothing was enqueued"
                    .formatted(TerminalText.line(NoteReference.withoutShareToken(input)), problem));
        }
    }

    private static boolean isStandardInput(String input) {
        return input.equals("-");
    }

    private static boolean isReference(String input) {
        return !isStandardInput(input)
                && !Files.exists(Path.of(input.replace("\0", "")))
                && NoteReference.isNote(input);
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

    private void print(String input, EnqueueReport report) {
        out().println(name(input) + ": " + report.added() + " new"
                + (report.known() == 0 ? "" : ", " + report.known() + " already known")
                + (report.repeated() == 0 ? "" : ", " + DisplayFormat.plural(report.repeated(), "duplicate"))
                + (report.rejected() == 0 ? "" : ", " + report.rejected() + " rejected"));
        if (report.added() + report.known() + report.repeated() + report.rejected() == 0) {
            warn(name(input) + " contains no note; nothing was enqueued");
        }
        if (report.heading() != null) {
            out().println("  line 1 was skipped, since it names columns: \"" + TerminalText.line(report.heading())
                    + "\"");
        }
        if (rejects == null && report.rejected() > 0) {
            out().flush();
            err().println(name(input) + ", rejected:");
            report.examples().forEach(line -> err().println("  " + TerminalText.line(line)));
            long more = report.rejected() - report.examples().size();
            if (more > 0) {
                err().println("  and " + more + " more; --rejects FILE writes them all");
            }
        }
    }
}
