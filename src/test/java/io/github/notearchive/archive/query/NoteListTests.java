package io.github.notearchive.archive.query;

import static io.github.notearchive.archive.query.NoteRows.id;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.archive.query.NoteList.ListedNote;
import io.github.notearchive.archive.query.NoteList.MissingFile;
import io.github.notearchive.note.MediaKind;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NoteListTests {

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final NoteRows rows = new NoteRows(database);
    private final NoteList list = new NoteList(database.jdbc());

    @BeforeEach
    void fill() {
        rows.author("a", "Anna");
        rows.note(1, "a", "2026-02-01T00:00Z", "first");
        rows.note(2, "a", "2026-02-02T00:00Z", "second");
        rows.note(3, "a", "2026-02-02T00:00Z", "erased");
        rows.settled(1, "ARCHIVED", "2026-03-01T00:00Z");
        rows.settled(4, "FAILED", "2026-03-01T00:00Z");
        rows.settled(5, "FAILED", "2026-03-01T00:00Z");
        rows.erase(3);
        rows.erase(5);
    }

    @Test
    void newestComeFirstAndNotesWithoutCaptureLast() {
        assertThat(list.notes(NoteFilter.all(), 10))
                .containsExactly(
                        new ListedNote(id(2), null, Instant.parse("2026-02-02T00:00:00Z"), "a", "Anna", "second"),
                        new ListedNote(id(1), "ARCHIVED", Instant.parse("2026-02-01T00:00:00Z"), "a", "Anna", "first"),
                        new ListedNote(id(4), "FAILED", null, null, null, null));
        assertThat(list.notes(NoteFilter.all(), 2)).extracting(ListedNote::id).containsExactly(id(2), id(1));
    }

    /** Note 2 waits, note 1 is archived, note 3 is erased. */
    @Test
    void missingFilesAreThoseWithTheNamedReasonsOfNotesThatWait() {
        rows.settled(2, "FAILED", "2026-03-01T00:00Z");
        rows.settled(3, "FAILED", "2026-03-01T00:00Z");
        for (int number = 1; number <= 3; number++) {
            rows.file(number, "IMAGE", 0, null, "GONE");
            rows.file(number, "IMAGE", 1, null, "DEAD");
            rows.file(number, "AUDIO", 0, null, "GONE");
        }
        database.update("UPDATE note_media SET state = 'MISSING'");
        rows.file(2, "IMAGE", 2, null, "GONE"); // waived with this reason

        assertThat(list.missing(NoteFilter.parse("media-reason:gone")))
                .containsExactly(
                        new MissingFile(id(2), MediaKind.AUDIO, 0, "GONE", "second"),
                        new MissingFile(id(2), MediaKind.IMAGE, 0, "GONE", "second"));
        assertThat(list.missing(NoteFilter.parse("media-reason:gone media-reason:dead state:failed")))
                .hasSize(3);
        assertThat(list.missing(NoteFilter.parse("media-reason:gone first"))).isEmpty();
        assertThat(list.missing(NoteFilter.all())).isEmpty();
    }

    @Test
    void filterAppliesToNotesWithoutCapture() {
        assertThat(list.notes(NoteFilter.parse("state:failed"), 10))
                .extracting(ListedNote::id)
                .containsExactly(id(4));
        assertThat(list.notes(NoteFilter.parse("-first"), 10))
                .extracting(ListedNote::id)
                .containsExactly(id(2), id(4));
    }
}
