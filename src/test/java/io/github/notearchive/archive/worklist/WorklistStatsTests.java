package io.github.notearchive.archive.worklist;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.worklist.Transition.Cause;
import io.github.notearchive.archive.worklist.Transition.Counter;
import io.github.notearchive.archive.worklist.Transition.StateTransition;
import io.github.notearchive.archive.worklist.WorklistStats.OpenCount;
import io.github.notearchive.note.Night;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Compares the maintained counts with a count of all rows. */
@Timeout(60)
class WorklistStatsTests {

    private static final Instant NOW = Instant.parse("2026-11-25T14:20:00Z");
    private static final String BY_KIND = """
            SELECT concat_ws('|', state, response_held, due_hour, refresh_night, reason, code, notes) FROM (%s) AS kinds
            ORDER BY 1
            """;

    /** Compacts like {@link WorklistStats#compact}, in a transaction that can be kept open. */
    private static final String PUT_TOGETHER = """
            WITH gone AS (
                DELETE FROM worklist_count
                WHERE (SELECT pg_try_advisory_xact_lock(hashtext('note-archive, worklist_count'), 0))
                RETURNING *)
            INSERT INTO worklist_count (state, response_held, due_hour, refresh_night, reason, code, notes)
            SELECT state, response_held, due_hour, refresh_night, reason, code, sum(notes) FROM gone
            GROUP BY 1, 2, 3, 4, 5, 6
            """;

    private final ListedNotes list = new ListedNotes(NOW);
    private final JdbcClient jdbc = list.database.jdbc();
    private final WorklistStats counts = list.counts;

    private List<String> kept() {
        return list.database.texts(BY_KIND.formatted("""
                                SELECT state, response_held, due_hour, refresh_night, reason, code, sum(notes) AS notes
                                FROM worklist_count GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(notes) <> 0
                                """));
    }

    private List<String> counted() {
        return list.database.texts(BY_KIND.formatted("""
                                SELECT state, response_held, date_bin('1 hour', due_at, timestamptz 'epoch') AS due_hour,
                                       CASE WHEN state IN ('ARCHIVED', 'UNAVAILABLE') THEN refresh_night END AS refresh_night,
                                       CASE WHEN state IN ('POSTPONED', 'FAILED') THEN reason END AS reason,
                                       CASE WHEN state IN ('POSTPONED', 'FAILED') THEN last_code END AS code, count(*) AS notes
                                FROM worklist GROUP BY 1, 2, 3, 4, 5, 6
                                """));
    }

    private void settle(NoteState state, Instant due, Integer code, StateReason reason) {
        WorklistItem claimed = list.claim();
        Cause cause = Cause.because(reason, null).withCode(code);
        assertThat(list.settle(claimed, new StateTransition(state, Counter.CALL, due, cause)))
                .isTrue();
    }

    @Test
    void countsFollowAllChanges() {
        list.threeHundredNotes();
        settle(NoteState.ARCHIVED, null, 0, null);
        settle(NoteState.POSTPONED, NOW.plus(Duration.ofMinutes(10)), 301, StateReason.PROVIDER_ERROR);
        settle(NoteState.POSTPONED, NOW.plus(Duration.ofHours(3)), 0, StateReason.URLS_EXPIRED);
        settle(NoteState.FAILED, null, 400, StateReason.REJECTED);
        settle(NoteState.UNAVAILABLE, NOW.plus(Duration.ofDays(30)), 201, StateReason.NOT_FOUND);
        list.database.update("UPDATE worklist SET refresh_night = '2026-12-01' WHERE state = 'ARCHIVED'");
        list.database.update("UPDATE worklist SET response_held = true WHERE note_id LIKE '%ff'");
        list.database.update("DELETE FROM worklist WHERE note_id LIKE '%12'");
        assertThat(kept()).isEqualTo(counted());

        list.worklist.requeue(NoteState.FAILED);
        list.database.inTransaction(() -> {
            WorklistStats.countByStatement(jdbc);
            list.database.update("UPDATE worklist SET due_at = due_at + interval '2 hours' WHERE priority = 1");
        });

        assertThat(kept()).isEqualTo(counted());
    }

    @Test
    void compactingAndRecountingKeepCounts() {
        list.threeHundredNotes();
        for (int i = 0; i < 4; i++) {
            list.database.update("UPDATE worklist SET due_at = due_at + interval '1 hour'");
        }
        List<String> before = kept();
        long rows = rows();

        counts.compact();

        assertThat(rows()).isLessThan(rows / 10);
        assertThat(kept()).isEqualTo(before).isEqualTo(counted());
        recount();
        assertThat(kept()).isEqualTo(before);
    }

    @Test
    void recountWaitsForCompaction() {
        list.threeHundredNotes();
        AtomicReference<CompletableFuture<Void>> recount = new AtomicReference<>();

        list.database.inTransaction(() -> {
            list.database.update(PUT_TOGETHER);
            recount.set(CompletableFuture.runAsync(this::recount));
            list.database.awaitLocked(1);
        });
        recount.get().join();

        assertThat(kept()).isEqualTo(counted());
    }

    private void recount() {
        list.database.update("DO $$ BEGIN PERFORM worklist_recount(); END $$");
    }

    private long rows() {
        return list.database.count("SELECT count(*) FROM worklist_count");
    }

    @Test
    void notesDueWithinThisHourAreCountedExactly() {
        list.threeHundredNotes();
        settle(NoteState.POSTPONED, NOW.plus(Duration.ofMinutes(10)), 301, StateReason.PROVIDER_ERROR);
        settle(NoteState.POSTPONED, NOW.plus(Duration.ofMinutes(50)), 301, StateReason.PROVIDER_ERROR);
        settle(NoteState.POSTPONED, NOW.minus(Duration.ofMinutes(10)), 301, StateReason.PROVIDER_ERROR);
        list.claim();

        assertThat(counts.countByState())
                .containsExactly(
                        new WorklistStats.StateCount(NoteState.PENDING, 297, 297, 1),
                        new WorklistStats.StateCount(NoteState.POSTPONED, 3, 1, 0));
        list.claims.releaseAll("main", List.of());
        assertThat(counts.countDue(1_000_000, NOW)).isEqualTo(298);
        assertThat(counts.countDue(10, NOW)).isEqualTo(10);
        assertThat(counts.countDue(1_000_000, NOW.plus(Duration.ofMinutes(10))))
                .as("postponed notes")
                .isEqualTo(299);
        assertThat(counts.countDue(1_000_000, NOW.plus(Duration.ofHours(1)))).isEqualTo(300);
    }

    @Test
    void emptiedWorklistHasNoCounts() {
        list.threeHundredNotes();
        list.database.update("TRUNCATE worklist");

        assertThat(rows()).isZero();
        assertThat(counts.countByState()).isEmpty();
    }

    @Test
    void openNotesOfExecutionsAreCountedUntilSettled() {
        list.pending(4);
        Instant tomorrow = Night.of(NOW).ends();
        list.settleBy(7, NoteState.POSTPONED, tomorrow);
        list.settleBy(8, NoteState.FAILED, null);
        list.settleBy(8, NoteState.ARCHIVED, null);
        list.settleBy(9, NoteState.FAILED, null);

        assertThat(counts.countOpenOf(List.of(7L, 8L))).isEqualTo(new OpenCount(1, 1));
        list.now = tomorrow;
        list.settleBy(10, NoteState.ARCHIVED, null);
        assertThat(counts.countOpenOf(List.of(7L, 8L))).isEqualTo(new OpenCount(0, 1));
    }
}
