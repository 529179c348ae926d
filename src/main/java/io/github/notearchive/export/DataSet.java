package io.github.notearchive.export;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import io.github.notearchive.export.Column.Content;
import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.ExportOptions.MediaMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.core.io.ClassPathResource;

/**
 * Tables and columns of an export. This is their only definition: every format and the manifest are derived from it.
 *
 * <p>The resource {@code columns.csv} lists the columns in their order. An empty expression is the column of that name
 * in the source of the table; that of a list is the table of its elements. A column without description has the comment
 * of its database column.
 *
 * @param tables all tables, in the order in which they are exported
 */
record DataSet(List<Table> tables) {

    private static final List<NamedCsvRecord> COLUMNS = readColumns();

    private static final Table TOPICS = table("topics", "note_topic", "", "note_topic.ordinal");
    private static final Table TOPIC_NAMES = table("topic_names", "note_topic", "", "note_topic.ordinal");
    private static final Table MENTIONS = table("mentions", "note_mention", "", "note_mention.ordinal");
    private static final Table COMMENTS =
            table("comments", "note_comment", "", "note_comment.captured_at", "note_comment.ordinal");
    private static final Table MEDIA = table(
            "media",
            "note_media",
            "LEFT JOIN media_object USING (sha256)",
            "array_position(ARRAY['IMAGE', 'MOTION', 'AUDIO', 'VIDEO', 'SUBTITLE'], note_media.kind)",
            "note_media.ordinal");
    private static final Table CAPTURES = table(
            "captures",
            "note_capture",
            "LEFT JOIN api_call ON api_call.id = note_capture.call_id",
            "note_capture.captured_at");
    private static final Table NOTES =
            table("notes", "note", "LEFT JOIN author USING (author_id) LEFT JOIN worklist USING (note_id)");

    private static final List<Table> ALL = List.of(NOTES, CAPTURES, TOPICS, MENTIONS, COMMENTS, MEDIA);

    /** Returns the tables without the columns that an export with these modes omits. */
    static DataSet of(AuthorMode authors, MediaMode media) {
        return new DataSet(ALL.stream().map(table -> table.of(authors, media)).toList());
    }

    /** Returns the table with one row per note, as last captured. */
    Table notes() {
        return tables.get(0);
    }

    /** Returns the table with one row per paid response, with the counts at that time. */
    Table captures() {
        return tables.get(1);
    }

    private static Table table(String name, String source, String joins, String... order) {
        String id = source + "." + Table.KEY;
        Stream<Column> columns = COLUMNS.stream()
                .filter(row -> row.getField("table").equals(name))
                .map(row -> column(row, source));
        return new Table(
                name,
                source,
                joins,
                Stream.concat(Stream.of(id), Stream.of(order)).toList(),
                Stream.concat(
                                Stream.of(new Column(Table.KEY, Column.Type.TEXT, Content.PLAIN, id, null, null)),
                                columns)
                        .toList());
    }

    private static Column column(NamedCsvRecord row, String source) {
        String name = row.getField("column");
        String expression = row.getField("expression");
        String description = row.getField("description");
        return new Column(
                name,
                Column.Type.valueOf(row.getField("type")),
                Content.valueOf(row.getField("content")),
                expression.isEmpty() ? source + "." + name : expression,
                description.isEmpty() ? null : description,
                switch (row.getField("type")) {
                    case "TEXT_LIST" -> TOPIC_NAMES;
                    case "RECORD_LIST" -> expression.equals(MEDIA.name()) ? MEDIA : MENTIONS;
                    default -> null;
                });
    }

    private static List<NamedCsvRecord> readColumns() {
        try {
            String csv = new ClassPathResource("columns.csv", DataSet.class).getContentAsString(StandardCharsets.UTF_8);
            return CsvReader.builder().ofNamedCsvRecord(csv).stream().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
