package io.github.notearchive.cli.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.RestoredProperties;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("sets system properties")
@ExtendWith(RestoredProperties.class)
class SettingsEnvironmentTests {

    @TempDir
    Path directory;

    private Path config;

    @BeforeEach
    void setLocations() throws IOException {
        config = Files.createDirectory(directory.resolve("a config"));
        System.setProperty(
                "spring.config.additional-location",
                "optional:file:" + config.toString().replace(" ", "%20") + "/");
    }

    @Test
    void unreadableFileIsReported() throws IOException {
        // a link to itself is unreadable for every user, also for root
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
        assertThat(SettingsEnvironment.read(Map.of()).getProperty("archive.workers"))
                .isEqualTo("32");

        Files.writeString(config.resolve("application.yml"), "archive.workers: 8\n");

        assertThat(SettingsEnvironment.read(Map.of()).getProperty("archive.workers"))
                .isEqualTo("8");
    }
}
