package io.github.notearchive.media;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.jspecify.annotations.Nullable;

/**
 * Limits the downloads in progress in number and in time, and aborts all of them.
 *
 * <p>Requests are ended by closing their connection, not by interrupting the thread, which may hold resources that must
 * not be interrupted. Thread-safe.
 */
final class DownloadLimiter implements AutoCloseable {

    private final int limit;
    private final Set<DownloadPermit> permits = new HashSet<>();
    private final ScheduledThreadPoolExecutor timer;
    private boolean stopped;
    private long stops;

    DownloadLimiter(int limit) {
        this.limit = limit;
        timer = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name("media-deadline").factory());
        timer.setRemoveOnCancelPolicy(true);
    }

    /** Waits for a permit. Empty if downloads were stopped or the thread is interrupted, whose flag is kept. */
    synchronized Optional<DownloadPermit> acquire() {
        long stopsBefore = stops;
        try {
            while (!stopped && stops == stopsBefore && permits.size() == limit) {
                wait();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        if (stopped || stops != stopsBefore || Thread.currentThread().isInterrupted()) {
            return Optional.empty();
        }
        DownloadPermit permit = new DownloadPermit();
        permits.add(permit);
        return Optional.of(permit);
    }

    /** Ends everything in progress, waits included, and grants no permit until {@link #resume}. */
    void abort() {
        List<HttpUriRequestBase> requests;
        synchronized (this) {
            stopped = true;
            stops++;
            permits.forEach(permit -> permit.aborted = true);
            requests = permits.stream()
                    .map(permit -> permit.request)
                    .filter(Objects::nonNull)
                    .toList();
            notifyAll();
        }
        requests.forEach(HttpUriRequestBase::abort);
    }

    /** Grants permits again; aborted downloads stay aborted. */
    synchronized void resume() {
        stopped = false;
    }

    @Override
    public void close() {
        abort();
        timer.shutdownNow();
    }

    /** The right to download one file. Used by one thread. */
    final class DownloadPermit implements AutoCloseable {

        private @Nullable HttpUriRequestBase request;
        private @Nullable Future<?> expiry;
        private long deadline;
        private boolean aborted;

        /** Replaces the deadline of all further requests and pauses. */
        void startDeadline(long nanos) {
            synchronized (DownloadLimiter.this) {
                cancelExpiry();
                deadline = System.nanoTime() + nanos;
                if (!aborted) { // an aborted permit sends no request, and its timer may be shut down
                    expiry = timer.schedule(this::expire, nanos, TimeUnit.NANOSECONDS);
                }
            }
        }

        /** Registers the request that an abort or the deadline ends; false if it must not be sent any more. */
        boolean start(HttpUriRequestBase next) {
            synchronized (DownloadLimiter.this) {
                boolean allowed = !isAborted() && !isExpired();
                request = allowed ? next : null;
                return allowed;
            }
        }

        /** Unregisters the request. */
        void finish() {
            synchronized (DownloadLimiter.this) {
                request = null;
            }
        }

        /** Waits. False if the deadline, an abort or an interrupt, whose flag is kept, does not allow it. */
        boolean pause(Duration time) {
            synchronized (DownloadLimiter.this) {
                long end = System.nanoTime() + time.toNanos();
                if (deadline - end <= 0) {
                    return false;
                }
                try {
                    for (long left = time.toNanos(); left > 0 && !isAborted(); left = end - System.nanoTime()) {
                        TimeUnit.NANOSECONDS.timedWait(DownloadLimiter.this, left);
                    }
                } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                }
                return !isAborted();
            }
        }

        boolean isExpired() {
            synchronized (DownloadLimiter.this) {
                return deadline - System.nanoTime() <= 0;
            }
        }

        /** Whether the download was aborted or its thread interrupted. */
        boolean isAborted() {
            synchronized (DownloadLimiter.this) {
                return aborted || Thread.currentThread().isInterrupted();
            }
        }

        @Override
        public void close() {
            synchronized (DownloadLimiter.this) {
                cancelExpiry();
                request = null;
                permits.remove(this);
                // all, since pauses wait on the same monitor
                DownloadLimiter.this.notifyAll();
            }
        }

        private void cancelExpiry() {
            if (expiry != null) {
                expiry.cancel(false);
            }
        }

        private void expire() {
            HttpUriRequestBase late;
            synchronized (DownloadLimiter.this) {
                late = isExpired() ? request : null;
            }
            if (late != null) {
                late.abort();
            }
        }
    }
}
