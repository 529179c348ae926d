package io.github.notearchive.archive.stats;

import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.NightlyCalls;
import java.sql.Timestamp;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.SimplePropertyRowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.core.simple.JdbcClient.StatementSpec;
import org.springframework.stereotype.Repository;

/** Counts the calls of a run or a night and their billing. Read-only. */
@Repository
public class CallTotals {

    /** Condition of the calls of a night. */
    private static final String OF_NIGHT = "sent_at >= :begins AND sent_at < :ends";

    private final JdbcClient jdbc;

    public CallTotals(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** Which calls are counted. */
    public enum Kind {
        ALL("true"),
        VIDEO("endpoint = '%s'".formatted(Endpoint.VIDEO.ledgerName())),
        REFRESH("refresh");

        private final String condition;

        Kind(String condition) {
            this.condition = condition;
        }
    }

    /** Number of calls, billed calls, and calls with unknown billing. */
    public record Bill(long calls, long billed, long billingUnknown) {

        /** No calls. */
        public static final Bill NONE = new Bill(0, 0, 0);
    }

    /** Number of calls with a code and billing. */
    public record CallCount(@Nullable Integer code, Billed billed, long calls) {}

    /** Returns the number of calls of a night. Unlike {@link CallRepository#count}, writes nothing. */
    public NightlyCalls made(Night night) {
        return sql(night, """
                        SELECT greatest(c.calls, n.calls) AS "all", greatest(c.video_calls, n.video_calls) AS videos,
                               greatest(c.refresh_calls, n.refresh_calls) AS refreshes
                        FROM (SELECT count(*) AS calls, count(*) FILTER (WHERE endpoint = :video) AS video_calls,
                                     count(*) FILTER (WHERE refresh) AS refresh_calls
                              FROM api_call WHERE %s) AS c
                        LEFT JOIN nightly_calls n ON n.night = :night
                        """.formatted(OF_NIGHT))
                .params(Map.of("night", night.date(), "video", Endpoint.VIDEO.ledgerName()))
                .query(NightlyCalls.class)
                .single();
    }

    /** Counts the calls of a run. */
    public Bill of(long jobExecutionId, Kind kind) {
        return jdbc.sql(bill("job_execution_id = :execution", kind))
                .param("execution", jobExecutionId)
                .query(Bill.class)
                .single();
    }

    /** Counts the calls of a night. */
    public Bill in(Night night, Kind kind) {
        return sql(night, bill(OF_NIGHT, kind)).query(Bill.class).single();
    }

    private static String bill(String condition, Kind kind) {
        return """
                SELECT count(*) AS calls, count(*) FILTER (WHERE billed = 'YES') AS billed,
                       count(*) FILTER (WHERE billed = 'UNKNOWN') AS billing_unknown
                FROM api_call
                WHERE %s AND %s
                """.formatted(condition, kind.condition);
    }

    /** Returns the calls of a night, grouped by code and billing. */
    public List<CallCount> countsIn(Night night) {
        return sql(night, """
                        SELECT code, billed, count(*) AS calls
                        FROM api_call
                        WHERE %s
                        GROUP BY code, billed
                        ORDER BY code NULLS LAST, billed
                        """.formatted(OF_NIGHT))
                .query(new SimplePropertyRowMapper<>(CallCount.class))
                .list();
    }

    private StatementSpec sql(Night night, String sql) {
        return jdbc.sql(sql)
                .param("begins", Timestamp.from(night.begins()))
                .param("ends", Timestamp.from(night.ends()));
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
}
