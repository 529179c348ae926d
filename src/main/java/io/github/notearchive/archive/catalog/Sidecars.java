package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.catalog.MediaCatalog.SlotRow;
import io.github.notearchive.archive.ledger.PaidCall;
import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.worklist.RefreshResult;
import io.github.notearchive.archive.worklist.StateTransition;
import io.github.notearchive.archive.worklist.Worklist;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.io.Transactions;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.ResponseMemory;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoredObject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.JdbcOperations;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

/**
 * Keeps the sidecars in the bucket saying what the tables are about to say, so that the tables can be rebuilt from
 * them: whoever decides about a note tells it here first, and writes the rows then.
 *
 * <p>Each paid answer has one sidecar, under a key that never changes; each file of a note is told of in the sidecar of
 * the answer that lists it, and the newest sidecar tells how far the note got. A note that nothing was ever paid for
 * has none, and loses nothing by that: asking again costs what it cost before. A process that dies between sidecar and
 * rows leaves a sidecar that is ahead of them, until the repeat writes it anew.
 */
@Component
public class Sidecars {

    private static final Logger log = LoggerFactory.getLogger(Sidecars.class);
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String TYPE = "application/json";

    private final ObjectStore store;
    private final PaidResponses paid;
    private final NoteCatalog notes;
    private final MediaCatalog media;
    private final Worklist worklist;
    private final ResponseMemory memory;
    private final JdbcOperations jdbc;
    private final TransactionTemplate ownTransaction;

    Sidecars(
            ObjectStore store,
            PaidResponses paid,
            NoteCatalog notes,
            MediaCatalog media,
            Worklist worklist,
            ResponseMemory memory,
            JdbcOperations jdbc,
            PlatformTransactionManager transactions) {
        this.store = store;
        this.paid = paid;
        this.notes = notes;
        this.media = media;
        this.worklist = worklist;
        this.memory = memory;
        this.jdbc = jdbc;
        this.ownTransaction = Transactions.perStatement(transactions);
    }

    /**
     * Tells what is about to be written about a note that somebody holds.
     *
     * @param note what its answers brought in; null when nothing did
     * @param decided null when it is handed back as it was
     * @return false when the claim was lost; nothing is stored then, and no row may be written
     * @throws StoreException when the store does not take them; no row may be written then either
     */
    public boolean tell(
            WorklistItem claimed, @Nullable CapturedNote note, @Nullable StateTransition decided, Instant now) {
        StatementBatch trip = new StatementBatch(jdbc);
        Supplier<List<PaidCall>> bought = trip.ask(paid.latestPaidCallQuery(claimed.id()));
        Supplier<List<WorklistRow>> before = trip.ask(worklist.askStanding(claimed));
        ownTransaction.executeWithoutResult(_ -> trip.run());
        PaidCall newest = bought.get().stream().findFirst().orElse(null);
        if (note == null && newest == null) {
            return true; // there is no sidecar that could say it
        }
        if (before.get().isEmpty()) {
            return false;
        }
        WorklistRow standing = before.get().getFirst();
        tell(claimed.id(), newest, note, decided == null ? standing : standing.after(decided, now));
        return true;
    }

    /**
     * Tells what is about to be written about a note that somebody holds and that keeps what it has.
     *
     * @return false when the claim was lost; nothing is stored then, and no row may be written
     * @throws StoreException when the store does not take it; no row may be written then either
     */
    public boolean tell(WorklistItem claimed, RefreshResult decided, Instant now) {
        Optional<WorklistRow> before = worklist.standing(claimed);
        before.ifPresent(standing ->
                tell(claimed.id(), paid.latestPaidCall(claimed.id()).orElse(null), null, standing.after(decided, now)));
        return before.isPresent();
    }

    /** Tells what is about to be written about a note that nobody holds. */
    public void tell(CapturedNote note, WorklistRow standing) {
        NoteId id = note.capture().id();
        tell(id, paid.latestPaidCall(id).orElse(null), note, standing);
    }

