package io.github.notearchive.job;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Whether objects are still taken up in this audit. What is being read when it closes is put down,
 * since it can be read again.
 */
@Component
public class AuditGate implements Gate {

    private static final Logger log = LoggerFactory.getLogger(AuditGate.class);

    private @Nullable Closure closure;
    private @Nullable String stopped;

    /** Opens for an audit, unless a signal came before it began. */
    synchronized void open() {
        closure = null;
        if (stopped != null) {
            close(ExitCode.INTERRUPTED, stopped);
        }
    }

    @Override
    public synchronized boolean close(ExitCode exitCode, String reason) {
        if (closure != null) {
            return false;
        }
        closure = new Closure(exitCode, reason);
        log.info("The audit ends, {}: {}", exitCode, reason);
        return true;
    }

    /**
     * Takes a signal.
     *
     * @param signal its name, for people to read
     */
    public synchronized void stop(String signal) {
        stopped = signal;
        close(ExitCode.INTERRUPTED, signal);
    }

    @Override
    public synchronized Optional<Closure> closure() {
        return Optional.ofNullable(closure);
    }

    /** Whether nothing more is to be read. */
    boolean isClosed() {
        return closure().isPresent();
    }
}
