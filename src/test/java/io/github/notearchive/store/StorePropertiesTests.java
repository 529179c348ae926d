package io.github.notearchive.store;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.validation.Validation;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class StorePropertiesTests {

    @Test
    void theSecretIsBoundFromTextAndPrintsAsStars() {
        StoreProperties properties = bound(Map.of(
                "archive.store.endpoint", "https://s3.example.org",
                "archive.store.access-key", "who",
                "archive.store.secret-key", "hunter2"));

        assertThat(properties.secretKey().value()).isEqualTo("hunter2");
        assertThat(properties.toString()).contains("***").doesNotContain("hunter2");
        assertThat(violations(properties)).isZero();
    }

    @Test
    void anEndpointNeedsAnAccount() {
        assertThat(violations(bound(Map.of("archive.store.endpoint", "https://s3.example.org"))))
                .isEqualTo(1);
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
        assertThat(violations(bound(Map.of(
                        "archive.store.endpoint", endpoint,
                        "archive.store.access-key", "who",
                        "archive.store.secret-key", "hunter2"))))
                .isEqualTo(1);
    }

    private static StoreProperties bound(Map<String, String> settings) {
        return new Binder(new MapConfigurationPropertySource(settings))
                .bindOrCreate("archive.store", StoreProperties.class);
    }

    private static int violations(StoreProperties properties) {
        try (var factory = Validation.buildDefaultValidatorFactory()) {
            return factory.getValidator().validate(properties).size();
        }
    }
}
