package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.AuditRepository.Area;
import io.github.notearchive.archive.catalog.AuditRepository.Place;
import io.github.notearchive.archive.catalog.AuditRepository.Queued;
import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.catalog.Expected;
import io.github.notearchive.archive.catalog.Expected.Verdict;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.Gate;
import io.github.notearchive.maintenance.verify.VerifyRunner.AuditRun;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.util.Collections;
import java.util.Iterator;
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

    private final AuditRepository catalog;
    private final Area area;
    private final ObjectCheck check;
    private final ObjectStore store;
    private final AuditRun audit;
    private final Iterator<Checked> checked;
    private Iterator<Queued> page = Collections.emptyIterator();
    private Place last = Place.FIRST;
    private volatile boolean isClosed;
    private long unread;
    private @Nullable StoreException lastFailure;

    VerdictReader(
            AuditRepository catalog, Area area, ObjectCheck check, ObjectStore store, AuditRun audit, int parallel) {
        this.catalog = catalog;
        this.area = area;
        this.check = check;
        this.store = store;
        this.audit = audit;
        this.checked = Stream.generate(this::next)
                .takeWhile(Optional::isPresent)
                .gather(Gatherers.mapConcurrent(parallel, next -> check(next.orElseThrow())))
                .iterator();
    }

    /** An object with its verdict or the error of the store, or neither if the audit ended before it was read. */
    private record Checked(
            Expected expected,
            Optional<Verdict> verdict,
            @Nullable StoreException error) {}

    private Optional<Expected> next() {
        if (isEnded()) {
            return Optional.empty();
        }
        if (!page.hasNext()) {
            page = catalog.queue(area, audit.since(), audit.options.repair(), last, PAGE)
                    .iterator();
        }
        if (!page.hasNext()) {
            return Optional.empty();
        }
        Queued next = page.next();
        last = next.place();
        return Optional.of(next.expected());
    }

    private Checked check(Expected expected) {
        try {
            return new Checked(expected, check.check(expected, this::isEnded), null);
        } catch (StoreException e) {
            return new Checked(expected, Optional.empty(), e);
        }
    }

    private boolean isEnded() {
        return isClosed || audit.gate().isClosed();
    }

    @Override
    public @Nullable Verdict read() {
        while (checked.hasNext()) {
            Checked next = checked.next();
            StoreException error = next.error();
            if (error == null && next.verdict().isPresent()) {
                audit.store.works();
                return next.verdict().get();
            }
            if (error != null && isOfOneObject(error)) {
                audit.store.works();
                Damage damage = new Damage(Damage.Kind.UNREADABLE, String.valueOf(error.getMessage()));
                return new Verdict(next.expected(), damage, 0);
            }
            if (error != null) {
                missed(next.expected(), error);
            }
        }
        if (lastFailure != null) {
            unavailable(unread + " objects could not be read, last: " + lastFailure.getMessage());
        }
        if (audit.gate().isClosed()) {
            Gate.endStep();
        }
        return null;
    }

    /** Returns whether the store is available and fails for this object only. Not requested during an outage. */
    private boolean isOfOneObject(StoreException error) {
        return !error.ofTheAccount() && audit.store.faults() == 0 && store.isReachable();
    }

    private void missed(Expected missed, StoreException error) {
        unread++;
        lastFailure = error;
        log.warn("{} could not be read, {}; the next audit checks it", missed.key(), error.getMessage());
        if (error.ofTheAccount() || audit.store.fails()) {
            unavailable(String.valueOf(error.getMessage()));
        }
    }

    private void unavailable(String reason) {
        audit.gate().close(ExitCode.UPSTREAM_UNAVAILABLE, reason);
    }

    @Override
    public void close() {
        isClosed = true;
    }
}
