package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.io.jdbc.Transactions;
import io.github.notearchive.note.NoteId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;

/** Compares what a rebuild would restore from a sidecar with the tables and the entries of the transparency log. */
@Repository
public final class SidecarComparison {

    /** Position of a file among those of its kind. A later response may have moved the file to another one. */
    private static final String ORDINAL = "(?<=^[A-Z]{1,20}) \\d+";

    private final JdbcClient jdbc;
    private final WorklistRepository worklist;
    private final PlatformTransactionManager transactions;

    SidecarComparison(JdbcClient jdbc, WorklistRepository worklist, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.worklist = worklist;
        this.transactions = transactions;
    }

    /**
     * What the tables hold about a capture.
     *
     * @param written whether no run works on the note and its sidecars are not due
     * @param newest whether no later paid response exists, so that its sidecar has the worklist row
     * @param last whether no later capture exists, which may list its files instead
     * @param logged whether the log has the entry of its sidecar
     * @param slots kind, ordinal, state and digest of each slot
     */
    private record RecordedCapture(
            NoteState state,
            @Nullable Instant settledAt,
            boolean written,
            boolean newest,
            boolean last,
            boolean logged,
            List<String> slots) {}

    /**
     * Returns how the sidecar of a capture differs from the tables; empty if it does not. A slot that a later response
     * lists is in the sidecar of that one. A note that was made due since its last decision keeps the state of that.
     */
    public Optional<String> difference(RestorableSidecar found) {
        Sidecar sidecar = found.sidecar();
        Map<String, Object> parameters = Map.of(
                "note",
                sidecar.noteId(),
                "capturedAt",
                sidecar.capturedAt(),
                "salt",
                Objects.requireNonNullElse(sidecar.logSalt(), ""),
                "record",
                sidecar.record());
        Optional<RecordedCapture> recorded = Statements.optional(jdbc, RecordedCapture.class, parameters, """
                        SELECT w.state, w.settled_at, w.claim_id IS NULL AND w.sidecar_due IS NULL AS written,
                               NOT EXISTS (SELECT 1 FROM api_call l
                                           WHERE l.note_id = c.note_id AND l.billed = 'YES'
                                             AND l.received_at IS NOT NULL
                                             AND l.id > c.call_id) AS newest,
                               NOT EXISTS (SELECT 1 FROM note_capture l
                                           WHERE l.note_id = c.note_id AND l.captured_at > c.captured_at) AS last,
                               EXISTS (SELECT 1 FROM log_entry e
                                       WHERE e.note_id = c.note_id AND e.captured_at = c.captured_at
                                         AND e.entry = sha256(decode(:salt, 'hex')
                                                                  || convert_to(:record, 'UTF8'))) AS logged,
                               ARRAY(SELECT concat_ws(' ', m.kind, m.ordinal, m.state, m.sha256) FROM note_media m
                                     WHERE m.note_id = c.note_id AND m.captured_at = c.captured_at) AS slots
                        FROM note_capture c JOIN worklist w USING (note_id)
                        WHERE c.note_id = :note AND c.captured_at = :capturedAt
                        """);
        return recorded.map(tables -> difference(found, tables))
                .orElse(Optional.of("the tables lack its capture or its note"));
    }

    private static Optional<String> difference(RestorableSidecar found, RecordedCapture tables) {
        List<String> slots = found.sidecar().files().stream()
                .map(slot -> slot.kind() + " " + slot.ordinal() + " " + slot.state()
                        + (slot.media() == null ? "" : " " + slot.media().sha256()))
                .toList();
        WorklistRow row = found.row();
        String difference = null;
        if (!tables.written) {
            difference = "its note is in progress";
        } else if (!without(tables.slots, slots, tables.last).isEmpty()) {
            difference = "without the slots " + without(tables.slots, slots, tables.last);
        } else if (tables.last && !without(slots, tables.slots, true).isEmpty()) {
            difference = "with other slots than the tables: " + without(slots, tables.slots, true);
        } else if (tables.newest
                && !(Objects.equals(row.settledAt(), tables.settledAt)
                        && (row.state() == tables.state || tables.state == NoteState.PENDING))) {
            difference = "%s, settled at %s, instead of %s, settled at %s"
                    .formatted(row.state(), row.settledAt(), tables.state, tables.settledAt);
        } else if (!tables.logged) {
            difference = "the log has no entry of this content";
        }
        return Optional.ofNullable(difference);
    }

    private static List<String> without(List<String> slots, List<String> others, boolean withOrdinals) {
        List<String> there = texts(others, withOrdinals).toList();
        return texts(slots, withOrdinals).filter(slot -> !there.contains(slot)).toList();
    }

    private static Stream<String> texts(List<String> slots, boolean withOrdinals) {
        return slots.stream().map(slot -> withOrdinals ? slot : slot.replaceFirst(ORDINAL, ""));
    }

    /**
     * Executes an action while no run can change a note, in its own transaction; empty if a run works on it, or if its
     * sidecars are due.
     */
    public <T> Optional<T> whileWritten(NoteId note, Supplier<T> action) {
        return Transactions.separate(transactions)
                .execute(_ -> worklist.lockWritten(note) || worklist.find(note).isEmpty()
                        ? Optional.of(action.get())
                        : Optional.empty());
    }
}
