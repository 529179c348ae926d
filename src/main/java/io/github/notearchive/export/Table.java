package io.github.notearchive.export;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Table of an export: its query and its columns. The first column is the note id, by which the rows are sorted.
 *
 * @param source database table whose {@code COMMENT ON} is the description
 * @param from SQL after {@code FROM}, restricted to the selected notes
 * @param key expression of the note id
 * @param order SQL after {@code ORDER BY note_id}; empty if a note has one row
 * @param capturedAt expression of the capture time that a selection restricts; empty if the rows have none
 */
record Table(
        String name, String source, String from, String key, String order, String capturedAt, List<Column> columns) {

    /** Name of the first column of every table. */
    static final String KEY = "note_id";

    Table {
        columns = List.copyOf(columns);
        if (columns.isEmpty() || !columns.getFirst().isKey()) {
            throw new IllegalArgumentException("Table " + name + " must begin with column " + KEY);
        }
    }

    /** Returns this table without the columns that an export with these modes omits. */
    Table of(AuthorMode authors, MediaMode media) {
        return withColumns(columns.stream()
                .filter(column -> column.content().isPartOf(authors, media))
                .map(column -> column.of(authors, media))
                .toList());
    }

    private Table withColumns(List<Column> others) {
        return new Table(name, source, from, key, order, capturedAt, others);
    }

    /** Returns the position of a column, or -1 if the export omits it. */
    int indexOf(String column) {
        for (int i = 0; i < columns.size(); i++) {
            if (columns.get(i).name().equals(column)) {
                return i;
            }
        }
        return -1;
    }

    /** Collects the columns of a table. A column is described by the comment of the database column that it selects. */
    static final class Builder {

        private final String name;
        private final String alias;
        private final Map<String, String> tables = new HashMap<>();
        private final List<Column> columns = new ArrayList<>();
        private String from;
        private String order = "";
        private String capturedAt = "";

        /** Starts a table with the note id of a database table, which the alias names in expressions. */
        Builder(String name, String table, String alias) {
            this.name = name;
            this.alias = alias;
            this.from = "%s %s JOIN selected s ON s.note_id = %s.note_id".formatted(table, alias, alias);
            tables.put(alias, table);
            column(KEY, Column.Type.TEXT, Column.Content.PLAIN, alias + "." + KEY, "worklist." + KEY);
        }

        Builder leftJoin(String table, String joined, String condition) {
            from += " LEFT JOIN %s %s ON %s".formatted(table, joined, condition);
            tables.put(joined, table);
            return this;
        }

        Builder orderBy(String expressions) {
            order = expressions;
            return this;
        }

        Builder capturedAt(String expression) {
            capturedAt = expression;
            return this;
        }

        /** Adds columns of one type under the names that they have in the database. */
        Builder columns(Column.Type type, String... names) {
            for (String column : names) {
                column(column, type, Column.Content.PLAIN);
            }
            return this;
        }

        Builder column(String column, Column.Type type, Column.Content content) {
            return column(column, type, content, alias + "." + column);
        }

        /** Adds a column that selects {@code alias.column}. */
        Builder column(String column, Column.Type type, Column.Content content, String expression) {
            String[] parts = expression.split("\\.", 2);
            return column(column, type, content, expression, tables.get(parts[0]) + "." + parts[1]);
        }

        Builder column(
                String column, Column.Type type, Column.Content content, String expression, @Nullable String source) {
            columns.add(new Column(column, type, content, expression, source, null, null));
            return this;
        }

        /** Adds a text column that the database does not have. */
        Builder derived(String column, Column.Content content, String expression, String description) {
            columns.add(new Column(column, Column.Type.TEXT, content, expression, null, description, null));
            return this;
        }

        /** Adds a list of the texts that another table has for the note in one of its columns. */
        Builder texts(String column, Table elements, String of, String description) {
            List<Column> kept = elements.columns().stream()
                    .filter(element -> element.isKey() || element.name().equals(of))
                    .toList();
            return list(column, Column.Type.TEXT_LIST, elements.withColumns(kept), description);
        }

        /** Adds a list of the rows that another table has for the note. */
        Builder records(String column, Table elements, String description) {
            return list(column, Column.Type.RECORD_LIST, elements, description);
        }

        private Builder list(String column, Column.Type type, Table elements, String description) {
            columns.add(new Column(column, type, Column.Content.PLAIN, "", null, description, elements));
            return this;
        }

        Table build() {
            return new Table(
                    name, String.valueOf(tables.get(alias)), from, alias + "." + KEY, order, capturedAt, columns);
        }
    }
}
