package io.github.notearchive.cli;

import static io.github.notearchive.cli.TextTable.cells;
import static io.github.notearchive.cli.TextTable.table;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.io.TerminalText;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

    @ParameterizedTest
    @CsvSource({"一二三, 一二三", "一二三四, 一二…", "😀😀😀, 😀😀😀", "😀😀😀😀, 😀😀…"})
    void textIsCutBetweenCharacters(String text, String shortened) {
        assertThat(TerminalText.excerpt(text, 3)).isEqualTo(shortened);
    }
}
