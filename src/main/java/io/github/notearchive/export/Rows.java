package io.github.notearchive.export;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Cursor over the rows of a table in the order of note ids, fetched from the server in batches. Each list column is
 * filled from a separate cursor, which advances with this one.
 */
final class Rows implements AutoCloseable {

    private final Table table;
    private final PreparedStatement statement;
    private final ResultSet result;
    private final Conversion conversion;
    private final Map<Integer, ByNote> lists;
    private final BooleanSupplier stopped;

    /** @param lists the cursors of the list columns, by column index */
    Rows(
            Table table,
            PreparedStatement statement,
            Conversion conversion,
            Map<Integer, ByNote> lists,
            BooleanSupplier stopped)
            throws SQLException {
        this.table = table;
        this.statement = statement;
        this.conversion = conversion;
        this.lists = lists;
        this.stopped = stopped;
        this.result = statement.executeQuery();
    }

    /** Converts a value of the database to the exported value. */
    @FunctionalInterface
    interface Conversion {
        @Nullable
        Object convert(Column column, Object value);
    }

    /** Returns the next row, or null after the last one. */
    @Nullable
    Row next() throws SQLException {
        if (stopped.getAsBoolean()) {
            throw new ExportStoppedException();
        }
        if (!result.next()) {
            lists.values().forEach(ByNote::requireEnd);
            return null;
        }
        List<Column> columns = table.columns();
        @Nullable Object[] row = new @Nullable Object[columns.size()];
        int read = 0;
        for (int i = 0; i < row.length; i++) {
            Column column = columns.get(i);
            if (!column.type().isList()) {
                Object value = column.type().read(result, ++read);
                row[i] = value == null ? null : conversion.convert(column, value);
            }
        }
        for (Map.Entry<Integer, ByNote> list : lists.entrySet()) {
            int i = list.getKey();
            List<Row> elements = list.getValue().of(String.valueOf(row[0]));
            row[i] = columns.get(i).type() == Column.Type.TEXT_LIST ? texts(elements) : elements;
        }
        return new Row(table, row);
    }

    private static List<String> texts(List<Row> rows) {
        List<String> texts = new ArrayList<>();
        for (Row row : rows) {
            if (row.get(1) instanceof String text) {
                texts.add(text);
            }
        }
        return texts;
    }

    @Override
    public void close() throws SQLException {
        for (ByNote list : lists.values()) {
            list.close();
        }
        statement.close();
    }

    /** Cursor that returns the rows of a table grouped by note. */
    static final class ByNote implements AutoCloseable {

        private final Rows rows;
        private @Nullable Row next;

        ByNote(Rows rows) throws SQLException {
            this.rows = rows;
            this.next = rows.next();
        }

        /** Returns the rows of a note. Notes must be requested in ascending order. */
        List<Row> of(String noteId) throws SQLException {
            List<Row> found = new ArrayList<>();
            for (Row row = next; row != null && row.noteId().equals(noteId); row = next) {
                found.add(row);
                next = rows.next();
            }
            return found;
        }

        /** Verifies that all rows were requested; otherwise the export would omit rows without notice. */
        void requireEnd() {
            if (next != null) {
                throw new IllegalStateException(
                        "Table %s: rows of note %s are out of order".formatted(rows.table.name(), next.noteId()));
            }
        }

        @Override
        public void close() throws SQLException {
            rows.close();
        }
    }
}
