package io.github.notearchive.browse;

import io.github.notearchive.io.AtomicFile;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Directory of thumbnails, by the SHA-256 of the picture and the width. Thread-safe for different files. Failures of
 * the disk are logged, and the file counts as missing.
 */
public record ThumbnailCache(Path directory, long maxBytes, Clock clock) {

    private static final Logger log = LoggerFactory.getLogger(ThumbnailCache.class);

    /** A file counts as used again after this time. */
    private static final Duration USED = Duration.ofHours(12);

    private static final String SUFFIX = ".jpg";
    private static final int DIGITS = 64;

    private record Entry(Path file, String sha256, long size, FileTime used) {}

    private Path file(String sha256, int width) {
        return directory.resolve(sha256.substring(0, 2)).resolve(sha256 + "-" + width + SUFFIX);
    }

    Optional<byte[]> read(String sha256, int width) {
        Path file = file(sha256, width);
        try {
            byte[] bytes = Files.readAllBytes(file);
            Instant now = clock.instant();
            if (Files.getLastModifiedTime(file).toInstant().plus(USED).isBefore(now)) {
                Files.setLastModifiedTime(file, FileTime.from(now));
            }
            return Optional.of(bytes);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            log.warn("Thumbnail {} cannot be read: {}", file, e.toString());
            return Optional.empty();
        }
    }

    void write(String sha256, int width, byte[] bytes) {
        Path file = file(sha256, width);
        try {
            Files.createDirectories(directory, AtomicFile.PRIVATE_DIRECTORY);
            Files.createDirectories(file.getParent());
            AtomicFile.write(file, bytes);
        } catch (IOException e) {
            log.warn("Thumbnail {} cannot be written: {}", file, e.toString());
        }
    }

    void delete(String sha256) {
        Thumbnails.WIDTHS.forEach(width -> delete(file(sha256, width)));
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            log.warn("Thumbnail {} cannot be deleted: {}", file, e.toString());
        }
    }

    /**
     * Deletes what is not served any more, and the least recently used files above the size limit.
     *
     * @param served returns those of some pictures that are served
     */
    void sweep(Function<Collection<String>, Set<String>> served) {
        List<Entry> entries = entries();
        Set<String> kept = served.apply(entries.stream().map(Entry::sha256).collect(Collectors.toSet()));
        long bytes = 0;
        for (Entry entry : entries) {
            bytes += kept.contains(entry.sha256) ? entry.size : 0;
            if (bytes > maxBytes || !kept.contains(entry.sha256)) {
                delete(entry.file);
            }
        }
    }

    /** Returns the files, the most recently used first, with what killed processes have left. */
    private List<Entry> entries() {
        List<Entry> entries = new ArrayList<>();
        try {
            Files.walkFileTree(directory, new SimpleFileVisitor<>() {

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    String name = file.getFileName().toString();
                    String sha256 = name.substring(0, Math.min(DIGITS, name.length()));
                    entries.add(new Entry(file, sha256, attributes.size(), attributes.lastModifiedTime()));
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) {
                    return FileVisitResult.CONTINUE; // there is no directory yet, or the file was replaced
                }
            });
        } catch (IOException e) {
            log.warn("Thumbnails in {} cannot be listed: {}", directory, e.toString());
        }
        entries.sort(Comparator.comparing(Entry::used).reversed());
        return entries;
    }
}
