package io.github.notearchive.browse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.Test;

/** HEIF pictures are decoded in the reader's browser by the recorded decoder, which only the worker may run. */
class HeifInBrowserTests {

    private static final Path DECODER = Path.of("src/main/resources/io/github/notearchive/browse/libheif");

    @Test
    void theDecoderIsTheOneWhoseChecksumsAreRecorded() throws IOException {
        List<String> checksums = Files.readAllLines(DECODER.resolve("README.md")).stream()
                .filter(line -> line.matches("[0-9a-f]{64}  .*"))
                .toList();

        assertThat(checksums)
                .hasSize(3)
                .allSatisfy(line -> assertThat(
                                DigestUtils.sha256Hex(Files.readAllBytes(DECODER.resolve(line.substring(66)))))
                        .isEqualTo(line.substring(0, 64)));
    }
}
