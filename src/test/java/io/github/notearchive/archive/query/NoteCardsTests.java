package io.github.notearchive.archive.query;

import static io.github.notearchive.archive.query.NoteRows.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.RecordedPlans;
import io.github.notearchive.archive.query.NoteCards.Card;
import io.github.notearchive.archive.query.NoteCards.Cards;
import io.github.notearchive.archive.query.NoteCards.MonthCount;
import io.github.notearchive.archive.query.NoteCards.Suggestion;
import io.github.notearchive.note.NoteId;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.apache.commons.lang3.RandomStringUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.core.simple.JdbcClient;

class NoteCardsTests {

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final NoteRows rows = new NoteRows(database);
    private final NoteCards cards = new NoteCards(database.jdbc());

    @Test
    void coverOfAHeicImageIsItsPreview() {
        rows.author("a", "Anna");
        for (int note = 1; note <= 2; note++) {
            rows.note(note, "a", "2026-02-0%dT00:00Z".formatted(note), "bookshop");
            rows.file(note, "IMAGE", 0, "%d".formatted(note).repeat(64), null);
            rows.file(note, "PREVIEW", 0, "c".repeat(64), null);
        }
        database.update("UPDATE media_object SET content_type = 'image/heic' WHERE sha256 = ?", "1".repeat(64));

        assertThat(cards.page(NoteFilter.all(), null, null, 10).cards())
                .extracting(Card::cover)
                .containsExactly("2".repeat(64), "c".repeat(64));
    }

    @Test
    void cardHasWhatAWallShows() {
        rows.author("a", "Anna");
        rows.note(1, "a", "2026-02-01T00:00Z", "old bookshop");
        rows.capture(1, "2026-03-02T00:00Z", "old", "text", "a", "Anna");
        rows.capture(1, "2026-03-03T00:00Z", "old bookshop", "text", "a", "Anna");
        rows.file(1, "IMAGE", 0, null, "GONE");
        database.update("UPDATE note_media SET state = 'MISSING'");
        rows.file(1, "IMAGE", 1, "b".repeat(64), null);
        rows.file(1, "IMAGE", 2, "c".repeat(64), null);
        rows.file(1, "MOTION", 1, "d".repeat(64), null);
        rows.file(1, "AUDIO", 0, "e".repeat(64), null);
        rows.file(1, "VIDEO", 0, "f".repeat(64), null);
        database.update("UPDATE note_media SET width = 30 + ordinal, height = 40 + ordinal");
        rows.settled(1, "UNAVAILABLE", "2026-03-04T00:00Z");

        Cards page = cards.page(NoteFilter.all(), null, null, 10);

        assertThat(page.cards())
                .containsExactly(new Card(
                        id(1),
                        "old bookshop",
                        "text",
                        "a",
                        "Anna",
                        Instant.parse("2026-02-01T00:00:00Z"),
                        "b".repeat(64),
                        "image/jpeg",
                        31,
                        41,
                        "VIDEO,LIVE,SOUND,GAP,EDITED,GONE"));
        assertThat(page.before()).isNull();
        assertThat(page.after()).isNull();
    }

    @Test
    void noteWithoutFilesHasNoCover() {
        rows.author("a", "Anna");
        rows.note(1, "a", "2026-02-01T00:00Z", "t");

        assertThat(cards.page(NoteFilter.all(), null, null, 10).cards())
                .extracting("cover", "marks")
                .hasToString("[(null, \"\")]");
    }

