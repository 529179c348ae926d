package io.github.notearchive.sandbox;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Lets threads pass, or holds them until it is told to let them go. */
final class Barrier {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private boolean down;
    private int waiting;
    private long releases;

    Barrier(boolean down) {
        this.down = down;
    }

    /** Holds whoever comes from now on. */
    void hold() {
        lock.lock();
        try {
            down = true;
        } finally {
            lock.unlock();
        }
    }

    /** Lets all go who wait, and all who come later. */
    void open() {
        lock.lock();
        try {
            down = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Lets all go who wait; whoever comes later waits as before. */
    void letGo() {
        lock.lock();
        try {
            releases++;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Returns at once when nothing is held, else when this thread is let go. */
    void pass() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long arrival = releases;
            waiting++;
            changed.signalAll();
            try {
                while (down && releases == arrival) {
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
     * Returns as soon as at least so many threads wait.
     *
     * @throws IllegalStateException when they are not there in time
     */
    void awaitWaiting(int count, Duration atMost) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = atMost.toNanos();
            while (waiting < count) {
                if (left <= 0) {
                    throw new IllegalStateException(
                            "Only %d of %d requests are held after %s".formatted(waiting, count, atMost));
                }
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }
}
