package io.github.notearchive.archive.worklist;

import static io.github.notearchive.io.Timestamps.timestamp;

import io.github.notearchive.archive.catalog.BoundStatement;
import io.github.notearchive.archive.catalog.NamedStatement;
import io.github.notearchive.archive.worklist.StateTransition.Counter;
import io.github.notearchive.io.PostgresText;
import io.github.notearchive.note.Night;
import java.sql.Timestamp;
import java.time.Instant;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Settles claimed notes: writes the decision and ends the claim. Part of the caller's transaction. */
@Repository
public class WorklistRepository {

    private static final NamedStatement SETTLE = NamedStatement.of("""
                    UPDATE worklist
                    SET state = :state, due_at = :dueAt, last_code = :code, reason = :reason, detail = :detail,
                        missing_night = :missingNight, response_held = :responseHeld,
                        refresh_night = CASE WHEN :state = 'ARCHIVED' THEN refresh_night END,
                        attempts = attempts + :call,
                        media_attempts = media_attempts + :media,
                        attempts_tonight =
                            CASE WHEN counted_night = :tonight THEN attempts_tonight ELSE 0 END + :call,
                        media_attempts_tonight =
                            CASE WHEN counted_night = :tonight THEN media_attempts_tonight ELSE 0 END + :media,
                        counted_night = :tonight,
                        settled_at = :now, settled_by = :execution,
                        %s
                    WHERE note_id = :noteId AND claim_id = :claim
                    """.formatted(ClaimRepository.ENDED));

    private final JdbcClient jdbc;

    WorklistRepository(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /**
     * Writes a decision and ends the claim.
     *
     * @param now time of the decision
     * @return false if the claim was lost; nothing is written then
     */
    public boolean settle(WorklistItem claimed, StateTransition decided, long jobExecutionId, Instant now) {
        return settleStatement(claimed, decided, jobExecutionId, now).update(jdbc) == 1;
    }

    /** Returns {@link #settle} as a statement that changes one row, or none if the claim was lost. */
    public BoundStatement settleStatement(
            WorklistItem claimed, StateTransition decided, long jobExecutionId, Instant now) {
        Night missing = decided.missingNight();
        return SETTLE.with(new MapSqlParameterSource()
                .addValue("state", decided.state().name())
                .addValue("dueAt", timestamp(decided.dueAt()))
                .addValue("code", decided.code())
                .addValue("reason", StateReason.nameOf(decided.reason()))
                .addValue("detail", PostgresText.of(decided.detail()))
                .addValue("missingNight", missing == null ? null : missing.date())
                .addValue("responseHeld", decided.responseHeld())
                .addValue("call", decided.countsFor() == Counter.CALL ? 1 : 0)
                .addValue("media", decided.countsFor() == Counter.MEDIA ? 1 : 0)
                .addValue("tonight", Night.of(now).date())
                .addValue("now", Timestamp.from(now))
                .addValue("execution", jobExecutionId)
                .addValue("noteId", claimed.id().value())
                .addValue("claim", claimed.claim()));
    }

    /**
     * Writes the result of a refresh without a new response, and ends the claim.
     *
     * @return false if the claim was lost; nothing is written then
     */
    public boolean settleRefresh(WorklistItem claimed, RefreshResult decided, long jobExecutionId, Instant now) {
        return jdbc.sql("""
                                UPDATE worklist
                                SET state = :state, refresh_night = :again, refresh_attempts = :attempts,
                                    due_at = CASE WHEN :held THEN :againAt WHEN :state = 'ARCHIVED' THEN due_at END,
                                    response_held = :held OR (:state = 'ARCHIVED' AND response_held),
                                    last_code = :code, reason = :reason, detail = :detail, missing_night = :missingNight,
                                    settled_at = :now, settled_by = :execution,
                                    %s
                                WHERE note_id = :noteId AND claim_id = :claim
                                """.formatted(ClaimRepository.ENDED))
                        .param("state", decided.state().name())
                        .param("again", decided.again().date())
                        .param("againAt", Timestamp.from(decided.again().begins()))
                        .param("held", decided.responseHeld())
                        .param("attempts", decided.attempts())
                        .param("code", decided.code())
                        .param("reason", decided.reason().name())
                        .param("detail", PostgresText.ofText(decided.detail()))
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
}
