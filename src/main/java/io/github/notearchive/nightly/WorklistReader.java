package io.github.notearchive.nightly;

import io.github.notearchive.archive.worklist.ClaimRepository;
import io.github.notearchive.archive.worklist.ClaimRepository.Lanes;
import io.github.notearchive.archive.worklist.ClaimRepository.PendingWork;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.Gate;
import io.github.notearchive.batch.LogContext;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.time.Deadline;
import io.github.notearchive.provider.JustOneApiClient;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.configuration.annotation.StepScope;
import org.springframework.batch.infrastructure.item.ExecutionContext;
import org.springframework.batch.infrastructure.item.ItemStreamReader;
import org.springframework.dao.DataAccessException;

/**
 * Claims one due note at a time, for one worker. A note due for a refresh is claimed when no other is due, and while
 * the limits leave a call for it.
 *
 * <p>Without a note to claim, it waits while a note may become due tonight, and ends its input otherwise. A closed gate
 * ends the input immediately and terminates the step, so that the job is STOPPED and not COMPLETED. A note is in
 * progress from its claim until the next read, which follows the commit.
 */
@StepScope
class WorklistReader implements ItemStreamReader<WorklistItem> {

    private static final Logger log = LoggerFactory.getLogger(WorklistReader.class);

    /** Interval of queries while no note is due, by one worker for all. */
    private static final Duration QUERY_INTERVAL = Duration.ofMillis(250);

    /** Interval in which the other workers check the result of that query. */
    private static final Duration CHECK_INTERVAL = Duration.ofMillis(20);

    /** Time after which due rows without claim are considered locked by another session. */
    private static final Duration LOCKED_AFTER = Duration.ofMinutes(5);

    private final ClaimRepository claims;
    private final JustOneApiClient provider;
    private final NightlyBytes bytes;
    private final OutageRetry outages;
    private final RunState run;
    private @Nullable WorklistItem note;

    WorklistReader(
            ClaimRepository claims, JustOneApiClient provider, NightlyBytes bytes, OutageRetry outages, RunState run) {
        this.claims = claims;
        this.provider = provider;
        this.bytes = bytes;
        this.outages = outages;
        this.run = run;
    }

    @Override
    public void open(ExecutionContext context) {
        LogContext.execution(run.jobExecutionId()); // on the worker's own thread
    }

    @Override
    public @Nullable WorklistItem read() throws InterruptedException {
        boolean isAfterNote = note != null; // it may have been the last one in progress
        leaveNote();
        LogContext.note(null);
        while (!run.stopper.isClosed()) {
            Duration wait = isAfterNote ? Duration.ZERO : run.claims.waitBeforeClaim(QUERY_INTERVAL);
            isAfterNote = false;
            if (wait.isPositive()) {
                run.stopper.awaitClosed(wait.compareTo(CHECK_INTERVAL) < 0 ? wait : CHECK_INTERVAL);
            } else {
                try {
                    Optional<WorklistItem> claimed = outages.call(this::claim);
                    if (claimed.isPresent()) {
                        run.claims.resume();
                        LogContext.note(claimed.get().id());
                        return claimed.get();
                    }
                    if (!outages.<Boolean>call(this::isMoreToCome)) {
                        return null;
                    }
                } catch (DataAccessException e) {
                    if (!run.continuesAfter(e)) {
                        throw e;
                    }
                    log.warn("Claim failed: {}", DatabaseErrors.summary(e));
                }
            }
        }
        Gate.endStep();
        return null;
    }

    private Optional<WorklistItem> claim() {
        if (bytes.refusal().isPresent() || !run.claims.begin()) {
            claims.releaseUnconfirmed(run.node()); // the run would wait for them
            return Optional.empty();
        }
        try {
            Lanes lanes = lanes();
            Optional<WorklistItem> claimed = claims.claim(run.node(), lanes);
            // a refresh takes no call of other notes, and no two workers claim for the same call
            if (claimed.isEmpty() && lanes == Lanes.ALL && provider.refreshesLeft() >= run.claims.inProgress.get()) {
                claimed = claims.claim(run.node(), Lanes.REFRESHES);
            }
            note = claimed.orElse(null);
            return claimed;
        } finally {
            if (note == null) {
                run.claims.cancel();
            }
        }
    }

