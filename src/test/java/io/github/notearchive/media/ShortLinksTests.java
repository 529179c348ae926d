package io.github.notearchive.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.io.ScriptedServer;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests for short links to a listener on this machine, in the place of xhslink.com. */
class ShortLinksTests extends MediaFixtures {

    private static final String LINK = "http://xhslink.com/a/AbC-1";

    private final ScriptedServer server = new ScriptedServer();

    /** Nothing listens for https. */
    private final ShortLinks links =
            new ShortLinks(hosts("xhslink.com"), loopback(port -> port == 443 ? 1 : server.port()));

    @AfterEach
    void close() {
        links.close();
        server.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 303, 307, 308})
    void targetIsReadAndNotRequested(int status) throws IOException {
        try (ScriptedServer elsewhere = new ScriptedServer()) {
            String target = elsewhere.address() + "/explore/66aa00000000000000000001?a=b";
            server.replies(ScriptedServer.status(status, "Location: " + target));

            assertThat(links.target(LINK)).isEqualTo(target);

            assertThat(server.lines()).containsExactly("GET /a/AbC-1 HTTP/1.1");
            assertThat(server.requests().getFirst().headers()).containsEntry("Host", "xhslink.com");
            assertThat(elsewhere.requests()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 302, 404, 500})
    void otherRepliesHaveNoTarget(int status) {
        server.always(ScriptedServer.status(status));

        assertThatThrownBy(() -> links.target(LINK)).hasMessage("HTTP " + status);
        assertThat(server.requests()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://xhslink.com.evil.test/a",
                "http://evilxhslink.com/a",
                "http://xhslink.com:8080/a",
                "http://xhslink.com@127.0.0.1/a",
                "http://127.0.0.1/a",
                "file://xhslink.com/a"
            })
    void otherAddressesAreNotRequested(String link) {
        assertThatThrownBy(() -> links.target(link)).isInstanceOf(FailedDownloadException.class);
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void privateAddressIsNotRequested() {
        AllowedHosts inside =
                new AllowedHosts(List.of("xhslink.com"), _ -> new InetAddress[] {InetAddress.getLoopbackAddress()});
        try (ShortLinks guarded = new ShortLinks(inside, null)) {
            assertThatThrownBy(() -> guarded.target(LINK)).hasMessage("host has a private address");
        }
    }

    @Test
    void noLinkIsRequestedAfterThreeWithoutAResponse() throws IOException {
        server.replies(
                ScriptedServer.reset(),
                ScriptedServer.reset(),
                ScriptedServer.status(302, "Location: /x"),
                ScriptedServer.reset(),
                ScriptedServer.reset(),
                ScriptedServer.reset());

        assertThatThrownBy(() -> links.target(LINK)).hasMessage("connection failed or reset");
        assertThatThrownBy(() -> links.target(LINK)).hasMessage("connection failed or reset");
        assertThat(links.target(LINK)).isEqualTo("/x");
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> links.target(LINK)).hasMessage("connection failed or reset");
        }
        assertThatThrownBy(() -> links.target(LINK)).hasMessageStartingWith("not requested");

        assertThat(server.requests()).hasSize(6);
    }
}
