package io.github.notearchive;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Sections and blocks of a Markdown file of this repository. Supports what these files use: headings with {@code #},
 * tables, lists, fenced code, and code indented by four spaces or more after an empty line.
 */
record MarkdownOutline(List<Section> sections) {

    private static final Pattern HEADING = Pattern.compile("(#{1,6}) +(.*)");
    private static final Pattern ITEM = Pattern.compile(" *([*-]|\\d+\\.) +(.*)");
    private static final Pattern CELL_BORDER = Pattern.compile("(?<!\\\\)\\|");
    private static final Pattern CODE_SPAN = Pattern.compile("`([^`]+)`");
    private static final Pattern LINK = Pattern.compile("\\[[^]]*]\\(([^)\\s]+)\\)");

    /** A heading and what follows it up to the next one, of any level. */
    record Section(int level, String title, int line, List<Block> blocks) {

        /** All text but that of code blocks. */
        List<Block> prose() {
            return blocks.stream().filter(block -> !block.isCode()).toList();
        }

        /** The anchor that GitHub derives from a heading without namesake. */
        String anchor() {
            return title.toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{M}\\p{N}\\p{Pc} -]", "")
                    .replace(' ', '-');
        }
    }

    /**
     * @param kind the same in every language: {@code row of 3 cells}, {@code list item 2.}
     * @param text code verbatim; other text with its lines joined
     * @param line where it begins, the first is 1
     */
    record Block(String kind, String text, int line) {

        boolean isRow() {
            return kind.startsWith("row");
        }

        /** Returns what is the same in every language: kind, code, and the code spans of a row in any order. */
        String shape() {
            if (isRow()) {
                return kind + " " + codeSpans().stream().sorted().toList();
            }
            return isCode() ? kind + ": " + text : kind;
        }

        boolean isCode() {
            return kind.startsWith("code");
        }

        List<String> codeSpans() {
            return CODE_SPAN
                    .matcher(text)
                    .results()
                    .map(match -> match.group(1))
                    .toList();
        }

        List<String> links() {
            return LINK.matcher(withoutCodeSpans())
                    .results()
                    .map(match -> match.group(1))
                    .toList();
        }

        String withoutCodeSpans() {
            return CODE_SPAN.matcher(text).replaceAll("``");
        }

        /** The text without code spans and link targets. */
        String words() {
            return LINK.matcher(withoutCodeSpans()).replaceAll(link -> Matcher.quoteReplacement(textOf(link)));
        }

        private static String textOf(MatchResult link) {
            return link.group().substring(0, link.group().lastIndexOf("]("));
        }
    }

    static MarkdownOutline of(String markdown) {
        return new Reader(markdown.lines().toList()).read();
    }

    private static final class Reader {

        private final List<String> lines;
        private final List<Section> sections = new ArrayList<>();
        private int next;

        Reader(List<String> lines) {
            this.lines = lines;
        }

        MarkdownOutline read() {
            sections.add(new Section(0, "", 1, new ArrayList<>()));
            boolean inList = false;
            while (next < lines.size()) {
                String line = lines.get(next);
                int at = next + 1;
                var heading = HEADING.matcher(line);
                var item = ITEM.matcher(line);
                if (line.isBlank()) {
                    next++;
                } else if (line.startsWith("```")) {
                    add("code block", fenced(), at);
                } else if (line.startsWith("    ")) {
                    add("code block", indented(), at);
                } else if (heading.matches()) {
                    inList = false;
                    sections.add(new Section(heading.group(1).length(), heading.group(2), at, new ArrayList<>()));
                    next++;
                } else if (line.startsWith("|")) {
                    int cells = CELL_BORDER.split(line.substring(1)).length;
                    add("row of " + cells + " cells", line, at);
                    next++;
                } else if (item.matches()) {
                    inList = true;
                    add("list item " + item.group(1), joined(), at);
                } else {
                    inList &= line.startsWith(" ");
                    add(inList ? "paragraph of a list item" : "paragraph", joined(), at);
                }
            }
            if (sections.getFirst().blocks().isEmpty()) {
                sections.removeFirst();
            }
            return new MarkdownOutline(List.copyOf(sections));
        }

        private void add(String kind, String text, int line) {
            sections.getLast().blocks().add(new Block(kind, text, line));
        }

        private String fenced() {
            int from = next++;
            while (next < lines.size() && !lines.get(next).startsWith("```")) {
                next++;
            }
            next = Math.min(next + 1, lines.size());
            return String.join("\n", lines.subList(from, next));
        }

        private String indented() {
            int from = next;
            while (line() instanceof String line && line.startsWith("    ")) {
                next++;
            }
            return String.join("\n", lines.subList(from, next));
        }

        /** Reads a paragraph or list item up to a line that starts another block. */
        private String joined() {
            StringBuilder text = new StringBuilder(lines.get(next++).strip());
            while (line() instanceof String line
                    && !line.isBlank()
                    && !line.startsWith("|")
                    && !line.startsWith("```")
                    && !HEADING.matcher(line).matches()
                    && !ITEM.matcher(line).matches()) {
                text.append(' ').append(line.strip());
                next++;
            }
            return text.toString();
        }

        private @Nullable String line() {
            return next < lines.size() ? lines.get(next) : null;
        }
    }
}
