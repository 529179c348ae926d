package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.CapturedNote;
import io.github.notearchive.archive.catalog.ConcurrentErasures;
import io.github.notearchive.archive.catalog.NoteChanges.Change;
import io.github.notearchive.archive.catalog.NoteRowWriter;
import io.github.notearchive.archive.catalog.Sidecars;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.RefreshResult;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.StateTransition;
import io.github.notearchive.archive.worklist.StateTransition.Counter;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.nightly.Disposition.Archived;
import io.github.notearchive.nightly.Disposition.Erased;
import io.github.notearchive.nightly.Disposition.Failed;
import io.github.notearchive.nightly.Disposition.Kept;
import io.github.notearchive.nightly.Disposition.Postponed;
import io.github.notearchive.nightly.Disposition.Released;
import io.github.notearchive.nightly.Disposition.Unavailable;
import io.github.notearchive.note.Night;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
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
import org.springframework.transaction.TransactionException;

/**
 * Writes dispositions: media objects, then the sidecar, then catalog rows and worklist row in one transaction. All of
 * it is repeated during an outage of database or store. No transaction is open during an upload.
 *
 * <p>If the claim was lost, no row is written. Objects stored for it remain: they are content-addressed, so the owner
 * of the claim reuses them.
 */
@Component
class DispositionWriter implements ItemWriter<Disposition> {

    private static final Logger log = LoggerFactory.getLogger(DispositionWriter.class);

    private final ObjectStore store;
    private final MediaUploader uploader;
    private final Sidecars sidecars;
    private final NoteRowWriter rows;
    private final ConcurrentErasures forgotten;
    private final RunStopper gate;
    private final ActiveRuns runs;
    private final PostponementPolicy retries;
    private final OutageRetry outages;
    private final Clock clock;

    DispositionWriter(
            ObjectStore store,
            MediaUploader uploader,
            Sidecars sidecars,
            NoteRowWriter rows,
            ConcurrentErasures forgotten,
            RunStopper gate,
            ActiveRuns runs,
            PostponementPolicy retries,
            OutageRetry outages,
            Clock clock) {
        this.store = store;
        this.uploader = uploader;
        this.sidecars = sidecars;
        this.rows = rows;
        this.forgotten = forgotten;
        this.gate = gate;
        this.runs = runs;
        this.retries = retries;
        this.outages = outages;
        this.clock = clock;
    }

    @Override
    public void write(Chunk<? extends Disposition> chunk) {
        for (Disposition disposition : chunk) {
            try (CollectedMedia _ = disposition.files()) {
                writeOrRelease(disposition);
            }
        }
    }

    private void writeOrRelease(Disposition disposition) {
        try {
            outages.run(() -> write(disposition));
            runs.current().databaseWorks();
        } catch (StoreException e) {
            outages.run(() -> onStoreFailure(disposition.claimed(), e));
        } catch (DataAccessException | TransactionException e) {
            if (!runs.current().continuesAfter(e)) {
                throw e; // failure of the database, not of the note
            }
            String reason = "the database rolled back its rows: " + DatabaseErrors.summary(e);
            log.warn("Note {}: {}; it is released", disposition.claimed().id(), reason);
            outages.run(() -> release(disposition.claimed(), reason));
        }
    }

    private void write(Disposition disposition) {
        switch (disposition) {
            case Archived(var claimed, var files, var transition) -> persist(claimed, files, transition);
            case Postponed(var claimed, var files, var transition) -> persist(claimed, files, transition);
            case Failed(var claimed, var files, var transition) -> persist(claimed, files, transition);
            case Unavailable(var claimed, var files, var transition) -> persist(claimed, files, transition);
            case Kept(var claimed, var result) -> keep(claimed, result);
            case Erased(var claimed) -> forget(claimed);
            case Released(var claimed, var files, var reason) -> release(claimed, files, reason);
        }
    }

