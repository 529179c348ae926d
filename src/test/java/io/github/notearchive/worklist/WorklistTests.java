package io.github.notearchive.worklist;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.worklist.Settlement.Counter;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorklistTests {

    private static final Instant NOW = Instant.parse("2026-11-25T14:00:00Z"); // 22:00 in Shanghai
    private static final String NODE = "main";

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final MovableClock clock = new MovableClock();
    private final WorklistCounts counts =
            new WorklistCounts(database.jdbc(), clock, database.transactions());
    private final Claims claims =
            new Claims(database.jdbc(), clock, counts, database.transactions());
    private final Settlements settlements = new Settlements(database.jdbc());
    private final Interventions interventions =
            new Interventions(database.jdbc(), clock, database.transactions());
    private final Worklist worklist = new Worklist(database.jdbc(), database.transactions());

    @Test
    void claimsGoByLaneThenByTheTimeSinceWhenTheyAreDueThenById() {
        pending(1, 5, NOW.minusSeconds(10));
        pending(2, 5, NOW.minusSeconds(10));
        pending(3, 5, NOW.minusSeconds(60));
        pending(4, 9, NOW);
        pending(5, 0, NOW.minus(Duration.ofDays(9)));
        pending(6, 0, NOW);
        holdsAnswer(6);

        assertThat(claimAll())
                .extracting(note -> note.id().value())
                .containsExactly(id(6), id(4), id(3), id(1), id(2), id(5));
    }

    @Test
    void errorThatPostgresqlWouldNotTakeIsWrittenWithoutWhatItRefuses() {
        pending(1, 5, NOW);
        pending(2, 5, NOW);
        ClaimedNote settled = claims.claim(NODE).orElseThrow();
        ClaimedNote kept = claims.claim(NODE).orElseThrow();

        assertThat(
                        settlements.settle(
                                settled,
                                new Settlement(
                                        NoteState.FAILED,
                                        Counter.NONE,
                                        null,
                                        0,
                                        "a\u0000b\ud83d",
                                        null,
                                        false),
                                7,
                                NOW))
                .isTrue();
        assertThat(
                        settlements.keep(
                                kept,
                                new Upkeep(
                                        NoteState.UNAVAILABLE,
                                        Night.of(NOW),
                                        1,
                                        0,
                                        "c\u0000",
                                        null,
                                        false),
                                7,
                                NOW))
                .isTrue();

        assertThat(worklist.find(settled.id()).orElseThrow().lastError())
                .isEqualTo("a\uFFFDb\uFFFD");
        assertThat(worklist.find(kept.id()).orElseThrow().lastError()).isEqualTo("c\uFFFD");
    }

    @Test
    void aNoteThatIsNotDueYetIsLeftAlone() {
        pending(1, 5, NOW.plusMillis(1));

        assertThat(claims.claim(NODE)).isEmpty();
        clock.now = NOW.plusMillis(1);
        assertThat(claims.claim(NODE)).isPresent();
    }

    @Test
    void aNoteThatIsNeverDueByItselfIsLeftAlone() {
        pending(1, 5, NOW);
        settle(claims.claim(NODE).orElseThrow(), NoteState.FAILED, Counter.NONE, null);

        clock.now = NOW.plus(Duration.ofDays(3650));

        assertThat(claims.claim(NODE)).isEmpty();
    }

    @Test
    void aClaimTellsWhatWasTriedBefore() {
        pending(1, 5, NOW);

        ClaimedNote first = claims.claim(NODE).orElseThrow();
        settle(first, NoteState.POSTPONED, Counter.CALL, NOW);
        ClaimedNote second = claims.claim(NODE).orElseThrow();
        settle(second, NoteState.POSTPONED, Counter.MEDIA, NOW);
        ClaimedNote third = claims.claim(NODE).orElseThrow();

        assertThat(first.state()).isEqualTo(NoteState.PENDING);
        assertThat(first.attempts()).isZero();
        assertThat(second.state()).isEqualTo(NoteState.POSTPONED);
        assertThat(second.attempts()).isEqualTo(1);
        assertThat(second.attemptsTonight()).isEqualTo(1);
        assertThat(third.mediaAttempts()).isEqualTo(1);
        assertThat(third.mediaAttemptsTonight()).isEqualTo(1);
        assertThat(third.claim()).isGreaterThan(second.claim()).isGreaterThan(first.claim());
    }

    @Test
    void sixteenClaimersAtOnceGetEachNoteOnce() throws Exception {
        int notes = 640;
        for (int i = 0; i < notes; i++) {
            pending(i, i % 3, NOW.minusSeconds(i % 7));
        }
        CountDownLatch start = new CountDownLatch(1);
        List<NoteId> claimed = new ArrayList<>();

        try (ExecutorService claimers = Executors.newFixedThreadPool(16)) {
            List<Future<List<NoteId>>> results = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                String node = "node-" + i % 2;
                results.add(
                        claimers.submit(
                                () -> {
                                    start.await();
                                    List<NoteId> mine = new ArrayList<>();
                                    for (Optional<ClaimedNote> next = claims.claim(node);
                                            next.isPresent();
                                            next = claims.claim(node)) {
                                        mine.add(next.get().id());
                                    }
                                    return mine;
                                }));
            }
            start.countDown();
            for (Future<List<NoteId>> result : results) {
                claimed.addAll(result.get());
            }
        }

        assertThat(claimed).hasSize(notes).doesNotHaveDuplicates();
    }

    @Test
    void aRowThatSomebodyElseIsTakingIsPassedOver() {
        pending(1, 9, NOW);
        pending(2, 5, NOW);

        database.inTransaction(
                () -> {
                    database.jdbc()
                            .sql("SELECT note_id FROM worklist WHERE note_id = :id FOR UPDATE")
                            .param("id", id(1))
                            .query(String.class)
                            .single();

                    assertThat(claims.claim(NODE).orElseThrow().id().value()).isEqualTo(id(2));
                });
    }

    @Test
    void aClaimIsNotTakenOverBeforeItsLeaseHasEnded() {
        pending(1, 5, NOW);
        ClaimedNote first = claims.claim("other").orElseThrow();
        clock.now = NOW.plus(Duration.ofDays(1)); // leases go by the database's clock

        assertThat(claims.claim(NODE)).isEmpty();
        leaseEnds(1);
        ClaimedNote second = claims.claim(NODE).orElseThrow();

        assertThat(second.id()).isEqualTo(first.id());
        assertThat(second.claim()).isNotEqualTo(first.claim());
        assertThat(entry(1).claimedBy()).isEqualTo(NODE);
    }

    @Test
    void aLeaseLastsFiveMinutesAndIsRenewedForAllClaimsOfTheNode() {
        pending(1, 5, NOW);
        pending(2, 5, NOW);
        pending(3, 5, NOW);
        claims.claim(NODE);
        claims.claim(NODE);
        claims.claim("other");
        assertThat(secondsLeft(1)).isBetween(290.0, 300.0);
        leaseEnds(1);
        leaseEnds(2);
        leaseEnds(3);

        assertThat(claims.renewLeases(NODE)).isEqualTo(2);

        assertThat(secondsLeft(1)).isBetween(290.0, 300.0);
        assertThat(secondsLeft(2)).isBetween(290.0, 300.0);
        assertThat(secondsLeft(3)).isNegative();
    }

    @Test
    void releasingLeavesStateCountersAndDueTimeUntouched() {
        pending(1, 5, NOW.minusSeconds(5));
        settle(
                claims.claim(NODE).orElseThrow(),
                NoteState.POSTPONED,
                Counter.CALL,
                NOW.minusSeconds(3));
        Worklist.Entry before = entry(1);
        ClaimedNote claimed = claims.claim(NODE).orElseThrow();

        assertThat(claims.release(claimed)).isTrue();

        assertThat(entry(1)).isEqualTo(before);
        assertThat(claims.release(claimed)).isFalse();
    }

    @Test
    void releasingAllHandsBackWhatThisNodeHoldsAndNothingElse() {
        pending(1, 5, NOW);
        pending(2, 5, NOW);
        claims.claim(NODE);
        claims.claim("other");

        assertThat(claims.releaseAll(NODE)).isEqualTo(1);

        assertThat(entry(1).claimedBy()).isNull();
        assertThat(entry(1).state()).isEqualTo(NoteState.PENDING);
        assertThat(entry(2).claimedBy()).isEqualTo("other");
    }

    @Test
    void settlingWithALostClaimWritesNothing() {
        pending(1, 5, NOW);
        ClaimedNote lost = claims.claim("slow").orElseThrow();
        leaseEnds(1);
        ClaimedNote taken = claims.claim(NODE).orElseThrow();
        Worklist.Entry before = entry(1);

        boolean settled = settle(lost, NoteState.ARCHIVED, Counter.CALL, null);

        assertThat(settled).isFalse();
        assertThat(claims.release(lost)).isFalse();
        assertThat(entry(1)).isEqualTo(before);
        assertThat(settle(taken, NoteState.ARCHIVED, Counter.NONE, null)).isTrue();
    }

    @Test
    void settlingWritesTheDecisionAndEndsTheClaim() {
        pending(1, 5, NOW);
        ClaimedNote claimed = claims.claim(NODE).orElseThrow();
        Instant later = NOW.plus(Duration.ofDays(30));

        boolean settled =
                settlements.settle(
                        claimed,
                        new Settlement(
                                NoteState.UNAVAILABLE,
                                Counter.NONE,
                                later,
                                201,
                                "No content available",
                                Night.of(NOW),
                                false),
                        42,
                        NOW);

        assertThat(settled).isTrue();
        Worklist.Entry entry = entry(1);
        assertThat(entry.state()).isEqualTo(NoteState.UNAVAILABLE);
        assertThat(entry.dueAt()).isEqualTo(later);
        assertThat(entry.lastCode()).isEqualTo(201);
        assertThat(entry.lastError()).isEqualTo("No content available");
        assertThat(entry.settledAt()).isEqualTo(NOW);
        assertThat(entry.settledBy()).isEqualTo(42);
        assertThat(entry.claimedBy()).isNull();
        assertThat(entry.claimedUntil()).isNull();
        assertThat(claims.release(claimed)).isFalse();
    }

    @Test
    void aNightInWhichTheNoteWasMissingIsRememberedUntilTheNextDecision() {
        pending(1, 5, NOW);
        settlements.settle(
                claims.claim(NODE).orElseThrow(),
                new Settlement(
                        NoteState.POSTPONED, Counter.NONE, NOW, 0, "empty", Night.of(NOW), false),
                1,
                NOW);

        ClaimedNote tonight = claims.claim(NODE).orElseThrow();
        claims.release(tonight);
        clock.now = Night.of(NOW).ends();
        ClaimedNote nextNight = claims.claim(NODE).orElseThrow();

        assertThat(tonight.wasMissingBefore(Night.current(clockAt(NOW)))).isEmpty();
        assertThat(nextNight.wasMissingBefore(Night.current(clock))).contains(Night.of(NOW));
        settle(nextNight, NoteState.POSTPONED, Counter.CALL, clock.now);
        assertThat(claims.claim(NODE).orElseThrow().missingNight()).isNull();
    }

    @Test
    void countersOfTonightBeginAnewWithTheNightAndThoseOfALifeDoNot() {
        pending(1, 5, NOW);
        settle(claims.claim(NODE).orElseThrow(), NoteState.POSTPONED, Counter.CALL, NOW);
        settle(claims.claim(NODE).orElseThrow(), NoteState.POSTPONED, Counter.CALL, NOW);
        settle(claims.claim(NODE).orElseThrow(), NoteState.POSTPONED, Counter.MEDIA, NOW);

        clock.now = Night.of(NOW).ends().minusMillis(1);
        ClaimedNote sameNight = claims.claim(NODE).orElseThrow();
        claims.release(sameNight);
        clock.now = Night.of(NOW).ends();
        ClaimedNote nextNight = claims.claim(NODE).orElseThrow();
        settle(nextNight, NoteState.POSTPONED, Counter.CALL, clock.now);
        ClaimedNote afterwards = claims.claim(NODE).orElseThrow();

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

    @Test
    void theOutlookIsOverWhenNothingIsHeldAndNothingBecomesDue() {
        Instant horizon = NOW.plusSeconds(600);
        assertThat(claims.outlook(NODE).hasMore(horizon)).isFalse();
        pending(1, 5, horizon);
        assertThat(claims.outlook(NODE)).isEqualTo(new Outlook(0, horizon));
        assertThat(claims.outlook(NODE).hasMore(horizon)).isFalse();

        pending(2, 0, NOW.plusSeconds(30));

        assertThat(claims.outlook(NODE).nextDue()).contains(NOW.plusSeconds(30));
        assertThat(claims.outlook(NODE).hasMore(horizon)).isTrue();
    }

    @Test
    void theOutlookWaitsForOwnClaimsAndNotForThoseOfOthers() {
        pending(1, 5, NOW);
        claims.claim("other");
        assertThat(claims.outlook(NODE)).isEqualTo(new Outlook(0, null));
        assertThat(claims.outlook("other")).isEqualTo(new Outlook(1, null));

        leaseEnds(1); // its node is gone, so the note is there for us

        assertThat(claims.outlook(NODE)).isEqualTo(new Outlook(0, NOW));
    }

    @Test
    void requeueingMakesANoteAsGoodAsNew() {
        pending(1, 5, NOW);
        settlements.settle(
                claims.claim(NODE).orElseThrow(),
                new Settlement(
                        NoteState.POSTPONED, Counter.CALL, NOW, 0, "empty", Night.of(NOW), false),
                1,
                NOW);
        settle(claims.claim(NODE).orElseThrow(), NoteState.FAILED, Counter.MEDIA, null);
        clock.now = NOW.plusSeconds(60);

        List<NoteId> requeued =
                interventions.requeue(List.of(new NoteId(id(1)), new NoteId(id(99))));

        assertThat(requeued).containsExactly(new NoteId(id(1)));
        Worklist.Entry entry = entry(1);
        assertThat(entry.state()).isEqualTo(NoteState.PENDING);
        assertThat(entry.dueAt()).isEqualTo(clock.now);
        assertThat(entry.attempts() + entry.attemptsTonight()).isZero();
        assertThat(entry.mediaAttempts() + entry.mediaAttemptsTonight()).isZero();
        assertThat(entry.lastError()).isNull();
        assertThat(claims.claim(NODE).orElseThrow().missingNight()).isNull();
    }

    @Test
    void requeueingLeavesNotesInWorkAlone() {
        pending(1, 5, NOW);
        pending(2, 5, NOW);
        claims.claim(NODE);

        assertThat(interventions.requeue(List.of(new NoteId(id(1)), new NoteId(id(2)))))
                .containsExactly(new NoteId(id(2)));
        assertThat(interventions.requeue(List.of())).isEmpty();
    }

    @Test
    void requeueingAStateTouchesNoOther() {
        pending(1, 5, NOW);
        pending(2, 5, NOW);
        settle(claims.claim(NODE).orElseThrow(), NoteState.FAILED, Counter.NONE, null);
        settle(claims.claim(NODE).orElseThrow(), NoteState.ARCHIVED, Counter.NONE, null);

        assertThat(interventions.requeue(NoteState.FAILED)).isEqualTo(1);

        assertThat(entry(1).state()).isEqualTo(NoteState.PENDING);
        assertThat(entry(2).state()).isEqualTo(NoteState.ARCHIVED);
    }

    @Test
    void whatExecutionsLeftBehindIsCountedUntilSomebodySettlesIt() {
        for (int i = 1; i <= 4; i++) {
            pending(i, 5, NOW);
        }
        Instant tomorrow = Night.of(NOW).ends();
        settleBy(7, NoteState.POSTPONED, tomorrow);
        settleBy(8, NoteState.FAILED, null);
        settleBy(8, NoteState.ARCHIVED, null);
        settleBy(9, NoteState.FAILED, null);

        assertThat(counts.countLeftBy(List.of(7L, 8L))).isEqualTo(2);
        clock.now = tomorrow;
        settleBy(10, NoteState.ARCHIVED, null);
        assertThat(counts.countLeftBy(List.of(7L, 8L))).isEqualTo(1);
    }

    @Test
    void notesAreCountedByStateWithThoseDueAndThoseInWork() {
        pending(1, 5, NOW);
        pending(2, 5, NOW);
        pending(3, 5, NOW.plusSeconds(5));
        claims.claim(NODE);

        assertThat(counts.countByState())
                .containsExactly(new WorklistCounts.StateCount(NoteState.PENDING, 3, 2, 1));
    }

    @Test
    void aNoteThatAWaiverCompletesIsArchivedUnlessItIsInWork() {
        pending(1, 5, NOW);
        pending(2, 5, NOW);
        settle(claims.claim(NODE).orElseThrow(), NoteState.FAILED, Counter.NONE, null);
        claims.claim(NODE);

        Standing failed = worklist.standing(new NoteId(id(1))).orElseThrow();
        Standing inWork = worklist.standing(new NoteId(id(2))).orElseThrow();

        assertThat(interventions.completeByWaiver(new NoteId(id(1)), inWork, NOW))
                .as("a run has decided since it was looked at")
                .isFalse();
        assertThat(interventions.keepUnclaimed(new NoteId(id(1)), inWork)).isFalse();
        assertThat(interventions.keepUnclaimed(new NoteId(id(1)), failed)).isTrue();
        assertThat(interventions.completeByWaiver(new NoteId(id(1)), failed, NOW)).isTrue();
        assertThat(interventions.completeByWaiver(new NoteId(id(1)), failed, NOW)).isFalse();
        assertThat(interventions.keepUnclaimed(new NoteId(id(2)), inWork)).isFalse();
        assertThat(interventions.completeByWaiver(new NoteId(id(2)), inWork, NOW)).isFalse();

        assertThat(entry(1).state()).isEqualTo(NoteState.ARCHIVED);
        assertThat(entry(1).dueAt()).isNull();
    }

    private List<ClaimedNote> claimAll() {
        List<ClaimedNote> all = new ArrayList<>();
        for (Optional<ClaimedNote> next = claims.claim(NODE);
                next.isPresent();
                next = claims.claim(NODE)) {
            all.add(next.get());
        }
        return all;
    }

    private boolean settle(
            ClaimedNote claimed, NoteState state, Counter counter, @Nullable Instant due) {
        return settlements.settle(
                claimed,
                new Settlement(state, counter, due, 301, "e", null, false),
                1,
                clock.instant());
    }

    private void settleBy(long execution, NoteState state, @Nullable Instant due) {
        settlements.settle(
                claims.claim(NODE).orElseThrow(),
                new Settlement(state, Counter.NONE, due, null, null, null, false),
                execution,
                clock.instant());
    }

    private void pending(int number, int priority, Instant due) {
        database.jdbc()
                .sql(
                        """
                        INSERT INTO worklist (note_id, priority, due_at, enqueued_at)
                        VALUES (:id, :priority, :due::timestamptz, :due::timestamptz)
                        """)
                .param("id", id(number))
                .param("priority", priority)
                .param("due", due.toString())
                .update();
    }

    private void holdsAnswer(int number) {
        database.jdbc()
                .sql("UPDATE worklist SET answer_held = true WHERE note_id = :id")
                .param("id", id(number))
                .update();
    }

    private void leaseEnds(int number) {
        database.jdbc()
                .sql(
                        "UPDATE worklist SET claimed_until = now() - interval '1 second' WHERE note_id = :id")
                .param("id", id(number))
                .update();
    }

    private double secondsLeft(int number) {
        return database.jdbc()
                .sql(
                        "SELECT extract(epoch FROM claimed_until - now())::float8 FROM worklist WHERE note_id = :id")
                .param("id", id(number))
                .query(Double.class)
                .single();
    }

    private Worklist.Entry entry(int number) {
        return worklist.find(new NoteId(id(number))).orElseThrow();
    }

    private static String id(int number) {
        return "66aa%020x".formatted(number);
    }

    private static Clock clockAt(Instant instant) {
        return Clock.fixed(instant, ZoneOffset.UTC);
    }

    private static final class MovableClock extends Clock {

        private Instant now = NOW;

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
