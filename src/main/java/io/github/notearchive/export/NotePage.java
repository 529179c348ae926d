package io.github.notearchive.export;

import io.github.notearchive.report.Html;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** HTML page of one note with its files, its text and the history of its counts. */
final class NotePage {

    private static final int LONGEST_TITLE = 60;

    private static final Pattern LANGUAGE = Pattern.compile("[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}");

    private static final Set<String> SHOWN_EVERYWHERE =
            Set.of("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif");

    private static final Map<String, String> COUNTS = Map.of(
            "liked_count", "likes",
            "collected_count", "collected",
            "comments_count", "comments",
            "shared_count", "shared");

    private static final List<String> COUNT_COLUMNS =
            List.of("liked_count", "collected_count", "comments_count", "shared_count");

    private NotePage() {}

    static String of(Row note, List<Row> captures) {
        Html html = Html.pageWithFiles(title(note), FolderStyle.CSS);
        html.raw("<nav aria-label=\"Archive\"><a href=\"../../index.html\">All notes</a></nav>\n");
        html.raw("<main>\n<article>\n<h1 dir=\"auto\"" + language(note) + ">")
                .text(title(note))
                .raw("</h1>\n");
        byline(html, note);
        files(html, note);
        String text = note.text("note_text");
        if (text != null) {
            html.raw("<h2>Text</h2>\n<div class=\"text\" dir=\"auto\"" + language(note) + ">")
                    .text(text)
                    .raw("</div>\n");
        }
        topics(html, note);
        missing(html, note);
        history(html, captures);
        origin(html, note);
        html.raw("</article>\n</main>\n");
        return html.end();
    }

    /** Returns the title of a note, or the beginning of its text, or its id. */
    static String title(Row note) {
        String title = note.text("title");
        if (title != null && !title.isBlank()) {
            return title;
        }
        String text = note.text("note_text");
        String line = text == null
                ? ""
                : text.lines()
                        .map(String::strip)
                        .filter(l -> !l.isEmpty())
                        .findFirst()
                        .orElse("");
        if (line.isEmpty()) {
            return "Note " + note.noteId();
        }
        return line.codePointCount(0, line.length()) <= LONGEST_TITLE
                ? line
                : line.substring(0, line.offsetByCodePoints(0, LONGEST_TITLE)) + "…";
    }

    /** Returns the attribute with the language of the note. */
    static String language(Row note) {
        String language = note.text("language");
        return " lang=\"" + (language != null && LANGUAGE.matcher(language).matches() ? language : "zh") + "\"";
    }

    static boolean isPicture(Row file) {
        return "IMAGE".equals(file.text("kind"));
    }

    static boolean isShownEverywhere(Row file) {
        return SHOWN_EVERYWHERE.contains(String.valueOf(file.text("content_type")));
    }

    private static void byline(Html html, Row note) {
        html.raw("<p class=\"soft\">");
        String author = note.text("author_nickname");
        String id = note.text("author_id");
        if (author != null || id != null) {
            html.raw("By <bdi>").text(author == null ? id : author).raw("</bdi>. ");
        }
        Instant published = note.time("published_at");
        if (published != null) {
            html.raw("Published ").time(published);
            String place = note.text("place");
            if (place != null) {
                html.raw(", <bdi>").text(place).raw("</bdi>");
            }
            html.raw(". ");
        }
        Instant edited = note.time("edited_at");
        if (edited != null) {
            html.raw("Edited ").time(edited).raw(". ");
        }
        html.raw("Times are those of Shanghai.</p>\n");
    }

    private static void files(Html html, Row note) {
        List<Row> files = note.rows("media").stream()
                .filter(file -> file.text("path") != null)
                .toList();
        if (files.isEmpty()) {
            return;
        }
        html.raw("<h2>Files</h2>\n<div class=\"media\">\n");
        long pictures = note.rows("media").stream().filter(NotePage::isPicture).count();
        files.forEach(file -> figure(html, file, pictures));
        html.raw("</div>\n");
    }

