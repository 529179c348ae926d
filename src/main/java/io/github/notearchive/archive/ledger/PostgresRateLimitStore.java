package io.github.notearchive.archive.ledger;

import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.provider.RateLimitStore;
import java.sql.Types;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionException;

/**
 * Shared rate limit of all nodes in the row of {@code call_pace}.
 *
 * <p>Each statement is its own transaction and does not wait for the disk, since all nodes wait for the row it locks. A
 * server crash may lose send times of a moment that has passed when the server is back.
 */
@Repository
class PostgresRateLimitStore implements RateLimitStore {

    private static final Logger log = LoggerFactory.getLogger(PostgresRateLimitStore.class);

    /**
     * Upper bounds of reserved send times, in number and seconds. A time further ahead was written before a clock was
     * set back.
     */
    private static final int MAX_AHEAD = 256;

    private static final int MAX_SECONDS_AHEAD = 10;

    private final JdbcClient jdbc;

    PostgresRateLimitStore(PlatformTransactionManager transactions) {
        this.jdbc = Statements.autoCommit(transactions);
    }

    @Override
    public SendTimes reserve(int count, double callsPerSecond, Duration maxPause) {
        return jdbc.sql("""
                        UPDATE call_pace
                        SET next_at =
                                greatest(
                                    CASE WHEN next_at < clock_timestamp() + :seconds * interval '1 second'
                                              + :ahead * (:distance / share) * interval '1 second'
                                         THEN next_at ELSE '-infinity' END,
                                    CASE WHEN paused_until <= clock_timestamp() + :maxPause * interval '1 second'
                                         THEN paused_until ELSE '-infinity' END,
                                    clock_timestamp())
                                + :count * (:distance / share) * interval '1 second'
                        FROM (SELECT set_config('synchronous_commit', 'off', true) AS commits) AS quick
                        WHERE quick.commits = 'off'
                        RETURNING extract(epoch FROM next_at - clock_timestamp())
                                    - :count * (:distance / share) AS wait,
                                  :distance / share AS distance, throttles, share < 1 OR pause > '0' AS recovering
                        """)
                .param("count", count)
                .param("distance", 1 / callsPerSecond)
                .param("ahead", MAX_AHEAD)
                .param("seconds", MAX_SECONDS_AHEAD)
                .param("maxPause", seconds(maxPause))
                .query((row, _) -> new SendTimes(
                        ofSeconds(row.getDouble("wait")),
                        ofSeconds(row.getDouble("distance")),
                        row.getLong("throttles"),
                        row.getBoolean("recovering")))
                .single();
    }

    @Override
    public Optional<Pause> backOff(long backoffEpoch, @Nullable Duration retryAfter, Duration maxPause) {
        try {
            return jdbc.sql("""
                        UPDATE call_pace
                        SET throttles = throttles + 1, share = greatest(share / 2, 1.0 / 64),
                            pause = CASE WHEN pause = '0' THEN interval '1 second'
                                         ELSE least(pause * 2, interval '60 seconds') END,
                            paused_until =
                                clock_timestamp()
                                + least(
                                      coalesce(
                                          :retryAfter::float8 * interval '1 second',
                                          CASE WHEN pause = '0' THEN interval '1 second'
                                               ELSE least(pause * 2, interval '60 seconds') END),
                                      :maxPause * interval '1 second')
                        FROM (SELECT set_config('synchronous_commit', 'off', true) AS commits) AS quick
                        WHERE quick.commits = 'off' AND throttles = :epoch
                        RETURNING extract(epoch FROM paused_until - clock_timestamp()) AS wait, throttles
                        """)
                    .params(Map.of("epoch", backoffEpoch, "maxPause", seconds(maxPause)))
                    .param("retryAfter", retryAfter == null ? null : seconds(retryAfter), Types.DOUBLE)
                    .query((row, _) -> new Pause(ofSeconds(row.getDouble("wait")), row.getLong("throttles")))
                    .optional();
        } catch (DataAccessException | TransactionException e) {
            warn("other nodes do not observe the pause", e);
            return Optional.empty();
        }
    }

    @Override
    public void recover(long backoffEpoch) {
        try {
            jdbc.sql("""
                                            UPDATE call_pace SET share = least(1, share + 0.05), pause = '0'
                                            FROM (SELECT set_config('synchronous_commit', 'off', true)
                                                      AS commits) AS quick
                                            WHERE quick.commits = 'off' AND throttles = :epoch
                                              AND (share < 1 OR pause > '0')
                                            """).param("epoch", backoffEpoch).update();
        } catch (DataAccessException | TransactionException e) {
            warn("the rate stays reduced", e);
        }
    }

    /** An uninformed node is slower or meets the next 302; failing the call would lose its response. */
    private static void warn(String consequence, RuntimeException e) {
        log.warn("The rate limit could not be written to the database, {}: {}", consequence, DatabaseErrors.summary(e));
    }

    private static double seconds(Duration time) {
        return time.toNanos() / 1e9;
    }

    private static Duration ofSeconds(double seconds) {
        return Duration.ofNanos((long) (seconds * 1e9));
    }
}
