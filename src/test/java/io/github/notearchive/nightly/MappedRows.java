package io.github.notearchive.nightly;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Columns of each kind of response in the tables, compared with {@code mapped-rows.txt}. A column that is not named
 * there is NULL.
 */
final class MappedRows {

    private static final Path EXPECTED =
            Path.of("src", "test", "resources", "io", "github", "notearchive", "job", "mapped-rows.txt");

    /** Longer texts are represented by their length and digest; in characters. */
    private static final int LONGEST = 200;

    /**
     * Tables of a note, the columns left out that say when and where rather than what, or are derived, and the order of
     * the rows.
     */
    private static final String TABLES = """
            note         first_captured_at,last_captured_at,archived_at,changed_at,search note_id
            author       updated_at,changed_at                          author_id
            note_capture captured_at,call_id,response,sidecar_key,changed_at captured_at
            note_topic   note_id                                        ordinal
            note_mention note_id                                        ordinal
            note_comment captured_at                                    captured_at,ordinal
            """;

    private MappedRows() {}

    /** Fails unless the tables have of a note what is expected of this answer. */
    static void assertHold(NightlyScenario night, String answer, String note) {
        List<String> rows = of(night, note);
        assertThat(rows)
                .as("rows of \"%s\" equal those in %s", answer, EXPECTED)
                .isEqualTo(expected().get(answer));
    }

    private static Map<String, List<String>> expected() {
        try {
            return Pattern.compile("\n\n+")
                    .splitAsStream(Files.readString(EXPECTED).strip())
                    .map(part -> part.lines().toList())
                    .collect(Collectors.toMap(
                            part -> part.getFirst().substring(2), part -> part.subList(1, part.size())));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> of(NightlyScenario night, String note) {
        return TABLES.lines()
                .map(line -> line.split(" +"))
                .flatMap(table -> rows(night, note, table[0], table[1], table[2]))
                .toList();
    }

    private static Stream<String> rows(NightlyScenario night, String note, String table, String leftOut, String order) {
        String key = table.equals("author") ? "author_id" : "note_id";
        return night
                .sql()
                .sql("""
                        SELECT coalesce(
                            (SELECT jsonb_object_agg(key, CASE
                                 WHEN length(value #>> '{}') > %d
                                 THEN to_jsonb(length(value #>> '{}') || ' characters, ' || md5(value #>> '{}'))
                                 ELSE value END)
                             FROM jsonb_each(jsonb_strip_nulls(to_jsonb(t) - '{note_id,%s}'::text[]))), '{}')::text
                        FROM %s t WHERE %s = (SELECT %s FROM note WHERE note_id = :note) ORDER BY %s
                        """.formatted(LONGEST, leftOut, table, key, key, order))
                .param("note", note)
                .query(String.class)
                .list()
                .stream()
                .map(row -> table + " "
                        + row.replaceAll("127\\.0\\.0\\.1:\\d+", "HOST").replace(note, "ID"));
    }
}
