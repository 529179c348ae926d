package io.github.notearchive.cli;

import io.github.notearchive.archive.query.NoteSnapshots.Selection;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.export.Descriptors;
import io.github.notearchive.export.ExportOptions;
import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.ExportOptions.Compression;
import io.github.notearchive.export.ExportOptions.ExportFormat;
import io.github.notearchive.export.ExportOptions.MediaMode;
import io.github.notearchive.export.ExportOptions.Packaging;
import io.github.notearchive.export.Exporter;
import io.github.notearchive.export.Exporter.ExportReport;
import io.github.notearchive.export.TableFiles;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.store.StoreProperties;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.unit.DataSize;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code export}: writes a data set of the archive to a directory. */
@Command(name = "export")
final class ExportCommand extends ArchiveCommand {

    private static final Logger log = LoggerFactory.getLogger(ExportCommand.class);

    private static final Duration LONGEST_PRESIGNED = Duration.ofDays(7);

    @Parameters(paramLabel = "DIRECTORY")
    private Path target = Path.of("");

    @Option(names = "--format", required = true, paramLabel = "FORMAT")
    private ExportFormat format = ExportFormat.JSONL;

    @Option(names = "--media", paramLabel = "HOW")
    private @Nullable MediaMode media;

    @Option(names = "--media-kind", paramLabel = "KIND", split = ",")
    private List<MediaKind> mediaKinds = List.of();

    @Option(names = "--max-size", paramLabel = "SIZE")
    private @Nullable DataSize maxSize;

    @Option(names = "--presign-for", paramLabel = "D", defaultValue = "24h")
    private Duration presignFor = Duration.ofHours(24);

    @Option(names = "--authors", paramLabel = "HOW", defaultValue = "keep")
    private AuthorMode authors = AuthorMode.KEEP;

    @Option(names = "--author-key", paramLabel = "FILE")
    private @Nullable Path authorKey;

    @Option(names = "--excel")
    private boolean excel;

    @Option(names = "--since", paramLabel = "MANIFEST")
    private @Nullable Path since;

    private enum Partition {
        MONTH
    }

    @Option(names = "--partition-by", paramLabel = "PERIOD")
    private @Nullable Partition partition;

    @Option(names = "--compress", paramLabel = "HOW")
    private @Nullable Compression compression;

    @Option(names = "--descriptor", paramLabel = "FILE")
    private @Nullable Path descriptor;

    @Option(names = "--bag-info", paramLabel = "FILE")
    private @Nullable Path bagInfo;

    @Option(names = "--answers")
    private boolean answers;

    @Option(names = "--published-from", paramLabel = "T")
    private @Nullable Instant publishedFrom;

    @Option(names = "--published-to", paramLabel = "T")
    private @Nullable Instant publishedTo;

    @Option(names = "--captured-from", paramLabel = "T")
    private @Nullable Instant capturedFrom;

    @Option(names = "--captured-to", paramLabel = "T")
    private @Nullable Instant capturedTo;

    @Option(names = "--topic", paramLabel = "TOPIC")
    private List<String> topics = List.of();

    @Option(names = "--author", paramLabel = "ID")
    private List<String> writers = List.of();

    @Option(names = "--state", paramLabel = "STATE")
    private List<NoteState> states = List.of();

    @Option(names = "--text", paramLabel = "TEXT")
    private @Nullable String text;

    @Option(names = "--filter", paramLabel = "TEXT")
    private @Nullable String filter;

    @Option(names = "--ids", paramLabel = "FILE")
    private @Nullable Path ids;

