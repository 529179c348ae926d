package io.github.notearchive.media.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.bench.Work;
import io.github.notearchive.note.MediaType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of benchmarks cost the program as much as real ones: they are complete, without remarks. */
class BenchFilesTests {

    @TempDir
    private Path directory;

    @Test
    void filesOfABenchmarkAreCompleteAndDifferent() throws IOException {
        Work work = Work.of(Work.Kind.W1, 60, "http://127.0.0.1:1");

        Set<MediaType> types = new HashSet<>();
        Set<Long> digests = new HashSet<>();
        for (Map.Entry<String, Work.File> each : work.files().entrySet()) {
            byte[] bytes = each.getValue().bytes();
            boolean film = each.getKey().startsWith("/stream/") || each.getKey().startsWith("/audio/");
            MediaType type = film ? MediaType.MP4 : MediaType.JPEG;
            types.add(type);
            digests.add(Arrays.hashCode(bytes) * 31L + bytes.length);
            Path file = Files.write(directory.resolve("file"), bytes);
            assertThat(FileCheckTests.result(file, type)).as(each.getKey()).matches("complete( \\d+x\\d+)?: ");
        }
        assertThat(types).containsExactlyInAnyOrder(MediaType.JPEG, MediaType.MP4);
        assertThat(digests).hasSameSizeAs(work.files().keySet());
    }
}
