package io.github.notearchive.batch;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.batch.core.ExitStatus;

/** What ends a job before its work is done: it closes once, with a reason; what closes it later changes nothing. */
public abstract class Gate {

    private @Nullable Closure closure;
    private @Nullable String signal;

    /** Why a job ends before its work is done. */
    public record Closure(ExitCode exitCode, String reason) {

        /** As it stands in the job repository. */
        public ExitStatus exitStatus() {
            return new ExitStatus(exitCode.name(), reason);
        }
    }

    /** Opens for a job, unless a signal came before it began. */
    public synchronized void open() {
        closure = null;
        opens();
        if (signal != null) {
            close(ExitCode.INTERRUPTED, signal);
        }
    }

    /**
     * Ends the job in order.
     *
     * @return whether this was the reason that closed it
     */
    public synchronized boolean close(ExitCode exitCode, String reason) {
        if (closure != null) {
            return false;
        }
        Closure now = new Closure(exitCode, reason);
        closure = now;
        closes(now);
        return true;
    }

    /** Closes it for a signal, and for every job that this process would begin after it. */
    public final synchronized void interrupt(String name) {
        signal = name;
        close(ExitCode.INTERRUPTED, name);
    }

    /** Whether a signal came. */
    public final synchronized boolean isInterrupted() {
        return signal != null;
    }

    /** Why it is closed; empty while it is open. */
    public synchronized Optional<Closure> closure() {
        return Optional.ofNullable(closure);
    }

    /** Whether nothing more is to be taken up. */
    public boolean isClosed() {
        return closure().isPresent();
    }

    /** Whether it is closed, and for this. */
    public synchronized boolean isClosedFor(ExitCode exitCode) {
        return closure != null && closure.exitCode() == exitCode;
    }

    /** What else is done when it opens. */
    public void opens() {}

    /** What else is done when it closes. */
    public abstract void closes(Closure closure);
}
