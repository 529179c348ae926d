package io.github.notearchive.job;

import io.github.notearchive.catalog.MediaCatalog;
import io.github.notearchive.catalog.NoteCatalog;
import io.github.notearchive.catalog.Sidecar;
import io.github.notearchive.catalog.SlotStatus;
import io.github.notearchive.catalog.StoredMedia;
import io.github.notearchive.job.Harvest.Piece;
import io.github.notearchive.job.NoteDisposition.Archived;
import io.github.notearchive.job.NoteDisposition.Failed;
import io.github.notearchive.job.NoteDisposition.Postponed;
import io.github.notearchive.job.NoteDisposition.Released;
import io.github.notearchive.job.NoteDisposition.Unavailable;
import io.github.notearchive.media.DownloadedMedia;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.objectstore.ObjectKey;
import io.github.notearchive.objectstore.ObjectStore;
import io.github.notearchive.objectstore.StoreException;
import io.github.notearchive.worklist.ClaimedNote;
import io.github.notearchive.worklist.NoteState;
import io.github.notearchive.worklist.Settlement;
import io.github.notearchive.worklist.Settlement.Counter;
import io.github.notearchive.worklist.Worklist;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.infrastructure.item.Chunk;
import org.springframework.batch.infrastructure.item.ItemWriter;
import org.springframework.dao.NonTransientDataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Writes what was decided: objects, then catalog rows, then the worklist row, the last two in the
 * step's transaction.
 *
 * <p>A claim that was lost meanwhile writes no row. Objects that were stored for it stay: they are
 * named by their content, so whoever holds the claim finds them there.
 */
@Component
class NoteDispositionWriter implements ItemWriter<NoteDisposition> {

    private static final Logger log = LoggerFactory.getLogger(NoteDispositionWriter.class);

    private final ObjectStore store;
    private final NoteCatalog notes;
    private final MediaCatalog media;
    private final Worklist worklist;
    private final RunGate gate;
    private final ActiveRuns runs;
    private final Clock clock;
    private final TransactionTemplate savepoint;

    NoteDispositionWriter(
            ObjectStore store,
            NoteCatalog notes,
            MediaCatalog media,
            Worklist worklist,
            RunGate gate,
            ActiveRuns runs,
            Clock clock,
            PlatformTransactionManager transactions) {
        this.store = store;
        this.notes = notes;
        this.media = media;
        this.worklist = worklist;
        this.gate = gate;
        this.runs = runs;
        this.clock = clock;
        this.savepoint = new TransactionTemplate(transactions);
        this.savepoint.setPropagationBehavior(TransactionDefinition.PROPAGATION_NESTED);
    }

    @Override
    public void write(Chunk<? extends NoteDisposition> chunk) {
        for (NoteDisposition disposition : chunk) {
            switch (disposition) {
                case Archived(var claimed, var harvest, var settlement) ->
                        bringIn(claimed, harvest, settlement);
                case Postponed(var claimed, var harvest, var settlement) ->
                        bringIn(claimed, harvest, settlement);
                case Failed(var claimed, var harvest, var settlement) ->
                        bringIn(claimed, harvest, settlement);
                case Unavailable(var claimed, var settlement) ->
                        settleAndCount(claimed, settlement);
                case Released(var claimed, var reason) -> release(claimed, reason);
            }
        }
    }

    private void bringIn(ClaimedNote claimed, @Nullable Harvest harvest, Settlement settlement) {
        if (harvest == null) {
            settleAndCount(claimed, settlement);
            return;
        }
        try {
            Stored stored = store(harvest, settlement);
            runs.current().store().works();
            record(claimed, harvest, stored, settlement);
        } catch (StoreException e) {
            storeFails(claimed, e);
        } finally {
            harvest.close();
        }
    }

    private void storeFails(ClaimedNote claimed, StoreException e) {
        boolean outage = runs.current().store().fails();
        log.warn(
                "Note {}: the store does not take its files, {}; it is handed back, its answer is kept",
                claimed.id(),
                e.getMessage());
        if (outage || e.refused()) {
            gate.close(ExitCode.UPSTREAM_UNAVAILABLE, String.valueOf(e.getMessage()));
        }
        release(claimed, String.valueOf(e.getMessage()));
    }

