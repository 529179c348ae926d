package io.github.notearchive.archive.catalog;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.archive.catalog.SchemaDrift.FieldPath;
import io.github.notearchive.archive.catalog.SchemaDrift.FieldPaths;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.note.ResponseJson;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SchemaDriftTests {

    private static final Instant NOW = Captures.NOW;
    private static final NoteId OTHER = new NoteId("66aa00000000000000000002");

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final SchemaDrift drift = new SchemaDrift(database.jdbc());

    @Test
    void publishedSampleHasNoNewFields() {
        drift.record(Captures.of(Captures.sample()));

        assertThat(rows()).isEmpty();
    }

    @Test
    void newFieldIsRecordedOnceWithItsFirstNote() {
        record(Captures.ID, "\"brand_new\":\"x\",\"liked_count\":\"1.2万\"");
        record(OTHER, "\"brand_new\":\"y\"");

        assertThat(rows())
                .containsExactly(
                        "note.brand_new string NEW " + Captures.ID, "note.liked_count string NEW " + Captures.ID);
        assertThat(drift.found())
                .extracting(found -> found.field().toString())
                .containsExactly("note.brand_new: string", "note.liked_count: string");
        assertThat(drift.unreviewed(1).fields()).isEqualTo(2);
        assertThat(drift.unreviewed(1).examples()).hasSize(1);
    }

    @Test
    void recordedFieldsAreKnownInThisAndOtherProcesses() {
        record(Captures.ID, "\"brand_new\":\"x\"");
        SchemaDrift another = new SchemaDrift(database.jdbc());
        another.load();

        for (SchemaDrift process : List.of(drift, another)) {
            for (String value : List.of("\"y\"", "null")) {
                assertThat(newFields(process, "\"brand_new\":" + value)).isEmpty();
            }
        }
        assertThat(another.found()).isEmpty();
    }

    @Test
    void fieldOfATransactionThatIsRolledBackStaysUnknown() {
        var transaction = new TransactionTemplate(database.transactions());
        transaction.executeWithoutResult(status -> {
            record(Captures.ID, "\"brand_new\":\"x\"");
            status.setRollbackOnly();
        });
        assertThat(drift.found()).isEmpty();

        transaction.executeWithoutResult(_ -> record(OTHER, "\"brand_new\":\"x\""));

        assertThat(rows()).containsExactly("note.brand_new string NEW " + OTHER);
        assertThat(drift.found()).hasSize(1);
    }

    @Test
    void fieldRecordedMeanwhileByAnotherProcessKeepsItsNote() {
        SchemaDrift another = new SchemaDrift(database.jdbc());

        record(Captures.ID, "\"brand_new\":\"x\"");
        another.record(newFields(another, "\"brand_new\":\"y\""));

        assertThat(rows()).containsExactly("note.brand_new string NEW " + Captures.ID);
    }

    @Test
    void fieldIsStillNewAfterAFailure() {
        database.update("ALTER TABLE schema_drift RENAME TO away");
        assertThatThrownBy(() -> record(Captures.ID, "\"brand_new\":1")).isInstanceOf(DataAccessException.class);
        database.update("ALTER TABLE away RENAME TO schema_drift");

        record(OTHER, "\"brand_new\":2");

        assertThat(rows()).containsExactly("note.brand_new number NEW " + OTHER);
        assertThat(drift.found()).hasSize(1);
    }

    @Test
    void tableIsBounded() {
        for (int i = 0; i < 30; i++) {
            record(Captures.ID, fields(letters(i), 10, "{" + fields("", 9, "1") + "}"));
        }

        int recorded = rows().size();
        assertThat(recorded).isBetween(SchemaDrift.MAX_KNOWN / 2, SchemaDrift.MAX_KNOWN - 1);
        record(OTHER, "\"one_more\":1");
        assertThat(rows()).hasSize(recorded).noneMatch(row -> row.contains("one_more"));
    }

    private void record(NoteId note, String properties) {
        drift.record(drift.newFieldsIn(note, NOW, answer(properties)));
    }

    private static List<SchemaDrift.Sighting> newFields(SchemaDrift process, String properties) {
        return process.newFieldsIn(OTHER, NOW, answer(properties));
    }

    private static JsonNode answer(String properties) {
        return ResponseJson.read(
                        ("{\"code\":0,\"data\":[{\"note_list\":[{\"id\":\"x\"," + properties + "}]}]}").getBytes(UTF_8))
                .orElseThrow();
    }

    /** Returns fields of an object with different names and the same value. */
    private static String fields(String prefix, int count, String value) {
        return IntStream.range(0, count)
                .mapToObj(i -> "\"" + prefix + letters(i) + "\":" + value)
                .collect(Collectors.joining(","));
    }

    private static String letters(int number) {
        return "name" + (char) ('a' + number / 26) + (char) ('a' + number % 26);
    }

    private List<String> rows() {
        return database.texts("""
                        SELECT concat_ws(' ', path, json_type, state, example_note_id) FROM schema_drift ORDER BY path, json_type
                        """);
    }

    // paths of fields

    @Test
    void fieldHasAPathAndAType() {
        assertThat(unknownIn("""
                                {"code":0,"data":[{"note_list":[{"id":"x","n":1,"list":[{"a":"1"},{"a":true}]}],"beside":null}]}
                                """))
                .containsExactly(
                        "code: number",
                        "data: array",
                        "data[]: object",
                        "data[].beside: null",
                        "data[].note_list: array",
                        "note: object",
                        "note.id: string",
                        "note.list: array",
                        "note.list[]: object",
                        "note.list[].a: boolean",
                        "note.list[].a: string",
                        "note.n: number");
    }

    @Test
    void noteIsFoundInAnyWrapper() {
        assertThat(unknownIn("{\"data\":[{\"id\":\"x\",\"new\":1}]}"))
                .containsExactly("data: array", "note: object", "note.id: string", "note.new: number");
        assertThat(unknownIn("{\"data\":{\"id\":\"x\",\"new\":1}}"))
                .containsExactly("note: object", "note.id: string", "note.new: number");
        assertThat(unknownIn("{\"data\":{\"note_list\":[{\"new\":1}]}}"))
                .containsExactly("data: object", "data.note_list: array", "note: object", "note.new: number");
    }

    @Test
    void nameThatLooksLikeDataIsGeneralized() {
        String names = """
                66aa00000000000000000001,1770696804,uid_1770696804,0123456789abcdef,00000000-0000-4000-8000-000000000001,\
                1040g00831sd37bs2lk405n684dak6j4m6ekoci0,user-7f3a9c21,名字,with space,a.b,a[],,\0,naïve,emoji 🍚,https://example.org/x""";
        for (String name : names.split(",", -1)) {
            assertThat(unknownIn(new JsonMapper().writeValueAsString(Map.of("map", Map.of(name, 1)))))
                    .containsExactly("map: object", "map.*: number");
        }
    }

    @Test
    void identifierIsKept() {
        for (String name :
                "url_size_large url_8k h265 zh-CN AAC masterUrl liveFile2ndGeneration feedback_info cafe_facade"
                        .split(" ", -1)) {
            assertThat(unknownIn("{\"" + name + "\":1}")).containsExactly(name + ": number");
        }
    }

    @Test
    void depthLengthAndNumberAreBounded() {
        String deep = "{\"a\":".repeat(150) + "1" + "}".repeat(150);
        String longNames = ("{\"" + "n".repeat(59) + "\":").repeat(9) + "1" + "}".repeat(9);
        String many = "{" + fields("", 20, "{" + fields("", 20, "1") + "}") + "}";

        assertThat(unknownIn(deep)).hasSize(FieldPaths.MAX_LEVELS);
        assertThat(unknownIn(longNames)).hasSize(5);
        assertThat(unknownIn(many)).hasSize(FieldPaths.MAX_FIELDS);
    }

    @Test
    void placeholderIsNotReported() {
        String tooDeep = "{\"data\":[{\"id\":\"x\",\"a\":" + "[".repeat(500) + "]".repeat(500) + "}]}";

        assertThat(unknownIn(tooDeep)).noneMatch(field -> field.endsWith(": string") && !field.contains("id"));
    }

    private static List<String> unknownIn(String answer) {
        return FieldPaths.unknownIn(ResponseJson.read(answer.getBytes(UTF_8)).orElseThrow(), Map.of()).stream()
                .map(FieldPath::toString)
                .toList();
    }
}
