package io.github.notearchive.export;

import io.github.notearchive.archive.stats.NoteSnapshots.FileEntry;
import io.github.notearchive.export.ExportOptions.MediaMode;
import java.io.IOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Writes one file per table, and the media under their object keys.
 *
 * @param below directory within the export, with a trailing slash; empty for the top level
 */
record TableFiles(Export export, ExportFormat format, String below) {

    /** Writes the tables, the media and the manifest that describes them. */
    void write() throws IOException {
        StagingDirectory directory = export.directory();
        if (export.options().media() == MediaMode.COPY) {
            try (Stream<FileEntry> objects = export.snapshot().objects()) {
                for (Iterator<FileEntry> each = objects.iterator(); each.hasNext(); ) {
                    FileEntry object = each.next();
                    export.requireNotStopped();
                    export.media().copy(object, below + object.path());
                }
            }
        }
        Map<Table, String> files = new LinkedHashMap<>();
        for (Table table : export.data().tables()) {
            files.put(table, table.name() + "." + format);
            try (TableWriter writer = writer(table, directory.create(below + files.get(table)))) {
                export.forEachRow(table, key -> directory.has(below + key) ? key : null, writer::write);
            }
        }
        new Manifest(export).write(below, files);
    }

    private TableWriter writer(Table table, StagingDirectory.HashedFile out) throws IOException {
        return switch (format) {
            case CSV -> new CsvTableWriter(out, table, export.options().excel());
            case PARQUET -> new ParquetTableWriter(out, table);
            case JSONL -> new TableWriter.JsonLines(out);
            case FOLDER, BAGIT, FOURCAT -> throw new IllegalStateException("Format " + format + " has no table files");
        };
    }
}
