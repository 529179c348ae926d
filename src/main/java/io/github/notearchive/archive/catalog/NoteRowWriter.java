package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.catalog.NoteCatalog.CapturedNote;
import io.github.notearchive.archive.catalog.NoteCatalog.MappedNote;
import io.github.notearchive.archive.worklist.ClaimRepository;
import io.github.notearchive.archive.worklist.RefreshPlan;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistRepository.Settlement;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.archive.worklist.WorklistStats;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.jdbc.GroupCommit;
import io.github.notearchive.io.jdbc.Savepoint;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.NoteId;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Writes catalog rows and worklist row of a note in one transaction. Writes nothing if the claim was lost.
 *
 * <p>Notes are written in groups, see {@link GroupCommit}; a refreshed or released one is written alone. No method must
 * be called within a transaction. Thread-safe.
 */
@Component
public final class NoteRowWriter implements AutoCloseable {

    /** Limits the wait for a lock, since all notes of a group wait for that of any. */
    private static final String LOCK_TIMEOUT = "set_config('lock_timeout', '2s', true)";

    /** Ends the transaction of a frozen process: other nodes wait for its locks. Less than the lease of a claim. */
    private static final String IDLE_TIMEOUT = "set_config('idle_in_transaction_session_timeout', '60s', true)";

    private static final Duration LINGER = Duration.ofMillis(40);

    private final NoteCatalog notes;
    private final SchemaDrift drift;
    private final ClaimRepository claims;
    private final WorklistRepository worklist;
    private final RefreshPlan refreshPlan;
    private final JdbcClient jdbc;
    private final Savepoint transaction;
    private final GroupCommit<NoteWrite, Boolean> group;

    /** Claims whose last write failed. */
    private final Set<Long> failed = ConcurrentHashMap.newKeySet();

    NoteRowWriter(
            NoteCatalog notes,
            SchemaDrift drift,
            ClaimRepository claims,
            WorklistRepository worklist,
            RefreshPlan refreshPlan,
            JdbcClient jdbc,
            PlatformTransactionManager transactions) {
        this.notes = notes;
        this.drift = drift;
        this.claims = claims;
        this.worklist = worklist;
        this.refreshPlan = refreshPlan;
        this.jdbc = jdbc;
        this.transaction = new Savepoint(transactions);
        this.group = new GroupCommit<>("settlements", LINGER, transactions, this::writeGroup);
    }

    /** A note that is written with others. */
    record NoteWrite(Settlement settlement, @Nullable MappedNote note, boolean isSidecarDue) {

        NoteId id() {
            return settlement.noteId();
        }

        long claim() {
            return settlement.claimId();
        }
    }

    /** Changes of a note by a response: of any count, of title or text, of the list of files. */
    public record RowChange(boolean counts, boolean words, boolean files) {

        public static final RowChange NONE = new RowChange(false, false, false);
    }

    /**
     * Writes a note and its worklist row.
     *
     * @param isSidecarDue whether a sidecar of the note is written afterwards
     * @return what a refresh has changed, {@link RowChange#NONE} for other notes; empty if the claim was lost
     */
    public Optional<RowChange> record(
            WorklistItem claimed, CapturedNote note, WorklistRow row, long jobExecution, boolean isSidecarDue) {
        note.responses().forEach(drift::record);
        Settlement settlement = new Settlement(claimed, row, jobExecution);
        NoteWrite request = new NoteWrite(settlement, NoteCatalog.map(note), isSidecarDue);
        if (claimed.refreshNight() == null) {
            return write(request) ? Optional.of(RowChange.NONE) : Optional.empty();
        }
        return transaction.executeRepeated(_ -> {
            Optional<RowSnapshot> before = snapshot(claimed.id());
            if (!writeGroup(List.of(request)).getFirst()) {
                return Optional.empty();
            }
            Optional<RowChange> change =
                    before.flatMap(old -> snapshot(claimed.id()).map(old::changeTo));
            return Optional.of(change.orElse(RowChange.NONE));
        });
    }