    private Stored store(Harvest harvest, Settlement settlement) {
        List<SlotStatus> slots = new ArrayList<>();
        for (Piece piece : harvest.pieces()) {
            slots.add(
                    switch (piece) {
                        case Piece.Decided(var status) -> status;
                        case Piece.Fresh(var slot, var file) -> store(slot, file);
                    });
        }
        if (settlement.state() == NoteState.POSTPONED) {
            return new Stored(slots, null);
        }
        Sidecar sidecar = Sidecar.of(harvest.capture(), slots);
        store.putBytes(sidecar.key(), sidecar.bytes(), "application/json");
        return new Stored(slots, sidecar.key());
    }

    private SlotStatus store(MediaSlot slot, DownloadedMedia file) {
        String sha256 = file.digest().sha256();
        Optional<StoredMedia> known =
                media.findByDigest(sha256).filter(stored -> store.stat(stored.key()).isPresent());
        StoredMedia stored =
                known.orElseGet(
                        () -> {
                            ObjectKey key = StoredMedia.keyOf(sha256, file.type().extension());
                            store.putFile(
                                    key,
                                    file.file(),
                                    file.type().contentType(),
                                    sha256,
                                    file.digest().md5());
                            return new StoredMedia(
                                    sha256, key, file.size(), file.type().contentType());
                        });
        ActiveRun run = runs.current();
        if (known.isPresent()) {
            run.filesKnown.increment();
        } else {
            run.filesStored.increment();
            run.bytesStored.add(file.size());
        }
        return new SlotStatus.Stored(
                slot,
                stored,
                file.candidate().rendition(),
                file.candidate().width(),
                file.candidate().height(),
                checks(file));
    }

    /**
     * What the answer promised of the bytes, and whether it was true; null when it promised
     * nothing.
     */
    private static @Nullable String checks(DownloadedMedia file) {
        StringJoiner checks = new StringJoiner(", ");
        if (file.promisedSize() != DownloadedMedia.Comparison.NONE) {
            checks.add("size " + file.promisedSize().name().toLowerCase(Locale.ROOT));
        }
        if (file.promisedMd5() != DownloadedMedia.Comparison.NONE) {
            checks.add("md5 " + file.promisedMd5().name().toLowerCase(Locale.ROOT));
        }
        return checks.length() == 0 ? null : checks.toString();
    }

    private void record(
            ClaimedNote claimed, Harvest harvest, Stored stored, Settlement settlement) {
        try {
            Boolean held =
                    savepoint.execute(
                            _ -> {
                                boolean settled = settle(claimed, settlement);
                                if (settled) {
                                    notes.save(
                                            harvest.capture(),
                                            stored.slots(),
                                            stored.sidecar(),
                                            settlement.state() == NoteState.ARCHIVED,
                                            clock.instant());
                                }
                                return settled;
                            });
            if (held) {
                count(settlement);
            }
        } catch (NonTransientDataAccessException e) {
            log.warn(
                    "Note {}: the catalog does not take its answer; it is given up, the answer is kept in the ledger",
                    claimed.id(),
                    e);
            settleAndCount(
                    claimed,
                    new Settlement(
                            NoteState.FAILED,
                            Counter.NONE,
                            null,
                            0,
                            "the catalog refused it: " + firstLine(e),
                            null,
                            false));
        }
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("").strip();
    }

    private boolean settle(ClaimedNote claimed, Settlement settlement) {
        boolean held = worklist.settle(claimed, settlement, runs.current().jobExecutionId());
        if (!held) {
            logLost(claimed);
        }
        return held;
    }

    private void settleAndCount(ClaimedNote claimed, Settlement settlement) {
        if (settle(claimed, settlement)) {
            count(settlement);
        }
    }

    private void count(Settlement settlement) {
        ActiveRun run = runs.current();
        switch (settlement.state()) {
            case ARCHIVED -> run.archived.increment();
            case UNAVAILABLE -> run.unavailable.increment();
            case POSTPONED, PENDING -> run.postponed.increment();
            case FAILED -> run.failed.increment();
        }
    }

    private void release(ClaimedNote claimed, String reason) {
        if (worklist.release(claimed)) {
            runs.current().released.increment();
            log.debug("Note {}: handed back, {}", claimed.id(), reason);
        } else {
            logLost(claimed);
        }
    }

    private static void logLost(ClaimedNote claimed) {
        log.warn(
                "Note {}: claim {} was lost to another worker; nothing is written",
                claimed.id(),
                claimed.claim());
    }

    private record Stored(List<SlotStatus> slots, @Nullable ObjectKey sidecar) {}
}
