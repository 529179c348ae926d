package io.github.notearchive.archive.worklist;

import static io.github.notearchive.archive.worklist.ListedNotes.id;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.worklist.StateTransition.Counter;
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
    private final WorklistRepository settlements = list.settlements;
    private final OperatorActions interventions = list.interventions;

    @Test
    void requeueingMakesANoteAsGoodAsNew() {
        list.pending(1, 5, NOW);
        settlements.settle(
                claims.claim(NODE).orElseThrow(),
                new StateTransition(
                        NoteState.POSTPONED,
                        Counter.CALL,
                        NOW,
                        0,
                        StateReason.NOTE_ABSENT,
                        "empty",
                        Night.of(NOW),
                        false),
                1,
                NOW);
        list.settle(claims.claim(NODE).orElseThrow(), NoteState.FAILED, Counter.MEDIA, null);
        list.now = NOW.plusSeconds(60);

        List<NoteId> requeued = interventions.requeue(List.of(new NoteId(id(1)), new NoteId(id(99))));

        assertThat(requeued).containsExactly(new NoteId(id(1)));
        Worklist.Entry entry = list.entry(1);
        assertThat(entry.state()).isEqualTo(NoteState.PENDING);
        assertThat(entry.dueAt()).isEqualTo(list.now);
        assertThat(entry.attempts() + entry.attemptsTonight()).isZero();
        assertThat(entry.mediaAttempts() + entry.mediaAttemptsTonight()).isZero();
        assertThat(entry.reason()).isNull();
        assertThat(entry.detail()).isNull();
        assertThat(claims.claim(NODE).orElseThrow().missingNight()).isNull();
    }

    @Test
    void requeueingLeavesNotesInWorkAlone() {
        list.pending(1, 5, NOW);
        list.pending(2, 5, NOW);
        claims.claim(NODE);

        assertThat(interventions.requeue(List.of(new NoteId(id(1)), new NoteId(id(2)))))
                .containsExactly(new NoteId(id(2)));
        assertThat(interventions.requeue(List.of())).isEmpty();
    }

    @Test
    void requeueingAStateTouchesNoOther() {
        list.pending(1, 5, NOW);
        list.pending(2, 5, NOW);
        list.settle(claims.claim(NODE).orElseThrow(), NoteState.FAILED, Counter.NONE, null);
        list.settle(claims.claim(NODE).orElseThrow(), NoteState.ARCHIVED, Counter.NONE, null);

        assertThat(interventions.requeue(NoteState.FAILED)).isEqualTo(1);

        assertThat(list.entry(1).state()).isEqualTo(NoteState.PENDING);
        assertThat(list.entry(2).state()).isEqualTo(NoteState.ARCHIVED);
    }

    @Test
    void aNoteThatAWaiverCompletesIsArchivedUnlessItIsInWork() {
        list.pending(1, 5, NOW);
        list.pending(2, 5, NOW);
        list.settle(claims.claim(NODE).orElseThrow(), NoteState.FAILED, Counter.NONE, null);
        claims.claim(NODE);

        WorklistRow failed = list.worklist.standing(new NoteId(id(1))).orElseThrow();
        WorklistRow inWork = list.worklist.standing(new NoteId(id(2))).orElseThrow();

        assertThat(interventions.completeByWaiver(new NoteId(id(1)), inWork, NOW))
                .as("a run has decided since it was looked at")
                .isFalse();
        assertThat(interventions.keepUnclaimed(new NoteId(id(1)), inWork)).isFalse();
        assertThat(interventions.keepUnclaimed(new NoteId(id(1)), failed)).isTrue();
        assertThat(interventions.completeByWaiver(new NoteId(id(1)), failed, NOW))
                .isTrue();
        assertThat(interventions.completeByWaiver(new NoteId(id(1)), failed, NOW))
                .isFalse();
        assertThat(interventions.keepUnclaimed(new NoteId(id(2)), inWork)).isFalse();
        assertThat(interventions.completeByWaiver(new NoteId(id(2)), inWork, NOW))
                .isFalse();

        assertThat(list.entry(1).state()).isEqualTo(NoteState.ARCHIVED);
        assertThat(list.entry(1).dueAt()).isNull();
    }
}
