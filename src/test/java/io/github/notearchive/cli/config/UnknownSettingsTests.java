package io.github.notearchive.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.env.ConfigTreePropertySource;
import org.springframework.core.env.ConfigurableEnvironment;

/** Unknown settings are reported, known ones are not. */
class UnknownSettingsTests {

    @TempDir
    Path directory;

    @Test
    void defaultFileHasNoUnknownSettings() {
        assertThat(UnknownSettings.in(SettingsFixture.with(Map.of()))).isEmpty();
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
        assertThat(UnknownSettings.in(SettingsFixture.with(Map.of(variable, "3"))))
                .containsExactly(unknown(
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
        assertThat(UnknownSettings.in(SettingsFixture.with(Map.of(variable, "1"))))
                .isEmpty();
    }

    @Test
    void secretFileIsCheckedLikeAVariable() throws IOException {
        Files.writeString(directory.resolve("JUSTONEAPI_TOKEN"), "x");
        Files.writeString(directory.resolve("archive.source.token"), "x");
        Files.writeString(directory.resolve("ARCHIVE_DATABASE_PASWORD"), "x");
        Files.writeString(directory.resolve("other.txt"), "x");
        ConfigurableEnvironment environment = SettingsFixture.with(Map.of());
        environment.getPropertySources().addFirst(new ConfigTreePropertySource("secrets", directory));

        assertThat(UnknownSettings.in(environment))
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

        assertThat(UnknownSettings.in(SettingsFixture.with(variables))).isEmpty();
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

        List<String> unknown = UnknownSettings.in(SettingsFixture.with(file, Map.of()));

        assertThat(unknown)
                .containsExactly(
                        unknown("archive.wokers", file + ":3"),
                        unknown("archive.source.tokn", file + ":5"),
                        unknown("archive.calls-in-flight", file + ":6"),
                        unknown("archive.retry.delay[0]", file + ":10"),
                        unknown("archve.node", file + ":12"));
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

        assertThat(UnknownSettings.in(SettingsFixture.with(file, Map.of()))).isEmpty();
    }

    @Test
    void variableInAPlaceholderIsAccepted() throws IOException {
        Path file = Files.writeString(
                directory.resolve("application.yml"), "spring.datasource.password: ${ARCHIVE_VAULT_PASSWORD}\n");

        assertThat(UnknownSettings.in(SettingsFixture.with(file, Map.of("ARCHIVE_VAULT_PASSWORD", "x"))))
                .isEmpty();
    }

    private static String unknown(String word, String where) {
        return word + " is no setting (" + where + ")";
    }
}
