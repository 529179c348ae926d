package io.github.notearchive.browse;

import io.github.notearchive.archive.query.NoteView;
import io.github.notearchive.archive.query.NoteView.FileLine;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.io.files.AtomicFile;
import io.github.notearchive.io.image.HeifCommand;
import io.github.notearchive.io.image.JpegScaler;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.lang3.StringUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Small JPEG files of stored pictures, made when they are first requested and kept in a local cache. Thread-safe.
 *
 * <p>Each request queries whether a note that is not erased uses the picture. Cached files of other pictures are
 * deleted by such a request or by the next sweep: at the start, then once for each 200 new files. Failures of the disk
 * are logged, and the file counts as missing.
 *
 * <p>Decoders neither yield nor end early, so that they have threads of the system, fewer than processors: pages are
 * served beside them.
 */
@Component
public final class Thumbnails {

    private static final Logger log = LoggerFactory.getLogger(Thumbnails.class);

    static final List<Integer> WIDTHS = List.of(320, 640, 1280);

    /** Heap of one conversion at most: the file, its pixels, and their copies. */
    private static final long HEAP = 120_000_000;

    private static final int FILES_PER_SWEEP = 200;
    private static final int DIGITS = 64;

    /** Time after which a conversion that failed is tried again: memory, disk space or time may have been short. */
    private static final Duration RETRY = Duration.ofMinutes(10);

    /** Time that a request waits for the conversions before its own. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private record CacheEntry(File file, String sha256, long used) {

        static CacheEntry of(File file) {
            return new CacheEntry(file, StringUtils.left(file.getName(), DIGITS), file.lastModified());
        }
    }

    private final NoteView notes;
    private final ObjectStore store;
    private final HeifCommand heif;
    /** Directory of the files, by the SHA-256 of the picture and the width. */
    private final Path directory;

    private final long maxBytes;
    private final Clock clock;

    /** One lock for each conversion that may run at a time. A picture has one of them, so that it is converted once. */
    private final List<ReentrantLock> turns = Stream.generate(() -> new ReentrantLock(true))
            .limit(Math.clamp(
                    Runtime.getRuntime().maxMemory() / HEAP,
                    1,
                    Math.max(1, Runtime.getRuntime().availableProcessors() - 1)))
            .toList();

    private final ExecutorService decoders = Executors.newFixedThreadPool(
            turns.size(), Thread.ofPlatform().daemon().name("thumbnail-", 0).factory());

    /** Times of failed conversions by SHA-256. */
    private final Map<String, Instant> failures = new ConcurrentHashMap<>();

    private final AtomicInteger newFiles = new AtomicInteger();

    Thumbnails(
            NoteView notes,
            ObjectStore store,
            HeifCommand heif,
            ArchiveProperties settings,
            BrowseProperties pages,
            Clock clock) {
        this.notes = notes;
        this.store = store;
        this.heif = heif;
        this.directory = settings.thumbnails();
        this.maxBytes = pages.cacheSize().toBytes();
        this.clock = clock;
    }

    /**
     * Returns the thumbnail of a picture; empty if no note uses it, or it cannot be converted.
     *
     * @param width one of {@link #WIDTHS}
     */
    Optional<byte[]> of(String sha256, int width) {
        Optional<FileLine> file = notes.file(sha256);
        if (file.isEmpty()) {
            delete(sha256);
        }
        return file.flatMap(found -> cached(sha256, width).or(() -> make(found, width)));
    }

    /** Waits for a turn and makes the file; empty if the turn does not come in time. */
    private Optional<byte[]> make(FileLine file, int width) {
        boolean isHeif = HeifCommand.isHeif(file.contentType());
        if (!(isHeif ? heif.isUsable() : JpegScaler.accepts(file.contentType()))) {
            return Optional.empty();
        }
        ReentrantLock turn = turns.get(Math.floorMod(file.sha256().hashCode(), turns.size()));
        try {
            if (!turn.tryLock(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                return Optional.empty();
            }
            try {
                Optional<byte[]> made = cached(file.sha256(), width);
                return made.isPresent() || hasFailed(file) ? made : convert(file, width, isHeif);
            } finally {
                turn.unlock();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    private boolean hasFailed(FileLine file) {
        failures.values().removeIf(failure -> failure.plus(RETRY).isBefore(clock.instant()));
        return failures.containsKey(file.sha256());
    }

    private Optional<byte[]> convert(FileLine file, int width, boolean isHeif) throws InterruptedException {
        if (newFiles.incrementAndGet() % FILES_PER_SWEEP == 0) {
            sweep();
        }
        Future<byte[]> jpeg = decoders.submit(() -> {
            byte[] picture = read(file);
            return isHeif ? heif.jpeg(picture, width) : JpegScaler.scale(picture, file.contentType(), width);
        });
        try {
            byte[] bytes = jpeg.get();
            write(file.sha256(), width, bytes);
            return Optional.of(bytes);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof StoreException outage) {
                throw outage;
            }
            log.warn("There is no thumbnail of {}: {}", file.sha256(), e.getMessage());
            failures.put(file.sha256(), clock.instant());
            return Optional.empty();
        }
    }

    private byte[] read(FileLine file) throws IOException {
        if (file.size() > JpegScaler.MAX_BYTES) {
            throw new IOException("%d bytes are too many".formatted(file.size()));
        }
        return store.find(new ObjectKey(file.objectKey()), JpegScaler.MAX_BYTES)
                .filter(bytes -> DigestUtils.sha256Hex(bytes).equals(file.sha256()))
                .orElseThrow(() -> new IOException("the store does not have its bytes"));
    }

    private Path file(String sha256, int width) {
        return directory.resolve(sha256 + "-" + width + ".jpg");
    }

    private Optional<byte[]> cached(String sha256, int width) {
        Path file = file(sha256, width);
        try {
            byte[] bytes = Files.readAllBytes(file);
            Files.setLastModifiedTime(file, FileTime.from(clock.instant()));
            return Optional.of(bytes);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            log.warn("Thumbnail {} cannot be read: {}", file, e.toString());
            return Optional.empty();
        }
    }

    private void write(String sha256, int width, byte[] bytes) {
        Path file = file(sha256, width);
        try {
            Files.createDirectories(directory, AtomicFile.PRIVATE_DIRECTORY);
            AtomicFile.write(file, bytes);
        } catch (IOException e) {
            log.warn("Thumbnail {} cannot be written: {}", file, e.toString());
        }
    }

    private void delete(String sha256) {
        WIDTHS.forEach(width -> delete(file(sha256, width)));
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            log.warn("Thumbnail {} cannot be deleted: {}", file, e.toString());
        }
    }

    /**
     * Deletes what is not served any more, and the least recently used files above the size limit, with what killed
     * processes have left.
     */
    public void sweep() {
        List<CacheEntry> entries = Stream.of(
                        Objects.requireNonNullElse(directory.toFile().listFiles(), new File[0]))
                .map(CacheEntry::of)
                .sorted(Comparator.comparingLong(CacheEntry::used).reversed())
                .toList();
        Set<String> kept = notes.served(entries.stream().map(CacheEntry::sha256).collect(Collectors.toSet()));
        long bytes = 0;
        for (CacheEntry entry : entries) {
            bytes += kept.contains(entry.sha256) ? entry.file.length() : 0;
            if (bytes > maxBytes || !kept.contains(entry.sha256)) {
                delete(entry.file.toPath());
            }
        }
    }
}
