package io.github.notearchive.batch;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Holder of the current value of this process; at most one at a time. */
public abstract class Current<T> {

    private final String what;
    private final AtomicReference<@Nullable T> current = new AtomicReference<>();

    /** @param what the value with its article, for error messages */
    public Current(String what) {
        this.what = what;
    }

    public void begin(T value) {
        if (!current.compareAndSet(null, value)) {
            throw new IllegalStateException("This process already has " + what);
        }
    }

    public void end() {
        current.set(null);
    }

    /** Returns the current value; empty if there is none. */
    public Optional<T> now() {
        return Optional.ofNullable(current.get());
    }

    /**
     * Returns the current value.
     *
     * @throws IllegalStateException if there is none, which is a programming error
     */
    public T current() {
        T now = current.get();
        if (now == null) {
            throw new IllegalStateException("This process has no " + what);
        }
        return now;
    }
}
