package io.github.notearchive;

import static io.github.notearchive.provider.Settings.bind;
import static io.github.notearchive.provider.Settings.violations;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.media.MediaProperties;
import io.github.notearchive.nightly.NightlyLimitProperties;
import io.github.notearchive.note.StreamPreference;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.RefreshProperties;
import io.github.notearchive.provider.Settings;
import io.github.notearchive.provider.VideoProperties;
import io.github.notearchive.store.StoreProperties;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rules and defaults of the settings of the provider, the media and the nights. */
class SettingsRulesTests {

    private static final Map<String, Class<?>> RECORDS = Map.of(
            "archive", ArchiveProperties.class,
            "archive.store", StoreProperties.class,
            "archive.source", NoteSourceProperties.class,
            "archive.video", VideoProperties.class,
            "archive.refresh", RefreshProperties.class,
            "archive.media", MediaProperties.class,
            "archive.limits", NightlyLimitProperties.class);

    @Test
    void defaultsAreAccepted() {
        assertThat(Settings.ofVideos().preference()).isEqualTo(StreamPreference.DEFAULT);
        assertThat(Settings.ofRefreshes().gapDays()).isEmpty();
        assertThat(Settings.ofRefreshes().policy()).isEqualTo("off");
        RECORDS.forEach(
                (prefix, type) -> assertThat(violations(bind(prefix, type))).isEmpty());
    }

    @Test
    void tokenIsStrippedAndMasked() {
        assertThat(Settings.of("token", "  ").token().isPresent()).isFalse();
        assertThat(Settings.of("token", " t ").token().value()).isEqualTo("t");
        assertThat(Settings.of("token", "s3cret").toString())
                .doesNotContain("s3cret")
                .contains("****");
        assertThat(bind("archive.store", StoreProperties.class, "secret-key", "s3cret"))
                .asString()
                .doesNotContain("s3cret")
                .contains("***");
    }

