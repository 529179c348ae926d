package io.github.notearchive.export;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import io.github.notearchive.archive.query.NoteSnapshots.FileEntry;
import io.github.notearchive.export.Exporter.Export;
import io.github.notearchive.export.Exporter.ExportException;
import io.github.notearchive.export.Exporter.ExportReport.MissingObject;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.io.IOUtils;
import org.apache.commons.io.file.PathUtils;
import org.apache.commons.io.function.IOConsumer;
import org.apache.commons.io.output.ProxyOutputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectFactory;
import org.springframework.util.FileSystemUtils;

/**
 * Directory beside the target, named {@code <target>.partial-<uuid>}, in which an export is written. Files are hashed
 * while they are written and forced to the disk. {@link #complete} renames the directory to the target. A directory
 * that is closed before is deleted; a killed process leaves it under its partial name.
 *
 * <p>Copies media from the store. A file that differs from its row, or that the store does not have, is omitted and
 * reported. An unavailable store, or one that refuses the account, fails the export with its {@link StoreException}.
 *
 * <p>A file that cannot be written is reported as {@link UncheckedIOException}, so that no layer between it and the
 * caller converts it: a store that is being read treats each {@link IOException} as a network error. Not thread-safe.
 */
final class StagingDirectory implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(StagingDirectory.class);

    private static final int BUFFER = 64 * 1024;

    /** Limit of the missing objects that are reported individually. */
    private static final int EXAMPLES = 1_000;

    /** Directory of lists, and of files whose paths are not known yet; deleted on completion. */
    private static final String AHEAD = ".ahead/";

    /** Prefix of empty files with the keys of the objects that were omitted. */
    private static final String OMITTED = AHEAD + "omitted/";

    final Path target;
    private final Path root;
    private final ObjectFactory<ObjectStore> store;

    /** List of the files written so far, in the order of writing. */
    final FileList inventory;

    /** List of objects to be received ahead. */
    private final FileList plan;

    long copied;
    long missing;
    final List<MissingObject> examples = new ArrayList<>();

    private StagingDirectory(Path target, Path root, ObjectFactory<ObjectStore> store) throws IOException {
        this.target = target;
        this.root = root;
        this.store = store;
        this.inventory = new FileList(AHEAD + "inventory");
        this.plan = new FileList(AHEAD + "plan");
    }

    /** Creates the directory for an export; refuses a target that is not empty or cannot be replaced. */
    static StagingDirectory create(Path directory, ObjectFactory<ObjectStore> store) throws IOException {
        // a symbolic link is followed, so that the link remains and its destination receives the export
        Path target = Files.isDirectory(directory)
                ? directory.toRealPath()
                : directory.toAbsolutePath().normalize();
        requireEmpty(target);
        Path parent = Objects.requireNonNull(target.getParent(), "the root directory is not empty");
        // a mount point cannot be renamed over, which would fail only at the end
        if (Files.isDirectory(target) && !Files.getFileStore(target).equals(Files.getFileStore(parent))) {
            throw new ExportException(
                    ("Directory %s is a mount point and cannot be replaced; nothing was exported. Choose a directory "
                                    + "below it")
                            .formatted(target));
        }
        Path root = parent.resolve(target.getFileName() + ".partial-" + UUID.randomUUID());
        try {
            Files.createDirectories(parent);
            // not a temporary directory: its permissions would make the export private
            Files.createDirectory(root);
            return new StagingDirectory(target, root, store);
        } catch (IOException e) {
            FileSystemUtils.deleteRecursively(root);
            throw new ExportException("Directory " + root + " of the export cannot be created: " + e);
        }
    }

    private static void requireEmpty(Path target) throws IOException {
        if (Files.isDirectory(target) && !PathUtils.isEmptyDirectory(target)) {
            throw new ExportException(
                    "Directory %s is not empty; nothing was exported. Choose another directory or empty it"
                            .formatted(target));
        }
        if (Files.isRegularFile(target)) {
            throw new ExportException("File " + target + " exists; an export needs a directory. Choose another name");
        }
    }

    /**
     * Creates a file that is recorded in the inventory when it is closed.
     *
     * @param path within the export, with slashes
     * @throws UncheckedIOException if the disk does not accept it, also from the stream
     */
    HashedFile create(String path) {
        try {
            return new HashedFile(path, FileChannel.open(resolve(path), CREATE, WRITE, TRUNCATE_EXISTING));
        } catch (IOException e) {
            throw notWritable(path, e);
        }
    }

    private UncheckedIOException notWritable(String path, IOException cause) {
        return new UncheckedIOException(
                ("File %s of the export to %s cannot be written: %s; nothing was exported. Check free space and "
                                + "permissions, then export again")
                        .formatted(path, target, cause),
                cause);
    }

    void write(String path, String text) throws IOException {
        try (OutputStream out = create(path)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    void plan(Stream<FileEntry> objects) {
        try (objects) {
            objects.forEach(plan::add);
        }
    }

    /**
     * Receives the planned objects. An object that is missing or differs is left to {@link #copy}, which reports it.
     *
     * @param stopped queried before each object; true makes it throw a {@link CancellationException}
     */
    void copyAhead(BooleanSupplier stopped) throws IOException {
        plan.forEach(object -> {
            Export.requireNotStopped(stopped);
            String _ = receive(object);
        });
    }

    /**
     * Copies one object to a path within the export; returns false if the object is missing or differs. A sidecar,
     * whose digest is empty because none is recorded, is copied as it is.
     */
    boolean copy(FileEntry object, String path) throws IOException {
        Path ahead = root.resolve(ahead(object));
        String problem = Files.exists(ahead) ? null : receive(object);
        if (problem == null) {
            try {
                Files.move(ahead, resolve(path));
            } catch (IOException e) {
                throw notWritable(path, e);
            }
            if (object.sha256().isEmpty()) {
                byte[] bytes = read(path);
                inventory.add(new FileEntry(path, bytes.length, DigestUtils.sha256Hex(bytes)));
            } else {
                inventory.add(new FileEntry(path, object.size(), object.sha256()));
                copied++;
            }
            return true;
        }
        missing++;
        Files.write(resolve(OMITTED + object.path()), new byte[0]);
        log.warn("Object {} is omitted from the export: {}", object.path(), problem);
        if (examples.size() < EXAMPLES) {
            examples.add(new MissingObject(object.path(), problem));
        }
        return false;
    }

    private static String ahead(FileEntry object) {
        return AHEAD + (object.sha256().isEmpty() ? object.path() : object.sha256());
    }

    /** Receives an object ahead; returns the reason if it is missing or differs, and null otherwise. */
    private @Nullable String receive(FileEntry object) throws IOException {
        String path = ahead(object);
        String problem;
        try {
            FileEntry file = store.getObject().read(new ObjectKey(object.path()), (in, _) -> {
                HashedFile out = create(path);
                try (out) {
                    in.transferTo(out);
                }
                return out.written();
            });
            if (object.sha256().isEmpty() || file.sha256().equals(object.sha256())) {
                return null;
            }
            problem = "the store has other bytes: %d with SHA-256 %s instead of %d"
                    .formatted(file.size(), file.sha256(), object.size());
        } catch (StoreException e) {
            if (e.unreachable() || e.ofTheAccount()) {
                throw e;
            }
            problem = "the store answers " + e.code();
        }
        Files.deleteIfExists(root.resolve(path));
        return problem;
    }

    /** Returns the location of a path and creates its parent directories. */
    private Path resolve(String path) throws IOException {
        Path file = root.resolve(path).normalize();
        Path parent = file.getParent();
        if (!file.startsWith(root) || parent == null) {
            throw new IllegalArgumentException("Path \"" + path + "\" is outside of the export");
        }
        Files.createDirectories(parent);
        return file;
    }

    byte[] read(String path) throws IOException {
        return Files.readAllBytes(root.resolve(path));
    }

    boolean has(String path) {
        return Files.exists(root.resolve(path));
    }

    boolean isOmitted(String key) {
        return has(OMITTED + key);
    }

    void complete() throws IOException {
        IOUtils.close(inventory.lines, plan.lines);
        FileSystemUtils.deleteRecursively(root.resolve(AHEAD));
        requireEmpty(target);
        Files.deleteIfExists(target);
        Files.move(root, target, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void close() throws IOException {
        IOUtils.closeQuietly(inventory.lines, plan.lines);
        FileSystemUtils.deleteRecursively(root);
    }

    /** List of files, kept in a file because an export may have millions of them. */
    final class FileList {

        private final String name;
        private final BufferedWriter lines;
        private long files;
        private long bytes;

        private FileList(String name) throws IOException {
            this.name = name;
            this.lines = Files.newBufferedWriter(resolve(name));
        }

        void add(FileEntry file) {
            try {
                lines.write(file.sha256() + " " + file.size() + " " + file.path() + "\n");
            } catch (IOException e) {
                throw notWritable(name, e);
            }
            files++;
            bytes += file.size();
        }

        long files() {
            return files;
        }

        long bytes() {
            return bytes;
        }

        void forEach(IOConsumer<FileEntry> consumer) throws IOException {
            lines.flush();
            try (BufferedReader entries = Files.newBufferedReader(root.resolve(name))) {
                for (String line = entries.readLine(); line != null; line = entries.readLine()) {
                    String[] parts = line.split(" ", 3);
                    consumer.accept(new FileEntry(parts[2], Long.parseLong(parts[1]), parts[0]));
                }
            }
        }
    }

    /** File that is hashed while it is written, and forced to the disk when it is closed. */
    final class HashedFile extends ProxyOutputStream {

        private final String path;
        private final FileChannel channel;
        private final MessageDigest digest;
        private long size;
        private @Nullable FileEntry written;

        private HashedFile(String path, FileChannel channel) {
            MessageDigest sha256 = DigestUtils.getSha256Digest();
            super(new DigestOutputStream(new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER), sha256));
            this.path = path;
            this.channel = channel;
            this.digest = sha256;
        }

        /** Returns size and digest after the file was closed. */
        private FileEntry written() {
            return Objects.requireNonNull(written);
        }

        @Override
        protected void afterWrite(int length) {
            size += length;
        }

        @Override
        protected void handleIOException(IOException e) {
            throw notWritable(path, e);
        }

        /** Writers close the file again after a failure; only the first call has an effect. */
        @Override
        public void close() {
            if (!channel.isOpen()) {
                return;
            }
            try (channel) {
                out.flush();
                channel.force(true);
            } catch (IOException e) {
                handleIOException(e);
            }
            written = new FileEntry(path, size, HexFormat.of().formatHex(digest.digest()));
            if (!path.startsWith(AHEAD)) {
                inventory.add(written);
            }
        }
    }
}
