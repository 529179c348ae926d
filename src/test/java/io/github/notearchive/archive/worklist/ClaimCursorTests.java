package io.github.notearchive.archive.worklist;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.worklist.ClaimCursor.Mark;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ClaimCursorTests {

    private static final String NODE = "main";
    private static final int LINE = 3;

    private final ClaimCursor marks = new ClaimCursor();

    /** Where it was begun to look, each time. */
    private final List<Mark> begun = new ArrayList<>();

    @Test
    void afterASecondLookAtTheFrontWhatComesNextIsLookedForBehindWhatWasTaken() {
        take("a");
        take("b");
        take("c");

        assertThat(begun).containsExactly(Mark.FRONT, Mark.FRONT, mark("b"));
    }

    @Test
    void whenNothingLiesBehindTheMarksTheFrontIsLookedAt() {
        take("a");
        take("b");
        begun.clear();

        take(null);

        assertThat(begun).containsExactly(mark("b"), Mark.FRONT);
    }

    @Test
    void anEmptyLineIsLookedAtOnce() {
        take(null);

        assertThat(begun).containsExactly(Mark.FRONT);
    }

    @Test
    void aNoteThatCameBackBeforeAMarkDoesNotMoveIt() {
        take("b");
        take("a");
        take("c");

        assertThat(begun).endsWith(mark("b"));
    }

    @Test
    void whenMarksAreForgottenItIsLookedFromTheFront() {
        take("a");
        take("b");
        begun.clear();

        marks.forget();
        take("a");

        assertThat(begun).containsExactly(Mark.FRONT);
    }

    private void take(@Nullable String found) {
        ClaimCursor.Marks mine = marks.of(NODE);
        mine.next(from -> {
            begun.add(from.of(LINE));
            if (found != null) {
                mine.taken(LINE, mark(found));
            }
            return Optional.ofNullable(found);
        });
    }

    private static Mark mark(String noteId) {
        return new Mark("2026-11-25T14:00:00.000000Z", noteId);
    }
}
