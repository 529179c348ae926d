package io.github.notearchive.note;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.notearchive.note.ProviderCode.Meaning;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ids, nights and codes of the provider. */
class NoteValuesTests {

    private static final Instant MIDNIGHT = Instant.parse("2026-11-25T16:00:00Z");
    private static final String ID = "66aa00000000000000000001";

    @Test
    void nightTurnsAtMidnightInShanghai() {
        assertThat(Night.of(MIDNIGHT.minusMillis(1))).hasToString("2026-11-25");
        assertThat(Night.of(MIDNIGHT)).hasToString("2026-11-26");
        assertThat(Night.of(Instant.parse("2026-11-26T00:00:00Z"))).hasToString("2026-11-26");
    }

    @Test
    void nightEndsWhereTheNextOneBegins() {
        Night night = new Night(LocalDate.of(2026, 11, 25));

        assertThat(night.ends())
                .isEqualTo(MIDNIGHT)
                .isEqualTo(Night.of(MIDNIGHT).begins());
        assertThat(Duration.between(night.begins(), night.ends())).hasHours(24);
        assertThat(Night.of(night.begins())).isEqualTo(night);
    }

    @Test
    void instantIsShownInShanghaiTime() {
        assertThat(Night.local(MIDNIGHT)).isEqualTo("2026-11-26 00:00 Shanghai");
    }

    @Test
    void idMayHaveBlanksAndUpperCase() {
        assertThat(NoteId.parse(" \t66AA00000000000000000001\r\n")).contains(new NoteId(ID));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "66aa0000000000000000000",
                "66aa000000000000000000012",
                "66aa0000000000000000000g",
                "66aa 00000000000000000001",
                "６６aa00000000000000000001",
                "66aa00000000000000000001\n66aa00000000000000000002"
            })
    void otherTextIsNoId(String text) {
        assertThat(NoteId.parse(text)).isEmpty();
    }

    @Test
    void invalidIdIsNamedInTheError() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new NoteId("66AA00000000000000000001"))
                .withMessageContaining("66AA00000000000000000001");
    }

    @Test
    void endpointHasANameInTheLedger() {
        for (Endpoint endpoint : Endpoint.values()) {
            assertThat(Endpoint.ofLedgerName(endpoint.ledgerName())).isSameAs(endpoint);
        }
        assertThat(Endpoint.VIDEO.ledgerName()).isEqualTo("note-detail/v6");
        assertThat(Endpoint.VIDEO.path()).isEqualTo("/api/xiaohongshu/get-note-detail/v6");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoint.ofLedgerName("note-detail/v2"))
                .withMessage("unknown endpoint: note-detail/v2");
    }

    @Test
    void videoAndSubtitlesAreOfTheOtherEndpoint() {
        assertThat(MediaKind.values())
                .filteredOn(MediaKind::isOfVideo)
                .containsExactly(MediaKind.VIDEO, MediaKind.SUBTITLE);
    }

    @Test
    void onlySuccessAndEmptyResultAreBilled() {
        assertThat(ProviderCode.values())
                .filteredOn(code -> ProviderCode.billed(code.number()) == Billed.YES)
                .containsExactly(ProviderCode.SUCCESS, ProviderCode.NO_CONTENT);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1, 101, 304, 999})
    void unknownCodeHasNoMeaning(int number) {
        assertThat(ProviderCode.of(number)).isEmpty();
        assertThat(ProviderCode.meaning(number)).isEqualTo(Meaning.UNKNOWN);
        assertThat(ProviderCode.billed(number)).isEqualTo(Billed.UNKNOWN);
        assertThat(ProviderCode.DOCUMENTED).doesNotContain(number);
    }

    @Test
    void codeOfWhichOnlyThePriceIsKnownIsNotDocumented() {
        assertThat(ProviderCode.billed(300)).isEqualTo(Billed.NO);
        assertThat(ProviderCode.DOCUMENTED)
                .hasSize(ProviderCode.values().length - 1)
                .doesNotContain(300);
    }

    @Test
    void ledgerAllowsAsEndOfCallsTheCodesOfTheClient() throws Exception {
        String allowed = ProviderCode.ENDING_CALLS.stream()
                .sorted()
                .map(String::valueOf)
                .collect(Collectors.joining(", ", "CHECK (code IN (", "))"));

        assertThat(Files.readString(Path.of("db/migration/V3__ledger.sql"))).contains(allowed);
    }
}
