package io.github.notearchive.batch;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.validation.ConstraintViolation;
import jakarta.validation.Validation;
import jakarta.validation.Validator;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class ArchivePropertiesTests {

    private static final Validator VALIDATOR =
            Validation.buildDefaultValidatorFactory().getValidator();

    @Test
    void theDefaultsAreTheOnesWritten() {
        ArchiveProperties settings = bound(Map.of());

        assertThat(settings)
                .isEqualTo(new ArchiveProperties(
                        "main",
                        32,
                        "",
                        "",
                        List.of(),
                        new ArchiveProperties.Retry(
                                List.of(
                                        Duration.ofSeconds(5),
                                        Duration.ofSeconds(15),
                                        Duration.ofSeconds(45),
                                        Duration.ofSeconds(90)),
                                0.2,
                                5,
                                25),
                        new ArchiveProperties.Outage(20, Duration.ofMinutes(10)),
                        Duration.ofDays(30)));
        assertThat(violations(settings)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "archive.node, a b",
        "archive.node, a/b",
        "archive.workers, 0",
        "archive.workers, 65",
        "archive.retry.delays[0], 0s",
        "archive.retry.jitter, -0.1",
        "archive.retry.jitter, 1",
        "archive.retry.per-night, 0",
        "archive.retry.per-life, 0",
        "archive.outage.faults, 1",
        "archive.outage.after, 0s",
        "archive.recheck-unavailable-after, 1h"
    })
    void valuesOutsideTheirRangeAreRefused(String name, String value) {
        assertThat(violations(bound(Map.of(name, value)))).hasSize(1);
    }

    @Test
    void anEmptyNodeIsRefused() {
        assertThat(violations(bound(Map.of("archive.node", ""))))
                .singleElement()
                .asString()
                .startsWith("may hold letters");
    }

    @Test
    void delaysFollowEachOtherAndTheLastOneRepeats() {
        ArchiveProperties.Retry retry = bound(Map.of("archive.retry.jitter", "0", "archive.retry.delays", "5s,15s"))
                .retry();

        assertThat(retry.delayAfter(1)).hasSeconds(5);
        assertThat(retry.delayAfter(2)).hasSeconds(15);
        assertThat(retry.delayAfter(3)).hasSeconds(15);
        assertThat(retry.delayAfter(1000)).hasSeconds(15);
        assertThat(retry.longestDelay()).hasSeconds(15);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void delaysVaryByTheirJitterAndNoMore(int times) {
        ArchiveProperties.Retry retry = bound(Map.of()).retry();
        Duration plain = retry.delays().get(Math.min(times, 4) - 1);

        for (int i = 0; i < 200; i++) {
            Duration delay = retry.delayAfter(times);

            assertThat(delay.toNanos()).isBetween((long) (plain.toNanos() * 0.8), (long) (plain.toNanos() * 1.2));
            assertThat(delay).isLessThanOrEqualTo(retry.longestDelay());
        }
    }

    private static ArchiveProperties bound(Map<String, String> values) {
        return new Binder(new MapConfigurationPropertySource(values)).bindOrCreate("archive", ArchiveProperties.class);
    }

    private static List<String> violations(ArchiveProperties settings) {
        return VALIDATOR.validate(settings).stream()
                .map(ConstraintViolation::getMessage)
                .toList();
    }
}