    /** A prefix with names and values, and the beginning of the violated rule; none if the settings are accepted. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "archive workers 0 | must be greater than or equal to 1",
                "archive workers 65 | must be less than or equal to 64",
                "archive retry.delays[0] 0s | must be longer than",
                "archive retry.jitter -0.1 | must be greater than",
                "archive retry.jitter 1 | must be less than",
                "archive retry.per-night 0 | must be greater than",
                "archive retry.per-life 0 | must be greater than",
                "archive outage.faults 1 | must be greater than",
                "archive outage.after 0s | must be longer than",
                "archive recheck-unavailable-after 1h | must be longer than",
                "archive.store endpoint https://s3.example.org | archive.store.access-key and archive.store.secret-key must be set",
                "archive.store endpoint https://s3.example.org access-key who secret-key hunter2 |",
                "archive.store endpoint s3.example.org access-key who secret-key hunter2 | archive.store.endpoint must be an http or https URL",
                "archive.store endpoint ftp://s3.example.org access-key who secret-key hunter2 | archive.store.endpoint must be an http or https URL",
                "archive.store endpoint https://s3.example.org/path access-key who secret-key hunter2 | archive.store.endpoint must be an http or https URL",
                "archive.store endpoint https://user:pw@s3.example.org access-key who secret-key hunter2 | archive.store.endpoint must be an http or https URL",
                "archive.store endpoint https:// access-key who secret-key hunter2 | archive.store.endpoint must be an http or https URL",
                "archive.store endpoint https://a^b access-key who secret-key hunter2 | archive.store.endpoint must be an http or https URL",
                "archive.source base-url http://47.117.133.51:30015 | archive.source.base-url is plain HTTP",
                "archive.source base-url http://127.0.0.1.evil.test | archive.source.base-url is plain HTTP",
                "archive.source base-url http://localhost.evil.test | archive.source.base-url is plain HTTP",
                "archive.source base-url http://10.0.0.1 | archive.source.base-url is plain HTTP",
                "archive.source base-url HTTP://example.org | archive.source.base-url is plain HTTP",
                "archive.source base-url http://47.117.133.51:30015 allow-plain-http true |",
                "archive.source base-url http://127.0.0.1:8080 |",
                "archive.source base-url http://127.1.2.3 |",
                "archive.source base-url http://localhost:80/ |",
                "archive.source base-url http://[::1]:8080 |",
                "archive.source base-url HTTPS://api.justoneapi.com/ |",
                "archive.source base-url api.justoneapi.com | archive.source.base-url must be",
                "archive.source base-url ftp://api.justoneapi.com | archive.source.base-url must be",
                "archive.source base-url https:///path | archive.source.base-url must be",
                "archive.source base-url https://api.justoneapi.com/api | archive.source.base-url must be",
                "archive.source base-url https://api.justoneapi.com?x=1 | archive.source.base-url must be",
                "archive.source base-url https://user:pw@api.justoneapi.com | archive.source.base-url must be",
                "archive.source base-url mailto:a@b | archive.source.base-url must be",
                "archive.source response-timeout 59s | archive.source.response-timeout must be at least 60s",
                "archive.source response-timeout 60s |",
                "archive.source response-timeout 11s base-url http://127.0.0.1:1 |",
                "archive.source connect-timeout 2m | archive.source.response-timeout must be longer than archive",
                "archive.source calls-per-second 0 | must be greater than or equal to 0.01",
                "archive.source calls-per-second 1001 | must be less than or equal to 1000",
                "archive.source calls-per-second NaN | must be",
                "archive.source calls-in-flight 0 | must be greater than or equal to 1",
                "archive.source calls-in-flight 257 | must be less than or equal to 256",
                "archive.source calls-per-night -1 | must be greater than or equal to 0",
                "archive.source cost-per-night 10 | archive.source.cost-per-night needs archive.source.price.note",
                "archive.source cost-per-night 10 price.note 0.15 |",
                "archive.source cost-per-night -1 | must be greater than or equal to 0",
                "archive.source price.note -0.15 | must be greater than or equal to 0",
                "archive.source price.video -0.15 | must be greater than or equal to 0",
                "archive.source max-pause 0s | must be longer than or equal to 1 second",
                "archive.source max-pause 3h | must be shorter than or equal to 2 hours",
                "archive.source response-timeout 31m | must be shorter than or equal to 30 minutes",
                "archive.source connect-timeout 1ms | must be longer than or equal to 100",
                "archive.source max-response-size 0B | archive.source.max-response-size must",
                "archive.source max-response-size -1MB | archive.source.max-response-size must",
                "archive.source max-response-size 3GB | archive.source.max-response-size must",
                "archive.video codecs h264,vp9 | archive.video.codecs may name h265, h264, av1 and h266, each once, the best first",
                "archive.video codecs h264,h264 | archive.video.codecs may name h265, h264, av1 and h266, each once, the best first",
                "archive.video calls-per-night -1 | must be greater than or equal to 0",
                "archive.refresh ages 7d gaps 1d,7d,9d | archive.refresh.gaps must have",
                "archive.refresh ages 9d,7d gaps 1d,7d,9d | archive.refresh.ages must be in ascending",
                "archive.refresh ages 36h gaps 1d | archive.refresh.ages and archive.refresh.gaps are whole days",
                "archive.refresh share 0 | must be greater than or equal to 0.001",
                "archive.refresh calls-per-night -1 | must be greater than or equal to 0",
                "archive.refresh ages 7d,30d gaps 1d,7d,30d enabled true |",
                "archive.media allowed-hosts * | archive.media.allowed-hosts",
                "archive.media allowed-hosts com:80 | archive.media.allowed-hosts",
                "archive.media allowed-hosts http://xhscdn.com | archive.media.allowed-hosts",
                "archive.media allowed-hosts localhost:80 | archive.media.allowed-hosts",
                "archive.media allowed-hosts 10.0.0.1 | archive.media.allowed-hosts",
                "archive.media allowed-hosts 127.0.0.1:99999 | archive.media.allowed-hosts",
                "archive.media allowed-hosts 127.0.0.1:0 | archive.media.allowed-hosts",
                "archive.media allowed-hosts .com | archive.media.allowed-hosts",
                "archive.media allowed-hosts 127.0.0.1:8080,example.org |",
                "archive.media max-spool-size 1GB | archive.media.max-spool-size",
                "archive.media max-file-size 0B | archive.media.max-file-size",
                "archive.media max-file-size 5121MB | archive.media.max-file-size",
                "archive.media max-memory -1B | archive.media.max-memory",
                "archive.limits stop-at 7:30 | must be a time of Shanghai from 00:00 to 23:59 such as 07:30",
                "archive.limits stop-at 24:00 | must be a time of Shanghai from 00:00 to 23:59 such as 07:30",
                "archive.limits stop-at 07:60 | must be a time of Shanghai from 00:00 to 23:59 such as 07:30",
                "archive.limits stop-at 07:30:00 | must be a time of Shanghai from 00:00 to 23:59 such as 07:30",
                "archive.limits stop-at noon | must be a time of Shanghai from 00:00 to 23:59 such as 07:30",
                "archive.limits bytes-per-night 50 | archive.limits.bytes-per-night must be at least 1MB, with its unit as in 50GB, or 0 for no limit",
                "archive.limits bytes-per-night -1 | archive.limits.bytes-per-night must be at least 1MB, with its unit as in 50GB, or 0 for no limit",
                "archive.limits max-duration 6 | archive.limits.max-duration must be at least 1m, with its unit as in 6h, or 0 for no limit",
                "archive.limits max-duration -1h | archive.limits.max-duration must be at least 1m, with its unit as in 6h, or 0 for no limit",
                "archive.limits bytes-per-night 1MB stop-at 00:00 max-duration 1m |"
            })
    void settingsAreAcceptedOrViolateARule(String settings, @Nullable String rule) {
        String[] parts = settings.split(" ");
        Object[] namesAndValues = Arrays.copyOfRange(parts, 1, parts.length, Object[].class);

        List<String> violations =
                violations(bind(parts[0], Objects.requireNonNull(RECORDS.get(parts[0])), namesAndValues));

        if (rule == null) {
            assertThat(violations).isEmpty();
        } else {
            assertThat(violations).anyMatch(violation -> violation.startsWith(rule));
            assertThat(rule.endsWith("plain HTTP"))
                    .isEqualTo(violations.getFirst().contains("JUSTONEAPI_ALLOW_PLAIN_HTTP=true"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a/b", "a;b"})
    void nodeNameWithoutOrWithOtherCharactersIsRejected(String node) {
        assertThat(violations(bind("archive", ArchiveProperties.class, "node", node)))
                .singleElement()
                .asString()
                .startsWith("may hold letters, digits, dot, hyphen and underscore");
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
        assertThat(violations(Settings.ofRefreshes("gaps", ""))).contains("must not be empty");
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

    @ParameterizedTest
    @CsvSource({
        "2026-03-09T16:10:00Z, 2026-03-09T23:30:00Z", // 00:10 of the 10th in Shanghai
        "2026-03-09T23:29:59Z, 2026-03-09T23:30:00Z",
        "2026-03-09T23:30:00Z, 2026-03-10T23:30:00Z",
        "2026-03-10T15:59:59Z, 2026-03-10T23:30:00Z"
    })
    void runsEndAtTheNextSuchTimeOfShanghai(Instant begun, Instant end) {
        var limits = bind("archive.limits", NightlyLimitProperties.class, "stop-at", "07:30");

        assertThat(limits.stopAfter(begun)).contains(end);
        assertThat(bind("archive.limits", NightlyLimitProperties.class).stopAfter(begun))
                .isEmpty();
    }
}
