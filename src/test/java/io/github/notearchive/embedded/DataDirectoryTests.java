package io.github.notearchive.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.embedded.DataDirectory.Started;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DataDirectoryTests {

    @TempDir
    Path scratch;

    @Test
    void directoryIsMadeForItsOwnerOnlyAndKeepsOtherPermissions() throws Exception {
        Path home = scratch.resolve("new/data");

        for (String permissions : List.of("rwx------", "rwxr-xr-x")) {
            try (DataDirectory directory = DataDirectory.open(home)) {
                assertThat(directory.path()).isEqualTo(home.toRealPath());
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home)))
                        .isEqualTo(permissions);
            }
            Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    @Test
    void symbolicLinkAndItsTargetAreOneDirectory() throws Exception {
        Path target = Files.createDirectory(scratch.resolve("target"));
        Path link = Files.createSymbolicLink(scratch.resolve("link"), target);

        try (DataDirectory owner = DataDirectory.open(target)) {
            assertThatThrownBy(() -> DataDirectory.open(link))
                    .isInstanceOf(DataDirectoryException.class)
                    .hasMessage("Data directory %s: it is in use; end that first, or name another data directory"
                            .formatted(owner.path()));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "file, 'it is a file; move that away, or name another data directory'",
        "file/data, cannot be written to",
        "$(date), dollar signs"
    })
    void unusablePathIsRefused(String path, String reason) throws Exception {
        Files.createFile(scratch.resolve("file"));

        assertThatThrownBy(() -> DataDirectory.open(scratch.resolve(path)))
                .isInstanceOf(DataDirectoryException.class)
                .hasMessageContaining(path)
                .hasMessageContaining(reason);
    }

    @Test
    void directoryWhoseLockCannotBeWrittenIsRefused() throws Exception {
        // holds for root too, who may write anywhere else
        Files.createDirectory(scratch.resolve("lock"));

        assertThatThrownBy(() -> DataDirectory.open(scratch))
                .isInstanceOf(DataDirectoryException.class)
                .hasMessageContaining("Data directory " + scratch.toRealPath())
                .hasMessageContaining("cannot be written to");

        Files.delete(scratch.resolve("lock"));
        DataDirectory.open(scratch).close();
    }

    @Test
    void serversAreClosedInReverseOrderThoughOneFails() {
        var closed = new StringBuilder();
        DataDirectory directory = DataDirectory.open(scratch);
        directory.run("first", _ -> false, () -> new Started(1, () -> closed.append("first ")));
        directory.run(
                "second",
                _ -> false,
                () -> new Started(2, () -> {
                    closed.append("second ");
                    throw new IllegalStateException("will not stop");
                }));

        assertThatThrownBy(directory::close)
                .isInstanceOf(DataDirectoryException.class)
                .hasMessageContaining("will not stop");

        assertThat(closed).hasToString("second first ");
        DataDirectory.open(scratch).close();
    }
}
