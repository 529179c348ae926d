package io.github.notearchive.cli.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import example.ExampleProperties;
import io.github.notearchive.cli.config.KnownSettings.Known;
import io.github.notearchive.cli.config.KnownSettings.Shape;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Names are made of records as Spring Boot makes them. */
class KnownSettingsTests {

    private static final KnownSettings EXAMPLE = KnownSettings.of(List.of(ExampleProperties.class));

    @Test
    void groupsAreEnteredAndValuesListsAndMapsAreNot() {
        assertThat(EXAMPLE.all())
                .extracting(Known::name, Known::shape)
                .containsExactly(
                        tuple("archive.example.headers", Shape.MAP),
                        tuple("archive.example.names", Shape.LIST),
                        tuple("archive.example.secret-text", Shape.VALUE),
                        tuple("archive.example.way.max-tries", Shape.VALUE),
                        tuple("archive.example.way.patience", Shape.VALUE));
    }

    @Test
    void keysOfAMapAndPartsOfAListAreKnownAndShown() {
        var environment = SettingsFixture.only(Map.of(
                "archive.example.names[0]", "a",
                "archive.example.names[1]", "b",
                "archive.example.headers.X-Team", "night",
                "archive.example.heads.X-Team", "day"));

        assertThat(UnknownSettings.in(environment, EXAMPLE))
                .extracting(UnknownSettings.Unknown::word)
                .containsExactly("archive.example.heads.X-Team");
        assertThat(EffectiveSettings.of(environment, EXAMPLE))
                .extracting(EffectiveSettings.Effective::value)
                .startsWith("X-Team=night", "a, b");
    }

    @Test
    void whatIsNoRecordWithAPrefixIsRefused() {
        assertThatThrownBy(() -> KnownSettings.of(List.of(ExampleProperties.WithoutPrefix.class)))
                .hasMessageContaining("no record of settings with a prefix");
    }
}
