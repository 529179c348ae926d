package io.github.notearchive.archive.worklist;

import io.github.notearchive.archive.catalog.AutoCommitClient;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.worklist.ClaimCursor.Claimed;
import io.github.notearchive.archive.worklist.ClaimCursor.Position;
import io.github.notearchive.io.GroupCommit;
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
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Reads and writes the claims of notes: starts, renews and releases them. Methods commit on return, independent of the
 * caller's transaction, except {@link #setDue} and {@link #release}.
 *
 * <p>{@code due_at} and nights follow the program's clock, leases the database's, so that nodes with different clocks
 * do not take each other's claims. Thread-safe.
 */
@Repository
public class ClaimRepository implements AutoCloseable {

    /** Time that a claim holds without renewal. */
    public static final Duration LEASE = Duration.ofMinutes(5);

    /** Time for which a claim waits for those of other workers. */
    private static final Duration LINGER = Duration.ofMillis(10);

    /** Assignments that end a claim. */
    static final String ENDED = "claimed_by = NULL, claimed_until = NULL, claim_id = NULL";

    /** Condition under which a node may claim a note. */
    private static final String FREE = "(claimed_until IS NULL OR (claimed_until < now() AND claimed_by <> :node))";

    /** Locks the rows that it returns only; the constant limit keeps plans in the order of the index. */
    private static final String NEXT_DUE = """
            SELECT due.note_id
            FROM unnest(:lanes::int[], :dues::timestamptz[], :ids::text[]) AS lanes (lane, due, id)
            CROSS JOIN LATERAL (
                SELECT note_id FROM worklist
                WHERE lane = lanes.lane AND due_at <= :now AND (due_at, note_id) >= (lanes.due, lanes.id) AND %s
                ORDER BY due_at, note_id
                LIMIT %d
                FOR UPDATE SKIP LOCKED) AS due
            LIMIT :count
            """.formatted(FREE, GroupCommit.MAX_SIZE);

    private static final String REFRESH_DUE = """
            FROM worklist
            WHERE state IN ('ARCHIVED', 'UNAVAILABLE') AND refresh_night <= :tonight AND %s
            """.formatted(FREE);

    private static final String NEXT_REFRESH = """
            SELECT note_id
            FROM (
                SELECT note_id %s AND (refresh_night, note_id) >= (:night::date, :id)
                ORDER BY refresh_night, note_id
                LIMIT %d
                FOR UPDATE SKIP LOCKED) AS due
            LIMIT :count
            """.formatted(REFRESH_DUE, GroupCommit.MAX_SIZE);

    /** Lane of notes with a stored response; the others are numbered by priority. */
    private static final int HIGHEST_LANE = 10;

    /** Key of the refreshes, which form a single queue without lanes. */
    private static final int REFRESHES = 0;

    /** Format whose text order is the order of times. */
    private static final DateTimeFormatter MICROSECONDS = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final JdbcClient jdbc;
    private final JdbcClient autoCommit;
    private final Clock clock;
    private final WorklistStats counts;
    private final ClaimCursor cursor = new ClaimCursor();
    private final ClaimCursor refreshCursor = new ClaimCursor();
    private final GroupCommit<Reader, Optional<WorklistItem>> readers =
            GroupCommit.ofStatements("claims", LINGER, reader -> reader, this::claimDue);
    private final GroupCommit<String, Optional<WorklistItem>> refreshReaders =
            GroupCommit.ofStatements("refresh-claims", LINGER, node -> node, this::claimRefreshes);

    ClaimRepository(JdbcClient jdbc, Clock clock, WorklistStats counts, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.autoCommit = AutoCommitClient.of(transactions);
        this.clock = clock;
        this.counts = counts;
    }

    /** A caller that waits for a note. */
    private record Reader(String node, Lanes lanes) {}

    /** Notes that a run claims. */
    public enum Lanes {
        /** All due notes: those with a stored response first, then by priority. */
        ALL(0),
        /** Notes with a stored response, which need no call. */
        HELD(HIGHEST_LANE);

