package io.github.notearchive.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.cli.config.EffectiveSettings.Effective;
import io.github.notearchive.io.text.Masks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.env.ConfigTreePropertySource;
import org.springframework.core.env.ConfigurableEnvironment;

/** Effective settings, their origins and problems; unknown settings. */
class EffectiveSettingsTests {

    @TempDir
    Path directory;

    @Test
    void unsetSettingIsADefault() {
        Effective workers = of("archive.workers", SettingsFixture.with(Map.of()));

        assertThat(workers)
                .isEqualTo(new Effective("archive.workers", "ARCHIVE_WORKERS", "32", false, "default", List.of()));
    }

    @ParameterizedTest
    @CsvSource({
        "archive.source.calls-per-second, ARCHIVE_CALLS_PER_SECOND, 3",
        "archive.source.calls-per-second, ARCHIVE_SOURCE_CALLSPERSECOND, 3",
        "archive.retry.per-night, ARCHIVE_RETRY_PERNIGHT, 3",
        "archive.retry.per-night, ARCHIVE_RETRY_PER_NIGHT, 3",
        "spring.datasource.url, ARCHIVE_DATABASE_URL, jdbc:x",
        "spring.datasource.url, SPRING_DATASOURCE_URL, jdbc:x"
    })
    void originIsTheVariable(String setting, String variable, String value) {
        Effective effective = of(setting, SettingsFixture.with(Map.of(variable, value)));

        assertThat(effective.value()).isEqualTo(value);
        assertThat(effective.origin()).isEqualTo("environment variable " + variable);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ARCHIVE_MEDIA_IDLETIMEOUT | 30 | archive.media.idle-timeout",
                "ARCHIVE_MAX_DURATION | 6 | archive.limits.max-duration",
                "ARCHIVE_RETRY_DELAYS | 5s,10 | archive.retry.delays",
                "ARCHIVE_MEDIA_MAXFILESIZE | 4 | archive.media.max-file-size",
                "ARCHIVE_BYTES_PER_NIGHT | 50000000000 | archive.limits.bytes-per-night"
            })
    void durationOrSizeWithoutUnitIsReported(String variable, String value, String setting) {
        assertThat(new EffectiveSettings(SettingsFixture.with(Map.of(variable, value))).withoutUnit())
                .singleElement()
                .asString()
                .startsWith(setting + " ")
                .contains("(environment variable " + variable + ") has no unit");
    }

    @Test
    void unreadableValueDoesNotHideOtherProblems() {
        Map<String, String> invalid = Map.of(
                "ARCHIVE_WORKERS", "abc",
                "ARCHIVE_RETRY_DELAYS_0", "ab",
                "ARCHIVE_RETRY_PERNIGHT", "-1",
                "ARCHIVE_VIDEO_MAXHEIGHT", "-1");

        assertThat(new EffectiveSettings(SettingsFixture.with(invalid)).bindingProblems())
                .satisfiesExactlyInAnyOrder(
                        problem -> assertThat(problem).contains("archive.workers \"abc\""),
                        problem -> assertThat(problem).contains("archive.retry.delays[0] \"ab\""),
                        problem -> assertThat(problem).startsWith("archive.retry.per-night must be"),
                        problem -> assertThat(problem).startsWith("archive.video.max-height must be"));
    }

    @Test
    void zeroAndValuesWithUnitAreValid() {
        Map<String, String> whole = Map.of(
                "ARCHIVE_MAX_DURATION", "0",
                "ARCHIVE_RETRY_DELAYS", "500ms, 5s",
                "ARCHIVE_WORKERS", "8",
                "ARCHIVE_MEDIA_IDLETIMEOUT", "PT30S",
                "ARCHIVE_MEDIA_MAXMEMORY", "0",
                "ARCHIVE_MEDIA_MAXFILESIZE", "512B");

        assertThat(new EffectiveSettings(SettingsFixture.with(whole)).withoutUnit())
                .isEmpty();
    }

    @Test
    void listIsOneValueWithAllOrigins() {
        ConfigurableEnvironment environment =
                SettingsFixture.with(Map.of("ARCHIVE_RETRY_DELAYS_0", "1s", "ARCHIVE_RETRY_DELAYS_1", "2s"));

        Effective delays = of("archive.retry.delays", environment);

        assertThat(delays.value()).isEqualTo("1s, 2s");
        assertThat(delays.origin())
                .isEqualTo("environment variable ARCHIVE_RETRY_DELAYS_0, environment variable ARCHIVE_RETRY_DELAYS_1");
    }

    @Test
    void fileHasPrecedenceAndIsReportedWithItsLine() throws IOException {
        Path file = Files.writeString(directory.resolve("application.yml"), """
                        archive:
                          source:
                            calls-per-second: 5
                          node: ${OUR_MACHINE:b}
                          data-dir: ${NOBODY_SETS_IT}
                        """);
        ConfigurableEnvironment environment =
                SettingsFixture.with(file, Map.of("ARCHIVE_CALLS_PER_SECOND", "9", "OUR_MACHINE", "east"));

        assertThat(of("archive.source.calls-per-second", environment).origin()).isEqualTo(file + ":3");
        assertThat(of("archive.node", environment).value()).isEqualTo("east");
        assertThat(of("archive.node", environment).origin())
                .isEqualTo("environment variable OUR_MACHINE, " + file + ":4");
        assertThat(of("archive.data-dir", environment).problems().getFirst()).contains("NOBODY_SETS_IT");
        assertThat(new EffectiveSettings(environment).unused())
                .containsExactly(
                        "ARCHIVE_CALLS_PER_SECOND is set and has no effect: archive.source.calls-per-second is set by "
                                + file
                                + ":3");
    }

    @Test
    void copyOfTheDefaultFileOnlyChangesItsDifferences() throws IOException {
        String ours = Files.readString(Path.of("config", "application.yml"));
        Path copy = Files.writeString(
                directory.resolve("application.yml"),
                ours.replace("archive:\n", "archive:\n  retry: {per-night: 6, per-life: 25}\n"));

        assertThat(new EffectiveSettings(SettingsFixture.with(copy, Map.of())).all())
                .filteredOn(setting -> !setting.origin().equals("default"))
                .extracting(Effective::name)
                .containsExactly("archive.retry.per-night");
        assertThat(of(
                                "archive.source.calls-per-second",
                                SettingsFixture.with(copy, Map.of("ARCHIVE_CALLS_PER_SECOND", "8")))
                        .origin())
                .isEqualTo("environment variable ARCHIVE_CALLS_PER_SECOND");
    }

    @ParameterizedTest
    @CsvSource({
        "archive.source.token, JUSTONEAPI_TOKEN",
        "archive.store.secret-key, ARCHIVE_S3_SECRET_KEY",
        "archive.store.access-key, ARCHIVE_S3_ACCESS_KEY",
        "spring.datasource.password, ARCHIVE_DATABASE_PASSWORD"
    })
    void secretsAreMasked(String setting, String variable) {
        Effective secret = of(setting, SettingsFixture.with(Map.of(variable, "v3ry-secret")));

        assertThat(secret.value()).isEqualTo(Masks.STARS);
        assertThat(secret.toString()).doesNotContain("v3ry");
        assertThat(of(setting, SettingsFixture.with(Map.of())).value()).isEmpty();
    }

    @Test
    void credentialsInUrlsAreMasked() {
        assertThat(of(
                                "spring.datasource.url",
                                SettingsFixture.with(Map.of(
                                        "ARCHIVE_DATABASE_URL",
                                        "jdbc:postgresql://me:pw1@db/x?user=me&password=pw2&sslmode=require")))
                        .value())
                .isEqualTo("jdbc:postgresql://***@db/x?user=me&password=***&sslmode=require");
    }

    @ParameterizedTest
    @CsvSource({
        "archive.notify.webhook-url, https://hooks.example.org/T0/abc?x=1, https://hooks.example.org/***",
        "archive.notify.ping-url, https://hc.example.org/5c0ffee, https://hc.example.org/***",
        "archive.mapping.url, https://example.org/a/b, https://example.org/a/b",
        "archive.mapping.url, https://example.org/a?sig=abc&x=1, https://example.org/a?sig=***&x=1",
        "archive.metrics.push-token, abc, ********"
    })
    void pathOfAWebhookIsMasked(String name, String value, String shown) {
        assertThat(Masks.shown(name, value)).isEqualTo(shown);
    }

    @Test
    void unresolvedSecretIsMasked() throws IOException {
        Path file = Files.writeString(
                directory.resolve("application.yml"), "spring.datasource.password: v3ry-${NOBODY_SETS_IT}\n");

        Effective password = of("spring.datasource.password", SettingsFixture.with(file, Map.of()));

        assertThat(password.problems()).containsExactly("a placeholder cannot be resolved");
        assertThat(password.toString()).doesNotContain("v3ry");
    }

    @Test
    void defaultFileHasNoUnknownSettings() {
        assertThat(unknown(SettingsFixture.with(Map.of()))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ARCHIVE_CALLS_PER_SECND",
                "ARCHIVE_RETRY_PERNIHGT",
                "ARCHIVE_RETRY_DELAY_0",
                "JUSTONEAPI_TOKN",
                "archive_workrs"
            })
    void mistypedVariableIsReported(String variable) {
        assertThat(unknown(SettingsFixture.with(Map.of(variable, "3"))))
                .containsExactly(message(
                        variable, "environment variable; ARCHIVE_FOREIGN_VARIABLES lists those of other programs"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ARCHIVE_WORKERS",
                "ARCHIVE_CALLS_PER_SECOND",
                "ARCHIVE_DATABASE_URL",
                "JUSTONEAPI_TOKEN",
                "ARCHIVE_RETRY_PERNIGHT",
                "ARCHIVE_RETRY_PER_NIGHT",
                "ARCHIVE_RETRY_DELAYS",
                "ARCHIVE_RETRY_DELAYS_0",
                "ARCHIVE_MEDIA_ALLOWEDHOSTS_12",
                "ARCHIVE_HOME",
                "ARCHIVE_SOURCE_TOKEN",
                "archive.workers",
                "NOTE_ARCHIVE_VERSION",
                "ARCHIVER",
                "PATH"
            })
    void knownAndForeignVariablesAreAccepted(String variable) {
        assertThat(unknown(SettingsFixture.with(Map.of(variable, "1")))).isEmpty();
    }

    @Test
    void secretFileIsCheckedLikeAVariable() throws IOException {
        Files.writeString(directory.resolve("JUSTONEAPI_TOKEN"), "x");
        Files.writeString(directory.resolve("archive.source.token"), "x");
        Files.writeString(directory.resolve("ARCHIVE_DATABASE_PASWORD"), "x");
        Files.writeString(directory.resolve("other.txt"), "x");
        ConfigurableEnvironment environment = SettingsFixture.with(Map.of());
        environment.getPropertySources().addFirst(new ConfigTreePropertySource("secrets", directory));

        assertThat(unknown(environment))
                .singleElement()
                .asString()
                .startsWith("ARCHIVE_DATABASE_PASWORD is no setting");
    }

    @Test
    void foreignVariablesCanBeListed() {
        Map<String, String> variables = Map.of(
                "ARCHIVE_ROOT", "/srv",
                "ARCHIVE_TEAM", "b",
                "ARCHIVE_FOREIGN_VARIABLES", "ARCHIVE_ROOT, ARCHIVE_TEAM");

        assertThat(unknown(SettingsFixture.with(variables))).isEmpty();
    }

    @Test
    void mistypedKeyIsReportedWithFileAndLine() throws IOException {
        Path file = Files.writeString(directory.resolve("application.yml"), """
                        archive:
                          workers: 3
                          wokers: 4
                          source:
                            tokn: x
                          calls-in-flight: 8
                          retry:
                            delays: [1s, 2s]
                            delay:
                              - 1s
                        archve:
                          node: b
                        """);

        List<String> unknown = unknown(SettingsFixture.with(file, Map.of()));

        assertThat(unknown)
                .containsExactly(
                        message("archive.wokers", file + ":3"),
                        message("archive.source.tokn", file + ":5"),
                        message("archive.calls-in-flight", file + ":6"),
                        message("archive.retry.delay[0]", file + ":10"),
                        message("archve.node", file + ":12"));
    }

    @Test
    void relaxedSpellingsAreAccepted() throws IOException {
        Path file = Files.writeString(directory.resolve("application.yml"), """
                        archive:
                          source:
                            callsPerSecond: 3
                            calls_in_flight: 4
                          retry.per-night: 5
                        """);

        assertThat(unknown(SettingsFixture.with(file, Map.of()))).isEmpty();
    }

    @Test
    void variableInAPlaceholderIsAccepted() throws IOException {
        Path file = Files.writeString(
                directory.resolve("application.yml"), "spring.datasource.password: ${ARCHIVE_VAULT_PASSWORD}\n");

        assertThat(unknown(SettingsFixture.with(file, Map.of("ARCHIVE_VAULT_PASSWORD", "x"))))
                .isEmpty();
    }

    private static List<String> unknown(ConfigurableEnvironment environment) {
        return new EffectiveSettings(environment).unknown();
    }

    private static String message(String word, String where) {
        return word + " is no setting (" + where + ")";
    }

    private static Effective of(String name, ConfigurableEnvironment environment) {
        return new EffectiveSettings(environment)
                .all().stream()
                        .filter(setting -> setting.name().equals(name))
                        .findFirst()
                        .orElseThrow();
    }
}
