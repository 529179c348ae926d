package io.github.notearchive.nightly;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The active run of this process. */
@Component
class ActiveRuns {

    private final AtomicReference<@Nullable RunState> current = new AtomicReference<>();

    void begin(RunState run) {
        if (!current.compareAndSet(null, run)) {
            throw new IllegalStateException("This process already has an active run");
        }
    }

    void end() {
        current.set(null);
    }

    Optional<RunState> now() {
        return Optional.ofNullable(current.get());
    }

    RunState current() {
        return now().orElseThrow(() -> new IllegalStateException("This process has no active run"));
    }
}
