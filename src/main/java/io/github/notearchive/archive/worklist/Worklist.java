package io.github.notearchive.archive.worklist;

import static io.github.notearchive.io.Timestamps.instant;
import static io.github.notearchive.io.Timestamps.timestamp;

import io.github.notearchive.archive.catalog.NamedStatement;
import io.github.notearchive.archive.catalog.Query;
import io.github.notearchive.io.PostgresText;
import io.github.notearchive.io.Transactions;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Reads and restores single rows of {@code worklist}. */
@Repository
public class Worklist {

    private static final NamedStatement ROW = NamedStatement.of("""
                    SELECT * FROM worklist
                    WHERE note_id = :noteId AND (:claim::bigint IS NULL OR claim_id = :claim)
                    """);

    private final JdbcClient jdbc;

    /** Commits each statement on its own, independent of the caller's transaction. */
    private final TransactionTemplate autoCommit;

    Worklist(JdbcClient jdbc, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.autoCommit = Transactions.perStatement(transactions);
    }

    /**
     * Returns the row of a claimed note, in its own transaction; empty if the claim was lost.
     *
     * @param claimed the claim
     */
    public Optional<WorklistRow> row(WorklistItem claimed) {
        return row(claimed.id(), claimed.claim());
    }

    /** Returns the row of a note regardless of its claim; empty if it is not on the worklist. */
    public Optional<WorklistRow> row(NoteId id) {
        return row(id, null);
    }

    private Optional<WorklistRow> row(NoteId id, @Nullable Long claim) {
        return autoCommit.execute(_ -> rowQuery(id, claim).execute(jdbc).optional());
    }

    /** Returns {@link #row(WorklistItem)} as a query with at most one row. */
    public Query<WorklistRow> rowQuery(WorklistItem claimed) {
        return rowQuery(claimed.id(), claimed.claim());
    }

    private static Query<WorklistRow> rowQuery(NoteId id, @Nullable Long claim) {
        return ROW.with(new MapSqlParameterSource()
                        .addValue("noteId", id.value())
                        .addValue("claim", claim, Types.BIGINT))
                .as((row, _) -> row(row));
    }

    private static WorklistRow row(ResultSet row) throws SQLException {
        return new WorklistRow(
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
                row.getBoolean("response_held"),
                instant(row.getTimestamp("due_at")),
                row.getObject("last_code", Integer.class),
                StateReason.ofName(row.getString("reason")),
                row.getString("detail"),
                instant(row.getTimestamp("settled_at")),
                row.getObject("refresh_days", Integer.class),
                row.getObject("refresh_on", LocalDate.class),
                row.getObject("refresh_night", LocalDate.class),
                row.getInt("refresh_attempts"));
    }

    /**
     * Restores a row from a sidecar, replacing an existing one. Part of the caller's transaction. Requires that no run
     * is active.
     *
     * @return true
     */
    public boolean restore(NoteId id, WorklistRow row) {
        return restore(id, row, false);
    }

    /**
     * As above, unless the existing row was settled at the same time or later.
     *
     * @return whether it was written
     */
    public boolean restoreIfLater(NoteId id, WorklistRow row) {
        return restore(id, row, true);
    }

    private boolean restore(NoteId id, WorklistRow row, boolean onlyIfLater) {
        return jdbc.sql("""
                        INSERT INTO worklist (note_id, state, priority, response_held, attempts, attempts_tonight, media_attempts,
                                              media_attempts_tonight, counted_night, missing_night, due_at, last_code,
                                              reason, detail, source, enqueued_at, settled_at, refresh_days, refresh_on,
                                              refresh_night, refresh_attempts)
                        VALUES (:noteId, :state, :priority, :responseHeld, :attempts, :attemptsTonight, :mediaAttempts,
                                :mediaAttemptsTonight, :countedNight, :missingNight, :dueAt, :code,
                                :reason, :detail, :source, :enqueuedAt, :settledAt, :refreshDays, :refreshOn,
                                :refreshNight, :refreshAttempts)
                        ON CONFLICT (note_id) DO UPDATE
                        SET state = EXCLUDED.state, priority = EXCLUDED.priority, response_held = EXCLUDED.response_held,
                            attempts = EXCLUDED.attempts, attempts_tonight = EXCLUDED.attempts_tonight,
                            media_attempts = EXCLUDED.media_attempts,
                            media_attempts_tonight = EXCLUDED.media_attempts_tonight,
                            counted_night = EXCLUDED.counted_night, missing_night = EXCLUDED.missing_night,
                            due_at = EXCLUDED.due_at, last_code = EXCLUDED.last_code, reason = EXCLUDED.reason, detail = EXCLUDED.detail,
                            source = EXCLUDED.source, enqueued_at = EXCLUDED.enqueued_at, settled_at = EXCLUDED.settled_at,
                            refresh_days = EXCLUDED.refresh_days, refresh_on = EXCLUDED.refresh_on,
                            refresh_night = EXCLUDED.refresh_night, refresh_attempts = EXCLUDED.refresh_attempts,
                            settled_by = NULL, %s
                        WHERE NOT :onlyIfLater
                           OR coalesce(EXCLUDED.settled_at > worklist.settled_at, EXCLUDED.settled_at IS NOT NULL)
                        """.formatted(ClaimRepository.ENDED))
                        .param("onlyIfLater", onlyIfLater)
                        .param("noteId", id.value())
                        .param("state", row.state().name())
                        .param("priority", row.priority())
                        .param("responseHeld", row.responseHeld())
                        .param("attempts", row.attempts())
                        .param("attemptsTonight", row.attemptsTonight())
                        .param("mediaAttempts", row.mediaAttempts())
                        .param("mediaAttemptsTonight", row.mediaAttemptsTonight())
                        .param("countedNight", row.countedNight())
                        .param("missingNight", row.missingNight())
                        .param("dueAt", timestamp(row.dueAt()))
                        .param("code", row.lastCode())
                        .param("reason", StateReason.nameOf(row.reason()))
                        .param("detail", PostgresText.of(row.detail()))
                        .param("source", row.source())
                        .param("enqueuedAt", Timestamp.from(row.enqueuedAt()))
                        .param("settledAt", timestamp(row.settledAt()))
                        .param("refreshDays", row.refreshDays(), Types.INTEGER)
                        .param("refreshOn", row.refreshOn(), Types.DATE)
                        .param("refreshNight", row.refreshNight(), Types.DATE)
                        .param("refreshAttempts", row.refreshAttempts())
                        .update()
                > 0;
    }

    /** Returns all columns of a row; empty if the note is not on the worklist. */
    public Optional<Entry> find(NoteId id) {
        return jdbc.sql("""
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
                StateReason.ofName(row.getString("reason")),
                row.getString("detail"),
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

    /** All columns of a row. */
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
}
