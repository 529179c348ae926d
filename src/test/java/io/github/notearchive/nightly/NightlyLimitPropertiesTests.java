package io.github.notearchive.nightly;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.validation.ConstraintViolation;
import jakarta.validation.Validation;
import jakarta.validation.Validator;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.util.unit.DataSize;

class NightlyLimitPropertiesTests {

    private static final Validator VALIDATOR =
            Validation.buildDefaultValidatorFactory().getValidator();

    @Test
    void withoutSettingsNothingIsLimited() {
        NightlyLimitProperties limits = limits(0, "", Duration.ZERO);

        assertThat(problems(limits)).isEmpty();
        assertThat(limits.stopAfter(Instant.parse("2026-03-10T00:00:00Z"))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "2026-03-09T16:10:00Z, 2026-03-09T23:30:00Z", // 00:10 of the 10th in Shanghai
        "2026-03-09T23:29:59Z, 2026-03-09T23:30:00Z",
        "2026-03-09T23:30:00Z, 2026-03-10T23:30:00Z",
        "2026-03-10T15:59:59Z, 2026-03-10T23:30:00Z"
    })
    void runsEndAtTheNextSuchTimeOfShanghai(Instant begun, Instant end) {
        assertThat(limits(0, "07:30", Duration.ZERO).stopAfter(begun)).contains(end);
    }

    @ParameterizedTest
    @ValueSource(strings = {"7:30", "24:00", "750", "07:60", "07:30:00", "noon", "07:30 "})
    void timesThatAreNoneAreRefused(String time) {
        assertThat(problems(limits(0, time, Duration.ZERO)))
                .singleElement()
                .asString()
                .contains("07:30");
    }

    @Test
    void sizesAndDurationsWithoutTheirUnitAreRefused() {
        assertThat(problems(limits(50, "", Duration.ZERO)))
                .containsExactly(
                        "archive.limits.bytes-per-night must be at least 1MB, with its unit as in 50GB, or 0 for no limit");
        assertThat(problems(limits(-1, "", Duration.ZERO))).hasSize(1);
        assertThat(problems(limits(0, "", Duration.ofMillis(6))))
                .containsExactly(
                        "archive.limits.max-duration must be at least 1m, with its unit as in 6h, or 0 for no limit");
        assertThat(problems(limits(0, "", Duration.ofHours(-1)))).hasSize(1);
        assertThat(problems(limits(1 << 20, "00:00", Duration.ofMinutes(1)))).isEmpty();
    }

    private static NightlyLimitProperties limits(long bytes, String stopAt, Duration duration) {
        return new NightlyLimitProperties(DataSize.ofBytes(bytes), stopAt, duration);
    }

    private static List<String> problems(NightlyLimitProperties limits) {
        return VALIDATOR.validate(limits).stream()
                .map(ConstraintViolation::getMessage)
                .toList();
    }
}
