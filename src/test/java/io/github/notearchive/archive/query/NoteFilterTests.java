package io.github.notearchive.archive.query;

import static io.github.notearchive.archive.query.NoteRows.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.io.jdbc.Statements;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NoteFilterTests {

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final NoteRows rows = new NoteRows(database);

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ``                                 | ``
            ` 云  露营 `                        | 云 露营
            "old bookshop" "云"                | "old bookshop" 云
            AUTHOR:"Li Lei",ab Type:VIDEO      | author:"Li Lei",ab type:video
            a OR b c OR (d OR e)               | a OR b c OR d OR e
            (a OR b) c (d e)                   | (a OR b) c d e
            -(a b) -"OR" -(-x) - "-y"          | -(a b) -"OR" x "-" "-y"
            likes:>=10,..5 published:2026-03.. | likes:>=10,..5 published:2026-03..
            state:FAILED,failed "12:30"        | state:failed "12:30"
            -MEDIA-Reason：GONE,no_answer       | -media-reason:gone,no_answer
            “old bookshop” author：Anna -TYPE：video 标题：x | "old bookshop" author:Anna -type:video "标题：x"
            "author：x"                        | "author：x"
            topic:(a OR b                      |
            """)
    void textIsCanonical(String text, String canonical) {
        if (canonical == null) {
            assertThatThrownBy(() -> NoteFilter.parse(text)).isInstanceOf(IllegalArgumentException.class);
            return;
        }

        NoteFilter filter = NoteFilter.parse(text);

        assertThat(filter.text()).isEqualTo(canonical);
        assertThat(NoteFilter.parse(filter.text())).isEqualTo(filter);
        assertThat(filter.and(NoteFilter.all())).isEqualTo(filter);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            size:3             | "size:" is not a key of a filter; keys are author, topic, type, state
            12:30              | Put a word with a colon into quotes
            :x                 | ":" is not a key
            type:audio         | "type:audio" is not a term of a filter: type: takes normal, video
            state:lost         | pending, postponed, archived, unavailable, failed
            reason:bad         | media_incomplete, rejected
            media-reason:bad   | media-reason: takes retry, dead, gone, no_answer
            has:               | video, sound, live, subtitle, gap, waived, no-preview
            published:         | published: takes 2026
            captured:          | captured: takes 2026
            gone:              | gone: takes yes or 2026
            published:2026-03..2026-01  | published: takes 2026
            published:+300000-01-01     | published: takes 2026
            author:            | a name or an id
            gone:no            | yes or 2026, 2026-03
            id:12345           | id: takes the id of a note: 24 hexadecimal digits
            published:yes      | 2026, 2026-03
            published:2026-13  | 2026, 2026-03
            published:..       | 2026, 2026-03
            published:1..2..3  | 2026, 2026-03
            likes:many         | 1000, >1000
            likes:..           | 1000, >1000
            likes:9999999999999999 | 1000, >1000
            "a                 | a quote " is not closed
            (a                 | a parenthesis ( is not closed
            a)                 | a parenthesis ) closes none
            ()                 | a term is missing
            a OR               | a term is missing
            OR a               | a term is missing
            -) a               | contains no word
            ""                 | contains no word
            """)
    void invalidTermIsNamedWithWhatIsAllowed(String text, String message) {
        assertThatThrownBy(() -> NoteFilter.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void lengthAndTermsAreLimited() {
        assertThat(NoteFilter.parse("x ".repeat(50)).text()).hasSize(99);
        assertThatThrownBy(() -> NoteFilter.parse("x ".repeat(51))).hasMessageContaining("50 terms");
        assertThatThrownBy(() -> NoteFilter.parse("x".repeat(1001))).hasMessageContaining("1001 characters");
        assertThat(NoteFilter.parse("(".repeat(49) + "x" + ")".repeat(49)).text())
                .isEqualTo("x");
        assertThatThrownBy(() -> NoteFilter.parse("(".repeat(1000))).hasMessageContaining("nested");
        assertThatThrownBy(() -> NoteFilter.parse("-".repeat(999) + "x")).hasMessageContaining("nested");
    }

    @Test
    void controlCharactersSeparateWords() {
        assertThat(NoteFilter.parse("a" + (char) 0 + "b" + (char) 0xd800).text())
                .isEqualTo("a b");
    }

    /** Notes 1 to 4 are captured, note 5 is only in the worklist, note 6 only in the catalog. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ``                          | 1 2 3 4 5 6
            旧书店                       | 1 3
            店                           | 1 3
            旧书店 -云                    | 1
            云 旧书店                     | 3
            "云 and sky"                 | 3
            "sky 云"                     |
            "camping in rain"           | 2
            "in  rain"                  |
            CAMPING OR 云                | 2 3
            author:a1                   | 1 3
            author:anna                 | 1 3
            author:"Anna B"             | 1 3
            author:red7                 | 2
            author:none,bert            | 2
            -author:anna                | 2 4 5 6
            topic:camping               | 2
            topic:Camping,city          | 1 2
            type:video                  | 3
            state:failed                | 5
            state:archived,failed       | 1 2 5
            reason:rejected             | 5
            -state:archived             | 3 4 5 6
            gone:yes                    | 3 4
            gone:2026-03                | 3
            gone:2026-03..2026-04       | 3 4
            gone:..2026-02              |
            edited:yes                  | 1
            edited:2026-03-02           | 1
            edited:2026-03-03..         |
            has:video                   | 3
            has:live,sound              | 2
            has:gap                     | 4
            has:waived                  | 1
            media-reason:gone,dead      | 4
            media-reason:dead           |
            -media-reason:gone          | 1 2 3 5 6
            has:gap,video               | 3 4
            published:2026-02           | 1
            published:2026-03-01        | 2
            published:2026-01..2026-02,2026-04 | 1 3
            published:..2026-03         | 1 2
            captured:2026-03-02         | 1
            likes:>10                   | 2 3
            likes:>=10                  | 1 2 3
            likes:10                    | 1
            likes:..10                  | 1
            likes:11..20,100..          | 2 3
            comments:<5                 | 1
            collected:3                 | 2
            place:Zhejiang,云南          | 1 4
            id:65B000000000000000000001,65b000000000000000000005 | 1 5
            -(author:anna OR state:failed) | 2 4 6
            (author:anna OR author:bert) likes:>10 | 2 3
            """)
    void filterFindsNotes(String text, String numbers) {
        fill();

        assertThat(found(NoteFilter.parse(text))).as(text).isEqualTo(numbers == null ? "" : numbers);
    }

    @Test
    void reasonsOfMissingFilesAreThoseThatAllNotesHave() {
        assertThat(NoteFilter.parse("media-reason:gone,DEAD state:failed media-reason:gone")
                        .mediaReasons())
                .containsExactly("GONE", "DEAD");
        assertThat(NoteFilter.parse("media-reason:gone").mediaReasons()).containsExactly("GONE");
        assertThat(NoteFilter.parse("-media-reason:gone (media-reason:dead OR x)")
                        .mediaReasons())
                .isEmpty();
    }

    @Test
    void authorByIdIsNotOneOfThatName() {
        fill();
        database.update("UPDATE author SET nickname = 'a1' WHERE author_id = 'b1'");

        assertThat(found(NoteFilter.author("a1"))).isEqualTo("1 3");
        assertThat(found(NoteFilter.parse("author:a1"))).isEqualTo("1 2 3");
    }

    @Test
    void scanFindsTheSameNotes() {
        fill();

        for (String text : List.of("旧书店", "\"云 and sky\"", "旧书店 -云", "likes:>10 published:2026-04")) {
            NoteFilter filter = NoteFilter.parse(text);
            assertThat(found(filter.scan().sql(), filter.scan().parameters()))
                    .as(text)
                    .isEqualTo(found(filter));
        }
    }

    @Test
    void valuesDoNotBecomeSql() {
        fill();

        for (String text :
                List.of("author:\"' OR 'a'='a\"", "\"%\"", "\"\\\"", "\"'; DROP TABLE note; --\"", "topic:\":x?\"")) {
            assertThat(found(NoteFilter.parse(text))).as(text).isEmpty();
        }
    }

    private void fill() {
        rows.author("a1", "Anna");
        rows.author("b1", "Bert");
        database.update("UPDATE author SET red_id = 'red7' WHERE author_id = 'b1'");
        rows.note(1, "a1", "2026-01-31T16:00Z", "旧书店");
        rows.note(2, "b1", "2026-03-01T15:59Z", "Camping");
        rows.note(3, "a1", "2026-04-01T00:00Z", "旧书店 云 and sky");
        rows.note(4, "b1", "2026-04-01T00:00Z", "x");
        rows.note(6, "b1", "2026-04-01T00:00Z", "x");
        database.update(
                "UPDATE note SET author_id = NULL, published_at = NULL WHERE note_id IN (?, ?)",
                id(4).value(),
                id(6).value());
        database.update("UPDATE note SET liked_count = 10, comments_count = 4 WHERE note_id = ?", id(1).value());
        database.update("UPDATE note SET liked_count = 11, collected_count = 3 WHERE note_id = ?", id(2).value());
        database.update("UPDATE note SET liked_count = 1000, note_type = 'video' WHERE note_id = ?", id(3).value());
        rows.capture(1, "2026-03-01T00:00Z", "旧书", "text", "a1", "Anna B");
        rows.capture(1, "2026-03-02T00:00Z", "旧书店", "text", "a1", "Anna");
        rows.topic(1, 0, "city");
        rows.topic(2, 0, "camping");
        rows.settled(1, "ARCHIVED", "2026-03-02T00:00Z");
        rows.settled(2, "ARCHIVED", "2026-03-02T00:00Z");
        rows.settled(3, "UNAVAILABLE", "2026-03-02T00:00Z");
        rows.settled(4, "UNAVAILABLE", "2026-04-02T00:00Z");
        rows.settled(5, "FAILED", "2026-04-02T00:00Z");
        database.update("UPDATE worklist SET reason = 'REJECTED' WHERE note_id = ?", id(5).value());
        rows.file(2, "MOTION", 0, "a".repeat(64), null);
        rows.file(2, "AUDIO", 0, "b".repeat(64), null);
        rows.file(3, "VIDEO", 0, "c".repeat(64), null);
        rows.file(1, "IMAGE", 0, null, "BY_POLICY");
        rows.file(4, "IMAGE", 0, null, "GONE");
        database.update("UPDATE note_media SET state = 'MISSING' WHERE reason = 'GONE'");
        database.update("UPDATE note SET place = 'ZheJiang' WHERE note_id = ?", id(1).value());
        database.update("UPDATE note SET place = '云南' WHERE note_id = ?", id(4).value());
        database.update("UPDATE note SET search = E'camping\\nin rain' WHERE note_id = ?", id(2).value());
    }

    private String found(NoteFilter filter) {
        return found(filter.condition(), filter.parameters());
    }

    private String found(String condition, Map<String, Object> parameters) {
        return Statements.list(database.jdbc(), Long.class, parameters, """
                        SELECT right(coalesce(n.note_id, w.note_id), 6)::bigint
                        FROM note n FULL JOIN worklist w USING (note_id) WHERE %s ORDER BY 1
                        """.formatted(condition)).stream()
                .map(String::valueOf)
                .collect(Collectors.joining(" "));
    }
}
