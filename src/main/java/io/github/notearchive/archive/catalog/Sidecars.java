package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.catalog.LogRepository.LogEntry;
import io.github.notearchive.archive.catalog.NoteCatalog.CapturedNote;
import io.github.notearchive.archive.catalog.Sidecar.BrokenSidecarException;
import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.ledger.PaidResponses.PaidCall;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.io.GroupCommit;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.ResponseMemory;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoredObject;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes sidecars before the rows of the same decision, so that the tables can be rebuilt from the bucket.
 *
 * <p>Each paid response has one sidecar under a fixed key. Each file of a note is described in the sidecar of the
 * response that lists it; the newest sidecar holds the worklist row. A note without a paid response has none and loses
 * nothing: a new call costs the same. A process that dies between sidecar and rows leaves a sidecar that is ahead of
 * them, until the repeat rewrites it.
 */
@Component
public final class Sidecars implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Sidecars.class);
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final ObjectStore store;
    private final PaidResponses paid;
    private final NoteCatalog notes;
    private final MediaCatalog media;
    private final WorklistRepository worklist;
    private final ResponseMemory memory;
    private final GroupCommit<LogEntry, String> entries;
    private final GroupCommit<WorklistItem, Recorded> recorded = GroupCommit.ofStatements("sidecars", this::recorded);

    Sidecars(
            ObjectStore store,
            PaidResponses paid,
            NoteCatalog notes,
            MediaCatalog media,
            WorklistRepository worklist,
            ResponseMemory memory,
            LogRepository captureLog) {
        this.store = store;
        this.paid = paid;
        this.notes = notes;
        this.media = media;
        this.worklist = worklist;
        this.memory = memory;
        this.entries = GroupCommit.ofStatements("log-entries", captureLog::record);
    }

    /** Row of a claimed note, null if the claim was lost, and its newest paid call. */
    private record Recorded(
            @Nullable WorklistRow row, @Nullable PaidCall newest) {}

    private List<Recorded> recorded(List<WorklistItem> claimed) {
        Map<Long, WorklistRow> rows = worklist.rows(claimed);
        Map<NoteId, PaidCall> calls =
                paid.latestPaidCalls(claimed.stream().map(WorklistItem::id).toList());
        return claimed.stream()
                .map(item -> new Recorded(rows.get(item.claim()), calls.get(item.id())))
                .toList();
    }

    @Override
    public void close() {
        recorded.close();
        entries.close();
    }

    /**
     * Writes the sidecars of a claimed note.
     *
     * @param note captured responses; null if there are none
     * @param row the row to be written after them; null if the note is released
     * @return false if the claim was lost; nothing is stored then, and no row may be written
     * @throws StoreException if a sidecar could not be stored; no row may be written then
     */
    public boolean write(WorklistItem claimed, @Nullable CapturedNote note, @Nullable WorklistRow row) {
        Recorded current = recorded.execute(claimed);
        if (note == null && current.newest == null) {
            return true; // no paid response, so no sidecar
        }
        if (current.row == null) {
            return false;
        }
        WorklistRow next = row == null ? current.row : row.withChanges(claimed.row(), current.row);
        write(claimed.id(), current.newest, note, next);
        return true;
    }

    /** Writes the sidecars of an unclaimed note. */
    public void write(CapturedNote note, WorklistRow row) {
        NoteId id = note.capture().id();
        write(id, paid.latestPaidCall(id).orElse(null), note, row);
    }

    private void write(NoteId id, @Nullable PaidCall newest, @Nullable CapturedNote note, WorklistRow row) {
        if (note != null) {
            for (NoteCapture response : note.answers()) {
                PaidCall call = newest != null && newest.number() == response.callId()
                        ? newest
                        : paid.paidCall(id, response.callId()).orElseThrow();
                put(
                        id,
                        new PaidCall(response.callId(), response.capturedAt(), call.facts()),
                        row,
                        note.archivedAt(),
                        note.filesOf(response),
                        response.response());
            }
        }
        if (newest != null
                && (note == null
                        || note.answers().stream().noneMatch(response -> response.callId() == newest.number()))) {
            rewrite(id, newest, row, note);
        }
    }

    /** Restores a lost or damaged sidecar; false, and nothing is written, if the ledger no longer has the response. */
    public boolean restore(NoteId id, long number, WorklistRow row) {
        Optional<PaidCall> call = paid.paidCall(id, number);
        Optional<byte[]> response = call.flatMap(bought -> paid.responseBody(id, bought));
        response.ifPresent(bytes -> put(id, call.orElseThrow(), row, null, bytes));
        return response.isPresent();
    }

    /** Rewrites the sidecar of a response that adds nothing now, from the rows of files that the note does not list. */
    private void rewrite(NoteId id, PaidCall call, WorklistRow row, @Nullable CapturedNote note) {
        paid.responseBody(id, call)
                .or(() -> stored(id, call))
                .ifPresent(response -> put(id, call, row, note, response));
    }

    private void put(NoteId id, PaidCall call, WorklistRow row, @Nullable CapturedNote note, byte[] response) {
        Optional<NoteCatalog.Taken> taken = notes.taken(id, call.receivedAt());
        List<SlotRow> slots = taken.isEmpty()
                ? null
                : media.slotsOf(id, call.receivedAt()).stream()
                        .filter(slot -> note == null || !note.lists(slot))
                        .toList();
        put(id, call, row, taken.map(NoteCatalog.Taken::archivedAt).orElse(null), slots, response);
    }

    private void put(
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
        if (media != null) {
            // before the sidecar, so that its salt has an entry
            sidecar = sidecar.with(entries.execute(LogEntry.of(id, call.receivedAt(), sidecar.record())));
        }
        store.putBytes(sidecar.key(), sidecar.bytes(), "application/json");
    }

    /** Returns the bytes of a response that the ledger no longer has. */
    private Optional<byte[]> stored(NoteId id, PaidCall call) {
        ObjectKey key = Sidecar.keyOf(id, call.receivedAt());
        String why = "object not found";
        try {
            Optional<StoredObject> there = store.stat(key);
            if (there.isPresent()) {
                memory.take(id, there.get().size());
                return Optional.of(Sidecar.read(key, store.read(key)).answer());
            }
        } catch (BrokenSidecarException e) {
            why = String.valueOf(e.getMessage());
        }
        log.warn(
                "Note {}: its sidecar {} could not be rewritten ({}); a rebuild would restore an older state of the note",
                id,
                key,
                why);
        return Optional.empty();
    }
}
