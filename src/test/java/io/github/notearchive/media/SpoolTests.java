package io.github.notearchive.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.notearchive.media.Spool.SpoolFile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpoolTests extends MediaFixtures {

    private static final long UNKNOWN = -1;

    @Test
    void fileAndCreatedDirectoriesAreForTheirOwnerOnly() throws Exception {
        Path data = directory.resolve("data");
        SpoolFile file = file(spool(data.resolve("spool"), 0), UNKNOWN);

        add(file, bytes(10));

        assertThat(List.of(file.onDisk(), data, data.resolve("spool")))
                .extracting(made -> PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
                .containsExactly("rw-------", "rwx------", "rwx------");
        file.close();
        assertThat(file.onDisk()).doesNotExist();
    }

    @Test
    void sweepDeletesFilesOfAKilledProcessAndNoOthers() throws Exception {
        Spool spool = spool(directory, 0);
        SpoolFile leftover = file(spool, UNKNOWN);
        add(leftover, bytes(10));
        leftover.endWriting();
        Path foreign = Files.createFile(directory.resolve("notes.txt"));

        int swept = spool.sweep();

        assertThat(swept).isEqualTo(1);
        assertThat(leftover.onDisk()).doesNotExist();
        assertThat(foreign).exists();
        assertThat(spool(directory.resolve("none"), 0).sweep()).isZero();
    }

    @Test
    void smallFileOfKnownLengthIsNeverOnDisk() throws Exception {
        Spool spool = spool(directory.resolve("none"), 2_000_000);
        byte[] bytes = bytes(1 << 20);
        SpoolFile file = file(spool, bytes.length);

        add(file, bytes);

        assertThat(file.onDisk()).isNull();
        assertThat(contents(file)).isEqualTo(bytes);
        assertThat(spool.held().files()).isEqualTo(1);
        assertThat(directory).isEmptyDirectory();
        file.close();
        file.close();
        assertThat(spool.held()).isEqualTo(new Spool.SpoolUsage(0, 0));
    }

    @Test
    void withoutMemoryAFileIsOnDiskAndTheNextOneInMemoryAgain() throws Exception {
        Spool spool = spool(directory, 100_000);
        byte[] bytes = bytes(60_000);
        SpoolFile first = file(spool, bytes.length);
        SpoolFile second = file(spool, bytes.length);

        add(first, bytes);
        add(second, bytes);
        first.close();
        SpoolFile third = file(spool, bytes.length);
        add(third, bytes);
        second.endWriting();

        assertThat(second.onDisk()).hasBinaryContent(bytes);
        assertThat(third.onDisk()).isNull();
        assertThat(contents(third)).isEqualTo(bytes);
        second.close();
        third.close();
        assertThat(spool.held()).isEqualTo(new Spool.SpoolUsage(0, 0));
    }

    @Test
    void bytesBeyondTheDiskLimitAreNotAdded() throws Exception {
        Spool spool = new Spool(directory, settings(List.of("cdn.test"), "max-spool-size=60000B"));
        SpoolFile file = file(spool, UNKNOWN);
        byte[] bytes = bytes(40_000);

        file.append(new ByteArrayInputStream(bytes));
        assertThatExceptionOfType(FailedDownloadException.class)
                .isThrownBy(() -> file.append(new ByteArrayInputStream(bytes)))
                .withMessage("the spool holds archive.media.max-spool-size (60000B)");

        assertThat(file.size()).isEqualTo(bytes.length);
        file.close();
        assertThat(spool.held()).isEqualTo(new Spool.SpoolUsage(0, 0));
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void openFilesShareNoBytes() throws Exception {
        Spool spool = spool(directory, 500_000);
        Random random = new Random(11);
        Map<SpoolFile, byte[]> open = new HashMap<>();

        for (int i = 0; i < 2_000; i++) {
            byte[] bytes = new byte[1 + random.nextInt(120_000)];
            random.nextBytes(bytes);
            SpoolFile file = file(spool, random.nextBoolean() ? bytes.length : UNKNOWN);
            add(file, bytes);
            file.endWriting();
            open.put(file, bytes);
            if (open.size() > 6) {
                SpoolFile some = List.copyOf(open.keySet()).get(random.nextInt(open.size()));
                assertThat(contents(some)).isEqualTo(open.remove(some));
                some.close();
            }
        }

        for (Map.Entry<SpoolFile, byte[]> left : open.entrySet()) {
            assertThat(contents(left.getKey())).isEqualTo(left.getValue());
            left.getKey().close();
        }
        assertThat(spool.held()).isEqualTo(new Spool.SpoolUsage(0, 0));
        assertThat(directory).isEmptyDirectory();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 65_535, 65_536, 65_537, 1 << 20, (1 << 20) + 1, 2_500_000})
    void bytesOfAStreamAreAppendedAndDigested(int length) throws Exception {
        byte[] bytes = bytes(length);
        for (long memory : new long[] {0, 70_000, 2_000_000}) {
            for (long expected : new long[] {UNKNOWN, length, 2L * length}) {
                Spool spool = spool(directory, memory);
                SpoolFile file = spool.new SpoolFile(expected, true);

                add(file, bytes);
                file.endWriting();

                assertThat(file.size()).isEqualTo(length);
                assertThat(file.onDisk() != null || length <= memory).isTrue();
                assertThat(contents(file)).isEqualTo(bytes);
                assertThat(file.sha256()).isEqualTo(hex("SHA-256", bytes));
                assertThat(file.md5()).isEqualTo(hex("MD5", bytes));
                file.close();
                assertThat(spool.held()).isEqualTo(new Spool.SpoolUsage(0, 0));
            }
        }
        assertThat(directory).isEmptyDirectory();
    }

    private static byte[] contents(SpoolFile file) throws IOException {
        var all = new ByteArrayOutputStream();
        file.writeTo(all);
        return all.toByteArray();
    }

    private static Spool spool(Path directory, long memory) {
        return new Spool(directory, settings(List.of("cdn.test"), "max-memory=" + memory + "B"));
    }

    private static SpoolFile file(Spool spool, long expected) {
        return spool.new SpoolFile(expected, false);
    }

    /** Appends bytes in the portions of a socket. */
    private static void add(SpoolFile file, byte[] bytes) throws IOException {
        for (int at = 0; at < bytes.length; at += 65_536) {
            var some = new ByteArrayInputStream(bytes, at, Math.min(bytes.length - at, 65_536));
            while (file.append(some) >= 0) {}
        }
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(7).nextBytes(bytes);
        return bytes;
    }
}
