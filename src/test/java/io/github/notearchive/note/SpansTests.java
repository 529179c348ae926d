package io.github.notearchive.note;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpansTests {

    @ParameterizedTest
    @CsvSource({
        "PT0S, 0s",
        "PT0.09S, 90ms",
        "PT0.0000001S, 100ns",
        "PT1M30S, 90s",
        "PT1H30M, 90m",
        "PT6H, 6h",
        "PT720H, 30d",
        "PT-5M, -5m"
    })
    void aLengthOfTimeIsToldAsItIsTyped(Duration span, String words) {
        assertThat(Spans.inWords(span)).isEqualTo(words);
    }
}
