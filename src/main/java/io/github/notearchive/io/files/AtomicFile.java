package io.github.notearchive.io.files;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;
import org.apache.commons.io.function.IOConsumer;

/** Writer that replaces a file as a whole: after a failure or a crash, the file has its old or its new content. */
public final class AtomicFile {

    /** Readable and writable by the owner only. */
    public static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    /** Accessible by the owner only. */
    public static final FileAttribute<Set<PosixFilePermission>> PRIVATE_DIRECTORY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    public static final FileAttribute<Set<PosixFilePermission>> READABLE_BY_ALL =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r--r--"));

    private AtomicFile() {}

    /**
     * Writes a file as {@link #write(Path, String, IOConsumer, FileAttribute...)}, with the suffix {@code .partial}.
     */
    public static void write(Path file, byte[] bytes) throws IOException {
        write(file.toAbsolutePath(), ".partial", out -> out.write(bytes));
    }

    /**
     * Writes a temporary file in the same directory, renames it, and forces both to the disk. A kill may leave the
     * temporary file, which the next write replaces.
     *
     * @param suffix appended to the name of the file for the temporary one
     * @param attributes of the file, such as {@link #OWNER_ONLY}; set regardless of the umask
     * @throws IOException if the directory is missing or not writable
     */
    public static void write(Path file, String suffix, IOConsumer<OutputStream> content, FileAttribute<?>... attributes)
            throws IOException {
        Path partial = file.resolveSibling(file.getFileName() + suffix);
        Files.deleteIfExists(partial);
        Files.createFile(partial, attributes);
        try {
            for (FileAttribute<?> attribute : attributes) {
                Files.setAttribute(partial, attribute.name(), attribute.value());
            }
            // not a channel, which fails if the thread is interrupted, as by a second signal
            try (var out = new FileOutputStream(partial.toFile())) {
                content.accept(out);
                out.getFD().sync();
            }
            Files.move(partial, file, ATOMIC_MOVE, REPLACE_EXISTING);
            force(Objects.requireNonNull(file.toAbsolutePath().getParent()));
        } catch (IOException | RuntimeException e) {
            partial.toFile().delete(); // if this fails, the next write deletes it
            throw e;
        }
    }

    /** Forces a file or the names in a directory to the disk. */
    public static void force(Path path) throws IOException {
        boolean wasInterrupted = Thread.interrupted(); // an interrupt closes the channel
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        } finally {
            if (wasInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
