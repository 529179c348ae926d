package io.github.notearchive.archive.worklist;

import io.github.notearchive.archive.catalog.BoundStatement;
import io.github.notearchive.archive.catalog.NamedStatement;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.RefreshProperties;
import java.sql.Timestamp;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * In which night each archived note is asked about anew.
 *
 * <p>It follows from the last answer, the note's age at that time, and the settings, or the note's own interval where
 * it has one. So it is planned when there is an answer, and for all notes when the settings have changed since they
 * were planned last. Nights are days of Shanghai, and a run takes up what is planned for its night at whatever hour it
 * begins: a gap of one day does not grow by the minutes that a night takes.
 */
@Repository
public class RefreshPlan {

    private static final String ONE = "w.note_id = :noteId";

    /** Locked in their order, so that two who plan do not wait for each other in a circle. */
    private static final String SOME = """
            w.note_id > :after AND w.note_id <= :last AND n.note_id > :after AND n.note_id <= :last AND NOT %s
            ORDER BY w.note_id FOR UPDATE OF w""".formatted(Enqueuer.REFRESH_IN_HAND);

    /** So many are planned in a moment, which is how long a run waits for its note. */
    private static final int BATCH = 10_000;

    /** Stands before the settings by which not all notes are planned yet. */
    private static final String UNFINISHED = "unfinished: ";

    private final JdbcClient jdbc;
    private final RefreshProperties settings;
    private final Clock clock;
    private final NamedStatement planOne;
    private final TransactionTemplate ownTransaction;

    public RefreshPlan(
            JdbcClient jdbc, RefreshProperties settings, Clock clock, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.settings = settings;
        this.clock = clock;
        this.planOne = NamedStatement.of(statement(ONE));
        this.ownTransaction = new TransactionTemplate(transactions);
        this.ownTransaction.setPropagationBehavior(TransactionDefinition.PROPAGATION_REQUIRES_NEW);
    }

    /**
     * Plans one note anew, behind the rows of its newest answer. Part of the caller's transaction; a repeat changes
     * nothing.
     */
    public void plan(NoteId id) {
        planning(id).update(jdbc);
    }

    /** The same as a statement. */
    public BoundStatement planning(NoteId id) {
        return planOne.with(new MapSqlParameterSource("noteId", id.value()));
    }

    /**
     * Plans all archived notes anew if the settings are others than those of the last time, by whatever node; in
     * transactions of its own, so many notes each, since nobody can settle a note meanwhile. What broke off is begun
     * anew by the next run; whoever has other settings takes over. A note whose new answer is bought and not yet worked
     * on stays due, or nobody would look at that answer.
     *
     * @return how many notes are due in another night than before
     */
    public int planAllIfChanged() {
        return planAllIfChanged(BATCH);
    }

    public int planAllIfChanged(int batch) {
        if (!begin()) {
            return 0;
        }
        int planned = 0;
        Optional<String> last = lastOfBatch("", batch);
        for (String after = ""; last.isPresent(); last = lastOfBatch(after, batch)) {
            Range range = new Range(after, last.get());
            OptionalInt changed = ownTransaction.execute(_ -> plan(range));
            if (changed.isEmpty()) {
                return planned;
            }
            planned += changed.getAsInt();
            after = range.last();
        }
        finish();
        return planned;
    }

    private record Range(String after, String last) {}

    private boolean begin() {
        return ownTransaction.execute(_ -> jdbc.sql("""
                                                INSERT INTO refresh_policy (policy, planned_at) VALUES (:unfinished, :now)
                                                ON CONFLICT (only_one) DO UPDATE
                                                SET policy = EXCLUDED.policy, planned_at = EXCLUDED.planned_at
                                                WHERE refresh_policy.policy <> :policy
                                                """)
                        .param("unfinished", UNFINISHED + settings.policy())
                        .param("policy", settings.policy())
                        .param("now", Timestamp.from(clock.instant()))
                        .update()
                > 0);
    }

    private Optional<String> lastOfBatch(String after, int batch) {
        return jdbc.sql("""
                        SELECT note_id FROM (SELECT note_id FROM worklist WHERE note_id > :after
                                             ORDER BY note_id LIMIT :batch) AS batch
                        ORDER BY note_id DESC LIMIT 1
                        """)
                .param("after", after)
                .param("batch", batch)
                .query(String.class)
                .optional();
    }

    /** Empty: somebody else has planned all notes meanwhile, or does so by other settings. */
    private OptionalInt plan(Range range) {
        boolean ours = jdbc.sql("SELECT FROM refresh_policy WHERE policy = :unfinished FOR SHARE")
                .param("unfinished", UNFINISHED + settings.policy())
                .query((_, _) -> true)
                .optional()
                .isPresent();
        if (!ours) {
            return OptionalInt.empty();
        }
        WorklistStats.countByStatement(jdbc);
        return OptionalInt.of(jdbc.sql(statement(SOME))
                .param("after", range.after())
                .param("last", range.last())
                .update());
    }

    private void finish() {
        ownTransaction.executeWithoutResult(_ -> jdbc.sql("""
                                        UPDATE refresh_policy SET policy = :policy, planned_at = :now
                                        WHERE policy = :unfinished
                                        """)
                .param("unfinished", UNFINISHED + settings.policy())
                .param("policy", settings.policy())
                .param("now", Timestamp.from(clock.instant()))
                .update());
    }

    /**
     * Sets {@code refresh_night} of notes {@code w} with their rows {@code n}. Gaps and ages stand in it as they are:
     * of arrays that come as parameters PostgreSQL makes a plan for each note, which takes longer than the statement.
     */
    private String statement(String which) {
        return """
                UPDATE worklist w SET refresh_night = plan.night, refresh_attempts = 0
                FROM (SELECT w.note_id, p.night
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
                        AND %s) AS plan
                WHERE w.note_id = plan.note_id
                """.formatted(joined(settings.gapDays()), joined(settings.ageDays()), which);
    }

    private static String joined(List<Long> days) {
        return days.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
