package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.catalog.LogRepository.LogEntry;
import io.github.notearchive.archive.catalog.NoteCatalog.CapturedNote;
import io.github.notearchive.archive.catalog.Sidecar.BrokenSidecarException;
import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.ledger.PaidResponses.PaidCall;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistRepository.ClaimedRow;
import io.github.notearchive.archive.worklist.WorklistRepository.DueSidecar;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.io.jdbc.GroupCommit;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.ResponseMemory;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoredObject;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Gatherers;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes sidecars, so that the tables can be rebuilt from the bucket.
 *
 * <p>Each paid response has one sidecar under a fixed key. Each file of a note is described in the sidecar of the
 * response that lists it; the newest sidecar holds the worklist row. A note without a paid response has none and loses
 * nothing: a new call costs the same.
 *
 * <p>The sidecar of a response that the catalog does not have is written before its rows, so that no row refers to a
 * missing object; after a crash in between it is ahead of the rows until the repeat replaces it. For every other
 * decision the rows are written first, with a mark, {@code worklist.sidecar_due}; then the sidecars, from the tables;
 * then the mark is cleared. After a crash in between, the next run does so before it claims.
 *
 * <p>A process that was frozen may send its PUT after another one has settled the note. The PUT is conditional on the
 * object that was stored before claim or rows were read, so a store with conditional uploads rejects it. For other
 * stores, claim, mark and tombstone are compared after the PUT, too, by the statement that settles the note or clears
 * the mark: the sidecar of a lost claim is written again from the tables, that of an erased note is removed.
 */
