package io.github.notearchive.archive.worklist;

import static io.github.notearchive.io.Timestamps.instant;

import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.worklist.ClaimCursor.Mark;
import io.github.notearchive.archive.worklist.ClaimCursor.Marks;
import io.github.notearchive.io.Transactions;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Which node works on which note: claims begin, are renewed, and end without a decision.
 *
 * <p>{@code due_at} and nights go by the program's clock, leases by the database's, so that nodes whose clocks differ
 * do not take each other's claims.
 */
@Repository
public class ClaimRepository {

    /** How long a claim holds without being renewed. */
    public static final Duration LEASE = Duration.ofMinutes(5);

    /** What is set where a claim ends. */
    static final String ENDED = "claimed_by = NULL, claimed_until = NULL, claim_id = NULL";

    /** Whether a node may claim a note. */
    private static final String FREE = "(claimed_until IS NULL OR (claimed_until < now() AND claimed_by <> :node))";

    private static final String NEXT_DUE = """
            SELECT due.note_id
            FROM unnest(:lanes::int[], :dues::timestamptz[], :ids::text[]) AS lanes (lane, due, id)
            CROSS JOIN LATERAL (
                SELECT note_id
                FROM worklist
                WHERE lane = lanes.lane AND due_at <= :now
                  AND (due_at, note_id) >= (lanes.due, lanes.id)
                  AND %s
                ORDER BY due_at, note_id
                LIMIT 1
                FOR UPDATE SKIP LOCKED) AS due
            LIMIT 1
            """.formatted(FREE);

    private static final String NEXT_REFRESH = """
            SELECT note_id
            FROM worklist
            WHERE state IN ('ARCHIVED', 'UNAVAILABLE') AND refresh_night <= :tonight
              AND (refresh_night, note_id) >= (:night::date, :id)
              AND %s
            ORDER BY refresh_night, note_id
            LIMIT 1
            FOR UPDATE SKIP LOCKED
            """.formatted(FREE);

    /** Highest first. */
    private static final List<Integer> LANES = List.of(10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);

    /** The lane of the notes whose response is held. */
    private static final List<Integer> HELD = List.of(10);

    /** Refreshes are one line, and no lane. */
    private static final int REFRESHES = 0;

    private static final DateTimeFormatter MICROSECONDS = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final JdbcClient jdbc;
    private final Clock clock;
    private final WorklistStats counts;

    /** For one statement, which is a transaction by itself, whatever the caller is in. */
    private final TransactionTemplate ownTransaction;

    private final ClaimCursor marks = new ClaimCursor();
    private final ClaimCursor refreshMarks = new ClaimCursor();

    ClaimRepository(JdbcClient jdbc, Clock clock, WorklistStats counts, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.clock = clock;
        this.counts = counts;
        this.ownTransaction = Transactions.perStatement(transactions);
    }

    /**
     * Takes the note that is due first, for the length of a {@link #LEASE}, in a transaction of its own.
     *
     * <p>Lane by lane from the highest, and within a lane the one that has been due for the longest; rows that another
     * worker is taking at the same moment are passed over. A note that becomes claimable again behind those that this
     * process has gone through may be taken {@value ClaimCursor#SECONDS} seconds later than its turn.
     *
     * <p>A claim of this very node is never taken over, however old its lease: the worker that holds it may still be
     * waiting for an answer that is paid for.
     */
    public Optional<WorklistItem> claim(String node) {
        return claim(node, LANES);
    }

    /** The same of notes whose response is held, which need no call. */
    public Optional<WorklistItem> claimHeld(String node) {
        return claim(node, HELD);
    }

    private Optional<WorklistItem> claim(String node, List<Integer> lanes) {
        Marks mine = marks.of(node);
        return mine.next(from -> claimDue(node, lanes, from, mine));
    }

