package io.github.notearchive.maintenance.erase;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.catalog.BrokenSidecarException;
import io.github.notearchive.archive.catalog.ErasureRepository;
import io.github.notearchive.archive.catalog.ErasureRepository.Erased;
import io.github.notearchive.archive.catalog.ErasureRepository.Files;
import io.github.notearchive.archive.catalog.MediaCatalog.SlotRow;
import io.github.notearchive.archive.catalog.Mentions;
import io.github.notearchive.archive.catalog.ObjectRemoval;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.TombstoneObject;
import io.github.notearchive.archive.ledger.ResponseSpool;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoredObject;
import java.io.IOException;
import java.sql.SQLException;
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
 * Forgets notes and people: removes what is kept of them, and sees that it is not archived again.
 *
 * <p>In this order: the tombstones in the tables, with which no run takes a note up any more; those in the bucket, so
 * that no rebuild brings it back; the rows, with the files that nobody else uses put down to be removed; the objects.
 * Whatever is interrupted in between is marked as unfinished, and finished by whoever forgets anything next. No run and
 * no audit of any node goes on beside it, or one that has a file in hand could put it anew.
 */
@Component
public class Eraser {

    private final ErasureRepository rows;
    private final ObjectRemoval objects;
    private final ObjectStore store;
    private final ResponseSpool unwritten;
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
            ResponseSpool unwritten,
            Mentions mentions,
            ArchiveRevision revision,
            JdbcConnectionDetails database,
            ArchiveProperties settings,
            Clock clock,
            PlatformTransactionManager transactions) {
        this.rows = rows;
        this.objects = objects;
        this.store = store;
        this.unwritten = unwritten;
        this.mentions = mentions;
        this.revision = revision;
        this.database = database;
        this.settings = settings;
        this.clock = clock;
        this.transaction = new TransactionTemplate(transactions);
    }

    /**
     * What to forget.
     *
     * @param notes the notes, known or not
     * @param author the platform's id of a person whose notes are to be forgotten, too; null: nobody
     * @param reason why, kept in the tombstones; null when nobody says
     */
    public record Request(
            List<NoteId> notes,
            @Nullable String author,
            @Nullable String reason) {

        public Request {
            notes = List.copyOf(new TreeSet<>(notes));
        }
    }

    /** The id of the author whom people know by this number, when that is what somebody has given. */
    public Optional<String> authorByRedId(String redId) {
        return rows.authorByRedId(redId);
    }

    /** What would go; changes nothing. Objects that an interrupted forgetting has left count. */
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
     * Forgets it.
     *
     * @return empty when a run or an audit of any node is active; nothing was changed then
     * @throws SQLException when the database is out of reach
     */
    public Optional<ErasureReport> forget(Request request) throws SQLException, IOException {
        try (RunnerLock lock = RunnerLock.ofArchive(database, settings.node()).orElse(null)) {
            if (lock == null) {
                return Optional.empty();
            }
            if (!hasBucket()) {
                store.ensureBucket(); // for the tombstones
            }
            // first, so that no dump from before this is taken for one from after it
            revision.advance();
            ErasureReport report = forgetAlone(request, lock);
            revision.tryAdvance();
            return Optional.of(report);
        }
    }

    /**
     * Removes rows and sidecars of the erasures that are unfinished in the tables, and lists their files. Removes no
     * file, since tables older than the bucket do not know all notes that use it: {@link #completeUnfinished} does so.
     * Requires the lock of the whole archive.
     *
     * @param lock the lock of the whole archive
     * @return how many notes and people it concerns
     */
    public int removeUnfinished(RunnerLock lock) throws SQLException, IOException {
        int unfinished =
                rows.unfinishedNotes().size() + rows.unfinishedAuthors().size();
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
    public void completeUnfinished(RunnerLock lock) throws SQLException, IOException {
        ErasureReport _ = forgetAlone(new Request(List.of(), null, null), lock);
    }

    /**
     * Whether there is a bucket to look into. Before anything was stored there need be none; later a bucket that is not
     * there is another one than that of the tables.
     */
    private boolean hasBucket() {
        if (rows.isAnythingStored()) {
            store.requireBucket();
            return true;
        }
        return store.hasBucket();
    }

    private ErasureReport forgetAlone(Request request, RunnerLock lock) throws SQLException, IOException {
        Counts counts = new Counts(false);
        removeRows(request, counts, lock);
        Files removed = objects.removeListed(lock::requireHeld, null);
        counts.files = removed.count();
        counts.fileBytes = removed.bytes();
        removeSidecars(counts, lock);
        counts.mentions = mentions.removeNaming(counts.notes);
        transaction.executeWithoutResult(_ -> {
            rows.finish(counts.notes, clock.instant());
            rows.finishAuthors(counts.authors, clock.instant());
        });
        return counts.report();
    }

    private void removeRows(Request request, Counts counts, RunnerLock lock) throws SQLException, IOException {
        transaction.executeWithoutResult(_ -> markErased(request, counts));
        for (Erased erased : counts.erased) {
            new TombstoneObject(erased.id(), erased.at(), erased.reason()).putInto(store);
        }
        findSidecars(counts);
        lock.requireHeld();
        transaction.executeWithoutResult(_ -> removeRows(counts));
        counts.unwritten = unwritten.remove(counts.notes);
    }

    private void removeSidecars(Counts counts, RunnerLock lock) throws SQLException {
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
        List<Erased> unfinished = rows.unfinishedNotes();
        List<Erased> authors = rows.unfinishedAuthors();
        counts.erased.addAll(unfinished);
        counts.erased.addAll(authors);
        unfinished.forEach(note -> counts.notes.add(new NoteId(note.id())));
        authors.forEach(author -> counts.authors.add(author.id()));
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
     * What lies in the bucket of the notes, whether or not a row knows it, and the files that it names: after a rebuild
     * nothing else may name those.
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
            return List.of(); // it goes all the same
        }
    }

    /** What it comes to, while it goes on. */
    private static final class Counts {

        private final boolean dryRun;
        private final List<Erased> erased = new ArrayList<>();
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
        private long unwritten;
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
                    unwritten,
                    mentions,
                    ErasureReport.texts(namedIn));
        }
    }
}
