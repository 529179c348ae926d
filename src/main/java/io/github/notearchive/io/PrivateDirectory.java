package io.github.notearchive.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/** Directories that are accessible to their owner only. */
public final class PrivateDirectory {

    private static final FileAttribute<?> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private PrivateDirectory() {}

    /** Creates a directory and its parents and returns it; existing ones keep their permissions. */
    public static Path create(Path directory) throws IOException {
        return Files.createDirectories(directory, OWNER_ONLY);
    }
}
