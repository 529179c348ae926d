package io.github.notearchive.job;

import io.github.notearchive.catalog.CapturedNote;
import io.github.notearchive.catalog.MediaCatalog;
import io.github.notearchive.catalog.NoteCatalog;
import io.github.notearchive.catalog.NoteChanges;
import io.github.notearchive.catalog.NoteChanges.Change;
import io.github.notearchive.catalog.NoteChanges.Look;
import io.github.notearchive.catalog.Sidecar;
import io.github.notearchive.catalog.SlotStatus;
import io.github.notearchive.catalog.StoredMedia;
import io.github.notearchive.catalog.TombstoneObject;
import io.github.notearchive.job.Harvest.Piece;
import io.github.notearchive.job.NoteDisposition.Archived;
import io.github.notearchive.job.NoteDisposition.Failed;
import io.github.notearchive.job.NoteDisposition.Forgotten;
import io.github.notearchive.job.NoteDisposition.Kept;
import io.github.notearchive.job.NoteDisposition.Postponed;
import io.github.notearchive.job.NoteDisposition.Released;
import io.github.notearchive.job.NoteDisposition.Unavailable;
import io.github.notearchive.media.DownloadedMedia;
import io.github.notearchive.media.SpoolFile;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.objectstore.ObjectBytes;
import io.github.notearchive.objectstore.ObjectKey;
import io.github.notearchive.objectstore.ObjectStore;
import io.github.notearchive.objectstore.StoreException;
import io.github.notearchive.objectstore.StoredObject;
import io.github.notearchive.sidecar.Sidecars;
import io.github.notearchive.sql.RoundTrip;
import io.github.notearchive.sql.Trouble;
import io.github.notearchive.worklist.ClaimedNote;
import io.github.notearchive.worklist.Claims;
import io.github.notearchive.worklist.NoteState;
import io.github.notearchive.worklist.Settlement;
import io.github.notearchive.worklist.Settlement.Counter;
import io.github.notearchive.worklist.Settlements;
import io.github.notearchive.worklist.Upkeep;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.infrastructure.item.Chunk;
import org.springframework.batch.infrastructure.item.ItemWriter;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.dao.NonTransientDataAccessException;
import org.springframework.jdbc.core.JdbcOperations;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Writes what was decided: objects with the sidecar last, then catalog rows, then the worklist row,
 * these two in the step's transaction.
 *
 * <p>A claim that was lost meanwhile writes no row. Objects that were stored for it stay: they are
 * named by their content, so whoever holds the claim finds them there.
 */
@Component
class NoteDispositionWriter implements ItemWriter<NoteDisposition> {

    private static final Logger log = LoggerFactory.getLogger(NoteDispositionWriter.class);

    private static final String AUTHOR_FORGOTTEN = "its author is forgotten";

    private final ObjectStore store;
    private final Sidecars sidecars;
    private final NoteCatalog notes;
    private final MediaCatalog media;
    private final NoteChanges changes;
    private final Claims claims;
    private final Settlements settlements;
    private final RefreshPlan refreshPlan;
    private final ForgottenRows forgotten;
    private final RunGate gate;
    private final ActiveRuns runs;
    private final Retries retries;
    private final Clock clock;
    private final JdbcOperations jdbc;
    private final TransactionTemplate savepoint;

