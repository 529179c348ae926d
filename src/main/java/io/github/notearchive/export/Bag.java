package io.github.notearchive.export;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;

/**
 * A bag after RFC 8493 (BagIt 1.0): the tables as JSON, the media and the manifest as payload, each file with its
 * SHA-256. There is no date of bagging in it, so the same archive gives the same bag.
 */
final class Bag {

    private static final String PAYLOAD = "data/";
    private static final String MANIFEST = "manifest-sha256.txt";

    private final Export export;

    Bag(Export export) {
        this.export = export;
    }

    void write() throws IOException, SQLException {
        TableFiles tables = new TableFiles(export, ExportFormat.JSONL, PAYLOAD);
        tables.write();
        new Manifest(export).write(PAYLOAD, tables.files());
        Draft draft = export.draft();
        String oxum = draft.bytes() + "." + draft.files();
        list(MANIFEST, true);
        text("bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
        text(
                "bag-info.txt",
                "Bag-Software-Agent: %s\nExternal-Description: Notes of Xiaohongshu; data/manifest.json says which\nPayload-Oxum: %s\n"
                        .formatted(export.options().tool(), oxum));
        list("tagmanifest-sha256.txt", false);
    }

    private void list(String name, boolean payload) throws IOException {
        try (OutputStream out = export.draft().create(name)) {
            export.draft().forEachFile(file -> {
                if (file.path().startsWith(PAYLOAD) == payload) {
                    String line = file.sha256() + "  " + file.path() + "\n";
                    out.write(line.getBytes(StandardCharsets.UTF_8));
                }
            });
        }
    }

    private void text(String name, String text) throws IOException {
        export.draft().write(name, text.getBytes(StandardCharsets.UTF_8));
    }
}
