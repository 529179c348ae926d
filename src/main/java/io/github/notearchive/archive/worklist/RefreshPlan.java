package io.github.notearchive.archive.worklist;

import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.io.jdbc.Transactions;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.RefreshProperties;
import io.github.notearchive.provider.RefreshProperties.RefreshOrder;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Computes the night in which each archived note is refreshed, and the value of that.
 *
 * <p>The night follows from the last response, the note's age at that time, and the settings or the note's own
 * interval. So a note is planned when a response arrives, and all notes are planned when the settings change. Nights
 * are calendar days of Shanghai; a run may start at any hour of its night, so a gap of one day does not grow by the
 * duration of a run.
 */
@Repository
public final class RefreshPlan {

    /** Rows are locked in id order, so that concurrent planners do not deadlock. */
    private static final String RANGE = """
            w.note_id > :after AND w.note_id <= :last AND n.note_id > :after AND n.note_id <= :last AND NOT %s
            ORDER BY w.note_id FOR UPDATE OF w""".formatted(Enqueuer.REFRESH_UNPROCESSED);

    /**
     * Value of a refresh: growth of likes a day, edits, and signs that the note may vanish. The value adds the
     * logarithm of the growth and the numbers of the others.
     */
    private static final String VALUE = """
            CROSS JOIN LATERAL (
                SELECT coalesce((SELECT g.liked_per_day FROM engagement_growth g WHERE g.note_id = n.note_id
                                 ORDER BY g.captured_at DESC LIMIT 1),
                                n.liked_count
                                / greatest(1, extract(epoch FROM n.last_captured_at - n.published_at) / 86400), 0)
                           AS growth,
                       least(2, (SELECT count(DISTINCT e.captured_at) FROM note_edit e
                                 WHERE e.note_id = n.note_id AND e.field <> 'author'))::int AS edits,
                       CASE WHEN n.in_censor OR n.privacy_type <> 0 THEN 2 ELSE 0 END
                       + EXISTS (SELECT 1 FROM (SELECT note_id FROM note WHERE author_id = n.author_id LIMIT 100) AS o
                                 CROSS JOIN LATERAL (SELECT state FROM worklist WHERE note_id = o.note_id OFFSET 0) AS g
                                 WHERE g.state = 'UNAVAILABLE')::int AS signs) AS f
            CROSS JOIN LATERAL (
                SELECT width_bucket(f.growth, ARRAY[1, 10, 100, 1000]::numeric[]) + f.edits + f.signs AS value) AS v
            """;

    private static final String DUE = "state IN ('ARCHIVED', 'UNAVAILABLE') AND refresh_night <= :tonight";

    /** True while no other node has planned all notes, or plans by other settings. */
    private static final String IS_OWN_PLAN =
            " AND EXISTS (SELECT 1 FROM refresh_policy WHERE policy = :unfinished FOR SHARE)";

    /** Prefix of a policy by which not all notes are planned yet. */
    private static final String UNFINISHED = "unfinished: ";

    private final JdbcClient jdbc;
    private final RefreshProperties settings;
    private final Clock clock;
    private final PlatformTransactionManager transactions;

    public RefreshPlan(
            JdbcClient jdbc, RefreshProperties settings, Clock clock, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.settings = settings;
        this.clock = clock;
        this.transactions = transactions;
    }

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
                UPDATE worklist w SET refresh_night = plan.night, refresh_value = plan.value, refresh_attempts = 0
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
                SELECT w.note_id, p.night, v.value
                FROM worklist w JOIN note n USING (note_id)
                CROSS JOIN LATERAL (
                    SELECT (n.last_captured_at AT TIME ZONE 'Asia/Shanghai')::date AS captured,
                           (coalesce(n.published_at, n.first_captured_at) AT TIME ZONE 'Asia/Shanghai')::date
                               AS published) AS t
                CROSS JOIN LATERAL (
                    SELECT least(CASE WHEN w.refresh_on > t.captured THEN w.refresh_on END,
                                 t.captured + coalesce(w.refresh_days,
                                                       ('{%s}'::int[])[1 + (SELECT count(*)
                                                                            FROM unnest('{%s}'::int[]) AS age
                                                                            WHERE age <= t.captured - t.published)]))
                        AS night) AS p
                %s
                WHERE w.state = 'ARCHIVED' AND (w.refresh_night IS DISTINCT FROM p.night OR w.refresh_attempts <> 0
                                                OR w.refresh_value <> v.value)
                  AND %s""".formatted(
                        joined(settings.gapDays()),
                        joined(settings.ageDays()),
                        settings.order() == RefreshOrder.VALUE ? VALUE : "CROSS JOIN (SELECT 0 AS value) AS v",
                        which);
    }

    /** Due refreshes of one value, and growth a day, edits and signs of the one that comes first. */
    public record ValueClass(int value, long notes, NoteId first, double growth, int edits, int signs) {}

    /** Returns the due refreshes by value, highest first; empty if they are not ordered by it. */
    public List<ValueClass> dueByValue() {
        if (settings.order() != RefreshOrder.VALUE) {
            return List.of();
        }
        return Statements.list(
                jdbc, ValueClass.class, Map.of("tonight", Night.current(clock)), """
                SELECT d.value, d.notes, n.note_id AS first, round(f.growth, 1) AS growth, f.edits, f.signs
                FROM (SELECT refresh_value AS value, count(*) AS notes FROM worklist WHERE %1$s GROUP BY 1) AS d
                CROSS JOIN LATERAL (
                    SELECT note_id FROM worklist WHERE %1$s AND refresh_value = d.value
                    ORDER BY refresh_night, note_id LIMIT 1) AS first
                JOIN note n USING (note_id)
                %2$s
                ORDER BY d.value DESC
                """.formatted(DUE, VALUE));
    }

    private static String joined(List<Long> days) {
        return days.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
