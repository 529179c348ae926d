package io.github.notearchive.io.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A file is replaced completely or unchanged. */
class AtomicFileTests {

    @TempDir
    Path directory;

    @Test
    void failedReplacementKeepsTheTarget() throws IOException {
        Path kept = Files.createDirectories(directory.resolve("a.json").resolve("kept"));

        assertThatThrownBy(() -> AtomicFile.write(kept.getParent(), new byte[1]))
                .isInstanceOf(IOException.class);

        assertThat(kept).exists();
        assertThat(directory.toFile().list()).containsExactly("a.json");
    }

    @Test
    void temporaryFileOfAKillIsReplacedWithPermissions() throws IOException {
        Path file = directory.resolve("a.properties");
        Files.writeString(directory.resolve("a.properties.next"), "half of a te");

        AtomicFile.write(file, ".next", out -> out.write('x'), AtomicFile.OWNER_ONLY);

        assertThat(file).hasContent("x");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(directory.toFile().list()).containsExactly("a.properties");
    }

    static Stream<Exception> failures() {
        return Stream.of(new IOException("no space"), new UncheckedIOException(new IOException()));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void failingContentKeepsTheFile(Exception failure) throws IOException {
        Path file = Files.writeString(directory.resolve("a.json"), "before");

        assertThatThrownBy(() -> AtomicFile.write(file, ".part", out -> {
                    out.write('x');
                    if (failure instanceof RuntimeException unforeseen) {
                        throw unforeseen;
                    }
                    throw (IOException) failure;
                }))
                .isSameAs(failure);

        assertThat(file).hasContent("before");
        assertThat(directory.toFile().list()).containsExactly("a.json");
    }

    @Test
    void failureOfWritingIsReportedIfTheTemporaryFileRemains() {
        Path beside = directory.resolve("a.json.part");

        assertThatThrownBy(() -> AtomicFile.write(directory.resolve("a.json"), ".part", _ -> {
                    Files.delete(beside);
                    Files.createDirectories(beside.resolve("taken"));
                    throw new IOException("no space");
                }))
                .hasMessage("no space");
    }
}
