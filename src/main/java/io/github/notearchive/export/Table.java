package io.github.notearchive.export;

import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.ExportOptions.MediaMode;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Table of an export: its query and its columns. The first column is the note id, by which the rows are sorted.
 *
 * @param source database table with the note id, whose {@code COMMENT ON} is the description
 * @param joins SQL of further tables
 * @param order expressions by which the rows are sorted
 */
record Table(String name, String source, String joins, List<String> order, List<Column> columns) {

    /** Name of the first column of every table. */
    static final String KEY = "note_id";

    Table with(Column column) {
        return new Table(
                name,
                source,
                joins,
                order,
                Stream.concat(columns.stream(), Stream.of(column)).toList());
    }

    /** Returns this table without the columns that an export with these modes omits. */
    Table of(AuthorMode authors, MediaMode media) {
        Stream<Column> parts =
                columns.stream().filter(column -> column.content().isPartOf(authors, media));
        return new Table(
                name,
                source,
                joins,
                order,
                parts.map(column -> column.of(authors, media)).toList());
    }

    /** Returns the query of the rows of the selected notes as JSON objects. */
    String query() {
        return "SELECT row_to_json(r) FROM (%s) r".formatted(select("JOIN selected USING (note_id)", "TRUE", columns));
    }

    /** Returns the expression of a JSON array of the rows of a note, or of the texts in their last column. */
    String listQuery(boolean isTexts) {
        List<Column> fields = columns.subList(1, columns.size());
        return "(SELECT coalesce(json_agg(%s), '[]') FROM (%s) r)"
                .formatted(
                        isTexts ? "r." + columns.getLast().name() : "r",
                        select("", source + ".note_id = note.note_id", fields));
    }

    private String select(String selected, String condition, List<Column> selectedColumns) {
        String captured = columns.stream().noneMatch(column -> column.name().equals("captured_at"))
                ? "TRUE"
                : "%1$s.captured_at >= coalesce(:capturedFrom, timestamptz '-infinity') AND %1$s.captured_at < coalesce(:capturedTo, timestamptz 'infinity')"
                        .formatted(source);
        return "SELECT %s FROM %s %s %s WHERE %s AND %s ORDER BY %s"
                .formatted(
                        selectedColumns.stream().map(Column::select).collect(Collectors.joining(", ")),
                        source,
                        selected,
                        joins,
                        condition,
                        captured,
                        String.join(", ", order));
    }
}
