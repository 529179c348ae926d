package io.github.notearchive.media;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.bench.Work;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What benchmarks serve costs the program as much as real files do: none is odd in any way. */
class BenchFilesTests {

    @TempDir
    private Path directory;

    @Test
    void filesOfABenchmarkAreWholeAndDifferFromEachOther() throws IOException {
        Work work = Work.of(Work.Kind.W1, 60, "http://127.0.0.1:1");

        Set<MediaType> types = new HashSet<>();
        Set<Long> digests = new HashSet<>();
        for (Map.Entry<String, Work.File> each : work.files().entrySet()) {
            byte[] bytes = each.getValue().bytes();
            MediaType type = each.getKey().startsWith("/stream/")
                    ? MediaType.MP4
                    : each.getKey().startsWith("/audio/") ? MediaType.M4A : MediaType.JPEG;
            types.add(type);
            digests.add(Arrays.hashCode(bytes) * 31L + bytes.length);
            Path file = Files.write(directory.resolve("file"), bytes);
            assertThat(StructureTests.structure(file, type))
                    .as(each.getKey())
                    .isInstanceOfSatisfying(
                            Structure.Whole.class,
                            whole -> assertThat(whole.remarks()).isEmpty());
        }
        assertThat(types).containsExactlyInAnyOrder(MediaType.JPEG, MediaType.MP4, MediaType.M4A);
        assertThat(digests).hasSameSizeAs(work.files().keySet());
    }
}
