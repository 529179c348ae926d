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
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;

/**
 * Statements that go to the database together and whose results come back together: what one note costs is the waiting
 * for each answer, not the statements. PostgreSQL executes them one after another, each sees what those before it
 * wrote, and none is executed behind one that failed.
 *
 * <p>The driver sends them as one, since they are joined by semicolons, and has each prepared after some executions as
 * if it came alone. That takes a text which is the same each time, so one is kept for each list of statements: they are
 * to be few.
 *
 * <p>Not for more than one thread.
 */
public final class StatementBatch {

    private static final Map<List<NamedStatement>, String> TEXTS = new ConcurrentHashMap<>();

    private static final NamedStatement SAVEPOINT = NamedStatement.of("SAVEPOINT round_trip");
    private static final String UNDO = "ROLLBACK TO SAVEPOINT round_trip";

    private final JdbcOperations jdbc;
    private final List<Part<?>> parts = new ArrayList<>();

    /** Makes one without any statement. */
    public StatementBatch(JdbcOperations jdbc) {
        this.jdbc = jdbc;
    }

    /** A statement and what comes back of it. */
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
                throw new IllegalStateException("The round trip was not made");
            }
            return result;
        }

        @SuppressWarnings("unchecked") // made by the method that makes the part
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
     * @return how many it changed, once {@link #run} has returned
     */
    public Supplier<Integer> update(BoundStatement statement) {
        Part<Integer> part = new Part<>(statement, null);
        parts.add(part);
        return part::result;
    }

    /**
     * Adds a statement that returns rows.
     *
     * @return the rows, once {@link #run} has returned
     */
    public <T> Supplier<List<T>> ask(Query<T> question) {
        Part<List<T>> part = new Part<>(question.statement(), question.mapper());
        parts.add(part);
        return part::result;
    }

    /**
     * Executes the statements, in the transaction of the caller if there is one, else in one of their own.
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

    /**
     * Executes the statements and what comes behind them as a whole or not at all, within the caller's transaction,
     * which goes on in either case.
     *
     * @param isKept looks at the results, may execute more, and says whether all of it is kept
     * @return what {@code isKept} said
     * @throws RuntimeException of a statement or of {@code isKept}; nothing is kept then
     */
    public boolean runOrUndo(Supplier<Boolean> isKept) {
        parts.addFirst(new Part<Integer>(SAVEPOINT.with(new MapSqlParameterSource()), null));
        boolean kept;
        try {
            run();
            kept = isKept.get();
        } catch (RuntimeException e) {
            try {
                jdbc.execute(UNDO);
            } catch (DataAccessException undo) {
                e.addSuppressed(undo);
            }
            throw e;
        }
        if (!kept) {
            jdbc.execute(UNDO);
        }
        return kept;
    }
}