    /** Notes 1 and 2 have the same time, notes 3 and 4 none, note 5 is erased. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ``             | 9 8 7 6 2 1 4 3
            t              | 9 8 7 6 2 1 4 3
            author:anna    | 9 8 7 6 2 1 4 3
            likes:>=1 t    | 9 7 1 3
            published:2026 | 9 8 7 6 2 1
            -published:2026 | 4 3
            published:2026-02-07.. | 9 8 7
            published:2026-02-01,2026-02-05..2026-02-07 | 7 6
            published:2026-02-01,2026-02-05..2026-02-07 t | 7 6
            nothing        |
            """)
    void pagesFollowEachOtherInBothDirections(String text, String numbers) {
        rows.author("a", "Anna");
        IntStream.rangeClosed(1, 9)
                .forEach(i -> rows.note(i, "a", "2026-02-0%dT00:00Z".formatted(i == 1 ? 2 : i), "t " + i));
        database.update("UPDATE note SET published_at = NULL WHERE note_id IN (?, ?)", id(3).value(), id(4).value());
        database.update("UPDATE note SET liked_count = right(note_id, 1)::integer % 2");
        rows.erase(5);
        NoteFilter filter = NoteFilter.parse(text);
        List<String> all = numbers == null ? List.of() : List.of(numbers.split(" "));

        for (int limit = 1; limit <= 9; limit++) {
            List<String> down = new ArrayList<>();
            Cards page = cards.page(filter, null, null, limit);
            assertThat(page.before()).isNull();
            down.addAll(numbers(page));
            while (page.after() != null) {
                page = cards.page(filter, page.after(), null, limit);
                down.addAll(numbers(page));
            }
            List<String> up = new ArrayList<>(numbers(page));
            while (page.before() != null) {
                page = cards.page(filter, "", page.before(), limit);
                up.addAll(0, numbers(page));
                assertThat(page.after()).isNotNull();
            }

            assertThat(down).as("limit %d", limit).isEqualTo(all);
            assertThat(up).as("limit %d", limit).isEqualTo(all);
        }
    }

    private static List<String> numbers(Cards page) {
        return page.cards().stream()
                .map(card -> card.id().value().substring(23))
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "%", "2026-03-01T00:00:00Z_x", "_"})
    void brokenPositionIsRejected(String text) {
        String encoded = Base64.getUrlEncoder().encodeToString(text.getBytes());

        for (String position : List.of(text, encoded)) {
            assertThatThrownBy(() -> cards.page(NoteFilter.all(), position, null, 2))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(position);
        }
    }

    @Test
    void matchesBeforeTheNewestNotesAreFound() {
        database.update("""
                        INSERT INTO note (note_id, search, published_at, first_captured_at, last_captured_at)
                        SELECT '65b000000000000000' || lpad(i::text, 6, '0'), CASE WHEN i % 600 = 0 THEN 'rare' ELSE 'often' END,
                               timestamptz '2026-01-01T00:00Z' + i * interval '1 hour', now(), now()
                        FROM generate_series(1, 6000) AS i
                        """);

        Cards page = cards.page(NoteFilter.parse("rare"), null, null, 9);

        assertThat(page.cards())
                .extracting(Card::id)
                .containsExactly(
                        id(6000), id(5400), id(4800), id(4200), id(3600), id(3000), id(2400), id(1800), id(1200));
        assertThat(cards.page(NoteFilter.parse("rare"), page.after(), null, 9).cards())
                .extracting(Card::id)
                .containsExactly(id(600));
    }

    @Test
    void wordsOfSubtitlesAreFound() {
        rows.author("a", "Anna");
        for (int note = 1; note <= 4; note++) {
            rows.note(note, "a", "2026-02-0%dT00:00Z".formatted(note), "tea");
        }
        rows.subtitle(1, 0, "先把水烧开。\nthen wait");
        rows.subtitle(2, 0, "hello");
        rows.subtitle(2, 1, "水 then 烧");
        rows.file(3, "VIDEO", 0, "c".repeat(64), null);

        for (String filter : List.of("烧开", "水烧", "把水 wait", "\"then wait\"", "燒開 tea OR 烧开", "-烧 水 OR 烧开")) {
            assertThat(found(filter)).as(filter).containsExactly(id(1));
        }
        assertThat(found("水")).containsExactly(id(2), id(1));
        assertThat(found("水 烧 -开")).containsExactly(id(2));
        assertThat(found("-then")).containsExactly(id(4), id(3));
        assertThat(found("开水")).isEmpty();
        assertThat(found("开 hello")).isEmpty();
        for (String rows : List.of("20", "NULL")) {
            assertThat(database.texts("SELECT note_id FROM search_note('then', " + rows + ")"))
                    .containsExactly(id(2).value(), id(1).value());
        }
    }

    private List<NoteId> found(String filter) {
        NoteFilter parsed = NoteFilter.parse(filter);
        List<NoteId> page = cards.page(parsed, null, null, 10).cards().stream()
                .map(Card::id)
                .toList();
        assertThat(cards.search(parsed, NoteCards.CardOrder.LIKES, 10))
                .extracting(NoteCards.Hit::id)
                .containsExactlyInAnyOrderElementsOf(page);
        return page;
    }

    @Test
    void filterWithoutAnIndexIsComparedWithSomeNotesAPage() {
        database.update("""
                        INSERT INTO note (note_id, published_at, liked_count, first_captured_at, last_captured_at)
                        SELECT '65b000000000000000' || lpad(i::text, 6, '0'), timestamptz '2026-01-01T00:00Z' + i * interval '1 minute',
                               CASE WHEN i IN (1, 40001) THEN 9 END, now(), now()
                        FROM generate_series(1, 40002) AS i
                        """);
        NoteFilter filter = NoteFilter.parse("likes:9");

        Cards first = cards.page(filter, null, null, 5);
        Cards second = cards.page(filter, first.after(), null, 5);
        Cards third = cards.page(filter, second.after(), null, 5);
        Cards above = cards.page(filter, null, third.before(), 5);

        assertThat(first.cards()).extracting(Card::id).containsExactly(id(40001));
        assertThat(first.before()).isNull();
        assertThat(second.cards()).isEmpty();
        assertThat(third.cards()).extracting(Card::id).containsExactly(id(1));
        assertThat(third.after()).isNull();
        assertThat(above.cards()).isEmpty();
        assertThat(cards.page(filter, null, above.before(), 5).cards())
                .extracting(Card::id)
                .contains(id(40001));
        assertThat(cards.search(filter, NoteCards.CardOrder.PUBLISHED, 5)).hasSize(2);
    }

    @Test
    void monthsOfShanghaiAreCounted() {
        rows.author("a", "Anna");
        rows.note(1, "a", "2026-01-31T15:59Z", "t");
        rows.note(2, "a", "2026-01-31T16:00Z", "t");
        rows.note(3, "a", "2026-02-28T15:59Z", "t");
        rows.note(4, "a", "2025-02-28T16:00Z", "t");
        rows.note(5, "a", "2026-01-31T16:00Z", "t");
        rows.erase(5);

        assertThat(cards.months())
                .containsExactly(
                        new MonthCount("2026-02", 2), new MonthCount("2026-01", 1), new MonthCount("2025-03", 1));
    }

    @Test
    void namesAreSuggestedByTheirBeginning() {
        rows.author("a", "Camp Anna");
        rows.author("b", "campus");
        rows.author("c", "Anna Camp");
        rows.note(1, "a", "2026-01-31T15:59Z", "t");
        rows.note(2, "a", "2026-01-31T15:59Z", "t");
        rows.note(3, "c", "2026-01-31T15:59Z", "t");
        rows.note(4, "a", "2026-01-31T15:59Z", "t");
        rows.note(5, "a", "2026-01-31T15:59Z", "t");
        IntStream.rangeClosed(1, 4).forEach(i -> rows.topic(i, 0, "camping"));
        rows.topic(5, 0, "露营");
        rows.topic(5, 1, "camp \"fire\"");
        rows.erase(4);

        assertThat(cards.suggest(" CAMP", 5))
                .containsExactly(
                        new Suggestion("author", "author:\"Camp Anna\"", "Camp Anna", 3),
                        new Suggestion("topic", "topic:camping", "camping", 3));
        assertThat(cards.suggest("#露", 5)).extracting(Suggestion::value).containsExactly("topic:露营");
        assertThat(cards.suggest("c", 1)).hasSize(1);
        assertThat(cards.suggest(" ", 5)).isEmpty();
        assertThat(cards.suggest("%", 5)).isEmpty();
    }

    @Test
    void namesOfAnyLengthAreStoredAndFoundByTheirBeginning() {
        String name = RandomStringUtils.insecure().nextAlphanumeric(100_000).toLowerCase(Locale.ROOT);
        database.update("""
                        INSERT INTO author (author_id, nickname, red_id, updated_at) VALUES ('long', ?, ?, now())
                        """, name, name);
        database.update("""
                        INSERT INTO note (note_id, author_id, first_captured_at, last_captured_at)
                        VALUES ('65c000000000000000000001', 'long', now(), now())
                        """);

        assertThat(cards.page(NoteFilter.parse("author:" + name.substring(0, 150)), null, null, 5)
                        .cards())
                .hasSize(1);
        assertThat(cards.page(NoteFilter.parse("author:" + name.substring(0, 99)), null, null, 5)
                        .cards())
                .isEmpty();
        assertThat(cards.suggest(name.substring(0, 5), 5)).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ``                      | note_published
            published:2026-01       | note_published
            author:Anna             | note_author,author_nickname,note_capture_nickname,author_red_id
            topic:camping           | note_topic_lower_name
            camping                 | note_search,note_media_words,note_pkey
            "old camping"           | note_search,note_media_words,note_pkey
            state:failed            | worklist_left
            gone:yes                | worklist_unavailable
            has:video               | note_media_kind
            """)
    void pageIsReadByIndex(String text, String indexes) throws SQLException {
        database.update("""
                        INSERT INTO author (author_id, nickname, updated_at)
                        SELECT 'a' || i, 'name ' || i, now() FROM generate_series(1, 3000) AS i
                        """);
        database.update("""
                        INSERT INTO note (note_id, title, search, author_id, published_at, first_captured_at, last_captured_at)
                        SELECT '65b000000000000000' || lpad(i::text, 6, '0'), 'note ' || i, 'note ' || i, 'a' || i % 3000 + 1,
                               timestamptz '2026-01-01T00:00Z' + i * interval '1 hour', now(), now()
                        FROM generate_series(1, 20000) AS i
                        """);
        database.update(
                "INSERT INTO note_topic (note_id, ordinal, name) SELECT note_id, 0, 'topic ' || title FROM note");
        database.update("""
                        INSERT INTO worklist (note_id, state, reason, settled_at, enqueued_at)
                        SELECT note_id, CASE WHEN note_id LIKE '%00' THEN 'UNAVAILABLE' ELSE 'ARCHIVED' END, 'NOT_FOUND', now(), now()
                        FROM note
                        """);
        database.update("""
                        INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at)
                        VALUES (repeat('a', 64), 'media/a', 10, 'image/jpeg', now())
                        """);
        database.update("""
                        INSERT INTO note_media (note_id, kind, ordinal, identity, state, sha256, captured_at, updated_at)
                        SELECT note_id, CASE WHEN note_id LIKE '%000' THEN 'VIDEO' ELSE 'IMAGE' END, 0, 'file', 'STORED',
                               repeat('a', 64), now(), now()
                        FROM note
                        """);
        database.update("ANALYZE author, note, note_topic, note_media, worklist");
        RecordedPlans recorded = new RecordedPlans(database);

        String newest = cards.page(NoteFilter.all(), null, null, 1).after(); // pages up from here need one statement
        new NoteCards(JdbcClient.create(recorded)).page(NoteFilter.parse(text), null, newest, 60);

        String plan = recorded.planOf("WITH");
        assertThat(plan).contains("note_published").contains(indexes.split(","));
        assertThat(plan).doesNotContain("Seq Scan on note n", "Seq Scan on author a", "Seq Scan on note_topic");
    }
}
