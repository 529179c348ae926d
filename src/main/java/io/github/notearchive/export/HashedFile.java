package io.github.notearchive.export;

import io.github.notearchive.export.StagingDirectory.FileEntry;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.apache.commons.codec.digest.DigestUtils;

/** File of an export that is hashed while it is written, and forced to the disk and passed on when it is closed. */
final class HashedFile extends OutputStream {

    private static final int BUFFER = 64 * 1024;

    private final Path target;
    private final String path;
    private final Consumer<FileEntry> consumer;
    private final MessageDigest digest = DigestUtils.getSha256Digest();
    private final FileChannel channel;
    private final OutputStream out;
    private long size;
    private boolean closed;

    /**
     * Opens the file and creates its parent directories.
     *
     * @param target directory to be created by the export, for messages
     * @param root directory in which the export is written
     * @param path within the root
     * @param consumer receives path, size and digest of the closed file
     * @throws ExportWriteException if the disk does not accept the file; also from the other methods
     */
    HashedFile(Path target, Path root, String path, Consumer<FileEntry> consumer) {
        this.target = target;
        this.path = path;
        this.consumer = consumer;
        try {
            channel = FileChannel.open(
                    resolve(root, path),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.TRUNCATE_EXISTING);
        } catch (IOException e) {
            throw new ExportWriteException(target, path, e);
        }
        out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER);
    }

    /** Returns the location of a path within the root and creates its parent directories. */
    static Path resolve(Path root, String path) throws IOException {
        Path file = root.resolve(path).normalize();
        Path parent = file.getParent();
        if (!file.startsWith(root) || parent == null) {
            throw new IllegalArgumentException("Path \"" + path + "\" is outside of the export");
        }
        Files.createDirectories(parent);
        return file;
    }

    /** Returns the number of bytes written so far. */
    long size() {
        return size;
    }

    @Override
    public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        try {
            out.write(bytes, offset, length);
        } catch (IOException e) {
            throw new ExportWriteException(target, path, e);
        }
        digest.update(bytes, offset, length);
        size += length;
    }

    /** Writers close the file again after a failure; only the first call has an effect. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try (channel) {
            out.flush();
            channel.force(true);
        } catch (IOException e) {
            throw new ExportWriteException(target, path, e);
        }
        consumer.accept(new FileEntry(path, size, HexFormat.of().formatHex(digest.digest())));
    }
}
