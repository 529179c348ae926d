package io.github.notearchive.media;

import io.github.notearchive.io.files.AtomicFile;
import io.github.notearchive.media.FailedDownloadException.FailureKind;
import io.github.notearchive.media.format.FileBytes;
import io.github.notearchive.media.format.FileCheck;
import io.github.notearchive.media.format.FileCheck.TruncatedFileException;
import io.github.notearchive.note.MediaType;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.io.IOUtils;
import org.jspecify.annotations.Nullable;
import org.springframework.util.unit.DataSize;

/**
 * Storage of files between download and store: small files of known length in memory as long as there is room, all
 * others in a directory, which is created with the first file.
 *
 * <p>File names are generated, and files are readable by the owner only. A directory belongs to one process at a time.
 * The bytes in memory and on disk never exceed the limits of the settings. Thread-safe.
 */
public final class Spool {

    private static final String PREFIX = "media-";
    private static final String SUFFIX = ".part";

    /** Length of the arrays that hold files in memory, in bytes. */
    static final int BLOCK = 64 << 10;

    /** Limit of a file in memory, in bytes. */
    private static final int MAX_IN_MEMORY = 1 << 20;

    private final Path directory;
    private final long memoryLimit;
    private final DataSize diskLimit;

    /** Arrays that no file uses, since allocating and clearing them dominates the work of a garbage collector. */
    private final Deque<byte[]> idle = new ArrayDeque<>();

    private long inMemory;
    private long onDisk;
    private long files;
    private boolean full;

    public Spool(Path directory, MediaProperties settings) {
        this.directory = directory.toAbsolutePath().normalize();
        memoryLimit =
                Math.min(settings.maxMemory().toBytes(), Runtime.getRuntime().maxMemory() / 4);
        diskLimit = settings.maxSpoolSize();
    }

