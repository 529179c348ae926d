package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.provider.Settings;
import io.github.notearchive.store.StoreProperties;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.support.StaticListableBeanFactory;
import org.springframework.mock.env.MockEnvironment;

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
                "list word",
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
                .contains("There is no archive in " + data + "; nothing was created", "ARCHIVE_DATA_DIR");
        assertThat(data).doesNotExist();

        Files.createDirectory(data);
        Files.writeString(data.resolve("measurements.txt"), "1 2 3");

        assertThat(execute(data, line)).contains("There is no archive in " + data + "; nothing was created");
        assertThat(data.toFile().list()).containsExactly("measurements.txt");
    }

    private static String execute(Path data, String line) {
        System.setProperty("archive.data-dir", data.toString());
        ExecutedCommand command = ExecutedCommand.of(line.split(" "));
        assertThat(command.exitCode()).as(command.err()).isEqualTo(2);
        return command.err();
    }

    @Test
    void databaseIsShownWithoutCredentials() {
        MockEnvironment environment = new MockEnvironment()
                .withProperty("spring.datasource.url", "jdbc:postgresql://me:pw1@db/x?user=me&password=pw2");

        ArchiveLocation location = new ArchiveLocation(
                environment,
                Settings.bind("archive", ArchiveProperties.class),
                new StaticListableBeanFactory().getBeanProvider(StoreProperties.class));

        assertThat(location.database()).isEqualTo("jdbc:postgresql://db/x");
    }

    @Test
    void bucketOfASandboxIsNotThatOfTheEnvironment() throws IOException {
        System.setProperty("archive.store.bucket", "another");
        assertThat(bucketOf(directory)).isEqualTo("another");

        Files.createFile(directory.resolve("note-archive-sandbox"));

        assertThat(bucketOf(directory)).isEqualTo("note-archive");
    }

    private static String bucketOf(Path data) {
        try (CommandContext context = CommandContext.openUnchecked(ArchiveCommand.ofDirectory(data), null)) {
            return context.get(ArchiveLocation.class).address().bucket();
        }
    }

    @Test
    void unreadableDirectoryIsNotReportedAsMissing() throws IOException {
        // no user can look through a link that leads to itself, not even root
        Path hidden = directory.resolve("hidden");
        Files.createSymbolicLink(hidden, hidden);

        assertThat(execute(hidden, "status"))
                .contains("Data directory " + hidden + ": cannot be written to", "give this user the right");
    }
}
