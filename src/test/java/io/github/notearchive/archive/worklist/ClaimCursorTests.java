package io.github.notearchive.archive.worklist;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.worklist.ClaimCursor.Claimed;
import io.github.notearchive.archive.worklist.ClaimCursor.Position;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClaimCursorTests {

    private static final int LINE = 3;

    private final ClaimCursor marks = new ClaimCursor();

    /** Start position of each scan. */
    private final List<Position> begun = new ArrayList<>();

    /** Notes that claims find in turn, {@code -} for none and {@code !} for a reset, and where their scans start. */
    @ParameterizedTest
    @CsvSource({
        "next claim starts after the last one, a b c, START START b",
        "empty scan restarts from the start, a b -, START START b START",
        "earlier note does not move the position, b a c, START START b",
        "reset restarts from the start, a b ! a, START START START"
    })
    void scansStartAfterTheLastNote(String rule, String found, String starts) {
        for (String note : found.split(" ")) {
            if (note.equals("!")) {
                marks.reset();
            } else {
                take(note.equals("-") ? null : note);
            }
        }

        assertThat(begun)
                .as(rule)
                .isEqualTo(Stream.of(starts.split(" "))
                        .map(start -> start.equals("START") ? Position.START : mark(start))
                        .toList());
    }

    @Test
    void remainingNotesAreTakenFromTheStart() {
        take("b");
        take("c");
        begun.clear();

        List<String> taken = marks.next(3, (from, count) -> {
            Position begin = from.getOrDefault(LINE, Position.START);
            begun.add(begin);
            List<String> found = begin.equals(Position.START) ? List.of("a", "b") : List.of("d");
            return found.stream()
                    .limit(count)
                    .map(note -> new Claimed<>(note, LINE, mark(note)))
                    .toList();
        });

        assertThat(taken).containsExactly("d", "a", "b");
        assertThat(begun).containsExactly(mark("c"), Position.START);
        take("e");
        assertThat(begun).endsWith(mark("d"));
    }

    private void take(@Nullable String found) {
        marks.next(1, (from, _) -> {
            begun.add(from.getOrDefault(LINE, Position.START));
            return Stream.ofNullable(found)
                    .map(note -> new Claimed<>(note, LINE, mark(note)))
                    .toList();
        });
    }

    private static Position mark(String noteId) {
        return new Position(Instant.parse("2026-11-25T14:00:00Z"), noteId);
    }
}
