package io.github.notearchive.export;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.notearchive.archive.query.NoteSnapshots;
import io.github.notearchive.archive.query.NoteSnapshots.NamedIds;
import io.github.notearchive.archive.query.NoteSnapshots.NoteSnapshot;
import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.ExportOptions.MediaMode;
import io.github.notearchive.export.ExportOptions.TableFormat;
import io.github.notearchive.export.Table.Column;
import io.github.notearchive.io.image.HeifCommand;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.HmacAlgorithms;
import org.apache.commons.codec.digest.HmacUtils;
import org.apache.commons.io.function.IOConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectFactory;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Exports notes of the archive to a directory. Only reads the archive; may run beside a nightly run. */
@Component
public final class Exporter {

    private static final Logger log = LoggerFactory.getLogger(Exporter.class);

    /** File of ids that is standard input. */
    public static final Path STANDARD_INPUT = Path.of("-");

    private final NoteSnapshots notes;
    private final ObjectFactory<ObjectStore> store;
    private final HeifCommand heif;

    public Exporter(NoteSnapshots notes, ObjectFactory<ObjectStore> store, HeifCommand heif) {
        this.notes = notes;
        this.store = store;
        this.heif = heif;
    }

    /**
     * Writes an export. The target is created completely or, after any failure, left as it was. Media that the store
     * does not deliver are omitted and reported; an unavailable store or database fails the export with its own
     * exception.
     *
     * @param stopped queried repeatedly; true makes it throw a {@link CancellationException}
     * @throws ExportException if the target, the ids or the key are invalid
     * @throws UncheckedIOException if the local disk does not accept a file
     */
    public ExportReport export(ExportOptions options, BooleanSupplier stopped) throws IOException {
        try (StagingDirectory directory = StagingDirectory.create(options.target(), store)) {
            log.info(
                    "Exporting to {}: {}, media {}, people {}",
                    options.target(),
                    options.format(),
                    options.media(),
                    options.authors());
            ExportReport report = write(options, directory, stopped);
            directory.complete();
            return report;
        }
    }

    private ExportReport write(ExportOptions options, StagingDirectory directory, BooleanSupplier stopped)
            throws IOException {
        Path idFile = options.selection().ids();
        Collection<NoteId> ids = idFile == null ? null : readIds(idFile);
        Since since = options.since() == null ? null : Since.read(options.since());
        Instant start = since == null ? null : since.start();
        boolean hasMedia = options.media() == MediaMode.COPY;
        boolean hasResponses = options.packaging().answers();
        if (hasMedia || hasResponses) {
            store.getObject().requireBucket();
            try (NoteSnapshot snapshot = notes.open(options.selection(), ids, start)) {
                if (hasMedia) {
                    directory.plan(
                            snapshot.objects(since != null && options.format().hasTables()));
                }
                if (hasResponses) {
                    directory.plan(snapshot.sidecars());
                }
            }
            // while no snapshot is open, because this may take hours
            directory.copyAhead(stopped);
        }
        try (NoteSnapshot snapshot = notes.open(options.selection(), ids, start)) {
            Export export = new Export(
                    options,
                    Table.all(options.authors(), options.media()),
                    snapshot,
                    snapshot.comments(),
                    since,
                    ids == null ? null : snapshot.namedIds(),
                    directory,
                    store,
                    heif,
                    new RowConversion(
                            options.authors() == AuthorMode.HASH ? Export.pseudonyms(options.authorKey()) : null,
                            key -> store.getObject().presign(key, options.presignFor())),
                    new LinkedHashMap<>(),
                    stopped);
            Export.requireNotStopped(stopped);
            if (since != null) {
                since.requireSame(new Manifest(export).head());
            }
            writeFiles(export);
            return new ExportReport(
                    directory.target,
                    export.rows(),
                    directory.inventory.files(),
                    directory.inventory.bytes(),
                    directory.copied,
                    directory.missing,
                    List.copyOf(directory.examples),
                    export.ids(),
                    since == null ? null : since.mark(),
                    since == null && snapshot.isEmpty() ? notes.unmatched(options.selection()) : null);
        }
    }

    private static void writeFiles(Export export) throws IOException {
        switch (export.options().format()) {
            case JSONL -> new TableFiles(export, TableFormat.JSONL, "").write();
            case CSV -> new TableFiles(export, TableFormat.CSV, "").write();
            case PARQUET -> new TableFiles(export, TableFormat.PARQUET, "").write();
            case BAGIT -> new TableFiles(export, TableFormat.JSONL, "data/").writeBag();
            case FOLDER, MARKDOWN -> new Folder(export).write();
            case FOURCAT -> new FourCat(export).write();
        }
    }

    private static Collection<NoteId> readIds(Path file) throws IOException {
        Collection<NoteId> ids = new TreeSet<>();
        byte[] list = file.equals(STANDARD_INPUT) ? System.in.readAllBytes() : Files.readAllBytes(file);
        int number = 0;
        try {
            String lines = UTF_8.newDecoder().decode(ByteBuffer.wrap(list)).toString();
            for (String line : lines.lines().toList()) {
                number++;
                String text = line.replace("\ufeff", "").strip();
                if (!text.isEmpty()) {
                    ids.add(id(file, number, text));
                }
            }
        } catch (CharacterCodingException e) {
            throw new ExportException("Id file " + file + " is not UTF-8: " + e);
        }
        return ids;
    }