    private void tell(NoteId id, @Nullable PaidCall newest, @Nullable CapturedNote note, WorklistRow standing) {
        if (note != null) {
            for (NoteCapture answer : note.answers()) {
                put(new Sidecar(
                        id,
                        answer.capturedAt(),
                        answer.callId(),
                        JSON.valueToTree(call(newest, answer).facts()),
                        JSON.valueToTree(standing),
                        note.archivedAt(),
                        note.filesOf(answer),
                        answer.answer()));
            }
        }
        if (newest != null && !isAmong(note, newest)) {
            tellAgain(id, newest, standing, rows -> note == null ? rows : rows.filter(row -> !note.lists(row)));
        }
    }

    private PaidCall call(@Nullable PaidCall newest, NoteCapture answer) {
        return newest != null && newest.number() == answer.callId()
                ? newest
                : paid.paidCall(answer.id(), answer.callId()).orElseThrow();
    }

    private static boolean isAmong(@Nullable CapturedNote note, PaidCall call) {
        return note != null && note.answers().stream().anyMatch(answer -> answer.callId() == call.number());
    }

    /** Tells that one of a note's files is accepted as empty, which leaves the note where it stands. */
    public void tellOfWaiver(NoteId id, MediaKind kind, int ordinal, String reason, WorklistRow standing, Instant now) {
        notes.callListing(id, kind, ordinal)
                .flatMap(number -> paid.paidCall(id, number))
                .ifPresent(call -> tellAgain(
                        id,
                        call,
                        standing,
                        rows -> rows.map(row ->
                                row.kind() == kind && row.ordinal() == ordinal ? row.waived(reason, now) : row)));
    }

    /**
     * Writes a sidecar anew that is lost or damaged, as the ledger and the tables have it.
     *
     * @param number the call whose answer it keeps
     * @return false when the ledger holds the exact answer no more, and nothing was done
     */
    public boolean restore(NoteId id, long number, WorklistRow standing) {
        Optional<PaidCall> call = paid.paidCall(id, number);
        Optional<byte[]> answer = call.flatMap(bought -> paid.responseBody(id, bought));
        answer.ifPresent(bytes -> put(id, call.orElseThrow(), standing, UnaryOperator.identity(), bytes));
        return answer.isPresent();
    }

    /** Of an answer that brings in nothing now, the rows are what there is to tell. */
    private void tellAgain(NoteId id, PaidCall call, WorklistRow standing, UnaryOperator<Stream<SlotRow>> change) {
        paid.responseBody(id, call).or(() -> stored(id, call)).ifPresent(answer -> put(id, call, standing, change, answer));
    }

    private void put(
            NoteId id, PaidCall call, WorklistRow standing, UnaryOperator<Stream<SlotRow>> change, byte[] answer) {
        Optional<NoteCatalog.Taken> taken = notes.taken(id, call.receivedAt());
        put(new Sidecar(
                id,
                call.receivedAt(),
                call.number(),
                JSON.valueToTree(call.facts()),
                JSON.valueToTree(standing),
                taken.map(NoteCatalog.Taken::archivedAt).orElse(null),
                taken.isEmpty()
                        ? null
                        : change.apply(media.slotsOf(id, call.receivedAt()).stream())
                                .toList(),
                answer));
    }

    /** The bytes of an answer that the ledger no longer holds. */
    private Optional<byte[]> stored(NoteId id, PaidCall call) {
        ObjectKey key = Sidecar.keyOf(id, call.receivedAt());
        String why;
        try {
            Optional<StoredObject> there = store.stat(key);
            if (there.isPresent()) {
                memory.take(id, there.get().size());
                return Optional.of(Sidecar.read(key, store.read(key)).answer());
            }
            why = "there is none";
        } catch (BrokenSidecarException e) {
            why = String.valueOf(e.getMessage());
        }
        log.warn(
                "Note {}: its sidecar {} should be written anew and cannot be read, {}; a rebuild from the bucket would not know how the note stands now",
                id,
                key,
                why);
        return Optional.empty();
    }

    private void put(Sidecar sidecar) {
        store.putBytes(sidecar.key(), sidecar.bytes(), TYPE);
    }
}