@Component
public final class Sidecars implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Sidecars.class);
    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** Attempts to write the sidecars of a note that others change meanwhile. */
    private static final int ATTEMPTS = 3;

    /** Notes whose sidecars are written in parallel. */
    private static final int PARALLEL = 8;

    private final ObjectStore store;
    private final PaidResponses paid;
    private final NoteCatalog notes;
    private final MediaCatalog media;
    private final WorklistRepository worklist;
    private final ErasureList erasures;
    private final ResponseMemory memory;
    private final GroupCommit<LogEntry, String> entries;
    private final GroupCommit<WorklistItem, ClaimedRecord> recorded =
            GroupCommit.ofStatements("sidecars", this::recorded);

    Sidecars(
            ObjectStore store,
            PaidResponses paid,
            NoteCatalog notes,
            MediaCatalog media,
            WorklistRepository worklist,
            ErasureList erasures,
            ResponseMemory memory,
            LogRepository captureLog) {
        this.store = store;
        this.paid = paid;
        this.notes = notes;
        this.media = media;
        this.worklist = worklist;
        this.erasures = erasures;
        this.memory = memory;
        this.entries = GroupCommit.ofStatements("log-entries", captureLog::record);
    }

    /** Row of a claimed note, null if the claim was lost, and its newest paid call. */
    private record ClaimedRecord(
            @Nullable ClaimedRow claimed, @Nullable PaidCall newest) {}

    private List<ClaimedRecord> recorded(List<WorklistItem> claimed) {
        Map<Long, ClaimedRow> rows = worklist.rows(claimed);
        Map<NoteId, PaidCall> calls =
                paid.latestPaidCalls(claimed.stream().map(WorklistItem::id).toList());
        return claimed.stream()
                .map(item -> new ClaimedRecord(rows.get(item.claim()), calls.get(item.id())))
                .toList();
    }

    @Override
    public void close() {
        recorded.close();
        entries.close();
    }

    /** What was written before the rows of a note. */
    public enum SidecarWrite {
        /** All sidecars that the rows change. */
        ALL,
        /** Those of new responses; others are due after the commit. */
        NEW_ONLY,
        /** The claim was lost; no row may be written. */
        CLAIM_LOST
    }

    /**
     * Writes the sidecars of those responses of a claimed note that the catalog does not have.
     *
     * @param row the row to be written after them; null if the note is released
     * @throws StoreException if a sidecar could not be stored; no row may be written then
     */
    public SidecarWrite writeNew(WorklistItem item, CapturedNote note, @Nullable WorklistRow row) {
        ClaimedRecord current = recorded.execute(item);
        ClaimedRow claimed = current.claimed;
        PaidCall newest = current.newest;
        if (claimed == null || newest == null) {
            return SidecarWrite.CLAIM_LOST;
        }
        List<NoteCapture> added = note.responses().stream()
                .filter(response -> !claimed.captured().contains(String.valueOf(response.callId())))
                .toList();
        for (NoteCapture response : added) {
            PaidCall call = newest.number() == response.callId()
                    ? newest
                    : paid.paidCall(item.id(), response.callId()).orElseThrow();
            Sidecar sidecar = sidecar(
                    item.id(),
                    new PaidCall(response.callId(), response.capturedAt(), call.facts()),
                    row == null ? claimed.row() : row,
                    note.archivedAt(),
                    note.filesOf(response),
                    response.response());
            String etag = null;
            while (!store.putIfUnchanged(sidecar.key(), sidecar.bytes(), etag)) {
                etag = store.etag(sidecar.key());
                if (recorded.execute(item).claimed == null) {
                    return SidecarWrite.CLAIM_LOST;
                }
            }
        }
        boolean isNewest = added.stream().anyMatch(response -> response.callId() == newest.number());
        // others may plan refreshes during a claim
        return isNewest
                        && added.size() == note.responses().size()
                        && claimed.row().equals(item.row())
                ? SidecarWrite.ALL
                : SidecarWrite.NEW_ONLY;
    }

    /** Corrects sidecars that may have been written for a claim that is lost: they are due then. */
    public void correct(NoteId id) {
        if (markDue(id)) {
            boolean _ = writeDue(id);
        }
    }

    /** Marks the sidecars of a note as due; removes those of an erased note instead, and returns false. */
    private boolean markDue(NoteId id) {
        if (erasures.find(id).isEmpty()) {
            return worklist.markSidecarsDue(List.of(id)) == 1;
        }
        try (Stream<StoredObject> sidecars = store.list(Sidecar.PREFIX + id + "/")) {
            sidecars.toList().forEach(sidecar -> store.remove(sidecar.name()));
            log.warn("Note {}: it is erased; a late sidecar is removed", id);
        } catch (StoreException e) {
            log.warn(
                    "Note {}: it is erased; its late sidecar is removed by forget {} --yes: {}",
                    id,
                    id,
                    e.getMessage());
        }
        return false;
    }

    /** Writes all sidecars that are due, except those of claimed notes. Ends when store or database is unavailable. */
    public void writeDue() {
        boolean _ = worklist.dueSidecars().stream()
                .gather(Gatherers.mapConcurrent(PARALLEL, this::writeDue))
                .allMatch(isAvailable -> isAvailable);
    }

    /**
     * Writes the sidecars of a note from the tables if they are due and it is not claimed. They stay due after an
     * error, and if others change the note all the time.
     *
     * @return false if store or database is unavailable
     */
    public boolean writeDue(NoteId id) {
        try {
            for (int i = 0; i < ATTEMPTS && !isWritten(id); i++) {
                log.debug("Note {}: it was changed while its sidecars were written", id);
            }
            return true;
        } catch (StoreException | DataAccessException | TransactionException e) {
            log.warn("Note {}: its sidecars are written by the next run: {}", id, e.getMessage());
            return e instanceof StoreException store && store.refused();
        }
    }

    /** Writes the sidecars that are due; false if the note was changed meanwhile. */
    private boolean isWritten(NoteId id) {
        Map<PaidCall, @Nullable String> etags = new LinkedHashMap<>();
        for (PaidCall call : paid.currentPaidCalls(id)) {
            etags.put(call, store.etag(Sidecar.keyOf(id, call.receivedAt())));
        }
        // after the tags, so that the PUTs fail if another process settles the note
        DueSidecar due = etags.isEmpty() ? null : worklist.dueSidecar(id).orElse(null);
        if (due == null) {
            return true;
        }
        for (Map.Entry<PaidCall, @Nullable String> each : etags.entrySet()) {
            PaidCall call = each.getKey();
            Optional<byte[]> response = paid.responseBody(id, call).or(() -> stored(id, call));
            if (response.isPresent() && !put(id, call, due.row(), response.get(), each.getValue())) {
                return false;
            }
        }
        return worklist.clearSidecarDue(due) || !markDue(id);
    }

    /**
     * Restores a lost, damaged or stale sidecar of a note whose row the caller has locked; false, and nothing is
     * written, if the response is lost.
     *
     * @param stale whether the stored sidecar has the response, which the ledger may have cleared
     */
    public boolean restore(NoteId id, long number, WorklistRow row, boolean stale) {
        PaidCall call = paid.paidCall(id, number).orElse(null);
        if (call == null) {
            return false;
        }
        byte[] response = paid.responseBody(id, call)
                .or(() -> stale ? stored(id, call) : Optional.empty())
                .orElse(null);
        if (response == null) {
            return false;
        }
        while (!put(id, call, row, response, store.etag(Sidecar.keyOf(id, call.receivedAt())))) {
            log.debug("Note {}: a late PUT has replaced its sidecar meanwhile", id);
        }
        return true;
    }

    /** Writes the sidecar of a response from the tables; false if another process has written it since the tag. */
    private boolean put(NoteId id, PaidCall call, WorklistRow row, byte[] response, @Nullable String etag) {
        Optional<NoteCatalog.Taken> taken = notes.taken(id, call.receivedAt());
        Sidecar sidecar = sidecar(
                id,
                call,
                row,
                taken.map(NoteCatalog.Taken::archivedAt).orElse(null),
                taken.isEmpty() ? null : media.slotsOf(id, call.receivedAt()),
                response);
        return store.putIfUnchanged(sidecar.key(), sidecar.bytes(), etag);
    }

    private Sidecar sidecar(
            NoteId id,
            PaidCall call,
            WorklistRow row,
            @Nullable Instant archivedAt,
            @Nullable List<SlotRow> media,
            byte[] response) {
        Sidecar sidecar = new Sidecar(
                id,
                call.receivedAt(),
                call.number(),
                JSON.valueToTree(call.facts()),
                JSON.valueToTree(row),
                archivedAt,
                media,
                null,
                response);
        return media == null
                ? sidecar
                // before the sidecar, so that its salt has an entry
                : sidecar.with(entries.execute(LogEntry.of(id, call.receivedAt(), sidecar.record())));
    }

    /** Returns the bytes of a response that the ledger no longer has. */
    private Optional<byte[]> stored(NoteId id, PaidCall call) {
        ObjectKey key = Sidecar.keyOf(id, call.receivedAt());
        String why = "object not found";
        try {
            Optional<StoredObject> there = store.stat(key);
            if (there.isPresent()) {
                memory.take(id, there.get().size());
                return Optional.of(Sidecar.read(key, store.read(key)).response());
            }
        } catch (BrokenSidecarException e) {
            why = String.valueOf(e.getMessage());
        }
        log.warn(
                "Note {}: its sidecar {} could not be rewritten ({}); a rebuild would restore an older state of the "
                        + "note",
                id,
                key,
                why);
        return Optional.empty();
    }
}
