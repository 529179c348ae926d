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

/** The rows of {@code worklist}, one at a time: how far a note got. */
@Repository
public class Worklist {

    private static final NamedStatement STANDING = NamedStatement.of("""
                    SELECT * FROM worklist
                    WHERE note_id = :noteId AND (:claim::bigint IS NULL OR claim_id = :claim)
                    """);

    private final JdbcClient jdbc;

    /** For one statement, which is a transaction by itself, whatever the caller is in. */
    private final TransactionTemplate ownTransaction;

    Worklist(JdbcClient jdbc, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.ownTransaction = Transactions.perStatement(transactions);
    }

    /**
     * How far a note got, in a transaction of its own; empty when it is not on the list.
     *
     * @param claimed by whom it is held
     */
    public Optional<WorklistRow> standing(WorklistItem claimed) {
        return standing(claimed.id(), claimed.claim());
    }

    /** The same for a note that nobody need hold. */
    public Optional<WorklistRow> standing(NoteId id) {
        return standing(id, null);
    }

    private Optional<WorklistRow> standing(NoteId id, @Nullable Long claim) {
        return ownTransaction.execute(_ -> askStanding(id, claim).ask(jdbc).optional());
    }

    /** {@link #standing(WorklistItem)} as a question; it has no row or one. */
    public Query<WorklistRow> askStanding(WorklistItem claimed) {
        return askStanding(claimed.id(), claimed.claim());
    }

    private static Query<WorklistRow> askStanding(NoteId id, @Nullable Long claim) {
        return STANDING.with(new MapSqlParameterSource()
                        .addValue("noteId", id.value())
                        .addValue("claim", claim, Types.BIGINT))
                .as((row, _) -> standing(row));
    }

    private static WorklistRow standing(ResultSet row) throws SQLException {
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
     * Writes a note's row as a sidecar tells it, in place of what stands there. Part of the caller's transaction. Only
     * while no run is active.
     *
     * @return true
     */
    public boolean restore(NoteId id, WorklistRow standing) {
        return restore(id, standing, false);
    }

    /**
     * The same, unless the row that is there was decided at the same time or later.
     *
     * @return whether it was written
     */
    public boolean restoreIfLater(NoteId id, WorklistRow standing) {
        return restore(id, standing, true);
    }

    private boolean restore(NoteId id, WorklistRow standing, boolean onlyIfLater) {
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
                        .param("state", standing.state().name())
                        .param("priority", standing.priority())
                        .param("responseHeld", standing.responseHeld())
                        .param("attempts", standing.attempts())
                        .param("attemptsTonight", standing.attemptsTonight())
                        .param("mediaAttempts", standing.mediaAttempts())
                        .param("mediaAttemptsTonight", standing.mediaAttemptsTonight())
                        .param("countedNight", standing.countedNight())
                        .param("missingNight", standing.missingNight())
                        .param("dueAt", timestamp(standing.dueAt()))
                        .param("code", standing.lastCode())
                        .param("reason", StateReason.nameOf(standing.reason()))
                        .param("detail", PostgresText.of(standing.detail()))
                        .param("source", standing.source())
                        .param("enqueuedAt", Timestamp.from(standing.enqueuedAt()))
                        .param("settledAt", timestamp(standing.settledAt()))
                        .param("refreshDays", standing.refreshDays(), Types.INTEGER)
                        .param("refreshOn", standing.refreshOn(), Types.DATE)
                        .param("refreshNight", standing.refreshNight(), Types.DATE)
                        .param("refreshAttempts", standing.refreshAttempts())
                        .update()
                > 0;
    }

    /** The whole row of one note; empty when it is not on the list. */
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