    private void persist(WorklistItem claimed, @Nullable CollectedMedia files, StateTransition transition) {
        Instant now = now();
        try (MediaUploader.Upload upload = uploader.start()) {
            CapturedNote note =
                    files == null ? null : upload.store(files, transition.state() == NoteState.ARCHIVED, now);
            WorklistRow row = claimed.row().apply(transition, now);
            if (!sidecars.write(claimed, note, row)) {
                lost(claimed);
                return;
            }
            if (note == null) {
                settleAndCount(claimed, transition, row);
                return;
            }
            runs.current().storeWorks();
            if (!record(claimed, note, transition, row, now)) {
                return;
            }
            upload.settle();
            if (files != null && claimed.state() != NoteState.ARCHIVED && transition.state() == NoteState.ARCHIVED) {
                runs.current().filesDegraded.add(files.lesser().count());
            }
        } catch (StoreException | DataAccessException | TransactionException e) {
            throw e; // failure of store or database, not of the note
        } catch (RuntimeException e) {
            fail(claimed, e);
        }
    }

    /** Releases a note and stores its collected media, whose URLs may expire. */
    private void release(WorklistItem claimed, @Nullable CollectedMedia files, String reason) {
        if (files == null) {
            release(claimed, reason);
            return;
        }
        Instant now = now();
        try (MediaUploader.Upload upload = uploader.start()) {
            CapturedNote note = upload.store(files, false, now);
            if (!sidecars.write(claimed, note, null)) {
                lost(claimed);
                return;
            }
            recordReleased(claimed, note, reason, now);
            upload.settle();
        } catch (DataAccessException | TransactionException e) {
            throw e; // failure of the database, not of the note
        } catch (RuntimeException e) {
            if (e instanceof StoreException store && store.unreachable()) {
                throw e; // failure of the store, not of the note
            }
            log.warn("Note {}: its media could not be stored", claimed.id(), e);
            release(claimed, reason);
        }
    }

    private void recordReleased(WorklistItem claimed, CapturedNote note, String reason, Instant now) {
        try {
            countReleased(claimed, rows.release(claimed, note, now), reason);
        } catch (NonTransientDataAccessException e) {
            cannotBeWritten(claimed, e);
        }
    }

    /**
     * Handles a store error. An unavailable store counts no attempt of the note and stops the run if it lasts. A file
     * rejected by an available store counts an attempt, so that the note does not block the worklist permanently.
     */
    private void onStoreFailure(WorklistItem claimed, StoreException e) {
        String reason = "the store rejected its files: " + e.getMessage();
        log.warn("Note {}: {}; its response is kept", claimed.id(), reason);
        boolean ofTheNote = store.isWritable() && !e.ofTheAccount();
        if (!ofTheNote) {
            runs.current().storeFails(e, e.refused());
        }
        if (claimed.refreshNight() != null) {
            keepWithoutSidecar(claimed, retries.forRefresh(claimed, 0, StateReason.STORE_ERROR, reason, true));
        } else if (claimed.state() == NoteState.ARCHIVED) {
            settleAndCount(
                    claimed, PostponementPolicy.archived(Night.current(clock).ends()));
        } else if (ofTheNote && gate.stopReason().isEmpty()) {
            settleAndCount(claimed, retries.forMedia(claimed, StateReason.STORE_ERROR, reason, e.unreachable()));
        } else {
            release(claimed, reason);
        }
    }

    private boolean record(
            WorklistItem claimed, CapturedNote note, StateTransition transition, WorklistRow row, Instant now) {
        try {
            Optional<Change> change =
                    rows.record(claimed, note, row, runs.current().jobExecutionId(), now);
            change.ifPresentOrElse(c -> runs.current().settled(claimed, transition, c), () -> lost(claimed));
            return change.isPresent();
        } catch (NonTransientDataAccessException e) {
            cannotBeWritten(claimed, e);
            return false;
        }
    }

