package io.github.notearchive.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class OutageDetectorTests {

    private final AtomicLong nanos = new AtomicLong(-1);
    private final OutageDetector detector =
            new OutageDetector(new ArchiveProperties.Outage(5, Duration.ofMinutes(10)), nanos::get);

    @Test
    void reportsAnOutageAfterConsecutiveFaults() {
        for (int i = 1; i < 5; i++) {
            assertThat(detector.fails()).as("fault %d", i).isFalse();
        }

        assertThat(detector.fails()).isTrue();
        assertThat(detector.fails()).isTrue();
        assertThat(detector.faults()).isEqualTo(6);
    }

    @Test
    void restartsTheCountAfterASuccess() {
        for (int i = 0; i < 100; i++) {
            assertThat(detector.fails()).isFalse();
            assertThat(detector.fails()).isFalse();
            detector.works();
        }

        assertThat(detector.faults()).isZero();
    }

    @Test
    void reportsAnOutageAfterAPeriodWithoutSuccess() {
        assertThat(detector.struggles()).isFalse();
        pass(Duration.ofMinutes(5));
        assertThat(detector.fails()).isFalse();
        pass(Duration.ofMinutes(5));

        assertThat(detector.struggles()).isTrue();
    }

    @Test
    void ignoresTwoFailuresRegardlessOfTheInterval() {
        assertThat(detector.struggles()).isFalse();
        pass(Duration.ofHours(5));

        assertThat(detector.fails()).isFalse();
    }

    @Test
    void ignoresThrottlingBeforeThePeriodHasElapsed() {
        for (int i = 0; i < 1000; i++) {
            assertThat(detector.struggles()).isFalse();
        }
        assertThat(detector.faults()).isZero();
        pass(Duration.ofMinutes(10).minusNanos(1));
        assertThat(detector.struggles()).isFalse();

        pass(Duration.ofNanos(1));

        assertThat(detector.struggles()).isTrue();
    }

    @Test
    void restartsThePeriodAfterASuccess() {
        detector.struggles();
        detector.struggles();
        pass(Duration.ofMinutes(11));
        detector.works();

        assertThat(detector.struggles()).isFalse();
        assertThat(detector.struggles()).isFalse();
        assertThat(detector.struggles()).isFalse();
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }
}
