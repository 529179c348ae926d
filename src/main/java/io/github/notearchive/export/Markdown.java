package io.github.notearchive.export;

import io.github.notearchive.export.NoteFolders.FolderNote;
import io.github.notearchive.io.text.DisplayFormat;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Renders a note as Markdown for a vault of Obsidian or a similar program: the columns as YAML, then title, files,
 * text, topics as links, and counts. Text of the platform is escaped, so that it has no effect as Markdown or HTML.
 */
final class Markdown {

    /** Columns that follow the front matter. */
    private static final Set<String> BODY = Set.of("note_text", "media", "captures");

    private static final List<String> COUNTS =
            List.of("captured_at", "liked_count", "collected_count", "comments_count", "shared_count");

    /** Characters that YAML does not allow or takes for line breaks, and that change the direction of text. */
    private static final Pattern SPECIAL = Pattern.compile(
            "[\\x00-\\x08\\x0B-\\x1F\\x7F-\\x9F\\u2028\\u2029\\u202A-\\u202E\\u2066-\\u2069\\uFEFF\\uFFFE\\uFFFF]");

    private static final Pattern NO_YAML = Pattern.compile(SPECIAL.pattern() + "|<");

    private static final Pattern MARKUP =
            Pattern.compile("[\\\\`*_\\[\\]<>#$%&=^{|}~@]|:(?=[:/])|(?<=:):|(?<=[wW]{3})[.]|^[-+]|(?<=^\\d{1,9})[.)]");

    /** Characters that end a link to a note, or that no file name has. */
    private static final Pattern NO_NAME = Pattern.compile("[\\[\\]|#^\\\\/:*?\"<>%`$@\\s]+|^\\.+|(?<=[wW]{3})[.]");

    private Markdown() {}

    static String path(FolderNote page) {
        return "notes/" + page.day() + " " + page.noteId() + ".md";
    }

    /** @param files directory of the note's files, as seen from the page, with a trailing slash */
    static String render(FolderNote page, String files) {
        StringBuilder out = new StringBuilder("---\naliases: ")
                .append(yaml(JsonMapper.shared().createArrayNode().add(page.title())))
                .append('\n');
        page.note().forEachEntry((column, value) -> {
            if (!BODY.contains(column) && !value.isNull()) {
                out.append(column).append(": ").append(yaml(value)).append('\n');
            }
        });
        out.append("---\n\n# ").append(escape(page.title())).append("\n\n");
        for (FolderNote.FolderFile file : page.shown()) {
            if (file.kind().equals("SUBTITLE")) {
                out.append("[%1$s](%2$s%1$s)\n\n".formatted(file.path(), files));
            } else {
                out.append("![](%s%s)\n\n".formatted(files, file.shown()));
            }
        }
        String text = page.text("note_text");
        if (text != null && !text.isBlank()) {
            out.append(escape(DisplayFormat.topics(text))).append("\n\n");
        }
        String topics = page.note()
                .path("topics")
                .valueStream()
                .map(topic -> name(topic.stringValue()))
                .filter(name -> !name.isEmpty())
                .map(name -> "[[" + name + "]]")
                .collect(Collectors.joining(" "));
        out.append(topics.isEmpty() ? "" : topics + "\n\n");
        for (FolderNote.FolderFile file : page.missing()) {
            out.append("Missing: %s %d\n\n".formatted(file.kind(), file.number()));
        }
        out.append("| captured | likes | collected | comments | shared |\n| --- | ---: | ---: | ---: | ---: |\n");
        for (JsonNode capture : page.note().path("captures")) {
            out.append(COUNTS.stream()
                    .map(column -> capture.path(column).asString(""))
                    .collect(Collectors.joining(" | ", "| ", " |\n")));
        }
        return out.toString();
    }

    /** Returns the value as JSON, which YAML contains, without effect as HTML where front matter is not known. */
    private static String yaml(JsonNode value) {
        return NO_YAML.matcher(value.toString())
                .replaceAll(found -> Matcher.quoteReplacement(
                        "\\u%04x".formatted((int) found.group().charAt(0))));
    }

    /** Returns the text with its line breaks, without effect as markup. */
    static String escape(String text) {
        return text.lines()
                .map(line -> SPECIAL.matcher(line).replaceAll("").stripLeading())
                .map(line -> MARKUP.matcher(line).replaceAll("\\\\$0"))
                .map(line -> line.isEmpty() ? "" : line + "\\")
                .collect(Collectors.joining("\n"))
                .replaceAll("\\\\(?=\n\n|\n?$)", "");
    }

    /** Returns the target of a link to the note of a topic; empty if the name has no character for one. */
    static String name(String topic) {
        return NO_NAME.matcher(SPECIAL.matcher(topic).replaceAll(""))
                .replaceAll(" ")
                .strip();
    }
}
