package io.github.notearchive.browse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.CommandContext;
import io.github.notearchive.cli.ErrorTranslator;
import io.github.notearchive.cli.config.CommandFailure;
import java.net.URI;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.web.servlet.resource.ResourceUrlProvider;

/** Who may read the pages, by which requests. */
@Isolated("sets system properties")
class AccessTests {

    private static BrowseServer server;

    @BeforeAll
    static void start() {
        ArchiveDatabase.emptied();
        server = BrowseServer.start("access", Map.of("archive.browse.hosts", "Archive.Example.org"));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void linkIsValidForOnePressOfItsButton() {
        URI link = server.link();

        assertThat(server.raw("HEAD " + link.getPath() + "?" + link.getQuery() + " HTTP/1.1", "Host: localhost"))
                .startsWith("HTTP/1.1 200");
        HttpResponse<String> preview = server.send(link, BodyHandlers.ofString());
        assertThat(preview.statusCode()).isEqualTo(200);
        assertThat(preview.body()).contains("<form", "method=\"post\" action=\"/enter\"");
        assertThat(preview.headers().firstValue("Set-Cookie")).isEmpty();

        HttpResponse<String> first = server.press(link);
        HttpResponse<String> second = server.press(link);

        assertThat(first.statusCode()).isEqualTo(303);
        assertThat(first.headers().firstValue("Location")).contains("/");
        assertThat(first.headers().firstValue("Set-Cookie").orElseThrow())
                .matches("note_archive=[0-9a-f]{64}; Path=/; Max-Age=43200; Expires=.*; HttpOnly; SameSite=Strict");
        assertThat(second.statusCode()).isEqualTo(401);
        assertThat(second.headers().firstValue("Set-Cookie")).isEmpty();
        assertThat(server.send(link, BodyHandlers.ofString()).statusCode()).isEqualTo(401);
    }

    @Test
    void cookieIsSecureBehindTls() {
        assertThat(server.press(server.link(), "X-Forwarded-Proto", "https")
                        .headers()
                        .firstValue("Set-Cookie"))
                .hasValueSatisfying(cookie -> assertThat(cookie).contains("; Secure;"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"//evil.example", "https://evil.example", "/%5Cevil.example", "/%0d%0aX:1", "javascript:1"})
    void linkLeadsToThisServerOnly(String next) {
        URI link = URI.create(server.link() + "&next=" + next);

        assertThat(server.send(link, BodyHandlers.ofString()).statusCode()).isEqualTo(400);
        assertThat(server.press(link).statusCode()).isEqualTo(400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/media/0", "/health", "/nothing"})
    void nothingIsReadWithoutSession(String path) {
        HttpResponse<String> response = server.send(server.url().resolve(path), BodyHandlers.ofString());

        assertThat(response.statusCode()).isEqualTo(401);
        assertThat(response.body()).contains("Open the link that note-archive browse printed");
        assertThat(server.raw("GET / HTTP/1.1", "Host: localhost", "Cookie: note_archive=" + "0".repeat(64)))
                .startsWith("HTTP/1.1 401");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "LOCALHOST:1",
                "127.0.0.1",
                "127.9.9.9:80",
                "[::1]:7070",
                "[0:0:0:0:0:0:0:1]",
                "2130706433",
                "archive.example.org"
            })
    void knownHostsAreServed(String host) {
        assertThat(get("Host: " + host)).startsWith("HTTP/1.1 200");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "evil.example",
                "127.0.0.1.evil.example",
                "127.0.0.1.nip.io",
                "localhost.evil.example",
                "localhost.",
                "16909060",
                "0x7f000001",
                "0177.0.0.1",
                "0.0.0.0",
                "[::ffff:1.2.3.4]",
                "[::]",
                "192.168.0.1",
                "archive.example.org.evil.example",
                ""
            })
    void otherHostsAreRefused(String host) {
        String response = get("Host: " + host);

        assertThat(response).startsWith("HTTP/1.1 400").doesNotContain("<html", "Exception");
    }

    @Test
    void requestWithoutHostIsRefused() {
        assertThat(server.raw("GET / HTTP/1.0", "Cookie: " + server.cookie())).startsWith("HTTP/1.1 400");
        assertThat(get("X-Nothing: 1")).startsWith("HTTP/1.1 400");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/a%", "/a|b", "/..%2f"})
    void invalidAddressIsRefusedInOwnWords(String address) {
        assertThat(server.raw("GET " + address + " HTTP/1.1", "Host: localhost"))
                .startsWith("HTTP/1.1 400")
                .contains("text/plain;charset=UTF-8", "This request is not valid. Nothing was read.")
                .doesNotContain("HTTP Status");
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"})
    void otherMethodsAreRefused(String method) {
        assertThat(server.raw(method + " / HTTP/1.1", "Host: localhost", "Cookie: " + server.cookie()))
                .startsWith("HTTP/1.1 405")
                .containsPattern("Allow: .*HEAD");
    }

    @Test
    void headHasNoBody() {
        String response = server.raw("HEAD / HTTP/1.1", "Host: localhost", "Cookie: " + server.cookie());

        assertThat(response).startsWith("HTTP/1.1 200").endsWith("\r\n\r\n");
    }

    @Test
    void pagesOfOtherSitesOnlyLink() {
        assertThat(get("Host: localhost", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"))
                .startsWith("HTTP/1.1 400");
        assertThat(get(
                        "Host: localhost",
                        "Sec-Fetch-Site: cross-site",
                        "Sec-Fetch-Mode: navigate",
                        "Sec-Fetch-Dest: iframe"))
                .startsWith("HTTP/1.1 400");
        assertThat(get(
                        "Host: localhost",
                        "Sec-Fetch-Site: cross-site",
                        "Sec-Fetch-Mode: navigate",
                        "Sec-Fetch-Dest: document"))
                .startsWith("HTTP/1.1 200");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/nothing", "/media/0", "/notes/65a00000000000000000ffff"})
    void eachResponseHasThePolicies(String path) {
        HttpResponse<String> response = server.get(path);

        assertThat(response.headers().allValues("Content-Security-Policy"))
                .isNotEmpty()
                .allSatisfy(policy -> assertThat(policy)
                        .startsWith("default-src 'none'")
                        .contains("frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'")
                        .doesNotContain("unsafe", "blob:"));
        assertThat(response.headers().map())
                .containsKeys("permissions-policy", "cross-origin-opener-policy", "cross-origin-resource-policy");
        assertThat(response.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
        assertThat(response.headers().firstValue("Referrer-Policy")).contains("no-referrer");
        assertThat(response.headers().firstValue("Cache-Control")).contains("no-store");
        assertThat(response.headers().firstValue("Server")).isEmpty();
    }

    @Test
    void assetHasItsDigestInItsAddress() {
        String address = server.bean(ResourceUrlProvider.class).getForLookupPath("/assets/browse.css");

        HttpResponse<String> response = server.send(server.url().resolve(address), BodyHandlers.ofString());

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).contains("text/css");
        assertThat(response.headers().firstValue("Cache-Control").orElseThrow())
                .contains("immutable", "max-age=31536000");
        assertThat(address).matches("/assets/browse-[0-9a-f]{32}\\.css");
        for (String other : List.of(address.replaceFirst("[0-9a-f]{32}", "0".repeat(32)), "/assets/Sessions.class")) {
            assertThat(server.get(other).statusCode()).as(other).isEqualTo(404);
        }
    }

    @Test
    void languageIsKept() {
        HttpResponse<String> chosen = server.get("/nothing?lang=zh");

        assertThat(chosen.statusCode()).isEqualTo(404);
        assertThat(chosen.body()).contains("<html lang=\"zh\"", "没有此页面");
        assertThat(chosen.headers().firstValue("Set-Cookie").orElseThrow()).startsWith("lang=zh;");
        assertThat(server.get("/nothing", "Accept-Language", "zh-CN,zh;q=0.9").body())
                .contains("没有此页面");
        assertThat(server.get("/nothing").body()).contains("There is no such page");
    }

    @Test
    void databaseCannotBeWritten() {
        JdbcClient jdbc = server.bean(JdbcClient.class);

        assertThatThrownBy(() -> jdbc.sql("DELETE FROM note").update()).hasMessageContaining("read-only transaction");
        assertThat(jdbc.sql("SELECT current_setting('statement_timeout')")
                        .query(String.class)
                        .single())
                .isEqualTo("10s");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "192.0.2.1", "::", "example.org"})
    void listeningElsewhereRequiresAuthentication(String address) {
        Map<String, String> settings = BrowseServer.settings("access", Map.of("archive.browse.listen", address));

        assertThatThrownBy(() -> CommandContext.openToServe(settings))
                .satisfies(e ->
                        assertThat(ErrorTranslator.translate(e)).hasMessageContaining("archive.browse.listen must be"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"reader:secret", "\u0000"})
    void unusableUsersFileIsRefusedAtTheStart(String line, @TempDir Path directory) throws Exception {
        Path users = Files.writeString(directory.resolve("users"), "# readers\n" + line + "\n");

        assertThatException()
                .isThrownBy(() -> BrowseServer.start("access", Map.of("archive.browse.users-file", users.toString())))
                .satisfies(e -> {
                    CommandFailure failure = ErrorTranslator.translate(e);
                    assertThat(failure.exitCode()).isEqualTo(ExitCode.USAGE);
                    assertThat(failure).hasMessageContainingAll("archive.browse.users-file", "line 2", "htpasswd -B");
                });
    }

    @Test
    void usersOfAFileLogIn(@TempDir Path directory) throws Exception {
        Path users = directory.resolve("users");
        Files.writeString(users, "reader:" + new BCryptPasswordEncoder(4).encode("right") + "\n");
        try (BrowseServer pages = BrowseServer.start("access", Map.of("archive.browse.users-file", users.toString()))) {
            URI page = pages.url();
            assertThat(pages.send(page, BodyHandlers.ofString()).headers().firstValue("WWW-Authenticate"))
                    .hasValueSatisfying(asked -> assertThat(asked).startsWith("Basic realm=\"note-archive\""));
            assertThat(login(pages, "reader:right")).startsWith("HTTP/1.1 200");

            for (int i = 0; i < 10; i++) {
                assertThat(login(pages, "reader:wrong" + i)).startsWith("HTTP/1.1 401");
            }

            assertThat(login(pages, "reader:right")).as("accepted before").startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void headerOfAProxyCountsFromItsAddressOnly() {
        try (BrowseServer trusting =
                        BrowseServer.start("access", Map.of("archive.browse.trusted-proxies", "127.0.0.0/8"));
                BrowseServer other =
                        BrowseServer.start("access", Map.of("archive.browse.trusted-proxies", "10.0.0.0/8"))) {
            String[] request = {
                "GET / HTTP/1.1", "Host: localhost", "X-Forwarded-User: reader", "X-Forwarded-For: 10.0.0.1"
            };

            assertThat(trusting.raw(request)).startsWith("HTTP/1.1 200");
            assertThat(trusting.raw("GET / HTTP/1.1", "Host: localhost")).startsWith("HTTP/1.1 401");
            assertThat(other.raw(request)).startsWith("HTTP/1.1 401");
        }
    }

    private static String login(BrowseServer pages, String login) {
        String encoded = Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8));
        return pages.raw("GET / HTTP/1.1", "Host: localhost", "Authorization: Basic " + encoded);
    }

    private static String get(String... headers) {
        String[] lines = new String[headers.length + 2];
        lines[0] = "GET / HTTP/1.1";
        lines[1] = "Cookie: " + server.cookie();
        System.arraycopy(headers, 0, lines, 2, headers.length);
        return server.raw(lines);
    }
}
