package io.github.notearchive.provider;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.io.ScriptedServer;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ProviderPingTests {

    private final ScriptedServer provider = new ScriptedServer();
    private final ProviderPing ping = new ProviderPing(Settings.of("base-url", provider.address(), "token", "s3cret"));

    @AfterEach
    void close() {
        provider.close();
    }

    @Test
    void everyResponseMeansThatTheProviderIsReachable() throws Exception {
        provider.replies(404, "no such page")
                .replies(200, "", "Date: Wed, 25 Nov 2026 12:00:01 GMT")
                .replies(ScriptedServer.reset());

        assertThat(ping.send()).isEqualTo(new ProviderPing.Pong(404, null));
        assertThat(ping.send()).isEqualTo(new ProviderPing.Pong(200, Instant.parse("2026-11-25T12:00:01Z")));
        assertThat(ping.send().status()).as("a lost connection is retried once").isEqualTo(200);

        assertThat(provider.lines()).hasSize(4).containsOnly("GET /ping HTTP/1.1");
    }
}
