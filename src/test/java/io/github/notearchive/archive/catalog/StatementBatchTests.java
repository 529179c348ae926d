package io.github.notearchive.archive.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.archive.catalog.NamedStatement.BoundStatement;
import io.github.notearchive.archive.catalog.NamedStatement.Query;
import java.sql.Types;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;

class StatementBatchTests {

    private static final NamedStatement INSERT =
            NamedStatement.of("INSERT INTO round_trip_test (id, name) VALUES (:id, :name)");
    private static final NamedStatement RENAME =
            NamedStatement.of("UPDATE round_trip_test SET name = :name || ';' WHERE id > :above");
    private static final NamedStatement NAMES =
            NamedStatement.of("SELECT id, name FROM round_trip_test WHERE id = ANY (:ids::bigint[]) ORDER BY id");

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final StatementBatch trip = new StatementBatch(database.batches().getJdbcOperations());

    @BeforeEach
    void table() {
        database.jdbc()
                .sql("CREATE TABLE round_trip_test (id bigint PRIMARY KEY, name text)")
                .update();
    }

    @AfterEach
    void noTable() {
        database.jdbc().sql("DROP TABLE round_trip_test").update();
    }

    private record Row(long id, String name) {}

    private static BoundStatement insert(long id, String name) {
        return INSERT.with(new MapSqlParameterSource().addValue("id", id).addValue("name", name, Types.VARCHAR));
    }

    private static Query<Row> names(Long... ids) {
        return NAMES.with(new MapSqlParameterSource("ids", ids))
                .as((row, _) -> new Row(row.getLong("id"), row.getString("name")));
    }

    private long rows() {
        return database.jdbc()
                .sql("SELECT count(*) FROM round_trip_test")
                .query(Long.class)
                .single();
    }

    @Test
    void statementSeesWritesOfEarlierOnes() {
        // repeated, so that the driver prepares the statements
        for (long i = 0; i < 12; i += 2) {
            StatementBatch again = new StatementBatch(database.batches().getJdbcOperations());
            Supplier<Integer> first = again.update(insert(i, "a;b"));
            Supplier<Integer> second = again.update(insert(i + 1, "c?"));
            Supplier<Integer> renamed = again.update(RENAME.with(
                    new MapSqlParameterSource().addValue("name", "d").addValue("above", i)));
            Supplier<List<Row>> found = again.query(names(i, i + 1, 99L));
            Supplier<List<Row>> none = again.query(names());

            again.run();

            assertThat(List.of(first.get(), second.get(), renamed.get())).containsExactly(1, 1, 1);
            assertThat(found.get()).containsExactly(new Row(i, "a;b"), new Row(i + 1, "d;"));
            assertThat(none.get()).isEmpty();
        }
        assertThat(rows()).isEqualTo(12);
    }

    @Test
    void batchIsATransactionByItself() {
        trip.update(insert(1, "a"));
        trip.update(insert(1, "b"));
        trip.update(insert(2, "c"));

        assertThatExceptionOfType(DuplicateKeyException.class).isThrownBy(trip::run);

        assertThat(rows()).isZero();
    }

    @Test
    void resultsAreAvailableAfterRunOnly() {
        Supplier<Integer> inserted = trip.update(insert(1, "a"));

        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(inserted::get);
    }
}
