package io.github.notearchive.job;

import io.github.notearchive.catalog.CapturedNote;
import io.github.notearchive.catalog.NoteChanges.Change;
import io.github.notearchive.job.NoteDisposition.Archived;
import io.github.notearchive.job.NoteDisposition.Failed;
import io.github.notearchive.job.NoteDisposition.Forgotten;
import io.github.notearchive.job.NoteDisposition.Kept;
import io.github.notearchive.job.NoteDisposition.Postponed;
import io.github.notearchive.job.NoteDisposition.Released;
import io.github.notearchive.job.NoteDisposition.Unavailable;
import io.github.notearchive.note.Night;
import io.github.notearchive.objectstore.ObjectStore;
import io.github.notearchive.objectstore.StoreException;
import io.github.notearchive.sidecar.Sidecars;
import io.github.notearchive.sql.Trouble;
import io.github.notearchive.worklist.ClaimedNote;
import io.github.notearchive.worklist.NoteState;
import io.github.notearchive.worklist.Settlement;
import io.github.notearchive.worklist.Settlement.Counter;
import io.github.notearchive.worklist.Upkeep;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.infrastructure.item.Chunk;
import org.springframework.batch.infrastructure.item.ItemWriter;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.NonTransientDataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Writes what was decided: objects with the sidecar last, then catalog rows, then the worklist row, these two in one
 * transaction, which is repeated during an outage of database or store.
 *
 * <p>A claim that was lost meanwhile writes no row. Objects that were stored for it stay: they are named by their
 * content, so whoever holds the claim finds them there.
 */
@Component
class NoteDispositionWriter implements ItemWriter<NoteDisposition> {

    private static final Logger log = LoggerFactory.getLogger(NoteDispositionWriter.class);

    private final ObjectStore store;
    private final HarvestStore harvests;
    private final Sidecars sidecars;
    private final NoteRows rows;
    private final ForgottenMeanwhile forgotten;
    private final RunGate gate;
    private final ActiveRuns runs;
    private final Retries retries;
    private final OutageRetry outages;
    private final TransactionTemplate transaction;
    private final Clock clock;

    NoteDispositionWriter(
            ObjectStore store,
            HarvestStore harvests,
            Sidecars sidecars,
            NoteRows rows,
            ForgottenMeanwhile forgotten,
            RunGate gate,
            ActiveRuns runs,
            Retries retries,
            OutageRetry outages,
            PlatformTransactionManager transactions,
            Clock clock) {
        this.store = store;
        this.harvests = harvests;
        this.sidecars = sidecars;
        this.rows = rows;
        this.forgotten = forgotten;
        this.gate = gate;
        this.runs = runs;
        this.retries = retries;
        this.outages = outages;
        this.transaction = new TransactionTemplate(transactions);
        this.clock = clock;
    }

    @Override
    public void write(Chunk<? extends NoteDisposition> chunk) {
        for (NoteDisposition disposition : chunk) {
            try (Harvest _ = disposition.harvest()) {
                writeOrRelease(disposition);
            }
        }
    }

    private void writeOrRelease(NoteDisposition disposition) {
        try {
            inTransaction(() -> write(disposition));
            runs.current().databaseWorks();
        } catch (StoreException e) {
            inTransaction(() -> storeFails(disposition.claimed(), e));
        } catch (DataAccessException | TransactionException e) {
            if (!runs.current().outlives(e)) {
                throw e; // the database, not the note
            }
            String obstacle = "the database undid its rows: " + Trouble.describe(e);
            log.warn("Note {}: {}; it is released", disposition.claimed().id(), obstacle);
            inTransaction(() -> release(disposition.claimed(), obstacle));
        }
    }

    private void inTransaction(Runnable step) {
        outages.run(() -> transaction.executeWithoutResult(_ -> step.run()));
    }

