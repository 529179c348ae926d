package io.github.notearchive.nightly;

import io.github.notearchive.batch.StopReason;
import io.github.notearchive.batch.ActiveJob;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.Gate;
import io.github.notearchive.batch.LogContext;
import io.github.notearchive.media.MediaDownloader;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.JustOneApiClient;
import io.github.notearchive.provider.StopNotice;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/**
 * Whether notes are still taken up in this run.
 *
 * <p>Closing lets no further call leave, while what is in flight is finished; see {@link #closeAtOwnLimit} for the
 * exception. Each reader then marks its own step to terminate and ends its input.
 */
@Component
public class RunStopper extends Gate {

    private static final Logger log = LoggerFactory.getLogger(RunStopper.class);

    /** Within the 8 minutes that the shipped schedules give SIGTERM, a minute of which stores. */
    private static final Duration LONGEST_END = Duration.ofMinutes(7);

    private final JustOneApiClient provider;
    private final MediaDownloader downloads;
    private final ActiveRuns runs;
    private final LongSupplier nanoTime;
    private CountDownLatch closed = new CountDownLatch(1);

    /** By when what is in flight has to be finished; null while no deadline is set. */
    private @Nullable Long deadline;

    private boolean isAborted;

    @Autowired
    RunStopper(JustOneApiClient provider, MediaDownloader downloads, ActiveRuns runs) {
        this(provider, downloads, runs, System::nanoTime);
    }

    RunStopper(JustOneApiClient provider, MediaDownloader downloads, ActiveRuns runs, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.provider = provider;
        this.downloads = downloads;
        this.runs = runs;
    }

    @Override
    public void onOpen() {
        closed = new CountDownLatch(1);
        deadline = null;
        isAborted = false;
        downloads.resume();
    }

    @Override
    public void onClose(StopReason stop) {
        log.info("No more notes are taken up, {}: {}", stop.exitCode(), stop.reason());
        closed.countDown();
        if (stop.exitCode() == ExitCode.INTERRUPTED) {
            setDeadline();
        }
    }

    private void setDeadline() {
        if (deadline == null) {
            deadline = nanoTime.getAsLong() + LONGEST_END.toNanos();
        }
    }

    /** Aborts what is still in flight after the deadline, as a second signal does. */
    synchronized void abortAfterDeadline() {
        if (deadline != null && !isAborted && nanoTime.getAsLong() - deadline >= 0) {
            log.warn(
                    "{} min after the end of the run was ordered: releasing what is in flight",
                    LONGEST_END.toMinutes());
            abort();
        }
    }

    private void abort() {
        isAborted = true;
        provider.abort();
        downloads.abort();
    }

    /** Closes it, and ends the calls even where it is closed already: some may be waiting still. */
    @Override
    public synchronized boolean close(ExitCode exitCode, String reason) {
        boolean isFirst = super.close(exitCode, reason);
        provider.end(reason);
        return isFirst;
    }

    /**
     * Closes since our own limit of a night's calls is met. Calls that it still allowed leave, even those that wait out
     * a pause, unless something else closes it meanwhile.
     */
    synchronized void closeAtOwnLimit(String reason) {
        super.close(ExitCode.QUOTA_EXHAUSTED, reason);
    }

    /**
     * Takes a signal: the first one finishes what is in flight, the second hands it back at once.
     *
     * @param signal its name, for people to read
     */
    public void stop(String signal) {
        LogContext.execution(runs.now().map(ActiveJob::jobExecutionId).orElse(0L));
        try {
            stopOrAbort(signal);
        } finally {
            LogContext.clear();
        }
    }

    private synchronized void stopOrAbort(String signal) {
        if (!isInterrupted()) {
            log.info(
                    "{}: finishing what is in flight; a second signal hands it back at once. Nothing is lost either way",
                    signal);
            interrupt(signal);
            setDeadline();
            return;
        }
        log.warn(
                "{} again: handing back what is in flight. Calls without an answer may have been billed; their rows say so",
                signal);
        abort();
    }

    /** Closes for what an answer to another node has ended. */
    public void close(StopNotice stop) {
        if (stop.holdsUntil() == null) {
            close(ExitCode.blockedBy(stop.code()), stop.toString());
            return;
        }
        close(
                ExitCode.QUOTA_EXHAUSTED,
                "the provider's daily quota ("
                        + stop.reason()
                        + ") is used up until "
                        + Night.local(stop.holdsUntil())
                        + ", met by "
                        + stop.metBy());
    }

    /** Waits until the gate closes, or for so long; true when it is closed. */
    boolean awaitClosed(Duration time) throws InterruptedException {
        CountDownLatch latch;
        synchronized (this) {
            latch = closed;
        }
        return latch.await(time.toNanos(), TimeUnit.NANOSECONDS);
    }
}
