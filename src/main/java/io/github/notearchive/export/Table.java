package io.github.notearchive.export;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import io.github.notearchive.archive.query.NoteSnapshots;
import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.ExportOptions.MediaMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.ClassPathResource;

/**
 * Table of an export: its query and its columns. The first column is the note id, by which the rows are sorted.
 *
 * <p>The resource {@code columns.csv} lists the columns in their order. This is their only definition: every format and
 * the manifest are derived from it. An empty expression is the column of that name in the source of the table; that of
 * a list is the table of its elements. A column without description has the comment of its database column.
 *
 * @param source database table with the note id, whose {@code COMMENT ON} is the description
 * @param relation relation of the snapshot that the source is joined with by note id; determines which notes have rows
 * @param joins SQL of further tables
 * @param order expressions by which the rows are sorted
 */
public record Table(String name, String source, String relation, String order, String joins, List<Column> columns) {

    /** Column of the month by which the rows of a partitioned table are sorted; not exported. */
    static final String MONTH = "partition_month";

    /** Name of the first column of every table. */
    public static final String KEY = "note_id";

    private static final List<NamedCsvRecord> COLUMNS = readColumns();

    private static final String KINDS = "ARRAY['IMAGE', 'MOTION', 'AUDIO', 'VIDEO', 'SUBTITLE', 'PREVIEW']";

    /** Tables without their columns, in the order in which they are exported. */
    private static final List<Table> TABLES = List.of(
            table("notes", "note", "", "LEFT JOIN author USING (author_id) LEFT JOIN worklist USING (note_id)"),
            table(
                    "captures",
                    "note_capture",
                    ", note_capture.captured_at",
                    "LEFT JOIN api_call ON api_call.id = note_capture.call_id"),
            table("topics", "note_topic", ", note_topic.ordinal", ""),
            table("mentions", "note_mention", ", note_mention.ordinal", ""),
            table("comments", "note_comment", ", note_comment.captured_at, note_comment.ordinal", ""),
            table(
                    "media",
                    "note_media",
                    ", array_position(" + KINDS + ", note_media.kind), note_media.ordinal",
                    "LEFT JOIN media_object USING (sha256) CROSS JOIN LATERAL (SELECT CASE WHEN "
                            + NoteSnapshots.HAS_FILE + " THEN media_object.object_key END AS object_key) AS file"),
            new Table("worklist", "worklist", "listed", "worklist.note_id", """
                    LEFT JOIN note_absence USING (note_id)
                    CROSS JOIN LATERAL (
                        SELECT min(c.sent_at) AS first_requested_at, max(c.sent_at) AS last_requested_at,
                               count(*) AS calls
                        FROM api_call c WHERE c.note_id = worklist.note_id) AS requests
                    """, List.of()),
            new Table("removed", "removed", "removed", "removed.note_id", "", List.of()));

    private static final Table TOPIC_NAMES = table("topic_names", "note_topic", ", note_topic.ordinal", "");

    private static Table table(String name, String source, String order, String joins) {
        return new Table(name, source, "selected", source + "." + KEY + order, joins, List.of());
    }

    /** Returns all tables without the columns that an export with these modes omits: notes, captures, then others. */
    public static List<Table> all(AuthorMode authors, MediaMode media) {
        return TABLES.stream()
                .map(table -> table.with(content -> content.isPartOf(authors, media)))
                .toList();
    }

    private Table with(Predicate<Column.ColumnContent> included) {
        Column key = new Column(KEY, Column.Type.TEXT, Column.ColumnContent.PLAIN, source + "." + KEY, null, null);
        Stream<Column> others = COLUMNS.stream()
                .filter(row -> row.getField("table").equals(name)
                        && !row.getField("column").isEmpty())
                .map(row -> column(row, included))
                .filter(column -> included.test(column.content()));
        return with(Stream.concat(Stream.of(key), others));
    }

    private Column column(NamedCsvRecord row, Predicate<Column.ColumnContent> included) {
        String column = row.getField("column");
        Column.Type type = Column.Type.valueOf(row.getField("type"));
        String expression = row.getField("expression");
        String description = row.getField("description");
        boolean isList = type == Column.Type.TEXT_LIST || type == Column.Type.RECORD_LIST;
        return new Column(
                column,
                type,
                Column.ColumnContent.valueOf(row.getField("content")),
                expression.isEmpty() ? source + "." + column : expression,
                description.isEmpty() ? null : description,
                isList ? named(expression).with(included) : null);
    }

    private static Table named(String name) {
        return TABLES.stream()
                .filter(table -> table.name.equals(name))
                .findFirst()
                .orElse(TOPIC_NAMES);
    }