        private final int lowest;

        Lanes(int lowest) {
            this.lowest = lowest;
        }

        /** Returns the lanes, highest first. */
        private Integer[] numbers() {
            return IntStream.iterate(HIGHEST_LANE, lane -> lane >= lowest, lane -> lane - 1)
                    .boxed()
                    .toArray(Integer[]::new);
        }
    }

    /**
     * Claims the next due note for a {@link #LEASE}. One statement serves the callers that wait at the same time; it
     * claims one note at most for each.
     *
     * <p>Order: highest lane first; within a lane, earliest due first. Rows locked by other workers are skipped. A note
     * that becomes claimable before the {@link ClaimCursor} may be claimed {@value ClaimCursor#SECONDS} seconds late.
     *
     * <p>A claim of this node is never replaced, however old its lease: its worker may still wait for a paid response.
     */
    public Optional<WorklistItem> claim(String node, Lanes lanes) {
        return readers.execute(new Reader(node, lanes));
    }

    private List<Optional<WorklistItem>> claimDue(List<Reader> group) {
        Reader reader = group.getFirst();
        List<WorklistItem> claimed = cursor.next(group.size(), (from, count) -> {
            List<Position> begins = Stream.of(reader.lanes().numbers())
                    .map(lane -> from.getOrDefault(lane, Position.START))
                    .toList();
            Map<String, Object> parameters = Map.of(
                    "count", count,
                    "lanes", reader.lanes().numbers(),
                    "dues", begins.stream().map(Position::due).toArray(String[]::new),
                    "ids", begins.stream().map(Position::noteId).toArray(String[]::new),
                    "now", Timestamp.from(clock.instant()));
            return take(reader.node(), NEXT_DUE, parameters, (row, _) -> {
                String due = MICROSECONDS.format(row.getTimestamp("due_at").toInstant());
                return new Claimed<>(
                        claimed(row, null), row.getInt("lane"), new Position(due, row.getString("note_id")));
            });
        });
        return oneForEach(group, claimed);
    }

    /** Claims the archived note whose refresh has been due longest. Callers exhaust {@link #claim} first. */
    public Optional<WorklistItem> claimRefresh(String node) {
        return refreshReaders.execute(node);
    }

    private List<Optional<WorklistItem>> claimRefreshes(List<String> group) {
        List<WorklistItem> claimed = refreshCursor.next(group.size(), (from, count) -> {
            Position begin = from.getOrDefault(REFRESHES, Position.START);
            Map<String, Object> parameters = Map.of(
                    "count", count,
                    "night", begin.due(),
                    "id", begin.noteId(),
                    "tonight", Night.current(clock).date());
            return take(group.getFirst(), NEXT_REFRESH, parameters, (row, _) -> {
                LocalDate night = row.getObject("refresh_night", LocalDate.class);
                return new Claimed<>(
                        claimed(row, night), REFRESHES, new Position(night.toString(), row.getString("note_id")));
            });
        });
        return oneForEach(group, claimed);
    }

    private static List<Optional<WorklistItem>> oneForEach(List<?> readers, List<WorklistItem> claimed) {
        return IntStream.range(0, readers.size())
                .mapToObj(i -> i < claimed.size() ? Optional.of(claimed.get(i)) : Optional.<WorklistItem>empty())
                .toList();
    }

    /**
     * Starts the claims of notes.
     *
     * @param next query that selects the notes and locks their rows
     * @return the claimed notes in the order of claims
     */
    private List<Claimed<WorklistItem>> take(
            String node, String next, Map<String, Object> parameters, RowMapper<Claimed<WorklistItem>> claimed) {
        return autoCommit
                .sql("""
                        UPDATE worklist w
                        SET claimed_by = :node, claimed_until = now() + :lease * interval '1 second',
                            claim_id = nextval('worklist_claim_seq')
                        WHERE w.note_id = ANY (ARRAY(
                        %s))
                        RETURNING w.*
                        """.formatted(next))
                .params(Map.of("node", node, "lease", LEASE.toSeconds()))
                .params(parameters)
                .query(claimed)
                .list()
                .stream()
                .sorted(Claimed.ORDER)
                .toList();
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
        return autoCommit
                .sql("""
                        SELECT count(*) > 0 FROM (SELECT 1 %s ORDER BY refresh_night, note_id LIMIT 1) AS first
                        """.formatted(REFRESH_DUE))
                .params(Map.of("node", node, "tonight", Night.current(clock).date()))
                .query(Boolean.class)
                .single();
    }

