package io.github.notearchive.export;

import io.github.notearchive.export.ExportReport.NamedIds;
import io.github.notearchive.export.StagingDirectory.FileConsumer;
import io.github.notearchive.export.StagingDirectory.FileEntry;
import io.github.notearchive.note.NoteId;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * Consistent view of the selected notes: one read-only transaction with {@code REPEATABLE READ}. Rows are read with
 * cursors, so that memory use does not depend on the size of the archive.
 *
 * <p>An open snapshot makes the database retain old row versions. {@link #release} ends it for work that takes long and
 * needs no rows.
 */
final class Snapshot implements AutoCloseable {

    private static final int FETCH_SIZE = 500;
    private static final int BATCH = 1_000;
    private static final int EXAMPLES = 20;

    private final Connection connection;
    private final JdbcTemplate jdbc;
    private final Selection selection;
    private final Condition notes;
    private final BooleanSupplier stopped;

    private Snapshot(Connection connection, Selection selection, BooleanSupplier stopped) {
        this.connection = connection;
        this.jdbc = new JdbcTemplate(new SingleConnectionDataSource(connection, true));
        this.selection = selection;
        this.notes = Condition.ofNotes(selection);
        this.stopped = stopped;
    }

    /**
     * Opens a snapshot on a separate connection.
     *
     * @param stopped queried before each row; true makes it throw an {@link ExportStoppedException}
     */
    static Snapshot open(DataSource dataSource, Selection selection, BooleanSupplier stopped)
            throws SQLException, IOException {
        Connection connection = dataSource.getConnection();
        Snapshot snapshot = new Snapshot(connection, selection, stopped);
        try {
            connection.setAutoCommit(false);
            if (selection.ids() != null) {
                snapshot.insertIds(selection.ids());
            }
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            connection.setReadOnly(true);
            snapshot.begin();
            return snapshot;
        } catch (SQLException | IOException | RuntimeException e) {
            try {
                snapshot.close();
            } catch (SQLException | RuntimeException closing) {
                e.addSuppressed(closing);
            }
            throw e;
        }
    }

    /** Begins a new snapshot after {@link #release}. */
    void begin() {
        // copying a file may take long between two fetches
        jdbc.execute("SET LOCAL idle_in_transaction_session_timeout = 0");
        jdbc.execute("SET LOCAL statement_timeout = 0");
    }

    /** Ends the transaction; {@link #begin} must follow before rows are read. */
    void release() throws SQLException {
        connection.commit();
    }

    /**
     * Opens a cursor over the rows of a table, including its lists. If this fails, the statements already opened are
     * closed with the connection.
     */
    Rows rows(Table table, Rows.Conversion conversion) throws SQLException {
        Map<Integer, Rows.ByNote> lists = new LinkedHashMap<>();
        for (int i = 0; i < table.columns().size(); i++) {
            Table elements = table.columns().get(i).elements();
            if (elements != null) {
                lists.put(i, new Rows.ByNote(open(elements, conversion, Map.of())));
            }
        }
        return open(table, conversion, lists);
    }

    private Rows open(Table table, Rows.Conversion conversion, Map<Integer, Rows.ByNote> lists) throws SQLException {
        Condition rows = Condition.ofRows(table, selection);
        String columns = table.columns().stream()
                .filter(column -> !column.type().isList())
                .map(Column::expression)
                .collect(Collectors.joining(", "));
        String order = table.order().isEmpty() ? "" : ", " + table.order();
        PreparedStatement statement = statement(
                "SELECT %s FROM %s WHERE %s ORDER BY %s%s"
                        .formatted(columns, table.from(), rows.where(), table.key(), order),
                rows);
        return new Rows(table, statement, conversion, lists, stopped);
    }

    /** Returns the number of selected notes. */
    long notes() throws SQLException {
        try (PreparedStatement statement = statement("SELECT count(*) FROM selected", new Condition());
                ResultSet result = statement.executeQuery()) {
            return result.next() ? result.getLong(1) : 0;
        }
    }

    /** Passes each object of the selected notes once, in the order of digests; the path is the object key. */
    void forEachObject(FileConsumer consumer) throws SQLException, IOException {
        try (PreparedStatement statement = statement("""
                                SELECT o.object_key, o.size_bytes, o.sha256 FROM media_object o
                                WHERE EXISTS (SELECT FROM note_media m JOIN selected s ON s.note_id = m.note_id
                                              WHERE m.sha256 = o.sha256)
                                ORDER BY o.sha256
                                """, new Condition());
                ResultSet result = statement.executeQuery()) {
            while (result.next()) {
                if (stopped.getAsBoolean()) {
                    throw new ExportStoppedException();
                }
                consumer.accept(new FileEntry(result.getString(1), result.getLong(2), result.getString(3)));
            }
        }
    }

    /** Prepares a cursor over the selected notes, which the query {@code selected} names. */
    private PreparedStatement statement(String sql, Condition rows) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(
                "WITH selected AS (SELECT n.note_id FROM note n WHERE %s) %s".formatted(notes.where(), sql));
        rows.bind(connection, statement, notes.bind(connection, statement, 1));
        statement.setFetchSize(FETCH_SIZE);
        return statement;
    }

    /** Returns the comments of the database, by {@code table} and {@code table.column}. */
    Map<String, String> comments() {
        Map<String, String> comments = new HashMap<>();
        jdbc.query("""
                SELECT c.relname || coalesce('.' || a.attname, ''), d.description
                FROM pg_catalog.pg_description d
                JOIN pg_catalog.pg_class c ON c.oid = d.objoid
                LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid AND d.objsubid > 0
                WHERE d.classoid = 'pg_catalog.pg_class'::regclass AND c.relnamespace = current_schema()::regnamespace
                """, result -> {
            comments.put(result.getString(1), result.getString(2));
        });
        return comments;
    }

    /** Returns how many of the requested ids are archived, or null if the selection has no ids. */
    @Nullable
    NamedIds namedIds() {
        if (selection.ids() == null) {
            return null;
        }
        String missing = "FROM %s i WHERE NOT EXISTS (SELECT FROM note n WHERE n.note_id = i.note_id AND %s)"
                .formatted(Condition.IDS, Condition.NOT_FORGOTTEN);
        return new NamedIds(
                count("FROM " + Condition.IDS),
                count(missing),
                jdbc.query(
                        "SELECT i.note_id " + missing + " ORDER BY 1 LIMIT " + EXAMPLES,
                        (result, _) -> result.getString(1)));
    }

    private long count(String from) {
        Long count = jdbc.queryForObject("SELECT count(*) " + from, Long.class);
        return count == null ? 0 : count;
    }

    private void insertIds(Path file) throws SQLException, IOException {
        jdbc.execute("DROP TABLE IF EXISTS pg_temp." + Condition.IDS);
        jdbc.execute("CREATE TEMPORARY TABLE " + Condition.IDS + " (note_id text PRIMARY KEY)");
        try (BufferedReader lines = Files.newBufferedReader(file);
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
            throw new ExportException("Id file " + file + " is not UTF-8: " + e);
        }
        jdbc.execute("ANALYZE " + Condition.IDS);
        connection.commit();
    }

    private static NoteId id(Path file, int line, String text) {
        return NoteId.parse(text)
                .orElseThrow(() -> new ExportException(
                        "Id file %s, line %d: \"%s\" is not a note id (24 hexadecimal digits); nothing was exported"
                                .formatted(file, line, text.length() > 80 ? text.substring(0, 80) + "..." : text)));
    }

    /** Returns the connection to the pool in its initial state. */
    @Override
    public void close() throws SQLException {
        try (connection) {
            connection.rollback();
            connection.setReadOnly(false);
            if (selection.ids() != null) {
                jdbc.execute("DROP TABLE IF EXISTS pg_temp." + Condition.IDS);
                connection.commit();
            }
            connection.setAutoCommit(true);
        }
    }
}
