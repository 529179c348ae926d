package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.catalog.NamedStatement.Query;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcOperations;
import org.springframework.jdbc.core.PreparedStatementCallback;
import org.springframework.jdbc.core.RowMapperResultSetExtractor;
import org.springframework.jdbc.core.SqlTypeValue;
import org.springframework.jdbc.core.StatementCreatorUtils;

/**
 * Queries sent to the database in one round trip.
 *
 * <p>The driver sends them as one text joined by semicolons, and prepares each of them after some executions. That
 * requires equal texts, so one is cached for each list of queries; there must be few such lists.
 *
 * <p>Not thread-safe.
 */
public final class StatementBatch {

    private static final Map<List<NamedStatement>, String> TEXTS = new ConcurrentHashMap<>();

    private final JdbcOperations jdbc;
    private final List<Query<?>> queries = new ArrayList<>();
    private final List<Result> results = new ArrayList<>();

    public StatementBatch(JdbcOperations jdbc) {
        this.jdbc = jdbc;
    }

    private interface Result {
        void take(PreparedStatement from) throws SQLException;
    }

    /** Adds a query, and returns its rows, available after {@link #run}. */
    public <T> Supplier<List<T>> query(Query<T> query) {
        CompletableFuture<List<T>> rows = new CompletableFuture<>();
        var extractor = new RowMapperResultSetExtractor<>(query.mapper());
        queries.add(query);
        results.add(from -> {
            try (ResultSet set = Objects.requireNonNull(from.getResultSet(), "rows")) {
                rows.complete(extractor.extractData(set));
            }
        });
        return rows::resultNow;
    }

    /** Executes the queries in the caller's transaction if there is one, otherwise in their own. */
    public void run() {
        String sql = TEXTS.computeIfAbsent(
                queries.stream().map(Query::statement).toList(),
                list -> list.stream().map(NamedStatement::positional).collect(Collectors.joining(";\n")));
        PreparedStatementCallback<Boolean> execution = statement -> {
            int index = 0;
            for (Query<?> query : queries) {
                for (@Nullable Object value : query.values()) {
                    StatementCreatorUtils.setParameterValue(statement, ++index, SqlTypeValue.TYPE_UNKNOWN, value);
                }
            }
            statement.execute();
            for (Result result : results) {
                result.take(statement);
                statement.getMoreResults();
            }
            return true;
        };
        jdbc.execute(connection -> connection.prepareStatement(sql), execution);
    }
}