    private boolean isMoreToCome() {
        Instant now = run.now();
        // before the query: a concurrent claim may not be visible there yet
        boolean isLimitUsedUp = run.claims.isLimitUsedUp();
        Optional<StopReason> withoutCalls = run.withoutCalls;
        PendingWork outlook = claims.pendingWork(run.node(), lanes());
        boolean isDueNow = outlook.isDue(now)
                || (withoutCalls.isEmpty() && provider.refreshesLeft() > 0 && claims.isRefreshDue(run.node()));
        boolean isNoneHeld = outlook.heldByThisNode() == 0;
        if (isDueNow && isNoneHeld && isLimitUsedUp) {
            return close(new StopReason(ExitCode.INTERRUPTED, "--limit " + run.options.limit() + " is reached"));
        }
        if (!isDueNow && !outlook.hasMore(run.settings.archive().retry().windowFrom(now))) {
            if (withoutCalls.isPresent() && isAnyWaitingForCalls()) {
                return close(withoutCalls.get());
            }
            run.claims.resume(); // so that every worker ends now
            return false;
        }
        Optional<StopReason> usedUp = isNoneHeld ? bytes.refusal() : Optional.empty();
        if (usedUp.isPresent()) {
            return close(usedUp.get());
        }
        if (run.claims.isStuckFor(LOCKED_AFTER, isDueNow && isNoneHeld)) {
            String reason = "notes are due, but their rows are locked by another session of the database";
            return close(new StopReason(ExitCode.UPSTREAM_UNAVAILABLE, reason));
        }
        run.claims.pause(QUERY_INTERVAL);
        return true;
    }

    private boolean close(StopReason reason) {
        run.stopper.close(reason.exitCode(), reason.reason());
        return true;
    }

    private Lanes lanes() {
        return run.withoutCalls.isEmpty() ? Lanes.ALL : Lanes.HELD;
    }

    private boolean isAnyWaitingForCalls() {
        Instant tomorrow = run.tonight().ends();
        return claims.pendingWork(run.node(), Lanes.ALL).isDue(tomorrow) || claims.isRefreshDue(run.node());
    }

    private void leaveNote() {
        if (note != null) {
            claims.finished(note);
            note = null;
            run.claims.inProgress.decrementAndGet();
        }
    }

    @Override
    public void close() {
        LogContext.clear();
        leaveNote();
    }

    /** Limits the claims of the workers of a run: {@code --limit}, and pauses without due notes. Thread-safe. */
    static final class ClaimControl {

        private final Semaphore notesLeft;

        /** End of a pause; null while there is none. */
        private final AtomicReference<@Nullable Deadline> pause = new AtomicReference<>();

        private @Nullable Deadline stuckUntil;

        final AtomicInteger inProgress = new AtomicInteger();

        /** @param limit maximum number of claims; null for no limit */
        ClaimControl(@Nullable Long limit) {
            this.notesLeft = new Semaphore(limit == null ? Integer.MAX_VALUE : Math.clamp(limit, 0, Integer.MAX_VALUE));
        }

        /** Begins a claim; false if {@code --limit} is reached. The caller ends or cancels it. */
        boolean begin() {
            // before the claim: a worker that finds no more notes has to see this one
            inProgress.incrementAndGet();
            boolean isAllowed = notesLeft.tryAcquire();
            if (!isAllowed) {
                inProgress.decrementAndGet();
            }
            return isAllowed;
        }

        /** Ends a claim that found no note. */
        void cancel() {
            notesLeft.release();
            inProgress.decrementAndGet();
        }

        /** Returns whether {@code --limit} is reached, and no note is in progress. */
        boolean isLimitUsedUp() {
            return notesLeft.availablePermits() == 0 && inProgress.get() == 0;
        }

        /** Pauses claims for a time without due notes, so that idle workers do not repeat the same query. */
        void pause(Duration time) {
            pause.set(Deadline.in(time));
        }

        void resume() {
            pause.set(null);
        }

        /**
         * Returns how long a worker waits before it queries the worklist. After the pause, one worker queries and the
         * others wait for its result.
         */
        Duration waitBeforeClaim(Duration next) {
            Deadline end = pause.get();
            if (end == null) {
                return Duration.ZERO;
            }
            Duration left = end.left();
            if (left.isPositive()) {
                return left;
            }
            return pause.compareAndSet(end, Deadline.in(next)) ? Duration.ZERO : next;
        }

        /** Returns whether, at every check during this time, notes were due and none could be claimed. */
        synchronized boolean isStuckFor(Duration time, boolean isStuckNow) {
            if (!isStuckNow) {
                stuckUntil = null;
                return false;
            }
            stuckUntil = stuckUntil == null ? Deadline.in(time) : stuckUntil;
            return stuckUntil.isOver();
        }
    }
}
