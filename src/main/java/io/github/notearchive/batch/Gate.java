package io.github.notearchive.batch;

import io.github.notearchive.io.time.Deadline;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.springframework.batch.core.scope.context.StepContext;
import org.springframework.batch.core.scope.context.StepSynchronizationManager;

/** Stops a job before its work is done: it closes once, with a reason; later reasons are ignored. Thread-safe. */
public abstract class Gate {

    private static final Logger log = LoggerFactory.getLogger(Gate.class);

    private @Nullable StopReason stopReason;
    private @Nullable String signal;

    /** Opens for a job; closes again if a signal was received before. */
    public synchronized void open() {
        stopReason = null;
        onOpen();
        if (signal != null) {
            close(ExitCode.INTERRUPTED, signal);
        }
    }

    /** Stops the job in order; returns whether this call closed the gate. */
    public synchronized boolean close(ExitCode exitCode, String reason) {
        if (stopReason != null) {
            return false;
        }
        StopReason now = new StopReason(exitCode, reason);
        stopReason = now;
        log.atLevel(exitCode.isOrderly() ? Level.INFO : Level.WARN).log("Stopping: {} ({})", exitCode, reason);
        onClose(now);
        notifyAll();
        return true;
    }

    /** Waits until the gate closes or the time has elapsed; returns whether it is closed. */
    public final synchronized boolean awaitClosed(Duration time) throws InterruptedException {
        Deadline end = Deadline.in(time);
        while (stopReason == null && !end.isOver()) {
            TimeUnit.NANOSECONDS.timedWait(this, end.left().toNanos());
        }
        return stopReason != null;
    }

    /** Closes the gate because of a signal, also for every later job of this process. */
    public final synchronized void interrupt(String name) {
        signal = name;
        close(ExitCode.INTERRUPTED, name);
    }

    public final synchronized boolean isInterrupted() {
        return signal != null;
    }

    /** Returns why the gate is closed; empty while it is open. */
    public synchronized Optional<StopReason> stopReason() {
        return Optional.ofNullable(stopReason);
    }

    public boolean isClosed() {
        return stopReason().isPresent();
    }

    public synchronized boolean isClosedFor(ExitCode exitCode) {
        return stopReason != null && stopReason.exitCode() == exitCode;
    }

    /**
     * Marks the step of the current thread to terminate, so that the job is STOPPED and not COMPLETED. The current
     * transaction is committed first. A thread that executes no step is a programming error.
     */
    public static void endStep() {
        StepContext context = StepSynchronizationManager.getContext();
        if (context == null) {
            throw new IllegalStateException("Thread " + Thread.currentThread().getName() + " executes no step");
        }
        context.getStepExecution().setTerminateOnly();
    }

    protected void onOpen() {}

    protected void onClose(StopReason stop) {}
}
