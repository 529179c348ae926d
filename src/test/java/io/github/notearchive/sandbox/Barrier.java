package io.github.notearchive.sandbox;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Gate for threads: lets them pass, or holds them until it is opened. */
final class Barrier {

    private boolean isClosed;
    private int waiting;
    private long releases;

    Barrier(boolean isClosed) {
        this.isClosed = isClosed;
    }

    /** Holds all threads from now on. */
    synchronized void hold() {
        isClosed = true;
    }

    /** Releases all waiting threads and holds no later ones. */
    synchronized void open() {
        isClosed = false;
        notifyAll();
    }

    /** Releases all waiting threads; later ones are held as before. */
    synchronized void releaseWaiting() {
        releases++;
        notifyAll();
    }

    /** Waits until this thread is released; returns immediately if the gate is open. */
    synchronized void pass() throws InterruptedException {
        long arrival = releases;
        waiting++;
        notifyAll();
        try {
            while (isClosed && releases == arrival) {
                wait();
            }
        } finally {
            waiting--;
        }
    }

    /**
     * Waits until this many threads are held.
     *
     * @throws IllegalStateException on timeout
     */
    synchronized void awaitWaiting(int count, Duration timeout) throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (waiting < count) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                throw new IllegalStateException(
                        "Only %d of %d requests are held after %s".formatted(waiting, count, timeout));
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }
}
