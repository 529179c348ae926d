package io.github.notearchive.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.io.ScriptedServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ProviderPingTests {

    private final ScriptedServer provider = new ScriptedServer();
    private final ProviderPing ping = ping(provider.address());

    private static ProviderPing ping(String url) {
        return new ProviderPing(Settings.of("base-url", url, "token", "s3cret"));
    }

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

    @Test
    void failureNamesTheHost() throws IOException {
        try (Socket bound = new Socket()) {
            // without a listener, and no other server gets the port meanwhile
            bound.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            String url = "http://127.0.0.1:" + bound.getLocalPort();

            assertThatThrownBy(() -> ping(url).send())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(url)
                    .hasMessageContaining("cannot be reached");
        }
    }
}
