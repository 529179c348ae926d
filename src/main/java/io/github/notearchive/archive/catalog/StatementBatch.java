package io.github.notearchive.archive.catalog;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.JdbcOperations;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.SqlTypeValue;
import org.springframework.jdbc.core.StatementCreatorUtils;

/**
 * Statements sent to the database in one round trip, since round trips dominate the cost of a note. PostgreSQL executes
 * them in order, each sees the writes of those before it, and none is executed after a failure.
 *
 * <p>The driver sends them as one text joined by semicolons, and prepares each of them after some executions. That
 * requires equal texts, so one is cached for each list of statements; there must be few such lists.
 *
 * <p>Not thread-safe.
 */
public final class StatementBatch {

    private static final Map<List<NamedStatement>, String> TEXTS = new ConcurrentHashMap<>();

    private final JdbcOperations jdbc;
    private final List<Part<?>> parts = new ArrayList<>();

    /** Creates an empty batch. */
    public StatementBatch(JdbcOperations jdbc) {
        this.jdbc = jdbc;
    }

    /** A statement and its result. */
    private static final class Part<T> {
        private final BoundStatement statement;
        private final @Nullable RowMapper<?> mapper;
        private @Nullable T result;

        Part(BoundStatement statement, @Nullable RowMapper<?> mapper) {
            this.statement = statement;
            this.mapper = mapper;
        }

        T result() {
            if (result == null) {
                throw new IllegalStateException("the batch was not executed");
            }
            return result;
        }

        @SuppressWarnings("unchecked") // set by the method that creates the part
        void take(PreparedStatement from) throws SQLException {
            RowMapper<?> of = mapper;
            if (of == null) {
                result = (T) Integer.valueOf(Math.max(0, from.getUpdateCount()));
                return;
            }
            List<Object> rows = new ArrayList<>();
            try (ResultSet set = Objects.requireNonNull(from.getResultSet(), "rows")) {
                while (set.next()) {
                    rows.add(Objects.requireNonNull(of.mapRow(set, rows.size())));
                }
            }
            result = (T) rows;
        }
    }

    /**
     * Adds a statement that changes rows.
     *
     * @return number of changed rows, available after {@link #run}
     */
    public Supplier<Integer> update(BoundStatement statement) {
        Part<Integer> part = new Part<>(statement, null);
        parts.add(part);
        return part::result;
    }

    /**
     * Adds a query.
     *
     * @return the rows, available after {@link #run}
     */
    public <T> Supplier<List<T>> query(Query<T> query) {
        Part<List<T>> part = new Part<>(query.statement(), query.mapper());
        parts.add(part);
        return part::result;
    }

    /**
     * Executes the statements in the caller's transaction if there is one, otherwise in their own.
     *
     * @throws DataAccessException of the first statement that fails
     */
    public void run() {
        List<NamedStatement> statements =
                parts.stream().map(part -> part.statement.statement()).toList();
        String sql = TEXTS.computeIfAbsent(statements, StatementBatch::joined);
        jdbc.execute(connection -> connection.prepareStatement(sql), (PreparedStatement statement) -> {
            setValues(statement);
            statement.execute();
            for (int i = 0; i < parts.size(); i++) {
                if (i > 0) {
                    statement.getMoreResults();
                }
                parts.get(i).take(statement);
            }
            return parts.size();
        });
    }

    private void setValues(PreparedStatement statement) throws SQLException {
        int index = 0;
        for (Part<?> part : parts) {
            for (@Nullable Object value : part.statement.statement().values(part.statement.parameters())) {
                StatementCreatorUtils.setParameterValue(statement, ++index, SqlTypeValue.TYPE_UNKNOWN, value);
            }
        }
    }

    private static String joined(List<NamedStatement> statements) {
        return statements.stream().map(NamedStatement::positional).collect(Collectors.joining(";\n"));
    }
}
