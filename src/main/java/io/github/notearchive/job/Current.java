package io.github.notearchive.job;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** What this process is in; at most one at a time. */
abstract class Current<T> {

    private final String what;
    private final AtomicReference<@Nullable T> current = new AtomicReference<>();

    /** @param what it is, with its article */
    Current(String what) {
        this.what = what;
    }

    void begin(T begun) {
        if (!current.compareAndSet(null, begun)) {
            throw new IllegalStateException("This process is in " + what + " already");
        }
    }

    void end() {
        current.set(null);
    }

    /** What it is in; empty between two. */
    Optional<T> now() {
        return Optional.ofNullable(current.get());
    }

    /** What it is in; asking outside of one is a mistake of the program. */
    T current() {
        T now = current.get();
        if (now == null) {
            throw new IllegalStateException("This process is not in " + what);
        }
        return now;
    }
}
