package io.github.notearchive.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Most tests use a clock that advances by 100 ns with each reading. */
@Timeout(20)
class RateLimiterTests {

    private static final long SECOND = 1_000_000_000L;
    private static final long NEARLY = 10_000;

    private final AtomicLong clock = new AtomicLong(-5 * SECOND); // nanoTime may be negative

    /** Advances a little with each reading, so that short waits end at once. */
    private final LongSupplier nanoTime = () -> clock.getAndAdd(100);

    private final LocalRateLimitStore store = new LocalRateLimitStore(nanoTime);

    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void nextCallIsSentAtItsSendTimeBehindThoseOfOtherNodes(int others) throws Exception {
        RateLimiter limiter = onClock(4, 2);
        long first = sent(limiter).sentAt();
        store.reserveElsewhere(others, 4);

        isSentAt(limiter, first + distance(4) + others * SECOND / 4);
    }

    @Test
    void delayIsMadeUpOnce() throws Exception {
        RateLimiter limiter = onClock(10, 2);
        long first = sent(limiter).sentAt();
        clock.set(first + distance(10));
        try (RateLimiter.Permit permit = limiter.acquire()) {
            clock.set(first + distance(10) + SECOND / 200);
            permit.awaitSendTime(0);
        }

        isSentAt(limiter, first + 2 * distance(10));
        isSentAt(limiter, first + 3 * distance(10));
    }

    @Test
    void tenMillisecondsAreReservedAndOldTimesAreLost() throws Exception {
        RateLimiter limiter = onClock(500, 8);

        for (int i = 0; i < 5; i++) {
            sent(limiter);
            clock.addAndGet(distance(500));
        }
        assertThat(store.requested).containsExactly(5);

        sent(limiter);
        clock.addAndGet(SECOND);
        sent(limiter);
        assertThat(store.requested).as("four of these were too old").containsExactly(5, 5, 5);
    }

