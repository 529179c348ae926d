package io.github.notearchive.export;

import io.github.notearchive.archive.query.NoteSnapshots.FileEntry;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.Pages;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a directory per note for human readers into a {@link Target}: its media in order under descriptive names, the
 * note as {@code note.json}, and an HTML page; and index pages that list the notes. Or writes a page of Markdown per
 * note and its media beside it.
 *
 * <p>Names of directories and files consist of ASCII letters, digits and dashes only: they are valid on every file
 * system and in every archive format, and Java cannot create other names in the locale C, as under cron.
 */
final class NoteFolders {

    private static final Pattern LANGUAGE = Pattern.compile("[A-Za-z0-9-]{1,20}");

    private final Target target;
    private final long total;
    private final boolean isVault;
    private final List<FolderNote> entries = new ArrayList<>();
    private int pages;

    /**
     * @param total number of notes, for the index
     * @param isVault whether the notes are Markdown, without index
     */
    NoteFolders(Target target, long total, boolean isVault) {
        this.target = target;
        this.total = total;
        this.isVault = isVault;
    }

    /** Directory or archive that receives files, by paths with slashes. */
    interface Target {

        /** Creates a file, which ends when the stream is closed. */
        OutputStream create(String path) throws IOException;

        /** Copies an object of the store; returns whether the store had it. */
        boolean copy(FileEntry object, String path) throws IOException;

        /** Returns a JPEG of a copied picture that not every browser displays; null if there is none. */
        default byte @Nullable [] jpeg(String path) throws IOException {
            return null;
        }

