package io.github.notearchive.export;

import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.report.Pages;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Model of the template {@code export/note}: a note with its files, its text and the history of its counts.
 *
 * @param note row of the table of notes with its captures
 */
record NotePage(JsonNode note) {

    /** Style of the pages of a folder export, which display the files beside them. */
    static final Pages.Style STYLE = Pages.style("folder", "; img-src 'self' file:; media-src 'self' file:");

    private static final int LONGEST_TITLE = 60;
    private static final Set<String> SHOWN_EVERYWHERE =
            Set.of("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif");

    /** File of the note: a row of the table of media. */
    record File(JsonNode row) {

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

        /** Returns the number among the note's files of the kind, from 1; a motion file has the number of its image. */
        long number() {
            return row.path("ordinal").longValue() + 1;
        }

        boolean isShownEverywhere() {
            return SHOWN_EVERYWHERE.contains(String.valueOf(contentType()));
        }

        String size() {
            JsonNode bytes = row.path("size_bytes");
            return bytes.isNull() ? "" : DisplayFormat.size(bytes.longValue());
        }

        boolean isStored() {
            return row.path("state").stringValue().equals("STORED");
        }
    }

    String noteId() {
        return note.path(Table.KEY).stringValue();
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

    /** Returns the title of the note, or the beginning of its text, or its id. */
    String title() {
        return Stream.of("title", "note_text")
                .flatMap(column -> note.path(column).stringValue("").lines())
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .findFirst()
                .map(NotePage::shorten)
                .orElse("Note " + noteId());
    }

    private static String shorten(String line) {
        return line.codePointCount(0, line.length()) <= LONGEST_TITLE
                ? line
                : line.substring(0, line.offsetByCodePoints(0, LONGEST_TITLE)) + "…";
    }

    String language() {
        return note.path("language").stringValue("zh");
    }

    private Stream<File> media() {
        return note.path("media").valueStream().map(File::new);
    }

    /** Returns the files that the export has. */
    List<File> files() {
        return media().filter(file -> file.path() != null).toList();
    }

    /** Returns the number of images of the note, including missing ones. */
    long pictures() {
        return media().filter(file -> file.kind().equals("IMAGE")).count();
    }

    /** Returns the path of the first image that every browser displays. */
    @Nullable
    String picture() {
        return files().stream()
                .filter(file -> file.kind().equals("IMAGE") && file.isShownEverywhere())
                .findFirst()
                .map(File::path)
                .orElse(null);
    }

    /** Returns the files that the export should have and does not. */
    List<File> missing() {
        return media().filter(file -> !file.isStored() || file.row.path("path").isNull())
                .toList();
    }
}
