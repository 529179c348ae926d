package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.AuditRepository.Area;
import io.github.notearchive.archive.catalog.AuditRepository.KeyRange;
import io.github.notearchive.archive.catalog.AuditRepository.Queued;
import io.github.notearchive.archive.catalog.Expected;
import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.catalog.Expected.Verdict;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.maintenance.verify.VerifyRunner.AuditRun;
import io.github.notearchive.store.StoreException;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import java.util.stream.Gatherers;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks the objects of a shard in parallel, and returns the verdicts in the order of the queue.
 *
 * <p>Stores no position: an object with a verdict leaves the queue. A closed gate ends the reading, also within an
 * object. An object that could not be read because the store was unavailable is read once more at the end; then it
 * closes the gate, since the audit must not be COMPLETED without it.
 */
final class VerdictSource implements Supplier<@Nullable Verdict> {

    /** Objects that are read from the queue at once. */
    private static final int READ_AHEAD = 500;

    private static final Logger log = LoggerFactory.getLogger(VerdictSource.class);

    private final AuditRepository catalog;
    private final ObjectCheck check;
    private final int parallel;
    private final Area area;
    private final KeyRange range;
    private final AuditRun audit;
    private Iterator<Checked> checked = Collections.emptyIterator();
    private String last;
    private long unread;
    private @Nullable StoreException lastFailure;
    private boolean isRepeated;

    VerdictSource(AuditRepository catalog, ObjectCheck check, int parallel, Area area, KeyRange range, AuditRun audit) {
        this.catalog = catalog;
        this.check = check;
        this.parallel = parallel;
        this.area = area;
        this.range = range;
        this.audit = audit;
        this.last = range.after();
    }

    /** A verdict; one with an error of the store only counts while the store is available. Null: none now. */
    private record Checked(
            @Nullable Verdict verdict, @Nullable StoreException error) {}

    /** Starts the checks of the next objects of the queue if those of the previous ones have ended. */
    private boolean hasNext() {
        if (!checked.hasNext()) {
            List<Queued> page = catalog.queue(
                    area, audit.since(), audit.options.repair(), new KeyRange(last, range.upper()), READ_AHEAD);
            last = page.isEmpty() ? last : page.getLast().id();
            checked = page.stream()
                    .map(Queued::expected)
                    .gather(Gatherers.mapConcurrent(parallel, this::check))
                    .iterator();
        }
        return checked.hasNext();
    }

    private Checked check(Expected expected) {
        try {
            return new Checked(check.check(expected, audit.gate()::isClosed), null);
        } catch (CancellationException e) {
            return new Checked(null, null);
        } catch (StoreException e) {
            Damage damage = new Damage(Damage.FindingKind.UNREADABLE, String.valueOf(e.getMessage()));
            return new Checked(new Verdict(expected, damage, 0), e);
        }
    }

    @Override
    public @Nullable Verdict get() {
        while (!audit.gate().isClosed() && hasNext()) {
            Checked next = checked.next();
            Verdict verdict = next.verdict();
            StoreException error = next.error();
            if (verdict == null) {
                continue;
            }
            if (error == null || isOfOneObject(error)) {
                audit.store.works();
                return verdict;
            }
            missed(verdict.expected(), error);
        }
        if (lastFailure != null && !isRepeated && !audit.gate().isClosed()) {
            isRepeated = true; // objects without a verdict are still in the queue
            last = range.after();
            unread = 0;
            lastFailure = null;
            return get();
        }
        if (lastFailure != null) {
            unavailable(
                    DisplayFormat.plural(unread, "object") + " could not be read, last: " + lastFailure.getMessage());
        }
        return null;
    }

    /** Returns whether the store is available and fails for this object only. Not requested during an outage. */
    private boolean isOfOneObject(StoreException error) {
        return !error.ofTheAccount() && audit.store.faults() == 0 && check.isStoreReachable();
    }

    private void missed(Expected missed, StoreException error) {
        unread++;
        lastFailure = error;
        log.warn("{} could not be read: {}", missed.key(), error.getMessage());
        if (error.ofTheAccount() || audit.store.fails()) {
            unavailable(String.valueOf(error.getMessage()));
        }
    }

    private void unavailable(String reason) {
        audit.gate().close(ExitCode.UPSTREAM_UNAVAILABLE, reason);
    }
}
