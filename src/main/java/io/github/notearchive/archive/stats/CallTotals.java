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

/** How many calls were made in a run or a night, and what is charged for them. Writes nothing. */
@Repository
public class CallTotals {

    /** Of the calls for which a condition holds. */
    private static final String BILL = """
            SELECT count(*) AS calls, count(*) FILTER (WHERE billed = 'YES') AS billed,
                   count(*) FILTER (WHERE billed = 'UNKNOWN') AS maybe
            FROM api_call
            WHERE %s
            """;

    private final JdbcClient jdbc;

    public CallTotals(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** How many calls the ledger holds of a night; unlike {@link CallRepository#count} this writes nothing. */
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

    /** All calls of a run, and what is charged for them. */
    public Bill billOf(long jobExecutionId) {
        return jdbc.sql(BILL.formatted("job_execution_id = :execution"))
                .param("execution", jobExecutionId)
                .query((row, _) -> bill(row))
                .single();
    }

    /** Calls of a run that asked one of the questions, and what is charged for them. */
    public Bill billOf(long jobExecutionId, Endpoint endpoint) {
        return jdbc.sql(BILL.formatted("job_execution_id = :execution AND endpoint = :endpoint"))
                .param("execution", jobExecutionId)
                .param("endpoint", endpoint.ledgerName())
                .query((row, _) -> bill(row))
                .single();
    }

    /** Calls of a night that asked one of the questions, and what is charged for them. */
    public Bill billIn(Night night, Endpoint endpoint) {
        return jdbc.sql(BILL.formatted("sent_at >= :begins AND sent_at < :ends AND endpoint = :endpoint"))
                .param("begins", Timestamp.from(night.begins()))
                .param("ends", Timestamp.from(night.ends()))
                .param("endpoint", endpoint.ledgerName())
                .query((row, _) -> bill(row))
                .single();
    }

    /** Calls of a run about notes that were archived, and what is charged for them. */
    public Bill billOfRefreshes(long jobExecutionId) {
        return jdbc.sql(BILL.formatted("job_execution_id = :execution AND refresh"))
                .param("execution", jobExecutionId)
                .query((row, _) -> bill(row))
                .single();
    }

    /** Calls of a night about notes that were archived, and what is charged for them. */
    public Bill billOfRefreshesIn(Night night) {
        return jdbc.sql(BILL.formatted("sent_at >= :begins AND sent_at < :ends AND refresh"))
                .param("begins", Timestamp.from(night.begins()))
                .param("ends", Timestamp.from(night.ends()))
                .query((row, _) -> bill(row))
                .single();
    }

    private static Bill bill(ResultSet row) throws SQLException {
        return new Bill(row.getLong("calls"), row.getLong("billed"), row.getLong("maybe"));
    }

    /** Calls of a night, grouped by code and bill. */
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

    /** Paid answers of a run that were bought because the files of an earlier one were dead. */
    public long boughtAgainBy(long jobExecutionId) {
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

    /** How many calls were made, how many of them are charged, and how many may be. */
    public record Bill(long calls, long billed, long maybeBilled) {

        /** Where there are none. */
        public static final Bill NONE = new Bill(0, 0, 0);
    }

    /** How often a code came, and whether that is charged. */
    public record CallCount(@Nullable Integer code, Billed billed, long calls) {}
}
