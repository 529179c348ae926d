package io.github.notearchive.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Most of these run on a clock that only moves when it is looked at, by 100 ns. */
@Timeout(20)
class RateLimiterTests {

    private static final long SECOND = 1_000_000_000L;
    private static final long NEARLY = 10_000;

    private final SteppingClock clock = new SteppingClock();
    private final LocalRateLimitStore pace = new LocalRateLimitStore(clock);

    @Test
    void noCallLeavesBeforeARunIsActive() {
        RateLimiter pacer = pacer(1000, 1, "15m");

        assertThatThrownBy(pacer::await)
                .isInstanceOf(CallsEndedException.class)
                .hasMessageContaining("no run is active");
    }

    @Test
    void theNextCallLeavesWhereItsPlaceIs() throws Exception {
        RateLimiter pacer = opened(pacer(4, 2, "15m"));
        long first = sentNow(pacer);

        leavesAt(pacer, first + distance(4));
    }

    @Test
    void aCallIsNoNearerToOneThatLeftLateThanNineTenthsOfTheDistance() throws Exception {
        RateLimiter pacer = opened(pacer(20, 2, "15m"));
        long late;
        try (RateLimiter.Turn turn = pacer.await()) {
            clock.set(clock.now() + 9 * SECOND / 1000); // a slow commit between turn and sending
            turn.sent(0);
            late = turn.sentAt();
        }

        leavesAt(pacer, late + 9 * distance(20) / 10);
    }

    @Test
    void whatADelayHasCostIsMadeUpAndNoMoreThanThat() throws Exception {
        RateLimiter pacer = opened(pacer(10, 2, "15m"));
        long first = sentNow(pacer);
        clock.set(first + distance(10));
        try (RateLimiter.Turn turn = pacer.await()) {
            clock.set(first + distance(10) + SECOND / 200);
            turn.sent(0);
        }

        leavesAt(pacer, first + 2 * distance(10));
        leavesAt(pacer, first + 3 * distance(10));
    }

    @Test
    void placesThatOtherNodesTookAreWaitedFor() throws Exception {
        RateLimiter pacer = opened(pacer(4, 2, "15m"));
        long first = sentNow(pacer);
        pace.othersTake(3, 4);

        leavesAt(pacer, first + distance(4) + 3 * SECOND / 4);
    }

    @Test
    void whoeverNeedNotWaitTakesTheNextTenMillisecondsAtOnceAndLosesWhatIsOver() throws Exception {
        RateLimiter pacer = opened(pacer(500, 8, "15m"));
        sentNow(pacer); // whether there is room was not known before
        assertThat(pace.asked).containsExactly(1);
        clock.set(clock.now() + SECOND);

        for (int i = 0; i < 5; i++) {
            sentNow(pacer);
            clock.set(clock.now() + distance(500));
        }
        assertThat(pace.asked).containsExactly(1, 5);

        sentNow(pacer);
        clock.set(clock.now() + SECOND);
        sentNow(pacer);
        assertThat(pace.asked).as("four of these were too old").containsExactly(1, 5, 5, 5);
    }

    @Test
    void whoeverHasToWaitTakesOnePlaceAtATime() throws Exception {
        RateLimiter pacer = opened(pacer(500, 8, "15m"));
        sentNow(pacer);
        pace.othersTake(1, 500);
        clock.set(clock.now() + distance(500) + SECOND / 500 - NEARLY);

        for (int i = 0; i < 7; i++) {
            sentNow(pacer);
            clock.set(clock.now() + distance(500) - NEARLY);
        }

        assertThat(pace.asked).startsWith(1, 5, 1);
    }

