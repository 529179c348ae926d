package io.github.notearchive.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
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
    void everyResponseMeansThatTheProviderIsReachable() throws Exception {
        provider.answers(404, "no such page");

        assertThat(ping.send()).isEqualTo(new ProviderPing.Pong(404, null));

        assertThat(provider.requests()).containsExactly("GET /ping HTTP/1.1");
    }

    @Test
    void timeOfTheProviderIsRead() throws Exception {
        provider.answers(200, "", "Date: Wed, 25 Nov 2026 12:00:01 GMT");

        assertThat(ping.send().date()).isEqualTo(Instant.parse("2026-11-25T12:00:01Z"));
    }

    @Test
    void lostConnectionIsRetriedOnce() throws Exception {
        provider.answers(ScriptedProvider.reset()).answers(200, "");

        assertThat(ping.send().status()).isEqualTo(200);

        assertThat(provider.requests()).hasSize(2);
    }

    @Test
    void failureNamesTheHost() throws IOException {
        try (Socket bound = new Socket()) {
            // without a listener, and no other server gets the port meanwhile
            bound.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            String url = "http://127.0.0.1:" + bound.getLocalPort();
            ProviderPing refused = new ProviderPing(Settings.of("base-url", url, "token", "s3cret"));

            assertThatThrownBy(refused::send)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(url)
                    .hasMessageContaining("cannot be reached");
        }
    }
}
