package io.github.notearchive.io.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SecretTests {

    @Test
    void maskHasTheSameLengthForAllSecrets() {
        assertThat(new Secret("s3cret")).hasToString(Masks.STARS);
        assertThat(new Secret("s")).hasToString(Masks.STARS);
        assertThat(new Secret("")).hasToString("");
    }

    @Test
    void blankSecretIsAbsent() {
        assertThat(new Secret("  ").isPresent()).isFalse();
        assertThat(new Secret(" s ").value()).isEqualTo(" s ");
        assertThat(new Secret(" s ").stripped()).isEqualTo(new Secret("s"));
    }
}
