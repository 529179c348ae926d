package io.github.notearchive.export;

import io.github.notearchive.export.ExportOptions.ExportFormat;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/** DuckDB as an independent reader of exports. */
public final class Duck implements AutoCloseable {

    private final SingleConnectionDataSource source = new SingleConnectionDataSource("jdbc:duckdb:", true);
    private final JdbcTemplate jdbc = new JdbcTemplate(source);

    public Duck() {
        jdbc.execute("SET TimeZone = 'UTC'");
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
    public List<List<String>> query(String sql) {
        return jdbc.query(sql, (row, _) -> {
            List<String> texts = new ArrayList<>();
            for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
                texts.add(row.getString(i));
            }
            return texts;
        });
    }

    public void execute(String sql) {
        jdbc.execute(sql);
    }

    public String one(String sql) {
        return query(sql).getFirst().getFirst();
    }

    /** Names and types of columns, in order. */
    Map<String, String> columns(String source) {
        Map<String, String> columns = new LinkedHashMap<>();
        for (List<String> row : query("DESCRIBE SELECT * FROM " + source)) {
            columns.put(row.get(0), row.get(1));
        }
        return columns;
    }

    @Override
    public void close() {
        source.close();
    }
}
