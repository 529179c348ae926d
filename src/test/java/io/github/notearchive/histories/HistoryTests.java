package io.github.notearchive.histories;

import io.github.notearchive.nightly.BesideNightlyJobTest;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.TestPropertySource;

/**
 * Random histories of commands, nights, faults and kills, each compared with a model of what the archive promises.
 *
 * <p>{@code -Dhistories.steps='ENQUEUE(0,3,0) NIGHT(0,0,120)'} executes one history, as a failure prints it,
 * {@code -Dhistories.from=21 -Dhistories.to=40} others, {@code -Dhistories.length=30} longer ones.
 * {@link io.github.notearchive.bench.HistoriesBench} executes 1,000.
 */
@BesideNightlyJobTest
@Import(KillSwitch.class)
@TestPropertySource(properties = HistoryFixture.SETTINGS)
class HistoryTests extends HistoryFixture {

    static LongStream seeds() {
        return LongStream.rangeClosed(Long.getLong("histories.from", 4), Long.getLong("histories.to", 20));
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void everyPromiseIsKept(long seed) {
        assertKeeps(seed);
    }

    @Tag("long")
    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void everyPromiseIsKeptInMoreHistories(long seed) {
        assertKeeps(seed);
    }
}
