package io.github.notearchive.job;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The run that this process is in; at most one at a time. */
@Component
class ActiveRuns {

    private final AtomicReference<@Nullable ActiveRun> current = new AtomicReference<>();

    void begin(ActiveRun run) {
        if (!current.compareAndSet(null, run)) {
            throw new IllegalStateException("This process is in a run already");
        }
    }

    void end() {
        current.set(null);
    }

    /** The run; asking outside of one is a mistake of the program. */
    ActiveRun current() {
        ActiveRun run = current.get();
        if (run == null) {
            throw new IllegalStateException("This process is in no run");
        }
        return run;
    }
}
