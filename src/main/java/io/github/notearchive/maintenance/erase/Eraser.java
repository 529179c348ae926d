package io.github.notearchive.maintenance.erase;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.catalog.ErasureRepository;
import io.github.notearchive.archive.catalog.ErasureRepository.ErasedFiles;
import io.github.notearchive.archive.catalog.ErasureRepository.TombstoneObject;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.RunnerLock.Scope;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoredObject;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Erases notes and people, and prevents that they are archived again.
 *
 * <p>In this order: tombstones in the tables, after which no run claims the note; tombstones in the bucket, after which
 * no rebuild restores it; rows, which lists the files that no other note uses; objects; published tables and the
 * thumbnails of this node. An interrupted erasure is marked as unfinished and is completed by the next one. No run and
 * no audit of any node is active meanwhile, since one that has a file in progress could store it again.
 */
@Component
public final class Eraser {

    private static final ErasureRequest UNFINISHED = new ErasureRequest(List.of(), null, null);

    private final ErasureRepository rows;
    private final ObjectStore store;
    private final ErasedCopies copies;
    private final ArchiveRevision revision;
    private final JdbcConnectionDetails database;
    private final ArchiveProperties settings;
    private final Clock clock;
    private final TransactionTemplate transaction;

    Eraser(
            ErasureRepository rows,
            ObjectStore store,
            ErasedCopies copies,
            ArchiveRevision revision,
            JdbcConnectionDetails database,
            ArchiveProperties settings,
            Clock clock,
            TransactionTemplate transaction) {
        this.rows = rows;
        this.store = store;
        this.copies = copies;
        this.revision = revision;
        this.database = database;
        this.settings = settings;
        this.clock = clock;
        this.transaction = transaction;
    }

    /** Removes what an interrupted erasure left in the published tables. */
    public void removeErasedCopies(RunnerLock lock) throws IOException {
        copies.removePublished(lock);
    }

    /** Returns the id of the author with a RedNote number; empty if the number is the id. */
    public Optional<String> authorByRedId(String redId) {
        return rows.authorByRedId(redId);
    }

    /** Notes and person to erase, by the platform id of a person whose notes are erased as well. */
    public record ErasureRequest(
            List<NoteId> notes,
            @Nullable String author,
            @Nullable String reason) {

        public ErasureRequest {
            notes = List.copyOf(new TreeSet<>(notes));
        }
    }

    /** Returns what would be erased, including objects of an interrupted erasure; changes nothing. */
    public ErasureReport preview(ErasureRequest request) throws IOException {
        Erasure found = new Erasure();
        rolledBack(() -> markErased(request, found));
        if (hasBucket()) {
            findSidecars(found); // while no row is locked
        }
        Erasure erasure = new Erasure();
        erasure.sidecars.addAll(found.sidecars);
        erasure.named.addAll(found.named);
        rolledBack(() -> {
            markErased(request, erasure);
            removeRows(erasure);
            erasure.files = rows.toRemove();
        });
        erasure.mentions = copies.countMentions(erasure.notes);
        return erasure.report(true);
    }

    private void rolledBack(Runnable changes) {
        transaction.executeWithoutResult(status -> {
            status.setRollbackOnly();
            changes.run();
        });
    }

