package io.github.notearchive.archive.worklist;

import static io.github.notearchive.archive.worklist.Transition.Cause.because;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.archive.worklist.ClaimRepository.Lanes;
import io.github.notearchive.archive.worklist.Transition.Cause;
import io.github.notearchive.archive.worklist.Transition.Counter;
import io.github.notearchive.archive.worklist.Transition.StateTransition;
import io.github.notearchive.archive.worklist.WorklistRepository.Settlement;
import io.github.notearchive.archive.worklist.WorklistRepository.WorklistEntry;
import io.github.notearchive.note.NoteId;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Fixture of a worklist in an emptied database, with a clock that the test sets. */
public final class ListedNotes {

    private static final String NODE = "main";

    public final ArchiveDatabase database = ArchiveDatabase.emptied();
    public final Clock clock = ((InstantSource) () -> this.now).withZone(ZoneOffset.UTC);
    public Instant now;
    public final WorklistStats counts;
    public final ClaimRepository claims;
    public final WorklistRepository worklist;

    public ListedNotes(Instant now) {
        this.now = now;
        counts = new WorklistStats(database.jdbc(), clock, database.transactions());
        claims = newClaims();
        worklist = new WorklistRepository(
                database.jdbc(), database.transactions(), new LedgerProperties(Duration.ofDays(7), true), clock);
    }

    /** Returns the claims of a new process. */
    ClaimRepository newClaims() {
        return new ClaimRepository(database.jdbc(), clock, counts, database.transactions());
    }

    public void threeHundredNotes() {
        database.update("""
                        INSERT INTO worklist (note_id, priority, due_at, enqueued_at)
                        SELECT lpad(to_hex(n), 24, '0'), n % 3, ?::timestamptz - n * interval '7 minutes', ?::timestamptz
                        FROM generate_series(1, 300) AS n
                        """, now.toString(), now.toString());
    }

    /** Settles a claimed note now, by the execution 7. */
    public boolean settle(WorklistItem claimed, Transition transition) {
        return settle(claimed, claimed.row().apply(transition, clock.instant()), 7);
    }

    boolean settle(WorklistItem claimed, WorklistRow row, long execution) {
        return worklist.settle(List.of(new Settlement(claimed, row, execution))).equals(Set.of(claimed.claim()));
    }

    /** Claims the next due note by the node {@code main}. */
    public WorklistItem claim() {
        return claims.claim(NODE, Lanes.ALL).orElseThrow();
    }

    /** Claims the next due note and settles it. */
    boolean settleNext(NoteState state, Counter counter, @Nullable Instant due) {
        return settle(claim(), state, counter, due);
    }

    boolean settle(WorklistItem claimed, NoteState state, Counter counter, @Nullable Instant due) {
        Cause cause = because(StateReason.PROVIDER_ERROR, "e").withCode(301);
        return settle(claimed, new StateTransition(state, counter, due, cause));
    }

    public void settleBy(long execution, NoteState state, @Nullable Instant due) {
        WorklistItem claimed = claim();
        Cause cause = because(StateReason.PROVIDER_ERROR, null).withCode(null);
        StateTransition transition = new StateTransition(state, Counter.NONE, due, cause);
        settle(claimed, claimed.row().apply(transition, clock.instant()), execution);
    }

    public void pending(int number, int priority, Instant due) {
        database.update("""
                        INSERT INTO worklist (note_id, priority, due_at, enqueued_at)
                        VALUES (?, ?, ?::timestamptz, ?::timestamptz)
                        """, id(number), priority, due.toString(), due.toString());
    }

    /** Inserts pending notes of priority 5 with the numbers from 1, due now. */
    public void pending(int count) {
        IntStream.rangeClosed(1, count).forEach(number -> pending(number, 5, now));
    }

    /** Locks a row until the caller's transaction ends. */
    void lock(int number) {
        database.text("SELECT note_id FROM worklist WHERE note_id = ? FOR UPDATE", id(number));
    }

    void called(int number) {
        database.update(
                "INSERT INTO api_call (note_id, endpoint, sent_at) VALUES (?, 'note-detail/v1', now())", id(number));
    }

    void leaseEnds(int number) {
        leaseEnds(id(number));
    }

    void leaseEnds(String id) {
        update(id, "claimed_until = now() - interval '1 second'");
    }

    void update(String id, String columns) {
        database.update("UPDATE worklist SET " + columns + " WHERE note_id = ?", id);
    }

    long secondsLeft(int number) {
        return database.count(
                "SELECT extract(epoch FROM claimed_until - now())::int8 FROM worklist WHERE note_id = ?", id(number));
    }

    WorklistEntry entry(int number) {
        return worklist.find(new NoteId(id(number))).orElseThrow();
    }

    static String id(int number) {
        return "66aa%020x".formatted(number);
    }
}
