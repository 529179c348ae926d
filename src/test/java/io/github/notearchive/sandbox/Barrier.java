package io.github.notearchive.sandbox;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** Gate for threads: lets them pass, or holds them until it is opened. */
final class Barrier {

    private static final Duration POLL = Duration.ofMillis(10);

    private final AtomicInteger waiting = new AtomicInteger();
    private volatile CountDownLatch gate = new CountDownLatch(0);

    /** Holds all threads from now on. */
    synchronized void hold() {
        if (gate.getCount() == 0) {
            gate = new CountDownLatch(1);
        }
    }

    /** Releases all waiting threads; later ones are held. */
    synchronized void releaseWaiting() {
        CountDownLatch before = gate;
        gate = new CountDownLatch(1);
        before.countDown();
    }

    /** Releases all waiting threads and holds no later ones. */
    synchronized void open() {
        gate.countDown();
    }

    /** Waits until this thread is released; returns immediately if the gate is open. */
    void pass() throws InterruptedException {
        waiting.incrementAndGet();
        try {
            gate.await();
        } finally {
            waiting.decrementAndGet();
        }
    }

    /** Waits until this many threads are held; fails on timeout. */
    void awaitWaiting(int count, Duration timeout) {
        await("held requests").atMost(timeout).pollInterval(POLL).until(waiting::get, held -> held >= count);
    }
}
