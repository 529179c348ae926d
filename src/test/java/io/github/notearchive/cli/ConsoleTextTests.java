package io.github.notearchive.cli;

import static io.github.notearchive.cli.TextTable.cells;
import static io.github.notearchive.cli.TextTable.table;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.query.NoteList.ListedNote;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobEnd;
import io.github.notearchive.io.text.TerminalText;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.prove.CaptureLog.LogState;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
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

    @ParameterizedTest
    @CsvSource({"COMPLETED, 32", "INCOMPLETE, 33", "FAILED, 31", "BLOCKED_BALANCE, 31"})
    void stateThatBeginsALineIsColouredForATerminal(ExitCode exitCode, int colour) {
        RunSummary summary = RunSummary.notStarted(exitCode, "FAILED", Duration.ZERO);

        String plain = ConsoleText.render("run", summary);
        String coloured = ConsoleText.render("run", summary, true);

        assertThat(plain).startsWith(exitCode + " (exit ");
        assertThat(coloured)
                .startsWith("\u001b[" + colour + "m" + exitCode + "\u001b[0m (exit ")
                .contains(": FAILED\n");
        assertThat(coloured.replaceAll("\u001b\\[\\d+m", "")).isEqualTo(plain);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "abcd | - | 3 added; 7 entries, root abcd",
                "abcd | no time stamp | 3 added; 7 entries, root abcd; no time stamp",
                "-    | no key | 3 added; not up to date; no key"
            })
    void aMissingTimeStampDoesNotHideTheRootOfTheLog(@Nullable String root, @Nullable String problem, String text) {
        RunSummary none = RunSummary.notStarted(ExitCode.COMPLETED, "", Duration.ZERO);
        RunSummary summary = new RunSummary(
                new JobEnd(ExitCode.COMPLETED, "", 1L, 1L, false, Duration.ZERO),
                none.counts(),
                none.bill(),
                none.boughtAgain(),
                none.videos(),
                none.refreshes(),
                none.newFields(),
                null,
                new LogState(7, 3, root, problem));

        assertThat(ConsoleText.render("run", summary).lines()).anyMatch(line -> line.matches(" +log +" + text));
    }

    @Test
    void entriesThatCannotBeProvenAreCounted() {
        NoteId id = NoteId.parse("66aa00000000000000000001").orElseThrow();
        var written = new ProveCommand.WrittenProof(7, Instant.EPOCH, "x.tlog-proof", false);

        assertThat(ConsoleText.render("prove", new ProveCommand.Proven(id, "key", List.of(written), 2)))
                .containsPattern("omitted +2 of older states");
        assertThat(ConsoleText.render("prove", new ProveCommand.Proven(id, "key", List.of(written), 0)))
                .doesNotContain("omitted");
    }

    @Test
    void headingsAreBoldAndCountsHaveSeparators() {
        NoteId id = NoteId.parse("66aa00000000000000000001").orElseThrow();
        var note = new ListedNote(id, "FAILED", null, null, null, "\u001b[1m");
        var listed = new ListCommand.Listed("", 1_000, true, Collections.nCopies(1_000, note));

        assertThat(ConsoleText.render("list", listed, true).lines())
                .startsWith(
                        "\u001b[1m  note                      state   published (Asia/Shanghai)  author  title\u001b[0m")
                .contains("first 1,000 notes; for more: --limit 5000")
                .filteredOn(line -> line.contains("\u001b"))
                .hasSize(1);
    }
}
