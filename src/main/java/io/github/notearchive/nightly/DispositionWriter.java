package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.ErasureRepository;
import io.github.notearchive.archive.catalog.NoteCatalog.CapturedNote;
import io.github.notearchive.archive.catalog.NoteRowWriter;
import io.github.notearchive.archive.catalog.NoteRowWriter.RowChange;
import io.github.notearchive.archive.catalog.Sidecars;
import io.github.notearchive.archive.catalog.Sidecars.SidecarWrite;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.Transition;
import io.github.notearchive.archive.worklist.Transition.StateTransition;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.provider.ResponseMemory;
import io.github.notearchive.store.StoreException;
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
 * Writes dispositions: sidecars of new responses, then catalog rows and worklist row in one transaction, then the other
 * sidecars, see {@link Sidecars}. All are repeated during an outage of database or store. No transaction is open during
 * an upload.
 *
 * <p>If the claim was lost, no row is written. Files stored for it remain: they are content-addressed, so the owner of
 * the claim reuses them.
 */
final class DispositionWriter implements ItemWriter<Disposition> {

    private static final Logger log = LoggerFactory.getLogger(DispositionWriter.class);

    private final Sidecars sidecars;
    private final NoteRowWriter rows;
    private final ErasureRepository erasures;
    private final PostponementPolicy retries;
    private final OutageRetry outages;
    private final ResponseMemory memory;
    private final RunState run;

    DispositionWriter(
            Sidecars sidecars,
            NoteRowWriter rows,
            ErasureRepository erasures,
            PostponementPolicy retries,
            OutageRetry outages,
            ResponseMemory memory,
            RunState run) {
        this.sidecars = sidecars;
        this.rows = rows;
        this.erasures = erasures;
        this.retries = retries;
        this.outages = outages;
        this.memory = memory;
        this.run = run;
    }

    @Override
    public void write(Chunk<? extends Disposition> chunk) {
        for (Disposition disposition : chunk) {
            try {
                writeOrRelease(disposition);
            } finally {
                memory.end(disposition.item().id());
            }
        }
    }

    private void writeOrRelease(Disposition disposition) {
        WorklistItem item = disposition.item();
        try {
            outages.run(() -> write(disposition));
            run.database.works();
        } catch (StoreException e) {
            Disposition instead = retries.afterStoreError(item, e);
            outages.run(() -> writeInstead(instead));
        } catch (DataAccessException | TransactionException e) {
            if (!run.continuesAfter(e)) {
                throw e; // failure of the database, not of the note
            }
            String reason = "the database rolled back its rows: " + DatabaseErrors.summary(e);
            log.warn("Note {}: {}; it is released", item.id(), reason);
            outages.run(() -> writeInstead(new Disposition.Released(item, null, reason)));
        }
    }

    private void write(Disposition disposition) {
        switch (disposition) {
            case Disposition.Settled(var item, var files, var transition) -> persist(item, files, transition);
            case Disposition.Erased(var item) -> erase(item);
            case Disposition.Released(var item, var files, var reason) -> release(item, files, reason);
        }
    }

    /** Writes a disposition of a note whose sidecar may have been written, but not its rows. */
    private void writeInstead(Disposition disposition) {
        write(disposition);
        if (disposition instanceof Disposition.Released) {
            sidecars.correct(disposition.item().id());
        }
    }

    private void persist(WorklistItem item, @Nullable CollectedMedia files, Transition transition) {
        if (files == null) {
            settle(item, transition);
            return;
        }
        Instant now = now();
        boolean isArchived = transition instanceof StateTransition to && to.state() == NoteState.ARCHIVED;
        WorklistRow row = item.row().apply(transition, now);
        write(item, files, isArchived, row, now, (note, isSidecarDue) -> {
            Optional<RowChange> change = rows.record(item, note, row, run.jobExecutionId(), isSidecarDue);
            change.ifPresent(each -> {
                run.settled(item, transition, each);
                countUploads(files);
                boolean isNew = item.state() != NoteState.ARCHIVED;
                run.filesDegraded.add(isArchived && isNew ? files.lesser().count() : 0);
            });
            return change.isPresent();
        });
    }

