package io.github.notearchive.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Most of these run on a clock that only moves when it is looked at, by 100 ns. */
@Timeout(20)
class CallPacerTests {

    private static final long SECOND = 1_000_000_000L;
    private static final long NEARLY = 10_000;

    private final SteppingClock clock = new SteppingClock();

    @Test
    void noCallLeavesBeforeARunIsActive() {
        CallPacer pacer = pacer(1000, 1, "15m");

        assertThatThrownBy(pacer::await)
                .isInstanceOf(CallsEndedException.class)
                .hasMessageContaining("no run is active");
    }

    @Test
    void theNextCallLeavesOneIntervalAfterTheLastOneReallyLeft() throws Exception {
        CallPacer pacer = opened(pacer(4, 2, "15m"));
        long first;
        try (CallPacer.Turn turn = pacer.await()) {
            clock.set(clock.now() + 7 * SECOND); // a slow commit between turn and sending
            turn.sent();
            first = turn.sentAt();
        }

        leavesAt(pacer, first + SECOND / 4);
    }

    @Test
    void manyCallersAtOnceNeverExceedTheRate() throws Exception {
        int rate = 200;
        CallPacer pacer = new CallPacer(settings(rate, 32, "15m"), System::nanoTime);
        pacer.open();
        List<Long> sent = Collections.synchronizedList(new ArrayList<>());

        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 60; i++) {
                callers.submit(
                        () -> {
                            try (CallPacer.Turn turn = pacer.await()) {
                                turn.sent();
                                sent.add(turn.sentAt());
                            }
                            return null;
                        });
            }
        }

        List<Long> order = sent.stream().sorted().toList();
        assertThat(order).hasSize(60);
        for (int i = 1; i < order.size(); i++) {
            assertThat(order.get(i) - order.get(i - 1)).isGreaterThanOrEqualTo(SECOND / rate);
        }
    }

    @Test
    void noMoreCallsAreInFlightThanAllowed() throws Exception {
        CallPacer pacer = new CallPacer(settings(1000, 2, "15m"), System::nanoTime);
        pacer.open();
        CallPacer.Turn first = sent(pacer);
        CallPacer.Turn second = sent(pacer);
        FutureTask<Void> third = inBackground(pacer);

        assertThat(third.isDone()).isFalse();
        first.close();

        third.get(5, TimeUnit.SECONDS);
        second.close();
    }

    @Test
    void aTurnThatIsNotUsedCostsNoTimeAndNoPlace() throws Exception {
        CallPacer pacer = opened(pacer(0.01, 1, "15m"));

        for (int i = 0; i < 10; i++) {
            pacer.await().close();
        }

        sent(pacer).close();
    }

    @Test
    void pausesDoubleFromOneSecondToSixty() throws Exception {
        CallPacer pacer = opened(pacer(1000, 1, "15m"));

        for (int seconds : new int[] {1, 2, 4, 8, 16, 32, 60, 60}) {
            long sentAt = sentNow(pacer);
            long throttledAt = clock.now();
            pacer.throttled(sentAt, null);

            leavesAt(pacer, throttledAt + seconds * SECOND);
            clock.set(clock.now() + SECOND); // beyond the interval of the halved rate
        }
    }

    @Test
    void aBurstOfRefusalsCountsOnce() throws Exception {
        CallPacer pacer = opened(pacer(1000, 8, "15m"));
        long[] sentAt = new long[5];
        for (int i = 0; i < 5; i++) {
            sentAt[i] = sentNow(pacer);
            clock.set(clock.now() + SECOND);
        }
        long throttledAt = clock.now();

        for (long at : sentAt) {
            pacer.throttled(at, null);
        }

        assertThat(pacer.rate()).isEqualTo(500);
        leavesAt(pacer, throttledAt + SECOND);
    }

    @Test
    void anAnswerToACallFromBeforeThePauseDoesNotEndTheDoubling() throws Exception {
        CallPacer pacer = opened(pacer(1000, 8, "15m"));
        long early = sentNow(pacer);
        clock.set(clock.now() + SECOND);
        pacer.throttled(sentNow(pacer), null);
        clock.set(clock.now() + 2 * SECOND);

        pacer.answered(early);

        assertThat(pacer.rate()).isEqualTo(500);
        long sentAt = sentNow(pacer);
        long throttledAt = clock.now();
        pacer.throttled(sentAt, null);
        leavesAt(pacer, throttledAt + 2 * SECOND);
    }

    @Test
    void theProvidersOwnWishWinsOverOurPause() throws Exception {
        CallPacer pacer = opened(pacer(1000, 1, "15m"));
        long sentAt = sentNow(pacer);
        long throttledAt = clock.now();

        pacer.throttled(sentAt, Duration.ofSeconds(300));

        leavesAt(pacer, throttledAt + 300 * SECOND);
    }

    @Test
    void theProvidersWishIsCapped() throws Exception {
        CallPacer pacer = opened(pacer(1000, 1, "20s"));
        long sentAt = sentNow(pacer);
        long throttledAt = clock.now();

        pacer.throttled(sentAt, Duration.ofDays(11));

        leavesAt(pacer, throttledAt + 20 * SECOND);
    }

    @Test
    void theRateIsHalvedAndRecoversToTheConfiguredOneAndNeverAboveIt() throws Exception {
        CallPacer pacer = opened(pacer(100, 1, "15m"));
        pacer.throttled(sentNow(pacer), null);
        assertThat(pacer.rate()).isEqualTo(50);

        clock.set(clock.now() + 2 * SECOND);
        List<Double> rates = new ArrayList<>();
        for (int i = 0; i < 15; i++) {
            long sentAt = sentNow(pacer);
            pacer.answered(sentAt);
            rates.add(pacer.rate());
            clock.set(clock.now() + SECOND);
        }

        assertThat(rates.getFirst()).isEqualTo(55);
        assertThat(rates).isSorted().allMatch(rate -> rate <= 100);
        assertThat(rates.get(9)).isEqualTo(100);
    }

    @Test
    void theRateNeverFallsToNothing() throws Exception {
        CallPacer pacer = opened(pacer(64, 1, "1s"));

        for (int i = 0; i < 20; i++) {
            pacer.throttled(sentNow(pacer), null);
            clock.set(clock.now() + 61 * SECOND);
        }

        assertThat(pacer.rate()).isEqualTo(1);
    }

    @Test
    void anAnswerEndsTheDoubling() throws Exception {
        CallPacer pacer = opened(pacer(1000, 1, "15m"));
        for (int i = 0; i < 3; i++) {
            pacer.throttled(sentNow(pacer), null);
            clock.set(clock.now() + 61 * SECOND);
        }
        pacer.answered(sentNow(pacer));
        clock.set(clock.now() + SECOND);

        long sentAt = sentNow(pacer);
        long throttledAt = clock.now();
        pacer.throttled(sentAt, null);

        leavesAt(pacer, throttledAt + SECOND);
    }

    @Test
    void theEndReachesThoseWhoWaitForTheRate() throws Exception {
        CallPacer pacer = new CallPacer(settings(0.01, 2, "15m"), System::nanoTime);
        pacer.open();
        sent(pacer).close();
        FutureTask<Void> waiting = inBackground(pacer);

        pacer.end("quota met");

        endsWith(waiting, "quota met");
    }

    @Test
    void theEndReachesThoseWhoWaitForAPlaceOrForTheirTurn() throws Exception {
        CallPacer pacer = new CallPacer(settings(1000, 2, "15m"), System::nanoTime);
        pacer.open();
        CallPacer.Turn held = pacer.await();
        FutureTask<Void> forItsTurn = inBackground(pacer);
        FutureTask<Void> forAPlace = inBackground(pacer);

        pacer.end("stopped");

        endsWith(forItsTurn, "stopped");
        endsWith(forAPlace, "stopped");
        held.close();
    }

    @Test
    void theFirstReasonToEndIsTheOneThatIsTold() {
        CallPacer pacer = opened(pacer(1000, 1, "15m"));

        pacer.end("first");
        pacer.end("second");

        assertThatThrownBy(pacer::await).hasMessage("first");
    }

    @Test
    void aTurnThatBeganBeforeTheEndMustNotBeSentAfterIt() throws Exception {
        CallPacer pacer = opened(pacer(1000, 1, "15m"));

        try (CallPacer.Turn turn = pacer.await()) {
            pacer.end("stopped");

            assertThatThrownBy(turn::sent).isInstanceOf(CallsEndedException.class);
        }

        pacer.open();
        sent(pacer).close();
    }

    @Test
    void openingAgainForgetsThePauseButNotTheDistanceToTheLastCall() throws Exception {
        CallPacer pacer = opened(pacer(1, 1, "15m"));
        long last = sentNow(pacer);
        pacer.throttled(last, Duration.ofMinutes(10));
        pacer.end("stopped");

        pacer.open();

        assertThat(pacer.rate()).isEqualTo(1);
        leavesAt(pacer, last + SECOND);
    }

    @Test
    void whoeverIsInterruptedWhileWaitingLeavesHisPlaceToOthers() throws Exception {
        CallPacer pacer = new CallPacer(settings(0.01, 1, "15m"), System::nanoTime);
        pacer.open();
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

    /** A call that is looked at a moment before leaves at the moment itself, not earlier. */
    private void leavesAt(CallPacer pacer, long expected) throws InterruptedException {
        clock.set(expected - NEARLY);
        assertThat(sentNow(pacer)).isBetween(expected, expected + NEARLY);
    }

    private long sentNow(CallPacer pacer) throws InterruptedException {
        try (CallPacer.Turn turn = pacer.await()) {
            turn.sent();
            return turn.sentAt();
        }
    }

    private static CallPacer.Turn sent(CallPacer pacer) throws InterruptedException {
        CallPacer.Turn turn = pacer.await();
        turn.sent();
        return turn;
    }

    private static Void leave(CallPacer pacer) throws InterruptedException {
        sent(pacer).close();
        return null;
    }

    private static FutureTask<Void> inBackground(CallPacer pacer) {
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

    private CallPacer pacer(double rate, int inFlight, String maxPause) {
        return new CallPacer(settings(rate, inFlight, maxPause), clock);
    }

    private static CallPacer opened(CallPacer pacer) {
        pacer.open();
        return pacer;
    }

    private static NoteSourceProperties settings(double rate, int inFlight, String maxPause) {
        return Settings.of(
                "calls-per-second", rate, "calls-in-flight", inFlight, "max-pause", maxPause);
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
