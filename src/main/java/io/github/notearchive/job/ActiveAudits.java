package io.github.notearchive.job;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The audit that this process is in; at most one at a time. */
@Component
class ActiveAudits {

    private final AtomicReference<@Nullable ActiveAudit> current = new AtomicReference<>();

    void begin(ActiveAudit audit) {
        if (!current.compareAndSet(null, audit)) {
            throw new IllegalStateException("This process is in an audit already");
        }
    }

    void end() {
        current.set(null);
    }

    /** The audit; asking outside of one is a mistake of the program. */
    ActiveAudit current() {
        ActiveAudit audit = current.get();
        if (audit == null) {
            throw new IllegalStateException("This process is in no audit");
        }
        return audit;
    }
}
