package io.github.notearchive;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares the Chinese README with the README: blocks, code, numbers and links. Numbers in digits stay digits, and
 * numbers in words stay words. Also checks length, links, anchors and vocabulary of all documents.
 */
class TranslationTests {

    private static final Path ENGLISH = Path.of("README.md");
    private static final Path DOCUMENTS = Path.of("src", "docs");
    private static final Path CHINESE = DOCUMENTS.resolve("README.zh-CN.md");

    /** Also {@code 21 million} and {@code 2100 万}; not the digits of names like S3. */
    private static final Pattern NUMBER = Pattern.compile("(?<![A-Za-z0-9])(\\d+(?:[.,:]\\d+)*)( million| ?万)?");

    private static final Pattern ITEM = Pattern.compile(" *([*-]|\\d+\\.) +.*");
    private static final Pattern CELL_BORDER = Pattern.compile("(?<!\\\\)\\|");
    private static final Pattern CODE_SPAN = Pattern.compile("`([^`]+)`");
    private static final Pattern LINK = Pattern.compile("\\[([^]]*)]\\(([^)\\s]+)\\)");

    /** Words that the glossary of CONTRIBUTING.md replaces. */
    private static final Pattern DIALECT =
            Pattern.compile("(?i)\\b(?:told|tells?|anew|trouble[ds]?|whoever|whatever|nobody"
                    + "|somebody|anybody|heeds?|(?:goes|go|went) on|puts? off|(?:hand|give|take)s? (?:back|up)"
                    + "|(?:handed|given|taken) (?:back|up)|dead address(?:es)?)\\b");

    /** Pages with a table that a test compares with the code; they may be longer than other pages. */
    private static final Set<String> TABLES = Set.of(
            "answer-variants.md",
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

    static Stream<Path> pages() throws IOException {
        return documents()
                .filter(file -> file.startsWith(DOCUMENTS) && !file.equals(CHINESE))
                .filter(file -> !file.startsWith(DOCUMENTS.resolve("decisions")))
                .filter(file -> !TABLES.contains(file.getFileName().toString()));
    }

    @Test
    void translationHasTheSameBlocksCodeNumbersAndLinks() throws IOException {
        List<List<Block>> english = sections(ENGLISH);
        List<List<Block>> chinese = sections(CHINESE);

        assertThat(chinese).as("sections of %s", CHINESE).hasSameSizeAs(english);
        for (int i = 0; i < english.size(); i++) {
            Block heading = english.get(i).getFirst();
            assertThat(chinese.get(i).stream().map(Block::shape))
                    .as("blocks of section %s in %s; change it like %s", heading.text(), CHINESE, ENGLISH)
                    .containsExactlyElementsOf(
                            english.get(i).stream().map(Block::shape).toList());
            assertThat(facts(CHINESE, chinese.get(i)))
                    .as("code, numbers and links of section %s in %s", heading.text(), CHINESE)
                    .containsExactlyInAnyOrderElementsOf(facts(ENGLISH, english.get(i)));
        }
    }

    @ParameterizedTest
    @CsvSource({"README.md, [简体中文](src/docs/README.zh-CN.md)", "src/docs/README.zh-CN.md, [English](../../README.md)"})
    void firstLineBelowTheTitleLinksToTheOtherLanguage(Path document, String link) throws IOException {
        assertThat(read(document).get(1).text()).isEqualTo(link);
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyRelativeLinkHasAFileAndItsAnchorAHeading(Path document) throws IOException {
        for (String link : relativeLinks(document)) {
            assertThat(isResolved(document, link)).as("%s: %s", document, link).isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource({"README.md, 200", "src/docs/README.zh-CN.md, 200", "CONTRIBUTING.md, 120", "CHANGELOG.md, 60"})
    void aRootDocumentHasAtMostItsNumberOfLines(Path document, int lines) throws IOException {
        assertThat(Files.readAllLines(document)).hasSizeLessThanOrEqualTo(lines);
    }

    @ParameterizedTest
    @MethodSource("pages")
    void aPageHasAtMostEightyLines(Path page) throws IOException {
        assertThat(Files.readAllLines(page)).hasSizeLessThanOrEqualTo(80);
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

    @Test
    void anImageHasAtMost150Kilobytes() throws IOException {
        try (Stream<Path> images = Files.list(DOCUMENTS.resolve("images"))) {
            assertThat(images)
                    .isNotEmpty()
                    .allSatisfy(image -> assertThat(Files.size(image)).isLessThanOrEqualTo(150 * 1024));
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
                        .doesNotContainPattern(DIALECT));
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

        /** Returns what is the same in every language: kind, code, and the code spans of a row in any order. */
        String shape() {
            return isCode() ? text : isRow() ? kind + codeSpans().sorted().toList() : kind;
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

    /** Returns the blocks of each section, which starts with its heading. */
    private static List<List<Block>> sections(Path document) throws IOException {
        List<List<Block>> sections = new ArrayList<>();
        for (Block block : read(document)) {
            if (block.isHeading()) {
                sections.add(new ArrayList<>());
            }
            sections.getLast().add(block);
        }
        return sections;
    }

    /** Returns the code spans, numbers and link targets of a section. */
    private static List<String> facts(Path document, List<Block> section) throws IOException {
        List<String> facts = new ArrayList<>();
        for (Block block : section) {
            if (!block.isCode()) {
                block.codeSpans().forEach(span -> facts.add("`" + span + "`"));
                NUMBER.matcher(block.words()).results().forEach(match -> facts.add(number(match)));
                for (String link : block.links().toList()) {
                    facts.add("a link to " + target(document, link));
                }
            }
        }
        return facts;
    }

    private static String number(MatchResult match) {
        BigDecimal number = new BigDecimal(match.group(1).replace(",", "").replace(":", ""));
        return match.group(2) == null
                ? match.group(1).replace(",", "")
                : number.scaleByPowerOfTen(match.group(2).endsWith("万") ? 4 : 6).toPlainString();
    }

    /** Returns the target of a link in a form that is the same for both languages. */
    private static String target(Path document, String link) throws IOException {
        if (link.startsWith("#")) {
            return "section " + anchors(document).indexOf(link.substring(1));
        }
        if (!isRelative(link)) {
            return link;
        }
        Path target = document.resolveSibling(link).normalize();
        return target.equals(ENGLISH) || target.equals(CHINESE) ? "the other language" : target.toString();
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
