package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.LogRepository;
import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.MediaCatalog.FoundObject;
import io.github.notearchive.archive.catalog.MediaCatalog.KnownObject;
import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.archive.catalog.RestorableSidecar;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.worklist.LedgerProperties;
import io.github.notearchive.archive.worklist.RefreshPlan;
import io.github.notearchive.archive.worklist.Transition;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.jdbc.Savepoint;
import io.github.notearchive.maintenance.rebuild.RebuildRunner.RebuildRun;
import io.github.notearchive.maintenance.rebuild.SidecarReader.OpenSidecar;
import io.github.notearchive.maintenance.rebuild.SidecarReader.Refused;
import io.github.notearchive.maintenance.rebuild.SidecarReader.Restorable;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoredObject;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.dao.NonTransientDataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Writes the rows of sidecars, those of a note in the order of their captures, so that the newest one determines the
 * final state. A sidecar whose rows are rejected by the database is refused; the others of the chunk are written.
 *
 * <p>A merge writes the sidecars of a note from the first one whose rows are missing or older, and the worklist row
 * only if that of the sidecar is later.
 */
@Component
final class SidecarWriter {

    /** Repeats the rows of a sidecar after another node has used a number of a call at the same time. */
    private static final RetryTemplate NUMBER_CONFLICTS = new RetryTemplate(RetryPolicy.builder()
            .includes(DuplicateKeyException.class)
            .maxRetries(100)
            .delay(Duration.ZERO)
            .build());

    private final ObjectStore store;
    private final PaidResponses paid;
    private final NoteCatalog notes;
    private final SchemaDrift drift;
    private final MediaCatalog media;
    private final WorklistRepository worklist;
    private final RefreshPlan refreshPlan;
    private final LogRepository log;
    private final LedgerProperties ledger;
    private final Clock clock;
    private final PlatformTransactionManager transactions;

    SidecarWriter(
            ObjectStore store,
            PaidResponses paid,
            NoteCatalog notes,
            SchemaDrift drift,
            MediaCatalog media,
            WorklistRepository worklist,
            RefreshPlan refreshPlan,
            LogRepository log,
            LedgerProperties ledger,
            Clock clock,
            PlatformTransactionManager transactions) {
        this.store = store;
        this.paid = paid;
        this.notes = notes;
        this.drift = drift;
        this.media = media;
        this.worklist = worklist;
        this.refreshPlan = refreshPlan;
        this.log = log;
        this.ledger = ledger;
        this.clock = clock;
        this.transactions = transactions;
    }

    /** Reads the field paths that are known, before the first sidecar. */
    void begin() {
        drift.load();
    }

    /** Writes the rows of sidecars, and reads large ones. Part of the caller's transaction. */
    void write(List<OpenSidecar> opened, RebuildRun run) {
        for (OpenSidecar sidecar : opened) {
            switch (sidecar.content().get()) {
                case Refused(var name, var reason) -> run.countRefused(name, reason);
                case Restorable(var content, var flaw) -> write(content, flaw, run);
            }
        }
    }

    /** Sets the numbers of later calls above those of all sidecars. */
    void finish() {
        paid.advanceNumbers();
    }

    private void write(RestorableSidecar found, @Nullable String flaw, RebuildRun run) {
        List<String> losses = new ArrayList<>();
        NoteId id = found.sidecar().noteId();
        String name = found.sidecar().key().value();
        if (run.isMerge() && !run.hasJustWritten(id) && !notes.areBehind(found.sidecar(), found.row())) {
            run.countUnchanged();
            return;
        }
        try {
            NUMBER_CONFLICTS.invoke(() -> new Savepoint(transactions).execute(_ -> {
                losses.clear();
                restore(found, flaw != null, run.isMerge(), losses);
                return losses;
            }));
            Optional.ofNullable(found.capture()).ifPresent(drift::record);
            if (flaw == null) {
                run.countWritten(id, losses);
            } else {
                run.countRepaired(id, name, flaw);
            }
        } catch (NonTransientDataAccessException e) {
            if (DatabaseErrors.isUnavailable(e)) {
                throw e; // failure of the database, not of the sidecar
            }
            String reason = "the database rejects its rows: " + DatabaseErrors.summary(e);
            if (flaw == null) {
                write(found.responseOnly(), reason, run);
            } else {
                run.countRefused(name, reason);
            }
        }
    }

