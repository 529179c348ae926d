package io.github.notearchive.cli;

import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.export.AuthorMode;
import io.github.notearchive.export.ExportException;
import io.github.notearchive.export.ExportFormat;
import io.github.notearchive.export.ExportOptions;
import io.github.notearchive.export.ExportReport;
import io.github.notearchive.export.ExportReport.MissingObject;
import io.github.notearchive.export.ExportReport.NamedIds;
import io.github.notearchive.export.ExportStoppedException;
import io.github.notearchive.export.ExportWriteException;
import io.github.notearchive.export.Exporter;
import io.github.notearchive.export.MediaMode;
import io.github.notearchive.export.Selection;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.io.TerminalText;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.Spans;
import io.github.notearchive.store.StoreProperties;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code export}: a data set of the archive, to a directory. */
@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        description =
                "Writes notes, their history and their files to a directory that must not exist, or be empty. It is there as a whole or not at all. Works beside a run, and makes no call.",
        footer = {
            "",
            "Without filters it is every note that was ever captured. A date means 00:00 in Shanghai; a time is one like 2026-03-01T12:00:00Z.",
            "manifest.json in the directory says what was asked for, what each column means, and the SHA-256 of every file; it names the authors that were asked for as the rows do, and counts those that it does not name.",
            "Exit codes: 0 done; 2 usage or configuration; 6 done, but files are missing in the store or ids were never captured; 7 interrupted, nothing is left; 8 a server is out of reach, nothing is left."
        })
final class ExportCommand implements Callable<Integer> {

    private static final Logger log = LoggerFactory.getLogger(ExportCommand.class);

    private static final Duration LONGEST_PRESIGNED = Duration.ofDays(7);
    private static final int NAMED = 10;

    @Parameters(paramLabel = "DIRECTORY", description = "Where to. Nothing is overwritten.")
    private Path target = Path.of("");

    @Option(
            names = "--format",
            required = true,
            paramLabel = "FORMAT",
            converter = FormatArgument.class,
            completionCandidates = Formats.class,
            description =
                    "jsonl, csv, parquet: a file a table. folder: a directory a note, with pages for a browser. bagit: a bag for keeping. 4cat: what 4CAT imports.")
    private ExportFormat format = ExportFormat.JSONL;

    @Option(
            names = "--media",
            paramLabel = "HOW",
            converter = MediaArgument.class,
            description =
                    "none, link (keys in the store), copy (the files, compared with their SHA-256), or presigned (addresses that expire). Default: copy for folder and bagit, none for 4cat, else link.")
    private @Nullable MediaMode media;

    @Option(
            names = "--presign-for",
            paramLabel = "D",
            defaultValue = "24h",
            converter = SpanArgument.class,
            description = "How long presigned addresses are good for, 7d at most (default: ${DEFAULT-VALUE}).")
    private Duration presignFor = Duration.ofHours(24);

    @Option(
            names = "--authors",
            paramLabel = "HOW",
            defaultValue = "keep",
            converter = AuthorsArgument.class,
            description =
                    "keep, hash (pseudonyms in place of ids, no names and pictures), or omit. Default: ${DEFAULT-VALUE}.")
    private AuthorMode authors = AuthorMode.KEEP;

    @Option(
            names = "--author-key",
            paramLabel = "FILE",
            description =
                    "A file whose bytes, 16 at least, are the key of the pseudonyms; whoever is to join two exports needs the same. Without it a key is drawn and forgotten.")
    private @Nullable Path authorKey;

    @Option(
            names = "--excel",
            description =
                    "CSV for a spreadsheet: a byte order mark, and an apostrophe before text that would be a formula.")
    private boolean excel;

    @Option(
            names = "--published-from",
            paramLabel = "T",
            converter = TimeArgument.class,
            description = "Published at that time or later.")
    private @Nullable Instant publishedFrom;

    @Option(
            names = "--published-to",
            paramLabel = "T",
            converter = TimeArgument.class,
            description = "Published before that time.")
    private @Nullable Instant publishedTo;