    /** @param pictures number of images of the note, including missing ones */
    private static void figure(Html html, Row file, long pictures) {
        String path = String.valueOf(file.text("path"));
        String kind = String.valueOf(file.text("kind"));
        long number = number(file);
        html.raw("<figure>\n");
        switch (kind) {
            case "IMAGE" -> {
                html.raw("<img loading=\"lazy\" decoding=\"async\"" + size(file) + " alt=\"Picture ")
                        .text(number)
                        .raw(" of ")
                        .text(pictures)
                        .raw(isShownEverywhere(file) ? "" : ", which not every browser shows")
                        .raw("\" src=\"")
                        .path(path)
                        .raw("\">\n");
            }
            case "MOTION", "VIDEO" ->
                html.raw("<video controls preload=\"metadata\" aria-label=\"")
                        .raw(kind.equals("VIDEO") ? "Video" : "Moving half of picture " + number)
                        .raw("\" src=\"")
                        .path(path)
                        .raw("\"></video>\n");
            case "AUDIO" ->
                html.raw("<audio controls preload=\"metadata\" aria-label=\"Sound\" src=\"")
                        .path(path)
                        .raw("\"></audio>\n");
            default -> {
                // a subtitle has only the link below
            }
        }
        html.raw("<figcaption><a href=\"").path(path).raw("\">").text(path).raw("</a> ");
        html.text(file.text("content_type")).raw(", ").text(size(file.number("size_bytes")));
        html.raw("</figcaption>\n</figure>\n");
    }

    /** Returns the number among the note's files of the kind, from 1; a motion file has the number of its image. */
    private static long number(Row file) {
        Long ordinal = file.number("ordinal");
        return ordinal == null ? 1 : ordinal + 1;
    }

    /** Returns the size attributes, which prevent layout shifts while images load. */
    private static String size(Row file) {
        Long width = file.number("width");
        Long height = file.number("height");
        return width == null || height == null || width <= 0 || height <= 0
                ? ""
                : " width=\"" + width + "\" height=\"" + height + "\"";
    }

    private static String size(@Nullable Long bytes) {
        if (bytes == null) {
            return "";
        }
        return bytes < 1_000_000
                ? Math.max(1, Math.round(bytes / 1_000.0)) + " kB"
                : String.format(java.util.Locale.ROOT, "%.1f MB", bytes / 1_000_000.0);
    }

    private static void topics(Html html, Row note) {
        List<String> topics = note.texts("topics");
        if (!topics.isEmpty()) {
            html.raw("<h2>Topics</h2>\n<ul class=\"tags\"" + language(note) + ">\n");
            topics.forEach(topic -> html.raw("<li><bdi>").text(topic).raw("</bdi></li>\n"));
            html.raw("</ul>\n");
        }
    }

    private static void missing(Html html, Row note) {
        List<Row> missing = note.rows("media").stream()
                .filter(file -> !"STORED".equals(file.text("state"))
                        || (file.table().indexOf("path") >= 0 && file.text("path") == null))
                .toList();
        if (!missing.isEmpty()) {
            html.raw("<h2>Not here</h2>\n<ul>\n");
            for (Row file : missing) {
                String reason = file.text("reason");
                html.raw("<li>")
                        .text(file.text("kind"))
                        .raw(" ")
                        .text(number(file))
                        .raw(": ")
                        .text(
                                "STORED".equals(file.text("state"))
                                        ? "the store does not give it"
                                        : file.text("state") + (reason == null ? "" : ", " + reason))
                        .raw("</li>\n");
            }
            html.raw("</ul>\n");
        }
    }

    private static void history(Html html, List<Row> captures) {
        if (captures.isEmpty()) {
            return;
        }
        html.raw("<h2>Counts</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Counts\">\n");
        html.raw("<table>\n<caption>As each answer had them</caption>\n");
        html.raw("<thead><tr><th scope=\"col\">captured</th>");
        COUNT_COLUMNS.forEach(column -> html.raw("<th scope=\"col\" class=\"number\">")
                .text(COUNTS.get(column))
                .raw("</th>"));
        html.raw("</tr></thead>\n<tbody>\n");
        for (Row capture : captures) {
            html.raw("<tr><td>");
            Instant captured = capture.time("captured_at");
            if (captured != null) {
                html.time(captured);
            }
            html.raw("</td>");
            for (String column : COUNT_COLUMNS) {
                Long count = capture.number(column);
                html.raw("<td class=\"number\">")
                        .text(count == null ? "–" : count)
                        .raw("</td>");
            }
            html.raw("</tr>\n");
        }
        html.raw("</tbody>\n</table>\n</div>\n");
    }

    private static void origin(Html html, Row note) {
        html.raw("<p class=\"soft\">Note <a rel=\"noreferrer\" href=\"")
                .text(note.text("url"))
                .raw("\">")
                .text(note.noteId())
                .raw("</a>")
                .text(note.text("state") == null ? "" : ", state " + note.text("state"))
                .raw("; all of it in <a href=\"note.json\">note.json</a>.</p>\n");
    }
}
