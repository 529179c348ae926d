package io.github.notearchive.export;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.notearchive.archive.stats.NoteSnapshots;
import io.github.notearchive.archive.stats.NoteSnapshots.FileEntry;
import io.github.notearchive.archive.stats.NoteSnapshots.NamedIds;
import io.github.notearchive.archive.stats.NoteSnapshots.Snapshot;
import io.github.notearchive.export.ExportOptions.ExportFormat;
import io.github.notearchive.export.ExportOptions.MediaMode;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectFactory;
import org.springframework.stereotype.Component;

/** Exports notes of the archive to a directory. Only reads the archive; may run beside a nightly run. */
@Component
public record Exporter(NoteSnapshots notes, ObjectFactory<ObjectStore> store) {

    private static final Logger log = LoggerFactory.getLogger(Exporter.class);

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
        try (StagingDirectory directory = StagingDirectory.create(options.target())) {
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
        MediaCopies media = new MediaCopies(store, directory);
        Path idFile = options.selection().ids();
        Collection<NoteId> ids = idFile == null ? null : readIds(idFile);
        if (options.media() == MediaMode.COPY) {
            store.getObject().requireBucket();
            try (Snapshot snapshot = notes.open(options.selection(), ids);
                    Stream<FileEntry> objects = snapshot.objects()) {
                objects.forEach(directory.plan::add);
            }
            // while no snapshot is open, because this may take hours
            media.copyAhead(stopped);
        }
        try (Snapshot snapshot = notes.open(options.selection(), ids)) {
            Export export = new Export(
                    options,
                    Table.all(options.authors(), options.media()),
                    snapshot,
                    ids == null ? null : snapshot.namedIds(),
                    directory,
                    media,
                    Export.pseudonyms(options.authorKey()),
                    new LinkedHashMap<>(),
                    stopped);
            export.requireNotStopped();
            switch (options.format()) {
                case JSONL, CSV, PARQUET -> new TableFiles(export, options.format(), "").write();
                case BAGIT -> new TableFiles(export, ExportFormat.JSONL, "data/").writeBag();
                case FOLDER -> new Folder(export).write();
                case FOURCAT -> new FourCat(export).write();
            }
            return new ExportReport(
                    directory.target,
                    export.rows(),
                    directory.inventory.files(),
                    directory.inventory.bytes(),
                    media.copied,
                    media.missing,
                    List.copyOf(media.examples),
                    export.ids());
        }
    }

    private static Collection<NoteId> readIds(Path file) throws IOException {
        Collection<NoteId> ids = new TreeSet<>();
        int number = 0;
        try {
            for (String line : Files.readAllLines(file)) {
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
     * Result of a completed export.
     *
     * @param rows number of rows by table
     * @param files number of files, including the manifest
     * @param bytes total size of the files
     * @param copied number of media files among them
     * @param missing number of objects that the store did not deliver, or delivered with other bytes
     * @param ids result for the id file; null if there was none
     */
    public record ExportReport(
            Path target,
            SequencedMap<String, Long> rows,
            long files,
            long bytes,
            long copied,
            long missing,
            List<MissingObject> missingExamples,
            @Nullable NamedIds ids) {

        /** Stored object that the export does not contain, and the reason for display. */
        public record MissingObject(
                @JsonProperty("objectKey") String key, String reason) {}

        /** Returns whether no object and no requested note is missing. */
        public boolean isWhole() {
            return missing == 0 && (ids == null || ids.notArchived() == 0);
        }
    }
}
