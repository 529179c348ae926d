package io.github.notearchive.maintenance.verify;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.Gate;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoredObject;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.springframework.batch.infrastructure.item.ExecutionContext;
import org.springframework.batch.infrastructure.item.ItemStreamReader;

/**
 * Lists areas of the bucket in the order of names. The position is stored with each chunk, so that a restart continues
 * after the last name. A failure of the store closes the gate. For one execution of one step.
 */
public class BucketReader implements ItemStreamReader<StoredObject> {

    private static final String PLACE = "after";

    private final ObjectStore store;
    private final Gate gate;
    private final List<String> prefixes;
    private final Queue<String> areas = new ArrayDeque<>();
    private @Nullable String after;
    private Iterator<StoredObject> listing = Collections.emptyIterator();

    /** @param prefixes prefixes of names, in order, each ending in a slash */
    public BucketReader(ObjectStore store, Gate gate, String... prefixes) {
        this.store = store;
        this.gate = gate;
        this.prefixes = List.of(prefixes);
    }

    @Override
    public void open(ExecutionContext context) {
        after = context.containsKey(PLACE) ? context.getString(PLACE) : null;
        prefixes.stream()
                .filter(area -> after == null || after.startsWith(area) || area.compareTo(after) > 0)
                .forEach(areas::add);
    }

    @Override
    public void update(ExecutionContext context) {
        if (after != null) {
            context.putString(PLACE, after);
        }
    }

    @Override
    public @Nullable StoredObject read() {
        if (!gate.isClosed()) {
            try {
                return next();
            } catch (StoreException e) {
                gate.close(ExitCode.UPSTREAM_UNAVAILABLE, String.valueOf(e.getMessage()));
            }
        }
        Gate.endStep();
        return null;
    }

    private @Nullable StoredObject next() {
        while (!listing.hasNext()) {
            String area = areas.poll();
            if (area == null) {
                return null;
            }
            boolean isWithin = after != null && after.startsWith(area);
            listing = store.listAll(area, isWithin ? after : null).iterator();
        }
        StoredObject object = listing.next();
        after = object.name();
        return object;
    }
}
