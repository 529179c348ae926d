package io.github.notearchive.browse;

import io.github.notearchive.archive.stats.FileUses;
import io.github.notearchive.archive.stats.FileUses.FileLine;
import io.github.notearchive.io.HeifCommand;
import io.github.notearchive.io.JpegScaler;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Small JPEG files of stored pictures, made when they are first requested and kept in a local cache. Thread-safe.
 *
 * <p>Each request queries whether a note that is not erased uses the picture. Cached files of other pictures are
 * deleted by such a request or by the next sweep: at the first request, then once for each 200 new files.
 */
@Component
final class Thumbnails {

    private static final Logger log = LoggerFactory.getLogger(Thumbnails.class);

    static final List<Integer> WIDTHS = List.of(320, 640, 1280);

    /** Heap of one conversion at most: the file, its pixels, and their copies. */
    private static final long HEAP = 120_000_000;

    private static final int NEW_FILES_PER_SWEEP = 200;
    private static final int LOCKS = 64;
    private static final int MAX_DAMAGED = 10_000;

    private final FileUses files;
    private final ObjectStore store;
    private final HeifCommand heif;
    private final ThumbnailCache cache;

    private final Semaphore conversions = new Semaphore(Math.clamp(
            Runtime.getRuntime().maxMemory() / HEAP, 1, Runtime.getRuntime().availableProcessors()));

    /** Locks of pictures, so that concurrent requests of one convert it once. */
    private final List<ReentrantLock> locks =
            Stream.generate(ReentrantLock::new).limit(LOCKS).toList();

    /** Pictures that could not be converted, and are not converted again for each view. */
    private final Set<String> damaged = ConcurrentHashMap.newKeySet();

    private final AtomicInteger untilSweep = new AtomicInteger();

    Thumbnails(FileUses files, ObjectStore store, HeifCommand heif, ThumbnailCache cache) {
        this.files = files;
        this.store = store;
        this.heif = heif;
        this.cache = cache;
    }

    /** Returns whether there are thumbnails of a content type. */
    boolean accepts(String contentType) {
        return JpegScaler.accepts(contentType) || (HeifCommand.isHeif(contentType) && heif.isConfigured());
    }

    /**
     * Returns the thumbnail of a picture; empty if no note uses it, or it cannot be converted.
     *
     * @param width one of {@link #WIDTHS}
     */
    Optional<byte[]> of(String sha256, int width) {
        Optional<FileLine> file = files.find(sha256);
        if (file.isEmpty()) {
            cache.delete(sha256);
            return Optional.empty();
        }
        if (!accepts(file.get().contentType()) || damaged.contains(sha256)) {
            return Optional.empty();
        }
        return cache.read(sha256, width).or(() -> make(file.get(), width));
    }

    private Optional<byte[]> make(FileLine file, int width) {
        ReentrantLock lock = locks.get(Math.floorMod(file.sha256().hashCode(), LOCKS));
        lock.lock();
        try {
            return cache.read(file.sha256(), width).or(() -> {
                sweepIfDue();
                Optional<byte[]> made = convert(file, width);
                made.ifPresent(bytes -> cache.write(file.sha256(), width, bytes));
                return made;
            });
        } finally {
            lock.unlock();
        }
    }

    private Optional<byte[]> convert(FileLine file, int width) {
        conversions.acquireUninterruptibly();
        try {
            byte[] picture = read(file);
            return Optional.of(
                    HeifCommand.isHeif(file.contentType())
                            ? heif.jpeg(picture, width)
                            : JpegScaler.scale(picture, file.contentType(), width));
        } catch (IOException e) {
            log.warn("There is no thumbnail of {}: {}", file.sha256(), e.getMessage());
            if (damaged.size() >= MAX_DAMAGED) {
                damaged.clear();
            }
            damaged.add(file.sha256());
            return Optional.empty();
        } finally {
            conversions.release();
        }
    }

    private byte[] read(FileLine file) throws IOException {
        if (file.size() > JpegScaler.MAX_BYTES) {
            throw new IOException("%d bytes are too many".formatted(file.size()));
        }
        try {
            byte[] bytes = store.read(new ObjectKey(file.objectKey()), (in, _) -> in.readNBytes(JpegScaler.MAX_BYTES));
            if (DigestUtils.sha256Hex(bytes).equals(file.sha256())) {
                return bytes;
            }
        } catch (StoreException e) {
            if (!e.absent()) {
                throw e;
            }
        }
        throw new IOException("the store does not have its bytes");
    }

    private void sweepIfDue() {
        if (untilSweep.getAndUpdate(left -> left == 0 ? NEW_FILES_PER_SWEEP : left - 1) == 0) {
            cache.sweep(files::served);
        }
    }
}
