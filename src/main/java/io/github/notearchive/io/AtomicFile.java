package io.github.notearchive.io;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Files that are there as a whole, or as they were before, after a power cut too. */
public final class AtomicFile {

    /** Only the owner may read and write it. */
    public static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    /** Everyone may read it. */
    public static final FileAttribute<Set<PosixFilePermission>> READABLE_BY_ALL =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r--r--"));

    private static final String PARTIAL = ".partial";

    private AtomicFile() {}

    /** What stands in a file. */
    @FunctionalInterface
    public interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    /**
     * Writes it beside its place, under its name with {@code .partial} behind it, as {@link #write(Path, String,
     * Content, FileAttribute...)} does.
     */
    public static void write(Path file, byte[] bytes) throws IOException {
        write(file.toAbsolutePath(), PARTIAL, out -> out.write(bytes));
    }

    /**
     * Writes it beside its place, forced to the disk, and then puts it there, in place of what is there. A failure or a
     * kill leaves what was there before; a kill may leave the file beside it, which the next one overwrites. Whether
     * the directory knows of the new file after a power cut is another matter: the old one may be back.
     *
     * @param suffix what the file beside it has behind its name
     * @param attributes of the file, such as {@link #OWNER_ONLY}
     * @throws IOException when the directory is not there, or takes no file
     */
    public static void write(Path file, String suffix, Content content, FileAttribute<?>... attributes)
            throws IOException {
        Path beside = file.resolveSibling(file.getFileName() + suffix);
        Files.deleteIfExists(beside);
        Files.createFile(beside, attributes);
        try {
            for (FileAttribute<?> attribute : attributes) {
                Files.setAttribute(beside, attribute.name(), attribute.value()); // regardless of the umask
            }
            // no channel: that would fail when the thread was interrupted, as by a second signal
            try (var out = new FileOutputStream(beside.toFile())) {
                content.writeTo(out);
                out.getFD().sync();
            }
            Files.move(beside, file, ATOMIC_MOVE, REPLACE_EXISTING);
        } catch (IOException | RuntimeException e) {
            remove(beside, e);
            throw e;
        }
    }

    /** What could not be written matters more than what could not be removed then. */
    private static void remove(Path beside, Exception failure) {
        try {
            Files.deleteIfExists(beside);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }
}
