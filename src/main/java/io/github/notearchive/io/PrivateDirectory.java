package io.github.notearchive.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/** Directories that only their owner may look into. */
public final class PrivateDirectory {

    private static final FileAttribute<?> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private PrivateDirectory() {}

    /**
     * Makes it, and those above it, where they are not there yet; one that is there keeps its permissions.
     *
     * @return the directory
     * @throws IOException when it cannot be made, or is a file
     */
    public static Path make(Path directory) throws IOException {
        return Files.createDirectories(directory, OWNER_ONLY);
    }
}
