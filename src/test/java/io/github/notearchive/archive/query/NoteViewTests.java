package io.github.notearchive.archive.query;

import static io.github.notearchive.archive.query.NoteRows.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.archive.query.NoteView.AuthorName;
import io.github.notearchive.archive.query.NoteView.NoteCaptureLine;
import io.github.notearchive.archive.query.NoteView.NoteFile;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** The read models behind the pages of a note, a response, an author and a file. */
class NoteViewTests {

    private static final String SHARED = "ab".repeat(32);

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final NoteRows rows = new NoteRows(database);
    private final NoteView notes = new NoteView(database.jdbc());

    @Test
    void noteHasTheAuthorsNameOfItsLastResponse() {
        rows.author("a", "now");
        rows.note(1, "a", "2026-02-01T00:00Z", "title");
        rows.capture(1, "2026-03-02T00:00Z", "title", "text", "a", "then");

        assertThat(notes.find(id(1)))
                .hasValueSatisfying(note -> assertThat(note)
                        .extracting("title", "author", "authorNow", "times.publishedAt", "times.archivedAt")
                        .containsExactly("title", "then", "now", Instant.parse("2026-02-01T00:00:00Z"), null));
        assertThat(notes.find(id(2))).isEmpty();
    }

    @Test
    void capturesHaveWhatChangedSinceTheOneBefore() {
        rows.author("a", "c");
        rows.note(1, "a", "2026-02-01T00:00Z", "t");
        Instant first = rows.capture(1, "2026-03-02T00:00Z", "t", "one", "a", "b");
        rows.capture(1, "2026-03-02T01:00Z", null, null, "a", "b");
        Instant second = rows.capture(1, "2026-03-03T00:00Z", "t", "two", "a", "c");

        assertThat(notes.captures(id(1)))
                .extracting(
                        NoteCaptureLine::hasText,
                        NoteCaptureLine::comparedWith,
                        line -> String.join(",", line.changed()))
                .containsExactly(tuple(true, first, "text,author"), tuple(false, null, ""), tuple(true, null, ""));
        assertThat(notes.capture(id(1), second))
                .hasValueSatisfying(capture -> assertThat(capture.text()).isEqualTo("two"));
        assertThat(notes.capture(id(1), second.plusSeconds(1))).isEmpty();
    }

    @Test
    void filesOfANoteIncludeTheWaivedOnesByName() {
        rows.author("a", "b");
        rows.note(1, "a", "2026-02-01T00:00Z", "t");
        rows.file(1, "VIDEO", 0, null, "BY_POLICY");
        rows.file(1, "IMAGE", 0, SHARED, null);

        assertThat(notes.files(id(1)))
                .extracting(NoteFile::kind, NoteFile::isStored, NoteFile::reason, NoteFile::sizeBytes)
                .extracting(Object::toString)
                .containsExactly("(IMAGE, true, null, 10L)", "(VIDEO, false, \"BY_POLICY\", null)");
    }

    @Test
    void neighboursAreTheNotesOfTheAuthorPublishedBeforeAndAfter() {
        rows.author("a", "b");
        rows.author("c", "d");
        rows.note(1, "a", "2026-02-01T00:00Z", "t");
        rows.note(2, "c", "2026-02-02T00:00Z", "t");
        rows.note(3, "a", "2026-02-03T00:00Z", "t");
        rows.note(4, "a", "2026-02-04T00:00Z", "t");
        rows.note(5, "a", "2026-02-05T00:00Z", "t");
        rows.erase(4);

        assertThat(notes.find(id(3)).orElseThrow().neighbours()).isEqualTo(new NoteView.Neighbours(id(1), id(5)));
        assertThat(notes.find(id(2)).orElseThrow().neighbours()).isNull();
    }

    @Test
    void authorHasItsNamesOverTime() {
        rows.author("a", "new");
        rows.note(1, "a", "2026-02-01T00:00Z", "t");
        Instant first = rows.capture(1, "2026-03-02T00:00Z", "t", "text", "a", "old");
        Instant second = rows.capture(1, "2026-03-03T00:00Z", "t", "text", "a", "new");
        rows.settled(1, "UNAVAILABLE", "2026-03-04T00:00Z");

        assertThat(notes.names("a"))
                .containsExactly(new AuthorName("new", second, second), new AuthorName("old", first, first));
        assertThat(notes.author("a"))
                .hasValueSatisfying(author ->
                        assertThat(author).extracting("name", "notes", "gone").containsExactly("new", 1L, 1L));
    }

    @Test
    void fileHasTheNotesThatUseIt() {
        rows.author("a", "b");
        rows.note(1, "a", "2026-02-01T00:00Z", "one");
        rows.note(2, "a", "2026-02-01T00:00Z", "two");
        rows.file(1, "IMAGE", 0, SHARED, null);
        rows.file(2, "IMAGE", 3, SHARED, null);

        assertThat(notes.uses(SHARED, 10))
                .extracting("title", "ordinal")
                .containsExactly(tuple("one", 0), tuple("two", 3));
        assertThat(notes.file(SHARED))
                .hasValueSatisfying(file -> assertThat(file.size()).isEqualTo(10));

        rows.erase(1);

        assertThat(notes.uses(SHARED, 10)).extracting("title").containsExactly("two");
    }

    @Test
    void erasedNoteHasNothing() {
        rows.author("a", "b");
        rows.note(1, "a", "2026-02-01T00:00Z", "one");
        rows.file(1, "IMAGE", 0, SHARED, null);
        Instant captured = rows.capture(1, "2026-03-02T00:00Z", "t", "text", "a", "b");
        database.update("INSERT INTO note_topic (note_id, ordinal, name) VALUES (?, 0, 'topic')", id(1).value());
        assertThat(notes.notesWithTopic("topic")).isOne();

        rows.erase(1);

        assertThat(notes.find(id(1))).isEmpty();
        assertThat(notes.captures(id(1))).isEmpty();
        assertThat(notes.capture(id(1), captured)).isEmpty();
        assertThat(notes.author("a")).isEmpty();
        assertThat(notes.names("a")).isEmpty();
        assertThat(notes.notesWithTopic("topic")).isZero();
        assertThat(notes.file(SHARED)).isEmpty();
    }
}
