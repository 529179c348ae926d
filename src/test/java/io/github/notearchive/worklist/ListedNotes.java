package io.github.notearchive.worklist;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.worklist.Settlement.Counter;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;

/** A worklist in an emptied database, and whoever works on it, by a clock that a test sets. */
final class ListedNotes {

    private static final String NODE = "main";

    final ArchiveDatabase database = ArchiveDatabase.emptied();
    final Clock clock = ((InstantSource) () -> this.now).withZone(ZoneOffset.UTC);
    Instant now;
    final WorklistCounts counts;
    final Claims claims;
    final Settlements settlements = new Settlements(database.jdbc());
    final Interventions interventions;
    final Worklist worklist = new Worklist(database.jdbc(), database.transactions());

    ListedNotes(Instant now) {
        this.now = now;
        counts = new WorklistCounts(database.jdbc(), clock, database.transactions());
        claims = newClaims();
        interventions = new Interventions(database.jdbc(), clock, database.transactions());
    }

    /** Those of a process that has gone through nothing yet. */
    Claims newClaims() {
        return new Claims(database.jdbc(), clock, counts, database.transactions());
    }

    void threeHundredNotes() {
        database.jdbc().sql("""
                        INSERT INTO worklist (note_id, priority, due_at, enqueued_at)
                        SELECT lpad(to_hex(n), 24, '0'), n % 3, :now::timestamptz - n * interval '7 minutes', :now::timestamptz
                        FROM generate_series(1, 300) AS n
                        """).param("now", now.toString()).update();
    }

    boolean settle(ClaimedNote claimed, NoteState state, Counter counter, @Nullable Instant due) {
        return settlements.settle(
                claimed, new Settlement(state, counter, due, 301, "e", null, false), 1, clock.instant());
    }

    void settleBy(long execution, NoteState state, @Nullable Instant due) {
        settlements.settle(
                claims.claim(NODE).orElseThrow(),
                new Settlement(state, Counter.NONE, due, null, null, null, false),
                execution,
                clock.instant());
    }

    void pending(int number, int priority, Instant due) {
        database.jdbc()
                .sql("""
                        INSERT INTO worklist (note_id, priority, due_at, enqueued_at)
                        VALUES (:id, :priority, :due::timestamptz, :due::timestamptz)
                        """)
                .param("id", id(number))
                .param("priority", priority)
                .param("due", due.toString())
                .update();
    }

    /** For the rest of the caller's transaction. */
    void lock(int number) {
        database.jdbc()
                .sql("SELECT note_id FROM worklist WHERE note_id = :id FOR UPDATE")
                .param("id", id(number))
                .query(String.class)
                .single();
    }

    void holdsAnswer(int number) {
        database.jdbc()
                .sql("UPDATE worklist SET answer_held = true WHERE note_id = :id")
                .param("id", id(number))
                .update();
    }

    void leaseEnds(int number) {
        database.jdbc()
                .sql("UPDATE worklist SET claimed_until = now() - interval '1 second' WHERE note_id = :id")
                .param("id", id(number))
                .update();
    }

    double secondsLeft(int number) {
        return database.jdbc()
                .sql("SELECT extract(epoch FROM claimed_until - now())::float8 FROM worklist WHERE note_id = :id")
                .param("id", id(number))
                .query(Double.class)
                .single();
    }

    Worklist.Entry entry(int number) {
        return worklist.find(new NoteId(id(number))).orElseThrow();
    }

    static String id(int number) {
        return "66aa%020x".formatted(number);
    }
}
