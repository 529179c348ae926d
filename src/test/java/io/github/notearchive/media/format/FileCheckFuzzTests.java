package io.github.notearchive.media.format;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.github.notearchive.Fuzz;
import io.github.notearchive.note.MediaType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The check of any file ends, with a short text. */
class FileCheckFuzzTests {

    private static final List<Sample> SAMPLES = Samples.names().stream()
            .map(name -> new Sample(Samples.bytes(name), Samples.type(name)))
            .toList();

    private record Sample(byte[] bytes, MediaType type) {}

    private static final String RESULT = "truncated: [ -!#-~]{10,120}|complete( \\d+x\\d+)?: [ -!#-~]{0,800}";

    @TempDir
    Path directory;

    @FuzzTest
    void anyFile(byte[] bytes) throws IOException {
        Optional<MediaType> type = TypeSniffer.sniff(bytes);
        if (type.isPresent()) {
            FileBytes inMemory = new FileBytes(List.of(bytes), bytes.length);
            assertThat(FileCheckTests.result(inMemory, type.get())).matches(RESULT);
        }
    }

    @Test
    void aDamagedFileIsCompleteOrTruncated() throws Exception {
        Path file = directory.resolve("file");
        Fuzz.tries(3_000, random -> {
            Sample sample = Fuzz.oneOf(random, SAMPLES);
            byte[] bytes = random.nextInt(20) == 0 ? Fuzz.bytes(random) : damaged(random, sample.bytes.clone());
            MediaType type = random.nextInt(10) == 0 ? Fuzz.oneOf(random, List.of(MediaType.values())) : sample.type;
            Files.write(file, bytes);

            String result = FileCheckTests.result(file, type);

            assertThat(result).matches(RESULT);
        });
    }

    /** Changes, removes or repeats bytes. */
    private static byte[] damaged(Random random, byte[] sample) {
        byte[] bytes = sample;
        for (int count = 1 + random.nextInt(6); count > 0 && bytes.length > 8; count--) {
            int at = random.nextInt(random.nextBoolean() ? bytes.length : 8) % bytes.length;
            int run = Math.min(bytes.length - at, 1 + random.nextInt(8));
            switch (random.nextInt(6)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt(256);
                case 2 -> Arrays.fill(bytes, at, at + run, (byte) (random.nextBoolean() ? -1 : 0));
                case 3 -> bytes = Arrays.copyOf(bytes, at + run);
                case 4 -> {
                    int to = random.nextInt(bytes.length - run + 1);
                    System.arraycopy(bytes, at, bytes, to, run);
                }
                default -> {
                    byte[] longer = Arrays.copyOf(bytes, bytes.length + run);
                    System.arraycopy(bytes, at, longer, at + run, bytes.length - at);
                    bytes = longer;
                }
            }
        }
        return bytes;
    }
}
