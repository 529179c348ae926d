package io.github.notearchive.note;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NoteIdTests {

    private static final String ID = "66aa00000000000000000001";

    @Test
    void forgivesBlanksAndUpperCase() {
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
    void spellsNoIdWithAnythingElse(String text) {
        assertThat(NoteId.parse(text)).isEmpty();
    }

    @Test
    void refusesToBeWrongAndNamesWhatItWasGiven() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new NoteId("66AA00000000000000000001"))
                .withMessageContaining("66AA00000000000000000001");
    }
}
