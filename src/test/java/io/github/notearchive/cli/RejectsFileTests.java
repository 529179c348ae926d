package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.notearchive.archive.worklist.Enqueuer.Rejected;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.EnqueueCommand.RejectsFile;
import io.github.notearchive.cli.config.CommandFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Rejected lines are written to their file, or an error is reported; inputs are never overwritten. */
@Isolated("sets system properties")
@ExtendWith(RestoredProperties.class)
class RejectsFileTests {

    private static final Rejected LINE = new Rejected(3, "何", "names no note");

    @TempDir
    Path directory;

    private Path list;
    private Path file;

    @BeforeEach
    void fill() throws IOException {
        list = Files.writeString(directory.resolve("list.txt"), "years of work\n");
        file = Files.writeString(directory.resolve("rejects.txt"), "of the last time\n");
    }

    @Test
    void linesReplaceTheContent() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("link"), file);
        try (RejectsFile rejects = new RejectsFile(link)) {
            rejects.write(LINE);
        }

        assertThat(link).isSymbolicLink();
        assertThat(file).hasContent("line 3 \"何\" names no note");
        assertThat(list).hasContent("years of work");
    }

    @Test
    void contentIsKeptUntilTheArchiveIsOpen() {
        System.setProperty("archive.data-dir", file.toString());

        ExecutedCommand enqueue = ExecutedCommand.of("enqueue", list.toString(), "--rejects", file.toString());

        assertThat(enqueue.exitCode()).as(enqueue.err()).isEqualTo(2);
        assertThat(file).hasContent("of the last time");
    }

    @Test
    void inputIsRejectedByAnyName() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("link"), list);
        Path other = Files.createLink(directory.resolve("other"), list);
        Path round = Files.createDirectory(directory.resolve("x")).resolve("..").resolve("list.txt");

        for (Path same : List.of(list, link, other, round)) {
            ExecutedCommand enqueue = ExecutedCommand.of("enqueue", list.toString(), "--rejects", same.toString());

            assertThat(enqueue.exitCode()).isEqualTo(2);
            assertThat(enqueue.err()).contains("--rejects " + same + " is also an input");
        }

        assertThat(list).hasContent("years of work");
    }

    /** A device without space. */
    @Test
    void writeErrorIsReportedWithTheFile() throws IOException {
        try (RejectsFile rejects = new RejectsFile(Path.of("/dev/full"))) {
            assertThatExceptionOfType(CommandFailure.class)
                    .isThrownBy(() -> rejects.write(LINE))
                    .matches(failure -> failure.exitCode() == ExitCode.USAGE)
                    .withMessageContaining("--rejects /dev/full cannot be written")
                    .withMessageContaining("No space left on device");
        }
    }
}
