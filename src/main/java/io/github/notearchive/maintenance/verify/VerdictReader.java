package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.AuditRepository.Place;
import io.github.notearchive.archive.catalog.AuditRepository.Queued;
import io.github.notearchive.archive.catalog.Expected;
import io.github.notearchive.archive.catalog.Verdict;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.Gate;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.infrastructure.item.ExecutionContext;
import org.springframework.batch.infrastructure.item.ItemStreamReader;

/**
 * Checks objects in parallel, and returns the verdicts in the order of their completion.
 *
 * <p>Stores no position: an object with a verdict leaves the queue. A closed gate aborts the checks and marks the step
 * to terminate. So does an object that could not be read because the store was unavailable: the audit must not be
 * COMPLETED without it.
 */
class VerdictReader implements ItemStreamReader<Verdict> {

    private static final Logger log = LoggerFactory.getLogger(VerdictReader.class);

    private static final int PAGE = 500;

    /** Maximum number of checks that are submitted or wait for the writer. */
    private static final int AHEAD = 2 * VerifyJob.CHUNK;

    private final Queue queue;
    private final ObjectCheck check;
    private final ObjectStore store;
    private final Gate gate;
    private final AuditRun audit;
    private final int parallel;

    private final Deque<Queued> page = new ArrayDeque<>();
    private Place last = Place.FIRST;
    private boolean isQueueEmpty;
    private @Nullable ExecutorService threads;
    private @Nullable CompletionService<Verdict> checks;
    private int inProgress;
    private long unread;
    private @Nullable StoreException lastFailure;

    VerdictReader(Queue queue, ObjectCheck check, ObjectStore store, AuditRun audit, int parallel) {
        this.queue = queue;
        this.check = check;
        this.store = store;
        this.gate = audit.gate();
        this.audit = audit;
        this.parallel = parallel;
    }

    /** Objects to check, page by page. */
    @FunctionalInterface
    interface Queue {
        List<Queued> next(Instant since, boolean repair, Place after, int limit);
    }

    @Override
    public void open(ExecutionContext context) {
        threads = Executors.newFixedThreadPool(parallel, Thread.ofVirtual().factory());
        checks = new ExecutorCompletionService<>(threads);
    }

    @Override
    public @Nullable Verdict read() throws InterruptedException {
        CompletionService<Verdict> running = checks;
        if (running == null) {
            throw new IllegalStateException("The reader is not open");
        }
        while (true) {
            while (inProgress < AHEAD && !gate.isClosed()) {
                Expected next = next();
                if (next == null) {
                    break;
                }
                var _ = running.submit(() -> check.check(next, gate::isClosed));
                inProgress++;
            }
            if (inProgress == 0) {
                end();
                return null;
            }
            Verdict verdict = take(running);
            inProgress--;
            switch (verdict) {
                case Verdict.Intact _, Verdict.Damaged _ -> {
                    audit.store().works();
                    return verdict;
                }
                case Verdict.Unread missed -> {
                    if (isOfOneObject(missed)) {
                        audit.store().works();
                        return ObjectCheck.unreadable(missed);
                    }
                    missed(missed);
                }
                case Verdict.Untouched _ -> {}
            }
        }
    }

    private static Verdict take(CompletionService<Verdict> running) throws InterruptedException {
        try {
            return running.take().get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("An object was checked without a verdict: " + e.getCause(), e.getCause());
        }
    }

    private @Nullable Expected next() {
        if (page.isEmpty() && !isQueueEmpty) {
            page.addAll(queue.next(audit.since(), audit.options().repair(), last, PAGE));
            isQueueEmpty = page.size() < PAGE;
        }
        Queued queued = page.poll();
        if (queued == null) {
            return null;
        }
        last = queued.place();
        return queued.expected();
    }

    /** Returns whether the store is available and fails for this object only. Not requested during an outage. */
    private boolean isOfOneObject(Verdict.Unread missed) {
        return !missed.error().ofTheAccount() && audit.store().faults() == 0 && store.isReachable();
    }

    private void missed(Verdict.Unread missed) {
        unread++;
        lastFailure = missed.error();
        log.warn(
                "{} could not be read, {}; the next audit checks it",
                missed.expected().key(),
                missed.error().getMessage());
        if (missed.error().ofTheAccount() || audit.store().fails()) {
            gate.close(
                    ExitCode.UPSTREAM_UNAVAILABLE, String.valueOf(missed.error().getMessage()));
        }
    }

    private void end() {
        if (lastFailure != null) {
            gate.close(
                    ExitCode.UPSTREAM_UNAVAILABLE,
                    unread + " objects could not be read, last: " + lastFailure.getMessage());
        }
        if (gate.isClosed()) {
            Gate.endStep();
        }
    }

    @Override
    public void close() {
        if (threads != null) {
            threads.shutdownNow();
        }
    }
}
