package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.AuditRepository.Place;
import io.github.notearchive.archive.catalog.AuditRepository.Queued;
import io.github.notearchive.archive.catalog.Expected;
import io.github.notearchive.archive.catalog.Verdict;
import io.github.notearchive.batch.CurrentStep;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
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
 * Looks at objects side by side, and hands out the verdicts as they come, so that a long one holds up no other.
 *
 * <p>It keeps no place: what has a verdict leaves the line that it reads from. A closed gate ends it, with what is
 * being read put down, and marks the step to terminate; so does an object that could not be looked at because the store
 * was away, or the audit would be COMPLETED without it.
 */
class VerdictReader implements ItemStreamReader<Verdict> {

    private static final Logger log = LoggerFactory.getLogger(VerdictReader.class);

    private static final int PAGE = 500;

    /** So many wait for a thread or for the writer, so that neither waits for the other. */
    private static final int AHEAD = 2 * VerifyJob.CHUNK;

    private final Line line;
    private final ObjectCheck check;
    private final ObjectStore store;
    private final JobStopper gate;
    private final ActiveAudit audit;
    private final int parallel;

    private final Queue<Queued> page = new ArrayDeque<>();
    private Place last = Place.FIRST;
    private boolean isLineOver;
    private @Nullable ExecutorService threads;
    private @Nullable CompletionService<Verdict> checks;
    private int underWay;
    private long unread;
    private @Nullable StoreException lastTrouble;

    VerdictReader(Line line, ObjectCheck check, ObjectStore store, JobStopper gate, ActiveAudit audit, int parallel) {
        this.line = line;
        this.check = check;
        this.store = store;
        this.gate = gate;
        this.audit = audit;
        this.parallel = parallel;
    }

    /** What is to be looked at, page by page. */
    @FunctionalInterface
    interface Line {
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
            throw new IllegalStateException("It is not open");
        }
        while (true) {
            while (underWay < AHEAD && !gate.isClosed()) {
                Expected next = next();
                if (next == null) {
                    break;
                }
                var _ = running.submit(() -> check.check(next, gate::isClosed));
                underWay++;
            }
            if (underWay == 0) {
                end();
                return null;
            }
            Verdict verdict = take(running);
            underWay--;
            switch (verdict) {
                case Verdict.Intact _, Verdict.Damaged _ -> {
                    audit.storeWorks();
                    return verdict;
                }
                case Verdict.Unread missed -> {
                    if (isOnlyThis(missed)) {
                        audit.storeWorks();
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
            throw new IllegalStateException("An object was looked at without a verdict: " + e.getCause(), e.getCause());
        }
    }

    private @Nullable Expected next() {
        if (page.isEmpty() && !isLineOver) {
            page.addAll(line.next(audit.since(), audit.options().repair(), last, PAGE));
            isLineOver = page.size() < PAGE;
        }
        Queued queued = page.poll();
        if (queued == null) {
            return null;
        }
        last = queued.place();
        return queued.expected();
    }

    /**
     * Whether the store is there and has trouble with this object alone. Not asked again while it is known to be away.
     */
    private boolean isOnlyThis(Verdict.Unread missed) {
        return !missed.error().ofTheAccount() && !audit.isStoreAway() && store.isReachable();
    }

    private void missed(Verdict.Unread missed) {
        unread++;
        lastTrouble = missed.error();
        log.warn(
                "{} could not be read, {}; it is left to the next audit",
                missed.expected().key(),
                missed.error().getMessage());
        audit.storeFails(missed.error(), missed.error().ofTheAccount(), gate);
    }

    private void end() {
        if (lastTrouble != null) {
            gate.close(
                    ExitCode.UPSTREAM_UNAVAILABLE,
                    unread + " objects could not be read, at last: " + lastTrouble.getMessage());
        }
        if (gate.isClosed()) {
            CurrentStep.end();
        }
    }

    @Override
    public void close() {
        if (threads != null) {
            threads.shutdownNow();
        }
    }
}
