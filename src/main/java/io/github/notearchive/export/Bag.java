package io.github.notearchive.export;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Writes a bag (BagIt 1.0, RFC 8493): tables as JSON Lines, media and the manifest are the payload, each file with its
 * SHA-256. It contains no bagging date, so that the same archive results in the same bag.
 */
record Bag(Export export) {

    private static final String PAYLOAD = "data/";

    void write() throws IOException {
        new TableFiles(export, ExportFormat.JSONL, PAYLOAD).write();
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

    private void list(String name, boolean payload) throws IOException {
        try (OutputStream out = export.directory().create(name)) {
            export.directory().inventory().forEach(file -> {
                if (file.path().startsWith(PAYLOAD) == payload) {
                    String line = file.sha256() + "  " + file.path() + "\n";
                    out.write(line.getBytes(StandardCharsets.UTF_8));
                }
            });
        }
    }
}
