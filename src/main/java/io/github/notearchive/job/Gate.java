package io.github.notearchive.job;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.batch.core.ExitStatus;

/** What ends a job before its work is done: it closes once, with a reason; what closes it later changes nothing. */
abstract class Gate {

    private @Nullable Closure closure;
    private @Nullable String signal;

    /** Why a job ends before its work is done. */
    record Closure(ExitCode exitCode, String reason) {

        /** As it stands in the job repository. */
        ExitStatus exitStatus() {
            return new ExitStatus(exitCode.name(), reason);
        }
    }

    /** Opens for a job, unless a signal came before it began. */
    synchronized void open() {
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
    synchronized boolean close(ExitCode exitCode, String reason) {
        if (closure != null) {
            return false;
        }
        Closure now = new Closure(exitCode, reason);
        closure = now;
        closes(now);
        return true;
    }

    /** Closes it for a signal, and for every job that this process would begin after it. */
    final synchronized void interrupt(String name) {
        signal = name;
        close(ExitCode.INTERRUPTED, name);
    }

    /** Whether a signal came. */
    final synchronized boolean isInterrupted() {
        return signal != null;
    }

    /** Why it is closed; empty while it is open. */
    synchronized Optional<Closure> closure() {
        return Optional.ofNullable(closure);
    }

    /** Whether nothing more is to be taken up. */
    boolean isClosed() {
        return closure().isPresent();
    }

    /** Whether it is closed, and for this. */
    synchronized boolean isClosedFor(ExitCode exitCode) {
        return closure != null && closure.exitCode() == exitCode;
    }

    /** What else is done when it opens. */
    void opens() {}

    /** What else is done when it closes. */
    abstract void closes(Closure closure);
}
