package io.github.notearchive.export;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** DuckDB, which had no part in the writing, as a reader of exports. */
final class Duck implements AutoCloseable {

    private final Connection connection;

    Duck() throws SQLException {
        connection = DriverManager.getConnection("jdbc:duckdb:");
        query("SET TimeZone = 'UTC'");
    }

    /** How to read a file of an export, as a table of a query. */
    static String read(ExportFormat format, Path directory, String table) {
        String file = "'" + directory.resolve(table + "." + format) + "'";
        return switch (format) {
            case PARQUET -> "read_parquet(" + file + ")";
            case CSV -> "read_csv(" + file + ", header = true, all_varchar = true, allow_quoted_nulls = false)";
            case JSONL -> "read_json(" + file + ", format = 'newline_delimited', sample_size = -1)";
            default -> throw new IllegalArgumentException(format + " is no table");
        };
    }

    /** The rows as texts; null is null. */
    List<List<String>> query(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            List<List<String>> rows = new ArrayList<>();
            if (statement.execute(sql)) {
                try (ResultSet result = statement.getResultSet()) {
                    while (result.next()) {
                        List<String> row = new ArrayList<>();
                        for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                            row.add(result.getString(i));
                        }
                        rows.add(row);
                    }
                }
            }
            return rows;
        }
    }

    String one(String sql) throws SQLException {
        return query(sql).getFirst().getFirst();
    }

    /** Names and types of columns, in order. */
    Map<String, String> columns(String source) throws SQLException {
        Map<String, String> columns = new LinkedHashMap<>();
        for (List<String> row : query("DESCRIBE SELECT * FROM " + source)) {
            columns.put(row.get(0), row.get(1));
        }
        return columns;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
