package io.github.notearchive.note;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.note.ProviderCode.Meaning;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProviderCodeTests {

    @Test
    void whatIsBilledIsASuccessAndAnEmptyResult() {
        assertThat(ProviderCode.values())
                .filteredOn(code -> ProviderCode.billed(code.number()) == Billed.YES)
                .containsExactly(ProviderCode.SUCCESS, ProviderCode.NO_CONTENT);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1, 101, 304, 999})
    void ofACodeThatIsNotInTheTableNothingIsKnown(int number) {
        assertThat(ProviderCode.of(number)).isEmpty();
        assertThat(ProviderCode.meaning(number)).isEqualTo(Meaning.UNKNOWN);
        assertThat(ProviderCode.billed(number)).isEqualTo(Billed.UNKNOWN);
        assertThat(ProviderCode.DOCUMENTED).doesNotContain(number);
    }

    @Test
    void aCodeOfWhichOnlyThePriceIsKnownIsNotDocumented() {
        assertThat(ProviderCode.billed(300)).isEqualTo(Billed.NO);
        assertThat(ProviderCode.DOCUMENTED)
                .hasSize(ProviderCode.values().length - 1)
                .doesNotContain(300);
    }

    @Test
    void theTablesTakeAsTheEndOfAllCallsWhatTheClientTakesAsOne() throws Exception {
        String allowed = ProviderCode.ENDING_CALLS.stream()
                .sorted()
                .map(String::valueOf)
                .collect(Collectors.joining(", ", "CHECK (code IN (", "))"));

        assertThat(Files.readString(Path.of("db/migration/V3__ledger.sql"))).contains(allowed);
    }
}
