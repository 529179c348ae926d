package io.github.notearchive.media;

import io.github.notearchive.io.PrivateDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Storage of files between download and store: small files in memory as long as there is room, all others in a
 * directory.
 *
 * <p>File names are generated, and files are readable by the owner only. A directory belongs to one process at a time.
 * The bytes on disk are counted and never exceed the limit of the last reservation. Thread-safe.
 */
public final class Spool {

    private static final String PREFIX = "media-";
    private static final String SUFFIX = ".part";

    /** Length of the arrays that hold files in memory, in bytes. */
    static final int BLOCK = 64 << 10;

    private final Path directory;
    private final long memory;

    /**
     * Arrays that no file uses. Reused, since allocating and clearing them dominates the work of a garbage collector.
     */
    private final Deque<byte[]> idle = new ArrayDeque<>();

    private long inMemory;
    private long onDisk;
    private long files;

    /** Creates a spool that stores all files in this directory, which is created with the first file. */
    public Spool(Path directory) {
        this(directory, 0);
    }

    /**
     * Creates a spool that stores small files in memory.
     *
     * @param memory limit of the bytes of all files in memory; 0 for none
     */
    public Spool(Path directory, long memory) {
        this.directory = directory.toAbsolutePath().normalize();
        this.memory = memory;
    }

    /** Deletes the files of a killed process, and no others. Returns their number. */
    public int sweep() {
        if (!Files.isDirectory(directory)) {
            return 0;
        }
        int swept = 0;
        try (DirectoryStream<Path> remaining = Files.newDirectoryStream(directory, PREFIX + "*" + SUFFIX)) {
            for (Path file : remaining) {
                if (Files.isRegularFile(file)) {
                    Files.delete(file);
                    swept++;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Spool " + directory + " cannot be swept", e);
        }
        return swept;
    }

    /** Creates an empty file, which computes its SHA-256 and on request its MD5. */
    SpoolFile newFile(boolean withMd5) {
        synchronized (this) {
            files++;
        }
        return new SpoolFile(this, withMd5);
    }

    /** Creates an empty file on disk. */
    Path newPath() {
        try {
            PrivateDirectory.create(directory);
            return Files.createTempFile(directory, PREFIX, SUFFIX);
        } catch (IOException e) {
            throw new UncheckedIOException("Spool file cannot be created in " + directory, e);
        }
    }

    /**
     * Lends arrays of {@value #BLOCK} bytes for exclusive use. They contain bytes of earlier files.
     *
     * @param blocks receives the arrays
     * @return false if the memory limit does not allow it; none is added
     */
    synchronized boolean borrow(int count, List<byte[]> blocks) {
        long more = (long) count * BLOCK;
        if (inMemory + more > memory) {
            return false;
        }
        inMemory += more;
        for (int i = 0; i < count; i++) {
            byte[] ready = idle.poll();
            blocks.add(ready == null ? new byte[BLOCK] : ready);
        }
        return true;
    }

    /** Takes arrays back. */
    synchronized void giveBack(List<byte[]> blocks) {
        inMemory -= (long) blocks.size() * BLOCK;
        blocks.forEach(idle::push);
    }

    /** Reserves bytes on disk before they are written; false if the limit does not allow it. */
    synchronized boolean reserve(long bytes, long limit) {
        if (onDisk + bytes > limit) {
            return false;
        }
        onDisk += bytes;
        return true;
    }

    /** Releases a file and the bytes that were reserved for it. */
    synchronized void closed(long reserved) {
        files--;
        onDisk -= reserved;
    }

    /** Bytes that are reserved on disk. */
    synchronized long onDisk() {
        return onDisk;
    }

    /** Files of this process that are open now. */
    public synchronized Held held() {
        return new Held(files, inMemory + onDisk);
    }

    /**
     * Free bytes on the disk of the directory, or of its nearest existing parent; NaN if the file system does not
     * report it.
     */
    public double diskFree() {
        Path existing = directory;
        while (existing != null && !Files.isDirectory(existing)) {
            existing = existing.getParent();
        }
        try {
            return existing == null ? Double.NaN : Files.getFileStore(existing).getUsableSpace();
        } catch (IOException e) {
            return Double.NaN;
        }
    }

    /**
     * Content of the spool.
     *
     * @param files number of open files
     * @param bytes reserved for them in memory and on disk
     */
    public record Held(long files, long bytes) {}
}
