package io.github.notearchive.sandbox;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Gate for threads: lets them pass, or holds them until it is opened. */
final class Barrier {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private boolean isClosed;
    private int waiting;
    private long releases;

    Barrier(boolean isClosed) {
        this.isClosed = isClosed;
    }

    /** Holds all threads from now on. */
    void hold() {
        change(() -> isClosed = true);
    }

    /** Releases all waiting threads and holds no later ones. */
    void open() {
        change(() -> isClosed = false);
    }

    /** Releases all waiting threads; later ones are held as before. */
    void releaseWaiting() {
        change(() -> releases++);
    }

    /** Waits until this thread is released; returns immediately if the gate is open. */
    void pass() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long arrival = releases;
            waiting++;
            changed.signalAll();
            try {
                while (isClosed && releases == arrival) {
                    changed.await();
                }
            } finally {
                waiting--;
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until this many threads are held.
     *
     * @throws IllegalStateException on timeout
     */
    void awaitWaiting(int count, Duration timeout) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = timeout.toNanos();
            while (waiting < count) {
                if (left <= 0) {
                    throw new IllegalStateException(
                            "Only %d of %d requests are held after %s".formatted(waiting, count, timeout));
                }
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    private void change(Runnable change) {
        lock.lock();
        try {
            change.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
