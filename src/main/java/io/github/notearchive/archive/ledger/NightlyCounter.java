package io.github.notearchive.archive.ledger;

import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.NightlyCalls;
import java.util.Map;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Counts the calls of a night for our own limits; the statement of {@link CallRepository} that records a call adds it.
 */
final class NightlyCounter {

    /** Columns of {@link NightlyCalls}. */
    static final String COLUMNS = "calls AS \"all\", video_calls AS videos, refresh_calls AS refreshes, "
            + "unbilled_calls AS unbilled, unbilled_video_calls AS unbilled_videos";

    /** Condition on the cost of calls; formatted with the number of all that may be billed, and of those for videos. */
    static final String WITHIN_COST = "(:cost = 0 OR (%1$s - %2$s) * :notePrice + %2$s * :videoPrice <= :cost)";

    private final JdbcClient jdbc;

    NightlyCounter(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    NightlyCalls sentIn(Night night) {
        String sql = "SELECT %s FROM nightly_calls WHERE night = :night".formatted(COLUMNS);
        return Statements.optional(jdbc, NightlyCalls.class, Map.of("night", night), sql)
                .orElse(NightlyCalls.NONE);
    }

    /**
     * Starts or resumes the counter of a night. It is never below the number of ledger rows, which may have been
     * rebuilt. Counts the calls that were not billed.
     */
    NightlyCalls count(Night night) {
        Map<String, Object> parameters = Map.of(
                "night", night,
                "video", Endpoint.VIDEO.ledgerName(),
                "begins", night.begins(),
                "ends", night.ends());
        return Statements.one(jdbc, NightlyCalls.class, parameters, """
                INSERT INTO nightly_calls AS n (night, calls, video_calls, refresh_calls, unbilled_calls,
                        unbilled_video_calls)
                SELECT :night, count(*), count(*) FILTER (WHERE endpoint = :video), count(*) FILTER (WHERE refresh),
                       count(*) FILTER (WHERE billed = 'NO'), count(*) FILTER (WHERE billed = 'NO' AND endpoint = :video)
                FROM api_call WHERE sent_at >= :begins AND sent_at < :ends
                ON CONFLICT (night) DO UPDATE
                SET calls = greatest(n.calls, EXCLUDED.calls),
                    video_calls = greatest(n.video_calls, EXCLUDED.video_calls),
                    refresh_calls = greatest(n.refresh_calls, EXCLUDED.refresh_calls),
                    unbilled_calls = greatest(n.unbilled_calls, EXCLUDED.unbilled_calls),
                    unbilled_video_calls = greatest(n.unbilled_video_calls, EXCLUDED.unbilled_video_calls)
                RETURNING %s
                """.formatted(COLUMNS));
    }
}