    /**
     * Writes the rows of a sidecar.
     *
     * @param isDue whether only its call and response can be used, from which the next run computes the other rows
     */
    private void restore(RestorableSidecar found, boolean isDue, boolean merges, List<String> losses) {
        Sidecar sidecar = found.sidecar();
        NoteId id = sidecar.noteId();
        Instant now = clock.instant();
        long number = paid.restore(id, found.call(), sidecar.response());
        WorklistRow row = found.row();
        if (isDue) {
            if (worklist.requeue(List.of(id)).isEmpty()) {
                worklist.restore(id, row, false);
            }
            return;
        }
        NoteCapture capture = found.capture();
        boolean isStale = false;
        if (capture != null) {
            List<SlotRow> files = slots(sidecar, merges, losses, now);
            isStale = !losses.isEmpty() || files.size() < sidecar.files().size();
            boolean ofVideo = found.call().facts().endpoint().equals(Endpoint.VIDEO.ledgerName());
            notes.restore(capture.boughtBy(number), ofVideo, files, losses.isEmpty() ? sidecar.archivedAt() : null);
            if (!losses.isEmpty()) {
                row = row.apply(new Transition.FileLost("found by a rebuild: " + losses.getFirst()), now);
            }
        }
        sidecar.logEntry().ifPresent(entry -> log.record(List.of(entry)));
        boolean restored = worklist.restore(id, row, merges && losses.isEmpty());
        if (restored && row.refresh().refreshNight() == null) {
            refreshPlan.plan(List.of(id));
        }
        if (isStale) {
            worklist.markSidecarsDue(List.of(id));
        }
        paid.clearResponsesBefore(id, now.minus(ledger.reuseFor()));
    }

    /**
     * Returns the slots of a sidecar. A slot whose object is missing or has another length is MISSING; a preview is
     * left out.
     *
     * @param merges whether objects that the tables do not contain are looked up in the bucket
     * @param losses receives the reason for each file that no later sidecar has
     */
    private List<SlotRow> slots(Sidecar sidecar, boolean merges, List<String> losses, Instant now) {
        List<SlotRow> recorded = sidecar.files();
        Map<String, KnownObject> objects = new HashMap<>(media.known(recorded.stream()
                .map(SlotRow::media)
                .filter(Objects::nonNull)
                .map(StoredMedia::sha256)
                .toList()));
        if (merges) {
            addUnknown(recorded, objects);
        }
        List<SlotRow> slots = new ArrayList<>();
        for (SlotRow row : recorded) {
            StoredMedia file = row.media();
            KnownObject known = file == null ? null : objects.get(file.sha256());
            StoredMedia object = known == null ? null : known.media();
            String loss = file == null ? null : loss(file, object);
            if (loss == null) {
                slots.add(file == null || object == null ? row : row.with(object.with(file.words())));
                continue;
            }
            if (row.kind() == MediaKind.PREVIEW) {
                continue; // optional: the note is complete without it
            }
            if (!isStoredByLater(sidecar, row)) {
                losses.add(row.kind() + " " + row.ordinal() + ": " + loss);
            }
            slots.add(row.asMissing(loss, now));
        }
        return slots;
    }

    /** Adds the objects that the bucket has and the tables do not contain, to both. */
    private void addUnknown(List<SlotRow> slots, Map<String, KnownObject> known) {
        List<FoundObject> added = new ArrayList<>();
        for (SlotRow row : slots) {
            StoredMedia file = row.media();
            if (file != null && !known.containsKey(file.sha256())) {
                store.stat(file.key()).ifPresent(object -> {
                    StoredMedia there = new StoredMedia(file.sha256(), file.key(), object.size(), file.contentType());
                    known.put(file.sha256(), new KnownObject(there, false));
                    added.add(new FoundObject(there, row.updatedAt()));
                });
            }
        }
        media.insertFound(added);
    }

    /** Returns why a file is not stored as recorded; null if it is. A later audit compares the bytes. */
    private @Nullable String loss(StoredMedia file, @Nullable StoredMedia object) {
        if (object == null) {
            return "its object " + file.key() + " is not in the bucket";
        }
        if (object.size() == file.size()) {
            return null;
        }
        media.deleteUnused(object.key().value());
        return "its object %s has %d bytes instead of %d".formatted(object.key(), object.size(), file.size());
    }

    /**
     * Returns whether a later sidecar of the note has an object for the same file: then a better rendition has replaced
     * that of this sidecar.
     */
    private boolean isStoredByLater(Sidecar sidecar, SlotRow row) {
        try (Stream<StoredObject> all = store.list(Sidecar.PREFIX + sidecar.noteId() + "/")) {
            return all.map(StoredObject::key)
                    .filter(key -> key.compareTo(sidecar.key()) > 0)
                    .flatMap(key -> Sidecar.find(store, key).stream())
                    .flatMap(later -> later.files().stream())
                    .filter(slot -> slot.media() != null && slot.kind() == row.kind())
                    .anyMatch(slot -> slot.identity().equals(row.identity()));
        }
    }
}
