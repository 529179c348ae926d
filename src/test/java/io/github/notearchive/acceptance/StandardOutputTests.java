package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is printed is there as a whole, or the exit code says that it is not. */
class StandardOutputTests {

    /** A file takes half a kilobyte, as on a disk that is full. */
    private static final String FULL = "ulimit -f 1";

    @TempDir
    Path directory;

    @Test
    void aFileThatDoesNotTakeAllOfItIsToldAndIsNoSuccess() {
        Ended ended =
                Program.startAfter(directory, Map.of(), FULL, "exit-code").end().with(1);

        assertThat(ended.message()).contains("standard output cannot be written");
    }

    @Test
    void whoeverClosesAPipeHasSeenEnough() {
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
