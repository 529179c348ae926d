package io.github.notearchive.archive.worklist;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.worklist.ClaimRepository.Lanes;
import io.github.notearchive.archive.worklist.Transition.Counter;
import io.github.notearchive.archive.worklist.Transition.RefreshResult;
import io.github.notearchive.archive.worklist.Transition.StateTransition;
import io.github.notearchive.archive.worklist.WorklistRow.Refresh;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import java.io.StringReader;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
class WorklistRepositoryTests {

    private static final Instant NOW = Instant.parse("2026-11-25T14:00:00Z"); // 22:00 in Shanghai
    private static final String NODE = "main";
    private static final NoteId ID = new NoteId(ListedNotes.id(1));

    private final ListedNotes list = new ListedNotes(NOW);
    private final ClaimRepository claims = list.claims;

    @ParameterizedTest(name = "{0}")
    @MethodSource("io.github.notearchive.archive.worklist.WorklistRowTests#transitions")
    void settleWritesTheRowAndEndsTheClaim(String name, WorklistRow before, Transition transition) {
        list.worklist.restore(ID, before, false);
        WorklistItem claimed = claim(before);
        WorklistRow row = claimed.row().apply(transition, NOW);

        boolean settled = list.worklist.settle(claimed, row, 42);

        assertThat(settled).isTrue();
        assertThat(claimed.row()).isEqualTo(before);
        assertThat(list.worklist.row(ID).orElseThrow())
                .usingRecursiveComparison()
                .ignoringFields("refresh")
                .isEqualTo(row);
        WorklistEntry entry = list.entry(1);
        assertThat(entry.settledBy()).isEqualTo(42);
        assertThat(entry.claimedBy()).isNull();
        assertThat(entry.claimedUntil()).isNull();
        assertThat(claims.release(claimed)).isFalse();
        if (transition instanceof RefreshResult) {
            assertThat(entry.refreshNight()).isEqualTo(row.refresh().refreshNight());
            assertThat(entry.refreshAttempts()).isEqualTo(row.refresh().refreshAttempts());
        } else {
            assertThat(entry.refreshNight())
                    .as("left to RefreshPlan")
                    .isEqualTo(before.refresh().refreshNight());
        }
    }

    private WorklistItem claim(WorklistRow before) {
        return (before.refresh().refreshNight() == null ? claims.claim(NODE, Lanes.ALL) : claims.claimRefresh(NODE))
                .orElseThrow();
    }

    @Test
    void settledRefreshKeepsAPlanMadeSinceTheClaim() {
        LocalDate tonight = Night.of(NOW).date();
        list.worklist.restore(ID, WorklistRowTests.archived(new Refresh(9, null, tonight, 1)), false);
        list.database
                .jdbc()
                .sql("INSERT INTO note (note_id, first_captured_at, last_captured_at) VALUES (:id, :at, :at)")
                .param("id", ID.value())
                .param("at", Timestamp.from(NOW.minus(Duration.ofDays(9))))
                .update();
        WorklistItem claimed = claims.claimRefresh(NODE).orElseThrow();
        enqueue(ID, 30, tonight.plusDays(5));

        boolean settled = list.settle(
                claimed,
                new RefreshResult(
                        NoteState.ARCHIVED,
                        Night.of(Night.of(NOW).ends()),
                        2,
                        301,
                        StateReason.PROVIDER_ERROR,
                        "later",
                        null,
                        false));

        assertThat(settled).isTrue();
        WorklistRow row = list.worklist.row(ID).orElseThrow();
        assertThat(row.detail()).isEqualTo("later");
        assertThat(row.refresh()).isEqualTo(new Refresh(30, tonight.plusDays(5), tonight.plusDays(5), 0));
    }

    private void enqueue(NoteId id, int refreshDays, LocalDate refreshOn) {
        new Enqueuer(list.database.dataSource(), list.clock)
                .enqueue(
                        new StringReader(id.value()),
                        new Enqueuer.Options(null, 5, "operator", refreshDays, refreshOn),
                        _ -> {});
    }

    @Test
    void settleWithALostClaimWritesNothing() {
        list.pending(1, 5, NOW);
        WorklistItem lost = claims.claim("slow", Lanes.ALL).orElseThrow();
        list.leaseEnds(1);
        WorklistItem taken = list.claim();
        WorklistEntry before = list.entry(1);

        boolean settled = list.settle(lost, NoteState.ARCHIVED, Counter.CALL, null);

        assertThat(settled).isFalse();
        assertThat(claims.release(lost)).isFalse();
        assertThat(list.entry(1)).isEqualTo(before);
        assertThat(list.settle(taken, NoteState.ARCHIVED, Counter.NONE, null)).isTrue();
    }

    @Test
    void detailIsSanitizedForPostgresql() {
        list.pending(1, 5, NOW);

        list.settle(
                list.claim(),
                new StateTransition(
                        NoteState.FAILED, Counter.NONE, null, 0, StateReason.REJECTED, "a\u0000b\ud83d", null, false));

        assertThat(list.entry(1).detail()).isEqualTo("a\uFFFDb\uFFFD");
    }

    @Test
    void missingNightCountsInLaterNights() {
        list.pending(1, 5, NOW);
        list.settle(
                list.claim(),
                new StateTransition(
                        NoteState.POSTPONED,
                        Counter.NONE,
                        NOW,
                        0,
                        StateReason.NOTE_ABSENT,
                        "empty",
                        Night.of(NOW),
                        false));

        WorklistItem claimed = list.claim();

        assertThat(claimed.wasMissingBefore(Night.of(NOW))).isEmpty();
        assertThat(claimed.wasMissingBefore(Night.of(Night.of(NOW).ends()))).contains(Night.of(NOW));
    }

    @Test
    void countersOfTheNightRestartAndTotalsDoNot() {
        list.pending(1, 5, NOW);
        list.settleNext(NoteState.POSTPONED, Counter.CALL, NOW);
        list.settleNext(NoteState.POSTPONED, Counter.CALL, NOW);
        list.settleNext(NoteState.POSTPONED, Counter.MEDIA, NOW);
        Night tonight = Night.of(NOW);
        Night nextNight = Night.of(tonight.ends());

        WorklistItem claimed = list.claim();

        assertThat(claimed.attempts()).isEqualTo(2);
        assertThat(claimed.attemptsIn(tonight)).isEqualTo(2);
        assertThat(claimed.attemptsIn(nextNight)).isZero();
        assertThat(claimed.mediaAttempts()).isEqualTo(1);
        assertThat(claimed.mediaAttemptsIn(tonight)).isEqualTo(1);
        assertThat(claimed.mediaAttemptsIn(nextNight)).isZero();
    }
}
