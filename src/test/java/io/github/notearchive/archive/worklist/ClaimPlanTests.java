package io.github.notearchive.archive.worklist;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.RecordedPlans;
import io.github.notearchive.archive.worklist.ClaimRepository.Lanes;
import io.github.notearchive.archive.worklist.WorklistRepository.Settlement;
import io.github.notearchive.provider.RefreshProperties;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;

/** Cost of claims and settlements on a long worklist with few open notes. */
class ClaimPlanTests {

    private static final Instant NOW = Instant.parse("2026-11-25T14:00:00Z");
    private static final ArchiveDatabase DATABASE = ArchiveDatabase.emptied();

    private final RecordedPlans recorded = new RecordedPlans(DATABASE);
    private final JdbcClient jdbc = JdbcClient.create(recorded);
    private final Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
    private final JdbcTransactionManager transactions = new JdbcTransactionManager(recorded);
    private final ClaimRepository claims =
            new ClaimRepository(jdbc, clock, new WorklistStats(jdbc, clock, transactions), transactions);

    @BeforeAll
    static void insertTwoHundredThousandNotes() {
        DATABASE.update("""
                        INSERT INTO worklist (note_id, state, reason, priority, due_at, enqueued_at, refresh_night)
                        SELECT '66aa' || lpad(to_hex(n), 20, '0'),
                               CASE WHEN n % 10 = 0 THEN 'PENDING' WHEN n % 10 < 9 THEN 'ARCHIVED' ELSE 'UNAVAILABLE' END,
                               CASE WHEN n % 10 = 9 THEN 'NOT_FOUND' END,
                               n % 7 % 3,
                               CASE WHEN n % 10 = 0 THEN ?::timestamptz WHEN n % 10 < 9 THEN NULL
                                    ELSE ?::timestamptz + interval '30 days' END,
                               ?::timestamptz,
                               CASE WHEN n % 10 BETWEEN 1 AND 8 THEN date '2026-11-20' + n % 90 END
                        FROM generate_series(1, 200000) AS n
                        """, NOW.toString(), NOW.toString(), NOW.toString());
        DATABASE.update("""
                        INSERT INTO note (note_id, first_captured_at, last_captured_at)
                        SELECT note_id, enqueued_at, enqueued_at FROM worklist WHERE state = 'ARCHIVED' LIMIT 10000
                        """);
        DATABASE.update("VACUUM ANALYZE worklist");
        DATABASE.update("VACUUM ANALYZE note");
    }

    @AfterAll
    static void cleanUp() {
        ArchiveDatabase.emptied();
    }

    @Test
    void claimsReadOneIndexEntryPerLane() throws Exception {
        claims.claim("main", Lanes.ALL);
        assertPlan("UPDATE worklist", "worklist_due", "worklist_pkey");

        assertThat(claims.claim("main", Lanes.REFRESHES)).isPresent();
        assertPlan("UPDATE worklist", "worklist_refresh");

        claims.isRefreshDue("main");
        assertPlan("SELECT EXISTS", "worklist_refresh");

        claims.pendingWork("main", Lanes.ALL);
        assertPlan("SELECT (SELECT count(*) FROM worklist", "worklist_due");
    }

    private void assertPlan(String statement, String... indexes) throws SQLException {
        assertThat(recorded.planOf(statement))
                .doesNotContain("Seq Scan on worklist", "Seq Scan on note")
                .contains(indexes);
    }

    @Test
    void settlementReadsItsOwnRowsByTheirKey() throws Exception {
        WorklistItem claimed = claims.claim("main", Lanes.ALL).orElseThrow();
        WorklistRepository worklist =
                new WorklistRepository(jdbc, transactions, new LedgerProperties(Duration.ofDays(7), true), clock);
        RefreshPlan refreshPlan = new RefreshPlan(
                jdbc,
                new RefreshProperties(
                        true, List.of(), List.of(Duration.ofDays(1)), 0.2, 0, RefreshProperties.RefreshOrder.VALUE),
                clock,
                transactions);

        worklist.settle(List.of(new Settlement(claimed, claimed.row(), 7)));
        assertPlan("UPDATE worklist", "worklist_pkey");
        refreshPlan.plan(List.of(claimed.id()));
        assertPlan("UPDATE worklist", "worklist_pkey", "note_pkey", "note_author", "note_capture_counts");
        assertThat(recorded.planOf("UPDATE worklist"))
                .as("not all vanished notes")
                .doesNotContain("worklist_unavailable");
    }
}
