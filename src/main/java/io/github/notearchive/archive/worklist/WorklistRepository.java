package io.github.notearchive.archive.worklist;

import static io.github.notearchive.io.Timestamps.instant;
import static io.github.notearchive.io.Timestamps.timestamp;

import io.github.notearchive.archive.catalog.AutoCommitClient;
import io.github.notearchive.archive.catalog.NamedStatement;
import io.github.notearchive.archive.catalog.NamedStatement.BoundStatement;
import io.github.notearchive.archive.catalog.NamedStatement.Query;
import io.github.notearchive.archive.worklist.WorklistRow.Counters;
import io.github.notearchive.archive.worklist.WorklistRow.Origin;
import io.github.notearchive.archive.worklist.WorklistRow.Refresh;
import io.github.notearchive.io.PostgresText;
import io.github.notearchive.io.RecordParameters;
import io.github.notearchive.note.NoteId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.LocalDate;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Reads and writes single rows of {@code worklist}. Methods that change rows write absolute values, computed by
 * {@link WorklistRow#apply}, in the caller's transaction.
 */
@Repository
public class WorklistRepository {

    private static final NamedStatement ROW = NamedStatement.of("""
                    SELECT * FROM worklist
                    WHERE note_id = :noteId AND (:claim::bigint IS NULL OR claim_id = :claim)
                    """);

    /** Assignments of the columns that only the owner of the claim changes. */
    private static final String STATE = """
            state = :state, response_held = :responseHeld, attempts = :attempts, attempts_tonight = :attemptsTonight,
            media_attempts = :mediaAttempts, media_attempts_tonight = :mediaAttemptsTonight,
            counted_night = :countedNight, missing_night = :missingNight, due_at = :dueAt, last_code = :lastCode,
            reason = :reason, detail = :detail, settled_at = :settledAt""";

    /** Condition that the refreshes are planned as they were at the claim. */
    private static final String SAME_PLAN =
            "refresh_night IS NOT DISTINCT FROM :plannedNight::date AND refresh_attempts = :plannedAttempts";

    /** Without a night, the row leaves the plan to {@link RefreshPlan}, which plans archived notes only. */
    private static final NamedStatement SETTLE =
            NamedStatement.of("""
                    UPDATE worklist
                    SET %s,
                        refresh_night = CASE WHEN :refreshNight::date IS NULL
                                             THEN CASE WHEN :state = 'ARCHIVED' THEN refresh_night END
                                             WHEN %s THEN :refreshNight::date ELSE refresh_night END,
                        refresh_attempts = CASE WHEN :refreshNight::date IS NOT NULL AND %s
                                                THEN :refreshAttempts ELSE refresh_attempts END,
                        settled_by = :execution,
                        %s
                    WHERE note_id = :noteId AND claim_id = :claim
                    """.formatted(STATE, SAME_PLAN, SAME_PLAN, ClaimRepository.ENDED));

    private final JdbcClient jdbc;
    private final JdbcClient autoCommit;

    WorklistRepository(JdbcClient jdbc, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.autoCommit = AutoCommitClient.of(transactions);
    }

    /** Returns all columns of a row; empty if the note is not on the worklist. */
    public Optional<WorklistEntry> find(NoteId id) {
        return jdbc.sql("SELECT *, note_id AS id FROM worklist WHERE note_id = :noteId")
                .param("noteId", id.value())
                .query(WorklistEntry.class)
                .optional();
    }

    /** Returns the row of a note regardless of its claim; empty if it is not on the worklist. Commits on return. */
    public Optional<WorklistRow> row(NoteId id) {
        return rowQuery(id, null).execute(autoCommit).optional();
    }

    /** Returns the query for the row of a claimed note, which has no result if the claim was lost. */
    public Query<WorklistRow> rowQuery(WorklistItem claimed) {
        return rowQuery(claimed.id(), claimed.claim());
    }

    private static Query<WorklistRow> rowQuery(NoteId id, @Nullable Long claim) {
        return ROW.with(new MapSqlParameterSource("noteId", id.value()).addValue("claim", claim, Types.BIGINT))
                .as((row, _) -> row(row));
    }

    static WorklistRow row(ResultSet row) throws SQLException {
        String reason = row.getString("reason");
        return new WorklistRow(
                NoteState.valueOf(row.getString("state")),
                row.getBoolean("response_held"),
                instant(row.getTimestamp("due_at")),
                row.getObject("last_code", Integer.class),
                reason == null ? null : StateReason.valueOf(reason),
                row.getString("detail"),
                row.getObject("missing_night", LocalDate.class),
                instant(row.getTimestamp("settled_at")),
                new Counters(
                        row.getInt("attempts"),
                        row.getInt("attempts_tonight"),
                        row.getInt("media_attempts"),
                        row.getInt("media_attempts_tonight"),
                        row.getObject("counted_night", LocalDate.class)),
                new Refresh(
                        row.getObject("refresh_days", Integer.class),
                        row.getObject("refresh_on", LocalDate.class),
                        row.getObject("refresh_night", LocalDate.class),
                        row.getInt("refresh_attempts")),
                new Origin(
                        row.getInt("priority"),
                        row.getString("source"),
                        row.getTimestamp("enqueued_at").toInstant()));
    }

    private static MapSqlParameterSource parameters(NoteId id, WorklistRow row) {
        return RecordParameters.of(row)
                .addValue("noteId", id.value())
                .addValue("detail", PostgresText.of(row.detail()), Types.VARCHAR);
    }

    /**
     * Writes the row of a claimed note and ends the claim. A refresh that was planned again since the claim keeps the
     * newer plan.
     *
     * @return false if the claim was lost; nothing is written then
     */
    public boolean settle(WorklistItem claimed, WorklistRow row, long jobExecutionId) {
        return settleStatement(claimed, row, jobExecutionId).update(jdbc) == 1;
    }

    /** Returns {@link #settle} as a statement that changes one row, or none if the claim was lost. */
    public BoundStatement settleStatement(WorklistItem claimed, WorklistRow row, long jobExecutionId) {
        Refresh planned = claimed.row().refresh();
        return SETTLE.with(parameters(claimed.id(), row)
                .addValue("plannedNight", planned.refreshNight(), Types.DATE)
                .addValue("plannedAttempts", planned.refreshAttempts())
                .addValue("execution", jobExecutionId)
                .addValue("claim", claimed.claim()));
    }

    /**
     * Writes the row of an unclaimed note that an operator completed.
     *
     * @param seen row as read
     * @return false if a run has claimed it, or has settled it since; nothing is written then
     */
    public boolean settleUnclaimed(NoteId id, WorklistRow seen, WorklistRow row) {
        return jdbc.sql("""
                                UPDATE worklist SET %s
                                WHERE note_id = :noteId AND state = :seenState AND claim_id IS NULL
                                  AND settled_at IS NOT DISTINCT FROM :seen
                                """.formatted(STATE))
                        .paramSource(parameters(id, row)
                                .addValue("seenState", seen.state().name())
                                .addValue("seen", timestamp(seen.settledAt()), Types.TIMESTAMP))
                        .update()
                == 1;
    }

    /**
     * Restores a row from a sidecar, replacing an existing one. Requires that no run is active.
     *
     * @param onlyIfLater whether a row that was settled at the same time or later is kept
     * @return whether it was written
     */
    public boolean restore(NoteId id, WorklistRow row, boolean onlyIfLater) {
        return jdbc.sql("""
                                INSERT INTO worklist (note_id, state, response_held, attempts, attempts_tonight,
                                    media_attempts, media_attempts_tonight, counted_night, missing_night, due_at,
                                    last_code, reason, detail, settled_at, priority, source, enqueued_at,
                                    refresh_days, refresh_on, refresh_night, refresh_attempts)
                                VALUES (:noteId, :state, :responseHeld, :attempts, :attemptsTonight,
                                    :mediaAttempts, :mediaAttemptsTonight, :countedNight, :missingNight, :dueAt,
                                    :lastCode, :reason, :detail, :settledAt, :priority, :source, :enqueuedAt,
                                    :refreshDays, :refreshOn, :refreshNight, :refreshAttempts)
                                ON CONFLICT (note_id) DO UPDATE
                                SET %s,
                                    priority = :priority, source = :source, enqueued_at = :enqueuedAt,
                                    refresh_days = :refreshDays, refresh_on = :refreshOn,
                                    refresh_night = :refreshNight, refresh_attempts = :refreshAttempts,
                                    settled_by = NULL, %s
                                WHERE NOT :onlyIfLater OR coalesce(EXCLUDED.settled_at > worklist.settled_at,
                                                                   EXCLUDED.settled_at IS NOT NULL)
                                """.formatted(STATE, ClaimRepository.ENDED))
                        .paramSource(parameters(id, row).addValue("onlyIfLater", onlyIfLater))
                        .update()
                > 0;
    }
}