    private void write(NoteDisposition disposition) {
        switch (disposition) {
            case Archived(var claimed, var harvest, var settlement) -> bringIn(claimed, harvest, settlement);
            case Postponed(var claimed, var harvest, var settlement) -> bringIn(claimed, harvest, settlement);
            case Failed(var claimed, var harvest, var settlement) -> bringIn(claimed, harvest, settlement);
            case Unavailable(var claimed, var harvest, var settlement) -> bringIn(claimed, harvest, settlement);
            case Kept(var claimed, var upkeep) -> keep(claimed, upkeep);
            case Forgotten(var claimed) -> forget(claimed);
            case Released(var claimed, var harvest, var reason) -> handBack(claimed, harvest, reason);
        }
    }

    private void bringIn(ClaimedNote claimed, @Nullable Harvest harvest, Settlement settlement) {
        Instant now = now();
        try {
            CapturedNote note =
                    harvest == null ? null : harvests.store(harvest, settlement.state() == NoteState.ARCHIVED, now);
            if (!sidecars.tell(claimed, note, settlement, now)) {
                lost(claimed);
                return;
            }
            if (note == null) {
                settleAndCount(claimed, settlement, now);
                return;
            }
            runs.current().storeWorks();
            if (record(claimed, note, settlement, now)
                    && harvest != null
                    && claimed.state() != NoteState.ARCHIVED
                    && settlement.state() == NoteState.ARCHIVED) {
                whenCommitted(
                        () -> runs.current().filesLesser.add(harvest.lesser().count()));
            }
        } catch (StoreException | DataAccessException | TransactionException e) {
            throw e; // the store or the database, not the note
        } catch (RuntimeException e) {
            giveUp(claimed, e);
        }
    }

    /** What is in hand may be gone tomorrow, so it is kept even though nothing is decided. */
    private void handBack(ClaimedNote claimed, @Nullable Harvest harvest, String reason) {
        if (harvest == null) {
            release(claimed, reason);
            return;
        }
        Instant now = now();
        try {
            CapturedNote note = harvests.store(harvest, false, now);
            if (!sidecars.tell(claimed, note, null, now)) {
                lost(claimed);
                return;
            }
            recordReleased(claimed, note, reason, now);
        } catch (DataAccessException | TransactionException e) {
            throw e; // the database, not the note
        } catch (RuntimeException e) {
            if (e instanceof StoreException store && store.unreachable()) {
                throw e; // the store, not the note
            }
            log.warn("Note {}: what it brought in could not be kept", claimed.id(), e);
            release(claimed, reason);
        }
    }

    private void recordReleased(ClaimedNote claimed, CapturedNote note, String reason, Instant now) {
        try {
            countReleased(claimed, rows.release(claimed, note, now), reason);
        } catch (NonTransientDataAccessException e) {
            cannotBeWritten(claimed, e);
        }
    }

    /**
     * A store that is away costs no note anything, and ends the run when it stays so. A file that a store which is
     * there does not take costs its note a place, or it would be the first in line for ever.
     */
    private void storeFails(ClaimedNote claimed, StoreException e) {
        String obstacle = "the store does not take its files: " + e.getMessage();
        log.warn("Note {}: {}; its answer is kept", claimed.id(), obstacle);
        boolean ofTheNote = store.takes() && !e.ofTheAccount();
        if (!ofTheNote) {
            runs.current().storeFails(e, e.refused(), gate);
        }
        if (claimed.refreshNight() != null) {
            keep(claimed, retries.forRefresh(claimed, 0, "put off: " + obstacle, true), now());
        } else if (claimed.state() == NoteState.ARCHIVED) {
            settleAndCount(claimed, Retries.archived(Night.current(clock).ends()));
        } else if (ofTheNote && gate.closure().isEmpty()) {
            settleAndCount(claimed, retries.forMedia(claimed, obstacle, e.unreachable()));
        } else {
            release(claimed, obstacle);
        }
    }

    private boolean record(ClaimedNote claimed, CapturedNote note, Settlement settlement, Instant now) {
        try {
            Optional<Change> change = rows.record(claimed, note, settlement, now);
            change.ifPresentOrElse(
                    c -> whenCommitted(() -> runs.current().settled(claimed, settlement, c)), () -> lost(claimed));
            return change.isPresent();
        } catch (NonTransientDataAccessException e) {
            cannotBeWritten(claimed, e);
            return false;
        }
    }

