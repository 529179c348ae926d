package io.github.notearchive.nightly;

import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.nightly.Disposition.Released;
import io.github.notearchive.nightly.Disposition.Settled;
import io.github.notearchive.provider.CallsEndedException;
import io.github.notearchive.provider.ResponseMemory;
import io.github.notearchive.store.StoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.infrastructure.item.ItemProcessor;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

/**
 * Processes one claimed note: fetches it unless the ledger has a usable response, and leaves the rest to
 * {@link NoteDecision}. Returns exactly one disposition per note, also after a failure.
 *
 * <p>A note is in the {@link ResponseMemory} until {@link DispositionWriter} has written it.
 */
final class NoteProcessor implements ItemProcessor<WorklistItem, Disposition> {

    private static final Logger log = LoggerFactory.getLogger(NoteProcessor.class);

    private final NoteFetcher fetcher;
    private final NoteDecision decision;
    private final CallRepository calls;
    private final PostponementPolicy retries;
    private final OutageRetry outages;
    private final ResponseMemory memory;
    private final RunState run;

    NoteProcessor(
            NoteFetcher fetcher,
            NoteDecision decision,
            CallRepository calls,
            PostponementPolicy retries,
            OutageRetry outages,
            ResponseMemory memory,
            RunState run) {
        this.fetcher = fetcher;
        this.decision = decision;
        this.calls = calls;
        this.retries = retries;
        this.outages = outages;
        this.memory = memory;
        this.run = run;
    }

    @Override
    public Disposition process(WorklistItem item) {
        memory.begin(item.id());
        try {
            return outages.call(() -> disposition(item), () -> {
                // its response may be in a spool file, and would be bought again
                calls.persistSpooled(item.id());
                return disposition(item.withCalls());
            });
        } catch (RuntimeException e) {
            memory.end(item.id());
            throw e;
        }
    }

    private Disposition disposition(WorklistItem item) {
        try {
            return item.isNew() || item.isRefresh()
                    ? decision.decide(item, fetcher.fetch(item))
                    : decision.upgrade(item);
        } catch (CallsEndedException e) {
            fetcher.stopAfter(e);
            return decision.withoutCall(item, null, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Released(item, null, "interrupted");
        } catch (StoreException e) {
            return retries.afterStoreError(item, e);
        } catch (DataAccessException | TransactionException e) {
            if (!run.continuesAfter(e)) {
                throw e; // failure of the database, not of the note
            }
            String reason = "the database rolled back a statement: " + DatabaseErrors.summary(e);
            log.warn("Note {}: {}; it is released", item.id(), reason);
            return new Released(item, null, reason);
        } catch (RuntimeException e) {
            log.warn("Note {}: its response could not be processed; postponed", item.id(), e);
            return new Settled(item, null, retries.afterError(item, StateReason.INTERNAL_ERROR, e.toString(), true));
        }
    }
}
