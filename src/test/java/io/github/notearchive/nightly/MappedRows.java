package io.github.notearchive.nightly;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What stands in the tables of each kind of answer, column by column, held against {@code mapped-rows.txt}. A column
 * that is not named there is NULL. What was seen is in {@code target/mapped-rows.txt}, to be read and copied from when
 * the mapper is to do otherwise.
 */
final class MappedRows {

    private static final Path EXPECTED =
            Path.of("src", "test", "resources", "io", "github", "notearchive", "job", "mapped-rows.txt");
    private static final Path SEEN = Path.of("target", "mapped-rows.txt");

    /** Longer texts are represented by their length and digest; in characters. */
    private static final int LONGEST = 200;

    /** Rows of a note, without what says when and where rather than what. */
    private static final List<Map.Entry<String, String>> QUERIES = List.of(
            Map.entry(
                    "note",
                    "to_jsonb(t) - ARRAY['note_id', 'first_captured_at', 'last_captured_at', 'archived_at'] FROM note t WHERE note_id = :note"),
            Map.entry(
                    "author",
                    "to_jsonb(t) - 'updated_at' FROM author t WHERE author_id = (SELECT author_id FROM note WHERE note_id = :note)"),
            Map.entry(
                    "note_capture",
                    "to_jsonb(t) - ARRAY['note_id', 'captured_at', 'call_id', 'response', 'sidecar_key'] FROM note_capture t WHERE note_id = :note ORDER BY captured_at"),
            Map.entry("note_topic", "to_jsonb(t) - 'note_id' FROM note_topic t WHERE note_id = :note ORDER BY ordinal"),
            Map.entry(
                    "note_mention",
                    "to_jsonb(t) - 'note_id' FROM note_mention t WHERE note_id = :note ORDER BY ordinal"),
            Map.entry(
                    "note_comment",
                    "to_jsonb(t) - ARRAY['note_id', 'captured_at'] FROM note_comment t WHERE note_id = :note ORDER BY captured_at, ordinal"));

    private MappedRows() {}

    /** Fails unless the tables have of a note what is expected of this answer. */
    static void assertHold(NightlyScenario night, String answer, String note) {
        List<String> rows = of(night, note);
        try {
            Files.writeString(
                    SEEN,
                    "# " + answer + "\n" + String.join("\n", rows) + "\n\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        assertThat(rows)
                .as("what the tables hold of \"%s\" stands in %s", answer, EXPECTED)
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
        List<String> rows = new ArrayList<>();
        QUERIES.forEach(query -> night.sql()
                .sql("""
                                        SELECT coalesce(
                                            (SELECT jsonb_object_agg(key, CASE
                                                 WHEN length(value #>> '{}') > %d
                                                 THEN to_jsonb(length(value #>> '{}') || ' characters, ' || md5(value #>> '{}'))
                                                 ELSE value END)
                                             FROM jsonb_each(jsonb_strip_nulls(r.fields))), '{}')::text
                                        FROM (SELECT %s) AS r(fields)
                                        """.formatted(LONGEST, query.getValue()))
                .param("note", note)
                .query(String.class)
                .list()
                .forEach(row -> rows.add(query.getKey() + " " + plain(row, note))));
        return rows;
    }

    private static String plain(String row, String note) {
        return row.replaceAll("127\\.0\\.0\\.1:\\d+", "HOST").replace(note, "ID");
    }
}
