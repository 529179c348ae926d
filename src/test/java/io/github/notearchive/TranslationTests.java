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
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares the Chinese README with the README: the same blocks in the same order, the same code, numbers and links.
 * Numbers in digits stay digits, and numbers in words stay words. Also checks length, links and anchors of all
 * documents.
 */
class TranslationTests {

    private static final Path ENGLISH = Path.of("README.md");
    private static final Path DOCUMENTS = Path.of("src", "docs");
    private static final Path CHINESE = DOCUMENTS.resolve("README.zh-CN.md");

    private static final String WHAT_TO_DO =
            "README.md and its translation differ; change src/docs/README.zh-CN.md in the same way";

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
    void headingsAreOfTheSameLevelsInTheSameOrder() throws IOException {
        assertThat(differencesOfHeadings(read(ENGLISH), read(CHINESE)))
                .as(WHAT_TO_DO)
                .isEmpty();
    }

    @Test
    void paragraphsListItemsRowsAndCodeBlocksComeInTheSameOrder() throws IOException {
        assertThat(differencesOfBlocks(read(ENGLISH), read(CHINESE)))
                .as(WHAT_TO_DO)
                .isEmpty();
    }

    @Test
    void codeBlocksAreTheSameToTheLastSpace() throws IOException {
        assertThat(differencesOfCode(read(ENGLISH), read(CHINESE)))
                .as(WHAT_TO_DO)
                .isEmpty();
    }

    @Test
    void tablesHaveTheSameRowsAndColumnsAndEachRowTheSameCodeSpans() throws IOException {
        assertThat(differencesOfTables(read(ENGLISH), read(CHINESE)))
                .as(WHAT_TO_DO)
                .isEmpty();
    }

    @Test
    void eachSectionHasTheSameCodeSpansInWhateverOrder() throws IOException {
        assertThat(differencesOfCodeSpans(read(ENGLISH), read(CHINESE)))
                .as(WHAT_TO_DO)
                .isEmpty();
    }

    @Test
    void eachSectionHasTheSameNumbersInWhateverOrder() throws IOException {
        assertThat(differencesOfNumbers(read(ENGLISH), read(CHINESE)))
                .as(WHAT_TO_DO)
                .isEmpty();
    }