    /** Deletes the files of a killed process, and no others. Returns their number. */
    public int sweep() {
        if (!Files.isDirectory(directory)) {
            return 0;
        }
        int swept = 0;
        try (DirectoryStream<Path> remaining = Files.newDirectoryStream(directory, PREFIX + "*" + SUFFIX)) {
            for (Path file : remaining) {
                Files.delete(file);
                swept++;
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Spool " + directory + " cannot be swept", e);
        }
        return swept;
    }

    /** Whether files may be added: once the disk limit was met, not until it is at most half used. */
    synchronized boolean hasRoom() {
        full = full && onDisk > diskLimit.toBytes() / 2;
        return !full;
    }

    /** Returns arrays that no other file uses; null if the memory limit does not allow them. */
    private @Nullable List<byte[]> borrow(int count) {
        if (inMemory + (long) count * BLOCK > memoryLimit) {
            return null;
        }
        inMemory += (long) count * BLOCK;
        return Stream.generate(() -> idle.isEmpty() ? new byte[BLOCK] : idle.pop())
                .limit(count)
                .toList();
    }

    /** Files of this process that are open now. */
    public synchronized SpoolUsage held() {
        return new SpoolUsage(files, inMemory + onDisk);
    }

    /**
     * Content of the spool.
     *
     * @param files number of open files
     * @param bytes reserved for them in memory and on disk
     */
    public record SpoolUsage(long files, long bytes) {}

    /** Free bytes on the disk of the directory, or of its nearest existing parent; 0 if unknown. */
    public double diskFree() {
        File existing = directory.toFile();
        while (!existing.isDirectory()) {
            existing = Objects.requireNonNull(existing.getParentFile());
        }
        return existing.getUsableSpace();
    }

    /** A file in the spool, until it is closed. Used by one thread at a time. */
    public final class SpoolFile implements AutoCloseable {

        private final MessageDigest sha256 = DigestUtils.getSha256Digest();

        /** Null unless requested, since it costs more than twice the time of SHA-256. */
        private final @Nullable MessageDigest md5;

        /** The bytes in memory, in arrays that are filled one after the other; null if they are on disk. */
        private @Nullable List<byte[]> blocks;

        /** Null if the bytes are in memory, or the last one has been added. */
        private byte @Nullable [] buffer;

        private @Nullable Path path;
        private @Nullable OutputStream out;
        private long size;
        private long reserved;
        private boolean closed;

        /** @param length of the file in bytes, of which no more are appended; -1 if unknown */
        SpoolFile(long length, boolean withMd5) {
            this.md5 = withMd5 ? DigestUtils.getMd5Digest() : null;
            synchronized (Spool.this) {
                files++;
                blocks = length >= 0 && length <= MAX_IN_MEMORY ? borrow((int) length / BLOCK + 1) : null;
            }
            buffer = blocks == null ? new byte[BLOCK] : null;
        }

        public long size() {
            return size;
        }

        /** Null if the bytes are in memory. */
        @Nullable
        Path onDisk() {
            return path;
        }

        /**
         * Writes all bytes; may be repeated until the file is closed.
         *
         * @throws UncheckedIOException if there is no such file on the disk any more
         */
        public void writeTo(OutputStream target) throws IOException {
            if (blocks == null) {
                // a channel, as Files.newInputStream uses it, would be closed by an interrupt
                try (InputStream in =
                        new FileInputStream(Objects.requireNonNull(path).toFile())) {
                    in.transferTo(target);
                } catch (FileNotFoundException e) {
                    throw failure("read", e);
                }
                return;
            }
            long remaining = size;
            for (int i = 0; remaining > 0; i++) {
                int count = (int) Math.min(BLOCK, remaining);
                target.write(blocks.get(i), 0, count);
                remaining -= count;
            }
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
         * @return number of bytes; -1 at the end of the stream
         * @throws FailedDownloadException if the disk limit does not allow it; the file can only be closed then
         * @throws UncheckedIOException if the disk cannot be written
         */
        int append(InputStream in) throws IOException {
            byte[] array = blocks == null ? Objects.requireNonNull(buffer) : blocks.get((int) size / BLOCK);
            int offset = blocks == null ? 0 : (int) size % BLOCK;
            int count = in.read(array, offset, BLOCK - offset);
            if (count > 0) {
                if (blocks == null) {
                    write(array, count);
                }
                size += count;
                sha256.update(array, offset, count);
                if (md5 != null) {
                    md5.update(array, offset, count);
                }
            }
            return count;
        }

        private void write(byte[] more, int count) throws FailedDownloadException {
            synchronized (Spool.this) {
                if (onDisk + count > diskLimit.toBytes()) {
                    full = true;
                    throw new FailedDownloadException(
                            FailureKind.NO_ROOM, "the spool holds archive.media.max-spool-size (" + diskLimit + ")");
                }
                onDisk += count;
                reserved += count;
            }
            try {
                if (out == null) {
                    path = Files.createTempFile(
                            Files.createDirectories(directory, AtomicFile.PRIVATE_DIRECTORY), PREFIX, SUFFIX);
                    out = new FileOutputStream(path.toFile());
                }
                out.write(more, 0, count);
            } catch (IOException e) {
                throw failure("written", e);
            }
        }

        /**
         * Checks the file for truncation.
         *
         * @throws FailedDownloadException if it is truncated
         * @throws UncheckedIOException if it cannot be read
         */
        FileCheck.Complete check(MediaType type) throws FailedDownloadException {
            try (FileBytes in =
                    blocks == null ? new FileBytes(Objects.requireNonNull(path)) : new FileBytes(blocks, (int) size)) {
                return FileCheck.check(type, in);
            } catch (TruncatedFileException e) {
                throw FailedDownloadException.retryable("truncated: " + e.getMessage());
            } catch (IOException e) {
                throw failure("read", e);
            }
        }

        /** Releases the resources for writing, after the last byte. */
        void endWriting() {
            buffer = null;
            try {
                IOUtils.close(out);
            } catch (IOException e) {
                throw failure("written", e);
            }
        }

        /** Deletes the file. Repetition has no effect. */
        @Override
        public void close() {
            if (closed) {
                return;
            }
            closed = true;
            List<byte[]> returned = blocks == null ? List.of() : blocks;
            blocks = null;
            try {
                endWriting();
                if (path != null) {
                    Files.deleteIfExists(path);
                }
            } catch (IOException e) {
                throw failure("deleted", e);
            } finally {
                synchronized (Spool.this) {
                    files--;
                    onDisk -= reserved;
                    inMemory -= (long) returned.size() * BLOCK;
                    returned.forEach(idle::push);
                }
            }
        }

        /** A failure of this machine, which no other URL would change. */
        private UncheckedIOException failure(String operation, IOException e) {
            return new UncheckedIOException(
                    "Spool file %s in %s cannot be %s".formatted(path, directory, operation), e);
        }
    }
}