    /**
     * Writes a note in a group. It is written alone if another session locks a row of the group, and when it is
     * repeated after its group met an unavailable database, which may fail for the size of the group.
     */
    private boolean write(NoteWrite request) {
        if (failed.remove(request.claim())) {
            return writeAlone(request);
        }
        try {
            return group.execute(request);
        } catch (DataAccessException e) {
            if (DatabaseErrors.isLocked(e)) {
                return writeAlone(request);
            }
            if (DatabaseErrors.isUnavailable(e)) {
                failed.add(request.claim());
            }
            throw e;
        }
    }

    private boolean writeAlone(NoteWrite request) {
        try {
            return transaction.executeRepeated(_ -> writeGroup(List.of(request)).getFirst());
        } catch (DataAccessException e) {
            failed.add(request.claim());
            throw e;
        }
    }

    /** Writes a group within a transaction; false for each lost claim, of which nothing is written. */
    List<Boolean> writeGroup(List<NoteWrite> requests) {
        if (requests.size() > 1) {
            WorklistStats.countByStatement(jdbc, LOCK_TIMEOUT, IDLE_TIMEOUT);
        } else {
            limitIdleTime();
        }
        // sorted, so that concurrent groups do not deadlock
        List<NoteWrite> sorted =
                requests.stream().sorted(Comparator.comparing(NoteWrite::id)).toList();
        Set<Long> settled =
                worklist.settle(sorted.stream().map(NoteWrite::settlement).toList());
        List<MappedNote> captured = sorted.stream()
                .filter(request -> settled.contains(request.claim()))
                .flatMap(request -> Stream.ofNullable(request.note()))
                .toList();
        if (!captured.isEmpty()) {
            notes.save(captured);
            refreshPlan.plan(captured.stream().map(MappedNote::id).toList());
        }
        List<NoteId> due = sorted.stream()
                .filter(request -> request.isSidecarDue() && settled.contains(request.claim()))
                .map(NoteWrite::id)
                .toList();
        if (!due.isEmpty()) {
            int _ = worklist.markSidecarsDue(due);
        }
        return requests.stream()
                .map(request -> settled.contains(request.claim()))
                .toList();
    }

    private void limitIdleTime() {
        jdbc.sql("SELECT " + IDLE_TIMEOUT).query().singleRow();
    }

    @Override
    public void close() {
        group.close();
    }

    private record RowSnapshot(String counts, String words, List<String> files) {

        RowChange changeTo(RowSnapshot now) {
            return new RowChange(!counts.equals(now.counts), !words.equals(now.words), !files.containsAll(now.files));
        }
    }

    private Optional<RowSnapshot> snapshot(NoteId id) {
        return Statements.optional(jdbc, RowSnapshot.class, Map.of("noteId", id), """
                        SELECT ROW(liked_count, collected_count, comments_count, shared_count, view_count)::text
                                   AS counts,
                               ROW(title, note_text)::text AS words,
                               ARRAY(SELECT m.kind || ' ' || m.identity FROM note_media m
                                     WHERE m.note_id = n.note_id AND m.kind <> 'PREVIEW'
                                       AND (m.state = 'STORED' OR m.reason = 'NOT_REFRESHED')) AS files
                        FROM note n WHERE n.note_id = :noteId
                        """);
    }

    /** Writes the row of a note without new data, whose sidecar is due then; false if the claim was lost. */
    public boolean settle(WorklistItem claimed, WorklistRow row, long jobExecution) {
        return write(new NoteWrite(new Settlement(claimed, row, jobExecution), null, true));
    }

    /**
     * Sets a note due whose claim was lost to a node that postponed it because the response was not in the ledger; one
     * that this execution has settled stays as it is.
     */
    public void setDue(WorklistItem lost, long jobExecution) {
        claims.setDue(List.of(lost.id()), jobExecution);
    }

    /** Releases a note and writes its collected media, if any; false if the claim was lost. */
    public boolean release(WorklistItem claimed, @Nullable CapturedNote note, boolean isSidecarDue) {
        if (note != null) {
            note.responses().forEach(drift::record);
        }
        return transaction.executeRepeated(_ -> {
            limitIdleTime();
            boolean released = claims.release(claimed);
            if (released && note != null) {
                notes.save(note);
            }
            if (released && isSidecarDue) {
                int _ = worklist.markSidecarsDue(List.of(claimed.id()));
            }
            return released;
        });
    }
}
