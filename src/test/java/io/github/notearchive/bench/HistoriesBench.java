package io.github.notearchive.bench;

import io.github.notearchive.histories.HistoryFixture;
import io.github.notearchive.histories.KillSwitch;
import io.github.notearchive.nightly.BesideNightlyJobTest;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.TestPropertySource;

/**
 * 1,000 random histories, in about an hour: {@code ./mvnw verify -Pbench -Dit.test=HistoriesBench}.
 * {@code -Dhistories.from=1000} begins with another seed, {@code -Dhistories.count=100} executes fewer,
 * {@code -Dhistories.length=30} longer ones.
 */
@BesideNightlyJobTest
@Import(KillSwitch.class)
@TestPropertySource(properties = HistoryFixture.SETTINGS)
class HistoriesBench extends HistoryFixture {

    @Test
    @Timeout(value = 6, unit = TimeUnit.HOURS)
    void everyPromiseIsKept() {
        long first = Long.getLong("histories.from", 1);
        long count = Long.getLong("histories.count", 1_000);
        for (long seed = first; seed < first + count; seed++) {
            assertKeeps(seed);
            if (seed % 100 == 0) {
                System.out.println("seeds to " + seed + ": no violation");
            }
        }
        System.out.printf("%d histories, seeds %d to %d: no violation%n", count, first, first + count - 1);
    }
}
