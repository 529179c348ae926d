package io.github.notearchive.export;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a table, fetched from the server some at a time. Lists are filled from cursors of their own, which go
 * along with it: each has its rows in the order of the notes.
 */
final class Rows implements AutoCloseable {

    private final Table table;
    private final PreparedStatement statement;
    private final ResultSet result;
    private final Values values;
    private final List<Optional<ByNote>> lists;
    private final BooleanSupplier stopped;

    /** @param lists for each column the rows that fill it; empty for one that is no list */
    Rows(Table table, PreparedStatement statement, Values values, List<Optional<ByNote>> lists, BooleanSupplier stopped)
            throws SQLException {
        this.table = table;
        this.statement = statement;
        this.values = values;
        this.lists = List.copyOf(lists);
        this.stopped = stopped;
        this.result = statement.executeQuery();
    }

    /** The next row; null when there is none left. */
    @Nullable
    Row next() throws SQLException {
        if (stopped.getAsBoolean()) {
            throw new ExportStoppedException();
        }
        if (!result.next()) {
            for (Optional<ByNote> list : lists) {
                if (list.isPresent()) {
                    list.get().requireEnd();
                }
            }
            return null;
        }
        List<Column> columns = table.columns();
        @Nullable Object[] row = new @Nullable Object[columns.size()];
        int read = 0;
        for (int i = 0; i < row.length; i++) {
            Column column = columns.get(i);
            if (!column.type().isList()) {
                row[i] = values.of(column, column.type().read(result, ++read));
            }
        }
        for (int i = 0; i < row.length; i++) {
            Optional<ByNote> list = lists.get(i);
            if (list.isPresent()) {
                List<Row> rows = list.get().of(String.valueOf(row[0]));
                row[i] = columns.get(i).type() == ColumnType.TEXT_LIST ? texts(rows) : rows;
            }
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
        for (Optional<ByNote> list : lists) {
            if (list.isPresent()) {
                list.get().close();
            }
        }
        statement.close();
    }

    /** The rows of a table, note by note. */
    static final class ByNote implements AutoCloseable {

        private final Rows rows;
        private @Nullable Row ahead;

        ByNote(Rows rows) throws SQLException {
            this.rows = rows;
            this.ahead = rows.next();
        }

        /** Those of a note; notes must be asked for in their order. */
        List<Row> of(String noteId) throws SQLException {
            List<Row> found = new ArrayList<>();
            for (Row row = ahead; row != null && row.noteId().equals(noteId); row = ahead) {
                found.add(row);
                ahead = rows.next();
            }
            return found;
        }

        /** Rows that no note took would have been lost in silence. */
        void requireEnd() {
            if (ahead != null) {
                throw new IllegalStateException("Table "
                        + rows.table.name()
                        + " has rows of note "
                        + ahead.noteId()
                        + " out of the order of the notes");
            }
        }

        @Override
        public void close() throws SQLException {
            rows.close();
        }
    }
}
