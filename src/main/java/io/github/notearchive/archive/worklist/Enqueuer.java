package io.github.notearchive.archive.worklist;

import io.github.notearchive.archive.catalog.Columns;
import io.github.notearchive.archive.catalog.Statements;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.io.RecordParameters;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import java.io.Reader;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.sql.init.dependency.DependsOnDatabaseInitialization;
import org.springframework.jdbc.core.ConnectionCallback;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.namedparam.SqlParameterSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Writes lists of note ids to the worklist: the whole list or, on failure, nothing. Lists with refresh options are
 * written in batches of {@value #BATCH} notes, each in its own transaction, because they lock rows that runs need.
 * After a failure the earlier batches remain; repeating the list completes it.
 *
 * <p>Ids are copied to a temporary table and merged with few statements, so that a million ids take seconds. Known
 * notes keep their rows, except for the refresh columns if the list sets them.
 *
 * <p>Worklist rows are inserted or locked in id order by one statement and compared with the tombstones afterwards.
 * {@code forget} writes its tombstones first and then inserts or locks the same rows in the same order. So one of the
 * two waits for the other, neither misses the other's writes, and they cannot deadlock.
 */
@Component
@DependsOnDatabaseInitialization
public record Enqueuer(DataSource dataSource, Clock clock) {

    /** Maximum number of rejected lines in a report; the consumer of {@link #enqueue} receives all. */
    static final int EXAMPLES = 100;

    /** Maximum number of notes locked by a transaction that plans refreshes. */
    static final int BATCH = 10_000;

    /** Longest interval between two responses, in days. */
    public static final int MAX_GAP_DAYS = 36_500;

    private static final String AFTER_ALL = "g";

    /**
     * Condition that a paid refresh response of note {@code w} with row {@code n} is not processed yet. Such a note
     * stays due; otherwise the response would never be read.
     */
    static final String REFRESH_UNPROCESSED = """
            (w.refresh_night IS NOT NULL
             AND EXISTS (SELECT 1 FROM api_call c
                         WHERE c.note_id = w.note_id AND c.refresh AND c.billed = 'YES' AND c.response IS NOT NULL
                           AND c.received_at > n.last_captured_at))
            """;

    /**
     * Format of a list and the values to write with each id.
     *
     * @param column CSV column, by its name in the first line or its number from 1; null to detect it
     * @param priority 0 to 9
     * @param refreshDays refresh interval in nights; null for that of the settings
     * @param refreshOn night of a single refresh; null for none
     */
    public record Options(
            @Nullable String column,
            int priority,
            String source,
            @Nullable Integer refreshDays,
            @Nullable LocalDate refreshOn) {

        public Options(@Nullable String column, int priority, String source) {
            this(column, priority, source, null, null);
        }

        private boolean plansRefreshes() {
            return refreshDays != null || refreshOn != null;
        }
    }

    /**
     * Result of enqueueing a list of ids.
     *
     * @param known notes that were on the worklist; their rows are unchanged
     * @param repeated lines with a note of an earlier line
     * @param rejected lines without a note, or with an erased one
     */
    public record EnqueueReport(long added, long known, long repeated, long rejected, List<Rejected> examples) {}

    /** A rejected line by its number, from 1, its shortened text, and what is wrong and what to do. */
    public record Rejected(long line, String text, String reason) {

        @Override
        public String toString() {
            return "line " + line + " \"" + text + "\" " + reason;
        }
    }

    /** Thrown if a list cannot be read in the stated format. Nothing was enqueued. */
    public static final class EnqueueException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        EnqueueException(String message) {
            super(message);
        }
    }

    /** Reads a list completely and commits it; writes nothing if it is not in the stated format. */
    public EnqueueReport enqueue(Reader list, Options options, Consumer<Rejected> rejects) {
        // the temporary table belongs to a connection, so all transactions have to use the same one
        ConnectionCallback<EnqueueReport> enqueue = connection -> {
            DataSource session = new SingleConnectionDataSource(connection, true);
            JdbcClient jdbc = JdbcClient.create(session);
            TransactionTemplate transaction = new TransactionTemplate(new JdbcTransactionManager(session));
            Lines lines = new Lines(jdbc, rejects);
            transaction.executeWithoutResult(_ -> copy(list, options, jdbc, lines));
            Optional<Range> batch = next(jdbc, options, "");
            while (batch.isPresent()) {
                Range ids = batch.get();
                transaction.executeWithoutResult(_ -> write(ids, options, jdbc, lines));
                batch = next(jdbc, options, ids.last());
            }
            return lines.report();
        };
        return Objects.requireNonNull(new JdbcTemplate(dataSource).execute(enqueue));
    }

    private static void copy(Reader list, Options options, JdbcClient jdbc, Lines lines) {
        jdbc.sql("DROP TABLE IF EXISTS pg_temp.enqueued").update(); // of the previous list
        jdbc.sql("CREATE TEMPORARY TABLE enqueued (note_id text NOT NULL, line bigint NOT NULL)")
                .update();
        new NoteListReader(options.column(), lines).read(list);
        lines.flush();
        if (options.plansRefreshes()) {
            setWorkMem(jdbc);
            jdbc.sql("CREATE INDEX ON enqueued (note_id)").update();
        }
    }

    /** Range of ids: after one id, up to and including another. */
    private record Range(String after, String last) {}

    /** Returns the next batch of a list with refresh options; a list without is one batch. */
    private static Optional<Range> next(JdbcClient jdbc, Options options, String after) {
        if (!options.plansRefreshes()) {
            return after.isEmpty() ? Optional.of(new Range("", AFTER_ALL)) : Optional.empty();
        }
        return jdbc.sql("""
                        SELECT max(note_id) FROM (
                            SELECT DISTINCT note_id FROM enqueued WHERE note_id > :after ORDER BY note_id LIMIT :most) AS ids
                        HAVING max(note_id) IS NOT NULL
                        """)
                .params(Map.of("after", after, "most", BATCH))
                .query(String.class)
                .optional()
                .map(last -> new Range(after, last));
    }

    private void write(Range ids, Options options, JdbcClient jdbc, Lines lines) {
        setWorkMem(jdbc);
        WorklistStats.countByStatement(jdbc);
        SqlParameterSource values = RecordParameters.of(ids, options).addValue("now", Timestamp.from(clock.instant()));
        // locks known notes if refreshes are planned
        lines.added += jdbc.sql("""
                        INSERT INTO worklist (note_id, priority, source, enqueued_at, due_at, refresh_days, refresh_on)
                        SELECT DISTINCT note_id, :priority, :source, :now::timestamptz, :now::timestamptz,
                               :refreshDays::integer, :refreshOn::date
                        FROM enqueued
                        WHERE note_id > :after AND note_id <= :last
                        ORDER BY note_id
                        ON CONFLICT (note_id) %s
                        """.formatted(
                                options.plansRefreshes()
                                        ? "DO UPDATE SET note_id = EXCLUDED.note_id WHERE false"
                                        : "DO NOTHING"))
                .paramSource(values)
                .update();
        rejectErased(ids, jdbc, lines);
        if (options.plansRefreshes()) {
            planRefreshes(values, jdbc);
        }
        lines.distinct += jdbc.sql(
                        "SELECT count(DISTINCT note_id) FROM enqueued WHERE note_id > :after AND note_id <= :last")
                .paramSource(ids)
                .query(Long.class)
                .single();
    }

    /** Large enough to deduplicate and sort a million ids in memory. */
    private static void setWorkMem(JdbcClient jdbc) {
        jdbc.sql("SET LOCAL work_mem = '256MB'").update();
    }

    private static void rejectErased(Range ids, JdbcClient jdbc, Lines lines) {
        List<Erased> erased =
                jdbc.sql("""
                        WITH forgotten AS (
                            DELETE FROM enqueued e USING forgotten_note f
                            WHERE e.note_id = f.note_id AND e.note_id > :after AND e.note_id <= :last
                            RETURNING e.note_id, e.line, f.forgotten_at),
                        removed AS (
                            DELETE FROM worklist WHERE note_id IN (SELECT note_id FROM forgotten) RETURNING note_id)
                        SELECT line, note_id, forgotten_at, (SELECT count(*) FROM removed) AS removed
                        FROM forgotten ORDER BY line
                        """).paramSource(ids).query(Columns.of(Erased.class)).list();
        lines.accepted -= erased.size();
        lines.added -= erased.isEmpty() ? 0 : erased.getFirst().removed();
        erased.forEach(line -> lines.rejected(new Rejected(
                line.line(),
                line.noteId().value(),
                "was forgotten on " + Night.of(line.forgottenAt()) + ", and will not be archived again")));
    }

    private record Erased(long line, NoteId noteId, Instant forgottenAt, long removed) {}

    /**
     * Plans known notes. An archived note is planned relative to its last response; one with an unprocessed response
     * stays due.
     */
    private static void planRefreshes(SqlParameterSource values, JdbcClient jdbc) {
        jdbc.sql("""
                        UPDATE worklist w
                        SET refresh_days = coalesce(:refreshDays, w.refresh_days),
                            refresh_on = coalesce(:refreshOn, w.refresh_on),
                            refresh_night = CASE WHEN w.state = 'ARCHIVED' AND NOT %s
                                THEN least(CASE WHEN coalesce(:refreshOn::date, w.refresh_on) > t.captured
                                                THEN coalesce(:refreshOn::date, w.refresh_on) END,
                                           coalesce(t.captured + :refreshDays::int, w.refresh_night))
                                ELSE w.refresh_night END,
                            refresh_attempts = 0
                        FROM (SELECT DISTINCT note_id FROM enqueued
                              WHERE note_id > :after AND note_id <= :last) ids
                        LEFT JOIN note n USING (note_id)
                        CROSS JOIN LATERAL (
                            SELECT (n.last_captured_at AT TIME ZONE 'Asia/Shanghai')::date AS captured) AS t
                        WHERE w.note_id = ids.note_id
                        """.formatted(REFRESH_UNPROCESSED)).paramSource(values).update();
    }

    /** Copies the ids of a list to the table and counts its lines. */
    static final class Lines {

        private final JdbcClient jdbc;
        private final Consumer<Rejected> rejects;
        private final List<String> ids = new ArrayList<>();
        private final List<Long> numbers = new ArrayList<>();
        private final List<Rejected> examples = new ArrayList<>();
        private long accepted;
        private long rejected;
        private long distinct;
        private long added;

        private Lines(JdbcClient jdbc, Consumer<Rejected> rejects) {
            this.jdbc = jdbc;
            this.rejects = rejects;
        }

        void note(NoteId id, long line) {
            accepted++;
            ids.add(id.value());
            numbers.add(line);
            if (ids.size() == BATCH) {
                flush();
            }
        }

        void rejected(Rejected line) {
            rejected++;
            if (examples.size() < EXAMPLES) {
                examples.add(line);
            }
            rejects.accept(line);
        }

        private void flush() {
            Statements.update(
                    jdbc,
                    Map.of("ids", ids, "numbers", numbers),
                    "INSERT INTO enqueued SELECT * FROM unnest(:ids::text[], :numbers::text[]::bigint[])");
            ids.clear();
            numbers.clear();
        }

        private EnqueueReport report() {
            return new EnqueueReport(added, distinct - added, accepted - distinct, rejected, List.copyOf(examples));
        }
    }
}
