package io.github.notearchive.job;

import io.github.notearchive.media.MediaDownloader;
import io.github.notearchive.source.JustOneApiClient;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Whether notes are still taken up in this run.
 *
 * <p>It closes once, with a reason; what closes it later changes nothing. Closing lets no further
 * call leave, while what is in flight is finished. Each reader then marks its own step to terminate
 * and ends its input.
 */
@Component
public class RunGate implements Gate {

    private static final Logger log = LoggerFactory.getLogger(RunGate.class);

    private final JustOneApiClient provider;
    private final MediaDownloader downloads;
    private CountDownLatch closed = new CountDownLatch(1);
    private @Nullable Closure closure;
    private @Nullable String stopped;

    RunGate(JustOneApiClient provider, MediaDownloader downloads) {
        this.provider = provider;
        this.downloads = downloads;
    }

    /** Opens for a run, unless a signal came before it began. */
    synchronized void open() {
        closure = null;
        closed = new CountDownLatch(1);
        downloads.resume();
        if (stopped != null) {
            close(ExitCode.INTERRUPTED, stopped);
        }
    }

    /**
     * Ends the run in order: what is in flight is finished, nothing new begins.
     *
     * @return whether this was the reason that closed it
     */
    @Override
    public synchronized boolean close(ExitCode exitCode, String reason) {
        if (closure != null) {
            return false;
        }
        closure = new Closure(exitCode, reason);
        log.info("No more notes are taken up, {}: {}", exitCode, reason);
        provider.end(reason);
        closed.countDown();
        return true;
    }

    /**
     * Takes a signal: the first one finishes what is in flight, the second hands it back at once.
     *
     * @param signal its name, for people to read
     */
    public synchronized void stop(String signal) {
        if (stopped == null) {
            stopped = signal;
            log.info(
                    "{}: finishing what is in flight; a second signal hands it back at once. Nothing is lost either way",
                    signal);
            close(ExitCode.INTERRUPTED, signal);
            return;
        }
        log.warn(
                "{} again: handing back what is in flight. Calls without an answer may have been billed; their rows say so",
                signal);
        provider.abort();
        downloads.abort();
    }

    @Override
    public synchronized Optional<Closure> closure() {
        return Optional.ofNullable(closure);
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
