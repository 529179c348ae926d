package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.Gate;
import io.github.notearchive.store.ListedObject;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.scope.context.ChunkContext;
import org.springframework.batch.core.step.StepContribution;
import org.springframework.batch.infrastructure.item.Chunk;
import org.springframework.batch.infrastructure.item.ExecutionContext;
import org.springframework.batch.infrastructure.repeat.RepeatStatus;

/** Finds and removes orphans: objects in the bucket that no row uses and that are older than a minimum age. */
final class Orphans {

    private static final Logger log = LoggerFactory.getLogger(Orphans.class);

    private static final int PAGE = 100;
    private static final String PLACE = "after";

    private final AuditRun audit;
    private final AuditRepository catalog;
    private final ObjectStore store;
    private final FixityProperties settings;
    private final Clock clock;

    Orphans(AuditRun audit, AuditRepository catalog, ObjectStore store, FixityProperties settings, Clock clock) {
        this.audit = audit;
        this.catalog = catalog;
        this.store = store;
        this.settings = settings;
        this.clock = clock;
    }

    /** Compares a chunk of the bucket's listing with the rows, and records orphans as findings. */
    void record(Chunk<? extends ListedObject> listed) {
        audit.listed.add(listed.size());
        Instant now = clock.instant();
        List<ListedObject> orphans = new ArrayList<>();
        for (ListedObject object : catalog.unreferenced(listed.getItems())) {
            if (isOld(object.modified(), now)) {
                orphans.add(object);
            } else {
                audit.young.increment();
            }
        }
        catalog.recordOrphans(orphans, now, audit.jobExecutionId());
        for (ListedObject orphan : orphans) {
            log.warn("ORPHAN {}: {} bytes, stored {}", orphan.name(), orphan.size(), orphan.modified());
        }
    }

    private boolean isOld(Instant modified, Instant now) {
        return modified.isBefore(now.minus(settings.orphanAge()));
    }

    /**
     * Removes a page of the orphans found by this audit if the options demand it, in one transaction. A resumed audit
     * checks those again that were found before removal was demanded.
     */
    RepeatStatus remove(StepContribution contribution, ChunkContext chunk) {
        if (!audit.options().deleteOrphans()) {
            return RepeatStatus.FINISHED;
        }
        ExecutionContext context = chunk.getStepContext().getStepExecution().getExecutionContext();
        List<String> names = catalog.orphans(audit.since(), context.getString(PLACE, ""), PAGE);
        for (String name : names) {
            if (audit.gate().isClosed()) {
                Gate.endStep();
                return RepeatStatus.CONTINUABLE;
            }
            removeAndCount(name);
            contribution.incrementWriteCount(1);
            context.putString(PLACE, name);
        }
        return names.isEmpty() ? RepeatStatus.FINISHED : RepeatStatus.CONTINUABLE;
    }

    private void removeAndCount(String name) {
        Optional<String> keptBecause;
        try {
            keptBecause = remove(name);
        } catch (StoreException e) {
            if (e.unreachable() || e.ofTheAccount()) {
                audit.gate().close(ExitCode.UPSTREAM_UNAVAILABLE, String.valueOf(e.getMessage()));
            }
            keptBecause = Optional.of(String.valueOf(e.getMessage()));
        }
        if (keptBecause.isPresent()) {
            audit.orphansLeft.add(name + ": " + keptBecause.get());
        } else {
            audit.orphansRemoved.add(name);
            log.warn("ORPHAN {}: removed", name);
        }
    }

    /**
     * Removes an orphan after checking again that it is one: no row uses it, no run is active that may write one, and
     * it is still old enough. None is removed while a sidecar is among the orphans: tables that do not contain a
     * response, such as those of another database, do not contain its files. A run that starts between check and
     * removal would have to call, download and store within it. Part of the caller's transaction.
     *
     * @return why it is kept; empty if it is removed
     */
    private Optional<String> remove(String name) {
        if (catalog.isRunActive()) {
            return Optional.of("a run is active; repeat when it has ended");
        }
        Optional<String> unknown = catalog.orphanedSidecar();
        if (unknown.isPresent()) {
            return Optional.of(
                    "the bucket contains a paid response that these tables do not contain, "
                            + unknown.get()
                            + ", and its note may use this object; check that database and bucket belong together, or move that sidecar elsewhere");
        }
        Instant now = clock.instant();
        Optional<Instant> modified = store.lastModified(name);
        if (modified.isPresent()) {
            if (!isOld(modified.get(), now)) {
                return Optional.of("it was stored again");
            }
            if (catalog.unreferenced(List.of(new ListedObject(name, 0, modified.get())))
                    .isEmpty()) {
                return Optional.of("a row uses it now");
            }
            catalog.deleteUnused(name);
            store.remove(name);
        }
        catalog.resolve(List.of(name), now);
        return Optional.empty();
    }
}
