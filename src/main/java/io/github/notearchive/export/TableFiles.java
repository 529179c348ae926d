package io.github.notearchive.export;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;

/** Writes one file per table, and the media under their object keys. */
final class TableFiles {

    private final Export export;
    private final ExportFormat format;
    private final String below;

    /** @param below directory within the export, with a trailing slash; empty for the top level */
    TableFiles(Export export, ExportFormat format, String below) {
        this.export = export;
        this.format = format;
        this.below = below;
    }

    /** Writes the tables, the media and the manifest that describes them. */
    void write() throws IOException, SQLException {
        StagingDirectory directory = export.directory();
        if (export.options().media() == MediaMode.COPY) {
            MediaCopies media = export.media();
            export.snapshot().forEachObject(object -> media.copy(object, below + object.path()));
        }
        Rows.Conversion conversion = export.conversion(key -> directory.has(below + key) ? key : null);
        for (Table table : export.data().tables()) {
            long count = 0;
            try (Rows rows = export.snapshot().rows(table, conversion);
                    TableWriter writer = writer(table)) {
                for (Row row = rows.next(); row != null; row = rows.next()) {
                    writer.write(row);
                    count++;
                }
            }
            export.rows().put(table.name(), count);
        }
        List<Manifest.TableFile> files = export.data().tables().stream()
                .map(table -> new Manifest.TableFile(table, file(table)))
                .toList();
        new Manifest(export).write(below, files);
    }

    private String file(Table table) {
        return table.name() + "." + format;
    }

    private TableWriter writer(Table table) throws IOException {
        HashedFile out = export.directory().create(below + file(table));
        return switch (format) {
            case CSV -> new CsvTableWriter(out, table, export.options().excel());
            case PARQUET -> new ParquetTableWriter(out, table);
            case JSONL -> new TableWriter.JsonLines(out);
            case FOLDER, BAGIT, FOURCAT -> throw new IllegalStateException("Format " + format + " has no table files");
        };
    }
}
