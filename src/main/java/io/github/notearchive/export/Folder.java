package io.github.notearchive.export;

import io.github.notearchive.export.StagingDirectory.FileEntry;
import io.github.notearchive.note.Night;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes a directory per note for human readers: its media in order under descriptive names, the note as
 * {@code note.json}, and an HTML page. Index pages at the top level list the notes.
 *
 * <p>Names of directories and files consist of ASCII letters, digits and dashes only: they are valid on every file
 * system and in every archive format, and Java cannot create other names in the locale C, as under cron.
 */
final class Folder {

    private static final Pattern EXTENSION = Pattern.compile("[a-z0-9]{1,8}");
    private static final Pattern LANGUAGE = Pattern.compile("[A-Za-z0-9-]{1,20}");

    private final Export export;

    Folder(Export export) {
        this.export = export;
    }

    /** Writes the pages, the media and the manifest. */
    void write() throws IOException, SQLException {
        Table notes = export.data().notes();
        Table captures = export.data().captures();
        long total = export.snapshot().notes();
        Rows.Conversion conversion = export.conversion(key -> key);
        List<IndexPage.Entry> entries = new ArrayList<>();
        int page = 1;
        long written = 0;
        long captured = 0;
        try (Rows rows = export.snapshot().rows(notes, conversion);
                Rows.ByNote history = new Rows.ByNote(export.snapshot().rows(captures, conversion))) {
            for (Row row = rows.next(); row != null; row = rows.next()) {
                List<Row> ofNote = history.of(row.noteId());
                entries.add(note(row, ofNote));
                written++;
                captured += ofNote.size();
                if (entries.size() == IndexPage.NOTES) {
                    index(page++, total, entries);
                }
            }
            history.requireEnd();
        }
        if (!entries.isEmpty() || page == 1) {
            index(page, total, entries);
        }
        export.rows().put(notes.name(), written);
        export.rows().put(captures.name(), captured);
        new Manifest(export)
                .write("", List.of(new Manifest.TableFile(notes, null), new Manifest.TableFile(captures, null)));
    }

    private IndexPage.Entry note(Row row, List<Row> captures) throws IOException {
        String directory = "notes/" + directoryName(row.noteId(), row.time("published_at"));
        Row note = row.with("media", media(row, directory));
        Map<String, @Nullable Object> json = note.json();
        json.put("captures", Row.json(captures));
        byte[] bytes = JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsBytes(json);
        export.directory().write(directory + "/note.json", bytes);
        NotePage page = new NotePage(note, captures);
        html(directory + "/index.html", page.render());
        return new IndexPage.Entry(directory, page);
    }

    /** Copies the files of a note and returns their rows with the paths within the note's directory. */
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
            String name = fileName(
                    String.valueOf(file.text("kind")), ordinal == null ? 0 : ordinal, file.text("identity"), key);
            FileEntry object = new FileEntry(key, size, String.valueOf(file.text("sha256")));
            boolean copied = export.media().copy(object, directory + "/" + name);
            files.add(file.with("path", copied ? name : null));
        }
        return files;
    }

    private void index(int page, long total, List<IndexPage.Entry> entries) throws IOException {
        html(IndexPage.name(page), new IndexPage(page, total, entries).render());
        entries.clear();
    }

    private void html(String path, String page) throws IOException {
        export.directory().write(path, page.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns the directory name of a note: the day of publication in Shanghai and the note id. */
    static String directoryName(String noteId, @Nullable Instant published) {
        return (published == null ? "undated" : LocalDate.ofInstant(published, Night.ZONE)) + "-" + noteId;
    }

    /**
     * Returns the name of a media file, unique within its note.
     *
     * @param ordinal from 0; names count from 1
     * @param identity language of a subtitle
     * @param key object key, which ends with the file extension
     */
    static String fileName(String kind, long ordinal, @Nullable String identity, String key) {
        String number = String.format(Locale.ROOT, "%02d", ordinal + 1);
        String name = switch (kind) {
            case "IMAGE" -> number;
            case "MOTION" -> number + "-motion";
            case "SUBTITLE" ->
                identity != null && LANGUAGE.matcher(identity).matches()
                        ? "subtitle-" + number + "-" + identity
                        : "subtitle-" + number;
            default -> kind.toLowerCase(Locale.ROOT) + (ordinal == 0 ? "" : "-" + number);
        };
        String extension = key.substring(key.lastIndexOf('.') + 1);
        return name + "." + (EXTENSION.matcher(extension).matches() ? extension : "bin");
    }
}