    private void cannotBeWritten(WorklistItem claimed, NonTransientDataAccessException e) {
        if (DatabaseErrors.isUnavailable(e) || DatabaseErrors.isUndone(e) || DatabaseErrors.isRefused(e)) {
            throw e; // failure of the database, not of the note
        }
        fail(claimed, e);
    }

    /**
     * Fails a note whose data cannot be written, so that it does not stop every night; the response remains in the
     * ledger.
     */
    private void fail(WorklistItem claimed, RuntimeException e) {
        if (claimed.refreshNight() != null) {
            log.warn("Note {}: its new response cannot be written", claimed.id(), e);
            keepWithoutSidecar(
                    claimed,
                    retries.forRefresh(claimed, 0, StateReason.WRITE_FAILED, DatabaseErrors.summary(e), false));
            return;
        }
        if (claimed.state() == NoteState.ARCHIVED) {
            log.warn("Note {}: its better rendition cannot be written", claimed.id(), e);
            settleAndCount(claimed, PostponementPolicy.archived(null));
            return;
        }
        log.warn(
                "Note {}: failed permanently, its data cannot be written; the response is kept in the ledger",
                claimed.id(),
                e);
        settleAndCount(
                claimed,
                new StateTransition(
                        NoteState.FAILED,
                        Counter.NONE,
                        null,
                        0,
                        StateReason.WRITE_FAILED,
                        DatabaseErrors.summary(e),
                        null,
                        false));
    }

    private void forget(WorklistItem claimed) {
        if (forgotten.erase(claimed, now())) {
            runs.current().erased.increment();
            log.warn("Note {}: its author is erased; nothing is stored", claimed.id());
        } else {
            logLostClaim(claimed);
        }
    }

    private void keep(WorklistItem claimed, RefreshResult result) {
        WorklistRow row = claimed.row().apply(result, now());
        if (!sidecars.write(claimed, null, row)) {
            logLostClaim(claimed);
            return;
        }
        keep(claimed, result, row);
    }

    /** Settles a refresh whose sidecar cannot be written. */
    private void keepWithoutSidecar(WorklistItem claimed, RefreshResult result) {
        keep(claimed, result, claimed.row().apply(result, now()));
    }

    private void keep(WorklistItem claimed, RefreshResult result, WorklistRow row) {
        RunState run = runs.current();
        if (!rows.settle(claimed, row, run.jobExecutionId())) {
            logLostClaim(claimed);
        } else if (result.state() != claimed.state()) {
            run.refreshesUnavailable.increment();
        } else {
            run.refreshesPostponed.increment();
        }
    }

    /** Settles a note whose sidecar cannot be written. */
    private void settleAndCount(WorklistItem claimed, StateTransition transition) {
        settleAndCount(claimed, transition, claimed.row().apply(transition, now()));
    }

    private void settleAndCount(WorklistItem claimed, StateTransition transition, WorklistRow row) {
        if (rows.settle(claimed, row, runs.current().jobExecutionId())) {
            runs.current().settled(claimed, transition);
        } else {
            lost(claimed);
        }
    }

    private void release(WorklistItem claimed, String reason) {
        countReleased(claimed, rows.release(claimed), reason);
    }

    private void countReleased(WorklistItem claimed, boolean held, String reason) {
        if (held) {
            runs.current().released.increment();
            log.debug("Note {}: released, {}", claimed.id(), reason);
        } else {
            logLostClaim(claimed);
        }
    }

    /** Returns the current time in the precision of the database, so that row and sidecar are equal. */
    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    /**
     * Handles a lost claim. Another node may have postponed the note because the response was not in the ledger; it is
     * there now, so the note is set due.
     */
    private void lost(WorklistItem claimed) {
        logLostClaim(claimed);
        rows.setDue(claimed);
    }

    private static void logLostClaim(WorklistItem claimed) {
        log.warn("Note {}: claim {} was lost to another worker; nothing was written", claimed.id(), claimed.claim());
    }
}
