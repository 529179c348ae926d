package io.github.notearchive.media;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * The directory where files lie between download and store. Names are our own, readable by the
 * owner only; a directory belongs to one process at a time. How many bytes lie there is known, and
 * never more than was allowed with the last one of them.
 */
public final class Spool {

    private static final String PREFIX = "media-";
    private static final String SUFFIX = ".part";

    private final Path directory;
    private final Map<Path, Long> booked = new HashMap<>();
    private long held;

    /** The spool in this directory, which is made when the first file is. */
    public Spool(Path directory) {
        this.directory = directory.toAbsolutePath().normalize();
    }

    /** Deletes what a killed process left behind, and nothing that is not ours. Says how many. */
    public int sweep() {
        if (!Files.isDirectory(directory)) {
            return 0;
        }
        int swept = 0;
        try (DirectoryStream<Path> files =
                Files.newDirectoryStream(directory, PREFIX + "*" + SUFFIX)) {
            for (Path file : files) {
                if (Files.isRegularFile(file)) {
                    Files.delete(file);
                    swept++;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Spool " + directory + " cannot be swept", e);
        }
        return swept;
    }

    /** A new, empty file. */
    Path newFile() {
        try {
            Files.createDirectories(directory);
            return Files.createTempFile(directory, PREFIX, SUFFIX);
        } catch (IOException e) {
            throw new UncheckedIOException("Spool " + directory + " takes no new file", e);
        }
    }

    /**
     * Books so many bytes more for a file, before they are written; false when the spool would then
     * hold more than the limit.
     */
    synchronized boolean book(Path file, long bytes, long limit) {
        if (held + bytes > limit) {
            return false;
        }
        booked.merge(file, bytes, Long::sum);
        held += bytes;
        return true;
    }

    /** What lies here now, of this process's own. */
    public synchronized Held held() {
        return new Held(booked.size(), held);
    }

    /** Files with bytes in them, and how many bytes. */
    public record Held(long files, long bytes) {}

    /** Deletes a file, whose bytes are free for others then. A repeat does nothing. */
    void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException("Spool file " + file + " cannot be deleted", e);
        }
        synchronized (this) {
            Long bytes = booked.remove(file);
            held -= bytes == null ? 0 : bytes;
        }
    }
}
