package io.github.notearchive.embedded;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.regex.Pattern;

/**
 * What the S3 server leaves in its directory when it is killed in the middle of an upload.
 *
 * <p>It writes an object as {@code <key>-<uuid>} beside its place and renames it when it is whole.
 * The remains would be listed as objects. They differ from an object whose key happens to look like
 * that in their attributes: only a whole one has a digest. The parts of an upload in pieces are
 * {@code .mpus-} files, which nobody can ask for.
 */
final class UnfinishedUploads {

    private static final Pattern IN_FLIGHT =
            Pattern.compile(".+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    private static final String DIGEST = "user.content-md5";

    private UnfinishedUploads() {}

    /**
     * Deletes them. Only while no server runs over the directory: an upload in flight looks the
     * same.
     *
     * @return how many files were deleted
     */
    static int sweep(Path root) throws IOException {
        var sweeper = new Sweeper();
        Files.walkFileTree(root, sweeper);
        return sweeper.swept;
    }

    private static boolean isUnfinished(Path file) throws IOException {
        String name = file.getFileName().toString();
        if (name.startsWith(".mpus-")) {
            return true;
        }
        return IN_FLIGHT.matcher(name).matches()
                && !Files.getFileAttributeView(file, UserDefinedFileAttributeView.class)
                        .list()
                        .contains(DIGEST);
    }

    private static final class Sweeper extends SimpleFileVisitor<Path> {

        private int swept;

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
            if (attributes.isRegularFile() && isUnfinished(file)) {
                Files.delete(file);
                swept++;
            }
            return FileVisitResult.CONTINUE;
        }
    }
}
