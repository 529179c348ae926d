package io.github.notearchive.media;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Limits the downloads in progress in number and in time, and stops all of them. Thread-safe. */
final class DownloadLimiter {

    private final int limit;
    private int permits;
    private boolean stopped;
    private long stops;

    DownloadLimiter(int limit) {
        this.limit = limit;
    }

    /** Waits for a permit. Empty if downloads were stopped or the thread is interrupted, whose flag is kept. */
    synchronized Optional<DownloadPermit> acquire() {
        DownloadPermit permit = new DownloadPermit();
        try {
            while (!permit.isAborted() && permits == limit) {
                wait();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        if (permit.isAborted()) {
            return Optional.empty();
        }
        permits++;
        return Optional.of(permit);
    }

    /** Ends all waits, and grants no permit until {@link #resume}. */
    synchronized void abort() {
        stopped = true;
        stops++;
        notifyAll();
    }

    /** Grants permits again; aborted downloads stay aborted. */
    synchronized void resume() {
        stopped = false;
    }

    /** The right to download one file. Used by one thread. */
    final class DownloadPermit implements AutoCloseable {

        private final long stopsBefore = stops;
        private long deadline;

        /** Replaces the deadline of all further requests and pauses. */
        void startDeadline(long nanos) {
            deadline = System.nanoTime() + nanos;
        }

        /** Returns the time until the deadline; not positive if it has passed. */
        Duration remaining() {
            return Duration.ofNanos(deadline - System.nanoTime());
        }

        boolean isExpired() {
            return !remaining().isPositive();
        }

        /** Whether the download was aborted or its thread interrupted. */
        boolean isAborted() {
            synchronized (DownloadLimiter.this) {
                return stopped || stops != stopsBefore || Thread.currentThread().isInterrupted();
            }
        }

        /** Waits. False if the deadline, an abort or an interrupt, whose flag is kept, does not allow it. */
        boolean pause(Duration time) {
            if (remaining().compareTo(time) <= 0) {
                return false;
            }
            long end = System.nanoTime() + time.toNanos();
            synchronized (DownloadLimiter.this) {
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

        @Override
        public void close() {
            synchronized (DownloadLimiter.this) {
                permits--;
                // all, since pauses wait on the same monitor
                DownloadLimiter.this.notifyAll();
            }
        }
    }
}
