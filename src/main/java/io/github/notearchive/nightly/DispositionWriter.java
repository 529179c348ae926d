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
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.nightly.Disposition.Archived;
import io.github.notearchive.nightly.Disposition.Erased;
import io.github.notearchive.nightly.Disposition.Failed;
import io.github.notearchive.nightly.Disposition.Kept;
import io.github.notearchive.nightly.Disposition.Postponed;
import io.github.notearchive.nightly.Disposition.Released;
import io.github.notearchive.nightly.Disposition.Unavailable;
import io.github.notearchive.nightly.WorkItem.ArchivedNote;
import io.github.notearchive.nightly.WorkItem.NewNote;
import io.github.notearchive.nightly.WorkItem.RefreshNote;
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
import org.springframework.transaction.TransactionException;

/**
 * Writes dispositions: media objects, then the sidecar, then catalog rows and worklist row in one transaction. All of
 * it is repeated during an outage of database or store. No transaction is open during an upload.
 *
 * <p>If the claim was lost, no row is written. Objects stored for it remain: they are content-addressed, so the owner
 * of the claim reuses them.
 */
class DispositionWriter implements ItemWriter<Disposition> {

    private static final Logger log = LoggerFactory.getLogger(DispositionWriter.class);

    private final ObjectStore store;
    private final MediaUploader uploader;
    private final Sidecars sidecars;
    private final NoteRowWriter rows;
    private final ConcurrentErasures forgotten;
    private final RunStopper gate;
    private final RunState run;
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
            RunState run,
            PostponementPolicy retries,
            OutageRetry outages,
            Clock clock) {
        this.store = store;
        this.uploader = uploader;
        this.sidecars = sidecars;
        this.rows = rows;
        this.forgotten = forgotten;
        this.gate = gate;
        this.run = run;
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
            run.databaseWorks();
        } catch (StoreException e) {
            outages.run(() -> onStoreFailure(disposition.item(), e));
        } catch (DataAccessException | TransactionException e) {
            if (!run.continuesAfter(e)) {
                throw e; // failure of the database, not of the note
            }
            String reason = "the database rolled back its rows: " + DatabaseErrors.summary(e);
            log.warn("Note {}: {}; it is released", disposition.item().id(), reason);
            outages.run(() -> release(disposition.item(), reason));
        }
    }

    private void write(Disposition disposition) {
        switch (disposition) {
            case Archived(var item, var files, var transition) -> persist(item, files, transition);
            case Postponed(var item, var files, var transition) -> persist(item, files, transition);
            case Failed(var item, var files, var transition) -> persist(item, files, transition);
            case Unavailable(var item, var files, var transition) -> persist(item, files, transition);
            case Kept(var item, var result) -> keep(item, result);
            case Erased(var item) -> forget(item);
            case Released(var item, var files, var reason) -> release(item, files, reason);
        }
    }

    private void persist(WorkItem item, @Nullable CollectedMedia files, StateTransition transition) {
        Instant now = now();
        try (MediaUploader.Upload upload = uploader.start()) {
            CapturedNote note =
                    files == null ? null : upload.store(files, transition.state() == NoteState.ARCHIVED, now);
            WorklistRow row = item.claimed().row().apply(transition, now);
            if (!sidecars.write(item.claimed(), note, row)) {
                lost(item);
                return;
            }
            if (note == null) {
                settleAndCount(item, transition, row);
                return;
            }
            run.storeWorks();
            if (!record(item, note, transition, row, now)) {
                return;
            }
            upload.settle();
            if (files != null
                    && item.claimed().state() != NoteState.ARCHIVED
                    && transition.state() == NoteState.ARCHIVED) {
                run.filesDegraded.add(files.lesser().count());
            }
        } catch (StoreException | DataAccessException | TransactionException e) {
            throw e; // failure of store or database, not of the note
        } catch (RuntimeException e) {
            fail(item, e);
        }
    }

    /** Releases a note and stores its collected media, whose URLs may expire. */
    private void release(WorkItem item, @Nullable CollectedMedia files, String reason) {
        if (files == null) {
            release(item, reason);
            return;
        }
        Instant now = now();
        try (MediaUploader.Upload upload = uploader.start()) {
            CapturedNote note = upload.store(files, false, now);
            if (!sidecars.write(item.claimed(), note, null)) {
                lost(item);
                return;
            }
            recordReleased(item, note, reason, now);
            upload.settle();
        } catch (DataAccessException | TransactionException e) {
            throw e; // failure of the database, not of the note
        } catch (RuntimeException e) {
            if (e instanceof StoreException store && store.unreachable()) {
                throw e; // failure of the store, not of the note
            }
            log.warn("Note {}: its media could not be stored", item.id(), e);
            release(item, reason);
        }
    }

    private void recordReleased(WorkItem item, CapturedNote note, String reason, Instant now) {
        try {
            countReleased(item, rows.release(item.claimed(), note, now), reason);
        } catch (NonTransientDataAccessException e) {
            cannotBeWritten(item, e);
        }
    }

    /**
     * Handles a store error. An unavailable store counts no attempt of the note and stops the run if it lasts. A file
     * rejected by an available store counts an attempt, so that the note does not block the worklist permanently.
     */
    private void onStoreFailure(WorkItem item, StoreException e) {
        String reason = "the store rejected its files: " + e.getMessage();
        log.warn("Note {}: {}; its response is kept", item.id(), reason);
        boolean ofTheNote = store.isWritable() && !e.ofTheAccount();
        if (!ofTheNote) {
            run.storeFails(e, e.refused());
        }
        switch (item) {
            case NewNote note
            when ofTheNote && gate.stopReason().isEmpty() ->
                settleAndCount(note, retries.forMedia(note, StateReason.STORE_ERROR, reason, e.unreachable()));
            case NewNote note -> release(note, reason);
            case ArchivedNote note ->
                settleAndCount(
                        note, PostponementPolicy.archived(Night.current(clock).ends()));
            case RefreshNote note ->
                keepWithoutSidecar(note, retries.forRefresh(note, 0, StateReason.STORE_ERROR, reason, true));
        }
    }

    private boolean record(WorkItem item, CapturedNote note, StateTransition transition, WorklistRow row, Instant now) {
        try {
            Optional<Change> change = rows.record(item.claimed(), note, row, run.jobExecutionId(), now);
            change.ifPresentOrElse(c -> run.settled(item, transition, c), () -> lost(item));
            return change.isPresent();
        } catch (NonTransientDataAccessException e) {
            cannotBeWritten(item, e);
            return false;
        }
    }

    private void cannotBeWritten(WorkItem item, NonTransientDataAccessException e) {
        if (DatabaseErrors.isUnavailable(e) || DatabaseErrors.isUndone(e) || DatabaseErrors.isRefused(e)) {
            throw e; // failure of the database, not of the note
        }
        fail(item, e);
    }

    /**
     * Fails a note whose data cannot be written, so that it does not stop every night; the response remains in the
     * ledger.
     */
    private void fail(WorkItem item, RuntimeException e) {
        String detail = DatabaseErrors.summary(e);
        switch (item) {
            case NewNote note -> {
                log.warn(
                        "Note {}: failed permanently, its data cannot be written; the response is kept in the ledger",
                        note.id(),
                        e);
                settleAndCount(note, PostponementPolicy.notWritten(detail));
            }
            case ArchivedNote note -> {
                log.warn("Note {}: its better rendition cannot be written", note.id(), e);
                settleAndCount(note, PostponementPolicy.archived(null));
            }
            case RefreshNote note -> {
                log.warn("Note {}: its new response cannot be written", note.id(), e);
                keepWithoutSidecar(note, retries.forRefresh(note, 0, StateReason.WRITE_FAILED, detail, false));
            }
        }
    }

    private void forget(WorkItem item) {
        if (forgotten.erase(item.claimed(), now())) {
            run.erased.increment();
            log.warn("Note {}: its author is erased; nothing is stored", item.id());
        } else {
            logLostClaim(item);
        }
    }

    private void keep(RefreshNote item, RefreshResult result) {
        WorklistRow row = item.claimed().row().apply(result, now());
        if (!sidecars.write(item.claimed(), null, row)) {
            logLostClaim(item);
            return;
        }
        keep(item, result, row);
    }

    /** Settles a refresh whose sidecar cannot be written. */
    private void keepWithoutSidecar(RefreshNote item, RefreshResult result) {
        keep(item, result, item.claimed().row().apply(result, now()));
    }

    private void keep(RefreshNote item, RefreshResult result, WorklistRow row) {
        if (!rows.settle(item.claimed(), row, run.jobExecutionId())) {
            logLostClaim(item);
        } else if (result.state() != item.claimed().state()) {
            run.refreshesUnavailable.increment();
        } else {
            run.refreshesPostponed.increment();
        }
    }

    /** Settles a note whose sidecar cannot be written. */
    private void settleAndCount(WorkItem item, StateTransition transition) {
        settleAndCount(item, transition, item.claimed().row().apply(transition, now()));
    }

    private void settleAndCount(WorkItem item, StateTransition transition, WorklistRow row) {
        if (rows.settle(item.claimed(), row, run.jobExecutionId())) {
            run.settled(item, transition);
        } else {
            lost(item);
        }
    }

    private void release(WorkItem item, String reason) {
        countReleased(item, rows.release(item.claimed()), reason);
    }

    private void countReleased(WorkItem item, boolean held, String reason) {
        if (held) {
            run.released.increment();
            log.debug("Note {}: released, {}", item.id(), reason);
        } else {
            logLostClaim(item);
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
    private void lost(WorkItem item) {
        logLostClaim(item);
        rows.setDue(item.claimed());
    }

    private static void logLostClaim(WorkItem item) {
        log.warn(
                "Note {}: claim {} was lost to another worker; nothing was written",
                item.id(),
                item.claimed().claim());
    }
}
