package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.AuditRepository.Place;
import io.github.notearchive.archive.catalog.AuditRepository.Queued;
import io.github.notearchive.archive.catalog.Verdict;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.Gate;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.time.Instant;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Gatherers;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.infrastructure.item.ItemStreamReader;

/**
 * Checks objects in parallel, and returns the verdicts in the order of the queue.
 *
 * <p>Stores no position: an object with a verdict leaves the queue. A closed gate aborts the checks and marks the step
 * to terminate. So does an object that could not be read because the store was unavailable: the audit must not be
 * COMPLETED without it.
 */
final class VerdictReader implements ItemStreamReader<Verdict> {

    private static final Logger log = LoggerFactory.getLogger(VerdictReader.class);

    private static final int PAGE = 500;

    private final Queue queue;
    private final ObjectStore store;
    private final Gate gate;
    private final AuditRun audit;
    private final Iterator<Verdict> verdicts;
    private Iterator<Queued> page = Collections.emptyIterator();
    private Place last = Place.FIRST;
    private volatile boolean isClosed;
    private long unread;
    private @Nullable StoreException lastFailure;

    VerdictReader(Queue queue, ObjectCheck check, ObjectStore store, AuditRun audit, int parallel) {
        this.queue = queue;
        this.store = store;
        this.gate = audit.gate();
        this.audit = audit;
        this.verdicts = Stream.generate(this::next)
                .takeWhile(Optional::isPresent)
                .map(Optional::get)
                .gather(Gatherers.mapConcurrent(parallel, queued -> check.check(queued.expected(), this::isEnded)))
                .iterator();
    }

    /** Objects to check, page by page. */
    @FunctionalInterface
    interface Queue {

        List<Queued> next(Instant since, boolean repair, Place after, int limit);
    }

    private Optional<Queued> next() {
        if (isEnded()) {
            return Optional.empty();
        }
        if (!page.hasNext()) {
            page = queue.next(audit.since(), audit.options().repair(), last, PAGE)
                    .iterator();
        }
        Optional<Queued> next = page.hasNext() ? Optional.of(page.next()) : Optional.empty();
        next.ifPresent(queued -> last = queued.place());
        return next;
    }

    private boolean isEnded() {
        return isClosed || gate.isClosed();
    }

    @Override
    public @Nullable Verdict read() {
        while (verdicts.hasNext()) {
            Verdict verdict = verdicts.next();
            switch (verdict) {
                case Verdict.Intact _, Verdict.Damaged _ -> {
                    audit.store().works();
                    return verdict;
                }
                case Verdict.Unread missed -> {
                    if (isOfOneObject(missed.error())) {
                        audit.store().works();
                        return ObjectCheck.unreadable(missed);
                    }
                    missed(missed);
                }
                case Verdict.Untouched _ -> {}
            }
        }
        if (lastFailure != null) {
            gate.close(
                    ExitCode.UPSTREAM_UNAVAILABLE,
                    unread + " objects could not be read, last: " + lastFailure.getMessage());
        }
        if (gate.isClosed()) {
            Gate.endStep();
        }
        return null;
    }

    /** Returns whether the store is available and fails for this object only. Not requested during an outage. */
    private boolean isOfOneObject(StoreException error) {
        return !error.ofTheAccount() && audit.store().faults() == 0 && store.isReachable();
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

    @Override
    public void close() {
        isClosed = true;
    }
}
