package io.github.notearchive.archive.worklist;

import io.github.notearchive.io.jdbc.Columns;
import io.github.notearchive.io.jdbc.RecordParameters;
import io.github.notearchive.io.jdbc.Statements;
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
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.apache.commons.io.function.IOFunction;
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
public final class Enqueuer {

    /** Maximum number of rejected lines in a report; the consumer of {@link #enqueue} receives all. */
    static final int EXAMPLES = 100;

    /** Maximum number of notes that a transaction locks to plan refreshes; a run that needs one of them waits. */
    static final int BATCH = 10_000;

    /** Longest interval between two responses, in days. */
    public static final int MAX_GAP_DAYS = 36_500;

    /** Comes after all ids. */
    private static final String AFTER_ALL = "g";

    /** Large enough to deduplicate and sort a million ids in memory. */
    private static final String WORK_MEM = "set_config('work_mem', '256MB', true)";

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
     * Plans known notes. An archived note is planned relative to its last response; one with an unprocessed response
     * stays due.
     */
    private static final String PLAN_REFRESHES = """
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
            """.formatted(REFRESH_UNPROCESSED);

    private final DataSource dataSource;
    private final Clock clock;

    Enqueuer(DataSource dataSource, Clock clock) {
        this.dataSource = dataSource;
        this.clock = clock;
    }

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

    /**
     * Reads a list completely and commits it; writes nothing if it is not in the stated format.
     *
     * @param shortLinks returns the target of a short link; null to reject short links
     */
    public EnqueueReport enqueue(
            Reader list, Options options, Consumer<Rejected> rejects, @Nullable IOFunction<String, String> shortLinks) {
        // the temporary table belongs to a connection, so all transactions have to use the same one
        ConnectionCallback<EnqueueReport> enqueue = connection -> {
            DataSource session = new SingleConnectionDataSource(connection, true);
            EnqueuedList enqueued = new EnqueuedList(JdbcClient.create(session), options, rejects);
            TransactionTemplate transaction = new TransactionTemplate(new JdbcTransactionManager(session));
            String after = "";
            // not in a transaction, which would stay open while short links are requested
            for (String last : enqueued.copy(list, shortLinks)) {
                String first = after;
                transaction.executeWithoutResult(_ -> enqueued.write(first, last, clock.instant()));
                after = last;
            }
            return enqueued.report();
        };
        return Objects.requireNonNull(new JdbcTemplate(dataSource).execute(enqueue));
    }

    /** Divides the ids of a table into batches of the same size; returns the last id of each, in order. */
    static List<String> batches(JdbcClient jdbc, String table, int size) {
        return Statements.texts(jdbc, Map.of("size", size, "afterAll", AFTER_ALL), """
                        SELECT note_id
                        FROM (SELECT note_id, row_number() OVER (ORDER BY note_id) AS number FROM %s
                              GROUP BY note_id) AS ids
                        WHERE number %% :size = 0
                        UNION ALL SELECT :afterAll
                        ORDER BY 1
                        """.formatted(table));
    }

    /** A list in its temporary table, which is written by ranges of ids: after one, up to and including another. */
    static final class EnqueuedList {

        private final JdbcClient jdbc;
        private final Options options;
        private final Consumer<Rejected> rejects;
        private final List<String> ids = new ArrayList<>();
        private final List<Long> numbers = new ArrayList<>();
        private final List<Rejected> examples = new ArrayList<>();
        private long rejected;
        private long added;

        private EnqueuedList(JdbcClient jdbc, Options options, Consumer<Rejected> rejects) {
            this.jdbc = jdbc;
            this.options = options;
            this.rejects = rejects;
        }

        void add(NoteId id, long line) {
            ids.add(id.value());
            numbers.add(line);
            if (ids.size() == BATCH) {
                flush();
            }
        }

        void reject(long line, String text, String reason) {
            Rejected reject = new Rejected(line, text, reason);
            rejected++;
            if (examples.size() < EXAMPLES) {
                examples.add(reject);
            }
            rejects.accept(reject);
        }

        private void flush() {
            Statements.update(
                    jdbc,
                    Map.of("ids", ids, "numbers", numbers),
                    "INSERT INTO enqueued SELECT * FROM unnest(:ids::text[], :numbers::text[]::bigint[])");
            ids.clear();
            numbers.clear();
        }

        /** Copies the list to the table and returns the last id of each batch; a list without refreshes is one. */
        private List<String> copy(Reader list, @Nullable IOFunction<String, String> shortLinks) {
            jdbc.sql("DROP TABLE IF EXISTS pg_temp.enqueued").update(); // of the previous list
            jdbc.sql("CREATE TEMPORARY TABLE enqueued (note_id text COLLATE \"C\" NOT NULL, line bigint NOT NULL)")
                    .update();
            new NoteListReader(options.column(), this, shortLinks).read(list);
            flush();
            if (!options.plansRefreshes()) {
                return List.of(AFTER_ALL);
            }
            jdbc.sql("CREATE INDEX ON enqueued (note_id)").update();
            return batches(jdbc, "enqueued", BATCH);
        }

        private void write(String after, String last, Instant now) {
            WorklistStats.countByStatement(jdbc, WORK_MEM);
            SqlParameterSource values = RecordParameters.of(options)
                    .addValue("after", after)
                    .addValue("last", last)
                    .addValue("now", Timestamp.from(now));
            // locks known notes if refreshes are planned
            added += jdbc.sql("""
                            INSERT INTO worklist (note_id, priority, source, enqueued_at, due_at, refresh_days,
                                                  refresh_on)
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
            rejectErased(values);
            if (options.plansRefreshes()) {
                jdbc.sql(PLAN_REFRESHES).paramSource(values).update();
            }
        }

        private void rejectErased(SqlParameterSource range) {
            List<ErasedLine> erased = jdbc.sql("""
                            WITH forgotten AS (
                                DELETE FROM enqueued e USING forgotten_note f
                                WHERE e.note_id = f.note_id AND e.note_id > :after AND e.note_id <= :last
                                RETURNING e.note_id, e.line, f.forgotten_at),
                            removed AS (
                                DELETE FROM worklist WHERE note_id IN (SELECT note_id FROM forgotten) RETURNING note_id)
                            SELECT line, note_id, forgotten_at, (SELECT count(*) FROM removed) AS removed
                            FROM forgotten ORDER BY line
                            """)
                    .paramSource(range)
                    .query(Columns.of(ErasedLine.class))
                    .list();
            added -= erased.isEmpty() ? 0 : erased.getFirst().removed();
            erased.forEach(line -> reject(
                    line.line(),
                    line.noteId(),
                    "was forgotten on " + Night.of(line.forgottenAt()) + ", and will not be archived again"));
        }

        private record ErasedLine(long line, String noteId, Instant forgottenAt, long removed) {}

        private EnqueueReport report() {
            Accepted accepted = Statements.one(jdbc, Accepted.class, Map.of(), """
                            SELECT count(*) AS lines, count(DISTINCT note_id) AS notes FROM enqueued
                            """);
            return new EnqueueReport(
                    added, accepted.notes - added, accepted.lines - accepted.notes, rejected, List.copyOf(examples));
        }

        private record Accepted(long lines, long notes) {}
    }
}
