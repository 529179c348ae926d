package io.github.notearchive.archive.worklist;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.archive.worklist.WorklistRow.Refresh;
import io.github.notearchive.io.jdbc.Columns;
import io.github.notearchive.io.jdbc.Lease;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Reads and writes rows of {@code worklist}. Methods that settle or restore a row write absolute values, computed by
 * {@link WorklistRow#apply}, in the caller's transaction. Others change rows on behalf of an operator.
 */
@Repository
public class WorklistRepository {

    /** Columns that only the owner of the claim changes. */
    private static final String STATE = """
            state, response_held, attempts, attempts_tonight, media_attempts, media_attempts_tonight, counted_night,
            missing_night, due_at, last_code, reason, detail, settled_at\
            """;

    /** The other columns of a {@link WorklistRow}. */
    private static final String ORIGIN =
            "priority, source, enqueued_at, refresh_days, refresh_on, refresh_night, refresh_attempts";

    /** Condition that the refreshes are planned as they were at the claim. */
    private static final String SAME_PLAN = """
            (w.refresh_night IS NOT DISTINCT FROM (item -> 'planned' ->> 'refresh_night')::date
             AND w.refresh_attempts = (item -> 'planned' ->> 'refresh_attempts')::integer)\
            """;

    /**
     * Without a night, the row leaves the plan to {@link RefreshPlan}, which plans archived notes only. The ids are
     * listed twice: a plan made while the table was small would join all rows later.
     */
    private static final String SETTLE = """
            UPDATE worklist w
            SET %1$s,
                refresh_night = CASE WHEN d.refresh_night IS NULL
                                     THEN CASE WHEN d.state = 'ARCHIVED' THEN w.refresh_night END
                                     WHEN %2$s THEN d.refresh_night ELSE w.refresh_night END,
                refresh_attempts = CASE WHEN d.refresh_night IS NOT NULL AND %2$s
                                        THEN d.refresh_attempts ELSE w.refresh_attempts END,
                refresh_value = CASE WHEN d.state = 'ARCHIVED' THEN w.refresh_value ELSE 0 END,
                settled_by = d.settled_by,
                %3$s
            FROM json_array_elements(:rows::json) AS settled (item)
            CROSS JOIN LATERAL json_populate_record(NULL::worklist, item) AS d
            WHERE w.note_id = ANY (:ids) AND w.note_id = d.note_id AND w.claim_id = d.claim_id
            RETURNING d.claim_id
            """.formatted(from("d", STATE), SAME_PLAN, Lease.ENDED);

    /** Resets notes on which no node works; a claim whose lease ended an hour ago does not count. */
    private static final String RESET = """
            UPDATE worklist w
            SET state = 'PENDING', due_at = :now, attempts = 0, attempts_tonight = 0, media_attempts = 0,
                media_attempts_tonight = 0, missing_night = NULL, reason = NULL, detail = NULL, requeued_at = :now, %s
            WHERE (claim_id IS NULL OR claimed_until < now() - interval '1 hour')
            """.formatted(Lease.ENDED);

    private static final String HAS_FILE = "EXISTS (SELECT 1 FROM note_media m WHERE m.note_id = w.note_id AND m.%s)";

    /** Query of the ids of notes with a response that a run would use instead of a call; takes {@link #usableAt}. */
    public static final String USABLE = """
            SELECT DISTINCT c.note_id FROM api_call c
            WHERE c.response IS NOT NULL AND c.received_at >= :since AND c.code = 0 AND c.endpoint = :detail
              AND (c.media_gone_at IS NULL OR c.received_at >= :begins OR NOT :buyAgain)\
            """;

    private final JdbcClient jdbc;
    private final JdbcClient autoCommit;
    private final TransactionTemplate transaction;
    private final LedgerProperties ledger;
    private final Clock clock;

    WorklistRepository(JdbcClient jdbc, PlatformTransactionManager transactions, LedgerProperties ledger, Clock clock) {
        this.jdbc = jdbc;
        this.transaction = new TransactionTemplate(transactions);
        this.ledger = ledger;
        this.clock = clock;
        this.autoCommit = Statements.autoCommit(transactions);
    }

    /** A worklist row with claim and execution, for operators. The components are fields of {@code explain --json}. */
    public record WorklistEntry(
            NoteId id,
            NoteState state,
            int priority,
            int attempts,
            int attemptsTonight,
            int mediaAttempts,
            int mediaAttemptsTonight,
            @Nullable LocalDate countedNight,
            @Nullable Instant dueAt,
            @Nullable Integer lastCode,
            @Nullable StateReason reason,
            @Nullable String detail,
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

    /** Returns all columns of a row; empty if the note is not on the worklist. */
    public Optional<WorklistEntry> find(NoteId id) {
        String sql = "SELECT *, note_id AS id FROM worklist WHERE note_id = :noteId";
        return Statements.optional(jdbc, WorklistEntry.class, Map.of("noteId", id), sql);
    }

    /** Returns the row of a note regardless of its claim; empty if it is not on the worklist. Commits on return. */
    public Optional<WorklistRow> row(NoteId id) {
        String sql = "SELECT * FROM worklist WHERE note_id = :noteId";
        return Statements.optional(autoCommit, WorklistRow.class, Map.of("noteId", id), sql);
    }

    /** Returns the rows of claimed notes by claim, without those whose claim was lost. Commits on return. */
    public Map<Long, ClaimedRow> rows(Collection<WorklistItem> claimed) {
        Map<String, ?> parameters = Map.of(
                "notes", claimed.stream().map(WorklistItem::id).toList(),
                "claims", claimed.stream().map(WorklistItem::claim).toArray(Long[]::new));
        return Statements.list(autoCommit, ClaimedRow.class, parameters, """
                        SELECT *, ARRAY(SELECT call_id::text FROM note_capture c
                                        WHERE c.note_id = w.note_id) AS captured
                        FROM worklist w WHERE note_id = ANY (:notes) AND claim_id = ANY (:claims)
                        """).stream()
                .collect(Collectors.toMap(ClaimedRow::claimId, Function.identity()));
    }

    /** A claimed row, and the calls whose responses the catalog has. */
    public record ClaimedRow(long claimId, WorklistRow row, List<String> captured) {}

    /** Returns assignments of columns from those of a row {@code d}. */
    private static String from(String d, String columns) {
        return columns.replaceAll("\\w+", "$0 = " + d + ".$0");
    }

    /** The next row of a claimed note, the execution that decided it, and the plan of refreshes at the claim. */
    public record Settlement(
            NoteId noteId, long claimId, @JsonUnwrapped WorklistRow row, long settledBy, Refresh planned) {

        public Settlement(WorklistItem claimed, WorklistRow row, long jobExecution) {
            this(claimed.id(), claimed.claim(), row, jobExecution, claimed.row().refresh());
        }
    }

    /**
     * Writes the rows of claimed notes and ends the claims. A refresh that was planned again since the claim keeps the
     * newer plan.
     *
     * @return the claims that were not lost; nothing is written for the others
     */
    public Set<Long> settle(List<Settlement> settlements) {
        List<NoteId> ids = settlements.stream().map(Settlement::noteId).toList();
        Map<String, ?> parameters = Map.of("ids", ids, "rows", Columns.json(settlements));
        return Set.copyOf(Statements.list(jdbc, Long.class, parameters, SETTLE));
    }

    /**
     * Marks the sidecars of notes as due, those that have a paid response, each with a new mark. Part of the caller's
     * transaction.
     */
    public int markSidecarsDue(Collection<NoteId> notes) {
        return Statements.update(jdbc, Map.of("notes", notes), """
                UPDATE worklist w SET sidecar_due = nextval('worklist_claim_seq')
                WHERE note_id = ANY (:notes)
                  AND EXISTS (SELECT 1 FROM api_call c
                              WHERE c.note_id = w.note_id AND c.billed = 'YES' AND c.received_at IS NOT NULL)
                """);
    }

    /** An unclaimed row whose sidecar is due. */
    public record DueSidecar(NoteId noteId, long sidecarDue, WorklistRow row) {}

    /** Returns the row of a note; empty if its sidecar is not due, or it is claimed. Commits on return. */
    public Optional<DueSidecar> dueSidecar(NoteId id) {
        String sql = "SELECT * FROM worklist WHERE note_id = :noteId AND claim_id IS NULL AND sidecar_due IS NOT NULL";
        return Statements.optional(autoCommit, DueSidecar.class, Map.of("noteId", id), sql);
    }

    /** Returns the unclaimed notes whose sidecars are due. */
    public List<NoteId> dueSidecars() {
        String sql =
                "SELECT note_id AS value FROM worklist WHERE claim_id IS NULL AND sidecar_due IS NOT NULL ORDER BY 1";
        return Statements.list(autoCommit, NoteId.class, Map.of(), sql);
    }

    /** Clears the mark of a note; false, and the mark is unchanged, if the row was claimed, settled or marked since. */
    public boolean clearSidecarDue(DueSidecar written) {
        Map<String, ?> parameters = Map.of(
                "noteId", written.noteId(),
                "due", written.sidecarDue(),
                "settledAt", Objects.requireNonNullElse(written.row().settledAt(), Instant.EPOCH));
        return Statements.update(autoCommit, parameters, """
                        UPDATE worklist SET sidecar_due = NULL
                        WHERE note_id = :noteId AND sidecar_due = :due AND claim_id IS NULL
                          AND coalesce(settled_at, 'epoch') = :settledAt
                        """) == 1;
    }

    /** As below, for a note whose sidecars are not due; false if it is claimed, they are due, or it does not exist. */
    public boolean lockWritten(NoteId id) {
        String sql = "SELECT 1 FROM worklist WHERE note_id = :noteId AND claim_id IS NULL AND sidecar_due IS NULL FOR "
                + "UPDATE";
        return Statements.optional(jdbc, Integer.class, Map.of("noteId", id), sql)
                .isPresent();
    }

    /** Prevents claims of a note until the caller's transaction ends. Returns its row; empty if it is claimed. */
    public Optional<WorklistRow> lockUnclaimed(NoteId id) {
        String sql = "SELECT * FROM worklist WHERE note_id = :noteId AND claim_id IS NULL FOR UPDATE";
        return Statements.optional(jdbc, WorklistRow.class, Map.of("noteId", id), sql);
    }

    /** Writes the row of a note that the caller's transaction has locked. */
    public void settleLocked(NoteId id, WorklistRow row) {
        Statements.update(jdbc, Map.of("noteId", id, "row", Columns.json(row)), """
                        UPDATE worklist w SET %s FROM json_populate_record(NULL::worklist, :row::json) AS d
                        WHERE w.note_id = :noteId
                        """.formatted(from("d", STATE)));
    }

    /**
     * Restores a row from a sidecar, replacing an existing one. Requires that no run is active.
     *
     * @param onlyIfLater whether a row that was settled at the same time or later is kept
     */
    public boolean restore(NoteId id, WorklistRow row, boolean onlyIfLater) {
        Map<String, ?> parameters = Map.of("noteId", id, "row", Columns.json(row), "onlyIfLater", onlyIfLater);
        return Statements.update(jdbc, parameters, """
                        INSERT INTO worklist (note_id, %1$s, %2$s)
                        SELECT :noteId, %1$s, %2$s FROM json_populate_record(NULL::worklist, :row::json)
                        ON CONFLICT (note_id) DO UPDATE
                        SET %3$s, settled_by = NULL, %4$s
                        WHERE NOT :onlyIfLater OR coalesce(EXCLUDED.settled_at > worklist.settled_at,
                                                           EXCLUDED.settled_at IS NOT NULL)
                        """.formatted(
                                STATE, ORIGIN, from("EXCLUDED", STATE + ", " + ORIGIN), Lease.ENDED))
                > 0;
    }

    /** Returns the parameters of {@link #USABLE} at a time, and the time as {@code now}. */
    public Map<String, Object> usableAt(Instant now) {
        return Map.of(
                "now", Timestamp.from(now),
                "since", Timestamp.from(now.minus(ledger.reuseFor())),
                "detail", Endpoint.DETAIL.ledgerName(),
                "begins", Timestamp.from(Night.of(now).begins()),
                "buyAgain", ledger.buyAgain());
    }

    /** Marks due notes with a usable response, so that they are claimed first and by runs without calls. Idempotent. */
    public void markHeld(Instant now) {
        Statements.update(jdbc, usableAt(now), """
                        UPDATE worklist w SET response_held = true
                        WHERE w.note_id = ANY (ARRAY(%s)) AND w.due_at <= :now AND NOT w.response_held
                          AND w.state IN ('PENDING', 'POSTPONED', 'UNAVAILABLE') AND w.missing_night IS NULL
                          AND w.claim_id IS NULL
                        """.formatted(USABLE));
    }

    /**
     * Makes notes due now, as if new; stored paid responses remain usable. Notes in progress are not changed.
     *
     * @return the notes that are due now
     */
    public List<NoteId> requeue(Collection<NoteId> ids) {
        Map<String, ?> parameters = Map.of("now", clock.instant(), "ids", ids);
        return transaction.execute(_ -> {
            WorklistStats.countByStatement(jdbc);
            String sql = RESET + " AND note_id = ANY (:ids) RETURNING note_id AS value";
            return Statements.list(jdbc, NoteId.class, parameters, sql);
        });
    }

    /** As above, for all notes of a state; returns their number. */
    public int requeue(NoteState state) {
        return requeueAll(state, "true");
    }

    /** As above, for all archived notes without a fetched video. */
    public int requeueWithoutVideo() {
        return requeueAll(
                NoteState.ARCHIVED,
                HAS_FILE.formatted("kind = 'VIDEO' AND m.state = 'WAIVED' AND m.reason = 'NOT_OFFERED_BY_V1'"));
    }

    /** As above, for all archived notes with a lesser rendition. */
    public int requeueDegraded() {
        return requeueAll(NoteState.ARCHIVED, HAS_FILE.formatted("state = 'STORED' AND m.reason = 'DEGRADED'"));
    }

    private int requeueAll(NoteState state, String condition) {
        Map<String, ?> parameters = Map.of("now", clock.instant(), "state", state);
        return transaction.execute(_ -> {
            WorklistStats.countByStatement(jdbc);
            return Statements.update(jdbc, parameters, RESET + " AND state = :state AND " + condition);
        });
    }

    /**
     * Removes erased notes after their tombstones are written, in the caller's transaction. A missing note is inserted
     * first, which waits for a transaction that is enqueueing it and may have read the tombstones too early. Rows are
     * locked in id order.
     *
     * @return number of notes that were on the worklist
     */
    public long remove(Collection<NoteId> notes, Instant now) {
        long inserted = Statements.update(jdbc, Map.of("now", now, "notes", notes), """
                        INSERT INTO worklist (note_id, enqueued_at, due_at)
                        SELECT note_id, :now::timestamptz, :now::timestamptz
                        FROM unnest(:notes) AS note_id
                        ORDER BY note_id
                        ON CONFLICT (note_id) DO UPDATE SET note_id = EXCLUDED.note_id WHERE false
                        """);
        return delete(notes) - inserted;
    }

    /** Deletes the rows of notes in the caller's transaction; returns their number. */
    public long delete(Collection<NoteId> notes) {
        return Statements.update(jdbc, Map.of("notes", notes), "DELETE FROM worklist WHERE note_id = ANY (:notes)");
    }
}
