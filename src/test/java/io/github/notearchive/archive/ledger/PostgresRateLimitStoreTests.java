package io.github.notearchive.archive.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.provider.RateLimitStore.Pause;
import io.github.notearchive.provider.RateLimitStore.SendTimes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Uses rates so low that no interval ends during a test, even on a slow machine. */
class PostgresRateLimitStoreTests {

    private static final Duration LONGEST = Duration.ofMinutes(15);
    private static final double HOURLY = 1.0 / 3600;

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final PostgresRateLimitStore one = new PostgresRateLimitStore(database.transactions());
    private final PostgresRateLimitStore two = new PostgresRateLimitStore(database.transactions());

    @Test
    void nodesReserveConsecutiveSendTimes() {
        assertThat(one.reserve(1, HOURLY, LONGEST).first()).isLessThan(Duration.ofMinutes(1));
        assertHours(two.reserve(2, HOURLY, LONGEST).first(), 1);
        assertHours(one.reserve(1, HOURLY, LONGEST).first(), 3);

        assertHours(two.reserve(1, HOURLY, LONGEST).first(), 4);
    }

    @Test
    void concurrentSessionsReserveDistinctSendTimes() throws Exception {
        List<Callable<List<SendTimes>>> nodes = new ArrayList<>();
        for (PostgresRateLimitStore node : List.of(one, two, one, two)) {
            nodes.add(() -> IntStream.range(0, 10)
                    .mapToObj(_ -> node.reserve(1, HOURLY, LONGEST))
                    .toList());
        }
        List<Long> hours = new ArrayList<>();

        try (ExecutorService threads = Executors.newFixedThreadPool(nodes.size())) {
            for (Future<List<SendTimes>> times : threads.invokeAll(nodes)) {
                times.get().forEach(time -> hours.add(hours(time.first())));
            }
        }

        assertThat(hours)
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, 40).mapToObj(Long::valueOf).toList());
    }

    @Test
    void unusedSendTimesExpireAndAClockSetBackDelaysNodesBriefly() {
        database.update("UPDATE call_pace SET next_at = now() - interval '1 day'");
        assertThat(one.reserve(1, HOURLY, LONGEST).first()).isLessThan(Duration.ofMinutes(1));
        assertHours(one.reserve(1, HOURLY, LONGEST).first(), 1);

        database.update(
                "UPDATE call_pace SET next_at = now() + interval '1 day', paused_until = now() + interval '1 day'");
        assertThat(one.reserve(1, 20, LONGEST).first()).isLessThan(Duration.ofSeconds(30));
    }

    @Test
    void pausesDoubleFromOneToSixtySecondsForAllNodes() {
        for (int seconds : new int[] {1, 2, 4, 8, 16, 32, 60, 60}) {
            Pause pause = throttled(one, null);

            assertThat(pauseInForce()).isEqualTo(seconds);
            assertThat(two.reserve(1, HOURLY, LONGEST).backoffEpoch()).isEqualTo(pause.backoffEpoch());
        }

        assertThat(secondsPaused()).isBetween(30.0, 60.0);
    }

    @Test
    void burstOfThrottlesCountsOnceForAllNodes() {
        long epoch = one.reserve(1, HOURLY, LONGEST).backoffEpoch();

        assertThat(one.backOff(epoch, null, LONGEST)).isPresent();
        assertThat(two.backOff(epoch, null, LONGEST)).isEmpty();
        assertThat(one.backOff(epoch, null, LONGEST)).isEmpty();

        assertThat(two.reserve(1, 4, LONGEST).distance()).isEqualTo(Duration.ofMillis(500));
    }

    @Test
    void retryAfterOfTheProviderIsUsedAndCapped() {
        throttled(one, Duration.ofSeconds(300));
        assertThat(secondsPaused()).isBetween(200.0, 300.0);

        throttled(one, Duration.ofDays(11));
        assertThat(secondsPaused()).isBetween(800.0, 900.0);
    }

    @Test
    void rateIsHalvedAndRecoversWithResponsesAfterThePause() {
        long before = one.reserve(1, 4, LONGEST).backoffEpoch();
        long since = throttled(one, null).backoffEpoch();

        two.recover(before);
        assertThat(two.reserve(1, 4, LONGEST).distance()).isEqualTo(Duration.ofMillis(500));

        List<Double> rates = new ArrayList<>();
        for (int i = 0; i < 15; i++) {
            two.recover(since);
            rates.add(1e9 / one.reserve(1, 100, LONGEST).distance().toNanos());
        }
        assertThat(rates.getFirst()).isBetween(54.9, 55.1);
        assertThat(rates).isSorted().allMatch(rate -> rate < 100.1);
        assertThat(rates.get(10)).isBetween(99.9, 100.1);
        assertThat(one.reserve(1, 100, LONGEST).recovering()).isFalse();
    }

    @Test
    void responseResetsThePauseAndTheRateHasALowerBound() {
        throttled(one, null);
        throttled(one, null);
        long since = throttled(one, null).backoffEpoch();

        two.recover(since);
        throttled(one, null);

        assertThat(pauseInForce()).isEqualTo(1);
        for (int i = 0; i < 20; i++) {
            throttled(one, null);
        }
        assertThat(one.reserve(1, 64, LONGEST).distance()).isEqualTo(Duration.ofSeconds(1));
    }

    private static Pause throttled(PostgresRateLimitStore node, @Nullable Duration retryAfter) {
        return node.backOff(node.reserve(1, HOURLY, LONGEST).backoffEpoch(), retryAfter, LONGEST)
                .orElseThrow();
    }

    private double secondsPaused() {
        return database.jdbc()
                .sql("SELECT extract(epoch FROM paused_until - clock_timestamp()) FROM call_pace")
                .query(Double.class)
                .single();
    }

    private long pauseInForce() {
        return database.count("SELECT extract(epoch FROM pause) FROM call_pace");
    }

    private static long hours(Duration wait) {
        return Math.round(wait.toSeconds() / 3600.0);
    }

    private static void assertHours(Duration wait, long hours) {
        assertThat(hours(wait)).as(wait.toString()).isEqualTo(hours);
    }
}
