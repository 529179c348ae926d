package io.github.notearchive.embedded;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Files that a killed S3 server leaves from unfinished uploads.
 *
 * <p>The server writes an object as {@code <key>-<uuid>} and renames it when it is complete. An unfinished file would
 * be listed as an object. Unlike an object with a similar key it has no digest. A file with a digest that was not
 * renamed is removed if the object has the same bytes, which is so after the upload is repeated. A sidecar is repeated
 * with other bytes, but no object below {@code notes/} has such a name.
 *
 * <p>A multipart upload stores its parts in the bucket as {@code .mpus-<uuid>-<key>} with a stub beside them. They are
 * not objects, and the upload is not continued after a restart of the server, so that they only use disk space.
 */
final class UnfinishedUploads {

    private static final String UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
    private static final Pattern IN_FLIGHT = Pattern.compile("(.+)-" + UUID);
    private static final Pattern SIDECAR_IN_FLIGHT =
            Pattern.compile("[^/]+/notes/[0-9a-f]{24}/[0-9TZ.]+\\.json-" + UUID);
    private static final Pattern PIECES = Pattern.compile("\\.mpus-" + UUID + "-.*|\\.s3proxy-mpu-stub-" + UUID);
    private static final String DIGEST = "user.content-md5";

    private UnfinishedUploads() {}

    /**
     * Deletes the files. Requires that no server uses the directory: an upload in progress looks the same.
     *
     * @param root directory of the buckets
     * @return number of deleted files
     */
    static int sweep(Path root) throws IOException {
        var sweeper = new Sweeper(root);
        Files.walkFileTree(root, sweeper);
        return sweeper.swept;
    }

    private static final class Sweeper extends SimpleFileVisitor<Path> {

        private final Path root;
        private int swept;

        Sweeper(Path root) {
            this.root = root;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            if (attributes.isRegularFile() && (isPiece(file) || isInFlight(file))) {
                Files.delete(file);
                swept++;
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure) throws IOException {
            if (failure != null) {
                throw failure;
            }
            if (isPiece(directory)) {
                Files.delete(directory);
            }
            return FileVisitResult.CONTINUE;
        }

        /** The names are reserved directly below a bucket only. */
        private boolean isPiece(Path path) {
            Path inside = root.relativize(path);
            return inside.getNameCount() > 1
                    && PIECES.matcher(inside.getName(1).toString()).matches();
        }

        private boolean isInFlight(Path file) throws IOException {
            Path inside = root.relativize(file);
            if (SIDECAR_IN_FLIGHT.matcher(inside.toString().replace('\\', '/')).matches()) {
                return true;
            }
            Matcher name = IN_FLIGHT.matcher(file.getFileName().toString());
            if (!name.matches()) {
                return false;
            }
            Optional<ByteBuffer> digest = digest(file);
            return digest.isEmpty() || digest.equals(digest(file.resolveSibling(name.group(1))));
        }

        private static Optional<ByteBuffer> digest(Path file) throws IOException {
            if (!Files.isRegularFile(file)) {
                return Optional.empty();
            }
            var attributes = Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
            if (!attributes.list().contains(DIGEST)) {
                return Optional.empty();
            }
            ByteBuffer value = ByteBuffer.allocate(attributes.size(DIGEST));
            attributes.read(DIGEST, value);
            return Optional.of(value.flip());
        }
    }
}