    @Test
    void manyCallersAtOnceNeverExceedTheRate() throws Exception {
        int rate = 200;
        RateLimiter pacer = onRealTime(settings(rate, 32, "15m"));
        pacer.open(true);
        List<Long> sent = Collections.synchronizedList(new ArrayList<>());
        long began = System.nanoTime();

        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 60; i++) {
                callers.submit(() -> {
                    try (RateLimiter.Turn turn = pacer.await()) {
                        turn.sent(0);
                        sent.add(turn.sentAt());
                    }
                    return null;
                });
            }
        }

        List<Long> order = sent.stream().sorted().toList();
        assertThat(order).hasSize(60);
        for (int i = 1; i < order.size(); i++) {
            assertThat(order.get(i) - began).isGreaterThanOrEqualTo(i * SECOND / rate);
            assertThat(order.get(i) - order.get(i - 1)).isGreaterThanOrEqualTo(9 * SECOND / 10 / rate);
        }
    }

    @Test
    void callsOfAllNodesKeepToTheRateInEverySecondAlsoBehindAStall() throws Exception {
        int rate = 5;
        LocalRateLimitStore shared = new LocalRateLimitStore();
        CountDownLatch ledger = new CountDownLatch(1);
        AtomicInteger begun = new AtomicInteger();
        List<Long> sent = Collections.synchronizedList(new ArrayList<>());

        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int node = 0; node < 3; node++) {
                RateLimiter pacer = new RateLimiter(settings(rate, 8, "15m"), shared, System::nanoTime);
                pacer.open(true);
                for (int call = 0; call < 5; call++) {
                    callers.submit(() -> {
                        try (RateLimiter.Turn turn = pacer.await()) {
                            begun.incrementAndGet();
                            ledger.await(); // as while a table is locked
                            turn.sent(0);
                            sent.add(turn.sentAt());
                        }
                        return null;
                    });
                }
            }
            await().until(() -> begun.get() == 6); // two turns a node, which take a second
            ledger.countDown();
        }

        List<Long> order = sent.stream().sorted().toList();
        assertThat(order).hasSize(15);
        for (int i = rate; i < order.size(); i++) {
            // a hundredth is for what the fake pace itself takes on a busy machine
            assertThat(order.get(i) - order.get(i - rate)).isGreaterThanOrEqualTo(99 * SECOND / 100);
        }
    }

    @Test
    void aPlaceThatACallIsTooLateForIsVoid() throws Exception {
        RateLimiter pacer = opened(pacer(4, 2, "15m"));
        RateLimiter.Turn stalled = pacer.await();
        clock.set(clock.now() + 5 * SECOND);
        pace.othersTake(1, 4);
        FutureTask<Void> sending = new FutureTask<>(() -> {
            stalled.sent(0);
            return null;
        });
        long next = clock.now() + SECOND / 4;

        Thread thread = Thread.ofPlatform().daemon().start(sending);
        await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
        clock.set(next);
        sending.get(5, TimeUnit.SECONDS);

        assertThat(pace.asked).hasSize(2);
        assertThat(stalled.sentAt()).isGreaterThanOrEqualTo(next);
    }

    @Test
    void aPlaceThatIsLearntOfTooLateIsVoid() throws Exception {
        AtomicInteger stalls = new AtomicInteger(1);
        RateLimitStore stalling = new PaceOfAnother(pace) {
            @Override
            public Places take(int places, double rate, Duration longestPause) {
                Places taken = super.take(places, rate, longestPause);
                if (stalls.getAndDecrement() > 0) {
                    clock.set(clock.now() + SECOND); // as while the process is suspended
                }
                return taken;
            }
        };
        RateLimiter pacer = opened(new RateLimiter(settings(4, 2, "15m"), stalling, clock));

        sentNow(pacer);

        assertThat(pace.asked).hasSize(2);
    }

    @Test
    void noMoreCallsAreInFlightThanAllowed() throws Exception {
        RateLimiter pacer = onRealTime(settings(1000, 2, "15m"));
        pacer.open(true);
        RateLimiter.Turn first = sent(pacer);
        RateLimiter.Turn second = sent(pacer);
        FutureTask<Void> third = inBackground(pacer);

        assertThat(third.isDone()).isFalse();
        first.close();

        third.get(5, TimeUnit.SECONDS);
        second.close();
    }

    @Test
    void aTurnThatIsNotUsedKeepsNobodyInFlight() throws Exception {
        RateLimiter pacer = opened(onRealTime(settings(1000, 1, "15m")));

        for (int i = 0; i < 10; i++) {
            pacer.await().close();
        }

        sent(pacer).close();
    }

    @Test
    void aPauseIsKeptAndTheNextCallIsOneOfAfterIt() throws Exception {
        RateLimiter pacer = opened(pacer(1000, 1, "15m"));
        RateLimiter.Turn first = turnNow(pacer);
        long throttledAt = clock.now();

        pacer.throttled(first, null);

        leavesAt(pacer, throttledAt + SECOND);
        clock.set(clock.now() + SECOND);
        pacer.throttled(turnNow(pacer), null);
        assertThat(pace.told).containsExactly("forget", "throttled 0", "throttled 1");
    }

    @Test
    void aBurstOfRefusalsCountsOnce() throws Exception {
        RateLimiter pacer = opened(pacer(100, 8, "15m"));
        List<RateLimiter.Turn> turns = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            turns.add(turnNow(pacer));
            clock.set(clock.now() + SECOND);
        }
        long throttledAt = clock.now();

        for (RateLimiter.Turn turn : turns) {
            pacer.throttled(turn, null);
        }

        assertThat(pace.told).containsExactly("forget", "throttled 0");
        leavesAt(pacer, throttledAt + SECOND);
    }

    @Test
    void aCallThatHadItsTurnBeforeThePauseAndLeftAfterItCountsAsOneOfAfterIt() throws Exception {
        RateLimiter pacer = opened(pacer(100, 8, "15m"));
        RateLimiter.Turn early = turnNow(pacer);
        clock.set(clock.now() + SECOND);
        try (RateLimiter.Turn waiting = pacer.await()) {
            pacer.throttled(early, null);
            clock.set(clock.now() + 2 * SECOND);
            waiting.sent(0);

            pacer.throttled(waiting, null);
        }

        assertThat(pace.told).containsExactly("forget", "throttled 0", "throttled 1");
    }

    @Test
    void aPauseThatAnotherNodeBroughtAboutHoldsForACallThatIsWrittenDownAlready() throws Exception {
        RateLimiter pacer = opened(pacer(100, 8, "15m"));
        long pausedAt;
        try (RateLimiter.Turn turn = pacer.await()) {
            pausedAt = clock.now();
            long number = pace.throttled(0, Duration.ofSeconds(5), Duration.ofHours(1))
                    .orElseThrow()
                    .throttles();
            clock.set(pausedAt + 5 * SECOND - NEARLY);

            turn.sent(number);

            assertThat(turn.sentAt()).isBetween(pausedAt + 5 * SECOND - NEARLY / 2, pausedAt + 5 * SECOND + NEARLY);
            pacer.answered(turn);
        }
        assertThat(pace.told).containsExactly("forget", "throttled 0", "answered 1");
    }

    @Test
    void aCallIsWrittenDownAsLongBeforeItsPlaceAsThatTakes() throws Exception {
        RateLimiter pacer = opened(pacer(0.5, 8, "15m"));
        long first = sentNow(pacer);
        for (int i = 1; i <= 10; i++) {
            clock.set(first + i * distance(0.5));
            try (RateLimiter.Turn turn = pacer.await()) {
                clock.set(clock.now() + 8 * SECOND / 1000); // a commit of eight milliseconds
                turn.sent(0);
            }
        }
        clock.set(clock.now() + distance(0.5) - 21 * SECOND / 1000);

        try (RateLimiter.Turn turn = pacer.await()) {
            assertThat(turn.untilPlace()).isBetween(Duration.ofMillis(10), Duration.ofMillis(13));
            clock.set(clock.now() + turn.untilPlace().toNanos() - NEARLY);
            turn.sent(0);
        }
    }

    @Test
    void onlyAnswersToCallsOfAfterThePauseGiveTheRateBack() throws Exception {
        RateLimiter pacer = opened(pacer(100, 8, "15m"));
        RateLimiter.Turn early = turnNow(pacer);
        clock.set(clock.now() + SECOND);
        RateLimiter.Turn refused = turnNow(pacer);
        pacer.answered(refused);
        pacer.throttled(refused, null);
        clock.set(clock.now() + 2 * SECOND);

        pacer.answered(early);
        pacer.answered(turnNow(pacer));

        assertThat(pace.told).containsExactly("forget", "throttled 0", "answered 1");
    }

    @Test
    void theProvidersOwnWishWinsOverOurPause() throws Exception {
        RateLimiter pacer = opened(pacer(1000, 1, "15m"));
        RateLimiter.Turn refused = turnNow(pacer);
        long throttledAt = clock.now();

        pacer.throttled(refused, Duration.ofSeconds(300));

        leavesAt(pacer, throttledAt + 300 * SECOND);
    }

    @Test
    void thisNodePausesBeforeTheDatabaseKnowsAndWithoutIt() throws Exception {
        RateLimitStore deaf = new PaceOfAnother(pace) {
            @Override
            public Optional<Pause> throttled(long throttles, @Nullable Duration wish, Duration longestPause) {
                return Optional.empty();
            }
        };
        RateLimiter pacer = opened(new RateLimiter(settings(1000, 1, "20s"), deaf, clock));
        RateLimiter.Turn refused = turnNow(pacer);
        long throttledAt = clock.now();

        pacer.throttled(refused, Duration.ofDays(11));

        leavesAt(pacer, throttledAt + 20 * SECOND);
    }

    @Test
    void theEndReachesThoseWhoWaitForTheRate() throws Exception {
        RateLimiter pacer = onRealTime(settings(0.01, 2, "15m"));
        pacer.open(true);
        sent(pacer).close();
        FutureTask<Void> waiting = inBackground(pacer);

        pacer.end("quota met");

        endsWith(waiting, "quota met");
    }

    @Test
    void theEndReachesThoseWhoWaitForAPlaceOrForTheirTurn() throws Exception {
        RateLimiter pacer = onRealTime(settings(0.01, 3, "15m"));
        pacer.open(true);
        RateLimiter.Turn held = pacer.await();
        FutureTask<Void> forItsTime = inBackground(pacer);
        FutureTask<Void> forItsTurn = inBackground(pacer);
        FutureTask<Void> forAPlace = inBackground(pacer);

        pacer.end("stopped");

        endsWith(forItsTime, "stopped");
        endsWith(forItsTurn, "stopped");
        endsWith(forAPlace, "stopped");
        held.close();
    }

    @Test
    void theFirstReasonToEndIsTheOneThatIsTold() {
        RateLimiter pacer = opened(pacer(1000, 1, "15m"));

        pacer.end("first");
        pacer.end("second");

        assertThatThrownBy(pacer::await).hasMessage("first");
    }

    @Test
    void aTurnThatBeganBeforeTheEndMustNotBeSentAfterIt() throws Exception {
        RateLimiter pacer = opened(pacer(1000, 1, "15m"));

        try (RateLimiter.Turn turn = pacer.await()) {
            pacer.end("stopped");

            assertThatThrownBy(() -> turn.sent(0)).isInstanceOf(CallsEndedException.class);
        }

        pacer.open(true);
        sent(pacer).close();
    }

    @Test
    void aTurnThatBeganBeforeTheLastOneWasGivenIsSent() throws Exception {
        RateLimiter pacer = opened(pacer(1000, 1, "15m"));

        try (RateLimiter.Turn turn = pacer.await()) {
            pacer.giveNoMore("used up");

            turn.sent(0);
            assertThat(turn.sentAt()).isNotZero();
        }

        assertThatThrownBy(pacer::await).isInstanceOf(CallsEndedException.class).hasMessage("used up");
        pacer.open(true);
        sent(pacer).close();
    }

    @Test
    void whoeverBeginsBesideOthersKeepsTheirPause() throws Exception {
        RateLimiter pacer = pacer(1, 1, "15m");

        pacer.open(false);

        assertThat(pace.told).isEmpty();
        pacer.open(true);
        assertThat(pace.told).containsExactly("forget");
    }

    @Test
    void whoeverIsInterruptedWhileWaitingLeavesHisPlaceToOthers() throws Exception {
        RateLimiter pacer = onRealTime(settings(0.01, 1, "15m"));
        pacer.open(true);
        sent(pacer).close();
        FutureTask<Void> waiting = new FutureTask<>(() -> leave(pacer));
        Thread thread = Thread.ofPlatform().start(waiting);
        await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);

        thread.interrupt();
        thread.join();

        assertThatThrownBy(waiting::get).hasCauseInstanceOf(InterruptedException.class);
        FutureTask<Void> next = inBackground(pacer);
        pacer.end("stopped");
        endsWith(next, "stopped");
    }

    /** How far two places are from each other: a hundredth further than the rate demands. */
    private static long distance(double callsPerSecond) {
        return (long) (1.01 * SECOND / callsPerSecond);
    }

    /** A call that is looked at a moment before leaves at the moment itself, not earlier. */
    private void leavesAt(RateLimiter pacer, long expected) throws InterruptedException {
        clock.set(expected - NEARLY);
        // a place is counted from the moment it was taken, a few looks at the clock before
        assertThat(sentNow(pacer)).isBetween(expected - NEARLY / 2, expected + NEARLY);
    }

    private long sentNow(RateLimiter pacer) throws InterruptedException {
        try (RateLimiter.Turn turn = pacer.await()) {
            turn.sent(0);
            return turn.sentAt();
        }
    }

    private RateLimiter.Turn turnNow(RateLimiter pacer) throws InterruptedException {
        try (RateLimiter.Turn turn = pacer.await()) {
            turn.sent(0);
            return turn;
        }
    }

    private static RateLimiter.Turn sent(RateLimiter pacer) throws InterruptedException {
        RateLimiter.Turn turn = pacer.await();
        turn.sent(0);
        return turn;
    }

    private static Void leave(RateLimiter pacer) throws InterruptedException {
        sent(pacer).close();
        return null;
    }

    private static FutureTask<Void> inBackground(RateLimiter pacer) {
        FutureTask<Void> task = new FutureTask<>(() -> leave(pacer));
        Thread thread = Thread.ofPlatform().daemon().start(task);
        await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
        return task;
    }

    private static void endsWith(FutureTask<Void> waiting, String reason) {
        assertThatThrownBy(() -> waiting.get(5, TimeUnit.SECONDS))
                .hasCauseInstanceOf(CallsEndedException.class)
                .hasMessageContaining(reason);
    }

    private static RateLimiter onRealTime(NoteSourceProperties settings) {
        return new RateLimiter(settings, new LocalRateLimitStore(System::nanoTime), System::nanoTime);
    }

    private RateLimiter pacer(double rate, int inFlight, String maxPause) {
        return new RateLimiter(settings(rate, inFlight, maxPause), pace, clock);
    }

    private static RateLimiter opened(RateLimiter pacer) {
        pacer.open(true);
        return pacer;
    }

    private static NoteSourceProperties settings(double rate, int inFlight, String maxPause) {
        return Settings.of("calls-per-second", rate, "calls-in-flight", inFlight, "max-pause", maxPause);
    }

    /** A pace that keeps another one, but for what a test overrides. */
    private static class PaceOfAnother implements RateLimitStore {

        private final RateLimitStore pace;

        PaceOfAnother(RateLimitStore pace) {
            this.pace = pace;
        }

        @Override
        public Places take(int places, double rate, Duration longestPause) {
            return pace.take(places, rate, longestPause);
        }

        @Override
        public Optional<Pause> throttled(long throttles, @Nullable Duration wish, Duration longestPause) {
            return pace.throttled(throttles, wish, longestPause);
        }

        @Override
        public void answered(long throttles) {
            pace.answered(throttles);
        }

        @Override
        public void forgetPauses() {
            pace.forgetPauses();
        }
    }

    /** Moves on by itself a little with each look, so that short waits end at once. */
    private static final class SteppingClock implements LongSupplier {

        private final AtomicLong now = new AtomicLong(-5 * SECOND); // nanoTime may be negative

        @Override
        public long getAsLong() {
            return now.getAndAdd(100);
        }

        long now() {
            return now.get();
        }

        void set(long nanos) {
            now.set(nanos);
        }
    }
}
