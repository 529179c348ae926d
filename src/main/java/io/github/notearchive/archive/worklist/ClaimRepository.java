package io.github.notearchive.archive.worklist;

import static io.github.notearchive.io.Timestamps.instant;

import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.worklist.ClaimCursor.Position;
import io.github.notearchive.archive.worklist.ClaimCursor.Positions;
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
 * Reads and writes the claims of notes: starts, renews and releases them.
 *
 * <p>{@code due_at} and nights follow the program's clock, leases the database's, so that nodes with different clocks
 * do not take each other's claims. Thread-safe.
 */
@Repository
public class ClaimRepository {

    /** Time that a claim holds without renewal. */
    public static final Duration LEASE = Duration.ofMinutes(5);

    /** Assignments that end a claim. */
    static final String ENDED = "claimed_by = NULL, claimed_until = NULL, claim_id = NULL";

    /** Condition under which a node may claim a note. */
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

    /** All lanes, highest first. */
    private static final List<Integer> LANES = List.of(10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);

    /** Lane of notes whose response is held. */
    private static final List<Integer> HELD = List.of(10);

    /** Key of the refreshes, which form a single queue without lanes. */
    private static final int REFRESHES = 0;

    private static final DateTimeFormatter MICROSECONDS = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final JdbcClient jdbc;
    private final Clock clock;
    private final WorklistStats counts;

    /** Commits each statement on its own, independent of the caller's transaction. */
    private final TransactionTemplate autoCommit;

    private final ClaimCursor cursor = new ClaimCursor();
    private final ClaimCursor refreshCursor = new ClaimCursor();

    ClaimRepository(JdbcClient jdbc, Clock clock, WorklistStats counts, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.clock = clock;
        this.counts = counts;
        this.autoCommit = Transactions.autoCommit(transactions);
    }

    /**
     * Claims the next due note for a {@link #LEASE}, in its own transaction.
     *
     * <p>Order: highest lane first; within a lane, earliest due first. Rows locked by other workers are skipped. A note
     * that becomes claimable before the {@link ClaimCursor} may be claimed {@value ClaimCursor#SECONDS} seconds late.
     *
     * <p>A claim of this node is never replaced, however old its lease: its worker may still wait for a paid response.
     */
    public Optional<WorklistItem> claim(String node) {
        return claim(node, LANES);
    }

    /** As {@link #claim}, for notes whose response is held; they need no call. */
    public Optional<WorklistItem> claimHeld(String node) {
        return claim(node, HELD);
    }

    private Optional<WorklistItem> claim(String node, List<Integer> lanes) {
        Positions mine = cursor.of(node);
        return mine.next(from -> claimDue(node, lanes, from, mine));
    }

    private Optional<WorklistItem> claimDue(String node, List<Integer> lanes, Positions from, Positions mine) {
        List<Position> begins = lanes.stream().map(from::of).toList();
        return take(
                node,
                NEXT_DUE,
                Map.of(
                        "lanes", lanes.toArray(Integer[]::new),
                        "dues", begins.stream().map(Position::due).toArray(String[]::new),
                        "ids", begins.stream().map(Position::noteId).toArray(String[]::new),
                        "now", Timestamp.from(clock.instant())),
                (row, _) -> {
                    Instant due = row.getTimestamp("due_at").toInstant();
                    mine.taken(row.getInt("lane"), position(due, row.getString("note_id")));
                    return claimed(row, null);
                });
    }

    /** Formats a position so that its text order is the order of times. */
    private static Position position(Instant due, String noteId) {
        return new Position(MICROSECONDS.format(due), noteId);
    }

    /** Claims the archived note whose refresh has been due longest. Callers exhaust {@link #claim} first. */
    public Optional<WorklistItem> claimRefresh(String node) {
        Positions mine = refreshCursor.of(node);
        return mine.next(from -> claimRefresh(node, from.of(REFRESHES), mine));
    }

    private Optional<WorklistItem> claimRefresh(String node, Position from, Positions mine) {
        return take(
                node,
                NEXT_REFRESH,
                Map.of(
                        "night", from.due(),
                        "id", from.noteId(),
                        "tonight", Night.current(clock).date()),
                (row, _) -> {
                    LocalDate night = row.getObject("refresh_night", LocalDate.class);
                    mine.taken(REFRESHES, new Position(night.toString(), row.getString("note_id")));
                    return claimed(row, night);
                });
    }

