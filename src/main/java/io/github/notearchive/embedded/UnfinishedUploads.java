package io.github.notearchive.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Files that a killed S3 server leaves from unfinished uploads.
 *
 * <p>The server writes an object as {@code <key>-<uuid>} and renames it when it is complete. An unfinished file would
 * be listed as an object. No object of the archive has such a key; files of other keys are kept.
 *
 * <p>A multipart upload stores its parts in the bucket as {@code .mpus-<uuid>-<key>} with a stub beside them. They are
 * not objects, and the upload is not continued after a restart of the server, so that they only use disk space.
 */
final class UnfinishedUploads {

    private static final String UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
    private static final Pattern PART =
            Pattern.compile("[^/]+/(\\.mpus-" + UUID + "-|\\.s3proxy-mpu-stub-" + UUID + ").*");
    private static final Pattern IN_FLIGHT = Pattern.compile(
            "[^/]+/((media|notes|forgotten|reports|check|fixity-probe)/.+|archive\\.json|probe(-payload)?)-" + UUID);

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
                String inside = root.relativize(path).toString();
                boolean isPart = PART.matcher(inside).matches();
                if (isPart && Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                    directories.push(path);
                } else if ((isPart || IN_FLIGHT.matcher(inside).matches())
                        && Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
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
}
