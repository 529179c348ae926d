package io.github.notearchive.export;

import io.github.notearchive.store.ObjectKey;
import java.io.IOException;
import java.io.OutputStream;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A file for each table, and the media under the keys that they have in the store. */
final class TableFiles {

    private final Export export;
    private final ExportFormat format;
    private final String below;

    /** @param below the directory within the export, with a slash behind; empty for its top */
    TableFiles(Export export, ExportFormat format, String below) {
        this.export = export;
        this.format = format;
        this.below = below;
    }

    void write() throws IOException, SQLException {
        if (export.options().media() == MediaMode.COPY) {
            MediaCopies media = export.media();
            export.snapshot().forEachObject((sha256, key, size) -> media.copy(key, sha256, size, below + key));
        }
        Values values = new Values(export::pseudonym, this::url, this::path);
        for (Table table : export.data().tables()) {
            long count = 0;
            try (Rows rows = export.snapshot().rows(table, values);
                    TableWriter writer = writer(table)) {
                for (Row row = rows.next(); row != null; row = rows.next()) {
                    writer.write(row);
                    count++;
                }
            }
            export.counted(table.name(), count);
        }
    }

    /** The files of the tables, in their order. */
    List<Manifest.TableFile> files() {
        return export.data().tables().stream()
                .map(table -> new Manifest.TableFile(table, file(table)))
                .toList();
    }

    private String file(Table table) {
        return table.name() + "." + format;
    }

    private TableWriter writer(Table table) throws IOException {
        OutputStream out = export.draft().create(below + file(table));
        return switch (format) {
            case CSV -> new CsvTableWriter(out, table, export.options().excel());
            case PARQUET -> new ParquetTableWriter(out, table);
            case JSONL -> new JsonLinesWriter(out);
            case FOLDER, BAGIT, FOURCAT -> throw new IllegalStateException(format + " has no file for a table");
        };
    }

    private String url(String key) {
        return export.store()
                .presign(new ObjectKey(key), export.options().presignFor())
                .toString();
    }

    private @Nullable String path(@Nullable String key) {
        return key != null && export.draft().has(below + key) ? key : null;
    }
}
