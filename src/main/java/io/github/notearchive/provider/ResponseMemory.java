package io.github.notearchive.provider;

import io.github.notearchive.note.NoteId;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.springframework.stereotype.Component;

/**
 * Budget of heap for large responses, shared by all workers of this process: a quarter of the largest heap.
 *
 * <p>A response is in memory as bytes, as a tree and, while it is written, as the text of a column and of a sidecar,
 * together about {@value #BYTES_PER_BYTE} times its size. A worker that holds a large one takes that much for its note
 * and waits until it is free; the note's end returns it. Responses of ordinary size take nothing: 64 workers hold at
 * most 16 MB of them, and a real one has 25 KB.
 *
 * <p>Threadsafe. The wait ends, since every holder ends: a note that has a part already never waits for a second one,
 * and no call or statement that is under way waits for one.
 */
@Component
public final class ResponseMemory {

    /** The size in bytes up to which a response takes nothing of the budget. */
    public static final int ORDINARY_SIZE = 256 * 1024;

    private static final int BYTES_PER_BYTE = 8;
    private static final int UNIT = 1024;

    private final int units;
    private final Semaphore free;

    /** The notes that are in progress, with the units that they hold. */
    private final Map<NoteId, Integer> taken = new ConcurrentHashMap<>();

    public ResponseMemory() {
        this(Runtime.getRuntime().maxMemory() / 4);
    }

    /** @param bytes the budget */
    ResponseMemory(long bytes) {
        this.units = Math.clamp(bytes / UNIT, 1, Integer.MAX_VALUE);
        this.free = new Semaphore(units, true);
    }

    /** Whether a response of this size takes a part of the budget. */
    public static boolean isLarge(long size) {
        return size > ORDINARY_SIZE;
    }

    /** Begins a note: from now on it may hold a part, until its {@link #end}. */
    public void begin(NoteId id) {
        taken.putIfAbsent(id, 0);
    }

    /**
     * Takes the part of a response, and waits until it is free. Does nothing for a response of ordinary size, and for a
     * note that is not in progress, as a command looks at it. A response beyond the whole budget takes all of it.
     *
     * @param size of the response in bytes
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
            return; // two notes that wait for each other's part would wait permanently
        }
        taken.put(id, before + part);
    }

    /** Ends a note, and returns what it held. A repeat does nothing. */
    public void end(NoteId id) {
        Integer part = taken.remove(id);
        if (part != null) {
            free.release(part);
        }
    }
}
