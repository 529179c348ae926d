package io.github.notearchive.archive.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.archive.catalog.NamedStatement.Query;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;

class StatementBatchTests {

    private static final NamedStatement NUMBERS =
            NamedStatement.of("SELECT number FROM unnest(:numbers::bigint[]) AS number WHERE number > :above");
    private static final NamedStatement TEXT = NamedStatement.of("SELECT :text || ';' AS text");

    private final StatementBatch batch =
            new StatementBatch(ArchiveDatabase.running().batches().getJdbcOperations());

    private static Query<Long> numbers(long above, Long... numbers) {
        return NUMBERS.with(
                new MapSqlParameterSource("numbers", numbers).addValue("above", above),
                (row, _) -> row.getLong("number"));
    }

    private static Query<String> text(String text) {
        return TEXT.with(new MapSqlParameterSource("text", text), (row, _) -> row.getString("text"));
    }

    @Test
    void everyQueryHasItsOwnRows() {
        // repeated, so that the driver prepares the queries
        for (long i = 0; i < 6; i++) {
            StatementBatch again =
                    new StatementBatch(ArchiveDatabase.running().batches().getJdbcOperations());
            Supplier<List<Long>> numbers = again.query(numbers(i, i, i + 1, i + 2));
            Supplier<List<String>> text = again.query(text("a;b?"));
            Supplier<List<Long>> none = again.query(numbers(0));

            again.run();

            assertThat(numbers.get()).containsExactly(i + 1, i + 2);
            assertThat(text.get()).containsExactly("a;b?;");
            assertThat(none.get()).isEmpty();
        }
    }

    @Test
    void resultsAreAvailableAfterRunOnly() {
        Supplier<List<String>> text = batch.query(text("a"));

        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(text::get);
    }
}