    NoteDispositionWriter(
            ObjectStore store,
            Sidecars sidecars,
            NoteCatalog notes,
            MediaCatalog media,
            NoteChanges changes,
            Claims claims,
            Settlements settlements,
            RefreshPlan refreshPlan,
            ForgottenRows forgotten,
            RunGate gate,
            ActiveRuns runs,
            Retries retries,
            Clock clock,
            JdbcOperations jdbc,
            PlatformTransactionManager transactions) {
        this.store = store;
        this.sidecars = sidecars;
        this.notes = notes;
        this.media = media;
        this.changes = changes;
        this.claims = claims;
        this.settlements = settlements;
        this.refreshPlan = refreshPlan;
        this.forgotten = forgotten;
        this.gate = gate;
        this.runs = runs;
        this.retries = retries;
        this.clock = clock;
        this.jdbc = jdbc;
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
                case Unavailable(var claimed, var harvest, var settlement) ->
                        bringIn(claimed, harvest, settlement);
                case Kept(var claimed, var upkeep) -> keep(claimed, upkeep);
                case Forgotten(var claimed) -> forget(claimed);
                case Released(var claimed, var harvest, var reason) ->
                        handBack(claimed, harvest, reason);
            }
        }
    }

    private void bringIn(ClaimedNote claimed, @Nullable Harvest harvest, Settlement settlement) {
        Instant now = now();
        try (harvest) {
            CapturedNote note =
                    harvest == null
                            ? null
                            : store(harvest, settlement.state() == NoteState.ARCHIVED, now);
            if (!sidecars.tell(claimed, note, settlement, now)) {
                logLost(claimed);
                return;
            }
            if (note == null) {
                settleAndCount(claimed, settlement, now);
                return;
            }
            runs.current().storeWorks();
            record(claimed, note, settlement, now);
        } catch (StoreException e) {
            storeFails(claimed, e);
        } catch (DataAccessException | TransactionException e) {
            throw e; // the database, not the note
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
        try (harvest) {
            CapturedNote note = store(harvest, false, now);
            if (!sidecars.tell(claimed, note, null, now)) {
                logLost(claimed);
                return;
            }
            recordReleased(claimed, note, reason, now);
        } catch (DataAccessException | TransactionException e) {
            throw e; // the database, not the note
        } catch (RuntimeException e) {
            log.warn("Note {}: what it brought in could not be kept", claimed.id(), e);
            release(claimed, reason);
        }
    }

    private void recordReleased(
            ClaimedNote claimed, CapturedNote note, String reason, Instant now) {
        try {
            Boolean held =
                    savepoint.execute(
                            _ -> {
                                boolean released = claims.release(claimed);
                                if (released) {
                                    notes.save(note, now);
                                }
                                return released;
                            });
            countReleased(claimed, held, reason);
        } catch (NonTransientDataAccessException e) {
            cannotBeWritten(claimed, e);
        }
    }

    /**
     * A store that is away costs no note anything, and ends the run when it stays so. A file that a
     * store which is there does not take costs its note a place, or it would be the first in line
     * for ever.
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

    private CapturedNote store(Harvest harvest, boolean complete, Instant now) {
        List<SlotStatus> slots = new ArrayList<>();
        Map<String, MediaCatalog.KnownObject> rows =
                media.findByDigest(
                        Harvest.downloads(harvest.pieces())
                                .map(DownloadedMedia::sha256)
                                .collect(Collectors.toSet()));
        Map<SpoolFile, StoredMedia> put = new HashMap<>(); // two places may share a file
        for (Piece piece : harvest.pieces()) {
            slots.add(
                    switch (piece) {
                        case Piece.Decided(var status) -> status;
                        case Piece.Fresh(var slot, var file, var lesserBecause) ->
                                stored(
                                        slot,
                                        file,
                                        put.computeIfAbsent(
                                                file.file(),
                                                _ -> store(file, rows.get(file.sha256()))),
                                        lesserBecause);
                    });
        }
        return CapturedNote.of(harvest.capture(), harvest.video(), slots, complete, now);
    }

    /**
     * @param row what the tables know of these bytes; null when nothing
     */
    private StoredMedia store(DownloadedMedia file, MediaCatalog.@Nullable KnownObject row) {
        String sha256 = file.sha256();
        Optional<StoredMedia> known =
                Optional.ofNullable(row)
                        .filter(r -> !r.damaged())
                        .map(MediaCatalog.KnownObject::media)
                        .filter(stored -> store.stat(stored.key()).isPresent());
        StoredMedia stored =
                known.orElseGet(
                        () -> {
                            // a row that is there already goes on to name its own key
                            ObjectKey key =
                                    row == null
                                            ? StoredMedia.keyOf(sha256, file.type().extension())
                                            : row.media().key();
                            store.put(key, bytes(file.file()), file.type().contentType(), sha256);
                            return new StoredMedia(
                                    sha256, key, file.size(), file.type().contentType());
                        });
        ActiveRun run = runs.current();
        if (known.isPresent()) {
            run.filesKnown.increment();
            run.bytesKnown.add(file.size());
        } else {
            run.filesStored.increment();
            run.bytesStored.add(file.size());
            TransactionSynchronizationManager.registerSynchronization(
                    new TransactionSynchronization() {
                        @Override
                        public void afterCompletion(int status) {
                            run.bytesSettled.add(file.size());
                        }
                    });
        }
        return stored;
    }

    private static ObjectBytes bytes(SpoolFile file) {
        List<byte[]> inMemory = file.inMemory();
        return inMemory == null
                ? new ObjectBytes.OnDisk(Objects.requireNonNull(file.onDisk()))
                : new ObjectBytes.InMemory(inMemory, Math.toIntExact(file.size()));
    }

    private static SlotStatus stored(
            MediaSlot slot,
            DownloadedMedia file,
            StoredMedia stored,
            @Nullable String lesserBecause) {
        return new SlotStatus.Stored(
                slot,
                stored,
                file.candidate().rendition(),
                file.candidate().width(),
                file.candidate().height(),
                checks(file),
                lesserBecause);
    }

    /**
     * What the answer promised of the bytes, and whether it was true, and what else is odd about
     * them; null when it promised nothing and nothing is.
     */
    private static @Nullable String checks(DownloadedMedia file) {
        StringJoiner checks = new StringJoiner(", ");
        if (file.promisedSize() != DownloadedMedia.Comparison.NONE) {
            checks.add("size " + file.promisedSize().name().toLowerCase(Locale.ROOT));
        }
        if (file.promisedMd5() != DownloadedMedia.Comparison.NONE) {
            checks.add("md5 " + file.promisedMd5().name().toLowerCase(Locale.ROOT));
        }
        if (!file.remarks().isEmpty()) {
            checks.add("remarks \"" + String.join("; ", file.remarks()) + "\"");
        }
        return checks.length() == 0 ? null : checks.toString();
    }

    private void record(
            ClaimedNote claimed, CapturedNote note, Settlement settlement, Instant now) {
        try {
            Optional<Boolean> first = recordFirst(claimed, note, settlement, now);
            if (first.isPresent()) {
                if (first.get()) {
                    count(claimed, settlement);
                }
            } else {
                recordAny(claimed, note, settlement, now);
            }
        } catch (NonTransientDataAccessException e) {
            cannotBeWritten(claimed, e);
        }
    }

    private void cannotBeWritten(ClaimedNote claimed, NonTransientDataAccessException e) {
        if (Trouble.isOutOfReach(e)) {
            throw e; // the database, not the note
        }
        giveUp(claimed, e);
    }

    /**
     * Nearly every note of a night is one that has no rows yet: all of them are written in one
     * round trip.
     *
     * @return whether the claim was held; empty when the note is no such one, and nothing was
     *     written
     */
    private Optional<Boolean> recordFirst(
            ClaimedNote claimed, CapturedNote note, Settlement settlement, Instant now) {
        if (claimed.state() != NoteState.PENDING || note.video() != null) {
            return Optional.empty();
        }
        RoundTrip trip = new RoundTrip(jdbc);
        Supplier<Integer> settled =
                trip.update(
                        settlements.settling(
                                claimed, settlement, runs.current().jobExecutionId(), now));
        NoteCatalog.First first = notes.first(trip, note, now);
        trip.update(refreshPlan.planning(claimed.id()));
        boolean kept;
        try {
            kept =
                    trip.runOrUndo(
                            () -> {
                                if (settled.get() != 1 || !first.isTrue()) {
                                    return false;
                                }
                                first.recordNovelties();
                                return true;
                            });
        } catch (DuplicateKeyException e) {
            log.debug("Note {}: has rows already", claimed.id(), e);
            return Optional.empty();
        }
        if (kept) {
            return Optional.of(true);
        }
        if (settled.get() == 1) {
            return Optional.empty();
        }
        logLost(claimed);
        return Optional.of(false);
    }

    private void recordAny(
            ClaimedNote claimed, CapturedNote note, Settlement settlement, Instant now) {
        AtomicReference<Change> change = new AtomicReference<>(Change.NONE);
        Boolean held =
                savepoint.execute(
                        _ -> {
                            boolean settled = settle(claimed, settlement, now);
                            if (settled) {
                                Optional<Look> before = look(claimed);
                                notes.save(note, now);
                                change.set(changes.since(before, claimed.id()));
                                refreshPlan.plan(claimed.id());
                            }
                            return settled;
                        });
        if (held && claimed.refreshNight() != null) {
            countRefresh(claimed, change.get());
        } else if (held) {
            count(claimed, settlement);
        }
    }

    /** An answer that cannot be written must not break every night; it stays in the ledger. */
    private void giveUp(ClaimedNote claimed, RuntimeException e) {
        if (claimed.refreshNight() != null) {
            log.warn("Note {}: its new answer cannot be written", claimed.id(), e);
            keep(
                    claimed,
                    retries.forRefresh(
                            claimed, 0, "cannot be written: " + Trouble.describe(e), false),
                    now());
            return;
        }
        if (claimed.state() == NoteState.ARCHIVED) {
            log.warn("Note {}: its better rendition cannot be written", claimed.id(), e);
            settleAndCount(claimed, Retries.archived(null));
            return;
        }
        log.warn(
                "Note {}: its answer cannot be written; it is given up, the answer is kept in the"
                        + " ledger",
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

    /**
     * Keeps nothing of a note, as its author is forgotten. What it cost is in the ledger. Files of
     * it, which there are only where it had another author before, are left to {@code forget}.
     */
    private void forget(ClaimedNote claimed) {
        List<NoteId> note = List.of(claimed.id());
        Instant now = now();
        try {
            new TombstoneObject(claimed.id().value(), now, AUTHOR_FORGOTTEN).putInto(store);
            try (Stream<StoredObject> sidecars = store.list(Sidecar.PREFIX + claimed.id() + "/")) {
                sidecars.toList().forEach(sidecar -> store.remove(sidecar.key().value()));
            }
        } catch (StoreException e) {
            storeFails(claimed, e);
            return;
        }
        Boolean held =
                savepoint.execute(
                        _ -> {
                            boolean released = claims.release(claimed);
                            if (released) {
                                forgotten.entomb(note, AUTHOR_FORGOTTEN, now);
                                Map<String, Long> rows = forgotten.remove(note, List.of());
                                if (rows.getOrDefault("media_object", 0L) == 0) {
                                    forgotten.finish(note, now);
                                }
                            }
                            return released;
                        });
        if (held) {
            runs.current().forgotten.increment();
            log.warn("Note {}: its author is forgotten, so nothing is kept of it", claimed.id());
        } else {
            logLost(claimed);
        }
    }

    private void keep(ClaimedNote claimed, Upkeep upkeep) {
        Instant now = now();
        try {
            if (!sidecars.tell(claimed, upkeep, now)) {
                logLost(claimed);
                return;
            }
        } catch (StoreException e) {
            storeFails(claimed, e);
            return;
        }
        keep(claimed, upkeep, now);
    }

    private void keep(ClaimedNote claimed, Upkeep upkeep, Instant now) {
        ActiveRun run = runs.current();
        if (!settlements.keep(claimed, upkeep, run.jobExecutionId(), now)) {
            logLost(claimed);
        } else if (upkeep.state() != claimed.state()) {
            run.refreshedGone.increment();
        } else {
            run.refreshesPutOff.increment();
        }
    }

    /** What a refresh changes is told; of others nobody asks. */
    private Optional<Look> look(ClaimedNote claimed) {
        return claimed.refreshNight() == null ? Optional.empty() : changes.look(claimed.id());
    }

    private void countRefresh(ClaimedNote claimed, Change change) {
        ActiveRun run = runs.current();
        run.refreshed.increment();
        if (claimed.state() == NoteState.UNAVAILABLE) {
            run.refreshedBack.increment();
        }
        if (change.counts()) {
            run.refreshedCounts.increment();
        }
        if (change.words()) {
            run.refreshedWords.increment();
        }
        if (change.files()) {
            run.refreshedFiles.increment();
        }
    }

    private boolean settle(ClaimedNote claimed, Settlement settlement, Instant now) {
        boolean held =
                settlements.settle(claimed, settlement, runs.current().jobExecutionId(), now);
        if (!held) {
            logLost(claimed);
        }
        return held;
    }

    /** What is decided when the bucket cannot be told of it. */
    private void settleAndCount(ClaimedNote claimed, Settlement settlement) {
        settleAndCount(claimed, settlement, now());
    }

    private void settleAndCount(ClaimedNote claimed, Settlement settlement, Instant now) {
        if (settle(claimed, settlement, now)) {
            count(claimed, settlement);
        }
    }

    private void count(ClaimedNote claimed, Settlement settlement) {
        ActiveRun run = runs.current();
        if (claimed.state() == NoteState.ARCHIVED && settlement.state() == NoteState.ARCHIVED) {
            return; // as it was, but for a better rendition
        }
        switch (settlement.state()) {
            case ARCHIVED -> run.archived.increment();
            case UNAVAILABLE -> run.unavailable.increment();
            case POSTPONED, PENDING -> run.postponed.increment();
            case FAILED -> run.failed.increment();
        }
    }

    private void release(ClaimedNote claimed, String reason) {
        countReleased(claimed, claims.release(claimed), reason);
    }

    private void countReleased(ClaimedNote claimed, boolean held, String reason) {
        if (held) {
            runs.current().released.increment();
            log.debug("Note {}: handed back, {}", claimed.id(), reason);
        } else {
            logLost(claimed);
        }
    }

    /** The present, as exactly as a row can say it, so that a sidecar says the same. */
    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    private static void logLost(ClaimedNote claimed) {
        log.warn(
                "Note {}: claim {} was lost to another worker; nothing is written",
                claimed.id(),
                claimed.claim());
    }
}
