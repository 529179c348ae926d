package io.github.notearchive.export;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An export that is not yet one: a directory beside the target, named as it with {@code .partial-} and a number behind,
 * whose files are hashed while they are written and lie on the disk before {@link #complete} gives it the target's
 * name. Closed before that, it is removed; a process that is killed leaves it under its name, which nobody takes for an
 * export.
 *
 * <p>A file that the disk does not take is an {@link ExportWriteException}, whoever writes it.
 */
final class Draft implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Draft.class);

    private static final String PARTIAL = ".partial-";
    private static final Pattern PARTIAL_NAME =
            Pattern.compile(".+\\.partial-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

    /** Written while the export is, and gone before it is whole. */
    private static final String INVENTORY = ".inventory";

    /** The digests and keys of the files that are to be received ahead. */
    private static final String PLAN = ".plan";

    /** Files copied before it is known where they belong, by their digest; gone before it is whole. */
    private static final String AHEAD = ".ahead/";

    private static final int BUFFER = 64 * 1024;

    private final Path target;
    private final Path root;
    private final BufferedWriter inventory;
    private @Nullable BufferedWriter plan;
    private long files;
    private long bytes;
    private boolean complete;

    private Draft(Path target, Path root) throws IOException {
        this.target = target;
        this.root = root;
        this.inventory = Files.newBufferedWriter(root.resolve(INVENTORY));
    }

    /** A file that was written. */
    record Written(String path, long size, String sha256) {}

    /** Begins one; refuses a target that holds anything, or cannot be replaced. */
    static Draft begin(Path directory) throws IOException {
        // a link is followed, so that it stays one and the export lies where it leads
        Path target = Files.isDirectory(directory)
                ? directory.toRealPath()
                : directory.toAbsolutePath().normalize();
        Path name = target.getFileName();
        Path parent = target.getParent();
        if (name == null || parent == null) {
            throw new ExportException("\"" + directory + "\" is no directory to export to");
        }
        requireVacant(target);
        requireReplaceable(target, parent);
        try {
            Files.createDirectories(parent);
        } catch (IOException e) {
            throw new ExportException("Directory " + parent + ", to export below, cannot be made: " + e);
        }
        if (!Files.isWritable(parent)) {
            throw new ExportException("Directory " + parent + ", to export below, cannot be written to");
        }
        try (Stream<Path> siblings = Files.list(parent)) {
            siblings.filter(Draft::isPartial)
                    .forEach(left -> log.warn(
                            "{} is left of an export that did not end. Unless an export is active that writes it, remove it: rm -r '{}'",
                            left,
                            left));
        }
        // not a temporary directory, which nobody else could read
        Path root = Files.createDirectory(parent.resolve(name + PARTIAL + UUID.randomUUID()));
        try {
            return new Draft(target, root);
        } catch (IOException e) {
            Files.delete(root);
            throw new ExportWriteException(target, INVENTORY, e);
        }
    }

    /** Whether it is the unfinished directory of an export, to this or another target. */
    private static boolean isPartial(Path path) {
        Path own = path.getFileName();
        return own != null && PARTIAL_NAME.matcher(own.toString()).matches() && Files.isDirectory(path);
    }

    private static void requireVacant(Path target) throws IOException {
        if (Files.isDirectory(target)) {
            try (Stream<Path> entries = Files.list(target)) {
                if (entries.findAny().isPresent()) {
                    throw new ExportException("Directory "
                            + target
                            + " is not empty; nothing was exported, name another one or empty it");
                }
            }
        } else if (Files.exists(target)) {
            throw new ExportException(
                    "File " + target + " exists already; an export is a directory, so name another one");
        }
    }

    /** One that something is mounted on cannot be replaced, which would be known at the end only. */
    private static void requireReplaceable(Path target, Path parent) throws IOException {
        if (Files.isDirectory(target) && !Files.getFileStore(target).equals(Files.getFileStore(parent))) {
            throw new ExportException(
                    "Directory "
                            + target
                            + " is where a file system is mounted, and an export cannot take its place; nothing was exported, name a directory below it");
        }
    }

    /**
     * A new file.
     *
     * @param path within the export, with slashes
     * @throws ExportWriteException when the disk does not take it, also from the stream
     */
    OutputStream create(String path) {
        return new Recorded(path);
    }

    /** Writes a small file. */
    void write(String path, byte[] content) throws IOException {
        try (OutputStream out = create(path)) {
            out.write(content);
        }
    }

    /**
     * Writes a file from a stream, and records it not yet: whoever compared it calls {@link #record} or
     * {@link #remove}. A repeat begins anew.
     *
     * @throws IOException from the stream alone
     * @throws ExportWriteException when the disk does not take it
     */
    Written receive(String path, InputStream in) throws IOException {
        Hashing out = new Hashing(path);
        try (out) {
            byte[] buffer = new byte[BUFFER];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                out.write(buffer, 0, n);
            }
        }
        return new Written(path, out.size, out.sha256());
    }

    /** Receives a file of which only the digest is known; {@link #place} gives it its path. */
    Written receiveAhead(String sha256, InputStream in) throws IOException {
        return receive(AHEAD + sha256, in);
    }

    void removeAhead(String sha256) throws IOException {
        remove(AHEAD + sha256);
    }

    /**
     * Moves a file that was received ahead to a path, and records it.
     *
     * @return false when there is no such file, or it was moved already; nothing was done then
     */
    boolean place(String sha256, String path) throws IOException {
        Path file = root.resolve(AHEAD + sha256);
        if (!Files.exists(file)) {
            return false;
        }
        try {
            Written written = new Written(path, Files.size(file), sha256);
            Files.move(file, resolve(path));
            record(written);
        } catch (IOException e) {
            log.debug("{} is copied, since it cannot be moved", path, e);
            try (InputStream in = Files.newInputStream(file)) {
                record(receive(path, in));
            }
        }
        return true;
    }

    /** Writes down a file that is to be received ahead. */
    void plan(String sha256, String key) {
        try {
            if (plan == null) {
                plan = Files.newBufferedWriter(root.resolve(PLAN));
            }
            plan.write(sha256 + " " + key + "\n");
        } catch (IOException e) {
            throw new ExportWriteException(target, PLAN, e);
        }
    }

    /** The files that were planned, in the order of their planning. */
    void forEachPlanned(PlanReader reader) throws IOException {
        if (plan == null) {
            return;
        }
        plan.close();
        try (BufferedReader lines = Files.newBufferedReader(root.resolve(PLAN))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] parts = line.split(" ", 2);
                reader.read(parts[0], parts[1]);
            }
        }
        Files.delete(root.resolve(PLAN));
    }

    /** What is done with a file that was planned. */
    @FunctionalInterface
    interface PlanReader {
        void read(String sha256, String key) throws IOException;
    }

    void record(Written file) {
        try {
            inventory.write(file.sha256() + " " + file.size() + " " + file.path() + "\n");
        } catch (IOException e) {
            throw new ExportWriteException(target, INVENTORY, e);
        }
        files++;
        bytes += file.size();
    }

    void remove(String path) throws IOException {
        Files.deleteIfExists(root.resolve(path));
    }

    boolean has(String path) {
        return Files.exists(root.resolve(path));
    }

    /** The files so far, in the order of their writing. */
    void forEachFile(FileReader reader) throws IOException {
        inventory.flush();
        try (BufferedReader lines = Files.newBufferedReader(root.resolve(INVENTORY))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] parts = line.split(" ", 3);
                reader.read(new Written(parts[2], Long.parseLong(parts[1]), parts[0]));
            }
        }
    }

    /** What is done with a file of the inventory. */
    @FunctionalInterface
    interface FileReader {
        void read(Written file) throws IOException;
    }

    long files() {
        return files;
    }

    long bytes() {
        return bytes;
    }

    Path target() {
        return target;
    }

    /** Gives it the target's name, having seen that it lies on the disk. */
    void complete() throws IOException {
        inventory.close();
        Files.delete(root.resolve(INVENTORY));
        delete(root.resolve(AHEAD));
        force(root);
        requireVacant(target);
        Files.deleteIfExists(target);
        try {
            Files.move(root, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileAlreadyExistsException e) {
            throw new ExportException("Directory "
                    + target
                    + " came into being while it was exported to; the export is not kept, name another one");
        }
        complete = true;
        Path parent = target.getParent();
        if (parent != null) {
            force(parent);
        }
    }

    /** Best effort: not every system lets a directory be opened. */
    private static void force(Path directory) {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            log.debug("Directory {} cannot be forced to the disk", directory, e);
        }
    }

    @Override
    public void close() throws IOException {
        if (complete) {
            return;
        }
        try {
            inventory.close();
        } catch (IOException e) {
            log.debug("The inventory of {} is removed without its end", root, e);
        }
        if (plan != null) {
            try {
                plan.close();
            } catch (IOException e) {
                log.debug("The plan of {} is removed without its end", root, e);
            }
        }
        delete(root);
    }

    private static void delete(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
                    throws IOException {
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private Path resolve(String path) throws IOException {
        Path file = root.resolve(path).normalize();
        Path parent = file.getParent();
        if (!file.startsWith(root) || parent == null) {
            throw new IllegalArgumentException("\"" + path + "\" leads out of the export");
        }
        Files.createDirectories(parent);
        return file;
    }

    /** A file that is hashed while it is written, and forced to the disk when it is closed. */
    private class Hashing extends OutputStream {

        private final String path;
        private final FileChannel channel;
        private final MessageDigest digest = DigestUtils.getSha256Digest();
        private final byte[] buffer = new byte[BUFFER];
        private int buffered;
        private long size;
        private boolean closed;
        private String hex = "";

        Hashing(String path) {
            this.path = path;
            try {
                channel = FileChannel.open(
                        resolve(path),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING);
            } catch (IOException e) {
                throw new ExportWriteException(target, path, e);
            }
        }

        @Override
        public void write(int b) {
            if (buffered == buffer.length) {
                drain();
            }
            buffer[buffered++] = (byte) b;
            size++;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            int from = offset;
            int left = length;
            while (left > 0) {
                if (buffered == buffer.length) {
                    drain();
                }
                int part = Math.min(left, buffer.length - buffered);
                System.arraycopy(bytes, from, buffer, buffered, part);
                buffered += part;
                from += part;
                left -= part;
            }
            size += length;
        }

        private void drain() {
            digest.update(buffer, 0, buffered);
            ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, buffered);
            try {
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            } catch (IOException e) {
                throw new ExportWriteException(target, path, e);
            }
            buffered = 0;
        }

        @Override
        public void close() {
            if (closed) {
                return;
            }
            closed = true;
            try (channel) {
                drain();
                channel.force(true);
            } catch (IOException e) {
                throw new ExportWriteException(target, path, e);
            }
            hex = HexFormat.of().formatHex(digest.digest());
        }

        String sha256() {
            return hex;
        }
    }

    /** One that enters the inventory when it is closed. */
    private final class Recorded extends Hashing {

        private boolean recorded;

        Recorded(String path) {
            super(path);
        }

        @Override
        public void close() {
            super.close();
            if (!recorded) {
                recorded = true;
                record(new Written(super.path, super.size, sha256()));
            }
        }
    }
}
