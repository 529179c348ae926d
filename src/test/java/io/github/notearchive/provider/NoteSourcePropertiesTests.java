package io.github.notearchive.provider;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.io.Secret;
import jakarta.validation.ConstraintViolation;
import jakarta.validation.Validation;
import jakarta.validation.Validator;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.util.unit.DataSize;

class NoteSourcePropertiesTests {

    private static final Validator VALIDATOR =
            Validation.buildDefaultValidatorFactory().getValidator();

    @Test
    void defaultsAreThoseOfTheRecord() {
        NoteSourceProperties settings = Settings.of();

        assertThat(settings)
                .isEqualTo(new NoteSourceProperties(
                        URI.create("https://api.justoneapi.com"),
                        new Secret(""),
                        false,
                        2,
                        32,
                        0,
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(120),
                        DataSize.ofMegabytes(4),
                        Duration.ofMinutes(15)));
        assertThat(violations(settings)).isEmpty();
    }

    @Test
    void blankTokenIsNone() {
        assertThat(Settings.of("token", "").token().isPresent()).isFalse();
        assertThat(Settings.of("token", "  ").token().isPresent()).isFalse();
        assertThat(Settings.of("token", " t ").token().value()).isEqualTo("t");
    }

    @Test
    void tokenIsMasked() {
        assertThat(Settings.of("token", "s3cret").toString())
                .doesNotContain("s3cret")
                .contains("****");
    }

    @Test
    void plainHttpToAnotherHostIsRejectedWithARemedy() {
        NoteSourceProperties settings = Settings.of("base-url", "http://47.117.133.51:30015");

        assertThat(violations(settings))
                .singleElement()
                .asString()
                .startsWith("archive.source.base-url is plain HTTP")
                .contains("JUSTONEAPI_ALLOW_PLAIN_HTTP=true");
    }

    @Test
    void plainHttpIsAllowedBySetting() {
        assertThat(violations(Settings.of("base-url", "http://47.117.133.51:30015", "allow-plain-http", true)))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://127.0.0.1:8080",
                "http://127.1.2.3",
                "http://localhost:80/",
                "http://[::1]:8080",
                "https://api.justoneapi.com",
                "HTTPS://api.justoneapi.com/"
            })
    void httpsAndThisHostAreAccepted(String url) {
        assertThat(violations(Settings.of("base-url", url))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://127.0.0.1.evil.test",
                "http://localhost.evil.test",
                "http://10.0.0.1",
                "HTTP://example.org"
            })
    void similarNameIsAnotherHost(String url) {
        assertThat(violations(Settings.of("base-url", url))).anyMatch(message -> message.contains("plain HTTP"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "api.justoneapi.com",
                "ftp://api.justoneapi.com",
                "https:///path",
                "https://api.justoneapi.com/api",
                "https://api.justoneapi.com?x=1",
                "https://user:pw@api.justoneapi.com",
                "mailto:a@b"
            })
    void baseUrlEndsWithTheHost(String url) {
        assertThat(violations(Settings.of("base-url", url)))
                .anyMatch(message -> message.startsWith("archive.source.base-url must be"));
    }

    @Test
    void shortTimeoutIsAcceptedForThisHostOnly() {
        assertThat(violations(Settings.of("response-timeout", "59s")))
                .singleElement()
                .asString()
                .startsWith("archive.source.response-timeout must be at least 60s");
        assertThat(violations(Settings.of("response-timeout", "60s"))).isEmpty();
        assertThat(violations(Settings.of("response-timeout", "11s", "base-url", "http://127.0.0.1:1")))
                .isEmpty();
    }

    @Test
    void responseTimeoutExceedsConnectTimeout() {
        assertThat(violations(Settings.of("connect-timeout", "2m")))
                .containsExactly("archive.source.response-timeout must be longer than archive.source.connect-timeout");
    }

    @ParameterizedTest
    @CsvSource({
        "calls-per-second, 0",
        "calls-per-second, -1",
        "calls-per-second, 1001",
        "calls-in-flight, 0",
        "calls-in-flight, 257",
        "calls-per-night, -1",
        "max-pause, 0s",
        "max-pause, 3h",
        "response-timeout, 31m",
        "connect-timeout, 1ms",
        "max-answer-size, 0B",
        "max-answer-size, -1MB",
        "max-answer-size, 3GB",
        "calls-per-second, NaN"
    })
    void valueOutOfRangeIsRejected(String name, String value) {
        assertThat(violations(Settings.of(name, value))).isNotEmpty();
    }

    private static List<String> violations(NoteSourceProperties settings) {
        return VALIDATOR.validate(settings).stream()
                .map(ConstraintViolation::getMessage)
                .toList();
    }
}