    @Test
    void concurrentCallersKeepToTheRate() throws Exception {
        int rate = 200;
        RateLimiter limiter = onRealTime(rate, 32);
        List<Long> sent = Collections.synchronizedList(new ArrayList<>());
        long began = System.nanoTime();

        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 60; i++) {
                callers.submit(() -> sent.add(sent(limiter).sentAt()));
            }
        }

        List<Long> order = sent.stream().sorted().toList();
        assertThat(order).hasSize(60);
        for (int i = 1; i < order.size(); i++) {
            assertThat(order.get(i) - began).isGreaterThanOrEqualTo(i * SECOND / rate);
        }
    }

    @Test
    void sendTimeIsVoidIfTheCallIsLate() throws Exception {
        RateLimiter limiter = onClock(4, 2);
        RateLimiter.Permit stalled = limiter.acquire();
        clock.addAndGet(5 * SECOND);
        store.reserveElsewhere(1, 4);
        FutureTask<Void> sending = new FutureTask<>(() -> {
            stalled.awaitSendTime(0);
            return null;
        });
        long next = clock.get() + SECOND / 4;

        Thread thread = Thread.ofPlatform().daemon().start(sending);
        await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
        clock.set(next);
        sending.get(5, TimeUnit.SECONDS);

        assertThat(store.requested).hasSize(2);
        assertThat(stalled.sentAt()).isGreaterThanOrEqualTo(next);
    }

    @Test
    void sendTimeIsVoidIfItsReservationStalls() throws Exception {
        AtomicInteger stalls = new AtomicInteger(1);
        LocalRateLimitStore stalling = new LocalRateLimitStore(nanoTime) {
            @Override
            public synchronized SendTimes reserve(int count, double rate, Duration maxPause) {
                SendTimes times = super.reserve(count, rate, maxPause);
                if (stalls.getAndDecrement() > 0) {
                    clock.addAndGet(SECOND); // as while the process is suspended
                }
                return times;
            }
        };

        sent(opened(new RateLimiter(settings(4, 2), stalling, nanoTime)));

        assertThat(stalling.requested).hasSize(2);
    }

    @Test
    void callsInFlightAreLimited() throws Exception {
        RateLimiter limiter = onRealTime(1000, 2);
        RateLimiter.Permit first = inFlight(limiter);
        RateLimiter.Permit second = inFlight(limiter);
        FutureTask<RateLimiter.Permit> third = inBackground(limiter);

        assertThat(third.isDone()).isFalse();
        first.close();

        third.get(5, TimeUnit.SECONDS);
        second.close();
        for (int i = 0; i < 10; i++) {
            limiter.acquire().close(); // an unused permit is released
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 300})
    void burstOfThrottlesCountsOnceAndTheCallAfterThePauseAgain(int seconds) throws Exception {
        RateLimiter limiter = onClock(100, 8);
        List<RateLimiter.Permit> permits = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            permits.add(sent(limiter));
            clock.addAndGet(SECOND);
        }
        long throttledAt = clock.get();

        for (RateLimiter.Permit permit : permits) {
            limiter.throttled(permit, seconds == 1 ? null : Duration.ofSeconds(seconds));
        }

        assertThat(store.events).containsExactly("back off 0");
        isSentAt(limiter, throttledAt + seconds * SECOND);
        clock.addAndGet(SECOND);
        limiter.throttled(sent(limiter), null);
        assertThat(store.events).containsExactly("back off 0", "back off 1");
    }

    @Test
    void callSentAfterAPauseBelongsToItsEpoch() throws Exception {
        RateLimiter limiter = onClock(100, 8);
        RateLimiter.Permit early = sent(limiter);
        clock.addAndGet(SECOND);
        try (RateLimiter.Permit waiting = limiter.acquire()) {
            limiter.throttled(early, null);
            clock.addAndGet(2 * SECOND);
            waiting.awaitSendTime(0);

            limiter.throttled(waiting, null);
        }

        assertThat(store.events).containsExactly("back off 0", "back off 1");
    }

    @Test
    void pauseOfAnotherNodeDelaysARecordedCall() throws Exception {
        RateLimiter limiter = onClock(100, 8);
        long pausedAt;
        try (RateLimiter.Permit permit = limiter.acquire()) {
            pausedAt = clock.get();
            long number = store.backOff(0, Duration.ofSeconds(5), Duration.ofHours(1))
                    .orElseThrow()
                    .backoffEpoch();
            clock.set(pausedAt + 5 * SECOND - NEARLY);

            permit.awaitSendTime(number);

            assertThat(permit.sentAt()).isBetween(pausedAt + 5 * SECOND - NEARLY / 2, pausedAt + 5 * SECOND + NEARLY);
            limiter.responded(permit);
        }
        assertThat(store.events).containsExactly("back off 0", "recover 1");
    }

    @Test
    void callIsPreparedAheadByTheTimeOfItsPreparation() throws Exception {
        RateLimiter limiter = onClock(0.5, 8);
        long first = sent(limiter).sentAt();
        for (int i = 1; i <= 10; i++) {
            clock.set(first + i * distance(0.5));
            try (RateLimiter.Permit permit = limiter.acquire()) {
                clock.addAndGet(8 * SECOND / 1000); // a commit of eight milliseconds
                permit.awaitSendTime(0);
            }
        }
        clock.addAndGet(distance(0.5) - 21 * SECOND / 1000);

        try (RateLimiter.Permit permit = limiter.acquire()) {
            assertThat(permit.untilSendTime()).isBetween(Duration.ofMillis(10), Duration.ofMillis(13));
            clock.addAndGet(permit.untilSendTime().toNanos() - NEARLY);
            permit.awaitSendTime(0);
        }
    }

    @Test
    void onlyResponsesOfTheEpochRestoreTheRate() throws Exception {
        RateLimiter limiter = onClock(100, 8);
        RateLimiter.Permit early = sent(limiter);
        clock.addAndGet(SECOND);
        RateLimiter.Permit refused = sent(limiter);
        limiter.responded(refused);
        limiter.throttled(refused, null);
        clock.addAndGet(2 * SECOND);

        limiter.responded(early);
        limiter.responded(sent(limiter));

        assertThat(store.events).containsExactly("back off 0", "recover 1");
    }

    @Test
    void nodePausesWithoutTheDatabase() throws Exception {
        RateLimitStore unavailable = new LocalRateLimitStore(nanoTime) {
            @Override
            public Optional<Pause> backOff(long backoffEpoch, @Nullable Duration retryAfter, Duration maxPause) {
                return Optional.empty();
            }
        };
        RateLimiter limiter = opened(new RateLimiter(settings(1000, 1), unavailable, nanoTime));
        RateLimiter.Permit refused = sent(limiter);
        long throttledAt = clock.get();

        limiter.throttled(refused, Duration.ofDays(11));

        isSentAt(limiter, throttledAt + 900 * SECOND);
    }

    @Test
    void endFailsCallersThatWaitForAPermitOrTheRate() throws Exception {
        RateLimiter limiter = onRealTime(0.01, 3);
        RateLimiter.Permit held = limiter.acquire();
        var waiting = List.of(inBackground(limiter), inBackground(limiter), inBackground(limiter));

        limiter.end("stopped");

        waiting.forEach(task -> endsWith(task, "stopped"));
        held.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void permitIsUsableAfterTheEndOfPermitsButNotOfCalls(boolean ofPermits) throws Exception {
        RateLimiter limiter = new RateLimiter(settings(1000, 1), store, nanoTime);
        assertThatThrownBy(limiter::acquire)
                .isInstanceOf(CallsEndedException.class)
                .hasMessage("no run is active");
        limiter.open();
        Consumer<String> end = ofPermits ? limiter::endPermits : limiter::end;

        try (RateLimiter.Permit permit = limiter.acquire()) {
            end.accept("stopped");
            end.accept("a later reason");

            if (ofPermits) {
                permit.awaitSendTime(0);
                assertThat(permit.sentAt()).isNotZero();
            } else {
                assertThatThrownBy(() -> permit.awaitSendTime(0))
                        .isInstanceOf(CallsEndedException.class)
                        .hasMessage("stopped");
            }
        }

        assertThatThrownBy(limiter::acquire)
                .isInstanceOf(CallsEndedException.class)
                .hasMessage("stopped");
        limiter.open();
        clock.addAndGet(SECOND); // beyond the times that were reserved
        sent(limiter);
    }

    @Test
    void interruptedCallerReleasesItsPermit() throws Exception {
        RateLimiter limiter = onRealTime(0.01, 1);
        sent(limiter);
        FutureTask<RateLimiter.Permit> waiting = new FutureTask<>(() -> sent(limiter));
        Thread thread = Thread.ofPlatform().start(waiting);
        await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);

        thread.interrupt();
        thread.join();

        assertThatThrownBy(waiting::get).hasCauseInstanceOf(InterruptedException.class);
        FutureTask<RateLimiter.Permit> next = inBackground(limiter);
        limiter.end("stopped");
        endsWith(next, "stopped");
    }

    /** Distance of two send times: a hundredth more than the rate demands. */
    private static long distance(double callsPerSecond) {
        return (long) (1.01 * SECOND / callsPerSecond);
    }

    /** A call that waits from a moment before is sent at this time, not earlier. */
    private void isSentAt(RateLimiter limiter, long expected) throws InterruptedException {
        clock.set(expected - NEARLY);
        // a send time counts from the moment it was received, a few readings of the clock before
        assertThat(sent(limiter).sentAt()).isBetween(expected - NEARLY / 2, expected + NEARLY);
    }

    /** Returns the permit of a call that was sent and has ended. */
    private static RateLimiter.Permit sent(RateLimiter limiter) throws InterruptedException {
        try (RateLimiter.Permit permit = inFlight(limiter)) {
            return permit;
        }
    }

    private static RateLimiter.Permit inFlight(RateLimiter limiter) throws InterruptedException {
        RateLimiter.Permit permit = limiter.acquire();
        permit.awaitSendTime(0);
        return permit;
    }

    private static FutureTask<RateLimiter.Permit> inBackground(RateLimiter limiter) {
        FutureTask<RateLimiter.Permit> task = new FutureTask<>(() -> sent(limiter));
        Thread thread = Thread.ofPlatform().daemon().start(task);
        await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
        return task;
    }

    private static void endsWith(FutureTask<?> waiting, String reason) {
        assertThatThrownBy(() -> waiting.get(5, TimeUnit.SECONDS))
                .hasCauseInstanceOf(CallsEndedException.class)
                .hasMessageContaining(reason);
    }

    private static RateLimiter onRealTime(double rate, int inFlight) {
        return opened(new RateLimiter(settings(rate, inFlight), new LocalRateLimitStore(), System::nanoTime));
    }

    private RateLimiter onClock(double rate, int inFlight) {
        return opened(new RateLimiter(settings(rate, inFlight), store, nanoTime));
    }

    private static RateLimiter opened(RateLimiter limiter) {
        limiter.open();
        return limiter;
    }

    private static NoteSourceProperties settings(double rate, int inFlight) {
        return Settings.of("calls-per-second", rate, "calls-in-flight", inFlight, "max-pause", "15m");
    }
}
