package io.github.notearchive.archive.query;

import static io.github.notearchive.archive.query.NoteRows.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.RecordedPlans;
import io.github.notearchive.archive.query.NoteChanges.ChangeDigest;
import io.github.notearchive.archive.query.NoteChanges.ChangeDigest.ChangedNote;
import io.github.notearchive.archive.query.NoteChanges.ChangePage;
import io.github.notearchive.archive.query.NoteChanges.NoteChange;
import io.github.notearchive.note.NoteId;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;

class NoteChangesTests {

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final NoteRows rows = new NoteRows(database);
    private final NoteChanges changes = new NoteChanges(database.jdbc());

    @Test
    void notesVanishedLastComeFirst() {
        rows.author("a", "b");
        for (int i = 1; i <= 5; i++) {
            rows.note(i, "a", "2026-02-01T00:00Z", "note " + i);
            rows.settled(i, i == 5 ? "ARCHIVED" : "UNAVAILABLE", "2026-03-0" + i + "T00:00Z");
        }
        rows.settled(9, "UNAVAILABLE", "2026-03-09T00:00Z"); // was never captured
        rows.erase(2);

        ChangePage first = changes.gone(Instant.EPOCH, null, 2);
        ChangePage second = changes.gone(Instant.EPOCH, first.older(), 2);

        assertThat(first.rows()).extracting(NoteChange::title).containsExactly("note 4", "note 3");
        assertThat(second.rows()).extracting(NoteChange::title).containsExactly("note 1");
        assertThat(second.older()).isNull();
        assertThat(changes.gone(Instant.parse("2026-03-04T00:00:00Z"), null, 2).rows())
                .extracting(NoteChange::title)
                .containsExactly("note 4");
    }

    @Test
    void laterCheckDoesNotMoveAVanishedNote() {
        rows.author("a", "b");
        rows.note(1, "a", "2026-02-01T00:00Z", "t");
        rows.settled(1, "UNAVAILABLE", "2026-03-01T00:00Z");
        rows.settled(1, "UNAVAILABLE", "2026-04-01T00:00Z");

        assertThat(changes.gone(Instant.EPOCH, null, 2).rows()).extracting("at").hasToString("[2026-03-01T00:00:00Z]");

        rows.settled(1, "ARCHIVED", "2026-04-02T00:00Z");
        rows.settled(1, "UNAVAILABLE", "2026-05-01T00:00Z");

        assertThat(changes.gone(Instant.EPOCH, null, 2).rows()).extracting("at").hasToString("[2026-05-01T00:00:00Z]");
    }

    @Test
    void editsHaveTheOldAndTheNewVersion() {
        rows.author("a", "now");
        rows.note(1, "a", "2026-02-01T00:00Z", "t");
        rows.note(2, "a", "2026-02-01T00:00Z", "t");
        Instant first = rows.capture(1, "2026-03-01T00:00Z", "old", "text", "a", "old");
        rows.capture(2, "2026-03-01T00:00Z", "t", "text", "a", "old");
        Instant second = rows.capture(1, "2026-03-02T00:00Z", "new", "text", "a", "new");
        rows.capture(1, "2026-03-02T01:00Z", null, null, "a", "new");
        rows.capture(2, "2026-03-03T00:00Z", "t", "text", "a", "old");
        rows.capture(1, "2026-03-04T00:00Z", "new", "more", "a", "new");

        ChangePage page = changes.edited(Instant.EPOCH, null, 10);

        assertThat(page.rows())
                .extracting(
                        NoteChange::seenAt,
                        NoteChange::author,
                        NoteChange::fields,
                        NoteChange::before,
                        NoteChange::after)
                .containsExactly(
                        tuple(second, "new", List.of("text"), List.of("text"), List.of("more")),
                        tuple(first, "new", List.of("title", "author"), List.of("old", "old"), List.of("new", "new")));
        assertThat(page.older()).isNull();
        assertThat(changes.edited(Instant.parse("2026-03-03T00:00:00Z"), null, 10)
                        .rows())
                .extracting(NoteChange::fields)
                .containsExactly(List.of("text"));

        rows.erase(1);

        assertThat(changes.edited(Instant.EPOCH, null, 10).rows()).isEmpty();
    }