    private void cannotBeWritten(ClaimedNote claimed, NonTransientDataAccessException e) {
        if (Trouble.isOutOfReach(e) || Trouble.isUndone(e) || Trouble.isRefused(e)) {
            throw e; // the database, not the note
        }
        giveUp(claimed, e);
    }

    /** An answer that cannot be written must not break every night; it stays in the ledger. */
    private void giveUp(ClaimedNote claimed, RuntimeException e) {
        if (claimed.refreshNight() != null) {
            log.warn("Note {}: its new answer cannot be written", claimed.id(), e);
            keep(claimed, retries.forRefresh(claimed, 0, "cannot be written: " + Trouble.describe(e), false), now());
            return;
        }
        if (claimed.state() == NoteState.ARCHIVED) {
            log.warn("Note {}: its better rendition cannot be written", claimed.id(), e);
            settleAndCount(claimed, Retries.archived(null));
            return;
        }
        log.warn(
                "Note {}: its answer cannot be written; it is given up, the answer is kept in the" + " ledger",
                claimed.id(),
                e);
        settleAndCount(
                claimed,
                new Settlement(
                        NoteState.FAILED,
                        Counter.NONE,
                        null,
                        0,
                        "its answer cannot be written: " + Trouble.describe(e),
                        null,
                        false));
    }

    private void forget(ClaimedNote claimed) {
        if (forgotten.takeOut(claimed, now())) {
            whenCommitted(() -> runs.current().forgotten.increment());
            log.warn("Note {}: its author is forgotten, so nothing is kept of it", claimed.id());
        } else {
            logLost(claimed);
        }
    }

    private void keep(ClaimedNote claimed, Upkeep upkeep) {
        Instant now = now();
        if (!sidecars.tell(claimed, upkeep, now)) {
            logLost(claimed);
            return;
        }
        keep(claimed, upkeep, now);
    }

    private void keep(ClaimedNote claimed, Upkeep upkeep, Instant now) {
        ActiveRun run = runs.current();
        if (!rows.keep(claimed, upkeep, now)) {
            logLost(claimed);
        } else if (upkeep.state() != claimed.state()) {
            whenCommitted(run.refreshedGone::increment);
        } else {
            whenCommitted(run.refreshesPutOff::increment);
        }
    }

    /** What is decided when the bucket cannot be told of it. */
    private void settleAndCount(ClaimedNote claimed, Settlement settlement) {
        settleAndCount(claimed, settlement, now());
    }

    private void settleAndCount(ClaimedNote claimed, Settlement settlement, Instant now) {
        if (rows.settle(claimed, settlement, now)) {
            whenCommitted(() -> runs.current().settled(claimed, settlement));
        } else {
            lost(claimed);
        }
    }

    private void release(ClaimedNote claimed, String reason) {
        countReleased(claimed, rows.release(claimed), reason);
    }

    private void countReleased(ClaimedNote claimed, boolean held, String reason) {
        if (held) {
            whenCommitted(() -> runs.current().released.increment());
            log.debug("Note {}: handed back, {}", claimed.id(), reason);
        } else {
            logLost(claimed);
        }
    }

    /** Counts what a transaction did, once, although it may be repeated. */
    private static void whenCommitted(Runnable count) {
        TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {
            @Override
            public void afterCommit() {
                count.run();
            }
        });
    }

    /** The present, as exactly as a row can say it, so that a sidecar says the same. */
    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    /**
     * The claim was lost. Another node may have postponed the note since the response was not in the ledger then; it is
     * there now, so the note is due.
     */
    private void lost(ClaimedNote claimed) {
        logLost(claimed);
        rows.setDue(claimed);
    }

    private static void logLost(ClaimedNote claimed) {
        log.warn("Note {}: claim {} was lost to another worker; nothing is written", claimed.id(), claimed.claim());
    }
}