    @Option(
            names = "--captured-from",
            paramLabel = "T",
            converter = TimeArgument.class,
            description = "Captured at that time or later. Of the captures only those of the time are exported.")
    private @Nullable Instant capturedFrom;

    @Option(
            names = "--captured-to",
            paramLabel = "T",
            converter = TimeArgument.class,
            description = "Captured before that time.")
    private @Nullable Instant capturedTo;

    @Option(
            names = "--topic",
            paramLabel = "TOPIC",
            description = "With this topic, by its name without # or its id. Several: any of them.")
    private List<String> topics = List.of();

    @Option(
            names = "--author",
            paramLabel = "ID",
            description = "By this author: id, or the number people know them by. Several: any.")
    private List<String> writers = List.of();

    @Option(
            names = "--state",
            paramLabel = "STATE",
            description = "With this state on the worklist, such as ARCHIVED. Several: any.")
    private List<NoteState> states = List.of();

    @Option(names = "--text", paramLabel = "TEXT", description = "With this in title or text, in upper or lower case.")
    private @Nullable String text;

    @Option(names = "--ids", paramLabel = "FILE", description = "Of these note ids, one a line.")
    private @Nullable Path ids;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws Exception {
        ExportOptions options = options();
        AtomicBoolean stopped = new AtomicBoolean();
        SignalHandlers signals = SignalHandlers.install();
        signals.passTo(signal -> {
            stopped.set(true);
            log.info("{}: the export ends, and nothing of it is kept", signal);
        });
        try (CommandContext context = CommandContext.openExisting()) {
            if (options.media() == MediaMode.PRESIGNED) {
                warnOfPresigned(context.get(StoreProperties.class));
            }
            return print(context.get(Exporter.class).export(options, stopped::get));
        } catch (ExportException e) {
            throw new CommandFailure(ExitCode.USAGE, String.valueOf(e.getMessage()));
        } catch (ExportStoppedException e) {
            throw new CommandFailure(ExitCode.INTERRUPTED, String.valueOf(e.getMessage()));
        } catch (ExportWriteException e) {
            throw new CommandFailure(ExitCode.FAILED, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw new CommandFailure(
                    ExitCode.FAILED,
                    "The export to " + target + " cannot be written: " + e + "; nothing is left of it");
        }
    }

    private ExportOptions options() throws Exception {
        MediaMode files = media == null ? format.usualMedia() : media;
        if (!format.takes(files)) {
            throw usage("--format %s does not go with --media %s"
                    .formatted(format, files.name().toLowerCase(Locale.ROOT)));
        }
        if (excel && format != ExportFormat.CSV) {
            throw usage("--excel goes with --format csv alone, not with " + format);
        }
        if (authorKey != null && authors != AuthorMode.HASH) {
            throw usage("--author-key goes with --authors hash alone");
        }
        if (presignFor.compareTo(LONGEST_PRESIGNED) > 0 || presignFor.toSeconds() < 1) {
            throw usage("--presign-for must lie between 1s and 7d, but is " + Spans.inWords(presignFor));
        }
        if (text != null && text.isEmpty()) {
            throw usage("--text must say something");
        }
        requireOrder("--published-from", publishedFrom, "--published-to", publishedTo);
        requireOrder("--captured-from", capturedFrom, "--captured-to", capturedTo);
        requireReadable("--ids", ids);
        requireReadable("--author-key", authorKey);
        return new ExportOptions(
                format,
                target,
                new Selection(publishedFrom, publishedTo, capturedFrom, capturedTo, topics, writers, states, text, ids),
                files,
                authors,
                authorKey,
                presignFor,
                excel,
                new NoteArchiveCommand.Version().getVersion()[0]);
    }

    private void requireOrder(String from, @Nullable Instant begin, String to, @Nullable Instant end) {
        if (begin != null && end != null && !begin.isBefore(end)) {
            throw usage(from + " must lie before " + to + ", but is " + begin + " and " + end);
        }
    }

    private void requireReadable(String option, @Nullable Path file) {
        if (file != null && (Files.isDirectory(file) || !Files.isReadable(file))) {
            throw usage(option + " \"" + file + "\" is no readable file");
        }
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private void warnOfPresigned(StoreProperties store) {
        PrintWriter err = spec.commandLine().getErr();
        err.println(
                "note-archive: whoever has a presigned address can fetch its file until it expires: keep the export as you would keep a password");
        if (!store.hasEndpoint()) {
            err.println(
                    "note-archive: the store is the one inside of this program, so they work on this machine alone, while note-archive servers runs");
        }
        err.flush();
    }

    private int print(ExportReport report) {
        PrintWriter out = spec.commandLine().getOut();
        out.println("Exported to " + report.target());
        TextTable tables = new TextTable("table", "rows");
        report.rows().forEach(tables::row);
        out.print(tables);
        out.printf("  %d files, %s, and manifest.json%n", report.files() - 1, DisplayFormat.size(report.bytes()));
        if (report.copied() > 0 || report.missing() > 0) {
            out.printf("  media: %d copied and compared, %d missing%n", report.copied(), report.missing());
        }
        for (MissingObject missing :
                report.missingExamples().stream().limit(NAMED).toList()) {
            out.println(TerminalText.line("    " + missing.key() + ": " + missing.reason()));
        }
        if (report.missing() > NAMED) {
            out.printf("    and %d more, see manifest.json%n", report.missing() - NAMED);
        }
        NamedIds named = report.ids();
        if (named != null) {
            out.printf(
                    "  ids: %d named, %d of them never captured%s%n",
                    named.named(),
                    named.notArchived(),
                    named.examples().isEmpty()
                            ? ""
                            : ": "
                                    + String.join(
                                            ", ",
                                            named.examples().stream()
                                                    .limit(NAMED)
                                                    .toList()));
        }
        out.flush();
        return (report.isWhole() ? ExitCode.COMPLETED : ExitCode.INCOMPLETE).number();
    }

    /** The names of the formats, for the help. */
    static final class Formats implements Iterable<String> {

        @Override
        public Iterator<String> iterator() {
            return Arrays.stream(ExportFormat.values())
                    .map(ExportFormat::toString)
                    .iterator();
        }
    }

    /** A format by its name. */
    static final class FormatArgument implements ITypeConverter<ExportFormat> {

        @Override
        public ExportFormat convert(String value) {
            return ExportFormat.named(value)
                    .orElseThrow(() -> new TypeConversionException(
                            "\"" + value + "\" is no format; they are " + String.join(", ", new Formats())));
        }
    }

    /** What becomes of media, in lower case. */
    static final class MediaArgument implements ITypeConverter<MediaMode> {

        @Override
        public MediaMode convert(String value) {
            return constant(MediaMode.values(), value);
        }
    }

    /** What becomes of people, in lower case. */
    static final class AuthorsArgument implements ITypeConverter<AuthorMode> {

        @Override
        public AuthorMode convert(String value) {
            return constant(AuthorMode.values(), value);
        }
    }

    private static <E extends Enum<E>> E constant(E[] constants, String value) {
        for (E constant : constants) {
            if (constant.name().toLowerCase(Locale.ROOT).equals(value)) {
                return constant;
            }
        }
        throw new TypeConversionException("\""
                + value
                + "\" is none of "
                + String.join(
                        ", ",
                        Arrays.stream(constants)
                                .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                                .toList()));
    }

    /** A date, which begins in Shanghai, or a time with its offset. */
    static final class TimeArgument implements ITypeConverter<Instant> {

        @Override
        public Instant convert(String value) {
            try {
                return value.contains("T")
                        ? OffsetDateTime.parse(value).toInstant()
                        : LocalDate.parse(value).atStartOfDay(Night.ZONE).toInstant();
            } catch (DateTimeException e) {
                throw new TypeConversionException(
                        "\""
                                + value
                                + "\" is neither a date like 2026-03-01, which begins in Shanghai, nor a time like 2026-03-01T12:00:00Z");
            }
        }
    }
}
