package io.github.notearchive.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ProviderPingTests {

    private final ScriptedProvider provider = new ScriptedProvider();
    private final ProviderPing ping = new ProviderPing(Settings.of("base-url", provider.baseUrl(), "token", "s3cret"));

    @AfterEach
    void close() {
        provider.close();
    }

    @Test
    void anyAnswerToAPingMeansThatTheProviderCanBeReached() throws Exception {
        provider.answers(404, "no such page");

        assertThat(ping.send()).isEqualTo(new ProviderPing.Pong(404, null));

        assertThat(provider.requests()).containsExactly("GET /ping HTTP/1.1");
    }

    @Test
    void theProvidersClockIsTold() throws Exception {
        provider.answers(200, "", "Date: Wed, 25 Nov 2026 12:00:01 GMT");

        assertThat(ping.send().date()).isEqualTo(Instant.parse("2026-11-25T12:00:01Z"));
    }

    @Test
    void aConnectionThatIsLostIsAskedAboutOnceMore() throws Exception {
        provider.answers(ScriptedProvider.reset()).answers(200, "");

        assertThat(ping.send().status()).isEqualTo(200);

        assertThat(provider.requests()).hasSize(2);
    }

    @Test
    void aPingThatFailsNamesTheHost() {
        provider.close();

        assertThatThrownBy(ping::send)
                .isInstanceOf(IOException.class)
                .hasMessageContaining(provider.baseUrl().toString())
                .hasMessageContaining("cannot be reached");
    }
}
