package io.github.notearchive.media;

import static io.github.notearchive.media.MediaFixtures.bound;
import static org.assertj.core.api.Assertions.assertThat;

import jakarta.validation.Validation;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.util.unit.DataSize;

class MediaPropertiesTests {

    @Test
    void defaults() {
        MediaProperties properties = bound(Map.of());

        assertThat(properties)
                .isEqualTo(new MediaProperties(
                        List.of("xhscdn.com", "rednotecdn.com", "xiaohongshu.com"),
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(30),
                        Duration.ofMinutes(5),
                        32,
                        16,
                        DataSize.ofGigabytes(4),
                        DataSize.ofGigabytes(16),
                        DataSize.ofMegabytes(64),
                        5,
                        3,
                        List.of(Duration.ofSeconds(1), Duration.ofSeconds(3))));
        assertThat(violations(properties)).isZero();
    }

    @Test
    void hostsReplaceTheDefault() {
        MediaProperties properties = bound(Map.of("archive.media.allowed-hosts", "127.0.0.1:8080,example.org"));

        assertThat(properties.allowedHosts()).containsExactly("127.0.0.1:8080", "example.org");
        assertThat(violations(properties)).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "*",
                "com:80",
                "http://xhscdn.com",
                "localhost:80",
                "10.0.0.1",
                "127.0.0.1:99999",
                "127.0.0.1:0",
                ".com"
            })
    void invalidHostIsRejected(String host) {
        assertThat(violations(bound(Map.of("archive.media.allowed-hosts", host))))
                .isEqualTo(1);
    }

    @Test
    void spoolThatIsTooSmallForOneFileIsRejected() {
        assertThat(violations(bound(Map.of("archive.media.max-spool-size", "1GB"))))
                .isEqualTo(1);
    }

    @Test
    void lastPauseIsRepeated() {
        MediaProperties properties = bound(Map.of());

        assertThat(properties.backoffAfter(1)).hasSeconds(1);
        assertThat(properties.backoffAfter(2)).hasSeconds(3);
        assertThat(properties.backoffAfter(9)).hasSeconds(3);
    }

    private static int violations(MediaProperties properties) {
        try (var factory = Validation.buildDefaultValidatorFactory()) {
            return factory.getValidator().validate(properties).size();
        }
    }
}
