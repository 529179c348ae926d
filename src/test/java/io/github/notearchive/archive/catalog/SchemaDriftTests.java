package io.github.notearchive.archive.catalog;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.note.ResponseJson;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.JsonNode;

class SchemaDriftTests {

    private static final Instant NOW = Captures.NOW;
    private static final NoteId OTHER = new NoteId("66aa00000000000000000002");

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final SchemaDrift drift = new SchemaDrift(database.jdbc());

    @Test
    void publishedSampleHasNoNewFields() {
        JsonNode sample = ResponseJson.read(Captures.sample()).orElseThrow();

        assertThat(drift.newFieldsIn(Captures.ID, NOW, sample).fields()).isEmpty();
    }

    @Test
    void newFieldIsRecordedOnceWithItsFirstNote() {
        record(Captures.ID, NOW, "\"brand_new\":\"x\",\"liked_count\":\"1.2万\"");
        record(OTHER, NOW.plusSeconds(1), "\"brand_new\":\"y\"");

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
    void responseWithoutNewFieldsRecordsNothing() {
        record(Captures.ID, NOW, "\"brand_new\":\"x\"");

        assertThat(newFields(OTHER, NOW.plusSeconds(1), "\"brand_new\":\"y\"").fields())
                .isEmpty();
        assertThat(newFields(OTHER, NOW.plusSeconds(1), "\"brand_new\":null").fields())
                .isEmpty();
    }

    @Test
    void recordDoesNotDependOnTheOrderOfResponses() {
        record(Captures.ID, NOW, "\"brand_new\":\"x\"");
        record(OTHER, NOW.minusSeconds(1), "\"brand_new\":\"y\"");
        record(Captures.ID, NOW.plusSeconds(1), "\"brand_new\":\"x\"");
        List<String> oneWay = rows();
        ArchiveDatabase.emptied();
        drift.load();

        record(OTHER, NOW.minusSeconds(1), "\"brand_new\":\"y\"");
        record(Captures.ID, NOW, "\"brand_new\":\"x\"");

        assertThat(rows()).isEqualTo(oneWay).containsExactly("note.brand_new string NEW " + OTHER);
    }

    @Test
    void recordedFieldsAreKnownToOtherProcesses() {
        record(Captures.ID, NOW, "\"brand_new\":\"x\"");
        SchemaDrift another = new SchemaDrift(database.jdbc());

        assertThat(another.newFieldsIn(OTHER, NOW.plusSeconds(1), answer("\"brand_new\":\"y\""))
                        .fields())
                .isEmpty();
        assertThat(another.found()).isEmpty();
    }

    @Test
    void fieldIsStillNewAfterARollback() {
        assertThatThrownBy(() -> database.inTransaction(() -> {
                    drift.record(List.of(newFields(Captures.ID, NOW, "\"brand_new\":1")));
                    throw new IllegalStateException("killed");
                }))
                .hasMessage("killed");
        assertThat(rows()).isEmpty();

        record(OTHER, NOW.plusSeconds(1), "\"brand_new\":2");

        assertThat(rows()).containsExactly("note.brand_new number NEW " + OTHER);
        assertThat(drift.found()).hasSize(1);
    }

    @Test
    void fieldIsStillNewAfterASavepointRollback() {
        TransactionTemplate savepoint = new TransactionTemplate(database.transactions());
        savepoint.setPropagationBehavior(TransactionDefinition.PROPAGATION_NESTED);

        database.inTransaction(() -> savepoint.executeWithoutResult(status -> {
            drift.record(List.of(newFields(Captures.ID, NOW, "\"brand_new\":1")));
            status.setRollbackOnly();
        }));
        assertThat(rows()).isEmpty();
        record(OTHER, NOW.plusSeconds(1), "\"brand_new\":2");

        assertThat(rows()).containsExactly("note.brand_new number NEW " + OTHER);
    }

    @Test
    void tableIsBounded() {
        for (int i = 0; i < 30; i++) {
            String prefix = letters(i);
            record(
                    Captures.ID,
                    NOW,
                    IntStream.range(0, 10)
                            .mapToObj(j -> "\""
                                    + prefix
                                    + letters(j)
                                    + "\":{"
                                    + IntStream.range(0, 9)
                                            .mapToObj(k -> "\"" + letters(k) + "\":1")
                                            .collect(Collectors.joining(","))
                                    + "}")
                            .collect(Collectors.joining(",")));
        }

        assertThat(rows()).hasSize(SchemaDrift.MAX_ROWS);
        record(OTHER, NOW, "\"one_more\":1");
        assertThat(rows()).hasSize(SchemaDrift.MAX_ROWS).noneMatch(row -> row.contains("one_more"));
    }

    private void record(NoteId note, Instant at, String properties) {
        database.inTransaction(() -> drift.record(List.of(newFields(note, at, properties))));
    }

    private SchemaDrift.NewFields newFields(NoteId note, Instant at, String properties) {
        return drift.newFieldsIn(note, at, answer(properties));
    }

    private static JsonNode answer(String properties) {
        return ResponseJson.read(
                        ("{\"code\":0,\"data\":[{\"note_list\":[{\"id\":\"x\"," + properties + "}]}]}").getBytes(UTF_8))
                .orElseThrow();
    }

    private static String letters(int number) {
        return "name" + (char) ('a' + number / 26) + (char) ('a' + number % 26);
    }

    private List<String> rows() {
        return database.texts("""
                        SELECT concat_ws(' ', path, json_type, state, example_note_id) FROM schema_drift ORDER BY path, json_type
                        """);
    }
}
