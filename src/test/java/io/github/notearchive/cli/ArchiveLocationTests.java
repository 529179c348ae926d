package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.batch.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchiveLocationTests {

    @TempDir
    Path directory;

    @Test
    void anArchiveIsKnownByWhatLiesInItsDirectory() throws IOException {
        assertThat(ArchiveLocation.isArchive(directory)).isFalse();
        assertThat(ArchiveLocation.isArchive(directory.resolve("none"))).isFalse();

        Files.createDirectory(directory.resolve("s3"));

        assertThat(ArchiveLocation.isArchive(directory)).isTrue();
    }

    @Test
    void whatCannotBeSeenIsNotToldToBeGone() throws IOException {
        // nobody can look through a link that leads to itself, not even root
        Path hidden = directory.resolve("hidden");
        Files.createSymbolicLink(hidden, hidden);

        assertThatThrownBy(() -> ArchiveLocation.isArchive(hidden))
                .isInstanceOfSatisfying(
                        CommandFailure.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE))
                .hasMessageContaining("cannot read " + hidden)
                .hasMessageContaining("Run this as the owner of the archive");
    }
}