    private static NoteId id(Path file, int line, String text) {
        return NoteId.parse(text)
                .orElseThrow(() -> new ExportException(
                        "Id file %s, line %d: \"%s\" is not a note id (24 hexadecimal digits); nothing was exported"
                                .formatted(file, line, text.length() > 80 ? text.substring(0, 80) + "..." : text)));
    }

    /**
     * State of one running export, shared by the writers of its format.
     *
     * @param tables tables in the order of writing: notes, captures, then others
     * @param since earlier export that this delta continues; null for a full export
     * @param comments descriptions of tables and columns of the database by name
     * @param ids result for the id file; null if there is none
     * @param rows number of written rows by table, in the order of writing
     * @param stopped queried before each row; true stops the export
     */
    record Export(
            ExportOptions options,
            List<Table> tables,
            NoteSnapshot snapshot,
            Map<String, String> comments,
            @Nullable Since since,
            @Nullable NamedIds ids,
            StagingDirectory directory,
            ObjectFactory<ObjectStore> store,
            HeifCommand heif,
            RowConversion conversion,
            SequencedMap<String, Long> rows,
            BooleanSupplier stopped) {

        /** Minimum length of the key of pseudonyms in bytes; shorter keys can be guessed. */
        private static final int SHORTEST_KEY = 16;

        private static final int GENERATED_KEY = 32;

        /** Returns the table with one row per note, as last captured. */
        Table notes() {
            return tables.get(0);
        }

        /** Returns the table with one row per paid response, with the counts at that time. */
        Table captures() {
            return tables.get(1);
        }

        /** Returns the table of notes that a consumer of deltas removes. */
        Table removed() {
            return tables.getLast();
        }

        @Nullable
        String description(Table table) {
            return comments.getOrDefault(table.source(), table.description());
        }

        @Nullable
        String description(Column column) {
            String source = column.source();
            String description = source == null ? column.description() : comments.get(source);
            return options.authors() == AuthorMode.HASH && column.content() == Column.ColumnContent.PERSON_ID
                    ? "A pseudonym in place of the id. " + (description == null ? "" : description)
                    : description;
        }

        /** Reads the key of pseudonyms from a file, or generates one that is not stored if there is no file. */
        static HmacUtils pseudonyms(@Nullable Path file) throws IOException {
            byte[] key = file == null ? new byte[GENERATED_KEY] : Files.readAllBytes(file);
            if (file == null) {
                new SecureRandom().nextBytes(key);
            }
            if (key.length < SHORTEST_KEY) {
                throw new ExportException(
                        ("Pseudonym key %s has %d bytes, but needs %d at least. Generate one with: head -c 32 "
                                        + "/dev/urandom")
                                .formatted(file, key.length, SHORTEST_KEY));
            }
            return new HmacUtils(HmacAlgorithms.HMAC_SHA_256, key);
        }

        /**
         * Passes the converted rows of a table, objects with its columns in order, by note id, and counts them.
         *
         * @param path returns the path of an object's copy by its key; null if the export has no copy
         * @throws CancellationException if the export is stopped
         */
        void forEachRow(Table table, Function<String, @Nullable String> path, IOConsumer<ObjectNode> consumer)
                throws IOException {
            rows.put(table.name(), 0L);
            try (Stream<String> texts = snapshot.rows(table.query())) {
                for (String text : (Iterable<String>) texts::iterator) {
                    ObjectNode row = (ObjectNode) JsonMapper.shared().readTree(text);
                    conversion.convert(row, table.columns(), path);
                    consumer.accept(row);
                    rows.merge(table.name(), 1L, Long::sum);
                    requireNotStopped(stopped);
                }
            }
        }

        static void requireNotStopped(BooleanSupplier stopped) {
            if (stopped.getAsBoolean()) {
                throw new CancellationException("The export was stopped; its files were deleted");
            }
        }
    }

    /** The options, the ids, the key or the target of an export are invalid; nothing was exported. */
    public static final class ExportException extends RuntimeException {

        ExportException(String message) {
            super(message);
        }
    }

    /**
     * Result of a completed export.
     *
     * @param files number of files, including the manifest
     * @param copied number of media files among them
     * @param missing number of media files and sidecars that the store did not deliver, or delivered with other bytes
     * @param ids result for the id file; null if there was none
     * @param since mark of the earlier export that a delta continues; null for a full export
     * @param unmatched options that match no note by themselves, if a full export has no notes; otherwise null
     */
    public record ExportReport(
            Path target,
            SequencedMap<String, Long> rows,
            long files,
            long bytes,
            long copied,
            long missing,
            List<MissingObject> missingExamples,
            @Nullable NamedIds ids,
            @Nullable Instant since,
            @Nullable List<String> unmatched) {

        /** Stored object that the export does not contain, and the reason for display. */
        public record MissingObject(
                @JsonProperty("objectKey") String key, String reason) {}

        /** Returns whether it has notes, and no object and no requested note is missing. */
        public boolean isComplete() {
            return unmatched == null && missing == 0 && (ids == null || ids.notArchived() == 0);
        }
    }
}
