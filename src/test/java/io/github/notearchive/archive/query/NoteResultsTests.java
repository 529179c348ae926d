package io.github.notearchive.archive.query;

import static io.github.notearchive.archive.query.NoteRows.id;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.archive.query.NoteCards.CardOrder;
import io.github.notearchive.archive.query.NoteCards.MonthCount;
import io.github.notearchive.archive.query.NoteResults.FoundNotes;
import io.github.notearchive.note.NoteId;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NoteResultsTests {

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final NoteRows rows = new NoteRows(database);
    private final NoteResults results = new NoteResults(database.jdbc());

    /** Note 2 has no time of publication, note 5 is erased, note 3 is the last captured and grew most. */
    @ParameterizedTest
    @CsvSource(textBlock = """
            PUBLISHED, 4 3 1 2
            LIKES, 4 1 3 2
            GROWTH, 3 4 1 2
            CAPTURED, 3 4 2 1
            """)
    void notesAreInTheOrderAskedFor(CardOrder order, String numbers) {
        rows.author("a", "Anna");
        for (int i = 1; i <= 5; i++) {
            rows.note(i, "a", "2026-0%d-01T00:00Z".formatted(Math.max(2, i)), "t " + i);
            rows.capture(i, "2026-03-0%dT00:00Z".formatted(i == 3 ? 9 : 1), "t", "text", "a", "Anna");
        }
        database.update("UPDATE note SET published_at = NULL WHERE note_id = ?", id(2).value());
        database.update("UPDATE note SET liked_count = CASE right(note_id, 1) WHEN '1' THEN 8 WHEN '3' THEN 7"
                + " WHEN '4' THEN 10 END");
        database.update("UPDATE note_capture SET liked_count = 1 WHERE note_id = ?", id(3).value());
        rows.erase(5);

        FoundNotes result = results.find(NoteFilter.parse("t"), order);

        assertThat(result.ids()).containsExactlyElementsOf(ids(numbers));
        assertThat(result.months())
                .containsExactly(
                        new MonthCount("2026-04", 1), new MonthCount("2026-03", 1), new MonthCount("2026-02", 1));
        assertThat(result.isMore() || result.isPart()).isFalse();
    }

    /** The word "often" is in each second note, "seldom" in note 1, "liked" by number only. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ``                       | 3000 | true  | false
            often                    | 3000 | true  | false
            seldom                   | 1    | false | false
            likes:9                  | 1    | false | true
            often -published:2026-01 | 0    | false | false
            published:2026-01-01     | 3000 | true  | false
            """, quoteCharacter = '`')
    void numberIsExactUnlessItSaysOtherwise(String filter, int notes, boolean isMore, boolean isPart) {
        database.update("""
                        INSERT INTO note (note_id, published_at, liked_count, search, first_captured_at, last_captured_at)
                        SELECT '65b000000000000000' || lpad(i::text, 6, '0'), timestamptz '2026-01-01T00:00Z' + i * interval '1 second',
                               CASE WHEN i IN (1, 20500) THEN 9 END,
                               CASE WHEN i = 1 THEN 'seldom' WHEN i % 2 = 0 THEN 'often' ELSE 'rarely' END, now(), now()
                        FROM generate_series(1, 20500) AS i
                        """);

        FoundNotes result = results.find(NoteFilter.parse(filter), CardOrder.PUBLISHED);

        assertThat(result.ids()).hasSize(notes);
        assertThat(result.isMore()).isEqualTo(isMore);
        assertThat(result.isPart()).isEqualTo(isPart);
    }

    @Test
    void resultHasTheNewestNotes() {
        database.update("""
                        INSERT INTO note (note_id, published_at, search, first_captured_at, last_captured_at)
                        SELECT '65b000000000000000' || lpad(i::text, 6, '0'), timestamptz '2026-01-01T00:00Z' + i * interval '1 second',
                               'often', now(), now()
                        FROM generate_series(1, 3100) AS i
                        """);

        FoundNotes result = results.find(NoteFilter.parse("often"), CardOrder.CAPTURED);

        assertThat(result.ids())
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.rangeClosed(101, 3100).mapToObj(NoteRows::id).toList());
    }

    private static List<NoteId> ids(String numbers) {
        return Arrays.stream(numbers.split(" "))
                .map(number -> id(Integer.parseInt(number)))
                .toList();
    }
}
