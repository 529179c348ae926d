package io.github.notearchive.archive.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.archive.catalog.NoteCatalog.CapturedNote;
import io.github.notearchive.archive.query.NoteCards;
import io.github.notearchive.archive.query.NoteCards.Hit;
import io.github.notearchive.archive.query.NoteFilter;
import io.github.notearchive.note.NoteId;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.transaction.support.TransactionTemplate;

/** Searches titles and texts, with and without the index. */
class SearchTests {

    private static final Instant NOW = Captures.NOW;

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final NoteCards notes = new NoteCards(database.jdbc());

    @AfterEach
    void cleanUp() {
        ArchiveDatabase.emptied();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1\\r\\n00:00:00,120 --> 00:00:03,000\\r\\n先把水\\r\\n燒開。\\r\\n\\r\\n2\\r\\n00:00:04,000 --> 00:00:05,000\\r\\n<i>OK</i> 3 < 4 | 先把水\\n烧开。\\nok 3 < 4",
                "\ufeffWEBVTT - a title\\n\\nNOTE not said\\nat all\\n\\nSTYLE\\n::cue {}\\n\\nintro\\n00:00.120 --> 00:03.000 align:start\\n<v Anna>hi <00:01.000>you{\\\\an8} | hi you",
                "00:01 --> 00:02\\nno gap\\n00:02 --> 00:03\\nbetween | no gap\\nbetween",
                "no times at all |",
                "00:01 --> 00:02 |"
            })
    void wordsOfASubtitleAreThoseOfItsCues(String file, @Nullable String words) {
        byte[] bytes = file.translateEscapes().getBytes(StandardCharsets.UTF_8);

        assertThat(SearchText.ofSubtitle(bytes)).isEqualTo(words == null ? null : words.translateEscapes());
    }

    @ParameterizedTest(name = "{1} in {0}: {2}")
    @CsvSource(
            delimiter = '|',
            value = {
                "周末去山里露营 | 山 | true",
                "周末去山里露营 | 露营 | true",
                "周末去山里露营 | 去山里露 | true",
                "周末去山里露营 | 周末去山里露营 | true",
                "周末去山里露营 | 露 末 | true",
                "周末去山里露营 | 营露 | false",
                "周末去山里露营 | 里山 | false",
                "周末去山里露营 | 露营 海 | false",
                // contains every pair of characters, but not the word
                "露营地 营地方 | 露营地方 | false",
                "ＯＯＴＤ穿搭 | ootd | true",
                "my ootd今天 | OOTD今 | true",
                "Ça va | Ça | true",
                "今天吃了🍚，很好 | 🍚 | true",
                "今天吃了🍚，很好 | 了🍚 | true",
                "今天吃了🍚，很好 | 🍚很 | false",
                "今天吃了🍚，很好 | ,很 | true",
                "我❤️你 | ❤你 | true",
                "减\u200b肥 | 减肥 | true",
                "第一行\\n第二行 | 行 第 | true",
                "第一行\\n第二行 | 行第 | false",
                "打八折，省20% | 20% | true",
                "打八折，省20元 | 20% | false",
                "a_b | a_b | true",
                "acb | a_b | false",
                "路径C:\\\\x | \"c:\\\\x\" | true",
                "𠮷野家 | 𠮷 | true",
                "𠮷野家 | 𠮷野 | true",
                "㍿ | 株式 | true",
                "讀書筆記 | 读书笔记 | true",
                "读书笔记 | 讀書筆記 | true",
                "读书筆記 | 讀书 | true"
            })
    void wordIsFoundInTitleOrText(String text, String words, boolean found) {
        save(1, null, text.replace("\\n", "\n").replace("\\\\", "\\"));

        List<Hit> hits = search(words.replace("\\\\", "\\"), 20);

        assertThat(hits).hasSize(found ? 1 : 0);
        assertThat(matching(words.replace("\\\\", "\\").replace("\"", ""))).hasSize(found ? 1 : 0);
    }

    @Test
    void titleAndTextAreSearchedTogetherAndTheNewestNoteComesFirst() {
        save(1, "露营", "海边");
        save(3, null, "海边露营");
        save(2, "海边的露营", null);
        save(4, "露", "营海边");

        assertThat(search("露营 海边", 20)).extracting(hit -> hit.id().value()).containsExactly(id(3), id(2), id(1));
        assertThat(search("露营 海边", 2)).extracting(hit -> hit.id().value()).containsExactly(id(3), id(2));
    }

    @Test
    void hitContainsAuthorAndTime() {
        save(1, "露营", "海边");

        assertThat(search("露", 1))
                .containsExactly(new Hit(new NoteId(id(1)), NOW.plusSeconds(1), "w", "松间", "露营", "海边", 7L));
    }

    @Test
    void noteWithUnfinishedErasureIsExcluded() {
        IntStream.of(1, 2, 3).forEach(number -> save(number, "露营", null));
        database.update("INSERT INTO forgotten_note (note_id, forgotten_at) VALUES (?, now())", id(3));

        assertThat(search("露营", 2)).extracting(hit -> hit.id().value()).containsExactly(id(2), id(1));
        assertThat(search("露营", Integer.MAX_VALUE)).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  \n", "\u200b", "\u3000"})
    void searchWithoutWordsIsRejected(String words) {
        assertThatThrownBy(() -> database.texts("SELECT note_id FROM search_note(?)", words))
                .isInstanceOf(DataIntegrityViolationException.class)
                .hasMessageContaining("holds no word");
    }

    @Test
    void authorAndTopicsAreSearched() {
        NoteDetail note = Captures.map(Captures.of(Captures.sample()));

        assertThat(note.note().search().lines())
                .startsWith(SearchText.of(note.note().title()))
                .contains(
                        SearchText.of(note.author().nickname()),
                        SearchText.of(note.topics().getFirst().name()));
    }

    @Test
    void mostLikedNoteComesFirst() {
        IntStream.of(1, 2, 3).forEach(number -> save(number, "露营", null));
        database.update(
                "UPDATE note SET liked_count = CASE note_id WHEN ? THEN 9 WHEN ? THEN NULL ELSE 3 END", id(2), id(3));

        assertThat(notes.search(NoteFilter.parse("露营"), NoteCards.CardOrder.LIKES, 20))
                .extracting(hit -> hit.id().value())
                .containsExactly(id(2), id(1), id(3));
    }

    /** What is written by Java is found by words of SQL. */
    @Test
    void everyCharacterIsComparedAlike() {
        for (int begin = 1; begin <= 0xFFFF; begin += 3000) {
            String part = IntStream.range(begin, Math.min(begin + 3000, 0x10000))
                    .filter(c -> Character.isDefined(c) && !Character.isSurrogate((char) c))
                    .mapToObj(Character::toString)
                    .collect(Collectors.joining("|"));

            assertThat(SearchText.of(part))
                    .isEqualTo(database.texts("SELECT search_text(?)", part).getFirst());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"露", "露营", "去山里露", "露营 ootd", "😀"})
    void indexIsUsedForWordsOfAnyLength(String words) {
        assertThat(database.texts("EXPLAIN SELECT note_id FROM note WHERE search_matches(search, '" + words + "')"))
                .anyMatch(line -> line.contains("Bitmap Index Scan on note_search"))
                .noneMatch(line -> line.contains("Seq Scan on note"));
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 400, 1000, 5000})
    void refreshWithUnchangedTextDoesNotTouchTheIndex(int length) {
        NoteCatalog catalog =
                new NoteCatalog(database.jdbc(), new MediaCatalog(database.jdbc(), database.transactions()));
        String text = IntStream.range(0, length)
                .mapToObj(i -> Character.toString(0x4E00 + i * 7919 % 20_000))
                .collect(Collectors.joining());
        long call = Captures.call(database, "note-detail/v1");
        byte[] answer = Captures.answerWith("\"desc\":\"" + text + "\"");
        catalog.save(CapturedNote.of(Captures.of(answer, call, NOW), null, List.of(), true, NOW));

        Long inPlace = new TransactionTemplate(database.transactions()).execute(_ -> {
            long earlier = updatesInPlace();
            catalog.save(CapturedNote.of(
                    Captures.of(answer, Captures.call(database, "note-detail/v1"), NOW.plusSeconds(9)),
                    null,
                    List.of(),
                    true,
                    NOW.plusSeconds(9)));
            return updatesInPlace() - earlier;
        });

        assertThat(inPlace).isEqualTo(1);
    }

    @Test
    void phraseIsPartOfOneText() {
        NoteDetail note =
                Captures.map(Captures.of(Captures.answerWith("\"title\":\"old bookshop\",\"desc\":\"anna\\nreads\"")));
        save(1, null, null);
        database.update("UPDATE note SET search = ?", note.note().search());

        assertThat(search("\"old bookshop\"", 5)).hasSize(1);
        assertThat(search("\"anna reads\"", 5)).hasSize(1);
        assertThat(search("\"bookshop anna\"", 5)).isEmpty();
        assertThat(search("bookshop anna", 5)).hasSize(1);
    }

    @Test
    void hugeTextIsStoredAndItsBeginningFound() {
        String text = IntStream.range(0, 3_000_000)
                .mapToObj(i -> Character.toString(0x4E00 + i % 20_000 * 7919 % 20_000))
                .collect(Collectors.joining("", "", "末尾尾末"));

        save(1, "露营", text);

        assertThat(search("露营 " + text.substring(0, 4), 20)).hasSize(1);
        assertThat(matching("露营 " + text.substring(9_000, 9_004))).hasSize(1);
        assertThat(matching("末尾尾末")).isEmpty();
    }

    private long updatesInPlace() {
        return database.count("SELECT pg_stat_get_xact_tuples_hot_updated('note'::regclass)");
    }

    private List<String> matching(String words) {
        return database.texts("SELECT note_id FROM note WHERE search_matches(search, ?)", words);
    }

    private static String id(int number) {
        return "66aa%020d".formatted(number);
    }

    private void save(int number, @Nullable String title, @Nullable String text) {
        database.update(
                """
                        INSERT INTO author (author_id, nickname, updated_at) VALUES ('w', '松间', now()) ON CONFLICT DO NOTHING;
                        INSERT INTO note (note_id, title, note_text, search, author_id, published_at, liked_count,
                                          first_captured_at, last_captured_at)
                        VALUES (?, ?, ?, ?, 'w', ?::timestamptz, 7, now(), now());
                        """,
                id(number),
                title,
                text,
                SearchText.of(title, text),
                NOW.plusSeconds(number).toString());
    }

    private List<Hit> search(String words, int limit) {
        return notes.search(NoteFilter.parse(words), NoteCards.CardOrder.PUBLISHED, limit);
    }
}
