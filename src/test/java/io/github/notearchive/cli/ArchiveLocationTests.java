package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

@Isolated("sets system properties")
@ExtendWith(RestoredProperties.class)
class ArchiveLocationTests {

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "status",
                "plan",
                "report",
                "search word",
                "explain 65fe2a8d0000000012033fa1",
                "export --format csv out",
                "requeue --state FAILED",
                "waive 65fe2a8d0000000012033fa1 IMAGE 0 --reason gone",
                "verify",
                "remap",
                "forget 65fe2a8d0000000012033fa1 --reason asked"
            })
    void commandThatNeedsAnArchiveCreatesNone(String line) throws IOException {
        Path data = directory.resolve("data");
        assertThat(execute(data, line))
                .contains(data + ", which does not exist; nothing was created", "ARCHIVE_DATA_DIR");
        assertThat(data).doesNotExist();

        Files.createDirectory(data);
        Files.writeString(data.resolve("measurements.txt"), "1 2 3");

        assertThat(execute(data, line)).contains(data + " holds no archive; nothing was created");
        assertThat(data.toFile().list()).containsExactly("measurements.txt");
    }

    private static String execute(Path data, String line) {
        StringWriter err = new StringWriter();
        CommandLine command = NoteArchiveCommand.commandLine().setErr(new PrintWriter(err, true));
        System.setProperty("archive.data-dir", data.toString());
        assertThat(command.execute(line.split(" "))).as(err::toString).isEqualTo(2);
        return err.toString();
    }

    @Test
    void unreadableDirectoryIsNotReportedAsMissing() throws IOException {
        // no user can look through a link that leads to itself, not even root
        Path hidden = directory.resolve("hidden");
        Files.createSymbolicLink(hidden, hidden);

        assertThat(execute(hidden, "status"))
                .contains("cannot read " + hidden)
                .contains("Run this as the owner of the archive");
    }
}