    /**
     * Starts the claim of a note.
     *
     * @param next query that selects the note and locks its row
     */
    private Optional<WorklistItem> take(
            String node, String next, Map<String, Object> parameters, RowMapper<WorklistItem> claimed) {
        return autoCommit.execute(_ -> jdbc.sql("""
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

    private static WorklistItem claimed(ResultSet row, @Nullable LocalDate refresh) throws SQLException {
        return new WorklistItem(
                new NoteId(row.getString("note_id")),
                row.getLong("claim_id"),
                WorklistRepository.row(row),
                refresh == null ? null : new Night(refresh));
    }

    /** Returns whether a refresh is due, possibly locked by another worker. */
    public boolean isRefreshDue(String node) {
        return autoCommit.execute(_ -> jdbc.sql("""
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

    /** Returns the work this node has to wait for; excludes claims of other nodes. */
    public PendingWork pendingWork(String node) {
        return pendingWork(node, LANES);
    }

    /** As {@link #pendingWork}, for notes whose response is held. */
    public PendingWork pendingHeldWork(String node) {
        return pendingWork(node, HELD);
    }

    /** Returns whether a note with a held response is due. */
    public boolean isHeldDue(String node) {
        return pendingHeldWork(node)
                .nextDue()
                .filter(due -> !due.isAfter(clock.instant()))
                .isPresent();
    }

    private PendingWork pendingWork(String node, List<Integer> lanes) {
        return autoCommit.execute(_ -> jdbc.sql("""
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
     * Renews all leases of a node in one statement and compacts the counts. Locked rows, such as one being settled, are
     * skipped until the next renewal: waiting would delay the other leases, and no node claims a locked row.
     */
    public int renewLeases(String node) {
        int renewed = autoCommit.execute(_ -> jdbc.sql("""
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

    /** Releases all claims of a node; states and counters are unchanged. Requires the node's runner lock. */
    public int releaseAll(String node) {
        restartScans();
        counts.compact();
        return autoCommit.execute(
                _ -> jdbc.sql("""
                                        UPDATE worklist SET %s
                                        WHERE claimed_by = :node
                                        """.formatted(ENDED)).param("node", node).update());
    }

    /**
     * Makes postponed, unclaimed notes due now; others are unchanged. Joins the caller's transaction if there is one.
     */
    public void setDue(Collection<NoteId> notes) {
        if (notes.isEmpty()) {
            return;
        }
        restartScans();
        jdbc.sql("""
                        UPDATE worklist SET due_at = :now
                        WHERE note_id = ANY (:ids) AND state = 'POSTPONED' AND claim_id IS NULL AND due_at > :now
                        """)
                .param("now", Timestamp.from(clock.instant()))
                .param("ids", notes.stream().map(NoteId::value).toArray(String[]::new))
                .update();
    }

    /**
     * Releases the claims of a node except those listed; states and counters are unchanged. Requires the node's runner
     * lock.
     *
     * @param held claim ids to keep
     */
    public int releaseOthers(String node, Collection<Long> held) {
        restartScans();
        return autoCommit.execute(_ -> jdbc.sql("""
                                        UPDATE worklist SET %s
                                        WHERE claimed_by = :node AND claim_id <> ALL (:held::bigint[])
                                        """.formatted(ENDED))
                .param("node", node)
                .param("held", held.toArray(Long[]::new))
                .update());
    }

    /**
     * Releases a note; state, counters and {@code due_at} are unchanged. Part of the caller's transaction.
     *
     * @return false if the claim was lost; nothing is written then
     */
    public boolean release(WorklistItem claimed) {
        restartScans();
        return jdbc.sql("""
                                UPDATE worklist SET %s
                                WHERE note_id = :noteId AND claim_id = :claim
                                """.formatted(ENDED))
                        .param("noteId", claimed.id().value())
                        .param("claim", claimed.claim())
                        .update()
                == 1;
    }

    private void restartScans() {
        cursor.reset();
        refreshCursor.reset();
    }
}
