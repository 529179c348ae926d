package io.github.notearchive;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.MarkdownOutline.Block;
import io.github.notearchive.MarkdownOutline.Section;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
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
        assertThat(differences(read(ENGLISH), read(CHINESE)))
                .as("README.md and its translation differ; change src/docs/README.zh-CN.md in the same way")
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"README.md, [简体中文](src/docs/README.zh-CN.md)", "src/docs/README.zh-CN.md, [English](../../README.md)"})
    void firstLineBelowTheTitleLinksToTheOtherLanguage(Path document, String link) throws IOException {
        assertThat(read(document).sections().getFirst().blocks().getFirst().text())
                .isEqualTo(link);
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
            assertThat(read(record).sections().stream().skip(1).map(Section::title))
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

        for (Section section : read(document).sections()) {
            assertThat(section.prose())
                    .filteredOn(block -> !isGenerated && !(isTable && block.isRow()))
                    .allSatisfy(block -> assertThat(block.words())
                            .as("%s:%d", document, block.line())
                            .doesNotContainPattern(DIALECT));
        }
    }

    /** Compares section by section: the shapes of the blocks in order, and the facts in any order. */
    private static List<String> differences(MarkdownOutline english, MarkdownOutline chinese) {
        List<String> differences = new ArrayList<>();
        int sections = Math.max(english.sections().size(), chinese.sections().size());
        for (int i = 0; i < sections; i++) {
            Section ours = sectionAt(english, i);
            Section theirs = sectionAt(chinese, i);
            String place = "section %d “%s” (%s:%d): ".formatted(i + 1, ours.title(), CHINESE, theirs.line());
            List<String> expected = shapes(ours);
            List<String> actual = shapes(theirs);
            int blocks = Math.max(expected.size(), actual.size());
            IntStream.range(0, blocks)
                    .filter(at -> !shapeAt(expected, at).equals(shapeAt(actual, at)))
                    .mapToObj(at -> place
                            + "block %d is %s in README.md, %s in the translation"
                                    .formatted(at + 1, shapeAt(expected, at), shapeAt(actual, at)))
                    .findFirst()
                    .ifPresent(differences::add);
            List<String> onlyOurs = facts(ENGLISH, english, ours);
            List<String> onlyTheirs = facts(CHINESE, chinese, theirs);
            List.copyOf(onlyOurs).stream().filter(onlyTheirs::remove).forEach(onlyOurs::remove);
            if (!onlyOurs.isEmpty()) {
                differences.add(place + "only in README.md: " + onlyOurs);
            }
            if (!onlyTheirs.isEmpty()) {
                differences.add(place + "only in the translation: " + onlyTheirs);
            }
        }
        return differences;
    }

    private static Section sectionAt(MarkdownOutline outline, int index) {
        return index < outline.sections().size()
                ? outline.sections().get(index)
                : new Section(0, "nothing", 0, List.of());
    }

    private static String shapeAt(List<String> shapes, int index) {
        return index < shapes.size() ? shapes.get(index) : "nothing";
    }

    private static List<String> shapes(Section section) {
        return Stream.concat(
                        Stream.of("heading " + section.level()),
                        section.blocks().stream().map(Block::shape))
                .toList();
    }

    /** Returns the code spans, numbers and link targets of a section. */
    private static List<String> facts(Path document, MarkdownOutline outline, Section section) {
        List<String> facts = new ArrayList<>();
        for (Block block : section.prose()) {
            block.codeSpans().forEach(span -> facts.add("`" + span + "`"));
            NUMBER.matcher(block.words()).results().forEach(match -> facts.add(number(match)));
            block.links().forEach(link -> facts.add("a link to " + target(document, outline, link)));
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
    private static String target(Path document, MarkdownOutline outline, String link) {
        if (link.startsWith("#")) {
            return "its section "
                    + (outline.sections().stream().map(Section::anchor).toList().indexOf(link.substring(1)) + 1);
        }
        if (!isRelative(link)) {
            return link;
        }
        Path target = document.resolveSibling(link).normalize();
        return target.equals(ENGLISH) || target.equals(CHINESE) ? "the other language" : target.toString();
    }

    private static List<String> relativeLinks(Path document) throws IOException {
        return read(document).sections().stream()
                .flatMap(section -> section.prose().stream())
                .flatMap(block -> block.links().stream())
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
        return Files.exists(target)
                && (parts.length == 1
                        || read(target).sections().stream()
                                .anyMatch(section -> section.anchor().equals(parts[1])));
    }

    private static MarkdownOutline read(Path document) throws IOException {
        return MarkdownOutline.of(Files.readString(document));
    }
}
