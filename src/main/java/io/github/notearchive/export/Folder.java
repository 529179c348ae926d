package io.github.notearchive.export;

import io.github.notearchive.archive.query.NoteSnapshots.FileEntry;
import io.github.notearchive.export.ExportOptions.ExportFormat;
import io.github.notearchive.export.ExportOptions.TableFormat;
import io.github.notearchive.export.Exporter.Export;
import io.github.notearchive.export.Table.Column;
import java.io.IOException;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes the notes of an export as {@link NoteFolders}, with a manifest. */
final class Folder implements NoteFolders.Target {

    private static final Logger log = LoggerFactory.getLogger(Folder.class);

    /** Width of a JPEG beside a picture that not every browser displays. */
    private static final int PREVIEW_WIDTH = 2_048;

    private final Export export;

    Folder(Export export) {
        this.export = export;
    }

    void write() throws IOException {
        export.heif().refusal().ifPresent(log::warn);
        Table captures = export.captures();
        NoteFolders folders = new NoteFolders(
                this, export.snapshot().count(), export.options().format() == ExportFormat.MARKDOWN);
        Column history =
                new Column(captures.name(), Column.Type.RECORD_LIST, Column.ColumnContent.PLAIN, "", "", captures);
        export.forEachRow(export.notes().with(history), key -> key, row -> {
            folders.add(row);
            export.rows()
                    .merge(captures.name(), (long) row.path(captures.name()).size(), Long::sum);
        });
        export.rows().putIfAbsent(captures.name(), 0L);
        folders.end();
        Map<Table, List<String>> files = new LinkedHashMap<>();
        files.put(export.notes(), List.of());
        files.put(captures, List.of());
        if (export.since() != null) {
            files.put(export.removed(), new TableFiles(export, TableFormat.JSONL, "").write(export.removed()));
        }
        new Manifest(export).write("", files);
    }

    @Override
    public OutputStream create(String path) {
        return export.directory().create(path);
    }

    @Override
    public boolean copy(FileEntry object, String path) throws IOException {
        return export.directory().copy(object, path);
    }

    @Override
    public byte @Nullable [] jpeg(String path) {
        if (!export.heif().isUsable()) {
            return null;
        }
        try {
            return export.heif().jpeg(export.directory().read(path), PREVIEW_WIDTH);
        } catch (IOException e) {
            log.warn("{} has no JPEG beside it: {}", path, e.getMessage());
            return null;
        }
    }
}
