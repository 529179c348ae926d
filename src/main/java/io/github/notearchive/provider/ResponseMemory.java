package io.github.notearchive.provider;

import io.github.notearchive.note.NoteId;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.springframework.stereotype.Component;

/**
 * Budget of heap for large responses, shared by all workers of this process: a quarter of the maximum heap.
 *
 * <p>A response takes about {@value #BYTES_PER_BYTE} times its size, as bytes, tree, and texts of a column and a
 * sidecar. A worker waits until this part is free, and releases it at the end of its note. The wait ends, since a note
 * with a part never waits for a second one, and no call or statement in progress waits for one. Thread-safe.
 */
@Component
public final class ResponseMemory {

    /** Size in bytes up to which a response needs no part of the budget: 64 workers have at most 16 MB of them. */
    public static final int ORDINARY_SIZE = 256 * 1024;

    private static final int BYTES_PER_BYTE = 8;

    /** The budget and the parts of notes in progress are counted in KiB. */
    private static final int UNIT = 1024;

    private final int units;
    private final Semaphore free;
    private final Map<NoteId, Integer> taken = new ConcurrentHashMap<>();

    public ResponseMemory() {
        this(Runtime.getRuntime().maxMemory() / 4);
    }

    ResponseMemory(long bytes) {
        this.units = Math.clamp(bytes / UNIT, 1, Integer.MAX_VALUE);
        this.free = new Semaphore(units, true);
    }

    public static boolean isLarge(long size) {
        return size > ORDINARY_SIZE;
    }

    /** Starts a note, which may hold a part until its {@link #end}. */
    public void begin(NoteId id) {
        taken.putIfAbsent(id, 0);
    }

    /**
     * Waits for the part of a response of this size in bytes and takes it. No effect for a response of ordinary size,
     * and for a note that is not in progress, as in a command. A response that exceeds the budget takes all of it.
     */
    public void take(NoteId id, long size) {
        Integer before = taken.get(id);
        if (before == null || !isLarge(size)) {
            return;
        }
        int part = (int) Math.min(units, size * BYTES_PER_BYTE / UNIT);
        if (before == 0) {
            free.acquireUninterruptibly(part);
        } else if (!free.tryAcquire(part)) {
            return; // two notes would wait for each other
        }
        taken.put(id, before + part);
    }

    /** Ends a note and releases its part. Idempotent. */
    public void end(NoteId id) {
        Integer part = taken.remove(id);
        if (part != null) {
            free.release(part);
        }
    }
}