    @Test
    void digestCountsTheChangesSinceATimeAndNamesTheNewest() {
        rows.author("a", "Anna");
        for (int i = 1; i <= 6; i++) {
            rows.note(i, "a", "2026-02-01T00:00Z", "note " + i);
            rows.settled(i, "UNAVAILABLE", "2026-03-0" + i + "T00:00Z");
        }
        rows.settled(9, "UNAVAILABLE", "2026-03-09T00:00Z"); // was never captured
        rows.erase(6);
        rows.capture(1, "2026-03-01T00:00Z", "old", "text", "a", "Anna");
        rows.capture(1, "2026-03-02T00:00Z", "new", "text", "a", "Anna");
        rows.capture(1, "2026-03-03T00:00Z", "newer", "more", "a", "Anna");
        rows.capture(2, "2026-03-01T00:00Z", "old", "text", "a", "Anna");
        rows.capture(2, "2026-03-01T12:00Z", "new", "text", "a", "Anna");

        ChangeDigest digest = changes.digest(Instant.parse("2026-03-02T00:00:00Z"), 2);

        assertThat(digest.gone().notes()).isEqualTo(4);
        assertThat(digest.gone().newest())
                .containsExactly(new ChangedNote(id(5), "note 5", "Anna"), new ChangedNote(id(4), "note 4", "Anna"));
        assertThat(digest.edited().notes()).isEqualTo(1);
        assertThat(digest.edited().newest()).containsExactly(new ChangedNote(id(1), "note 1", "Anna"));
        assertThat(changes.digest(Instant.parse("2026-04-01T00:00:00Z"), 2)
                        .gone()
                        .notes())
                .isZero();
    }

    @Test
    void pagesShowEachEditOnce() {
        rows.author("a", "b");
        for (int i = 1; i <= 7; i++) {
            rows.note(i, "a", "2026-02-01T00:00Z", "t");
            rows.capture(i, "2026-03-01T00:00Z", "old", "text", "a", "b");
            rows.capture(i, "2026-03-02T00:00Z", "new", "text", "a", "b");
        }
        List<NoteId> seen = new ArrayList<>();

        String position = null;
        do {
            ChangePage page = changes.edited(Instant.EPOCH, position, 3);
            page.rows().forEach(edit -> seen.add(edit.id()));
            position = page.older();
        } while (position != null);

        assertThat(seen).containsExactly(id(7), id(6), id(5), id(4), id(3), id(2), id(1));
    }

    @Test
    void pageWithoutChangesEndsAtABound() {
        rows.author("a", "b");
        database.update("""
                        INSERT INTO note (note_id, first_captured_at, last_captured_at)
                        SELECT '65b000000000000000' || lpad(i::text, 6, '0'), '2026-03-01T00:00Z', '2026-03-01T00:00Z'
                        FROM generate_series(1, 2500) AS i
                        """);
        database.update("""
                        INSERT INTO worklist (note_id, state, reason, settled_at, enqueued_at)
                        SELECT '65b000000000000000' || lpad(i::text, 6, '0'), 'UNAVAILABLE', 'NOT_FOUND',
                               timestamptz '2026-03-01T00:00Z' + i * interval '1 second', now()
                        FROM generate_series(1, 2500) AS i
                        """);
        database.update("INSERT INTO forgotten_note SELECT note_id, now() FROM note WHERE note_id > ?", id(1).value());

        ChangePage first = changes.gone(Instant.EPOCH, null, 10);

        assertThat(first.rows()).isEmpty();
        assertThat(first.older()).isEqualTo("2026-03-01T00:08:21Z_" + id(501));
        assertThat(changes.gone(Instant.EPOCH, first.older(), 10).rows())
                .extracting(NoteChange::id)
                .containsExactly(id(1));
    }

    @Test
    void brokenPositionIsRejected() {
        for (String text : List.of("x", "2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z_x", "_" + id(1))) {
            assertThatThrownBy(() -> changes.gone(Instant.EPOCH, text, 2))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(text);
        }
    }

    @Test
    void pagesReadByIndex() throws SQLException {
        database.update("""
                        WITH notes AS (
                            INSERT INTO note (note_id, first_captured_at, last_captured_at)
                            SELECT '65b000000000000000' || lpad(i::text, 6, '0'), '2026-03-01T00:00Z', '2026-03-01T00:00Z'
                            FROM generate_series(1, 4000) AS i
                            RETURNING note_id),
                        calls AS (
                            INSERT INTO api_call (note_id, endpoint, sent_at, received_at, code, billed)
                            SELECT note_id, 'note-detail/v1', at, at, 0, 'YES'
                            FROM notes, generate_series(1, 2) AS k,
                                 LATERAL (SELECT timestamptz '2026-03-01T00:00Z' + k * interval '1 day'
                                                 + right(note_id, 6)::integer * interval '1 second') AS t (at)
                            RETURNING *)
                        INSERT INTO note_capture (note_id, captured_at, call_id, title, mapper_version, response)
                        SELECT note_id, received_at, id, 't', 1, '{}' FROM calls
                        """);
        database.update("ANALYZE note, note_capture");
        RecordedPlans recorded = new RecordedPlans(database);
        NoteChanges planned = new NoteChanges(JdbcClient.create(recorded));

        planned.gone(Instant.EPOCH, null, 50);
        String gone = recorded.planOf("WITH examined");
        planned.edited(Instant.EPOCH, null, 50);
        String edited = recorded.planOf("WITH examined");

        assertThat(gone).contains("worklist_unavailable").doesNotContain("Seq Scan");
        assertThat(edited)
                .contains("note_capture_captured", "note_capture_pkey")
                .doesNotContain("Seq Scan on note");
    }
}