    /**
     * Work this node has to wait for when no note can be claimed.
     *
     * @param heldByThisNode notes in progress on this node
     * @param next when the next unclaimed note is due; null if none is
     */
    public record PendingWork(int heldByThisNode, @Nullable Instant next) {

        /** Returns whether a note becomes due before {@code horizon}, or a note in progress may be released. */
        public boolean hasMore(Instant horizon) {
            return heldByThisNode > 0 || (next != null && next.isBefore(horizon));
        }

        /** Returns whether a note is due at a time. */
        public boolean isDue(Instant time) {
            return next != null && !next.isAfter(time);
        }

        public Optional<Instant> nextDue() {
            return Optional.ofNullable(next);
        }
    }

    /** Returns the work this node has to wait for; excludes claims of other nodes. */
    public PendingWork pendingWork(String node, Lanes lanes) {
        return autoCommit
                .sql("""
                        SELECT (SELECT count(*) FROM worklist WHERE claimed_by = :node) AS held_by_this_node,
                               (SELECT min(first.due_at)
                                FROM unnest(:lanes::int[]) AS lanes (lane)
                                CROSS JOIN LATERAL (
                                    SELECT due_at FROM worklist
                                    WHERE lane = lanes.lane AND due_at IS NOT NULL AND %s
                                    ORDER BY due_at
                                    LIMIT 1) AS first) AS next
                        """.formatted(FREE))
                .params(Map.of("lanes", lanes.numbers(), "node", node))
                .query(PendingWork.class)
                .single();
    }

    /**
     * Renews all leases of a node in one statement and compacts the counts. Locked rows, such as one being settled, are
     * skipped until the next renewal: waiting would delay the other leases, and no node claims a locked row.
     */
    public int renewLeases(String node) {
        int renewed = autoCommit
                .sql("""
                        UPDATE worklist SET claimed_until = now() + :lease * interval '1 second'
                        WHERE note_id = ANY (ARRAY(
                            SELECT note_id FROM worklist WHERE claimed_by = :node FOR UPDATE SKIP LOCKED))
                        """)
                .params(Map.of("lease", LEASE.toSeconds(), "node", node))
                .update();
        counts.compact();
        return renewed;
    }

    /**
     * Releases the claims of a node except those listed, and compacts the counts; states and counters are unchanged.
     * Requires the node's runner lock.
     *
     * @param held claim ids to keep
     */
    public int releaseAll(String node, Collection<Long> held) {
        restartScans();
        counts.compact();
        return autoCommit
                .sql("UPDATE worklist SET %s WHERE claimed_by = :node AND claim_id <> ALL (:held::bigint[])"
                        .formatted(ENDED))
                .params(Map.of("node", node, "held", held.toArray(Long[]::new)))
                .update();
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
     * Releases a note; state, counters and {@code due_at} are unchanged. Part of the caller's transaction.
     *
     * @return false if the claim was lost; nothing is written then
     */
    public boolean release(WorklistItem claimed) {
        restartScans();
        return jdbc.sql("UPDATE worklist SET %s WHERE note_id = :noteId AND claim_id = :claim".formatted(ENDED))
                        .params(Map.of("noteId", claimed.id().value(), "claim", claimed.claim()))
                        .update()
                == 1;
    }

    private void restartScans() {
        cursor.reset();
        refreshCursor.reset();
    }

    @Override
    public void close() {
        readers.close();
        refreshReaders.close();
    }
}
