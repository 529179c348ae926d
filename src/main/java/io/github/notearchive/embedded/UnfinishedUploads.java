package io.github.notearchive.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

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
        int swept = 0;
        Deque<Path> directories = new ArrayDeque<>();
        try (Stream<Path> paths = Files.walk(root)) {
            for (Iterator<Path> each = paths.iterator(); each.hasNext(); ) {
                Path path = each.next();
                boolean isPiece = isPiece(root.relativize(path));
                if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                    if (isPiece) {
                        directories.push(path);
                    }
                } else if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
                        && (isPiece || isInFlight(root.relativize(path), path))) {
                    Files.delete(path);
                    swept++;
                }
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        for (Path directory : directories) {
            Files.delete(directory);
        }
        return swept;
    }

    /** The names are reserved directly below a bucket only. */
    private static boolean isPiece(Path inside) {
        return inside.getNameCount() > 1
                && PIECES.matcher(inside.getName(1).toString()).matches();
    }

    private static boolean isInFlight(Path inside, Path file) throws IOException {
        if (SIDECAR_IN_FLIGHT.matcher(inside.toString()).matches()) {
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
