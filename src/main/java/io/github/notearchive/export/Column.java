package io.github.notearchive.export;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One column of a table of the data set.
 *
 * @param sql the expression that it is read by; empty for a list, whose elements come from another table
 * @param source the column whose {@code COMMENT ON} describes it, as {@code table.column}; null when it is not one of
 *     the database's
 * @param description what it holds, where the database has no comment
 * @param elements of a list: the table that its elements come from; null for all others
 */
record Column(
        String name,
        ColumnType type,
        Content content,
        String sql,
        @Nullable String source,
        @Nullable String description,
        @Nullable Table elements) {

    /** A column of a table as it is. */
    static Column of(String name, ColumnType type, String sql, String source) {
        return new Column(name, type, Content.PLAIN, sql, source, null, null);
    }

    /** One that the database does not have as such. */
    static Column derived(String name, ColumnType type, String sql, String description) {
        return new Column(name, type, Content.PLAIN, sql, null, description, null);
    }

    /** One column of another table, all its rows for the note. */
    static Column texts(String name, Table elements, String of, String description) {
        return new Column(
                name,
                ColumnType.TEXT_LIST,
                Content.PLAIN,
                "",
                null,
                description,
                elements.withColumns(elements.columns().stream()
                        .filter(column ->
                                column.name().equals(of) || column.name().equals(Table.KEY))
                        .toList()));
    }

    /** Another table, all its rows for the note. */
    static Column records(String name, Table elements, String description) {
        return new Column(name, ColumnType.RECORD_LIST, Content.PLAIN, "", null, description, elements);
    }

    Column holding(Content other) {
        return new Column(name, type, other, sql, source, description, elements);
    }

    Column described(String text) {
        return new Column(name, type, content, sql, source, text, elements);
    }

    /** The columns of each element, without the id of the note that they belong to. */
    List<Column> fields() {
        return elements == null
                ? List.of()
                : elements.columns().stream()
                        .filter(column -> !column.name().equals(Table.KEY))
                        .toList();
    }
}
