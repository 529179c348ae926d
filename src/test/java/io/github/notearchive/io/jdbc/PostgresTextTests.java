package io.github.notearchive.io.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

class PostgresTextTests {

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    @ParameterizedTest
    @ValueSource(strings = {"", "plain", "👩‍👩‍👧 🍚", "\u200Fمرحبا", "a\r\nb\tc", "\uFFFE\uFFFF", "\uFEFFx"})
    void storableTextIsUnchanged(String text) {
        assertThat(PostgresText.of(text)).isSameAs(text);
    }

    @Test
    void nullRemainsNull() {
        assertThat(PostgresText.of(null)).isNull();
    }

    @Test
    void nulAndUnpairedSurrogatesAreReplaced() {
        assertThat(PostgresText.of("a\u0000b")).isEqualTo("a\uFFFDb");
        assertThat(PostgresText.of("\ud83d")).isEqualTo("\uFFFD");
        assertThat(PostgresText.of("\ude00\ud83d")).isEqualTo("\uFFFD\uFFFD");
        assertThat(PostgresText.of("\ud83d\ud83d\ude00\ude00")).isEqualTo("\uFFFD😀\uFFFD");
    }

    @Test
    void namesAndTextsAreConvertedAtAnyDepth() {
        String json = PostgresText.json(JSON.readTree("""
                {"a\\u0000\\u0000":[{"b":"x\\ud83d"},null,true,1.50,{}],"c\\\\u0000":"\\\\\\u0000"}
                """));

        assertThat(json).isEqualTo("""
                {"a\uFFFD\uFFFD":[{"b":"x\uFFFD"},null,true,1.50,{}],"c\\\\u0000":"\\\\\uFFFD"}\
                """);
    }
}
