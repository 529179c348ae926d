package io.github.notearchive.maintenance.erase;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.catalog.BrokenSidecarException;
import io.github.notearchive.archive.catalog.ErasureRepository;
import io.github.notearchive.archive.catalog.ErasureRepository.Files;
import io.github.notearchive.archive.catalog.Mentions;
import io.github.notearchive.archive.catalog.ObjectRemoval;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.TombstoneObject;
import io.github.notearchive.archive.ledger.ResponseSpool;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.RunnerLock.Scope;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoredObject;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Erases notes and people, and prevents that they are archived again.
 *
 * <p>In this order: tombstones in the tables, after which no run claims the note; tombstones in the bucket, after which
 * no rebuild restores it; rows, which lists the files that no other note uses; objects. An interrupted erasure is
 * marked as unfinished and is completed by the next one. No run and no audit of any node is active meanwhile, since one
 * that has a file in progress could store it again.
 */
@Component
public class Eraser {

    private final ErasureRepository rows;
    private final ObjectRemoval objects;
    private final ObjectStore store;
    private final ResponseSpool spool;
    private final Mentions mentions;
    private final ArchiveRevision revision;
    private final JdbcConnectionDetails database;
    private final ArchiveProperties settings;
    private final Clock clock;
    private final TransactionTemplate transaction;

    Eraser(
            ErasureRepository rows,
            ObjectRemoval objects,
            ObjectStore store,
            ResponseSpool spool,
            Mentions mentions,
            ArchiveRevision revision,
            JdbcConnectionDetails database,
            ArchiveProperties settings,
            Clock clock,
            PlatformTransactionManager transactions) {
        this.rows = rows;
        this.objects = objects;
        this.store = store;
        this.spool = spool;
        this.mentions = mentions;
        this.revision = revision;
        this.database = database;
        this.settings = settings;
        this.clock = clock;
        this.transaction = new TransactionTemplate(transactions);
    }

    /**
     * Notes and person to erase.
     *
     * @param notes the notes, known or not
     * @param author platform id of a person whose notes are erased as well; null for none
     * @param reason reason, stored in the tombstones; null for none
     */
    public record Request(
            List<NoteId> notes,
            @Nullable String author,
            @Nullable String reason) {

        public Request {
            notes = List.copyOf(new TreeSet<>(notes));
        }
    }

    /** Returns the platform id of the author with this public number; empty if it is unknown. */
    public Optional<String> authorByRedId(String redId) {
        return rows.authorByRedId(redId);
    }

    /** Returns what would be erased, including objects of an interrupted erasure; changes nothing. */
    public ErasureReport preview(Request request) throws IOException {
        boolean hasBucket = hasBucket();
        Counts counts = new Counts(true);
        transaction.executeWithoutResult(status -> {
            status.setRollbackOnly();
            markErased(request, counts);
            if (hasBucket) {
                findSidecars(counts);
            }
            removeRows(counts);
            Files files = rows.toRemove();
            counts.files = files.count();
            counts.fileBytes = files.bytes();
        });
        counts.mentions = mentions.countNaming(counts.notes);
        return counts.report();
    }

    /**
     * Erases notes and person.
     *
     * @return empty if a run or an audit of any node is active; nothing is changed then
     */
    public Optional<ErasureReport> forget(Request request) throws IOException {
        try (RunnerLock lock =
                RunnerLock.acquire(database, Scope.ARCHIVE, settings.node()).orElse(null)) {
            if (lock == null) {
                return Optional.empty();
            }
            if (!hasBucket()) {
                store.ensureBucket(); // for the tombstones
            }
            // first, so that a dump from before the erasure is detected
            revision.advance();
            ErasureReport report = erase(request, lock);
            revision.tryAdvance();
            return Optional.of(report);
        }
    }

    /**
     * Removes rows and sidecars of the erasures that are unfinished in the tables, and lists their files. Removes no
     * file, since tables older than the bucket do not contain all notes that use it: {@link #completeUnfinished} does
     * so. Requires the lock of the whole archive.
     *
     * @param lock the lock of the whole archive
     * @return number of notes and people
     */
    public int removeUnfinished(RunnerLock lock) throws IOException {
        int unfinished = rows.unfinished().size();
        if (unfinished > 0) {
            Counts counts = new Counts(false);
            removeRows(new Request(List.of(), null, null), counts, lock);
            removeSidecars(counts, lock);
        }
        return unfinished;
    }

    /**
     * Completes the erasures that are unfinished in the tables, and removes all listed files that no note uses.
     * Requires the lock of the whole archive.
     *
     * @param lock the lock of the whole archive
     */
    public void completeUnfinished(RunnerLock lock) throws IOException {
        ErasureReport _ = erase(new Request(List.of(), null, null), lock);
    }

