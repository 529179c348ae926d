package io.github.notearchive.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file is there as a whole, or as it was. */
class WholeFileTests {

    @TempDir Path directory;

    @Test
    void takesThePlaceOfWhatWasThereAndLeavesNothingBesideIt() throws IOException {
        Path file = Files.writeString(directory.resolve("a.json"), "a much longer text of before");

        WholeFile.write(file, "new".getBytes(StandardCharsets.UTF_8));

        assertThat(file).hasContent("new");
        assertThat(directory.toFile().list()).containsExactly("a.json");
    }

    @Test
    void whatCannotBeReplacedStays() throws IOException {
        Path kept = Files.createDirectories(directory.resolve("a.json").resolve("kept"));

        assertThatThrownBy(() -> WholeFile.write(kept.getParent(), new byte[1]))
                .isInstanceOf(IOException.class);

        assertThat(kept).exists();
        assertThat(directory.toFile().list()).containsExactly("a.json");
    }
}
