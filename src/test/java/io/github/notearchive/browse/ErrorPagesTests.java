package io.github.notearchive.browse;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.io.TcpProxy;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Pages while a server is unavailable. */
@Isolated("sets system properties")
class ErrorPagesTests {

    private static final String FILE = "f".repeat(64);

    private final ArchiveDatabase database = ArchiveDatabase.emptied();

    @Test
    void pagesHaveStatus503WhileTheDatabaseIsUnavailable() {
        String url = database.jdbcUrl();
        URI address = URI.create(url.substring("jdbc:".length()));
        try (TcpProxy proxy = TcpProxy.before(address);
                BrowseServer server = BrowseServer.start(
                        "error-pages",
                        Map.of(
                                "spring.datasource.url",
                                url.replace(address.getAuthority(), "127.0.0.1:" + proxy.port()),
                                "spring.datasource.hikari.connection-timeout",
                                "250"))) {
            proxy.down();

            for (String page : new String[] {"/", "/health", "/media/" + FILE, "/thumbnails/" + FILE + "?width=320"}) {
                assertUnavailable(server.get(page));
            }

            proxy.mend();
            Awaitility.await().until(() -> server.get("/").statusCode() == 200);
        }
    }

    @Test
    void filesHaveStatus503WhileTheStoreIsUnavailable() {
        new FileRow(FILE, "media/picture", 1, "image/jpeg").insert("65a000000000000000000001", "IMAGE", 0);
        Map<String, String> store = Map.of("archive.store.endpoint", "http://127.0.0.1:1", "archive.store.tries", "1");
        try (BrowseServer server = BrowseServer.start("error-pages", store)) {
            assertUnavailable(server.get("/media/" + FILE));
            assertUnavailable(server.get("/thumbnails/" + FILE + "?width=320"));
            assertThat(server.get("/files/" + FILE).statusCode()).isEqualTo(200);
        }
    }

    private static void assertUnavailable(HttpResponse<String> response) {
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.body())
                .contains("<html", "The database or the store is unavailable")
                .doesNotContain("Exception", "127.0.0.1");
    }
}
