package io.github.notearchive.cli.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.CommandFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsEnvironmentTests {

    private static final List<String> LOCATIONS =
            List.of("spring.config.location", "spring.config.additional-location");

    private final Map<String, @Nullable String> before = new HashMap<>();

    @TempDir
    Path directory;

    private Path config;

    @BeforeEach
    void setLocations() throws IOException {
        LOCATIONS.forEach(name -> before.put(name, System.getProperty(name)));
        config = Files.createDirectory(directory.resolve("a config"));
        System.setProperty(
                "spring.config.additional-location",
                "optional:file:" + config.toString().replace(" ", "%20") + "/");
    }

    @AfterEach
    void restoreProperties() {
        before.forEach((name, value) -> {
            if (value == null) {
                System.clearProperty(name);
            } else {
                System.setProperty(name, value);
            }
        });
    }

    @Test
    void unreadableFileIsReported() throws IOException {
        // nobody can read through a link that leads to itself, not even root
        Path file = config.resolve("application.yml");
        Files.createSymbolicLink(file, file);

        assertThatThrownBy(SettingsEnvironment::locate)
                .isInstanceOfSatisfying(
                        CommandFailure.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE))
                .hasMessageContaining("The settings in " + file + " cannot be read: ")
                .hasMessageContaining("permission to read them");
    }

    @Test
    void fileIsOptional() throws IOException {
        assertThat(SettingsEnvironment.read().getProperty("archive.workers")).isEqualTo("32");

        Files.writeString(config.resolve("application.yml"), "archive.workers: 8\n");

        assertThat(SettingsEnvironment.read().getProperty("archive.workers")).isEqualTo("8");
    }
}
