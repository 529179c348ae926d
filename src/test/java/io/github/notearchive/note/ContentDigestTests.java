package io.github.notearchive.note;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContentDigestTests {

    private static final String SHA256 = "0123456789abcdef".repeat(4);
    private static final String MD5 = "0123456789abcdef".repeat(2);

    @Test
    void isEqualWhenBothDigestsAre() {
        assertThat(new ContentDigest(SHA256, MD5)).isEqualTo(new ContentDigest(SHA256, MD5));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0123", "0123456789ABCDEF0123456789ABCDEF", "../etc/passwd"})
    void refusesWhatIsNoDigest(String wrong) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ContentDigest(wrong, MD5))
                .withMessageContaining("SHA-256");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ContentDigest(SHA256, wrong))
                .withMessageContaining("MD5");
    }
}