    private static List<NamedCsvRecord> readColumns() {
        try {
            String csv = new ClassPathResource("columns.csv", Table.class).getContentAsString(StandardCharsets.UTF_8);
            return CsvReader.builder().ofNamedCsvRecord(csv).stream().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns this table sorted by month of publication, which becomes its last column, and then by note id. */
    Table byMonth() {
        String month = relation + ".month";
        Table sorted = new Table(name, source, relation, month + ", " + order, joins, columns);
        return sorted.with(new Column(MONTH, Column.Type.TEXT, Column.ColumnContent.PLAIN, month, "", null));
    }

    /** Returns whether the notes of the relation have a month. */
    boolean hasMonth() {
        return !relation.equals("removed");
    }

    Table with(Column column) {
        return with(Stream.concat(columns.stream(), Stream.of(column)));
    }

    private Table with(Stream<Column> all) {
        return new Table(name, source, relation, order, joins, all.toList());
    }

    /** Returns the description of a table that is no table of the database; null for others. */
    @Nullable
    String description() {
        return COLUMNS.stream()
                .filter(row -> row.getField("table").equals(name)
                        && row.getField("column").isEmpty())
                .map(row -> row.getField("description"))
                .findFirst()
                .orElse(null);
    }

    /** Returns the columns that identify a row. */
    List<String> keys() {
        return columns.stream()
                .filter(column -> order.contains(source + "." + column.name()))
                .map(Column::name)
                .toList();
    }

    /** Returns the query of the rows of the notes of the relation as JSON objects. */
    String query() {
        return query("TRUE");
    }

    /**
     * As above, of the rows that meet a condition.
     *
     * @param condition SQL over the columns of the source
     */
    public String query(String condition) {
        return "SELECT row_to_json(r) FROM (%s) r"
                .formatted(select(
                        relation.equals(source) ? "" : "JOIN " + relation + " USING (note_id)", condition, columns));
    }

    /** Returns the expression of a JSON array of the rows of a note, or of the texts in their last column. */
    private String listQuery(boolean isTexts) {
        return "(SELECT coalesce(json_agg(%s), '[]') FROM (%s) r)"
                .formatted(
                        isTexts ? "r." + columns.getLast().name() : "r",
                        select("", source + ".note_id = note.note_id", columns.subList(1, columns.size())));
    }

    private String select(String join, String condition, List<Column> selectedColumns) {
        String captured = columns.stream().noneMatch(column -> column.name().equals("captured_at"))
                ? "TRUE"
                : ("%1$s.captured_at >= coalesce(:capturedFrom, timestamptz '-infinity') AND %1$s.captured_at < "
                                + "coalesce(:capturedTo, timestamptz 'infinity')")
                        .formatted(source);
        String list = selectedColumns.stream().map(Column::select).collect(Collectors.joining(", "));
        return "SELECT %s FROM %s %s %s WHERE %s AND %s ORDER BY %s"
                .formatted(list, source, join, joins, condition, captured, order);
    }

    /**
     * Column of an exported table, the same in every format.
     *
     * @param expression SQL expression of the value; not used for a list
     * @param description null if the expression is a database column, whose {@code COMMENT ON} is the description
     * @param elements table of the elements of a list; null otherwise
     */
    public record Column(
            String name,
            Type type,
            ColumnContent content,
            String expression,
            @Nullable String description,
            @Nullable Table elements) {

        /** Data type of a column. An absent value is null; a list is empty rather than null. */
        public enum Type {
            TEXT,
            INTEGER,
            BIGINT,
            BOOLEAN,
            /** Point in time in microseconds; in JSON as in ISO 8601, in UTC. */
            TIMESTAMP,
            TEXT_LIST,
            /** Ordered rows of another table, without the note id. */
            RECORD_LIST
        }

        /** Kind of a column's values, by which an export includes, converts or omits the column. */
        public enum ColumnContent {
            PLAIN,
            /** Id of a person: replaced by a pseudonym, or omitted. */
            PERSON_ID,
            /** Identifying data of a person: omitted unless authors are kept. */
            PERSON,
            /** Non-identifying data about an author: omitted only together with all author data. */
            AUTHOR_TRAIT,
            OBJECT_KEY,
            /** Presigned URL of an object, derived from its key. */
            OBJECT_URL,
            /** Path of an object's copy in the export, derived from its key. */
            OBJECT_PATH;

            boolean isPartOf(AuthorMode authors, MediaMode media) {
                return switch (this) {
                    case PLAIN -> true;
                    case PERSON_ID, AUTHOR_TRAIT -> authors != AuthorMode.OMIT;
                    case PERSON -> authors == AuthorMode.KEEP;
                    case OBJECT_KEY -> media != MediaMode.NONE;
                    case OBJECT_URL -> media == MediaMode.PRESIGNED;
                    case OBJECT_PATH -> media == MediaMode.COPY;
                };
            }
        }

        /** Returns the SQL of the value; for a list a query of the elements that belong to the row's note. */
        private String select() {
            return (elements == null ? expression : elements.listQuery(type == Type.TEXT_LIST)) + " AS " + name;
        }

        /** Returns the columns of a list element, without the note id. */
        public List<Column> fields() {
            return elements == null
                    ? List.of()
                    : elements.columns().subList(1, elements.columns().size());
        }

        public boolean isKey() {
            return name.equals(KEY);
        }

        /** Returns the database column whose comment describes this one; null if it has its own description. */
        @Nullable
        String source() {
            return description != null ? null : isKey() ? "worklist." + KEY : expression;
        }
    }
}
