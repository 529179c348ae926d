package io.github.notearchive.provider;

import static io.github.notearchive.provider.Settings.violations;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.io.Secret;
import io.github.notearchive.note.StreamPreference;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.util.unit.DataSize;

class ProviderPropertiesTests {

    @Test
    void defaultsAreThoseOfTheRecords() {
        assertThat(Settings.of())
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
        assertThat(Settings.ofVideos())
                .isEqualTo(new VideoProperties(false, 0, List.of("h265", "h264", "av1", "h266"), 0));
        assertThat(Settings.ofVideos().preference()).isEqualTo(StreamPreference.DEFAULT);
        assertThat(Settings.ofRefreshes().gapDays()).isEmpty();
        assertThat(Settings.ofRefreshes().policy()).isEqualTo("off");
        assertThat(List.of(Settings.of(), Settings.ofVideos(), Settings.ofRefreshes()))
                .allSatisfy(settings -> assertThat(violations(settings)).isEmpty());
    }

    @Test
    void tokenIsStrippedAndMasked() {
        assertThat(Settings.of("token", "  ").token().isPresent()).isFalse();
        assertThat(Settings.of("token", " t ").token().value()).isEqualTo("t");
        assertThat(Settings.of("token", "s3cret").toString())
                .doesNotContain("s3cret")
                .contains("****");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "base-url http://47.117.133.51:30015                       | archive.source.base-url is plain HTTP",
                "base-url http://127.0.0.1.evil.test                       | archive.source.base-url is plain HTTP",
                "base-url http://localhost.evil.test                       | archive.source.base-url is plain HTTP",
                "base-url http://10.0.0.1                                  | archive.source.base-url is plain HTTP",
                "base-url HTTP://example.org                               | archive.source.base-url is plain HTTP",
                "base-url http://47.117.133.51:30015 allow-plain-http true |",
                "base-url http://127.0.0.1:8080                            |",
                "base-url http://127.1.2.3                                 |",
                "base-url http://localhost:80/                             |",
                "base-url http://[::1]:8080                                |",
                "base-url HTTPS://api.justoneapi.com/                      |",
                "base-url api.justoneapi.com                               | archive.source.base-url must be",
                "base-url ftp://api.justoneapi.com                         | archive.source.base-url must be",
                "base-url https:///path                                    | archive.source.base-url must be",
                "base-url https://api.justoneapi.com/api                   | archive.source.base-url must be",
                "base-url https://api.justoneapi.com?x=1                   | archive.source.base-url must be",
                "base-url https://user:pw@api.justoneapi.com               | archive.source.base-url must be",
                "base-url mailto:a@b                                       | archive.source.base-url must be",
                "response-timeout 59s                | archive.source.response-timeout must be at least 60s",
                "response-timeout 60s                |",
                "response-timeout 11s base-url http://127.0.0.1:1          |",
                "connect-timeout 2m                  | archive.source.response-timeout must be longer than archive",
                "calls-per-second 0                  | must be greater than or equal to 0.01",
                "calls-per-second -1                 | must be greater than or equal to 0.01",
                "calls-per-second 1001               | must be less than or equal to 1000",
                "calls-per-second NaN                | must be",
                "calls-in-flight 0                   | must be greater than or equal to 1",
                "calls-in-flight 257                 | must be less than or equal to 256",
                "calls-per-night -1                  | must be greater than or equal to 0",
                "max-pause 0s                        | must be longer than or equal to 1 second",
                "max-pause 3h                        | must be shorter than or equal to 2 hours",
                "response-timeout 31m                | must be shorter than or equal to 30 minutes",
                "connect-timeout 1ms                 | must be longer than or equal to 100",
                "max-answer-size 0B                  | archive.source.max-answer-size must",
                "max-answer-size -1MB                | archive.source.max-answer-size must",
                "max-answer-size 3GB                 | archive.source.max-answer-size must"
            })
    void sourceIsValidated(String settings, @Nullable String message) {
        assertIsRejected(Settings.of((Object[]) settings.split(" ")), message);
        if ("archive.source.base-url is plain HTTP".equals(message)) {
            String remedy =
                    violations(Settings.of((Object[]) settings.split(" "))).getFirst();
            assertThat(remedy).contains("JUSTONEAPI_ALLOW_PLAIN_HTTP=true");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "codecs h264,vp9    | archive.video.codecs may name h265, h264, av1 and h266, each once, the best first",
                "codecs h264,h264   | archive.video.codecs may name h265, h264, av1 and h266, each once, the best first",
                "calls-per-night -1 | must be greater than or equal to 0",
                "max-height -1      | must be greater than or equal to 0"
            })
    void videosAreValidated(String settings, String message) {
        assertIsRejected(Settings.ofVideos((Object[]) settings.split(" ")), message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ages 7d gaps 1d,7d,9d    | archive.refresh.gaps needs one time",
                "ages 9d,7d gaps 1d,7d,9d | archive.refresh.ages must grow",
                "ages 36h gaps 1d         | archive.refresh.ages and archive.refresh.gaps are whole days",
                "share 0                  | must be greater than or equal to 0.001",
                "calls-per-night -1       | must be greater than or equal to 0",
                "ages 7d,30d gaps 1d,7d,30d enabled true |"
            })
    void refreshesAreValidated(String settings, @Nullable String message) {
        assertIsRejected(Settings.ofRefreshes((Object[]) settings.split(" ")), message);
        assertThat(violations(Settings.ofRefreshes("gaps", ""))).contains("must not be empty");
    }

    @Test
    void unnamedCodecsComeLast() {
        assertThat(Settings.ofVideos("codecs", "av1").preference().codecs())
                .containsExactly("av1", "h265", "h264", "h266");
        assertThat(Settings.ofVideos("codecs", "").preference()).isEqualTo(StreamPreference.DEFAULT);
    }

    @Test
    void gapsFollowTheAges() {
        RefreshProperties settings = Settings.ofRefreshes("enabled", true, "ages", "7d,30d", "gaps", "1d,7d,30d");

        assertThat(settings.policy()).isEqualTo("ages 7d 30d; gaps 1d 7d 30d");
    }

    @ParameterizedTest
    @CsvSource({
        "0,    0.2, 200, 200",
        "0,    0.2, 0,   0",
        "1000, 0.2, 0,   200",
        "1000, 0.2, 50,  50",
        "100,  0.2, 50,  20",
        "3,    0.2, 50,  1"
    })
    void smallerOfShareAndNumberApplies(int ofAll, double share, int number, int allowed) {
        assertThat(Settings.ofRefreshes("share", share, "calls-per-night", number)
                        .callsAllowed(ofAll))
                .isEqualTo(allowed);
    }

    /** @param message beginning of a message; null if the settings are accepted */
    private static void assertIsRejected(Object settings, @Nullable String message) {
        if (message == null) {
            assertThat(violations(settings)).isEmpty();
        } else {
            assertThat(violations(settings)).anyMatch(violation -> violation.startsWith(message));
        }
    }
}