    private Optional<WorklistItem> claimDue(String node, List<Integer> lanes, Marks from, Marks mine) {
        List<Mark> begins = lanes.stream().map(from::of).toList();
        return take(
                node,
                NEXT_DUE,
                Map.of(
                        "lanes", lanes.toArray(Integer[]::new),
                        "dues", begins.stream().map(Mark::due).toArray(String[]::new),
                        "ids", begins.stream().map(Mark::noteId).toArray(String[]::new),
                        "now", Timestamp.from(clock.instant())),
                (row, _) -> {
                    Instant due = row.getTimestamp("due_at").toInstant();
                    mine.taken(row.getInt("lane"), mark(due, row.getString("note_id")));
                    return claimed(row, null);
                });
    }

    /** In a form that the database reads, and whose order as a text is that of the times. */
    private static Mark mark(Instant due, String noteId) {
        return new Mark(MICROSECONDS.format(due), noteId);
    }

    /**
     * Takes the archived note whose refresh has been due for the longest, in the same way. Behind everything that
     * {@link #claim} may give.
     */
    public Optional<WorklistItem> claimRefresh(String node) {
        Marks mine = refreshMarks.of(node);
        return mine.next(from -> claimRefresh(node, from.of(REFRESHES), mine));
    }

    private Optional<WorklistItem> claimRefresh(String node, Mark from, Marks mine) {
        return take(
                node,
                NEXT_REFRESH,
                Map.of(
                        "night", from.due(),
                        "id", from.noteId(),
                        "tonight", Night.current(clock).date()),
                (row, _) -> {
                    LocalDate night = row.getObject("refresh_night", LocalDate.class);
                    mine.taken(REFRESHES, new Mark(night.toString(), row.getString("note_id")));
                    return claimed(row, night);
                });
    }

    /**
     * Begins the claim of a note.
     *
     * @param next the query that finds it, and locks its row
     */
    private Optional<WorklistItem> take(
            String node, String next, Map<String, Object> parameters, RowMapper<WorklistItem> claimed) {
        return ownTransaction.execute(_ -> jdbc.sql("""
                                        UPDATE worklist w
                                        SET claimed_by = :node, claimed_until = now() + :lease * interval '1 second',
                                            claim_id = nextval('worklist_claim_seq')
                                        WHERE w.note_id = (
                                        %s)
                                        RETURNING w.*
                                        """.formatted(next))
                .param("node", node)
                .param("lease", LEASE.toSeconds())
                .params(parameters)
                .query(claimed)
                .optional());
    }

