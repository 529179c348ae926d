package io.github.notearchive.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.provider.Settings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StorePropertiesTests {

    @Test
    void theSecretIsBoundFromTextAndPrintsAsStars() {
        StoreProperties properties = StoreFixture.properties("https://s3.example.org");

        assertThat(properties.secretKey().value()).isEqualTo("hunter2");
        assertThat(properties.toString()).contains("***").doesNotContain("hunter2");
        assertThat(Settings.violations(properties)).isEmpty();
    }

    @Test
    void anEndpointNeedsAnAccount() {
        StoreProperties properties =
                Settings.bind("archive.store", StoreProperties.class, "endpoint", "https://s3.example.org");

        assertThat(Settings.violations(properties)).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "s3.example.org",
                "ftp://s3.example.org",
                "https://s3.example.org/path",
                "https://user:pw@s3.example.org",
                "https://",
                "https://a b"
            })
    void anEndpointThatCannotBeReadIsRefused(String endpoint) {
        assertThat(Settings.violations(StoreFixture.properties(endpoint))).hasSize(1);
    }
}
