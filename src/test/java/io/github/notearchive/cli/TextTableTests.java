package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TextTableTests {

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
}
