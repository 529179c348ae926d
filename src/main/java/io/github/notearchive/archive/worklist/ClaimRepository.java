package io.github.notearchive.archive.worklist;

import io.github.notearchive.archive.worklist.ClaimCursor.ClaimPosition;
import io.github.notearchive.archive.worklist.ClaimCursor.Claimed;
import io.github.notearchive.io.jdbc.GroupCommit;
import io.github.notearchive.io.jdbc.Lease;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Reads and writes the claims of notes: starts, renews and releases them. Methods commit on return, independent of the
 * caller's transaction, except {@link #setDue} and {@link #release}.
 *
 * <p>{@code due_at} and nights follow the program's clock, a {@link Lease} the database's. Thread-safe.
 */
@Repository
public class ClaimRepository implements AutoCloseable {

    /** Id that no execution has. */
    private static final long NO_EXECUTION = -1;

    /** Notes of a lane from a position on, and its order. */
    private static final String DUE = """
            FROM worklist
            WHERE lane = lanes.lane AND due_at <= :now AND (due_at, note_id) >= (lanes.at::timestamptz, lanes.id)
              AND %s
            ORDER BY due_at, note_id
            """.formatted(Lease.FREE);

    /** Archived notes whose refresh is due, from a position on. */
    private static final String REFRESH_DUE = """
            FROM worklist
            WHERE state IN ('ARCHIVED', 'UNAVAILABLE') AND refresh_value = lanes.lane
              AND refresh_night <= :tonight AND %s
              AND (refresh_night, note_id) >= (lanes.at::date, lanes.id)
            ORDER BY refresh_night, note_id
            """.formatted(Lease.FREE);

    /** Locks the rows that it returns only; the constant limit keeps plans in the order of the index. */
    private static final String CLAIM = """
            UPDATE worklist w
            SET claimed_by = :node, %s, claim_id = nextval('worklist_claim_seq')
            WHERE w.note_id = ANY (ARRAY(
                SELECT due.note_id
                FROM unnest(:lanes::text[]::int[], :positions::text[], :ids::text[]) AS lanes (lane, at, id)
                CROSS JOIN LATERAL (SELECT note_id %%s LIMIT %d FOR UPDATE SKIP LOCKED) AS due
                LIMIT :count))
            RETURNING w.*
            """.formatted(Lease.HELD, GroupCommit.MAX_SIZE);

    private final JdbcClient jdbc;
    private final JdbcClient autoCommit;
    private final Clock clock;
    private final WorklistStats counts;
    private final ClaimCursor cursor = new ClaimCursor();
    private final ClaimCursor refreshCursor = new ClaimCursor();
    private final GroupCommit<Reader, Optional<WorklistItem>> readers =
            GroupCommit.ofStatements("claims", reader -> reader, this::claim);

    /** Claims of the workers of this process. */
    private final Set<Long> held = ConcurrentHashMap.newKeySet();

    /** Nodes whose last claim failed, so that the worklist may hold claims without a worker. */
    private final Set<String> unconfirmed = ConcurrentHashMap.newKeySet();

    ClaimRepository(JdbcClient jdbc, Clock clock, WorklistStats counts, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.autoCommit = Statements.autoCommit(transactions);
        this.clock = clock;
        this.counts = counts;
    }

    /** A caller that waits for a note. */
    private record Reader(String node, Lanes lanes) {}

