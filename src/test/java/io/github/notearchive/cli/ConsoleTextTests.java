package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.notearchive.report.Health;
import java.time.Instant;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Parts of the texts that commands print; {@code GoldenMasterTests} holds the whole texts. */
class ConsoleTextTests {

    @Test
    void columnIsAsWideAsItsWidestCell() {
        String table = new TextTable("state", "notes")
                .row("ARCHIVED", 12)
                .row("X", null)
                .toString();

        assertThat(table).isEqualTo("""
                          state     notes
                          ARCHIVED  12
                          X
                        """);
    }

    @Test
    void ideographHasTwoColumns() {
        String table =
                new TextTable("title", "n").row("山里的清晨", 1).row("morning", 2).toString();

        assertThat(table).isEqualTo("""
                          title       n
                          山里的清晨  1
                          morning     2
                        """);
    }

    @Test
    void cellIsOneLineOfLimitedWidth() {
        String table =
                new TextTable("error").row("a\n\tb  c").row("🍚".repeat(200)).toString();

        assertThat(table.lines()).hasSize(3);
        assertThat(table).contains("  a b c\n").endsWith("🍚…\n");
        assertThat(table.lines().toList().getLast().codePoints().count()).isEqualTo(82);
    }

    @Test
    void textReplacesATableWithoutRows() {
        assertThat(new TextTable("a").orElse("none").toString()).isEqualTo("  none\n");
        assertThat(new TextTable("a").row("b").orElse("none").toString()).isEqualTo("  a\n  b\n");
    }

    private static final Instant TIME = Instant.parse("2026-11-25T16:10:00Z");

    @Test
    void statusWithoutRunsNamesTheFirstCommand() {
        assertThat(StatusCommand.ifNoRun(null)).contains("none; start one with: note-archive run");
    }

    @Test
    void statusWithoutRunsNamesARefusedRun() {
        Health.LastRun refused = new Health.LastRun("main", null, TIME, TIME, 8, "UPSTREAM_UNAVAILABLE");

        assertThat(StatusCommand.ifNoRun(refused))
                .contains("refused before it started, UPSTREAM_UNAVAILABLE (exit 8)")
                .doesNotContain("start one");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    false | false | verify --repair makes damaged files due, --delete-orphans removes orphans
                    true  | false | verify --delete-orphans removes orphans
                    false | true  | verify --repair makes damaged files due
                    true  | true  | fixity_finding.repair has the reason of each remaining finding
                    """)
    void givenOptionsAreNotRecommended(boolean repair, boolean deleteOrphans, String next) {
        assertThat(VerifyCommand.furtherOptions(repair, deleteOrphans)).isEqualTo(next);
    }

    private static final String LONG = "一二三四五六七八九十".repeat(10);

    static Stream<Arguments> excerpts() {
        return Stream.of(
                arguments("周末去\n山里露营", "露营", "周末去 山里露营"),
                arguments(LONG + "这里OOTD穿搭" + LONG, "穿搭 ootd", "…三四五六七八九十这里OOTD穿搭" + LONG.substring(0, 24) + "…"),
                arguments(LONG, "露营", LONG.substring(0, 40) + "…"),
                arguments("😀".repeat(100), "露营", "😀".repeat(40) + "…"),
                arguments("😀".repeat(100) + "露营", "露营", "…" + "😀".repeat(10) + "露营"));
    }

    @ParameterizedTest
    @MethodSource("excerpts")
    void excerptIsAroundTheFirstWord(String text, String words, String expected) {
        assertThat(SearchCommand.excerpt(text, words)).isEqualTo(expected);
    }
}