    @Test
    void eachSectionLinksToTheSamePlacesAndBothToEachOther() throws IOException {
        assertThat(differencesOfLinks(read(ENGLISH), read(CHINESE)))
                .as(WHAT_TO_DO)
                .isEmpty();

        assertThat(read(ENGLISH).sections().getFirst().blocks().getFirst().text())
                .as("the first line below the title of %s", ENGLISH)
                .isEqualTo("[简体中文](src/docs/README.zh-CN.md)");
        assertThat(read(CHINESE).sections().getFirst().blocks().getFirst().text())
                .as("the first line below the title of %s", CHINESE)
                .isEqualTo("[English](../../README.md)");
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyRelativeLinkLeadsToAFileAndItsAnchorToAHeading(Path document) throws IOException {
        List<String> dead = new ArrayList<>();

        for (Section section : read(document).sections()) {
            for (Block block : section.prose()) {
                for (String link : block.links()) {
                    if (isRelative(link) && !leadsSomewhere(document, link)) {
                        dead.add(document + ":" + block.line() + ", “" + section.title() + "”: " + link);
                    }
                }
            }
        }

        assertThat(dead)
                .as("links that lead nowhere; change them in %s", document)
                .isEmpty();
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
            for (Section section : read(document).sections()) {
                section.prose().stream()
                        .flatMap(block -> block.links().stream())
                        .filter(link -> isRelative(link) && !link.startsWith("#"))
                        .map(link ->
                                document.resolveSibling(link.split("#", 2)[0]).normalize())
                        .filter(target -> !target.equals(document))
                        .forEach(linked::add);
            }
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

    /** What each comparison is there for, tried on two small documents. */
    @ParameterizedTest
    @CsvSource(delimiter = '¦', textBlock = """
                    (?m)^## 设置\\n       ¦                    ¦ headings ¦ section 2 “How it ends” ¦ 3 headings in README.md, 2 in the translation
                    (?m)^## 设置           ¦ ### 设置           ¦ headings ¦ section 3 “Settings”    ¦ is of level 2 in README.md, of level 3 in the translation
                    \\* 第一项.*\\n        ¦                    ¦ blocks   ¦ section 2 “How it ends” ¦ 7 blocks in README.md, 6 in the translation
                    1\\. \\*\\*令牌        ¦ 2. **令牌          ¦ blocks   ¦ section 3 “Settings”    ¦ block 1 is a list item 1. (line 20, “1. **Token.**
                    (?s)```sql.*           ¦ $0再见。           ¦ blocks   ¦ section 3 “Settings”    ¦ block 4 is nothing in README.md, a paragraph (line 29, “再见。”) in the translation
                    archive run            ¦ archive runs       ¦ code     ¦ section 3 “Settings”    ¦ code block 1, line 1: README.md has “       bin/note-archive run”
                    -- it is one           ¦ -- 是一            ¦ code     ¦ section 3 “Settings”    ¦ code block 2, line 4: README.md has “-- it is one”
                    \\| 0 \\| .*\\n        ¦                    ¦ tables   ¦ section 2 “How it ends” ¦ table 1: 3 rows in README.md, 2 in the translation
                    \\| 0 \\| .*\\n        ¦                    ¦ tables   ¦ section 2 “How it ends” ¦ table 1, row 1: README.md has a row of 2 cells with the code spans [COMPLETED]
                    \\| 303 \\| .*\\n      ¦                    ¦ tables   ¦ section 2 “How it ends” ¦ table 1: 3 rows in README.md, 2 in the translation
                    `BLOCKED`              ¦ `Blocked`          ¦ tables   ¦ section 2 “How it ends” ¦ the translation a row of 2 cells with the code spans [Blocked, STOPPED]
                    再问一次               ¦ 再问 \\| 一次      ¦ tables   ¦ section 2 “How it ends” ¦ table 1, row 3: README.md has a row of 2 cells
                    `probe`                ¦ 探针               ¦ spans    ¦ section 2 “How it ends” ¦ `probe` is in README.md only
                    令牌。\\*\\*          ¦ $0 `token`         ¦ spans    ¦ section 3 “Settings”    ¦ `token` is in the translation only
                    2100 万                ¦ 210 万             ¦ numbers  ¦ section 1 “thing”       ¦ 21000000 is in README.md only
                    三晚                   ¦ 3 晚               ¦ numbers  ¦ section 1 “thing”       ¦ 3 is in the translation only
                    \\(faults.md\\)        ¦ (crashes.md)       ¦ links    ¦ section 2 “How it ends” ¦ a link to src/docs/faults.md is in README.md only
                    \\(#设置\\)            ¦ (#结局)            ¦ links    ¦ section 2 “How it ends” ¦ a link to section 3 of its own is in README.md only
                    """)
    void aChangeOfOneSideOnlyIsFound(
            String pattern, @Nullable String change, String comparison, String section, String found) {
        String english = """
                # thing

                [简体中文](src/docs/README.zh-CN.md)

                Kept 21 million notes in three nights.

                ## How it ends

                | exit | means |
                |---|---|
                | 0 | `COMPLETED` |
                | 4 | `STOPPED`, `BLOCKED` |
                | 303 | asks again |

                * First, see [Settings](#settings).
                * Second, with a `probe`: [table](src/docs/faults.md).

                ## Settings

                1. **Token.** `export TOKEN=...`

                       bin/note-archive run

                ```sql
                SELECT 1;

                -- it is one
                ```
                """;
        String chinese = """
                # thing

                [English](../../README.md)

                三晚之内保存了 2100 万条笔记。

                ## 结局

                | 退出码 | 含义 |
                |---|---|
                | 0 | `COMPLETED` |
                | 4 | 或 `BLOCKED`、或 `STOPPED` |
                | 303 | 再问一次 |

                * 第一项，见[设置](#设置)。
                * 第二项，用 `probe`：[表](faults.md)。

                ## 设置

                1. **令牌。** `export TOKEN=...`

                       bin/note-archive run

                ```sql
                SELECT 1;

                -- it is one
                ```
                """;
        Comparison compare = comparison(comparison);

        List<String> before = compare.of(MarkdownOutline.of(english), MarkdownOutline.of(chinese));
        List<String> after = compare.of(
                MarkdownOutline.of(english),
                MarkdownOutline.of(chinese.replaceFirst(pattern, change == null ? "" : change)));

        assertThat(before).isEmpty();
        assertThat(after)
                .anySatisfy(
                        difference -> assertThat(difference).startsWith(section).contains(found));
    }

    private interface Comparison {
        List<String> of(MarkdownOutline english, MarkdownOutline chinese);
    }

    private static Comparison comparison(String name) {
        return switch (name) {
            case "headings" -> TranslationTests::differencesOfHeadings;
            case "blocks" -> TranslationTests::differencesOfBlocks;
            case "code" -> TranslationTests::differencesOfCode;
            case "tables" -> TranslationTests::differencesOfTables;
            case "spans" -> TranslationTests::differencesOfCodeSpans;
            case "numbers" -> TranslationTests::differencesOfNumbers;
            case "links" -> TranslationTests::differencesOfLinks;
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static List<String> differencesOfHeadings(MarkdownOutline english, MarkdownOutline chinese) {
        List<Section> expected = english.sections();
        List<Section> seen = chinese.sections();
        if (expected.size() != seen.size()) {
            List<Pair> common = zip(english, chinese);
            int at = Math.min(firstThatDiffers(english, chinese), common.size() - 1);
            return List.of(("%s is where they begin to differ: %d headings in README.md, %d in the translation;"
                            + " next are “%s” and “%s”")
                    .formatted(
                            common.get(at),
                            expected.size(),
                            seen.size(),
                            at + 1 < expected.size() ? expected.get(at + 1).title() : "",
                            at + 1 < seen.size() ? seen.get(at + 1).title() : ""));
        }
        return pairs(english, chinese).stream()
                .filter(pair -> pair.english().level() != pair.chinese().level())
                .map(pair -> "%s is of level %d in README.md, of level %d in the translation"
                        .formatted(pair, pair.english().level(), pair.chinese().level()))
                .toList();
    }

    private static List<String> differencesOfBlocks(MarkdownOutline english, MarkdownOutline chinese) {
        List<String> differences = new ArrayList<>();
        for (Pair pair : pairs(english, chinese)) {
            List<Block> expected = pair.english().blocks();
            List<Block> seen = pair.chinese().blocks();
            int at = firstDifference(expected, seen, Block::kind);
            if (at < Math.max(expected.size(), seen.size())) {
                differences.add(("%s: %d blocks in README.md, %d in the translation;"
                                + " block %d is %s in README.md, %s in the translation")
                        .formatted(
                                pair,
                                expected.size(),
                                seen.size(),
                                at + 1,
                                describe(expected, at),
                                describe(seen, at)));
            }
        }
        return differences;
    }

    private static List<String> differencesOfCode(MarkdownOutline english, MarkdownOutline chinese) {
        List<String> differences = new ArrayList<>();
        for (Pair pair : pairs(english, chinese)) {
            List<Block> expected = pair.english().code();
            List<Block> seen = pair.chinese().code();
            int at = firstDifference(expected, seen, Block::text);
            if (at < Math.min(expected.size(), seen.size())) {
                List<String> lines = expected.get(at).text().lines().toList();
                List<String> others = seen.get(at).text().lines().toList();
                int line = firstDifference(lines, others, Function.identity());
                differences.add("%s, code block %d, line %d: README.md has “%s”, the translation “%s”"
                        .formatted(
                                pair,
                                at + 1,
                                line + 1,
                                line < lines.size() ? lines.get(line) : "",
                                line < others.size() ? others.get(line) : ""));
            } else if (expected.size() != seen.size()) {
                differences.add("%s: %d code blocks in README.md, %d in the translation"
                        .formatted(pair, expected.size(), seen.size()));
            }
        }
        return differences;
    }

    private static List<String> differencesOfTables(MarkdownOutline english, MarkdownOutline chinese) {
        List<String> differences = new ArrayList<>();
        for (Pair pair : pairs(english, chinese)) {
            List<List<Block>> expected = pair.english().tables();
            List<List<Block>> seen = pair.chinese().tables();
            if (expected.size() != seen.size()) {
                differences.add("%s: %d tables in README.md, %d in the translation"
                        .formatted(pair, expected.size(), seen.size()));
            }
            for (int table = 0; table < Math.min(expected.size(), seen.size()); table++) {
                differences.addAll(differencesOfRows(
                        "%s, table %d".formatted(pair, table + 1), expected.get(table), seen.get(table)));
            }
        }
        return differences;
    }

    private static List<String> differencesOfRows(String table, List<Block> expected, List<Block> seen) {
        List<String> differences = new ArrayList<>();
        int at = firstDifference(expected, seen, TranslationTests::columnsAndCodeSpans);
        if (at < Math.min(expected.size(), seen.size())) {
            differences.add("%s, %s: README.md has a %s, the translation a %s"
                    .formatted(
                            table,
                            at == 0 ? "head" : "row " + (at - 1), // the line below the head
                            columnsAndCodeSpans(expected.get(at)),
                            columnsAndCodeSpans(seen.get(at))));
        }
        if (expected.size() != seen.size()) {
            differences.add("%s: %d rows in README.md, %d in the translation"
                    .formatted(table, expected.size() - 2, seen.size() - 2));
        }
        return differences;
    }

    private static String columnsAndCodeSpans(Block row) {
        return row.kind() + " with the code spans "
                + row.codeSpans().stream().sorted().toList();
    }

    private static List<String> differencesOfCodeSpans(MarkdownOutline english, MarkdownOutline chinese) {
        return differencesInWhateverOrder(
                english, chinese, (_, block) -> block.codeSpans().stream().map(span -> "`" + span + "`"));
    }

    private static List<String> differencesOfNumbers(MarkdownOutline english, MarkdownOutline chinese) {
        return differencesInWhateverOrder(
                english,
                chinese,
                (_, block) -> NUMBER.matcher(block.words()).results().map(TranslationTests::number));
    }

    private static String number(MatchResult match) {
        String digits = match.group(1).replace(",", "");
        if (match.group(2) == null) {
            return digits;
        }
        return new BigDecimal(digits)
                .scaleByPowerOfTen(match.group(2).endsWith("万") ? 4 : 6)
                .toPlainString();
    }

    private static List<String> differencesOfLinks(MarkdownOutline english, MarkdownOutline chinese) {
        return differencesInWhateverOrder(
                english,
                chinese,
                (isEnglish, block) -> block.links().stream()
                        .map(link -> "a link to "
                                + (isEnglish ? place(ENGLISH, english, link) : place(CHINESE, chinese, link))));
    }

    /** Where a link leads, said in the same words for both documents. */
    private static String place(Path document, MarkdownOutline outline, String link) {
        if (!isRelative(link)) {
            return link;
        }
        if (link.startsWith("#")) {
            return "section "
                    + (outline.sections().stream().map(Section::anchor).toList().indexOf(link.substring(1)) + 1)
                    + " of its own";
        }
        String target = document.resolveSibling(link).normalize().toString();
        return target.equals(ENGLISH.toString()) || target.equals(CHINESE.toString()) ? "the other language" : target;
    }

    private static boolean isRelative(String link) {
        return !link.matches("[a-z]+:.*");
    }

    private static boolean leadsSomewhere(Path document, String link) throws IOException {
        String[] parts = link.split("#", 2);
        Path target = parts[0].isEmpty()
                ? document
                : document.resolveSibling(parts[0]).normalize();
        if (!Files.exists(target)) {
            return false;
        }
        return parts.length == 1
                || read(target).sections().stream()
                        .anyMatch(section -> section.anchor().equals(parts[1]));
    }

    private interface Facts {
        Stream<String> of(boolean isEnglish, Block block);
    }

    private static List<String> differencesInWhateverOrder(
            MarkdownOutline english, MarkdownOutline chinese, Facts facts) {
        List<String> differences = new ArrayList<>();
        for (Pair pair : pairs(english, chinese)) {
            List<String> expected = pair.english().prose().stream()
                    .flatMap(block -> facts.of(true, block))
                    .toList();
            List<String> seen = pair.chinese().prose().stream()
                    .flatMap(block -> facts.of(false, block))
                    .toList();
            for (String fact : without(expected, seen)) {
                differences.add(
                        "%s: %s is in README.md %s".formatted(pair, fact, seen.contains(fact) ? "more often" : "only"));
            }
            for (String fact : without(seen, expected)) {
                differences.add("%s: %s is in the translation %s"
                        .formatted(pair, fact, expected.contains(fact) ? "more often" : "only"));
            }
        }
        return differences;
    }

    private static List<String> without(List<String> all, List<String> others) {
        List<String> rest = new ArrayList<>(all);
        others.forEach(rest::remove);
        return rest;
    }

    /** A section and its translation. */
    private record Pair(int number, Section english, Section chinese) {

        @Override
        public String toString() {
            return "section %d “%s” (%s:%d “%s”)"
                    .formatted(number, english.title(), CHINESE, chinese.line(), chinese.title());
        }
    }

    /** All sections; where headings are missing, those before the first that differs. */
    private static List<Pair> pairs(MarkdownOutline english, MarkdownOutline chinese) {
        List<Pair> all = zip(english, chinese);
        return english.sections().size() == chinese.sections().size()
                ? all
                : all.subList(0, Math.min(firstThatDiffers(english, chinese), all.size()));
    }

    private static List<Pair> zip(MarkdownOutline english, MarkdownOutline chinese) {
        List<Section> ours = english.sections();
        List<Section> theirs = chinese.sections();
        return IntStream.range(0, Math.min(ours.size(), theirs.size()))
                .mapToObj(i -> new Pair(i + 1, ours.get(i), theirs.get(i)))
                .toList();
    }

    private static int firstThatDiffers(MarkdownOutline english, MarkdownOutline chinese) {
        return firstDifference(english.sections(), chinese.sections(), TranslationTests::shape);
    }

    private static List<String> shape(Section section) {
        return Stream.concat(
                        Stream.of("heading of level " + section.level()),
                        section.blocks().stream().map(Block::kind))
                .toList();
    }

    /** The index of the first element that the other list does not have there; the longer size if there is none. */
    private static <T> int firstDifference(List<T> ours, List<T> theirs, Function<T, ?> aspect) {
        int common = Math.min(ours.size(), theirs.size());
        for (int i = 0; i < common; i++) {
            if (!aspect.apply(ours.get(i)).equals(aspect.apply(theirs.get(i)))) {
                return i;
            }
        }
        return common;
    }

    private static String describe(List<Block> blocks, int at) {
        if (at >= blocks.size()) {
            return "nothing";
        }
        Block block = blocks.get(at);
        return "a %s (line %d, “%.40s”)".formatted(block.kind(), block.line(), block.text());
    }

    private static MarkdownOutline read(Path document) throws IOException {
        return MarkdownOutline.of(Files.readString(document));
    }
}
