package io.github.notearchive.batch;

import static io.github.notearchive.provider.Settings.violations;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.provider.Settings;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArchivePropertiesTests {

    @ParameterizedTest
    @CsvSource({
        "node, ''",
        "node, a b",
        "node, a/b",
        "workers, 0",
        "workers, 65",
        "retry.delays[0], 0s",
        "retry.jitter, -0.1",
        "retry.jitter, 1",
        "retry.per-night, 0",
        "retry.per-life, 0",
        "outage.faults, 1",
        "outage.after, 0s",
        "recheck-unavailable-after, 1h"
    })
    void valuesOutsideTheirRangeAreRefused(String name, String value) {
        assertThat(violations(bound(name, value))).hasSize(1);
    }

    @Test
    void delaysFollowEachOtherAndTheLastOneRepeats() {
        ArchiveProperties.Retry retry =
                bound("retry.jitter", 0, "retry.delays", "5s,15s").retry();

        assertThat(IntStream.of(1, 2, 3, 1000).mapToObj(retry::delayAfter))
                .containsExactly(
                        Duration.ofSeconds(5), Duration.ofSeconds(15), Duration.ofSeconds(15), Duration.ofSeconds(15));
        assertThat(retry.longestDelay()).hasSeconds(15);
    }

    @Test
    void delaysVaryByTheirJitterAndNoMore() {
        ArchiveProperties.Retry retry = bound().retry();
        for (int times = 1; times <= 5; times++) {
            Duration plain = retry.delays().get(Math.min(times, 4) - 1);
            for (int i = 0; i < 200; i++) {
                Duration delay = retry.delayAfter(times);

                assertThat(delay.toNanos()).isBetween((long) (plain.toNanos() * 0.8), (long) (plain.toNanos() * 1.2));
                assertThat(delay).isLessThanOrEqualTo(retry.longestDelay());
            }
        }
    }

    private static ArchiveProperties bound(Object... namesAndValues) {
        return Settings.bind("archive", ArchiveProperties.class, namesAndValues);
    }
}
