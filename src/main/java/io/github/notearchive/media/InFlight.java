package io.github.notearchive.media;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.jspecify.annotations.Nullable;

/**
 * The downloads going on: how many there may be, how long each may take, and how all of them are ended at once.
 *
 * <p>Requests are ended by closing their connection, not by interrupting the thread, which may hold other things that
 * must not be interrupted.
 */
final class InFlight implements AutoCloseable {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Set<Place> places = new HashSet<>();
    private final ScheduledThreadPoolExecutor clock;
    private int free;
    private boolean stopped;
    private long stops;

    InFlight(int places) {
        free = places;
        clock = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name("media-time-box").factory());
        clock.setRemoveOnCancelPolicy(true);
    }

    /** Waits for a free place; empty when the downloads are stopped before there is one. */
    Optional<Place> enter() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long stopsBefore = stops;
            while (!stopped && stops == stopsBefore && free == 0) {
                changed.await();
            }
            if (stopped || stops != stopsBefore) {
                return Optional.empty();
            }
            free--;
            Place place = new Place();
            places.add(place);
            return Optional.of(place);
        } finally {
            lock.unlock();
        }
    }

    /** Ends everything in flight, waits included, and lets nothing in until {@link #resume}. */
    void abort() {
        List<HttpUriRequestBase> requests = new ArrayList<>();
        lock.lock();
        try {
            stopped = true;
            stops++;
            for (Place place : places) {
                place.stopped = true;
                if (place.request != null) {
                    requests.add(place.request);
                }
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        requests.forEach(HttpUriRequestBase::abort);
    }

    /** Lets downloads in again; those that were ended stay so. */
    void resume() {
        lock.lock();
        try {
            stopped = false;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        abort();
        clock.shutdownNow();
    }

    /** The right to download one file. Used by one thread. */
    final class Place {

        private @Nullable HttpUriRequestBase request;
        private @Nullable ScheduledFuture<?> timer;
        private long box;
        private boolean boxIsOver;
        private boolean stopped;

        /** From now on the requests of this place have so long in all. */
        void openBox(long nanos) {
            lock.lock();
            try {
                long opened = ++box;
                boxIsOver = false;
                timer = clock.schedule(() -> endBox(opened), nanos, TimeUnit.NANOSECONDS);
            } finally {
                lock.unlock();
            }
        }

        void closeBox() {
            lock.lock();
            try {
                box++;
                request = null;
                if (timer != null) {
                    timer.cancel(false);
                }
            } finally {
                lock.unlock();
            }
        }

        /** Makes this the request to be ended; false when it must not be sent any more. */
        boolean begin(HttpUriRequestBase next) {
            lock.lock();
            try {
                if (stopped || boxIsOver) {
                    return false;
                }
                request = next;
                return true;
            } finally {
                lock.unlock();
            }
        }

        /** Waits; false when the wait was cut short by a stop or an interrupt, whose flag is kept. */
        boolean pause(Duration time) {
            try {
                lock.lockInterruptibly();
                try {
                    long left = time.toNanos();
                    while (!stopped && left > 0) {
                        left = changed.awaitNanos(left);
                    }
                    return !stopped;
                } finally {
                    lock.unlock();
                }
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                return false;
            }
        }

        boolean isBoxOver() {
            lock.lock();
            try {
                return boxIsOver;
            } finally {
                lock.unlock();
            }
        }

        /** Whether nothing more may be tried here. */
        boolean isStopped() {
            lock.lock();
            try {
                return stopped || Thread.currentThread().isInterrupted();
            } finally {
                lock.unlock();
            }
        }

        void leave() {
            closeBox();
            lock.lock();
            try {
                places.remove(this);
                free++;
                // all, since those that pause wait on the same condition
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }

        private void endBox(long opened) {
            HttpUriRequestBase late;
            lock.lock();
            try {
                if (box != opened) {
                    return;
                }
                boxIsOver = true;
                late = request;
            } finally {
                lock.unlock();
            }
            if (late != null) {
                late.abort();
            }
        }
    }
}
