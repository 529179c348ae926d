package io.github.notearchive.archive.stats;

import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.NightlyCalls;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Counts the calls of a run or a night and their billing. Read-only. */
@Repository
public class CallTotals {

    /** Counts the calls that match a condition. */
    private static final String BILL = """
            SELECT count(*) AS calls, count(*) FILTER (WHERE billed = 'YES') AS billed,
                   count(*) FILTER (WHERE billed = 'UNKNOWN') AS maybe_billed
            FROM api_call
            WHERE %s
            """;

    private final JdbcClient jdbc;

    public CallTotals(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** Returns the number of calls of a night. Unlike {@link CallRepository#count}, writes nothing. */
    public NightlyCalls made(Night night) {
        return jdbc.sql("""
                        SELECT greatest(c.calls, n.calls) AS calls, greatest(c.video_calls, n.video_calls) AS video_calls,
                               greatest(c.refresh_calls, n.refresh_calls) AS refresh_calls
                        FROM (SELECT count(*) AS calls, count(*) FILTER (WHERE endpoint = :video) AS video_calls,
                                     count(*) FILTER (WHERE refresh) AS refresh_calls
                              FROM api_call WHERE sent_at >= :begins AND sent_at < :ends) AS c
                        LEFT JOIN nightly_calls n ON n.night = :night
                        """)
                .param("night", night.date())
                .param("video", Endpoint.VIDEO.ledgerName())
                .param("begins", Timestamp.from(night.begins()))
                .param("ends", Timestamp.from(night.ends()))
                .query((row, _) -> CallRepository.nightlyCalls(row))
                .single();
    }

    /** Counts all calls of a run. */
    public Bill billOf(long jobExecutionId) {
        return jdbc.sql(BILL.formatted("job_execution_id = :execution"))
                .param("execution", jobExecutionId)
                .query((row, _) -> bill(row))
                .single();
    }

    /** Counts the calls of a run to one endpoint. */
    public Bill billOf(long jobExecutionId, Endpoint endpoint) {
        return jdbc.sql(BILL.formatted("job_execution_id = :execution AND endpoint = :endpoint"))
                .param("execution", jobExecutionId)
                .param("endpoint", endpoint.ledgerName())
                .query((row, _) -> bill(row))
                .single();
    }

    /** Counts the calls of a night to one endpoint. */
    public Bill billIn(Night night, Endpoint endpoint) {
        return jdbc.sql(BILL.formatted("sent_at >= :begins AND sent_at < :ends AND endpoint = :endpoint"))
                .param("begins", Timestamp.from(night.begins()))
                .param("ends", Timestamp.from(night.ends()))
                .param("endpoint", endpoint.ledgerName())
                .query((row, _) -> bill(row))
                .single();
    }

    /** Counts the refresh calls of a run. */
    public Bill billOfRefreshes(long jobExecutionId) {
        return jdbc.sql(BILL.formatted("job_execution_id = :execution AND refresh"))
                .param("execution", jobExecutionId)
                .query((row, _) -> bill(row))
                .single();
    }

    /** Counts the refresh calls of a night. */
    public Bill billOfRefreshesIn(Night night) {
        return jdbc.sql(BILL.formatted("sent_at >= :begins AND sent_at < :ends AND refresh"))
                .param("begins", Timestamp.from(night.begins()))
                .param("ends", Timestamp.from(night.ends()))
                .query((row, _) -> bill(row))
                .single();
    }

    static Bill bill(ResultSet row) throws SQLException {
        return new Bill(row.getLong("calls"), row.getLong("billed"), row.getLong("maybe_billed"));
    }

    /** Returns the calls of a night, grouped by code and billing. */
    public List<CallCount> countsIn(Night night) {
        return jdbc.sql("""
                        SELECT code, billed, count(*) AS calls
                        FROM api_call
                        WHERE sent_at >= :begins AND sent_at < :ends
                        GROUP BY code, billed
                        ORDER BY code NULLS LAST, billed
                        """)
                .param("begins", Timestamp.from(night.begins()))
                .param("ends", Timestamp.from(night.ends()))
                .query((row, _) -> callCount(row))
                .list();
    }

    private static CallCount callCount(ResultSet row) throws SQLException {
        return new CallCount(
                row.getObject("code", Integer.class), Billed.valueOf(row.getString("billed")), row.getLong("calls"));
    }

    /** Counts the paid responses of a run that replaced one with expired URLs. */
    public long countReplacements(long jobExecutionId) {
        return jdbc.sql("""
                        SELECT count(*) FROM api_call c
                        WHERE c.job_execution_id = :execution AND c.billed = 'YES'
                          AND EXISTS (SELECT 1 FROM api_call p
                                      WHERE p.note_id = c.note_id AND p.endpoint = c.endpoint AND p.id < c.id
                                        AND p.media_gone_at IS NOT NULL)
                        """)
                .param("execution", jobExecutionId)
                .query(Long.class)
                .single();
    }

    /** Number of calls, billed calls, and calls with unknown billing. */
    public record Bill(long calls, long billed, long billingUnknown) {

        /** No calls. */
        public static final Bill NONE = new Bill(0, 0, 0);
    }

    /** Number of calls with a code and billing. */
    public record CallCount(@Nullable Integer code, Billed billed, long calls) {}
}