    /** Erases notes and person; empty, and nothing is changed, if a run or an audit of any node is active. */
    public Optional<ErasureReport> erase(ErasureRequest request) throws IOException {
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
     * so.
     *
     * @param lock the lock of the whole archive
     * @return number of notes and people
     */
    public int removeUnfinished(RunnerLock lock) throws IOException {
        Erasure erasure = new Erasure();
        if (!rows.unfinished().isEmpty()) {
            removeRows(UNFINISHED, erasure, lock);
            removeSidecars(erasure, lock);
        }
        return erasure.marked.size();
    }

    /** Completes the erasures that are unfinished in the tables, and removes all listed files that no note uses. */
    public void completeUnfinished(RunnerLock lock) throws IOException {
        ErasureReport _ = erase(UNFINISHED, lock);
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

    private ErasureReport erase(ErasureRequest request, RunnerLock lock) throws IOException {
        Erasure erasure = new Erasure();
        removeRows(request, erasure, lock);
        erasure.files = rows.removeListed(lock::requireHeld, null);
        removeSidecars(erasure, lock);
        erasure.mentions = copies.removeMentions(erasure.notes);
        if (!erasure.marked.isEmpty()) {
            copies.removePublished(lock);
            copies.removeThumbnails();
        }
        transaction.executeWithoutResult(_ -> rows.finish(erasure.notes, erasure.authors, clock.instant()));
        return erasure.report(false);
    }

    private void removeRows(ErasureRequest request, Erasure erasure, RunnerLock lock) throws IOException {
        transaction.executeWithoutResult(_ -> markErased(request, erasure));
        erasure.marked.forEach(tombstone -> tombstone.putInto(store));
        findSidecars(erasure);
        lock.requireHeld();
        transaction.executeWithoutResult(_ -> removeRows(erasure));
        erasure.spooled = copies.removeSpooled(erasure.notes);
    }

    private void removeSidecars(Erasure erasure, RunnerLock lock) {
        lock.requireHeld();
        erasure.sidecars.forEach(sidecar -> store.remove(sidecar.key().value()));
    }

    private void markErased(ErasureRequest request, Erasure erasure) {
        Instant now = clock.instant();
        String author = request.author();
        if (author != null) {
            rows.markAuthorErased(author, request.reason(), now);
        }
        Set<NoteId> notes = new TreeSet<>(rows.notesOfUnfinishedAuthors());
        rows.markErased(notes, author == null ? null : request.reason(), now);
        rows.markErased(request.notes(), request.reason(), now);
        notes.addAll(request.notes());
        erasure.worklist = rows.removeFromWorklist(notes, now);
        for (TombstoneObject tombstone : rows.unfinished()) {
            erasure.marked.add(tombstone);
            tombstone.note().ifPresentOrElse(erasure.notes::add, () -> erasure.authors.add(tombstone.id()));
        }
    }

    private void removeRows(Erasure erasure) {
        erasure.shared = rows.shared(erasure.notes);
        erasure.namedIn.addAll(rows.removeMentions(erasure.notes));
        erasure.rows.putAll(rows.remove(erasure.notes, erasure.named));
        erasure.rows.merge("worklist", erasure.worklist, Long::sum);
    }

    /**
     * Finds the sidecars of the notes in the bucket, also without row, and the files that they name: after a rebuild
     * these may be the only reference.
     */
    private void findSidecars(Erasure erasure) {
        for (NoteId note : erasure.notes) {
            try (Stream<StoredObject> sidecars = store.list(Sidecar.PREFIX + note + "/")) {
                sidecars.forEach(sidecar -> {
                    erasure.sidecars.add(sidecar);
                    Sidecar.find(store, sidecar.key()).map(Sidecar::files).stream()
                            .flatMap(List::stream)
                            .flatMap(slot -> Stream.ofNullable(slot.media()))
                            .forEach(file -> erasure.named.add(file.key().value()));
                });
            }
        }
    }

    private static final class Erasure {

        private final List<TombstoneObject> marked = new ArrayList<>();
        private final List<NoteId> notes = new ArrayList<>();
        private final List<String> authors = new ArrayList<>();
        private final Map<String, Long> rows = new LinkedHashMap<>();
        private final List<NoteId> namedIn = new ArrayList<>();
        private final List<StoredObject> sidecars = new ArrayList<>();
        private final Set<String> named = new HashSet<>();
        private ErasedFiles files = new ErasedFiles(0, 0);
        private ErasedFiles shared = files;
        private long worklist;
        private long spooled;
        private long mentions;

        ErasureReport report(boolean dryRun) {
            return new ErasureReport(
                    dryRun,
                    notes,
                    !authors.isEmpty(),
                    rows,
                    files.count(),
                    files.bytes(),
                    sidecars.size(),
                    sidecars.stream().mapToLong(StoredObject::size).sum(),
                    shared.count(),
                    shared.bytes(),
                    spooled,
                    mentions,
                    namedIn);
        }
    }

    /**
     * Result of an erasure, or of its preview.
     *
     * @param notes requested notes, and those of interrupted erasures
     * @param rows removed rows by table; those of {@code api_call} and {@code log_entry} are emptied and kept
     * @param sharedFiles files that are kept, since other notes use them
     * @param unwrittenAnswers removed responses in spool files of this node
     * @param reports removed reports that name a note, of this node and in the bucket; the command report creates them
     *     again
     * @param namedIn notes of other people that name the person, whose texts and responses are not changed
     */
    public record ErasureReport(
            boolean dryRun,
            List<NoteId> notes,
            boolean author,
            Map<String, Long> rows,
            long files,
            long fileBytes,
            long sidecars,
            long sidecarBytes,
            long sharedFiles,
            long sharedBytes,
            long unwrittenAnswers,
            long reports,
            List<NoteId> namedIn) {}
}