    /** Notes that a run claims: lanes by number, those of notes with a stored response first, then by priority. */
    public enum Lanes {
        ALL(10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
        /** Notes with a stored response, which need no call. */
        HELD(10),
        /** Archived notes to be refreshed, by {@code refresh_value}. */
        REFRESHES(9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
        NONE;

        @SuppressWarnings("ImmutableEnumChecker") // List.of
        private final List<Integer> numbers;

        Lanes(Integer... numbers) {
            this.numbers = List.of(numbers);
        }
    }

    /**
     * Claims the next due note for a {@link Lease}. One statement serves the callers that wait at the same time; it
     * claims one note at most for each.
     *
     * <p>Order: highest lane first; within a lane, earliest due first. Rows locked by other workers are skipped. A note
     * that becomes claimable before the {@link ClaimCursor} may be claimed {@value ClaimCursor#SECONDS} seconds late.
     *
     * <p>A claim of this node is never replaced, however old its lease: its worker may still wait for a paid response.
     * After a failure the result of a commit may be unknown; the next claim first releases the claims of the node that
     * no worker holds, see {@link #finished}.
     */
    public Optional<WorklistItem> claim(String node, Lanes lanes) {
        return readers.execute(new Reader(node, lanes));
    }

    /** Releases the claims of a node that no worker holds, if its last claim failed, without claiming a note. */
    public void releaseUnconfirmed(String node) {
        if (unconfirmed.contains(node)) {
            Optional<WorklistItem> _ = readers.execute(new Reader(node, Lanes.NONE));
        }
    }

    /** Reports that the worker of a claim has finished. */
    public void finished(WorklistItem claimed) {
        held.remove(claimed.claim());
    }

    private List<Optional<WorklistItem>> claim(List<Reader> group) {
        Reader reader = group.getFirst();
        if (unconfirmed.contains(reader.node())) {
            releaseAll(reader.node(), held);
            unconfirmed.remove(reader.node());
        }
        if (reader.lanes() == Lanes.NONE) {
            return Collections.nCopies(group.size(), Optional.empty());
        }
        List<WorklistItem> claimed;
        try {
            claimed = markCalled((reader.lanes() == Lanes.REFRESHES ? refreshCursor : cursor)
                    .next(group.size(), (from, count) -> claim(reader, from, count)));
        } catch (RuntimeException e) {
            unconfirmed.add(reader.node());
            throw e;
        }
        claimed.forEach(note -> held.add(note.claim()));
        return IntStream.range(0, group.size())
                .mapToObj(i -> i < claimed.size() ? Optional.of(claimed.get(i)) : Optional.<WorklistItem>empty())
                .toList();
    }

    /** Marks the notes about which calls were made. A later statement than the claims, so that none is missed. */
    private List<WorklistItem> markCalled(List<WorklistItem> claimed) {
        if (claimed.isEmpty()) {
            return claimed;
        }
        List<NoteId> notes = claimed.stream().map(WorklistItem::id).toList();
        Set<String> called = Set.copyOf(Statements.texts(autoCommit, Map.of("notes", notes), """
                SELECT note_id FROM unnest(:notes::text[]) AS claimed (note_id)
                WHERE EXISTS (SELECT 1 FROM api_call c WHERE c.note_id = claimed.note_id OFFSET 0)
                """));
        return claimed.stream()
                .map(note -> called.contains(note.id().value()) ? note.withCalls() : note)
                .toList();
    }

    /** Returns the claimed notes in the order of claims. */
    private List<Claimed> claim(Reader reader, Map<Integer, ClaimPosition> from, int count) {
        Lanes lanes = reader.lanes();
        List<ClaimPosition> begins = lanes.numbers.stream()
                .map(lane -> from.getOrDefault(lane, ClaimPosition.START))
                .toList();
        Map<String, ?> parameters = Map.of(
                "node", reader.node(),
                "count", count,
                "lanes", lanes.numbers,
                "positions", begins.stream().map(ClaimPosition::due).toList(),
                "ids", begins.stream().map(ClaimPosition::noteId).toList(),
                "now", clock.instant(),
                "tonight", Night.current(clock));
        String sql = CLAIM.formatted(lanes == Lanes.REFRESHES ? REFRESH_DUE : DUE);
        return Statements.list(autoCommit, ClaimRow.class, parameters, sql).stream()
                .map(row -> row.of(lanes))
                .sorted(Claimed.ORDER)
                .toList();
    }

    private record ClaimRow(NoteId noteId, long claimId, int lane, int refreshValue, WorklistRow row) {

        private Claimed of(Lanes lanes) {
            LocalDate night = lanes == Lanes.REFRESHES ? row.refresh().refreshNight() : null;
            if (night == null) {
                ClaimPosition at = new ClaimPosition(Objects.requireNonNull(row.dueAt()), noteId.value());
                return new Claimed(new WorklistItem(noteId, claimId, row, false, null), lane, at);
            }
            ClaimPosition at =
                    new ClaimPosition(night.atStartOfDay(ZoneOffset.UTC).toInstant(), noteId.value());
            return new Claimed(new WorklistItem(noteId, claimId, row, false, new Night(night)), refreshValue, at);
        }
    }

    /** Returns whether a refresh is due, possibly locked by another worker. */
    public boolean isRefreshDue(String node) {
        Map<String, ?> parameters =
                Map.of("node", node, "tonight", Night.current(clock), "lanes", Lanes.REFRESHES.numbers);
        return Statements.one(autoCommit, Boolean.class, parameters, """
                        SELECT EXISTS (SELECT 1 FROM (SELECT lane, date '-infinity' AS at, '' AS id
                                                      FROM unnest(:lanes::text[]::int[]) AS lane) AS lanes
                                       CROSS JOIN LATERAL (SELECT 1 %s LIMIT 1) AS due)
                        """.formatted(REFRESH_DUE));
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

        public boolean isDue(Instant time) {
            return next != null && !next.isAfter(time);
        }
    }

    /** Returns the work this node has to wait for; excludes claims of other nodes. */
    public PendingWork pendingWork(String node, Lanes lanes) {
        return Statements.one(
                autoCommit, PendingWork.class, Map.of("lanes", lanes.numbers, "node", node), """
                        SELECT (SELECT count(*) FROM worklist WHERE claimed_by = :node) AS held_by_this_node,
                               (SELECT min(first.due_at)
                                FROM unnest(:lanes::text[]::int[]) AS lanes (lane)
                                CROSS JOIN LATERAL (
                                    SELECT due_at FROM worklist
                                    WHERE lane = lanes.lane AND due_at IS NOT NULL AND %s
                                    ORDER BY due_at
                                    LIMIT 1) AS first) AS next
                        """.formatted(Lease.FREE));
    }

    /** Renews all leases of a node in one statement and compacts the counts. */
    public int renewLeases(String node) {
        int renewed = Statements.update(autoCommit, Map.of("node", node), Lease.renewal("worklist", "note_id"));
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
        return Statements.update(
                autoCommit,
                Map.of("node", node, "held", held.toArray(Long[]::new)),
                "UPDATE worklist SET %s WHERE claimed_by = :node AND claim_id <> ALL (:held::bigint[])"
                        .formatted(Lease.ENDED));
    }

    /**
     * Makes postponed, unclaimed notes due now; others are unchanged. Joins the caller's transaction if there is one.
     */
    public void setDue(Collection<NoteId> notes) {
        setDue(notes, NO_EXECUTION);
    }

    /**
     * As above, except notes that the given execution postponed: its own commit may have succeeded although the
     * connection was lost.
     */
    public void setDue(Collection<NoteId> notes, long exceptOf) {
        if (notes.isEmpty()) {
            return;
        }
        restartScans();
        Statements.update(jdbc, Map.of("now", clock.instant(), "ids", notes, "exceptOf", exceptOf), """
                        UPDATE worklist SET due_at = :now
                        WHERE note_id = ANY (:ids) AND state = 'POSTPONED' AND claim_id IS NULL AND due_at > :now
                          AND settled_by IS DISTINCT FROM :exceptOf
                        """);
    }

    /**
     * Releases a note; state, counters and {@code due_at} are unchanged. Part of the caller's transaction.
     *
     * @return false if the claim was lost; nothing is written then
     */
    public boolean release(WorklistItem claimed) {
        restartScans();
        Map<String, ?> parameters = Map.of("noteId", claimed.id(), "claim", claimed.claim());
        String sql = "UPDATE worklist SET %s WHERE note_id = :noteId AND claim_id = :claim".formatted(Lease.ENDED);
        return Statements.update(jdbc, parameters, sql) == 1;
    }

    private void restartScans() {
        cursor.reset();
        refreshCursor.reset();
    }

    @Override
    public void close() {
        readers.close();
    }
}
