package io.github.notearchive;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares blocks, code and links of translated documents. Also checks links, anchors and vocabulary of all documents.
 */
class TranslationTests {

    private static final Path ENGLISH = Path.of("README.md");
    private static final Path DOCUMENTS = Path.of("src", "docs");

    /** The translated documents. */
    private static final Map<Path, Path> CHINESE = Map.of(
            ENGLISH,
            DOCUMENTS.resolve("README.zh-CN.md"),
            DOCUMENTS.resolve("recipes.md"),
            DOCUMENTS.resolve("recipes.zh-CN.md"));

    private static final Pattern ITEM = Pattern.compile(" *([*-]|\\d+\\.) +.*");
    private static final Pattern CELL_BORDER = Pattern.compile("(?<!\\\\)\\|");
    private static final Pattern CODE_SPAN = Pattern.compile("`([^`]+)`");
    private static final Pattern LINK = Pattern.compile("\\[([^]]*)]\\(([^)\\s]+)\\)");

    /** Documents with a table that a test compares with the code, whose words are those of messages. */
    private static final Set<String> TABLES = Set.of(
            "response-variants.md",
            "crashes.md",
            "faults.md",
            "hostile-addresses.md",
            "media-behaviours.md",
            "metrics.md",
            "settings.md");

    static Stream<Path> documents() throws IOException {
        try (Stream<Path> files = Files.walk(DOCUMENTS)) {
            return Stream.concat(
                    Stream.of(ENGLISH, Path.of("CONTRIBUTING.md"), Path.of("CHANGELOG.md")),
                    files.filter(file -> file.toString().endsWith(".md")))
                    .sorted()
                    .toList()
                    .stream();
        }
    }

    @Test
    void translationHasTheSameBlocksWithTheirCodeAndLinks() throws IOException {
        for (Map.Entry<Path, Path> each : CHINESE.entrySet()) {
            assertThat(read(each.getValue()).stream().map(Block::shape))
                    .as("blocks of %s; change it like %s", each.getValue(), each.getKey())
                    .containsExactlyElementsOf(
                            read(each.getKey()).stream().map(Block::shape).toList());
            assertThat(read(each.getKey()).get(1).text()).startsWith("[简体中文](");
            assertThat(read(each.getValue()).get(1).text()).startsWith("[English](");
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyRelativeLinkHasAFileAndItsAnchorAHeading(Path document) throws IOException {
        for (String link : relativeLinks(document)) {
            assertThat(isResolved(document, link)).as("%s: %s", document, link).isTrue();
        }
    }

    @Test
    void everyPageIsLinkedFromAnotherDocument() throws IOException {
        Set<Path> linked = new HashSet<>();

        for (Path document : documents().toList()) {
            relativeLinks(document).stream()
                    .filter(link -> !link.startsWith("#"))
                    .map(link -> document.resolveSibling(link.split("#", 2)[0]).normalize())
                    .filter(target -> !target.equals(document))
                    .forEach(linked::add);
        }

        assertThat(documents().toList()).isSubsetOf(linked);
    }

    @Test
    void everyDecisionHasTheSameSections() throws IOException {
        for (Path record : documents()
                .filter(file -> file.startsWith(DOCUMENTS.resolve("decisions")))
                .filter(file -> !file.endsWith("README.md"))
                .toList()) {
            assertThat(read(record).stream().filter(Block::isHeading).skip(1).map(Block::title))
                    .as(record.toString())
                    .containsExactly("Status", "Context", "Decision", "Consequences", "Alternatives");
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void proseUsesStandardTerms(Path document) throws IOException {
        boolean isTable = TABLES.contains(document.getFileName().toString());
        boolean isGenerated = document.endsWith("settings.md");

        assertThat(read(document))
                .filteredOn(block -> !block.isCode() && !isGenerated && !(isTable && block.isRow()))
                .allSatisfy(block -> assertThat(block.words())
                        .as("%s:%d", document, block.line())
                        .doesNotContainPattern(VocabularyTests.BANNED));
    }

    /** A heading, paragraph, list item or table row with its lines joined, or a line of code. */
    private record Block(String kind, String text, int line) {

        boolean isHeading() {
            return kind.startsWith("heading");
        }

        boolean isRow() {
            return kind.startsWith("row");
        }

        boolean isCode() {
            return kind.equals("code");
        }

        /** Returns what is the same in every language: kind, code, code spans in any order, number of links. */
        String shape() {
            return isCode() ? text : kind + codeSpans().sorted().toList() + links().count();
        }

        String title() {
            return text.replaceFirst("^#+ +", "");
        }

        /** Returns the anchor that GitHub derives from a heading without namesake. */
        String anchor() {
            return title().toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{M}\\p{N}\\p{Pc} -]", "")
                    .replace(' ', '-');
        }

        Stream<String> codeSpans() {
            return CODE_SPAN.matcher(text).results().map(match -> match.group(1));
        }

        Stream<String> links() {
            return LINK.matcher(withoutCodeSpans()).results().map(match -> match.group(2));
        }

        private String withoutCodeSpans() {
            return CODE_SPAN.matcher(text).replaceAll("``");
        }

        /** Returns the text without code spans and link targets. */
        String words() {
            return LINK.matcher(withoutCodeSpans()).replaceAll(link -> Matcher.quoteReplacement(link.group(1)));
        }
    }

    /** Reads headings with {@code #}, tables, lists, fenced code, and code indented by four spaces or more. */
    private static List<Block> read(Path document) throws IOException {
        List<Block> blocks = new ArrayList<>();
        boolean isFenced = false;
        boolean isContinued = false;
        int number = 0;
        for (String line : Files.readAllLines(document)) {
            number++;
            boolean isFence = line.startsWith("```");
            String kind = isFenced || isFence ? "code" : kind(line);
            isFenced ^= isFence;
            if (isContinued && kind.equals("paragraph") && !line.isBlank()) {
                Block block = blocks.removeLast();
                blocks.add(new Block(block.kind(), block.text() + " " + line.strip(), block.line()));
            } else if (!line.isBlank()) {
                blocks.add(new Block(kind, kind.equals("code") ? line : line.strip(), number));
            }
            isContinued = !line.isBlank() && (kind.equals("paragraph") || kind.startsWith("list item"));
        }
        return blocks;
    }

    private static String kind(String line) {
        Matcher item = ITEM.matcher(line);
        if (line.startsWith("|")) {
            return "row of " + CELL_BORDER.split(line.substring(1)).length + " cells ";
        }
        return line.startsWith("    ")
                ? "code"
                : line.matches("#{1,6} .*")
                        ? "heading " + line.indexOf(' ')
                        : item.matches() ? "list item " + item.group(1) : "paragraph";
    }

    private static List<String> anchors(Path document) throws IOException {
        return read(document).stream()
                .filter(Block::isHeading)
                .map(Block::anchor)
                .toList();
    }

    private static List<String> relativeLinks(Path document) throws IOException {
        return read(document).stream()
                .filter(block -> !block.isCode())
                .flatMap(Block::links)
                .filter(TranslationTests::isRelative)
                .toList();
    }

    private static boolean isRelative(String link) {
        return !link.matches("[a-z]+:.*");
    }

    private static boolean isResolved(Path document, String link) throws IOException {
        String[] parts = link.split("#", 2);
        Path target = parts[0].isEmpty()
                ? document
                : document.resolveSibling(parts[0]).normalize();
        return Files.exists(target) && (parts.length == 1 || anchors(target).contains(parts[1]));
    }
}
