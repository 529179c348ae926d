package io.github.notearchive.archive.worklist;

import static io.github.notearchive.archive.worklist.ListedNotes.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.archive.worklist.ClaimRepository.Lanes;
import io.github.notearchive.archive.worklist.ClaimRepository.PendingWork;
import io.github.notearchive.archive.worklist.Transition.Counter;
import io.github.notearchive.archive.worklist.WorklistRepository.WorklistEntry;
import io.github.notearchive.note.NoteId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ClaimRepositoryTests {

    private static final Instant NOW = Instant.parse("2026-11-25T14:00:00Z"); // 22:00 in Shanghai
    private static final String NODE = "main";

    private final ListedNotes list = new ListedNotes(NOW);
    private final ClaimRepository claims = list.claims;

    @Test
    void claimsAreOrderedByLaneDueTimeAndId() {
        list.pending(1, 5, NOW.minusSeconds(10));
        list.pending(2, 5, NOW.minusSeconds(10));
        list.pending(3, 5, NOW.minusSeconds(60));
        list.pending(4, 9, NOW);
        list.pending(5, 0, NOW.minus(Duration.ofDays(9)));
        list.pending(6, 0, NOW);
        list.update(id(6), "response_held = true");

        assertThat(claimAll(NODE)).containsExactly(id(6), id(4), id(3), id(1), id(2), id(5));
    }

    @Test
    void noteThatIsNotDueIsNotClaimed() {
        list.pending(1, 5, NOW.plusMillis(1));

        assertThat(claims.claim(NODE, Lanes.ALL)).isEmpty();
        list.now = NOW.plusMillis(1);
        assertThat(claims.claim(NODE, Lanes.ALL)).isPresent();
    }

    @Test
    void claimedNoteStatesWhetherItHasCalls() {
        list.pending(1, 5, NOW);
        list.pending(2, 5, NOW);
        list.called(1);

        assertThat(Stream.generate(() -> claims.claim(NODE, Lanes.ALL).orElseThrow())
                        .limit(2))
                .extracting(note -> note.id().value(), WorklistItem::hasCalls)
                .containsExactly(tuple(id(1), true), tuple(id(2), false));
    }

    @Test
    void noteThatTheSameExecutionPostponedIsNotSetDue() {
        list.pending(1, 5, NOW);
        list.settleBy(7, NoteState.POSTPONED, NOW.plusSeconds(3600));
        NoteId note = new NoteId(id(1));

        claims.setDue(List.of(note), 7);
        assertThat(list.entry(1).dueAt()).isEqualTo(NOW.plusSeconds(3600));
        claims.setDue(List.of(note), 8);
        assertThat(list.entry(1).dueAt()).isEqualTo(NOW);
    }

    @Test
    void concurrentClaimsReturnEachNoteOnce() throws Exception {
        int notes = 640;
        for (int i = 0; i < notes; i++) {
            list.pending(i, i % 3, NOW.minusSeconds(i % 7));
        }
        List<Callable<List<String>>> nodes = IntStream.range(0, 16)
                .<Callable<List<String>>>mapToObj(i -> () -> claimAll("node-" + i % 2))
                .toList();
        List<String> claimed = new ArrayList<>();

        try (ExecutorService claimers = Executors.newFixedThreadPool(16)) {
            for (Future<List<String>> result : claimers.invokeAll(nodes)) {
                claimed.addAll(result.get());
            }
        }

        assertThat(claimed).hasSize(notes).doesNotHaveDuplicates();
    }

    @Test
    void readersThatWaitTogetherGetOneNoteEachInTheOrderOfClaims() throws Exception {
        list.threeHundredNotes();
        claims.claim(NODE, Lanes.ALL);
        list.database.update("""
                        CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
                        BEGIN PERFORM pg_advisory_xact_lock_shared(77); RETURN NEW; END $$;
                        CREATE TRIGGER hold BEFORE UPDATE ON worklist FOR EACH ROW EXECUTE FUNCTION hold()
                        """);
        List<FutureTask<String>> results = Stream.generate(
                        () -> new FutureTask<>(() -> list.claim().id().value()))
                .limit(8)
                .toList();

        try {
            list.database.whileLocked("SELECT pg_advisory_xact_lock(77)", () -> {
                for (FutureTask<?> each : results) {
                    Thread reader = Thread.ofPlatform().daemon().start(each);
                    await().until(() -> reader.getState() == Thread.State.WAITING);
                }
                return results;
            });
        } finally {
            list.database.update("DROP FUNCTION hold() CASCADE");
        }

        assertThat(results)
                .extracting(FutureTask::get)
                .containsExactlyElementsOf(list.database.texts(
                        "SELECT note_id FROM worklist ORDER BY lane DESC, due_at, note_id OFFSET 1 LIMIT 8"));
        assertThat(list.database.count("SELECT count(*) FROM worklist WHERE claimed_by IS NOT NULL"))
                .isEqualTo(9);
        assertThat(list.database.count("SELECT count(DISTINCT xmin::text) FROM worklist WHERE claimed_by IS NOT NULL"))
                .as("first claim, that of the first reader, and that of the seven who waited for it")
                .isEqualTo(3);
    }

    @Test
    void lockedRowIsSkipped() {
        list.pending(1, 9, NOW);
        list.pending(2, 5, NOW);

        list.database.inTransaction(() -> {
            list.lock(1);

            assertThat(list.claim().id().value()).isEqualTo(id(2));
        });
    }

    @Test
    void claimIsExclusiveUntilItsLeaseEnds() {
        list.pending(1, 5, NOW);
        WorklistItem first = claims.claim("other", Lanes.ALL).orElseThrow();
        list.now = NOW.plus(Duration.ofDays(1)); // leases follow the database's clock

        assertThat(claims.claim(NODE, Lanes.ALL)).isEmpty();
        list.leaseEnds(1);
        WorklistItem second = list.claim();

        assertThat(second.id()).isEqualTo(first.id());
        assertThat(second.claim()).isNotEqualTo(first.claim());
        assertThat(list.entry(1).claimedBy()).isEqualTo(NODE);
    }

    @Test
    void leaseLastsFiveMinutesAndIsRenewedForAllClaims() {
        list.pending(3);
        claims.claim(NODE, Lanes.ALL);
        claims.claim(NODE, Lanes.ALL);
        claims.claim("other", Lanes.ALL);
        assertThat(list.secondsLeft(1)).isBetween(290L, 300L);
        list.leaseEnds(1);
        list.leaseEnds(2);
        list.leaseEnds(3);

        assertThat(claims.renewLeases(NODE)).isEqualTo(2);

        assertThat(list.secondsLeft(1)).isBetween(290L, 300L);
        assertThat(list.secondsLeft(2)).isBetween(290L, 300L);
        assertThat(list.secondsLeft(3)).isNegative();
    }

    @Test
    void lockedRowDoesNotBlockRenewalOfOtherLeases() throws Exception {
        list.pending(3);
        for (int i = 1; i <= 3; i++) {
            claims.claim(NODE, Lanes.ALL);
            list.leaseEnds(i);
        }

        try (ExecutorService other = Executors.newSingleThreadExecutor()) {
            list.database.inTransaction(() -> {
                list.lock(1);
                list.lock(2);
                Future<Integer> renewed = other.submit(() -> claims.renewLeases(NODE));

                assertThat(renewed).succeedsWithin(Duration.ofSeconds(20)).isEqualTo(1);
            });
        }

        assertThat(list.secondsLeft(1)).isNegative();
        assertThat(list.secondsLeft(3)).isBetween(270L, 300L);
    }

    @Test
    void releaseKeepsStateCountersAndDueTime() {
        list.pending(1, 5, NOW.minusSeconds(5));
        list.settle(list.claim(), NoteState.POSTPONED, Counter.CALL, NOW.minusSeconds(3));
        WorklistEntry before = list.entry(1);
        WorklistItem claimed = list.claim();

        assertThat(claims.release(claimed)).isTrue();

        assertThat(list.entry(1)).isEqualTo(before);
        assertThat(claims.release(claimed)).isFalse();
    }

    @Test
    void releaseAllReleasesClaimsOfThisNodeOnly() {
        list.pending(2);
        claims.claim(NODE, Lanes.ALL);
        claims.claim("other", Lanes.ALL);

        assertThat(claims.releaseAll(NODE, List.of())).isEqualTo(1);

        assertThat(list.entry(1).claimedBy()).isNull();
        assertThat(list.entry(1).state()).isEqualTo(NoteState.PENDING);
        assertThat(list.entry(2).claimedBy()).isEqualTo("other");
    }

    @Test
    void pendingWorkIsEmptyWithoutClaimsAndDueNotes() {
        Instant horizon = NOW.plusSeconds(600);
        assertThat(claims.pendingWork(NODE, Lanes.ALL).hasMore(horizon)).isFalse();
        list.pending(1, 5, horizon);
        assertThat(claims.pendingWork(NODE, Lanes.ALL)).isEqualTo(new PendingWork(0, horizon));
        assertThat(claims.pendingWork(NODE, Lanes.ALL).hasMore(horizon)).isFalse();

        list.pending(2, 0, NOW.plusSeconds(30));

        assertThat(claims.pendingWork(NODE, Lanes.ALL).next()).isEqualTo(NOW.plusSeconds(30));
        assertThat(claims.pendingWork(NODE, Lanes.ALL).hasMore(horizon)).isTrue();
    }

    @Test
    void pendingWorkIncludesOwnClaimsOnly() {
        list.pending(1, 5, NOW);
        claims.claim("other", Lanes.ALL);
        assertThat(claims.pendingWork(NODE, Lanes.ALL)).isEqualTo(new PendingWork(0, null));
        assertThat(claims.pendingWork("other", Lanes.ALL)).isEqualTo(new PendingWork(1, null));

        list.leaseEnds(1); // the node has died

        assertThat(claims.pendingWork(NODE, Lanes.ALL)).isEqualTo(new PendingWork(0, NOW));
    }

    @Test
    void releasedNoteIsClaimedNext() {
        list.threeHundredNotes();
        WorklistItem first = list.claim();
        list.claim();
        claims.release(first);

        assertThat(list.claim().id()).isEqualTo(first.id());
    }

    @Test
    void notesThatBecomeDueBeforeTheLastClaimAreClaimed() {
        list.pending(3, 5, NOW.minusSeconds(20));
        list.pending(4, 5, NOW.minusSeconds(10));
        assertThat(claimAll(NODE)).containsExactly(id(3), id(4));
        list.pending(1, 5, NOW.minusSeconds(40));
        list.pending(2, 5, NOW.minusSeconds(30));
        list.pending(5, 5, NOW);

        assertThat(claimAll(NODE)).containsExactlyInAnyOrder(id(1), id(2), id(5));
        list.pending(6, 5, NOW.minusSeconds(60));
        await().until(() -> claims.claim(NODE, Lanes.ALL).isPresent());
    }

    @Test
    void noteWithEndedLeaseIsFoundByARestartedScan() {
        list.threeHundredNotes();
        WorklistItem others = claims.claim("other", Lanes.ALL).orElseThrow();
        assertThat(claimAll(NODE)).hasSize(299);
        list.leaseEnds(others.id().value());

        ClaimRepository later = list.newClaims();

        assertThat(later.claim(NODE, Lanes.ALL).orElseThrow().id()).isEqualTo(others.id());
    }

    private List<String> claimAll(String node) {
        return Stream.generate(() -> claims.claim(node, Lanes.ALL))
                .takeWhile(Optional::isPresent)
                .map(next -> next.orElseThrow().id().value())
                .toList();
    }
}
