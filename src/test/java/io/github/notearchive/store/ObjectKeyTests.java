package io.github.notearchive.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A key that exists is one that every store takes. */
class ObjectKeyTests {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a",
                "media/ab/abcdef.jpg",
                "notes/66f1aa/20260101T000000.000Z.json",
                "..a/b..",
                ".hidden",
                "a-b_c.D9"
            })
    void aPlainNameIsAKey(String text) {
        assertThat(new ObjectKey(text)).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "../a", "a/..", "a b", "a\\b", "a\nb", "a\n",
                "ä", "a?b", "a%2Fb", "a:b", "a+b"
            })
    void anyOtherNameIsRefused(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> new ObjectKey(text));
        assertThat(ObjectKey.parse(text)).isEmpty();
    }

    @Test
    void aSegmentHasItsLimitAndSoHasTheWhole() {
        String longest = "a".repeat(200);

        assertThat(ObjectKey.parse("x/" + longest)).isPresent();
        assertThat(ObjectKey.parse("x/" + longest + "a")).isEmpty();
        assertThat(ObjectKey.parse((longest + "/").repeat(5) + "a".repeat(19))).isPresent();
        assertThat(ObjectKey.parse((longest + "/").repeat(5) + "a".repeat(20))).isEmpty();
    }
}
