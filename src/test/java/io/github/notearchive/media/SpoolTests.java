package io.github.notearchive.media;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolTests {

    private static final long DISK = 10_000_000;
    private static final long UNKNOWN = -1;

    @TempDir Path directory;

    @Test
    void aFileOnTheDiskIsReadableByItsOwnerOnly() throws Exception {
        SpoolFile file = new Spool(directory.resolve("made/when/needed")).newFile();

        add(file, bytes(10), UNKNOWN);

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.onDisk())))
                .isEqualTo("rw-------");
        file.close();
        assertThat(file.onDisk()).doesNotExist();
    }

    @Test
    void sweepingDeletesWhatAKilledProcessLeftAndNothingElse() throws Exception {
        Spool spool = new Spool(directory);
        SpoolFile leftover = spool.newFile();
        add(leftover, bytes(10), UNKNOWN);
        leftover.pause();
        Path foreign = Files.createFile(directory.resolve("notes.txt"));

        int swept = spool.sweep();

        assertThat(swept).isEqualTo(1);
        assertThat(leftover.onDisk()).doesNotExist();
        assertThat(foreign).exists();
    }

    @Test
    void sweepingADirectoryThatIsNotThereDoesNothing() {
        assertThat(new Spool(directory.resolve("none")).sweep()).isZero();
    }

    @Test
    void aSmallFileNeverTouchesTheDisk() {
        Spool spool = new Spool(directory.resolve("none"), 2_000_000);
        byte[] bytes = bytes(1 << 20);
        SpoolFile told = spool.newFile();
        SpoolFile untold = spool.newFile();

        add(told, bytes, bytes.length);
        add(untold, Arrays.copyOf(bytes, 100_000), UNKNOWN);

        assertThat(told.onDisk()).isNull();
        assertThat(told.inMemory()).isEqualTo(bytes);
        assertThat(untold.size()).isEqualTo(100_000);
        assertThat(Arrays.copyOf(untold.inMemory(), 100_000))
                .isEqualTo(Arrays.copyOf(bytes, 100_000));
        assertThat(spool.held().files()).isEqualTo(2);
        assertThat(directory).isEmptyDirectory();
        told.close();
        untold.close();
        told.close();
        assertThat(spool.held()).isEqualTo(new Spool.Held(0, 0));
    }

    @Test
    void aFileThatGrowsTooLongMovesToTheDiskWhole() throws Exception {
        Spool spool = new Spool(directory, 2_000_000);
        byte[] bytes = bytes(3_000_000);
        SpoolFile file = spool.newFile();

        add(file, bytes, UNKNOWN);
        file.pause();

        assertThat(file.inMemory()).isNull();
        assertThat(file.onDisk()).hasBinaryContent(bytes);
        assertThat(spool.held()).isEqualTo(new Spool.Held(1, bytes.length));
        file.close();
        assertThat(directory).isEmptyDirectory();
        assertThat(spool.held()).isEqualTo(new Spool.Held(0, 0));
    }

    @Test
    void withoutMemoryLeftAFileLiesOnTheDiskAndTheNextOneInMemoryAgain() throws Exception {
        Spool spool = new Spool(directory, 100_000);
        SpoolFile first = spool.newFile();
        SpoolFile second = spool.newFile();
        SpoolFile third = spool.newFile();
        byte[] bytes = bytes(60_000);

        add(first, bytes, bytes.length);
        add(second, bytes, bytes.length);
        first.close();
        add(third, bytes, bytes.length);
        second.pause();

        assertThat(second.onDisk()).hasBinaryContent(bytes);
        assertThat(third.inMemory()).isEqualTo(bytes);
        second.close();
        third.close();
        assertThat(spool.held()).isEqualTo(new Spool.Held(0, 0));
    }

    @Test
    void whatTheDiskMayNotHoldIsNotAdded() {
        Spool spool = new Spool(directory, 50_000);
        SpoolFile file = spool.newFile();
        byte[] bytes = bytes(40_000);

        assertThat(file.add(bytes, bytes.length, UNKNOWN, 60_000)).isTrue();
        assertThat(file.add(bytes, bytes.length, UNKNOWN, 60_000)).isFalse();

        assertThat(file.size()).isEqualTo(bytes.length);
        file.close();
        assertThat(spool.held()).isEqualTo(new Spool.Held(0, 0));
        assertThat(directory).isEmptyDirectory();
    }

    /** Adds bytes as they come from a socket. */
    private static void add(SpoolFile file, byte[] bytes, long expected) {
        for (int at = 0; at < bytes.length; at += 65_536) {
            byte[] some = Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + 65_536));
            assertThat(file.add(some, some.length, expected, DISK)).isTrue();
        }
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(7).nextBytes(bytes);
        return bytes;
    }
}
