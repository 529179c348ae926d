package io.github.notearchive.export;

import io.github.notearchive.note.NoteId;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The selected notes as they are at one moment: one transaction, {@code REPEATABLE READ} and read only, so that tables
 * agree with each other whatever a run does meanwhile. Rows are fetched some at a time, so that memory does not grow
 * with the archive.
 *
 * <p>While it is open the database keeps old versions of the rows that change, so that files are copied
 * {@link #outside} of it.
 */
final class Snapshot implements AutoCloseable {

    private static final int FETCH_SIZE = 500;
    private static final int BATCH = 1_000;
    private static final int EXAMPLES = 20;

    private final Connection connection;
    private final Selection selection;
    private final Condition notes;
    private final BooleanSupplier stopped;
    private final boolean hasIds;

    private Snapshot(Connection connection, Selection selection, BooleanSupplier stopped, boolean hasIds) {
        this.connection = connection;
        this.selection = selection;
        this.notes = Condition.ofNotes(selection);
        this.stopped = stopped;
        this.hasIds = hasIds;
    }

    /**
     * Opens it.
     *
     * @param stopped asked before each row; when true, the row is an {@link ExportStoppedException}
     */
    static Snapshot open(DataSource dataSource, Selection selection, BooleanSupplier stopped)
            throws SQLException, IOException {
        Connection connection = dataSource.getConnection();
        Snapshot snapshot = new Snapshot(connection, selection, stopped, selection.ids() != null);
        try {
            connection.setAutoCommit(false);
            if (selection.ids() != null) {
                snapshot.takeIds(selection.ids());
            }
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            connection.setReadOnly(true);
            snapshot.begin();
            return snapshot;
        } catch (SQLException | IOException | RuntimeException e) {
            try {
                snapshot.close();
            } catch (SQLException more) {
                e.addSuppressed(more);
            }
            throw e;
        }
    }

    private void begin() throws SQLException {
        // a file may be copied for long between two fetches
        execute("SET LOCAL idle_in_transaction_session_timeout = 0");
        execute("SET LOCAL statement_timeout = 0");
    }

    /**
     * Does something that takes long and needs no rows. The snapshot is released before, so that the database keeps no
     * old versions of rows meanwhile, and a new one is taken afterwards.
     */
    void outside(Work work) throws SQLException, IOException {
        connection.commit();
        work.run();
        begin();
    }

    /** What needs no rows. */
    @FunctionalInterface
    interface Work {
        void run() throws IOException;
    }

    /** The rows of a table, in the order of the notes. */
    Rows rows(Table table, Values values) throws SQLException {
        List<Optional<Rows.ByNote>> lists = new ArrayList<>();
        try {
            for (Column column : table.columns()) {
                lists.add(
                        column.elements() == null ? Optional.empty() : Optional.of(byNote(column.elements(), values)));
            }
            return open(table, values, lists);
        } catch (SQLException | RuntimeException e) {
            for (Optional<Rows.ByNote> list : lists) {
                if (list.isPresent()) {
                    list.get().close();
                }
            }
            throw e;
        }
    }

    Rows.ByNote byNote(Table table, Values values) throws SQLException {
        return new Rows.ByNote(open(table, values, noLists(table)));
    }

    private static List<Optional<Rows.ByNote>> noLists(Table table) {
        return table.columns().stream().map(_ -> Optional.<Rows.ByNote>empty()).collect(Collectors.toList());
    }

    private Rows open(Table table, Values values, List<Optional<Rows.ByNote>> lists) throws SQLException {
        Condition rows = Condition.ofRows(table, selection);
        String columns = table.columns().stream()
                .filter(column -> !column.type().isList())
                .map(Column::sql)
                .collect(Collectors.joining(", "));
        String order = table.order().isEmpty() ? "" : ", " + table.order();
        PreparedStatement statement = statement(
                "SELECT %s FROM %s WHERE %s ORDER BY %s%s"
                        .formatted(columns, table.from(), rows.where(), table.key(), order),
                rows);
        try {
            return new Rows(table, statement, values, lists, stopped);
        } catch (SQLException | RuntimeException e) {
            statement.close();
            throw e;
        }
    }

    /** How many notes are selected. */
    long notes() throws SQLException {
        try (PreparedStatement statement = statement("SELECT count(*) FROM selected", new Condition());
                ResultSet result = statement.executeQuery()) {
            return result.next() ? result.getLong(1) : 0;
        }
    }

    /** The files of the selected notes, each once, in the order of their digests. */
    void forEachObject(ObjectReader reader) throws SQLException, IOException {
        try (PreparedStatement statement = statement("""
                                SELECT o.sha256, o.object_key, o.size_bytes FROM media_object o
                                WHERE EXISTS (SELECT FROM note_media m JOIN selected s ON s.note_id = m.note_id
                                              WHERE m.sha256 = o.sha256)
                                ORDER BY o.sha256
                                """, new Condition());
                ResultSet result = statement.executeQuery()) {
            while (result.next()) {
                if (stopped.getAsBoolean()) {
                    throw new ExportStoppedException();
                }
                reader.read(result.getString(1), result.getString(2), result.getLong(3));
            }
        }
    }

    /** What is done with a file of the store. */
    @FunctionalInterface
    interface ObjectReader {
        void read(String sha256, String key, long size) throws IOException;
    }

    /** A statement over the notes that were selected. */
    private PreparedStatement statement(String sql, Condition rows) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(
                "WITH selected AS (SELECT n.note_id FROM note n WHERE %s) %s".formatted(notes.where(), sql));
        try {
            int next = notes.bind(connection, statement, 1);
            rows.bind(connection, statement, next);
            statement.setFetchSize(FETCH_SIZE);
            return statement;
        } catch (SQLException e) {
            statement.close();
            throw e;
        }
    }

    /** What the database says of its tables and columns, by {@code table} and {@code table.column}. */
    Map<String, String> comments() throws SQLException {
        Map<String, String> comments = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement("""
                                SELECT c.relname || coalesce('.' || a.attname, ''), d.description
                                FROM pg_catalog.pg_description d
                                JOIN pg_catalog.pg_class c ON c.oid = d.objoid
                                LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid
                                                                   AND d.objsubid > 0
                                WHERE d.classoid = 'pg_catalog.pg_class'::regclass
                                  AND c.relnamespace = current_schema()::regnamespace
                                """);
                ResultSet result = statement.executeQuery()) {
            while (result.next()) {
                comments.put(result.getString(1), result.getString(2));
            }
        }
        return comments;
    }

    /** What became of the ids that were named; null when none were. */
    ExportReport.@Nullable NamedIds namedIds() throws SQLException {
        if (!hasIds) {
            return null;
        }
        long named = count("SELECT count(*) FROM " + Condition.IDS);
        String missing = " FROM "
                + Condition.IDS
                + " i WHERE NOT EXISTS (SELECT FROM note n WHERE n.note_id = i.note_id AND "
                + Condition.NOT_FORGOTTEN
                + ")";
        List<String> examples = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet result =
                        statement.executeQuery("SELECT i.note_id" + missing + " ORDER BY 1 LIMIT " + EXAMPLES)) {
            while (result.next()) {
                examples.add(result.getString(1));
            }
        }
        return new ExportReport.NamedIds(named, count("SELECT count(*)" + missing), List.copyOf(examples));
    }

    private long count(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            return result.next() ? result.getLong(1) : 0;
        }
    }

    private void takeIds(Path file) throws SQLException, IOException {
        execute("DROP TABLE IF EXISTS pg_temp." + Condition.IDS);
        execute("CREATE TEMPORARY TABLE " + Condition.IDS + " (note_id text PRIMARY KEY)");
        try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.UTF_8);
                PreparedStatement insert = connection.prepareStatement(
                        "INSERT INTO " + Condition.IDS + " (note_id) VALUES (?) ON CONFLICT DO NOTHING")) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                String text = line.replace("\ufeff", "").strip();
                if (text.isEmpty()) {
                    continue;
                }
                insert.setString(1, id(file, number, text).value());
                insert.addBatch();
                if (number % BATCH == 0) {
                    insert.executeBatch();
                }
            }
            insert.executeBatch();
        } catch (CharacterCodingException e) {
            throw new ExportException("The file of ids " + file + " is not UTF-8: " + e);
        }
        execute("ANALYZE " + Condition.IDS);
        connection.commit();
    }

    private static NoteId id(Path file, int line, String text) {
        return NoteId.parse(text)
                .orElseThrow(() -> new ExportException(
                        "The file of ids %s, line %d: \"%s\" is no note id, which has 24 hexadecimal digits; nothing was exported"
                                .formatted(file, line, text.length() > 80 ? text.substring(0, 80) + "..." : text)));
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Override
    public void close() throws SQLException {
        try (connection) {
            connection.rollback();
            connection.setReadOnly(false);
            if (hasIds) {
                execute("DROP TABLE IF EXISTS pg_temp." + Condition.IDS);
                connection.commit();
            }
            connection.setAutoCommit(true);
        }
    }
}
