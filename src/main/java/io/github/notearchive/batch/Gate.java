package io.github.notearchive.batch;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What ends a job before its work is done: it closes once, with a reason; what closes it later changes nothing. */
public abstract class Gate {

    private @Nullable StopReason stopReason;
    private @Nullable String signal;

    /** Opens for a job, unless a signal came before it began. */
    public synchronized void open() {
        stopReason = null;
        onOpen();
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
        if (stopReason != null) {
            return false;
        }
        StopReason now = new StopReason(exitCode, reason);
        stopReason = now;
        onClose(now);
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
    public synchronized Optional<StopReason> stopReason() {
        return Optional.ofNullable(stopReason);
    }

    /** Whether nothing more is to be taken up. */
    public boolean isClosed() {
        return stopReason().isPresent();
    }

    /** Whether it is closed, and for this. */
    public synchronized boolean isClosedFor(ExitCode exitCode) {
        return stopReason != null && stopReason.exitCode() == exitCode;
    }

    /** What else is done when it opens. */
    public void onOpen() {}

    /** What else is done when it closes. */
    public abstract void onClose(StopReason stop);
}
