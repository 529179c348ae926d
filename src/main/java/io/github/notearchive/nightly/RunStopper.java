package io.github.notearchive.nightly;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.Gate;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.media.MediaDownloader;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.CallRecorder.CallAdmission.StopNotice;
import io.github.notearchive.provider.JustOneApiClient;
import io.github.notearchive.provider.NightlyCalls;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Gate of the nightly job: stops a run once, with a reason.
 *
 * <p>After closing, no further call is sent and work in progress is finished; see {@link #closeAtOwnLimit} for the
 * exception. Each reader then terminates its step. Thread-safe.
 */
@Component
public class RunStopper extends Gate {

    private static final Logger log = LoggerFactory.getLogger(RunStopper.class);

    /** Less than the 8 minutes that the shipped schedules allow after SIGTERM, of which one minute is for storing. */
    private static final Duration MAX_SHUTDOWN = Duration.ofMinutes(7);

    private final JustOneApiClient provider;
    private final MediaDownloader downloads;

    /** Time at which work in progress is aborted, in nanoseconds; null while no deadline is set. */
    private @Nullable Long deadline;

    private volatile boolean isAborted;

    RunStopper(JustOneApiClient provider, MediaDownloader downloads) {
        this.provider = provider;
        this.downloads = downloads;
    }

    @Override
    protected void onOpen() {
        deadline = null;
        isAborted = false;
        downloads.resume();
    }

    /**
     * Opens the gate and permits calls, unless a signal was received or the run makes none.
     *
     * @param withoutCalls why the run makes no calls; empty if it makes calls
     * @param made calls of the night, by all runs and nodes
     */
    void open(Optional<StopReason> withoutCalls, Night tonight, NightlyCalls made) {
        open();
        if (withoutCalls.isPresent()) {
            provider.end(withoutCalls.get().reason());
        } else {
            provider.open(tonight, made, this::close);
            stopReason().ifPresent(stop -> provider.end(stop.reason()));
        }
    }

    void end() {
        provider.end("no run is active");
    }

    @Override
    protected void onClose(StopReason stop) {
        if (stop.exitCode() == ExitCode.INTERRUPTED) {
            setDeadline();
        }
    }

    private void setDeadline() {
        deadline = deadline == null ? Long.valueOf(System.nanoTime() + MAX_SHUTDOWN.toNanos()) : deadline;
    }

    /** Aborts work in progress after the deadline, like a second signal; {@code now} is of {@link System#nanoTime}. */
    synchronized void abortAfterDeadline(long now) {
        if (deadline != null && !isAborted && now - deadline >= 0) {
            log.warn("Work in progress did not end within {} min; releasing it", MAX_SHUTDOWN.toMinutes());
            abort();
        }
    }

    /** Returns whether work in progress was aborted, so that no further upload starts. */
    boolean isAborted() {
        return isAborted;
    }

    synchronized void abort() {
        isAborted = true;
        provider.abort();
        downloads.abort();
    }

    /** Closes the gate and ends the calls, even if it was closed before: calls may still be waiting. */
    @Override
    public synchronized boolean close(ExitCode exitCode, String reason) {
        boolean isFirst = super.close(exitCode, reason);
        provider.end(reason);
        return isFirst;
    }

    /**
     * Closes because the configured nightly limit of calls is used up. Calls within the limit are still sent, including
     * those waiting for a pause, unless the gate is closed for another reason.
     */
    synchronized void closeAtOwnLimit(String reason) {
        super.close(ExitCode.QUOTA_EXHAUSTED, reason);
    }

    /** Handles a signal: the first one finishes work in progress, the second one releases it. */
    public synchronized void stop(String signal) {
        if (isInterrupted()) {
            log.warn(
                    "{} again: releasing work in progress. Calls without a response are recorded as billing unknown",
                    signal);
            abort();
            return;
        }
        log.info(
                "{}: finishing work in progress. A second signal ends at once; calls in flight become billing unknown",
                signal);
        interrupt(signal);
        setDeadline();
    }

    /** Closes because of a response that another node received. */
    void close(StopNotice stop) {
        if (stop.holdsUntil() == null) {
            close(ExitCode.blockedBy(stop.code()), stop.toString());
        } else {
            String until = Night.local(stop.holdsUntil());
            close(
                    ExitCode.QUOTA_EXHAUSTED,
                    "the provider's daily quota (code %d) is used up, met by %s; no call before %s"
                            .formatted(stop.code(), stop.metBy(), until));
        }
    }
}
