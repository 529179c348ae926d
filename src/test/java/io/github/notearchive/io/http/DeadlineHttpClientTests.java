package io.github.notearchive.io.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.io.http.DeadlineHttpClient.DeadlineExceededException;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.classic.RequestFailedException;
import org.apache.hc.client5.http.ssl.ClientTlsStrategyBuilder;
import org.apache.hc.client5.http.ssl.NoopHostnameVerifier;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.ssl.SSLContexts;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeadlineHttpClientTests {

    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration SHORT = Duration.ofMillis(200);
    private static final String PASSWORD = "changeit";

    @TempDir
    static Path directory;

    private static SSLContext serverTls;

    private final List<Socket> connections = new CopyOnWriteArrayList<>();

    /** The requests: number of the connection and path. */
    private final List<String> requests = new CopyOnWriteArrayList<>();

    @BeforeAll
    static void createKey() throws Exception {
        Path store = directory.resolve("key.p12");
        String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool")
                + " -genkeypair -alias k -keyalg EC -dname CN=localhost -ext SAN=ip:127.0.0.1";
        List<String> command = new ArrayList<>(List.of(keytool.split(" ")));
        command.addAll(List.of("-storepass", PASSWORD, "-keystore", store.toString()));
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
        KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
        var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD.toCharArray());
        serverTls = SSLContext.getInstance("TLS");
        serverTls.init(managers.getKeyManagers(), null, null);
    }

    /** Replies with the path; {@code /a} and {@code /none} have a surplus, {@code /silent} has no response. */
    private ScriptedServer server(boolean isTls, String surplus) {
        ScriptedServer server =
                isTls ? new ScriptedServer(null, serverTls.getServerSocketFactory()) : new ScriptedServer();
        return server.always((socket, out) -> {
            if (!connections.contains(socket)) {
                connections.add(socket);
            }
            String path = server.requests().getLast().target();
            requests.add((connections.indexOf(socket) + 1) + " " + path);
            if (path.equals("/silent")) {
                return server.silence().write(socket, out);
            }
            String head = path.equals("/none")
                    ? "HTTP/1.1 204 x\r\n\r\n"
                    : "HTTP/1.1 200 OK\r\nContent-Length: " + path.length() + "\r\n\r\n" + path;
            boolean hasSurplus = path.equals("/a") || path.equals("/none");
            return ScriptedServer.raw(hasSurplus ? head + surplus : head, new byte[0])
                    .write(socket, out);
        });
    }

    /** A connection without surplus is reused. */
    @ParameterizedTest
    @CsvSource({
        "false, ''",
        "true, ''",
        "false, 'HTTP/1.1 200 OK|Content-Length: 8||/surplus'",
        "true, 'HTTP/1.1 200 OK|Content-Length: 8||/surplus'",
        "false, x",
        "true, x",
        "false, 'HTTP/1.1 408 Request Timeout|Content-Length: 0|Connection: close||'"
    })
    void surplusOfOneWriteIsNotReadAsTheNextResponse(boolean tls, String surplus) throws Exception {
        try (ScriptedServer server = server(tls, surplus.replace("|", "\r\n"));
                DeadlineHttpClient client = client()) {

            for (String path : List.of("/a", "/b", "/c")) {
                assertThat(body(client, server, path)).isEqualTo(path);
            }
            String next = surplus.isEmpty() ? "1" : "2";
            assertThat(requests).containsExactly("1 /a", next + " /b", next + " /c");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void laterSurplusIsNotReadAsTheNextResponse(boolean tls) throws Exception {
        String surplus = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n/surplus";
        try (ScriptedServer server = server(tls, "");
                DeadlineHttpClient client = client()) {
            String first = body(client, server, "/a");
            connections.getFirst().getOutputStream().write(surplus.getBytes(US_ASCII));

            assertThat(first).isEqualTo("/a");
            assertThat(body(client, server, "/b")).isEqualTo("/b");
            assertThat(requests).containsExactly("1 /a", "2 /b");
        }
    }

    @Test
    void surplusAfterAResponseWithoutBodyIsNotRead() throws Exception {
        try (ScriptedServer server = server(false, "HTTP/1.1 204 x\r\n\r\n");
                DeadlineHttpClient client = client()) {

            assertThat(body(client, server, "/none")).isEmpty();
            assertThat(body(client, server, "/b")).isEqualTo("/b");
            assertThat(requests).containsExactly("1 /none", "2 /b");
        }
    }

    @Test
    void deadlineIncludesResponseAndTheWaitForAConnection() throws Exception {
        try (ScriptedServer server = server(false, "");
                DeadlineHttpClient client = client(1)) {
            CountDownLatch reading = new CountDownLatch(1);
            CountDownLatch end = new CountDownLatch(1);
            Thread.ofVirtual().start(() -> {
                try {
                    client.execute(new HttpGet(server.address() + "/b"), LONG, _ -> {
                        reading.countDown();
                        return awaited(end);
                    });
                } catch (IOException closed) {
                    // at the end of the test
                }
            });
            reading.await();

            assertThatThrownBy(() -> client.execute(new HttpGet(server.address() + "/c"), SHORT, _ -> ""))
                    .isInstanceOf(DeadlineExceededException.class)
                    .hasMessage("no complete response within 0.2 s");
            assertThat(requests).containsExactly("1 /b");
            end.countDown();

            assertThatThrownBy(() -> client.execute(new HttpGet(server.address() + "/silent"), SHORT, _ -> ""))
                    .isInstanceOf(DeadlineExceededException.class);
        }
    }

    @Test
    void errorOfTheReaderIsNotAnAbort() throws Exception {
        try (ScriptedServer server = server(false, "");
                DeadlineHttpClient client = client()) {
            IllegalStateException error = new IllegalStateException("reader");

            assertThatThrownBy(() -> client.execute(new HttpGet(server.address() + "/b"), LONG, _ -> {
                        throw error; // the body is not read
                    }))
                    .isSameAs(error);
        }
    }

    @Test
    void abortEndsRequestsUntilTheClientResumes() throws Exception {
        try (ScriptedServer server = server(false, "");
                DeadlineHttpClient client = client()) {
            FutureTask<String> silent = new FutureTask<>(() -> body(client, server, "/silent"));
            Thread.ofVirtual().start(silent);
            await().until(() -> !requests.isEmpty());

            client.abort();

            assertThatThrownBy(silent::get).hasCauseInstanceOf(IOException.class);
            assertThatThrownBy(() -> body(client, server, "/b")).isInstanceOf(RequestFailedException.class);
            client.resume();
            assertThat(body(client, server, "/b")).isEqualTo("/b");
            assertThat(requests).containsExactly("1 /silent", "2 /b");
        }
    }

    private static String awaited(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        return "";
    }

    private static DeadlineHttpClient client() throws Exception {
        return client(10);
    }

    private static DeadlineHttpClient client(int connections) throws Exception {
        var tls = ClientTlsStrategyBuilder.create()
                .setSslContext(
                        SSLContexts.custom().loadTrustMaterial((_, _) -> true).build())
                .setHostnameVerifier(NoopHostnameVerifier.INSTANCE)
                .buildClassic();
        return new DeadlineHttpClient(
                "test",
                LONG,
                LONG,
                pool -> pool.setMaxConnTotal(connections)
                        .setMaxConnPerRoute(connections)
                        .setTlsSocketStrategy(tls));
    }

    private static String body(DeadlineHttpClient client, ScriptedServer server, String path) throws IOException {
        return client.execute(
                new HttpGet(server.address() + path),
                LONG,
                response -> response.getEntity() == null
                        ? ""
                        : new String(EntityUtils.toByteArray(response.getEntity()), US_ASCII));
    }
}
