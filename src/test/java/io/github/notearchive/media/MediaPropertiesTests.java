package io.github.notearchive.media;

import static io.github.notearchive.media.MediaFixtures.bound;
import static org.assertj.core.api.Assertions.assertThat;

import jakarta.validation.Validation;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MediaPropertiesTests {

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

    @ParameterizedTest
    @ValueSource(strings = {"max-spool-size=1GB", "max-file-size=0B", "max-file-size=5121MB", "max-memory=-1B"})
    void impossibleSizeIsRejected(String setting) {
        String[] parts = setting.split("=");

        assertThat(violations(bound(Map.of("archive.media." + parts[0], parts[1]))))
                .isEqualTo(1);
    }

    private static int violations(MediaProperties properties) {
        try (var factory = Validation.buildDefaultValidatorFactory()) {
            return factory.getValidator().validate(properties).size();
        }
    }
}
