package io.github.notearchive.export;

import io.github.notearchive.archive.stats.NoteSnapshots.FileEntry;
import io.github.notearchive.export.ExportOptions.MediaMode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Writes one file per table, and the media under their object keys; also as a bag.
 *
 * @param below directory within the export, with a trailing slash; empty for the top level
 */
record TableFiles(Export export, ExportFormat format, String below) {

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

    /**
     * Writes all of this as the payload of a bag (BagIt 1.0, RFC 8493), each file with its SHA-256. The bag contains no
     * bagging date, so that the same archive results in the same bag.
     */
    void writeBag() throws IOException {
        write();
        StagingDirectory directory = export.directory();
        String oxum = directory.bytes() + "." + directory.files();
        list("manifest-sha256.txt", true);
        directory.write("bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
        directory.write("bag-info.txt", """
                Bag-Software-Agent: %s
                External-Description: Notes of Xiaohongshu; data/manifest.json says which
                Payload-Oxum: %s
                """.formatted(export.options().tool(), oxum));
        list("tagmanifest-sha256.txt", false);
    }

    private void list(String name, boolean isPayload) throws IOException {
        try (OutputStream out = export.directory().create(name)) {
            export.directory().inventory.forEach(file -> {
                if (file.path().startsWith(below) == isPayload) {
                    String line = file.sha256() + "  " + file.path() + "\n";
                    out.write(line.getBytes(StandardCharsets.UTF_8));
                }
            });
        }
    }

    private TableWriter writer(Table table, StagingDirectory.HashedFile out) throws IOException {
        return switch (format) {
            case CSV -> TableWriter.Csv.start(out, table, export.options().excel());
            case PARQUET -> new ParquetTableWriter(out, table);
            case JSONL, BAGIT, FOLDER, FOURCAT -> new TableWriter.JsonLines(out);
        };
    }
}