        default void write(String path, String text) throws IOException {
            try (OutputStream out = create(path)) {
                out.write(text.getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    /**
     * Model of the template {@code export/index}: a page that lists notes and links to the pages before and after it.
     *
     * @param number number of the page, from 1
     */
    record IndexPage(int number, long total, List<FolderNote> entries) {

        static final int NOTES = 60;

        static String name(long page) {
            return page == 1 ? "index.html" : "index-" + page + ".html";
        }

        long pages() {
            return Math.max(1, Math.ceilDiv(total, NOTES));
        }
    }

    /** Writes a note, whose files the row names by their object keys. */
    void add(ObjectNode row) throws IOException {
        FolderNote page = new FolderNote(row);
        String directory = isVault ? "notes/files/" + page.noteId() : page.directory();
        for (JsonNode file : row.path("media")) {
            if (file.path("path").isString()) {
                copy((ObjectNode) file, directory);
            } else if (file.path("object_key").isString()) {
                ((ObjectNode) file).remove("path"); // not selected, as opposed to a missing file
            }
        }
        page.linkPreviews();
        if (isVault) {
            target.write(Markdown.path(page), Markdown.render(page, "files/" + page.noteId() + "/"));
            return;
        }
        target.write(directory + "/note.json", row.toPrettyString());
        target.write(directory + "/index.html", Pages.render("export/note", Map.of("page", page)));
        entries.add(page);
        if (entries.size() == IndexPage.NOTES) {
            writeIndex();
        }
    }

    /** Writes what remains of the index. */
    void end() throws IOException {
        if (!isVault && (!entries.isEmpty() || pages == 0)) {
            writeIndex();
        }
    }

    private void writeIndex() throws IOException {
        IndexPage page = new IndexPage(++pages, total, entries);
        target.write(IndexPage.name(pages), Pages.render("export/index", Map.of("page", page)));
        entries.clear();
    }

    /** Copies a file of a note, and replaces its object key in the row by its path within the note's directory. */
    private void copy(ObjectNode file, String directory) throws IOException {
        String key = file.path("path").stringValue();
        String name = fileName(
                file.path("kind").stringValue(),
                file.path("ordinal").longValue(),
                file.path("identity").stringValue(null),
                key);
        FileEntry object = new FileEntry(
                key, file.path("size_bytes").longValue(), file.path("sha256").stringValue());
        boolean copied = target.copy(object, directory + "/" + name);
        file.put("path", copied ? name : null);
        var shown = new FolderNote.FolderFile(file);
        if (copied && shown.isPicture() && !shown.isShownEverywhere()) {
            addPreview(file, directory, name);
        }
    }

    /** Writes a JPEG beside a picture that not every browser displays; without one, the page shows the picture. */
    private void addPreview(ObjectNode file, String directory, String name) throws IOException {
        byte[] jpeg = target.jpeg(directory + "/" + name);
        if (jpeg != null) {
            String preview = name.substring(0, name.lastIndexOf('.')) + ".jpg";
            try (OutputStream out = target.create(directory + "/" + preview)) {
                out.write(jpeg);
            }
            file.put("preview", preview);
        }
    }

    /**
     * Returns the name of a media file, unique within its note.
     *
     * @param ordinal from 0; names count from 1
     * @param identity language of a subtitle
     */
    static String fileName(String kind, long ordinal, @Nullable String identity, String key) {
        String number = String.format(Locale.ROOT, "%02d", ordinal + 1);
        String name = switch (kind) {
            case "IMAGE" -> number;
            case "MOTION" -> number + "-motion";
            case "PREVIEW" -> number + "-preview";
            case "SUBTITLE" ->
                identity != null && LANGUAGE.matcher(identity).matches()
                        ? "subtitle-" + number + "-" + identity
                        : "subtitle-" + number;
            default -> kind.toLowerCase(Locale.ROOT) + (ordinal == 0 ? "" : "-" + number);
        };
        return name + key.substring(key.lastIndexOf('.'));
    }

    /** Model of the template {@code export/note}: a row of the table of notes, with its captures. */
    record FolderNote(JsonNode note) {

        /** Style of the pages of a folder export, which display the files beside them. */
        static final Pages.Style STYLE = Pages.style("folder", "; img-src 'self' file:; media-src 'self' file:");

        private static final Set<String> SHOWN_EVERYWHERE =
                Set.of("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif");

        /** File of the note: a row of the table of media. */
        record FolderFile(JsonNode row) {

            String kind() {
                return row.path("kind").stringValue();
            }

            /** Returns the path below the note's directory; null if the export does not have the file. */
            @Nullable
            String path() {
                return row.path("path").stringValue(null);
            }

            @Nullable
            String contentType() {
                return row.path("content_type").stringValue(null);
            }

            /** Returns the number among the files of the kind, from 1; a motion file has that of its image. */
            long number() {
                return row.path("ordinal").longValue() + 1;
            }

            /** Returns the path of what the page shows: the JPEG beside the file, or the file. */
            @Nullable
            String shown() {
                return row.path("preview").stringValue(path());
            }

            boolean isPicture() {
                return kind().equals("IMAGE");
            }

            boolean isShownEverywhere() {
                return row.has("preview") || SHOWN_EVERYWHERE.contains(String.valueOf(contentType()));
            }

            String size() {
                return DisplayFormat.size(row.path("size_bytes").longValue());
            }

            boolean isStored() {
                return row.path("state").stringValue().equals("STORED");
            }
        }

        /** Adds the path of the stored preview to each picture that not every browser displays. */
        private void linkPreviews() {
            Map<Long, FolderFile> previews = files().stream()
                    .filter(file -> file.kind().equals("PREVIEW"))
                    .collect(Collectors.toMap(FolderFile::number, Function.identity()));
            files().stream()
                    .filter(file -> file.isPicture() && !file.isShownEverywhere())
                    .forEach(file -> {
                        FolderFile preview = previews.get(file.number());
                        if (preview != null) {
                            ((ObjectNode) file.row()).put("preview", preview.path());
                        }
                    });
        }

        String noteId() {
            return note.path(Table.KEY).stringValue();
        }

        /** Returns the directory, which is named by the day of publication and the note id. */
        String directory() {
            return "notes/" + day() + "-" + noteId();
        }

        /** Returns the day of publication in Shanghai. */
        String day() {
            Instant published = time("published_at");
            return published == null ? "undated" : String.valueOf(LocalDate.ofInstant(published, Night.ZONE));
        }

        /** Returns the text of a column; null if it is absent or omitted by the export. */
        @Nullable
        String text(String column) {
            return note.path(column).stringValue(null);
        }

        @Nullable
        Instant time(String column) {
            return time(note, column);
        }

        static @Nullable Instant time(JsonNode row, String column) {
            return row.path(column).stringValueOpt().map(Instant::parse).orElse(null);
        }

        /** Returns the title of the note, or the first line of its text, or its id. */
        String title() {
            return Stream.of("title", "note_text")
                    .flatMap(column -> note.path(column).stringValue("").lines())
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .findFirst()
                    .orElse("Note " + noteId());
        }

        String language() {
            return note.path("language").stringValue("zh");
        }

        private Stream<FolderFile> media() {
            return note.path("media").valueStream().map(FolderFile::new);
        }

        /** Returns the files that the export has. */
        List<FolderFile> files() {
            return media().filter(file -> file.path() != null).toList();
        }

        /** Returns the files that pages show: all but the previews of images that they show. */
        List<FolderFile> shown() {
            List<Long> pictures = files().stream()
                    .filter(FolderFile::isPicture)
                    .map(FolderFile::number)
                    .toList();
            return files().stream()
                    .filter(file -> !file.kind().equals("PREVIEW") || !pictures.contains(file.number()))
                    .toList();
        }

        /** Returns the number of images of the note, including missing ones. */
        long pictures() {
            return media().filter(FolderFile::isPicture).count();
        }

        /** Returns the path of the first image that every browser displays. */
        @Nullable
        String picture() {
            return files().stream()
                    .filter(file -> file.isPicture() && file.isShownEverywhere())
                    .findFirst()
                    .map(FolderFile::shown)
                    .orElse(null);
        }

        /** Returns the files that the export should have and does not. */
        List<FolderFile> missing() {
            return media().filter(
                            file -> !file.isStored() || file.row.path("path").isNull())
                    .toList();
        }
    }
}
