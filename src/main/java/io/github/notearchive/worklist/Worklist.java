package io.github.notearchive.worklist;

import static io.github.notearchive.sql.Timestamps.instant;
import static io.github.notearchive.sql.Timestamps.timestamp;

import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.sql.BoundStatement;
import io.github.notearchive.sql.NamedStatement;
import io.github.notearchive.sql.OwnTransaction;
import io.github.notearchive.sql.Question;
import io.github.notearchive.sql.StorableText;
import io.github.notearchive.worklist.ClaimMarks.Mark;
import io.github.notearchive.worklist.ClaimMarks.Marks;
import io.github.notearchive.worklist.Settlement.Counter;
import java.sql.Date;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * The rows of {@code worklist}.
 *
 * <p>{@code due_at} and nights go by the program's clock, leases by the database's, so that nodes
 * whose clocks differ do not take each other's claims.
 */
@Repository
public class Worklist {

    /** How long a claim holds without being renewed. */
    public static final Duration LEASE = Duration.ofMinutes(5);

    /** Highest first. */
    private static final List<Integer> LANES = List.of(10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);

    private static final DateTimeFormatter MICROSECONDS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);

    private static final NamedStatement SETTLE =
            NamedStatement.of(
                    """
                    UPDATE worklist
                    SET state = :state, due_at = :dueAt, last_code = :code, last_error = :error,
                        missing_night = :missingNight, answer_held = :answerHeld,
                        refresh_night = CASE WHEN :state = 'ARCHIVED' THEN refresh_night END,
                        attempts = attempts + :call,
                        media_attempts = media_attempts + :media,
                        attempts_tonight =
                            CASE WHEN counted_night = :tonight THEN attempts_tonight ELSE 0 END + :call,
                        media_attempts_tonight =
                            CASE WHEN counted_night = :tonight THEN media_attempts_tonight ELSE 0 END + :media,
                        counted_night = :tonight,
                        settled_at = :now, settled_by = :execution,
                        claimed_by = NULL, claimed_until = NULL, claim_id = NULL
                    WHERE note_id = :noteId AND claim_id = :claim
                    """);

    private static final NamedStatement STANDING =
            NamedStatement.of(
                    """
                    SELECT * FROM worklist
                    WHERE note_id = :noteId AND (:claim::bigint IS NULL OR claim_id = :claim)
                    """);

    private final JdbcClient jdbc;
    private final Clock clock;
    private final WorklistCounts counts;

    /** For one statement, which is a transaction by itself, whatever the caller is in. */
    private final TransactionTemplate ownTransaction;

    private final TransactionTemplate transaction;
    private final ClaimMarks marks = new ClaimMarks();
    private final ClaimMarks refreshMarks = new ClaimMarks();

    Worklist(
            JdbcClient jdbc,
            Clock clock,
            WorklistCounts counts,
            PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.clock = clock;
        this.counts = counts;
        this.transaction = new TransactionTemplate(transactions);
        this.ownTransaction = OwnTransaction.perStatement(transactions);
    }

    /**
     * Takes the note that is due first, for the length of a {@link #LEASE}, in a transaction of its
     * own.
     *
     * <p>Lane by lane from the highest, and within a lane the one that has been due for the
     * longest; rows that another worker is taking at the same moment are passed over. A note that
     * becomes claimable again behind those that this process has gone through may be taken {@value
     * ClaimMarks#SECONDS} seconds later than its turn.
     *
     * <p>A claim of this very node is never taken over, however old its lease: the worker that
     * holds it may still be waiting for an answer that is paid for.
     */
    public Optional<ClaimedNote> claim(String node) {
        Marks mine = marks.of(node);
        if (!mine.isFrontDue()) {
            Optional<ClaimedNote> claimed = claim(node, mine, mine);
            if (claimed.isPresent() || !mine.isFrontUnknown()) {
                return claimed;
            }
        }
        Optional<ClaimedNote> claimed = claim(node, new Marks(), mine);
        if (claimed.isEmpty()) {
            mine.nothing();
        }
        return claimed;
    }

    private Optional<ClaimedNote> claim(String node, Marks from, Marks mine) {
        List<Mark> begins = LANES.stream().map(from::of).toList();
        return ownTransaction.execute(
                _ ->
                        jdbc.sql(
                                        """
                                        UPDATE worklist w
                                        SET claimed_by = :node, claimed_until = now() + :lease * interval '1 second',
                                            claim_id = nextval('worklist_claim_seq')
                                        WHERE w.note_id = (
                                            SELECT due.note_id
                                            FROM unnest(:lanes::int[], :dues::timestamptz[], :ids::text[]) AS lanes (lane, due, id)
                                            CROSS JOIN LATERAL (
                                                SELECT note_id
                                                FROM worklist
                                                WHERE lane = lanes.lane AND due_at <= :now
                                                  AND (due_at, note_id) >= (lanes.due, lanes.id)
                                                  AND (claimed_until IS NULL
                                                       OR (claimed_until < now() AND claimed_by <> :node))
                                                ORDER BY due_at, note_id
                                                LIMIT 1
                                                FOR UPDATE SKIP LOCKED) AS due
                                            LIMIT 1)
                                        RETURNING w.*
                                        """)
                                .param("node", node)
                                .param("lease", LEASE.toSeconds())
                                .param("lanes", LANES.toArray(Integer[]::new))
                                .param(
                                        "dues",
                                        begins.stream().map(Mark::due).toArray(String[]::new))
                                .param(
                                        "ids",
                                        begins.stream().map(Mark::noteId).toArray(String[]::new))
                                .param("now", Timestamp.from(clock.instant()))
                                .query(
                                        (row, _) -> {
                                            mine.taken(
                                                    row.getInt("lane"),
                                                    mark(
                                                            row.getTimestamp("due_at").toInstant(),
                                                            row.getString("note_id")));
                                            return claimed(row);
                                        })
                                .optional());
    }

    /** In a form that the database reads, and whose order as a text is that of the times. */
    private static Mark mark(Instant due, String noteId) {
        return new Mark(MICROSECONDS.format(due), noteId);
    }

    /**
     * Takes the archived note whose refresh has been due for the longest, in the same way. Behind
     * everything that {@link #claim} may give.
     */
    public Optional<ClaimedNote> claimRefresh(String node) {
        Marks mine = refreshMarks.of(node);
        if (!mine.isFrontDue()) {
            Optional<ClaimedNote> claimed = claimRefresh(node, mine.of(0), mine);
            if (claimed.isPresent() || !mine.isFrontUnknown()) {
                return claimed;
            }
        }
        Optional<ClaimedNote> claimed = claimRefresh(node, Mark.FRONT, mine);
        if (claimed.isEmpty()) {
            mine.nothing();
        }
        return claimed;
    }

    private Optional<ClaimedNote> claimRefresh(String node, Mark from, Marks mine) {
        return ownTransaction.execute(
                _ ->
                        jdbc.sql(
                                        """
                                        UPDATE worklist w
                                        SET claimed_by = :node, claimed_until = now() + :lease * interval '1 second',
                                            claim_id = nextval('worklist_claim_seq')
                                        WHERE w.note_id = (
                                            SELECT note_id
                                            FROM worklist
                                            WHERE state IN ('ARCHIVED', 'UNAVAILABLE') AND refresh_night <= :tonight
                                              AND (refresh_night, note_id) >= (:night::date, :id)
                                              AND (claimed_until IS NULL
                                                   OR (claimed_until < now() AND claimed_by <> :node))
                                            ORDER BY refresh_night, note_id
                                            LIMIT 1
                                            FOR UPDATE SKIP LOCKED)
                                        RETURNING w.*
                                        """)
                                .param("node", node)
                                .param("lease", LEASE.toSeconds())
                                .param("night", from.due())
                                .param("id", from.noteId())
                                .param("tonight", Night.current(clock).date())
                                .query(
                                        (row, _) -> {
                                            LocalDate night =
                                                    row.getObject("refresh_night", LocalDate.class);
                                            mine.taken(
                                                    0,
                                                    new Mark(
                                                            night.toString(),
                                                            row.getString("note_id")));
                                            return claimed(row, night);
                                        })
                                .optional());
    }

    /** Whether {@link #claimRefresh} would give a note, or would but for another worker. */
    public boolean isRefreshDue(String node) {
        return ownTransaction.execute(
                _ ->
                        jdbc.sql(
                                        """
                                        SELECT count(*) > 0 FROM (
                                            SELECT 1 FROM worklist
                                            WHERE state IN ('ARCHIVED', 'UNAVAILABLE') AND refresh_night <= :tonight
                                              AND (claimed_until IS NULL
                                                   OR (claimed_until < now() AND claimed_by <> :node))
                                            ORDER BY refresh_night, note_id
                                            LIMIT 1) AS first
                                        """)
                                .param("node", node)
                                .param("tonight", Night.current(clock).date())
                                .query(Boolean.class)
                                .single());
    }

    private ClaimedNote claimed(ResultSet row) throws SQLException {
        return claimed(row, null);
    }

    private ClaimedNote claimed(ResultSet row, @Nullable LocalDate refresh) throws SQLException {
        Date counted = row.getDate("counted_night");
        Night now = Night.current(clock);
        boolean tonight = counted != null && counted.toLocalDate().equals(now.date());
        LocalDate missing = row.getObject("missing_night", LocalDate.class);
        return new ClaimedNote(
                new NoteId(row.getString("note_id")),
                row.getLong("claim_id"),
                NoteState.valueOf(row.getString("state")),
                row.getInt("attempts"),
                tonight ? row.getInt("attempts_tonight") : 0,
                row.getInt("media_attempts"),
                tonight ? row.getInt("media_attempts_tonight") : 0,
                missing == null ? null : new Night(missing),
                refresh == null ? null : new Night(refresh),
                row.getInt("refresh_attempts"),
                now,
                instant(row.getTimestamp("settled_at")));
    }

    private void lookFromTheFront() {
        marks.forget();
        refreshMarks.forget();
    }

    /** Lengthens every lease of a node, by one statement; and keeps the counts short. */
    public int renewLeases(String node) {
        int renewed =
                ownTransaction.execute(
                        _ ->
                                jdbc.sql(
                                                """
                                                UPDATE worklist SET claimed_until = now() + :lease * interval '1 second'
                                                WHERE claimed_by = :node
                                                """)
                                        .param("lease", LEASE.toSeconds())
                                        .param("node", node)
                                        .update());
        counts.compact();
        return renewed;
    }

    /**
     * Hands back every claim of a node, with states and counters untouched. Only under the node's
     * runner lock.
     */
    public int releaseAll(String node) {
        lookFromTheFront();
        counts.compact();
        return ownTransaction.execute(
                _ ->
                        jdbc.sql(
                                        """
                                        UPDATE worklist SET claimed_by = NULL, claimed_until = NULL, claim_id = NULL
                                        WHERE claimed_by = :node
                                        """)
                                .param("node", node)
                                .update());
    }

    /**
     * Hands a note back as it was: state, counters and {@code due_at} untouched. Part of the
     * caller's transaction.
     *
     * @return false when the claim was lost; nothing is written then
     */
    public boolean release(ClaimedNote claimed) {
        lookFromTheFront();
        return jdbc.sql(
                                """
                                UPDATE worklist SET claimed_by = NULL, claimed_until = NULL, claim_id = NULL
                                WHERE note_id = :noteId AND claim_id = :claim
                                """)
                        .param("noteId", claimed.id().value())
                        .param("claim", claimed.claim())
                        .update()
                == 1;
    }

    /**
     * Writes what was decided about a note, and ends its claim. Part of the caller's transaction.
     *
     * @param now when it was decided
     * @return false when the claim was lost; nothing is written then
     */
    public boolean settle(
            ClaimedNote claimed, Settlement decided, long jobExecutionId, Instant now) {
        return settling(claimed, decided, jobExecutionId, now).update(jdbc) == 1;
    }

    /** The same as a statement, which changes one row, or none when the claim was lost. */
    public BoundStatement settling(
            ClaimedNote claimed, Settlement decided, long jobExecutionId, Instant now) {
        Night missing = decided.missingNight();
        return SETTLE.with(
                new MapSqlParameterSource()
                        .addValue("state", decided.state().name())
                        .addValue("dueAt", timestamp(decided.dueAt()))
                        .addValue("code", decided.code())
                        .addValue("error", StorableText.of(decided.error()))
                        .addValue("missingNight", missing == null ? null : missing.date())
                        .addValue("answerHeld", decided.answerHeld())
                        .addValue("call", decided.countsFor() == Counter.CALL ? 1 : 0)
                        .addValue("media", decided.countsFor() == Counter.MEDIA ? 1 : 0)
                        .addValue("tonight", Night.of(now).date())
                        .addValue("now", Timestamp.from(now))
                        .addValue("execution", jobExecutionId)
                        .addValue("noteId", claimed.id().value())
                        .addValue("claim", claimed.claim()));
    }

    /**
     * How far a note got, in a transaction of its own; empty when it is not on the list.
     *
     * @param claimed by whom it is held
     */
    public Optional<Standing> standing(ClaimedNote claimed) {
        return standing(claimed.id(), claimed.claim());
    }

    /** The same for a note that nobody need hold. */
    public Optional<Standing> standing(NoteId id) {
        return standing(id, null);
    }

    private Optional<Standing> standing(NoteId id, @Nullable Long claim) {
        return ownTransaction.execute(_ -> askStanding(id, claim).ask(jdbc).optional());
    }

    /** {@link #standing(ClaimedNote)} as a question; it has no row or one. */
    public Question<Standing> askStanding(ClaimedNote claimed) {
        return askStanding(claimed.id(), claimed.claim());
    }

    private static Question<Standing> askStanding(NoteId id, @Nullable Long claim) {
        return STANDING.with(
                        new MapSqlParameterSource()
                                .addValue("noteId", id.value())
                                .addValue("claim", claim, Types.BIGINT))
                .as((row, _) -> standing(row));
    }

    private static Standing standing(ResultSet row) throws SQLException {
        return new Standing(
                NoteState.valueOf(row.getString("state")),
                row.getInt("priority"),
                row.getString("source"),
                row.getTimestamp("enqueued_at").toInstant(),
                row.getInt("attempts"),
                row.getInt("attempts_tonight"),
                row.getInt("media_attempts"),
                row.getInt("media_attempts_tonight"),
                row.getObject("counted_night", LocalDate.class),
                row.getObject("missing_night", LocalDate.class),
                row.getBoolean("answer_held"),
                instant(row.getTimestamp("due_at")),
                row.getObject("last_code", Integer.class),
                row.getString("last_error"),
                instant(row.getTimestamp("settled_at")),
                row.getObject("refresh_days", Integer.class),
                row.getObject("refresh_on", LocalDate.class),
                row.getObject("refresh_night", LocalDate.class),
                row.getInt("refresh_attempts"));
    }

    /**
     * Writes a note's row as a sidecar tells it, in place of what stands there. Part of the
     * caller's transaction. Only while no run is active.
     */
    public void restore(NoteId id, Standing standing) {
        jdbc.sql(
                        """
                        INSERT INTO worklist (note_id, state, priority, answer_held, attempts, attempts_tonight, media_attempts,
                                              media_attempts_tonight, counted_night, missing_night, due_at, last_code,
                                              last_error, source, enqueued_at, settled_at, refresh_days, refresh_on,
                                              refresh_night, refresh_attempts)
                        VALUES (:noteId, :state, :priority, :answerHeld, :attempts, :attemptsTonight, :mediaAttempts,
                                :mediaAttemptsTonight, :countedNight, :missingNight, :dueAt, :code,
                                :error, :source, :enqueuedAt, :settledAt, :refreshDays, :refreshOn,
                                :refreshNight, :refreshAttempts)
                        ON CONFLICT (note_id) DO UPDATE
                        SET state = EXCLUDED.state, priority = EXCLUDED.priority, answer_held = EXCLUDED.answer_held,
                            attempts = EXCLUDED.attempts, attempts_tonight = EXCLUDED.attempts_tonight,
                            media_attempts = EXCLUDED.media_attempts,
                            media_attempts_tonight = EXCLUDED.media_attempts_tonight,
                            counted_night = EXCLUDED.counted_night, missing_night = EXCLUDED.missing_night,
                            due_at = EXCLUDED.due_at, last_code = EXCLUDED.last_code, last_error = EXCLUDED.last_error,
                            source = EXCLUDED.source, enqueued_at = EXCLUDED.enqueued_at, settled_at = EXCLUDED.settled_at,
                            refresh_days = EXCLUDED.refresh_days, refresh_on = EXCLUDED.refresh_on,
                            refresh_night = EXCLUDED.refresh_night, refresh_attempts = EXCLUDED.refresh_attempts,
                            settled_by = NULL, claimed_by = NULL, claimed_until = NULL, claim_id = NULL
                        """)
                .param("noteId", id.value())
                .param("state", standing.state().name())
                .param("priority", standing.priority())
                .param("answerHeld", standing.answerHeld())
                .param("attempts", standing.attempts())
                .param("attemptsTonight", standing.attemptsTonight())
                .param("mediaAttempts", standing.mediaAttempts())
                .param("mediaAttemptsTonight", standing.mediaAttemptsTonight())
                .param("countedNight", standing.countedNight())
                .param("missingNight", standing.missingNight())
                .param("dueAt", timestamp(standing.dueAt()))
                .param("code", standing.lastCode())
                .param("error", StorableText.of(standing.lastError()))
                .param("source", standing.source())
                .param("enqueuedAt", Timestamp.from(standing.enqueuedAt()))
                .param("settledAt", timestamp(standing.settledAt()))
                .param("refreshDays", standing.refreshDays(), Types.INTEGER)
                .param("refreshOn", standing.refreshOn(), Types.DATE)
                .param("refreshNight", standing.refreshNight(), Types.DATE)
                .param(
                        "refreshAttempts",
                        standing.refreshAttempts() == null ? 0 : standing.refreshAttempts())
                .update();
    }

    /**
     * Writes what came of asking anew about a note that keeps what it has, and ends its claim. Part
     * of the caller's transaction.
     *
     * @return false when the claim was lost; nothing is written then
     */
    public boolean keep(ClaimedNote claimed, Upkeep decided, long jobExecutionId, Instant now) {
        return jdbc.sql(
                                """
                                UPDATE worklist
                                SET state = :state, refresh_night = :again, refresh_attempts = :attempts,
                                    due_at = CASE WHEN :held THEN :againAt WHEN :state = 'ARCHIVED' THEN due_at END,
                                    answer_held = :held OR (:state = 'ARCHIVED' AND answer_held),
                                    last_code = :code, last_error = :error, missing_night = :missingNight,
                                    settled_at = :now, settled_by = :execution,
                                    claimed_by = NULL, claimed_until = NULL, claim_id = NULL
                                WHERE note_id = :noteId AND claim_id = :claim
                                """)
                        .param("state", decided.state().name())
                        .param("again", decided.again().date())
                        .param("againAt", Timestamp.from(decided.again().begins()))
                        .param("held", decided.answerHeld())
                        .param("attempts", decided.attempts())
                        .param("code", decided.code())
                        .param("error", StorableText.ofText(decided.obstacle()))
                        .param(
                                "missingNight",
                                decided.missingNight() == null
                                        ? null
                                        : decided.missingNight().date())
                        .param("now", Timestamp.from(now))
                        .param("execution", jobExecutionId)
                        .param("noteId", claimed.id().value())
                        .param("claim", claimed.claim())
                        .update()
                == 1;
    }

    /** What is left to wait for; claims of other nodes are not. */
    public Outlook outlook(String node) {
        return ownTransaction.execute(
                _ ->
                        jdbc.sql(
                                        """
                                        SELECT (SELECT count(*) FROM worklist WHERE claimed_by = :node) AS held,
                                               (SELECT min(first.due_at)
                                                FROM generate_series(10, 0, -1) AS lanes (lane)
                                                CROSS JOIN LATERAL (
                                                    SELECT due_at
                                                    FROM worklist
                                                    WHERE lane = lanes.lane AND due_at IS NOT NULL
                                                      AND (claimed_until IS NULL
                                                       OR (claimed_until < now() AND claimed_by <> :node))
                                                    ORDER BY due_at
                                                    LIMIT 1) AS first) AS next
                                        """)
                                .param("node", node)
                                .query(
                                        (row, _) ->
                                                new Outlook(
                                                        row.getInt("held"),
                                                        instant(row.getTimestamp("next"))))
                                .single());
    }

    /** The whole row of one note; empty when it is not on the list. */
    public Optional<Entry> find(NoteId id) {
        return jdbc.sql(
                        """
                        SELECT * FROM worklist WHERE note_id = :noteId
                        """)
                .param("noteId", id.value())
                .query((row, _) -> entry(row))
                .optional();
    }

    private static Entry entry(ResultSet row) throws SQLException {
        LocalDate counted = row.getObject("counted_night", LocalDate.class);
        return new Entry(
                new NoteId(row.getString("note_id")),
                NoteState.valueOf(row.getString("state")),
                row.getInt("priority"),
                row.getInt("attempts"),
                row.getInt("attempts_tonight"),
                row.getInt("media_attempts"),
                row.getInt("media_attempts_tonight"),
                counted == null ? null : new Night(counted),
                instant(row.getTimestamp("due_at")),
                row.getObject("last_code", Integer.class),
                row.getString("last_error"),
                row.getString("source"),
                row.getTimestamp("enqueued_at").toInstant(),
                instant(row.getTimestamp("settled_at")),
                row.getObject("settled_by", Long.class),
                row.getString("claimed_by"),
                instant(row.getTimestamp("claimed_until")),
                row.getObject("refresh_days", Integer.class),
                row.getObject("refresh_on", LocalDate.class),
                row.getObject("refresh_night", LocalDate.class),
                row.getInt("refresh_attempts"));
    }

    /**
     * Makes notes due now, as if they were new; a paid answer in the ledger stays usable. Notes in
     * work are left alone.
     *
     * @return those that were found on the list and are due now
     */
    public List<NoteId> requeue(Collection<NoteId> ids) {
        return jdbc.sql(
                        """
                        UPDATE worklist
                        SET state = 'PENDING', due_at = :now, attempts = 0, attempts_tonight = 0, media_attempts = 0,
                            media_attempts_tonight = 0, missing_night = NULL, last_error = NULL,
                            claimed_by = NULL, claimed_until = NULL, claim_id = NULL
                        WHERE note_id = ANY (:ids) AND (claim_id IS NULL OR claimed_until < now() - interval '1 hour')
                        RETURNING note_id
                        """)
                .param("now", Timestamp.from(clock.instant()))
                .param("ids", ids.stream().map(NoteId::value).toArray(String[]::new))
                .query((row, _) -> new NoteId(row.getString("note_id")))
                .list();
    }

    /** Makes every note of a state due now, as {@link #requeue(Collection)} does. */
    public int requeue(NoteState state) {
        return byStatement(() -> requeueAll(state));
    }

    private int requeueAll(NoteState state) {
        return jdbc.sql(
                        """
                        UPDATE worklist
                        SET state = 'PENDING', due_at = :now, attempts = 0, attempts_tonight = 0, media_attempts = 0,
                            media_attempts_tonight = 0, missing_night = NULL, last_error = NULL,
                            claimed_by = NULL, claimed_until = NULL, claim_id = NULL
                        WHERE state = :state AND (claim_id IS NULL OR claimed_until < now() - interval '1 hour')
                        """)
                .param("now", Timestamp.from(clock.instant()))
                .param("state", state.name())
                .update();
    }

    /**
     * Makes every archived note due now whose video was not asked for, as {@link
     * #requeue(Collection)} does.
     *
     * @return how many there are
     */
    public int requeueWithoutVideo() {
        return byStatement(this::requeueAllWithoutVideo);
    }

    private int requeueAllWithoutVideo() {
        return jdbc.sql(
                        """
                        UPDATE worklist w
                        SET state = 'PENDING', due_at = :now, attempts = 0, attempts_tonight = 0, media_attempts = 0,
                            media_attempts_tonight = 0, missing_night = NULL, last_error = NULL,
                            claimed_by = NULL, claimed_until = NULL, claim_id = NULL
                        WHERE state = 'ARCHIVED' AND (claim_id IS NULL OR claimed_until < now() - interval '1 hour')
                          AND EXISTS (SELECT 1 FROM note_media m
                                      WHERE m.note_id = w.note_id AND m.kind = 'VIDEO'
                                        AND m.state = 'WAIVED' AND m.reason = 'NOT_OFFERED_BY_V1')
                        """)
                .param("now", Timestamp.from(clock.instant()))
                .update();
    }

    private int byStatement(IntSupplier change) {
        return transaction.execute(
                _ -> {
                    WorklistCounts.countByStatement(jdbc);
                    return change.getAsInt();
                });
    }

    /**
     * Keeps runs from claiming a note until the caller's transaction ends; false when one has it.
     */
    public boolean keepUnclaimed(NoteId id) {
        return jdbc.sql(
                        """
                        SELECT 1 FROM worklist WHERE note_id = :noteId AND claim_id IS NULL FOR UPDATE
                        """)
                .param("noteId", id.value())
                .query(Integer.class)
                .optional()
                .isPresent();
    }

    /**
     * The same for a note about which no run has decided since it was looked at.
     *
     * @param seen as it was then
     */
    public boolean keepUnclaimed(NoteId id, Standing seen) {
        return jdbc.sql(
                        """
                        SELECT 1 FROM worklist
                        WHERE note_id = :noteId AND claim_id IS NULL AND settled_at IS NOT DISTINCT FROM :seen
                        FOR UPDATE
                        """)
                .param("noteId", id.value())
                .param("seen", timestamp(seen.settledAt()), Types.TIMESTAMP)
                .query(Integer.class)
                .optional()
                .isPresent();
    }

    /**
     * Marks a note as archived that an operator's waiver has completed. Part of the caller's
     * transaction.
     *
     * @param seen as it was looked at
     * @return false when a run has it, or has decided about it since
     */
    public boolean completeByWaiver(NoteId id, Standing seen, Instant now) {
        return jdbc.sql(
                                """
                                UPDATE worklist
                                SET state = 'ARCHIVED', due_at = NULL, last_error = NULL, answer_held = false, settled_at = :now
                                WHERE note_id = :noteId AND state IN ('PENDING', 'POSTPONED', 'FAILED') AND claim_id IS NULL
                                  AND settled_at IS NOT DISTINCT FROM :seen
                                """)
                        .param("seen", timestamp(seen.settledAt()), Types.TIMESTAMP)
                        .param("now", Timestamp.from(now))
                        .param("noteId", id.value())
                        .update()
                == 1;
    }

    /** One row, as it stands. */
    public record Entry(
            NoteId id,
            NoteState state,
            int priority,
            int attempts,
            int attemptsTonight,
            int mediaAttempts,
            int mediaAttemptsTonight,
            @Nullable Night countedNight,
            @Nullable Instant dueAt,
            @Nullable Integer lastCode,
            @Nullable String lastError,
            String source,
            Instant enqueuedAt,
            @Nullable Instant settledAt,
            @Nullable Long settledBy,
            @Nullable String claimedBy,
            @Nullable Instant claimedUntil,
            @Nullable Integer refreshDays,
            @Nullable LocalDate refreshOn,
            @Nullable LocalDate refreshNight,
            int refreshAttempts) {}
}
