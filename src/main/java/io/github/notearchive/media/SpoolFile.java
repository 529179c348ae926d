package io.github.notearchive.media;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one file between download and store, in memory or on the disk, until it is closed.
 *
 * <p>A file begins in memory. When it grows longer than {@value #MOST_IN_MEMORY} bytes, or the spool has no memory left
 * for it, its bytes move to the disk. Used by one thread at a time.
 */
public final class SpoolFile implements AutoCloseable {

    private static final int MOST_IN_MEMORY = 1 << 20;
    private static final int BUFFER = 64 << 10;

    private final Spool spool;

    /** Null when the bytes are on the disk. */
    private @Nullable List<byte[]> pieces = new ArrayList<>();

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

    /**
     * The bytes, where they lie in memory: arrays of one length, filled one after the other as far as the file goes.
     * Theirs until it is closed.
     */
    public @Nullable List<byte[]> inMemory() {
        return pieces;
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
        if (pieces != null && hasRoom(size + count, expected)) {
            for (int done = 0; done < count; ) {
                byte[] piece = pieceAtTheEnd();
                int at = (int) size % Spool.PIECE;
                int n = Math.min(count - done, Spool.PIECE - at);
                System.arraycopy(more, done, piece, at, n);
                done += n;
                size += n;
            }
            return;
        }
        if (pieces != null) {
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
        if (pieces != null && hasRoom(size + 1, expected)) {
            byte[] piece = pieceAtTheEnd();
            int at = (int) size % Spool.PIECE;
            int n = in.read(piece, at, Spool.PIECE - at);
            if (n > 0) {
                size += n;
                digests.read(piece, at, n);
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

    private int addOne(byte one, long expected, long diskLimit, Reader digests) throws SpoolFullException {
        byte[] more = {one};
        add(more, 1, expected, diskLimit);
        digests.read(more, 0, 1);
        return 1;
    }

    /** Makes room in memory, if the file may stay there. */
    private boolean hasRoom(long wanted, long expected) {
        List<byte[]> held = Objects.requireNonNull(pieces);
        if (wanted <= (long) held.size() * Spool.PIECE) {
            return true;
        }
        long whole = Math.max(wanted, expected);
        if (whole > MOST_IN_MEMORY) {
            return false;
        }
        int needed = Math.ceilDiv((int) whole, Spool.PIECE);
        return spool.borrow(needed - held.size(), held);
    }

    /** Into which the next byte goes. */
    private byte[] pieceAtTheEnd() {
        return Objects.requireNonNull(pieces).get((int) size / Spool.PIECE);
    }

    private void moveToDisk(long diskLimit) throws SpoolFullException {
        if (!spool.bookDisk(size, diskLimit)) {
            throw new SpoolFullException();
        }
        diskBooked = size;
        List<byte[]> sofar = Objects.requireNonNull(pieces);
        path = spool.newPath();
        long left = size;
        for (int i = 0; left > 0; i++) {
            int n = (int) Math.min(left, Spool.PIECE);
            write(sofar.get(i), n);
            left -= n;
        }
        pieces = null;
        spool.giveBack(sofar);
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
                pieces == null ? new FileBytes(Objects.requireNonNull(path)) : new FileBytes(pieces, (int) size)) {
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
        List<byte[]> inMemory = pieces;
        pieces = null;
        try {
            pause();
            if (path != null) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Spool file " + path + " cannot be deleted", e);
        } finally {
            if (inMemory != null) {
                spool.giveBack(inMemory);
            }
            spool.closed(diskBooked);
        }
    }
}
