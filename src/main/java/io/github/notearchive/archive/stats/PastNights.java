package io.github.notearchive.archive.stats;

import io.github.notearchive.archive.catalog.Statements;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.ProviderCode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Measures calls, files and quotas of the last nights, for a forecast. Read-only. */
@Component
public record PastNights(JdbcClient jdbc) {

    public static final int NIGHTS = 7;

    /** Maximum number of newest calls that are evaluated. */
    private static final int CALLS = 5000;

    private static final int NOTES = 1000;
    private static final int STOPS = 5;

    /**
     * Measurements.
     *
     * @param files time from a response until its note was archived
     * @param responsesBeforeStops responses before the provider reported its quota as used up, per night, newest first
     */
    public record Measurements(Share videoShare, Calls calls, Measured files, List<Long> responsesBeforeStops) {}

    /** Measures the nights before a time. */
    public Measurements measure(Instant now, boolean videos) {
        Instant since = new Night(Night.of(now).date().minusDays(NIGHTS)).begins();
        return new Measurements(videos ? videos() : Share.NONE, calls(since), files(since), responsesBeforeStops(now));
    }

    /** A share of a sample with {@code of} elements. */
    public record Share(long of, double share) {

        public static final Share NONE = new Share(0, 0);
    }

    private Share videos() {
        return Statements.one(jdbc, Share.class, Map.of("notes", NOTES), """
                        SELECT count(*) AS "of", coalesce(avg((note_type = 'video')::int), 0) AS share
                        FROM (SELECT note_type FROM note ORDER BY published_at DESC NULLS LAST, note_id DESC LIMIT :notes) AS n
                        """);
    }

    /** Median duration in a sample with {@code of} elements; 0 if nothing was measured. */
    public record Measured(long of, Duration median) {}

    private record Sample(long of, long billed, double seconds) {

        private Measured measured() {
            return new Measured(of, Duration.ofMillis(Math.round(seconds * 1000)));
        }
    }

    /** Measurements of the calls of the last nights; one call per billed response if unknown. */
    public record Calls(Measured latency, double perResponse) {

        public long neededFor(long responses) {
            return (long) Math.ceil(responses * perResponse);
        }
    }

    private Calls calls(Instant since) {
        Map<String, ?> parameters = Map.of("since", since, "endingCalls", ProviderCode.ENDING_CALLS, "calls", CALLS);
        Sample sample = Statements.one(jdbc, Sample.class, parameters, """
                        SELECT count(*) AS "of", count(*) FILTER (WHERE billed = 'YES') AS billed,
                               coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms), 0) / 1000 AS seconds
                        FROM (SELECT duration_ms, billed FROM api_call
                              WHERE sent_at >= :since AND duration_ms IS NOT NULL
                                AND code IS NOT NULL AND code <> ALL (:endingCalls::text[]::integer[])
                              ORDER BY sent_at DESC LIMIT :calls) AS newest
                        """);
        return new Calls(sample.measured(), sample.billed == 0 ? 1 : (double) sample.of / sample.billed);
    }

    private Measured files(Instant since) {
        Map<String, ?> parameters = Map.of("since", since, "detail", Endpoint.DETAIL.ledgerName(), "notes", NOTES);
        return Statements.one(jdbc, Sample.class, parameters, """
                        SELECT count(*) AS "of", 0 AS billed,
                               coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM w.settled_at - c.received_at)), 0) AS seconds
                        FROM (SELECT note_id, received_at, job_execution_id FROM api_call
                              WHERE sent_at >= :since AND code = 0 AND endpoint = :detail
                              ORDER BY sent_at DESC LIMIT :notes) AS c
                        CROSS JOIN LATERAL (
                            SELECT w.settled_at FROM worklist w
                            WHERE w.note_id = c.note_id AND w.state = 'ARCHIVED'
                              AND w.settled_by = c.job_execution_id AND w.settled_at >= c.received_at
                            OFFSET 0) AS w
                        """).measured();
    }

    private List<Long> responsesBeforeStops(Instant now) {
        Map<String, ?> parameters = Map.of("since", now.minus(Duration.ofDays(60)), "stops", STOPS);
        return Statements.texts(jdbc, parameters, """
                        SELECT max(billed_before) AS responses FROM quota_stop
                        WHERE closed_at >= :since GROUP BY night ORDER BY night DESC LIMIT :stops
                        """).stream()
                .map(Long::valueOf)
                .toList();
    }
}
