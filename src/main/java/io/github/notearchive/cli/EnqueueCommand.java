package io.github.notearchive.cli;

import io.github.notearchive.archive.catalog.RestoredDump;
import io.github.notearchive.archive.worklist.Enqueuer;
import io.github.notearchive.archive.worklist.Enqueuer.EnqueueException;
import io.github.notearchive.archive.worklist.Enqueuer.EnqueueReport;
import io.github.notearchive.archive.worklist.Enqueuer.Rejected;
import io.github.notearchive.archive.worklist.NoteListReader;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.io.text.TerminalText;
import io.github.notearchive.media.ShortLinks;
import io.github.notearchive.note.Night;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import org.apache.commons.io.function.IOFunction;
import org.apache.commons.lang3.function.FailableRunnable;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.InputStreamSource;
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

    @Option(names = "--refresh-after", paramLabel = "TIME")
    private Arguments.RefreshAfter refreshAfter = new Arguments.RefreshAfter(null, null);

    @Option(names = "--column", paramLabel = "COLUMN")
    private @Nullable String column;

    @Option(names = "--rejects", paramLabel = "FILE")
    private @Nullable Path rejects;

    @Option(names = "--offline")
    private boolean offline;

    private record Input(String name, @Nullable Path file, InputStreamSource content) {}

    record Enqueued(String name, EnqueueReport report, Arguments.RefreshAfter refresh) {

        /** Returns what was changed of known notes. */
        String change() {
            return refresh.days() != null
                    ? " (refreshed every " + DisplayFormat.plural(refresh.days(), "day") + " from now on)"
                    : refresh.night() != null ? " (refreshed on " + refresh.night() + ")" : "";
        }
    }

    @Override
    public Integer call() throws Exception {
        refuseIf(priority < 0 || priority > 9, "--priority must be 0 to 9, but is " + priority);
        List<Input> opened = inputs.stream().map(this::input).toList();
        requireNoInput(opened);
        return executeOrCreate(context -> {
            Optional<String> newArchive = context.get(ArchiveLocation.class).newArchive();
            if (context.get(JobExecutionQueries.class).isRebuildUnfinished()) {
                throw CommandFailure.usage(
                        "the tables are being rebuilt from the bucket; nothing was enqueued. Finish it with "
                                + "note-archive rebuild, then enqueue again");
            }
            context.get(RestoredDump.class).difference().ifPresent(difference -> {
                throw CommandFailure.usage(difference + "; nothing was enqueued");
            });
            requireLaterNight(Night.current(context.get(Clock.class)));
            newArchive.ifPresent(this::warn);
            return enqueue(opened, context);
        });
    }

    /** Requires that the file of rejected lines can be written, and is no input, also by another name or a link. */
    private void requireNoInput(List<Input> opened) throws IOException {
        if (rejects != null) {
            requireOutput("--rejects", rejects);
            for (Input input : opened) {
                refuseIf(
                        input.file != null
                                && Files.isRegularFile(rejects)
                                && Files.exists(input.file)
                                && Files.isSameFile(input.file, rejects),
                        "--rejects %s is also an input, and would be overwritten; name another file"
                                .formatted(rejects));
            }
        }
    }

    private ExitCode enqueue(List<Input> opened, CommandContext context) throws IOException {
        Enqueuer enqueuer = context.get(Enqueuer.class);
        IOFunction<String, String> links =
                offline ? null : link -> context.get(ShortLinks.class).target(link);
        Enqueuer.Options options =
                new Enqueuer.Options(column, priority, source, refreshAfter.days(), refreshAfter.night());
        boolean clean = true;
        try (RejectsFile rejected = new RejectsFile(rejects)) {
            for (Input input : opened) {
                try (Reader reader = new InputStreamReader(input.content.getInputStream(), StandardCharsets.UTF_8)) {
                    EnqueueReport report = enqueuer.enqueue(reader, options, rejected::write, links);
                    print(input.name, report);
                    clean &= report.rejected() == 0;
                } catch (EnqueueException e) {
                    throw CommandFailure.usage(input.name + ": " + e.getMessage());
                }
            }
        }
        return clean ? ExitCode.COMPLETED : ExitCode.INCOMPLETE;
    }

    private void requireLaterNight(Night tonight) {
        LocalDate night = refreshAfter.night();
        refuseIf(
                night != null && !night.isAfter(tonight.date()),
                "--refresh-after %s is not later than tonight, %s in Shanghai; nothing was enqueued"
                        .formatted(night, tonight));
    }

    private Input input(String argument) {
        if (argument.equals("-")) {
            return new Input("standard input", STANDARD_INPUT, () -> System.in);
        }
        String name = TerminalText.line(NoteListReader.withoutShareToken(argument));
        Path file = Path.of(argument.replace("\0", ""));
        if (!Files.exists(file) && NoteListReader.isNote(argument)) {
            return new Input(name, null, () -> new ByteArrayInputStream(argument.getBytes(StandardCharsets.UTF_8)));
        }
        refuseIf(
                Files.isDirectory(file) || !Files.isReadable(file),
                ("\"%s\" is neither a file that this user may read, nor a note id (24 hexadecimal digits), nor a link "
                                + "to a note; nothing was enqueued")
                        .formatted(name));
        return new Input(name, file, () -> Files.newInputStream(file));
    }

    private void print(String name, EnqueueReport report) {
        out().print(text("enqueue", new Enqueued(name, report, refreshAfter)));
        if (report.added() + report.known() + report.repeated() + report.rejected() == 0) {
            out().println(name + " contains no note: there was nothing to enqueue");
        }
        if (rejects == null && report.rejected() > 0) {
            out().flush();
            err().println(name + ", rejected:");
            report.examples().forEach(line -> err().println("  " + TerminalText.line(line)));
            long more = report.rejected() - report.examples().size();
            if (more > 0) {
                err().println("  and " + DisplayFormat.count(more) + " more; --rejects FILE writes them all");
            }
        }
    }

    /**
     * File of rejected lines in UTF-8, or a device or pipe; or none. It is emptied when it is opened.
     *
     * <p>Each line is written by its own system call, so that a full disk is detected before the input with this line
     * is committed. Each method throws a {@link CommandFailure} if the file cannot be written.
     */
    static final class RejectsFile implements AutoCloseable {

        private final @Nullable Path file;
        private OutputStream out = OutputStream.nullOutputStream();

        RejectsFile(@Nullable Path file) {
            this.file = file;
            if (file != null) {
                access(() -> out = Files.newOutputStream(file));
            }
        }

        void write(Rejected line) {
            byte[] text = (line + System.lineSeparator()).getBytes(StandardCharsets.UTF_8);
            access(() -> out.write(text));
        }

        @Override
        public void close() {
            access(() -> out.close());
        }

        private void access(FailableRunnable<IOException> access) {
            try {
                access.run();
            } catch (IOException e) {
                throw CommandFailure.usage(
                        ("--rejects %s cannot be written: %s; check free space and permissions, or name another file, "
                                        + "and enqueue again: notes on the worklist are not changed")
                                .formatted(file, e));
            }
        }
    }
}
