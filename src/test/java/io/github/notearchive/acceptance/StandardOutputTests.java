package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Errors of standard output. */
class StandardOutputTests {

    /** Limits a file to 512 bytes, as on a full disk. */
    private static final String FULL = "ulimit -f 1";

    @TempDir
    Path directory;

    @Test
    void fullDiskEndsWithAnError() {
        Ended ended =
                Program.startAfter(directory, Map.of(), FULL, "exit-code").end().with(1);

        assertThat(ended.message()).contains("standard output cannot be written");
    }

    @Test
    void closedPipeIsNoError() {
        Ended ended = Program.startAfter(
                        directory,
                        Map.of(),
                        "exec 3>&1 && (\"$@\" exit-code; echo ended with $? >&3) | head -1",
                        "--version")
                .end()
                .with(0);

        assertThat(ended.message()).doesNotContain("standard output");
    }
}