    /**
     * Returns whether the bucket exists. Before anything was stored it need not; afterwards a missing bucket means that
     * another one is configured.
     */
    private boolean hasBucket() {
        if (rows.isAnythingStored()) {
            store.requireBucket();
            return true;
        }
        return store.hasBucket();
    }

    private ErasureReport erase(Request request, RunnerLock lock) throws IOException {
        Counts counts = new Counts(false);
        removeRows(request, counts, lock);
        Files removed = objects.removeListed(lock::requireHeld, null);
        counts.files = removed.count();
        counts.fileBytes = removed.bytes();
        removeSidecars(counts, lock);
        counts.mentions = mentions.removeNaming(counts.notes);
        transaction.executeWithoutResult(_ -> rows.finish(counts.notes, counts.authors, clock.instant()));
        return counts.report();
    }

    private void removeRows(Request request, Counts counts, RunnerLock lock) throws IOException {
        transaction.executeWithoutResult(_ -> markErased(request, counts));
        counts.erased.forEach(tombstone -> tombstone.putInto(store));
        findSidecars(counts);
        lock.requireHeld();
        transaction.executeWithoutResult(_ -> removeRows(counts));
        counts.spooled = spool.remove(counts.notes);
    }

    private void removeSidecars(Counts counts, RunnerLock lock) {
        lock.requireHeld();
        for (StoredObject sidecar : counts.sidecars) {
            store.remove(sidecar.key().value());
        }
    }

    private void markErased(Request request, Counts counts) {
        String reason = request.reason();
        if (request.author() != null) {
            rows.markAuthorErased(request.author(), reason, clock.instant());
        }
        Set<NoteId> notes = new TreeSet<>(rows.notesOfUnfinishedAuthors());
        rows.markErased(notes, request.author() == null ? null : reason, clock.instant());
        rows.markErased(request.notes(), reason, clock.instant());
        notes.addAll(request.notes());
        counts.worklist = rows.removeFromWorklist(notes, clock.instant());
        for (TombstoneObject tombstone : rows.unfinished()) {
            counts.erased.add(tombstone);
            tombstone.note().ifPresentOrElse(counts.notes::add, () -> counts.authors.add(tombstone.id()));
        }
    }

    private void removeRows(Counts counts) {
        Files shared = rows.shared(counts.notes);
        counts.sharedFiles = shared.count();
        counts.sharedBytes = shared.bytes();
        counts.namedIn.addAll(rows.removeMentions(counts.notes));
        counts.rows.putAll(rows.remove(counts.notes, counts.named));
        counts.rows.merge("worklist", counts.worklist, Long::sum);
    }

    /**
     * Finds the sidecars of the notes in the bucket, also without row, and the files that they name: after a rebuild
     * these may be the only reference.
     */
    private void findSidecars(Counts counts) {
        for (NoteId note : counts.notes) {
            try (Stream<StoredObject> sidecars = store.list(Sidecar.PREFIX + note + "/")) {
                sidecars.forEach(sidecar -> {
                    counts.sidecars.add(sidecar);
                    counts.named.addAll(filesOf(sidecar));
                });
            }
        }
    }

    private List<String> filesOf(StoredObject sidecar) {
        try {
            List<SlotRow> media =
                    Sidecar.read(sidecar.key(), store.read(sidecar.key())).media();
            return media == null
                    ? List.of()
                    : media.stream()
                            .map(SlotRow::media)
                            .filter(Objects::nonNull)
                            .map(file -> file.key().value())
                            .toList();
        } catch (BrokenSidecarException e) {
            return List.of(); // it is removed anyway
        }
    }

    /** Counts of an erasure in progress. */
    private static final class Counts {

        private final boolean dryRun;
        private final List<TombstoneObject> erased = new ArrayList<>();
        private final List<NoteId> notes = new ArrayList<>();
        private final List<String> authors = new ArrayList<>();
        private final Map<String, Long> rows = new LinkedHashMap<>();
        private final List<NoteId> namedIn = new ArrayList<>();
        private final List<StoredObject> sidecars = new ArrayList<>();
        private final Set<String> named = new HashSet<>();
        private long worklist;
        private long files;
        private long fileBytes;
        private long sharedFiles;
        private long sharedBytes;
        private long spooled;
        private long mentions;

        Counts(boolean dryRun) {
            this.dryRun = dryRun;
        }

        ErasureReport report() {
            return new ErasureReport(
                    dryRun,
                    ErasureReport.texts(notes),
                    !authors.isEmpty(),
                    rows,
                    files,
                    fileBytes,
                    sidecars.size(),
                    sidecars.stream().mapToLong(StoredObject::size).sum(),
                    sharedFiles,
                    sharedBytes,
                    spooled,
                    mentions,
                    ErasureReport.texts(namedIn));
        }
    }
}
