package io.github.notearchive.archive.worklist;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.worklist.ClaimCursor.Claimed;
import io.github.notearchive.archive.worklist.ClaimCursor.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ClaimCursorTests {

    private static final int LINE = 3;

    private final ClaimCursor marks = new ClaimCursor();

    /** Start position of each scan. */
    private final List<Position> begun = new ArrayList<>();

    @Test
    void nextClaimStartsAfterTheLastOne() {
        take("a");
        take("b");
        take("c");

        assertThat(begun).containsExactly(Position.START, Position.START, mark("b"));
    }

    @Test
    void emptyScanRestartsFromTheStart() {
        take("a");
        take("b");
        begun.clear();

        take(null);

        assertThat(begun).containsExactly(mark("b"), Position.START);
    }

    @Test
    void earlierNoteDoesNotMoveThePosition() {
        take("b");
        take("a");
        take("c");

        assertThat(begun).endsWith(mark("b"));
    }

    @Test
    void resetRestartsFromTheStart() {
        take("a");
        take("b");
        begun.clear();

        marks.reset();
        take("a");

        assertThat(begun).containsExactly(Position.START);
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
        return new Position("2026-11-25T14:00:00.000000Z", noteId);
    }
}