    @Override
    public Integer call() throws Exception {
        ExportOptions options = options();
        AtomicBoolean stopped = new AtomicBoolean();
        SignalHandlers.install().passTo(signal -> {
            stopped.set(true);
            log.info("{}: the export stops, and its files are deleted", signal);
        });
        try {
            return executeIfCurrent(context -> {
                if (options.media() == MediaMode.PRESIGNED) {
                    warnOfPresigned(context.get(StoreProperties.class));
                }
                ExportReport report = context.get(Exporter.class).export(options, stopped::get);
                out().print(text("export", report));
                return report.isComplete() ? ExitCode.COMPLETED : ExitCode.INCOMPLETE;
            });
        } catch (CancellationException e) {
            throw new CommandFailure(ExitCode.INTERRUPTED, String.valueOf(e.getMessage()));
        } catch (UncheckedIOException e) {
            throw new CommandFailure(ExitCode.FAILED, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw new CommandFailure(
                    ExitCode.FAILED,
                    "The export to %s cannot be written: %s; its files were deleted".formatted(target, e));
        }
    }

    private ExportOptions options() throws Exception {
        MediaMode files = media == null ? format.usualMedia() : media;
        refuseOtherFormats(files);
        refuseIf(authorKey != null && authors != AuthorMode.HASH, "--author-key requires --authors hash");
        refuseIf(
                since != null && authors == AuthorMode.HASH && authorKey == null,
                "--since with --authors hash requires --author-key: other pseudonyms cannot be merged");
        refuseIf(
                presignFor.compareTo(LONGEST_PRESIGNED) > 0 || presignFor.toSeconds() < 1,
                "--presign-for must be 1s to 7d, but is " + DisplayFormat.setting(presignFor));
        refuseIf(text != null && text.isEmpty(), "--text must not be empty");
        requireOrder("--published-from", publishedFrom, "--published-to", publishedTo);
        requireOrder("--captured-from", capturedFrom, "--captured-to", capturedTo);
        requireReadable("--ids", Exporter.STANDARD_INPUT.equals(ids) ? null : ids);
        requireReadable("--author-key", authorKey);
        requireReadable("--since", since);
        requireReadable("--descriptor", descriptor);
        requireReadable("--bag-info", bagInfo);
        return new ExportOptions(
                format,
                target,
                selection(),
                files,
                authors,
                authorKey,
                presignFor,
                since,
                new Packaging(
                        partition != null,
                        excel,
                        compression,
                        descriptor == null ? null : Descriptors.read(descriptor),
                        bagInfo == null ? null : TableFiles.readBagInfo(bagInfo),
                        answers),
                new NoteArchiveCommand.Version().getVersion()[0]);
    }

    private void refuseOtherFormats(MediaMode files) {
        refuseIf(
                !format.takes(files),
                "--format %s does not support --media %s"
                        .formatted(format, files.name().toLowerCase(Locale.ROOT)));
        refuseIf(
                (!mediaKinds.isEmpty() || maxSize != null) && (files == MediaMode.NONE || files == MediaMode.LINK),
                "--media-kind and --max-size require --media copy or presigned");
        refuseIf(excel && format != ExportFormat.CSV, "--excel requires --format csv, not " + format);
        for (String option : List.of(
                partition == null ? "" : "--partition-by",
                compression == null ? "" : "--compress",
                descriptor == null ? "" : "--descriptor")) {
            refuseIf(
                    !option.isEmpty() && !format.hasTables(),
                    option + " requires a format with tables, such as csv, not " + format);
        }
        refuseIf(
                (bagInfo != null || answers) && format != ExportFormat.BAGIT,
                "--bag-info and --answers require --format bagit, not " + format);
        refuseIf(
                answers && authors != AuthorMode.KEEP,
                "--answers requires --authors keep: responses name their authors");
    }

    private Selection selection() throws Exception {
        return new Selection(
                publishedFrom,
                publishedTo,
                capturedFrom,
                capturedTo,
                topics,
                writers,
                states,
                text,
                filter == null ? null : filter(filter),
                ids,
                mediaKinds,
                maxSize == null ? null : maxSize.toBytes());
    }

    private void requireOrder(String from, @Nullable Instant begin, String to, @Nullable Instant end) {
        refuseIf(
                begin != null && end != null && !begin.isBefore(end),
                "%s must be before %s, but is %s and %s".formatted(from, to, begin, end));
    }

    private void requireReadable(String option, @Nullable Path file) {
        refuseIf(
                file != null && (Files.isDirectory(file) || !Files.isReadable(file)),
                "%s \"%s\" is not a readable file".formatted(option, file));
    }

    private void warnOfPresigned(StoreProperties store) {
        warn("anyone with a presigned URL can fetch its file until it expires: protect the export like a password");
        if (!store.hasEndpoint()) {
            warn("the store is embedded, so the URLs work on this machine only, while note-archive servers runs");
        }
    }
}
