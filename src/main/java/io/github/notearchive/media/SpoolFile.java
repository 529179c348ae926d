package io.github.notearchive.media;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one file between download and store, in memory or on the disk, until it is closed.
 *
 * <p>A file begins in memory. When it grows longer than {@value #MOST_IN_MEMORY} bytes, or the
 * spool has no memory left for it, its bytes move to the disk. Used by one thread at a time.
 */
public final class SpoolFile implements AutoCloseable {

    private static final int MOST_IN_MEMORY = 1 << 20;
    private static final int BUFFER = 64 << 10;

    private final Spool spool;
    private byte @Nullable [] bytes = {};
    private @Nullable Path path;
    private @Nullable OutputStream out;
    private byte @Nullable [] buffer;
    private long size;
    private long diskBooked;
    private boolean closed;

    SpoolFile(Spool spool) {
        this.spool = spool;
    }

    /** How many bytes there are. */
    public long size() {
        return size;
    }

    /** The bytes, where they lie in memory; a longer array than the file, as a rule. */
    public byte @Nullable [] inMemory() {
        return bytes;
    }

    /** Where the bytes lie, when that is the disk. */
    public @Nullable Path onDisk() {
        return path;
    }

    /** Is told of bytes, where they lie. */
    @FunctionalInterface
    interface Reader {
        void read(byte[] array, int offset, int count);
    }

    /**
     * Adds bytes.
     *
     * @param expected how long the whole will be; -1 when nobody says
     * @param diskLimit how many bytes the spool may hold on the disk
     * @throws SpoolFullException when it may not hold them; nothing is added then
     * @throws UncheckedIOException when the disk takes no more
     */
    void add(byte[] more, int count, long expected, long diskLimit) throws SpoolFullException {
        if (bytes != null && hasRoom(size + count, expected)) {
            System.arraycopy(more, 0, bytes, (int) size, count);
            size += count;
            return;
        }
        if (bytes != null) {
            moveToDisk(diskLimit);
        }
        if (!spool.bookDisk(count, diskLimit)) {
            throw new SpoolFullException();
        }
        diskBooked += count;
        write(more, count);
        size += count;
    }

    /**
     * Adds what comes, as much as there is.
     *
     * @param digests are told what came
     * @return how many bytes; -1 at the end
     * @see #add
     */
    int addFrom(InputStream in, long expected, long diskLimit, Reader digests) throws IOException {
        if (size == expected) { // as a rule nothing comes, which needs no room
            int one = in.read();
            return one < 0 ? one : addOne((byte) one, expected, diskLimit, digests);
        }
        if (bytes != null && hasRoom(size + 1, expected)) {
            byte[] array = bytes;
            int at = (int) size;
            int n = in.read(array, at, array.length - at);
            if (n > 0) {
                size += n;
                digests.read(array, at, n);
            }
            return n;
        }
        if (buffer == null) {
            buffer = new byte[BUFFER];
        }
        int n = in.read(buffer);
        if (n > 0) {
            add(buffer, n, expected, diskLimit);
            digests.read(buffer, 0, n);
        }
        return n;
    }

    private int addOne(byte one, long expected, long diskLimit, Reader digests)
            throws SpoolFullException {
        byte[] more = {one};
        add(more, 1, expected, diskLimit);
        digests.read(more, 0, 1);
        return 1;
    }

    /** Makes room in memory, if the file may stay there. */
    private boolean hasRoom(long wanted, long expected) {
        byte[] now = Objects.requireNonNull(bytes);
        if (wanted <= now.length) {
            return true;
        }
        long whole = Math.max(wanted, expected);
        if (whole > MOST_IN_MEMORY) {
            return false;
        }
        byte[] longer = spool.borrow((int) whole);
        if (longer == null) {
            return false;
        }
        System.arraycopy(now, 0, longer, 0, (int) size);
        bytes = longer;
        giveBack(now);
        return true;
    }

    private void giveBack(byte[] array) {
        if (array.length > 0) {
            spool.giveBack(array);
        }
    }

    private void moveToDisk(long diskLimit) throws SpoolFullException {
        if (!spool.bookDisk(size, diskLimit)) {
            throw new SpoolFullException();
        }
        diskBooked = size;
        byte[] sofar = Objects.requireNonNull(bytes);
        path = spool.newPath();
        write(sofar, (int) size);
        bytes = null;
        giveBack(sofar);
    }

    private void write(byte[] more, int count) {
        Path file = Objects.requireNonNull(path);
        try {
            if (out == null) {
                out = new FileOutputStream(file.toFile(), true);
            }
            out.write(more, 0, count);
        } catch (IOException e) {
            throw cannotBeWritten(file, e);
        }
    }

    /** Our trouble and not the server's: no other address would help. */
    private static UncheckedIOException cannotBeWritten(Path file, IOException e) {
        return new UncheckedIOException("Spool file " + file + " cannot be written", e);
    }

    /**
     * What its own structure says.
     *
     * @param type by its first bytes
     * @throws UncheckedIOException if it cannot be read, which no other address would help
     */
    Structure structure(MediaType type) {
        try (FileBytes in =
                bytes == null
                        ? new FileBytes(Objects.requireNonNull(path))
                        : new FileBytes(bytes, (int) size)) {
            return Structure.of(in, type);
        } catch (IOException e) {
            throw new UncheckedIOException("Spool file " + path + " cannot be read", e);
        }
    }

    /** No bytes come any more, for now or at all. */
    void pause() {
        if (out != null) {
            try {
                out.close();
            } catch (IOException e) {
                throw cannotBeWritten(Objects.requireNonNull(path), e);
            } finally {
                out = null;
                buffer = null;
            }
        }
    }

    /** Deletes the file, whose bytes are free for others then. A repeat does nothing. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        byte[] inMemory = bytes;
        bytes = null;
        try {
            pause();
            if (path != null) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Spool file " + path + " cannot be deleted", e);
        } finally {
            if (inMemory != null) {
                giveBack(inMemory);
            }
            spool.closed(diskBooked);
        }
    }
}
