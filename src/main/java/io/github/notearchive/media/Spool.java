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
 * Where files lie between download and store: small ones in memory as long as there is room, all others in a directory.
 * Names there are our own, readable by the owner only; a directory belongs to one process at a time. How many bytes lie
 * here is known, and never more than was allowed with the last one of them. Safe for use by many threads.
 */
public final class Spool {

    private static final String PREFIX = "media-";
    private static final String SUFFIX = ".part";

    /** How long each of the arrays is in which files lie, in bytes. */
    static final int PIECE = 64 << 10;

    private final Path directory;
    private final long memory;

    /**
     * Arrays that no file uses. Clearing new ones and moving them about is what a garbage collector would do most of
     * the time; of one length, so that each serves the next file.
     */
    private final Deque<byte[]> idle = new ArrayDeque<>();

    private long inMemory;
    private long onDisk;
    private long files;

    /** A spool that keeps everything in this directory, which is made when the first file is. */
    public Spool(Path directory) {
        this(directory, 0);
    }

    /**
     * A spool that keeps small files in memory.
     *
     * @param memory how many bytes of files are held in memory, all together; 0 for none
     */
    public Spool(Path directory, long memory) {
        this.directory = directory.toAbsolutePath().normalize();
        this.memory = memory;
    }

    /** Deletes what a killed process left behind, and nothing that is not ours. Says how many. */
    public int sweep() {
        if (!Files.isDirectory(directory)) {
            return 0;
        }
        int swept = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, PREFIX + "*" + SUFFIX)) {
            for (Path file : files) {
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

    /** A new, empty file, which is in memory until it grows too long for that. */
    SpoolFile newFile() {
        synchronized (this) {
            files++;
        }
        return new SpoolFile(this);
    }

    /** A new, empty file on the disk. */
    Path newPath() {
        try {
            PrivateDirectory.make(directory);
            return Files.createTempFile(directory, PREFIX, SUFFIX);
        } catch (IOException e) {
            throw new UncheckedIOException("Spool " + directory + " takes no new file", e);
        }
    }

    /**
     * Lends arrays of {@value #PIECE} bytes, of which nobody else has any part until they are given back. What is in
     * them is left from before.
     *
     * @param count how many
     * @param pieces gets them added
     * @return false when there is no room for so many, and none is added
     */
    synchronized boolean borrow(int count, List<byte[]> pieces) {
        long more = (long) count * PIECE;
        if (inMemory + more > memory) {
            return false;
        }
        inMemory += more;
        for (int i = 0; i < count; i++) {
            byte[] ready = idle.poll();
            pieces.add(ready == null ? new byte[PIECE] : ready);
        }
        return true;
    }

    /** Takes arrays back, which the next files are written over. */
    synchronized void giveBack(List<byte[]> pieces) {
        inMemory -= (long) pieces.size() * PIECE;
        pieces.forEach(idle::push);
    }

    /**
     * Books so many bytes more on the disk, before they are written; false when the disk would then hold more than the
     * limit.
     */
    synchronized boolean bookDisk(long bytes, long limit) {
        if (onDisk + bytes > limit) {
            return false;
        }
        onDisk += bytes;
        return true;
    }

    /**
     * Says that a file is gone.
     *
     * @param diskBytes what was booked for it on the disk
     */
    synchronized void closed(long diskBytes) {
        files--;
        onDisk -= diskBytes;
    }

    /** How many bytes are booked on the disk now, those to which the limit applies. */
    synchronized long onDisk() {
        return onDisk;
    }

    /** What lies here now, of this process's own. */
    public synchronized Held held() {
        return new Held(files, inMemory + onDisk);
    }

    /**
     * How many bytes are free on the disk of the directory, or of the nearest parent that exists; NaN when the file
     * system does not report it.
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

    /** So many files, and how many bytes are booked for them in memory and on the disk. */
    public record Held(long files, long bytes) {}
}
