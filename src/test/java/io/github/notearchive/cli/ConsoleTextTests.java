package io.github.notearchive.cli;

import static io.github.notearchive.cli.TextTable.cells;
import static io.github.notearchive.cli.TextTable.table;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Parts of the texts that commands print; {@code GoldenMasterTests} holds the whole texts. */
class ConsoleTextTests {

    @Test
    void columnIsAsWideAsItsWidestCell() {
        assertThat(table(
                        "state, notes", List.of("ARCHIVED", "X"), state -> cells(state, state.equals("X") ? null : 12)))
                .hasToString("""
                          state     notes
                          ARCHIVED  12
                          X
                        """);
    }

    @Test
    void ideographHasTwoColumns() {
        assertThat(table("title, n", List.of("山里的清晨", "morning"), title -> cells(title, 1)))
                .hasToString("""
                          title       n
                          山里的清晨  1
                          morning     1
                        """);
    }

    @Test
    void cellIsOneLineOfLimitedWidth() {
        String table = table("error", List.of("a\n\tb  c", "🍚".repeat(200)), TextTable::cells)
                .toString();

        assertThat(table.lines()).hasSize(3);
        assertThat(table).contains("  a b c\n").endsWith("🍚…\n");
        assertThat(table.lines().toList().getLast().codePoints().count()).isEqualTo(82);
    }

    @Test
    void textReplacesATableWithoutRows() {
        assertThat(table("a", List.of(), TextTable::cells).orElse("none")).hasToString("  none\n");
        assertThat(table("a", List.of("b"), TextTable::cells).orElse("none")).hasToString("  a\n  b\n");
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
