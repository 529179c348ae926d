package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.notearchive.archive.worklist.Enqueuer.Rejected;
import io.github.notearchive.batch.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.ParameterException;

/** Rejected lines are written to their file, or an error is reported; inputs are never overwritten. */
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
    void linesReplaceTheFileAfterACommit() throws IOException {
        try (RejectsFile rejects = prepare(file, list)) {
            rejects.open();
            rejects.write(LINE);
            assertThat(file).hasContent("of the last time");
            rejects.keep();
        }

        assertThat(file).hasContent("line 3 \"何\" names no note");
        assertThat(list).hasContent("years of work");
        assertOnlyTheTwoFilesAreThere();
    }

    @Test
    void fileIsKeptWithoutACommit() throws IOException {
        write(file, false);

        assertThat(file).hasContent("of the last time");
        assertOnlyTheTwoFilesAreThere();
    }

    @Test
    void fileIsKeptIfNotOpened() throws IOException {
        try (RejectsFile rejects = prepare(file, list)) {
            assertThat(rejects).isNotNull();
        }

        assertThat(file).hasContent("of the last time");
        assertOnlyTheTwoFilesAreThere();
    }

    @Test
    void targetOfALinkIsReplaced() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("link"), file);

        write(link, true);

        assertThat(link).isSymbolicLink();
        assertThat(file).hasContent("line 3 \"何\" names no note");
    }

    @Test
    void inputIsRejectedByAnyName() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("link"), list);
        Path other = Files.createLink(directory.resolve("other"), list);
        Path round = directory.resolve("x").resolve("..").resolve("list.txt");
        Files.createDirectory(directory.resolve("x"));

        for (Path same : List.of(list, link, other, round)) {
            assertRefused(same, "is also an input");
        }

        assertThat(list).hasContent("years of work");
    }

    @Test
    void invalidTargetIsRejected() {
        assertRefused(directory.resolve("no").resolve("such").resolve("x"), "there is no directory");
        assertRefused(directory, "is a directory");
    }

    /** A device without space. */
    @Test
    void writeErrorIsReportedWithTheFile() {
        try (RejectsFile rejects = prepare(Path.of("/dev/full"), list)) {
            rejects.open();

            assertThatExceptionOfType(CommandFailure.class)
                    .isThrownBy(() -> rejects.write(LINE))
                    .matches(failure -> failure.exitCode() == ExitCode.USAGE)
                    .withMessageContaining("--rejects /dev/full cannot be written")
                    .withMessageContaining("No space left on device")
                    .withMessageContaining("nothing was enqueued of the current input");
        }
    }

    @Test
    void linesStayInTheTemporaryFileIfItCannotBeMoved() throws IOException {
        RejectsFile rejects = prepare(file, list);
        rejects.open();
        rejects.write(LINE);
        rejects.keep();
        Files.delete(file);
        Files.createDirectories(file.resolve("somebody's"));

        assertThatExceptionOfType(CommandFailure.class)
                .isThrownBy(rejects::close)
                .matches(failure -> failure.exitCode() == ExitCode.USAGE)
                .withMessageContaining("the notes were enqueued, and the rejected lines are in ");
        try (var files = Files.list(directory)) {
            assertThat(files.filter(path -> path.toString().contains("rejects.txt.partial-")))
                    .singleElement()
                    .satisfies(path -> assertThat(path).hasContent(LINE.toString()));
        }
    }

    @Test
    void nothingIsWrittenWithoutTheOption() throws IOException {
        write(null, true);

        assertOnlyTheTwoFilesAreThere();
    }

    private void write(@Nullable Path named, boolean isCommitted) {
        try (RejectsFile rejects = prepare(named, list)) {
            rejects.open();
            rejects.write(LINE);
            if (isCommitted) {
                rejects.keep();
            }
        }
    }

    private static RejectsFile prepare(@Nullable Path named, Path input) {
        return RejectsFile.prepare(named, List.of(input), NoteArchiveCommand.commandLine());
    }

    private void assertRefused(Path named, String why) {
        assertThatExceptionOfType(ParameterException.class)
                .isThrownBy(() -> prepare(named, list))
                .withMessageStartingWith("--rejects " + named + " ")
                .withMessageContaining(why)
                .withMessageEndingWith("nothing was enqueued. Name another file");
    }

    private void assertOnlyTheTwoFilesAreThere() throws IOException {
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactlyInAnyOrder(list, file);
        }
    }
}
