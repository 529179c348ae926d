package io.github.notearchive.export;

import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.report.Pages;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Model of the template {@code export/note}: a note with its files, its text and the history of its counts. */
record NotePage(Row note, List<Row> captures) {

    /** Style of the pages of a folder export, which display the files beside them. */
    static final Pages.Style STYLE = Pages.style("folder", "; img-src 'self' file:; media-src 'self' file:");

    static final List<String> COUNT_COLUMNS =
            List.of("liked_count", "collected_count", "comments_count", "shared_count");

    static final List<String> COUNT_HEADINGS = List.of("captured", "likes#", "collected#", "comments#", "shared#");

    private static final int LONGEST_TITLE = 60;

    private static final Pattern LANGUAGE = Pattern.compile("[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}");

    private static final Set<String> SHOWN_EVERYWHERE =
            Set.of("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif");

    /** File of the note. */
    record File(Row row) {

        String kind() {
            return String.valueOf(row.text("kind"));
        }

        /** Returns the path below the note's directory; null if the export does not have the file. */
        @Nullable
        String path() {
            return row.text("path");
        }

        @Nullable
        String contentType() {
            return row.text("content_type");
        }

        /** Returns the number among the note's files of the kind, from 1; a motion file has the number of its image. */
        long number() {
            Long ordinal = row.number("ordinal");
            return ordinal == null ? 1 : ordinal + 1;
        }

        boolean isShownEverywhere() {
            return SHOWN_EVERYWHERE.contains(String.valueOf(contentType()));
        }

        /** Returns the width in pixels, which prevents layout shifts; null if either dimension is unknown. */
        @Nullable
        Long width() {
            return dimension("width", "height");
        }

        @Nullable
        Long height() {
            return dimension("height", "width");
        }

        private @Nullable Long dimension(String column, String other) {
            return isPositive(row.number(column)) && isPositive(row.number(other)) ? row.number(column) : null;
        }

        private static boolean isPositive(@Nullable Long number) {
            return number != null && number > 0;
        }

        String size() {
            Long bytes = row.number("size_bytes");
            return bytes == null ? "" : DisplayFormat.size(bytes);
        }

        private boolean isStored() {
            return "STORED".equals(row.text("state"));
        }

        /** Returns whether the export should have the file and does not. */
        private boolean isMissing() {
            return !isStored() || (row.table().indexOf("path") >= 0 && path() == null);
        }

        private String missing() {
            String reason = row.text("reason");
            return kind() + " " + number() + ": "
                    + (isStored()
                            ? "not available in the store"
                            : row.text("state") + (reason == null ? "" : ", " + reason));
        }
    }

    String render() {
        return Pages.render("export/note", Map.of("page", this));
    }

    /** Returns the title of the note, or the beginning of its text, or its id. */
    String title() {
        String title = note.text("title");
        if (title != null && !title.isBlank()) {
            return title;
        }
        String text = note.text("note_text");
        return (text == null ? Stream.<String>empty() : text.lines())
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .findFirst()
                .map(NotePage::shorten)
                .orElse("Note " + note.noteId());
    }

    private static String shorten(String line) {
        return line.codePointCount(0, line.length()) <= LONGEST_TITLE
                ? line
                : line.substring(0, line.offsetByCodePoints(0, LONGEST_TITLE)) + "…";
    }

    String language() {
        String language = note.text("language");
        return language != null && LANGUAGE.matcher(language).matches() ? language : "zh";
    }

    @Nullable
    String author() {
        String nickname = note.text("author_nickname");
        return nickname == null ? note.text("author_id") : nickname;
    }

    private Stream<File> media() {
        return note.rows("media").stream().map(File::new);
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

    List<String> missing() {
        return media().filter(File::isMissing).map(File::missing).toList();
    }

    static String count(Row capture, String column) {
        Long count = capture.number(column);
        return count == null ? "–" : count.toString();
    }

    String state() {
        String state = note.text("state");
        return state == null ? "" : ", state " + state;
    }
}
