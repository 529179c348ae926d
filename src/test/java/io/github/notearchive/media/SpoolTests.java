package io.github.notearchive.media;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolTests {

    @TempDir Path directory;

    @Test
    void aNewFileIsReadableByItsOwnerOnly() throws Exception {
        Path file = new Spool(directory.resolve("made/when/needed")).newFile();

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void sweepingDeletesWhatAKilledProcessLeftAndNothingElse() throws Exception {
        Spool spool = new Spool(directory);
        Path leftover = spool.newFile();
        Path foreign = Files.createFile(directory.resolve("notes.txt"));

        int swept = spool.sweep();

        assertThat(swept).isEqualTo(1);
        assertThat(leftover).doesNotExist();
        assertThat(foreign).exists();
    }

    @Test
    void sweepingADirectoryThatIsNotThereDoesNothing() {
        assertThat(new Spool(directory.resolve("none")).sweep()).isZero();
    }
}