    private WorklistItem claimed(ResultSet row, @Nullable LocalDate refresh) throws SQLException {
        LocalDate counted = row.getObject("counted_night", LocalDate.class);
        Night now = Night.current(clock);
        boolean tonight = now.date().equals(counted);
        LocalDate missing = row.getObject("missing_night", LocalDate.class);
        return new WorklistItem(
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

    /** Whether {@link #claimRefresh} would give a note, or would but for another worker. */
    public boolean isRefreshDue(String node) {
        return ownTransaction.execute(_ -> jdbc.sql("""
                                        SELECT count(*) > 0 FROM (
                                            SELECT 1 FROM worklist
                                            WHERE state IN ('ARCHIVED', 'UNAVAILABLE') AND refresh_night <= :tonight
                                              AND %s
                                            ORDER BY refresh_night, note_id
                                            LIMIT 1) AS first
                                        """.formatted(FREE))
                .param("node", node)
                .param("tonight", Night.current(clock).date())
                .query(Boolean.class)
                .single());
    }

    /** What is left to wait for; claims of other nodes are not. */
    public PendingWork outlook(String node) {
        return outlook(node, LANES);
    }

    /** The same of notes whose response is held. */
    public PendingWork outlookOfHeld(String node) {
        return outlook(node, HELD);
    }

    /** Whether a note is due whose response is held. */
    public boolean isHeldDue(String node) {
        return outlookOfHeld(node)
                .nextDue()
                .filter(due -> !due.isAfter(clock.instant()))
                .isPresent();
    }

    private PendingWork outlook(String node, List<Integer> lanes) {
        return ownTransaction.execute(_ -> jdbc.sql("""
                                        SELECT (SELECT count(*) FROM worklist WHERE claimed_by = :node) AS held,
                                               (SELECT min(first.due_at)
                                                FROM unnest(:lanes::int[]) AS lanes (lane)
                                                CROSS JOIN LATERAL (
                                                    SELECT due_at
                                                    FROM worklist
                                                    WHERE lane = lanes.lane AND due_at IS NOT NULL
                                                      AND %s
                                                    ORDER BY due_at
                                                    LIMIT 1) AS first) AS next
                                        """.formatted(FREE))
                .param("lanes", lanes.toArray(Integer[]::new))
                .param("node", node)
                .query((row, _) -> new PendingWork(row.getInt("held"), instant(row.getTimestamp("next"))))
                .single());
    }

    /**
     * Lengthens every lease of a node, by one statement; and keeps the counts short. A row that somebody has locked, as
     * the worker that settles it, is left to the next time: it would keep the other leases waiting, and nobody takes it
     * over while it is locked.
     */
    public int renewLeases(String node) {
        int renewed = ownTransaction.execute(_ -> jdbc.sql("""
                                                UPDATE worklist SET claimed_until = now() + :lease * interval '1 second'
                                                WHERE note_id = ANY (ARRAY(
                                                    SELECT note_id FROM worklist
                                                    WHERE claimed_by = :node
                                                    FOR UPDATE SKIP LOCKED))
                                                """)
                .param("lease", LEASE.toSeconds())
                .param("node", node)
                .update());
        counts.compact();
        return renewed;
    }

    /** Hands back every claim of a node, with states and counters untouched. Only under the node's runner lock. */
    public int releaseAll(String node) {
        lookFromTheFront();
        counts.compact();
        return ownTransaction.execute(
                _ -> jdbc.sql("""
                                        UPDATE worklist SET %s
                                        WHERE claimed_by = :node
                                        """.formatted(ENDED)).param("node", node).update());
    }

    /**
     * Sets notes due now that are postponed and not claimed; all others stay as they are. Part of the caller's
     * transaction, if there is one.
     */
    public void setDue(Collection<NoteId> notes) {
        if (notes.isEmpty()) {
            return;
        }
        lookFromTheFront();
        jdbc.sql("""
                        UPDATE worklist SET due_at = :now
                        WHERE note_id = ANY (:ids) AND state = 'POSTPONED' AND claim_id IS NULL AND due_at > :now
                        """)
                .param("now", Timestamp.from(clock.instant()))
                .param("ids", notes.stream().map(NoteId::value).toArray(String[]::new))
                .update();
    }

    /**
     * Releases the claims of a node except these, with states and counters untouched. Only under the node's runner
     * lock.
     *
     * @param held claim ids
     */
    public int releaseOthers(String node, Collection<Long> held) {
        lookFromTheFront();
        return ownTransaction.execute(_ -> jdbc.sql("""
                                        UPDATE worklist SET %s
                                        WHERE claimed_by = :node AND claim_id <> ALL (:held::bigint[])
                                        """.formatted(ENDED))
                .param("node", node)
                .param("held", held.toArray(Long[]::new))
                .update());
    }

    /**
     * Hands a note back as it was: state, counters and {@code due_at} untouched. Part of the caller's transaction.
     *
     * @return false when the claim was lost; nothing is written then
     */
    public boolean release(WorklistItem claimed) {
        lookFromTheFront();
        return jdbc.sql("""
                                UPDATE worklist SET %s
                                WHERE note_id = :noteId AND claim_id = :claim
                                """.formatted(ENDED))
                        .param("noteId", claimed.id().value())
                        .param("claim", claimed.claim())
                        .update()
                == 1;
    }

    private void lookFromTheFront() {
        marks.forget();
        refreshMarks.forget();
    }
}
