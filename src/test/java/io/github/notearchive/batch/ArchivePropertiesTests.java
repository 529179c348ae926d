package io.github.notearchive.batch;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.provider.Settings;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ArchivePropertiesTests {

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
