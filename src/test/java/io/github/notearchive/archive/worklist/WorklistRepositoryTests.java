package io.github.notearchive.archive.worklist;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.worklist.StateTransition.Counter;
import io.github.notearchive.note.Night;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorklistRepositoryTests {

    private static final Instant NOW = Instant.parse("2026-11-25T14:00:00Z"); // 22:00 in Shanghai
    private static final String NODE = "main";

    private final ListedNotes list = new ListedNotes(NOW);
    private final ClaimRepository claims = list.claims;
    private final WorklistRepository settlements = list.settlements;

    @Test
    void settleWritesTheDecisionAndEndsTheClaim() {
        list.pending(1, 5, NOW);
        WorklistItem claimed = claims.claim(NODE).orElseThrow();
        Instant later = NOW.plus(Duration.ofDays(30));

        boolean settled = settlements.settle(
                claimed,
                new StateTransition(
                        NoteState.UNAVAILABLE,
                        Counter.NONE,
                        later,
                        201,
                        StateReason.NOT_FOUND,
                        "No content available",
                        Night.of(NOW),
                        false),
                42,
                NOW);

        assertThat(settled).isTrue();
        Worklist.Entry entry = list.entry(1);
        assertThat(entry.state()).isEqualTo(NoteState.UNAVAILABLE);
        assertThat(entry.dueAt()).isEqualTo(later);
        assertThat(entry.lastCode()).isEqualTo(201);
        assertThat(entry.reason()).isEqualTo(StateReason.NOT_FOUND);
        assertThat(entry.detail()).isEqualTo("No content available");
        assertThat(entry.settledAt()).isEqualTo(NOW);
        assertThat(entry.settledBy()).isEqualTo(42);
        assertThat(entry.claimedBy()).isNull();
        assertThat(entry.claimedUntil()).isNull();
        assertThat(claims.release(claimed)).isFalse();
    }

    @Test
    void settleWithALostClaimWritesNothing() {
        list.pending(1, 5, NOW);
        WorklistItem lost = claims.claim("slow").orElseThrow();
        list.leaseEnds(1);
        WorklistItem taken = claims.claim(NODE).orElseThrow();
        Worklist.Entry before = list.entry(1);

        boolean settled = list.settle(lost, NoteState.ARCHIVED, Counter.CALL, null);

        assertThat(settled).isFalse();
        assertThat(claims.release(lost)).isFalse();
        assertThat(list.entry(1)).isEqualTo(before);
        assertThat(list.settle(taken, NoteState.ARCHIVED, Counter.NONE, null)).isTrue();
    }

    @Test
    void detailIsSanitizedForPostgresql() {
        list.pending(1, 5, NOW);
        list.pending(2, 5, NOW);
        WorklistItem settled = claims.claim(NODE).orElseThrow();
        WorklistItem kept = claims.claim(NODE).orElseThrow();

        assertThat(settlements.settle(
                        settled,
                        new StateTransition(
                                NoteState.FAILED,
                                Counter.NONE,
                                null,
                                0,
                                StateReason.REJECTED,
                                "a\u0000b\ud83d",
                                null,
                                false),
                        7,
                        NOW))
                .isTrue();
        assertThat(settlements.settleRefresh(
                        kept,
                        new RefreshResult(
                                NoteState.UNAVAILABLE,
                                Night.of(NOW),
                                1,
                                0,
                                StateReason.NOT_FOUND,
                                "c\u0000",
                                null,
                                false),
                        7,
                        NOW))
                .isTrue();

        assertThat(list.worklist.find(settled.id()).orElseThrow().detail()).isEqualTo("a\uFFFDb\uFFFD");
        assertThat(list.worklist.find(kept.id()).orElseThrow().detail()).isEqualTo("c\uFFFD");
    }

    @Test
    void missingNightIsKeptUntilTheNextDecision() {
        list.pending(1, 5, NOW);
        settlements.settle(
                claims.claim(NODE).orElseThrow(),
                new StateTransition(
                        NoteState.POSTPONED,
                        Counter.NONE,
                        NOW,
                        0,
                        StateReason.NOTE_ABSENT,
                        "empty",
                        Night.of(NOW),
                        false),
                1,
                NOW);

        WorklistItem tonight = claims.claim(NODE).orElseThrow();
        claims.release(tonight);
        list.now = Night.of(NOW).ends();
        WorklistItem nextNight = claims.claim(NODE).orElseThrow();

        assertThat(tonight.wasMissingBefore(Night.of(NOW))).isEmpty();
        assertThat(nextNight.wasMissingBefore(Night.current(list.clock))).contains(Night.of(NOW));
        list.settle(nextNight, NoteState.POSTPONED, Counter.CALL, list.now);
        assertThat(claims.claim(NODE).orElseThrow().missingNight()).isNull();
    }

    @Test
    void countersOfTheNightRestartAndTotalsDoNot() {
        list.pending(1, 5, NOW);
        list.settle(claims.claim(NODE).orElseThrow(), NoteState.POSTPONED, Counter.CALL, NOW);
        list.settle(claims.claim(NODE).orElseThrow(), NoteState.POSTPONED, Counter.CALL, NOW);
        list.settle(claims.claim(NODE).orElseThrow(), NoteState.POSTPONED, Counter.MEDIA, NOW);

        list.now = Night.of(NOW).ends().minusMillis(1);
        WorklistItem sameNight = claims.claim(NODE).orElseThrow();
        claims.release(sameNight);
        list.now = Night.of(NOW).ends();
        WorklistItem nextNight = claims.claim(NODE).orElseThrow();
        list.settle(nextNight, NoteState.POSTPONED, Counter.CALL, list.now);
        WorklistItem afterwards = claims.claim(NODE).orElseThrow();

        assertThat(sameNight.attemptsTonight()).isEqualTo(2);
        assertThat(sameNight.mediaAttemptsTonight()).isEqualTo(1);
        assertThat(nextNight.attempts()).isEqualTo(2);
        assertThat(nextNight.attemptsTonight()).isZero();
        assertThat(nextNight.mediaAttempts()).isEqualTo(1);
        assertThat(nextNight.mediaAttemptsTonight()).isZero();
        assertThat(afterwards.attempts()).isEqualTo(3);
        assertThat(afterwards.attemptsTonight()).isEqualTo(1);
        assertThat(afterwards.mediaAttemptsTonight()).isZero();
    }
}
