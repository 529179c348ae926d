package io.github.notearchive.archive.worklist;

import static io.github.notearchive.archive.worklist.ListedNotes.id;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.worklist.ClaimRepository.Lanes;
import io.github.notearchive.archive.worklist.Transition.Counter;
import io.github.notearchive.archive.worklist.Transition.StateTransition;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class OperatorActionsTests {

    private static final Instant NOW = Instant.parse("2026-11-25T14:00:00Z"); // 22:00 in Shanghai
    private static final String NODE = "main";

    private final ListedNotes list = new ListedNotes(NOW);
    private final ClaimRepository claims = list.claims;
    private final WorklistRepository actions = list.worklist;

    @Test
    void requeueResetsANote() {
        list.pending(1, 5, NOW);
        list.settle(
                list.claim(),
                new StateTransition(
                        NoteState.POSTPONED,
                        Counter.CALL,
                        NOW,
                        0,
                        StateReason.NOTE_ABSENT,
                        "empty",
                        Night.of(NOW),
                        false));
        list.settleNext(NoteState.FAILED, Counter.MEDIA, null);
        list.now = NOW.plusSeconds(60);

        List<NoteId> requeued = actions.requeue(List.of(new NoteId(id(1)), new NoteId(id(99))));

        assertThat(requeued).containsExactly(new NoteId(id(1)));
        WorklistEntry entry = list.entry(1);
        assertThat(entry.state()).isEqualTo(NoteState.PENDING);
        assertThat(entry.dueAt()).isEqualTo(list.now);
        assertThat(entry.attempts() + entry.attemptsTonight()).isZero();
        assertThat(entry.mediaAttempts() + entry.mediaAttemptsTonight()).isZero();
        assertThat(entry.reason()).isNull();
        assertThat(entry.detail()).isNull();
        assertThat(list.claim().missingNight()).isNull();
    }

    @Test
    void requeueSkipsNotesInProgress() {
        list.pending(1, 5, NOW);
        list.pending(2, 5, NOW);
        claims.claim(NODE, Lanes.ALL);

        assertThat(actions.requeue(List.of(new NoteId(id(1)), new NoteId(id(2)))))
                .containsExactly(new NoteId(id(2)));
        assertThat(actions.requeue(List.of())).isEmpty();
    }

    @Test
    void requeueOfAStateChangesNoOtherState() {
        list.pending(1, 5, NOW);
        list.pending(2, 5, NOW);
        list.settleNext(NoteState.FAILED, Counter.NONE, null);
        list.settleNext(NoteState.ARCHIVED, Counter.NONE, null);

        assertThat(actions.requeue(NoteState.FAILED)).isEqualTo(1);

        assertThat(list.entry(1).state()).isEqualTo(NoteState.PENDING);
        assertThat(list.entry(2).state()).isEqualTo(NoteState.ARCHIVED);
    }

    @Test
    void waiverCompletesANoteUnlessARunHasClaimedOrSettledIt() {
        list.pending(1, 5, NOW);
        list.pending(2, 5, NOW);
        list.settleNext(NoteState.FAILED, Counter.NONE, null);
        claims.claim(NODE, Lanes.ALL);
        WorklistRow failed = list.worklist.row(new NoteId(id(1))).orElseThrow();
        WorklistRow claimed = list.worklist.row(new NoteId(id(2))).orElseThrow();

        assertThat(waive(1, claimed)).as("settled since it was read").isFalse();
        assertThat(actions.lockUnclaimed(new NoteId(id(1)), claimed)).isFalse();
        assertThat(actions.lockUnclaimed(new NoteId(id(1)), failed)).isTrue();
        assertThat(waive(1, failed)).isTrue();
        assertThat(waive(1, failed)).as("repeated").isFalse();
        assertThat(actions.lockUnclaimed(new NoteId(id(2)), claimed)).isFalse();
        assertThat(waive(2, claimed)).as("claimed").isFalse();

        assertThat(list.entry(1).state()).isEqualTo(NoteState.ARCHIVED);
        assertThat(list.entry(1).dueAt()).isNull();
    }

    private boolean waive(int number, WorklistRow seen) {
        return list.worklist.settleUnclaimed(
                new NoteId(id(number)), seen, seen.apply(new Transition.CompletedByWaiver(), NOW));
    }
}
