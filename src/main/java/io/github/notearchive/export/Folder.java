package io.github.notearchive.export;

import io.github.notearchive.export.Manifest.TableFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * A directory for each note, for people: its media in order under names that say what they are, the note as
 * {@code note.json}, and a page that shows it; at the top pages that list them.
 */
final class Folder {

    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final Export export;
    private final Table notes;

    Folder(Export export) {
        this.export = export;
        this.notes = export.data().notes();
    }

    /** What {@code note.json} has, table by table; there is no file of them all. */
    static List<TableFile> tables(Export export) {
        return List.of(
                new TableFile(export.data().notes(), null),
                new TableFile(export.data().captures(), null));
    }

    void write() throws IOException, SQLException {
        long total = export.snapshot().notes();
        Values values = new Values(export::pseudonym, key -> key, key -> key);
        List<IndexPage.Entry> entries = new ArrayList<>();
        int page = 1;
        long written = 0;
        long captures = 0;
        try (Rows rows = export.snapshot().rows(notes, values);
                Rows.ByNote history = export.snapshot().byNote(export.data().captures(), values)) {
            for (Row row = rows.next(); row != null; row = rows.next()) {
                List<Row> captured = history.of(row.noteId());
                entries.add(note(row, captured));
                written++;
                captures += captured.size();
                if (entries.size() == IndexPage.NOTES) {
                    index(page++, total, entries);
                }
            }
            history.requireEnd();
        }
        if (!entries.isEmpty() || page == 1) {
            index(page, total, entries);
        }
        export.counted(notes.name(), written);
        export.counted(export.data().captures().name(), captures);
    }

    private IndexPage.Entry note(Row row, List<Row> captures) throws IOException {
        String directory = "notes/" + FileNames.directory(row.noteId(), row.time("published_at"));
        Row note = row.with("media", media(row, directory));
        try (OutputStream out = export.draft().create(directory + "/note.json");
                JsonGenerator json = MAPPER.writer().createGenerator(out)) {
            json.writeStartObject();
            JsonRows.fields(json, note, 0);
            json.writeName("captures");
            JsonRows.value(json, captures);
            json.writeEndObject();
        }
        html(directory + "/index.html", NotePage.of(note, captures));
        return new IndexPage.Entry(directory, note);
    }

    /** The rows of its files, with where each lies in the note's directory. */
    private List<Row> media(Row note, String directory) throws IOException {
        List<Row> files = new ArrayList<>();
        for (Row file : note.rows("media")) {
            String key = file.text("path");
            Long size = file.number("size_bytes");
            if (key == null || size == null) {
                files.add(file);
                continue;
            }
            Long ordinal = file.number("ordinal");
            String name = FileNames.media(
                    String.valueOf(file.text("kind")), ordinal == null ? 0 : ordinal, file.text("identity"), key);
            boolean there = export.media().copy(key, String.valueOf(file.text("sha256")), size, directory + "/" + name);
            files.add(file.with("path", there ? name : null));
        }
        return files;
    }

    private void index(int page, long total, List<IndexPage.Entry> entries) throws IOException {
        html(IndexPage.name(page), IndexPage.of(page, total, entries));
        entries.clear();
    }

    private void html(String path, String page) throws IOException {
        export.draft().write(path, page.getBytes(StandardCharsets.UTF_8));
    }
}
