package io.github.notearchive.media;

import io.github.notearchive.media.format.Container;
import io.github.notearchive.media.format.FileBytes;
import io.github.notearchive.media.format.FileCheck;
import io.github.notearchive.note.MediaType;
import java.io.ByteArrayInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;

/**
 * A file in the spool, until it is closed.
 *
 * <p>A file starts in memory. When it exceeds {@value #MAX_IN_MEMORY} bytes, or the spool has no memory left, its bytes
 * move to disk. Used by one thread at a time.
 */
public final class SpoolFile implements AutoCloseable {

    private static final int MAX_IN_MEMORY = 1 << 20;
    private static final int BUFFER = 64 << 10;

    private final Spool spool;
    private final MessageDigest sha256 = DigestUtils.getSha256Digest();

    /** Null unless requested, since it costs more than twice the time of SHA-256. */
    private final @Nullable MessageDigest md5;

    /** Null if the bytes are on disk. */
    private @Nullable List<byte[]> blocks = new ArrayList<>();

    private @Nullable Path path;
    private @Nullable OutputStream out;
    private byte @Nullable [] buffer;
    private long size;
    private long reserved;
    private boolean closed;

    SpoolFile(Spool spool, boolean withMd5) {
        this.spool = spool;
        this.md5 = withMd5 ? DigestUtils.getMd5Digest() : null;
    }

    /** Number of bytes. */
    public long size() {
        return size;
    }

    /**
     * The bytes in memory, in arrays of equal length that are filled one after the other; null if they are on disk.
     * Valid until the file is closed.
     */
    public @Nullable List<byte[]> inMemory() {
        return blocks;
    }

    /** Path of the bytes on disk; null if they are in memory. */
    public @Nullable Path onDisk() {
        return path;
    }

    /** Returns the SHA-256 in lower-case hexadecimal. Called once, after the last byte. */
    String sha256() {
        return HexFormat.of().formatHex(sha256.digest());
    }

    /** Returns the MD5 in lower-case hexadecimal, null unless requested. Called once, after the last byte. */
    @Nullable
    String md5() {
        return md5 == null ? null : HexFormat.of().formatHex(md5.digest());
    }

    /**
     * Appends what one read of the stream returns.
     *
     * @param expected final length of the file; -1 if unknown
     * @param diskLimit limit of the bytes of the spool on disk
     * @return number of bytes; -1 at the end of the stream
     * @throws SpoolFullException if the limit does not allow it; nothing is appended
     * @throws UncheckedIOException if the disk cannot be written
     */
    int append(InputStream in, long expected, long diskLimit) throws IOException {
        if (size == expected) {
            // as a rule nothing follows, which needs no memory
            int next = in.read();
            return next < 0 ? -1 : append(new ByteArrayInputStream(new byte[] {(byte) next}), -1, diskLimit);
        }
        if (blocks != null && hasRoom(size + 1, expected)) {
            byte[] block = Objects.requireNonNull(blocks).get((int) size / Spool.BLOCK);
            int at = (int) size % Spool.BLOCK;
            int n = in.read(block, at, Spool.BLOCK - at);
            appended(block, at, n);
            return n;
        }
        if (buffer == null) {
            buffer = new byte[BUFFER];
        }
        int n = in.read(buffer);
        if (n > 0) {
            if (blocks != null) {
                moveToDisk(diskLimit);
            }
            reserve(n, diskLimit);
            write(buffer, n);
            appended(buffer, 0, n);
        }
        return n;
    }

    private void appended(byte[] array, int offset, int count) {
        if (count < 0) {
            return;
        }
        size += count;
        sha256.update(array, offset, count);
        if (md5 != null) {
            md5.update(array, offset, count);
        }
    }

    /** Borrows memory for this length, if the file may stay in memory. */
    private boolean hasRoom(long wanted, long expected) {
        List<byte[]> held = Objects.requireNonNull(blocks);
        if (wanted <= (long) held.size() * Spool.BLOCK) {
            return true;
        }
        long total = Math.max(wanted, expected);
        return total <= MAX_IN_MEMORY && spool.borrow(Math.ceilDiv((int) total, Spool.BLOCK) - held.size(), held);
    }

    private void reserve(long bytes, long diskLimit) throws SpoolFullException {
        if (!spool.reserve(bytes, diskLimit)) {
            throw new SpoolFullException();
        }
        reserved += bytes;
    }

    private void moveToDisk(long diskLimit) throws SpoolFullException {
        reserve(size, diskLimit);
        List<byte[]> held = Objects.requireNonNull(blocks);
        path = spool.newPath();
        long left = size;
        for (int i = 0; left > 0; i++) {
            int n = (int) Math.min(left, Spool.BLOCK);
            write(held.get(i), n);
            left -= n;
        }
        blocks = null;
        spool.giveBack(held);
    }

    private void write(byte[] more, int count) {
        Path file = Objects.requireNonNull(path);
        try {
            if (out == null) {
                out = new FileOutputStream(file.toFile(), true);
            }
            out.write(more, 0, count);
        } catch (IOException e) {
            throw failure("written", e);
        }
    }

    /**
     * Checks the file for truncation.
     *
     * @throws UncheckedIOException if it cannot be read
     */
    FileCheck check(MediaType type) {
        try (FileBytes in =
                blocks == null ? new FileBytes(Objects.requireNonNull(path)) : new FileBytes(blocks, (int) size)) {
            return Container.of(type).check(in);
        } catch (IOException e) {
            throw failure("read", e);
        }
    }

    /** Releases the resources for writing. Writing may continue later. */
    void pause() {
        if (out != null) {
            try {
                out.close();
            } catch (IOException e) {
                throw failure("written", e);
            } finally {
                out = null;
                buffer = null;
            }
        }
    }

    /** Deletes the file. Repetition has no effect. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        List<byte[]> held = blocks;
        blocks = null;
        try {
            pause();
            if (path != null) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw failure("deleted", e);
        } finally {
            if (held != null) {
                spool.giveBack(held);
            }
            spool.closed(reserved);
        }
    }

    /** A failure of this machine, which no other URL would change. */
    private UncheckedIOException failure(String operation, IOException e) {
        return new UncheckedIOException("Spool file " + path + " cannot be " + operation, e);
    }

    /** The spool limit does not allow further bytes on disk for now. */
    static final class SpoolFullException extends IOException {}
}