    /** Releases a note and stores its collected media, whose URLs may expire. */
    private void release(WorklistItem item, @Nullable CollectedMedia files, String reason) {
        if (files == null) {
            countReleased(item, rows.release(item, null, false), reason);
            return;
        }
        write(item, files, false, null, now(), (note, isSidecarDue) -> {
            boolean isHeld = rows.release(item, note, isSidecarDue);
            if (isHeld) {
                countReleased(item, true, reason);
                countUploads(files);
            }
            return isHeld;
        });
    }

    private interface RowWriter {

        /** Writes the rows of a note; false if the claim was lost. */
        boolean write(CapturedNote note, boolean isSidecarDue);
    }

    /** Writes the sidecars of new responses with the row to be written, then the rows, then the other sidecars. */
    private void write(
            WorklistItem item,
            CollectedMedia files,
            boolean isComplete,
            @Nullable WorklistRow row,
            Instant now,
            RowWriter writeRows) {
        try {
            CapturedNote note = CapturedNote.of(files.capture(), files.video(), files.files(), isComplete, now);
            SidecarWrite written = sidecars.writeNew(item, note, row);
            if (written == SidecarWrite.ALL) {
                run.store.works();
            }
            if (written == SidecarWrite.CLAIM_LOST || !writeRows.write(note, written == SidecarWrite.NEW_ONLY)) {
                lost(item);
            } else if (written == SidecarWrite.NEW_ONLY) {
                boolean _ = sidecars.writeDue(item.id());
            }
        } catch (NonTransientDataAccessException e) {
            if (DatabaseErrors.isUnavailable(e) || DatabaseErrors.isUndone(e) || DatabaseErrors.isRefused(e)) {
                throw e;
            }
            fail(item, e);
        } catch (StoreException | DataAccessException | TransactionException e) {
            throw e; // failure of store or database, not of the note
        } catch (RuntimeException e) {
            fail(item, e);
        }
    }

    /** Settles a note whose data cannot be written; the response remains in the ledger. */
    private void fail(WorklistItem item, RuntimeException e) {
        log.warn("Note {}: its new data cannot be written; the response is kept in the ledger", item.id(), e);
        settle(item, retries.afterError(item, StateReason.WRITE_FAILED, DatabaseErrors.summary(e), false));
    }

    private void countUploads(CollectedMedia files) {
        run.filesStored.add(files.uploaded().size());
        run.bytesStored.add(
                files.uploaded().stream().mapToLong(StoredMedia::size).sum());
    }

    private void settle(WorklistItem item, Transition transition) {
        if (rows.settle(item, item.row().apply(transition, now()), run.jobExecutionId())) {
            run.settled(item, transition, null);
            boolean _ = sidecars.writeDue(item.id());
        } else {
            lost(item);
        }
    }

    private void erase(WorklistItem item) {
        if (erasures.erase(item, now())) {
            run.erased.increment();
            log.warn("Note {}: its author is erased; nothing is stored", item.id());
        } else {
            logLostClaim(item);
        }
    }

    private void countReleased(WorklistItem item, boolean held, String reason) {
        if (held) {
            run.released.increment();
            log.debug("Note {}: released, {}", item.id(), reason);
        } else {
            logLostClaim(item);
        }
    }

    /** Returns the current time in the precision of the database, so that row and sidecar are equal. */
    private Instant now() {
        return run.now().truncatedTo(ChronoUnit.MICROS);
    }

    /**
     * Handles a lost claim. Another node may have postponed the note because the response was not in the ledger; it is
     * there now, so the note is set due. Its sidecar may have been written.
     */
    private void lost(WorklistItem item) {
        logLostClaim(item);
        rows.setDue(item, run.jobExecutionId());
        sidecars.correct(item.id());
    }

    private static void logLostClaim(WorklistItem item) {
        log.warn(
                "Note {}: claim {} was lost, or settled by a commit that was not confirmed; no row was written",
                item.id(),
                item.claim());
    }
}
