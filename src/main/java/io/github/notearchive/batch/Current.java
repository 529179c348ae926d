package io.github.notearchive.batch;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** What this process is in; at most one at a time. */
public abstract class Current<T> {

    private final String what;
    private final AtomicReference<@Nullable T> current = new AtomicReference<>();

    /** @param what it is, with its article */
    public Current(String what) {
        this.what = what;
    }

    public void begin(T begun) {
        if (!current.compareAndSet(null, begun)) {
            throw new IllegalStateException("This process is in " + what + " already");
        }
    }

    public void end() {
        current.set(null);
    }

    /** What it is in; empty between two. */
    public Optional<T> now() {
        return Optional.ofNullable(current.get());
    }

    /** What it is in; asking outside of one is a mistake of the program. */
    public T current() {
        T now = current.get();
        if (now == null) {
            throw new IllegalStateException("This process is not in " + what);
        }
        return now;
    }
}
