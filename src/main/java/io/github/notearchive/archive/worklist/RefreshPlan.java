package io.github.notearchive.archive.worklist;

import io.github.notearchive.archive.catalog.Statements;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.io.Transactions;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.RefreshProperties;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Computes the night in which each archived note is refreshed.
 *
 * <p>The night follows from the last response, the note's age at that time, and the settings or the note's own
 * interval. So a note is planned when a response arrives, and all notes are planned when the settings change. Nights
 * are calendar days of Shanghai; a run may start at any hour of its night, so a gap of one day does not grow by the
 * duration of a run.
 */
@Repository
public record RefreshPlan(
        JdbcClient jdbc, RefreshProperties settings, Clock clock, PlatformTransactionManager transactions) {

    /** Rows are locked in id order, so that concurrent planners do not deadlock. */
    private static final String RANGE = """
            w.note_id > :after AND w.note_id <= :last AND n.note_id > :after AND n.note_id <= :last AND NOT %s
            ORDER BY w.note_id FOR UPDATE OF w""".formatted(Enqueuer.REFRESH_UNPROCESSED);

    /** True while no other node has planned all notes, or plans by other settings. */
    private static final String IS_OWN_PLAN =
            " AND EXISTS (SELECT 1 FROM refresh_policy WHERE policy = :unfinished FOR SHARE)";

    /** Prefix of a policy by which not all notes are planned yet. */
    private static final String UNFINISHED = "unfinished: ";

    /**
     * Plans notes after the rows of their newest responses are written. Part of the caller's transaction; idempotent.
     */
    public void plan(Collection<NoteId> notes) {
        // looked up one by one: a plan made while the tables were small would read all of them later
        String rows = "unnest(:ids::text[]) AS listed (id) CROSS JOIN LATERAL (%s) AS plan"
                .formatted(planned("w.note_id = listed.id AND n.note_id = listed.id LIMIT 1"));
        Statements.update(jdbc, Map.of("ids", notes), statement(rows) + " AND w.note_id = ANY (:ids)");
    }

    /**
     * Plans all archived notes if the settings differ from those last applied by any node. Works in batches with their
     * own transactions, since notes of a batch cannot be settled meanwhile. An interrupted plan is restarted by the
     * next run; a node with other settings replaces it. A note with a paid, unprocessed response stays due.
     *
     * @return number of notes whose night changed
     */
    public int planAllIfChanged() {
        return planAllIfChanged(Enqueuer.BATCH);
    }

    public int planAllIfChanged(int batch) {
        if (setPolicy(":unfinished", "refresh_policy.policy <> :policy") == 0) {
            return 0;
        }
        int planned = 0;
        String after = "";
        for (String last : Enqueuer.batches(jdbc, "worklist", batch)) {
            planned += plan(after, last);
            after = last;
        }
        setPolicy(":policy", "refresh_policy.policy = :unfinished");
        return planned;
    }

    /** Records the policy by which notes are planned; returns 0 if the recorded one does not match a condition. */
    private int setPolicy(String policy, String condition) {
        Map<String, ?> values = Map.of("policy", settings.policy(), "unfinished", unfinished(), "now", clock.instant());
        return Transactions.separate(transactions)
                .execute(_ -> Statements.update(jdbc, values, """
                        INSERT INTO refresh_policy (policy, planned_at) VALUES (%s, :now)
                        ON CONFLICT (only_one) DO UPDATE
                        SET policy = EXCLUDED.policy, planned_at = EXCLUDED.planned_at
                        WHERE %s
                        """.formatted(policy, condition)));
    }

    private int plan(String after, String last) {
        return Transactions.separate(transactions).execute(_ -> {
            WorklistStats.countByStatement(jdbc);
            Map<String, ?> values = Map.of("after", after, "last", last, "unfinished", unfinished());
            return Statements.update(jdbc, values, statement("(%s) AS plan".formatted(planned(RANGE))) + IS_OWN_PLAN);
        });
    }

    private String unfinished() {
        return UNFINISHED + settings.policy();
    }

    private static String statement(String plan) {
        return """
                UPDATE worklist w SET refresh_night = plan.night, refresh_attempts = 0
                FROM %s
                WHERE w.note_id = plan.note_id\
                """.formatted(plan);
    }

    /**
     * Returns the query of nights that change, for notes {@code w} with their rows {@code n}. Gaps and ages are
     * literals: with array parameters, PostgreSQL plans per note, which takes longer than the statement.
     */
    private String planned(String which) {
        return """
                SELECT w.note_id, p.night
                FROM worklist w JOIN note n USING (note_id)
                CROSS JOIN LATERAL (
                    SELECT (n.last_captured_at AT TIME ZONE 'Asia/Shanghai')::date AS captured,
                           (coalesce(n.published_at, n.first_captured_at) AT TIME ZONE 'Asia/Shanghai')::date AS published) AS t
                CROSS JOIN LATERAL (
                    SELECT least(CASE WHEN w.refresh_on > t.captured THEN w.refresh_on END,
                                 t.captured + coalesce(w.refresh_days,
                                                       ('{%s}'::int[])[1 + (SELECT count(*) FROM unnest('{%s}'::int[]) AS age
                                                                            WHERE age <= t.captured - t.published)])) AS night) AS p
                WHERE w.state = 'ARCHIVED' AND (w.refresh_night IS DISTINCT FROM p.night OR w.refresh_attempts <> 0)
                  AND %s""".formatted(joined(settings.gapDays()), joined(settings.ageDays()), which);
    }

    private static String joined(List<Long> days) {
        return days.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
