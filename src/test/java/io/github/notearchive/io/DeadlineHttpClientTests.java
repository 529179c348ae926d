package io.github.notearchive.io;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.io.DeadlineHttpClient.DeadlineExceededException;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.SynchronousQueue;
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

    @BeforeAll
    static void createKey() throws Exception {
        Path store = directory.resolve("key.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "k",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "SAN=ip:127.0.0.1",
                        "-storepass",
                        PASSWORD,
                        "-keystore",
                        store.toString())
                .inheritIO()
                .start();
        assertThat(keytool.waitFor()).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = new FileInputStream(store.toFile())) {
            keys.load(in, PASSWORD.toCharArray());
        }
        var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD.toCharArray());
        serverTls = SSLContext.getInstance("TLS");
        serverTls.init(managers.getKeyManagers(), null, null);
    }

    @ParameterizedTest
    @CsvSource({
        "false, 'HTTP/1.1 200 OK|Content-Length: 8||/surplus'",
        "true, 'HTTP/1.1 200 OK|Content-Length: 8||/surplus'",
        "false, x",
        "true, x",
        "false, 'HTTP/1.1 408 Request Timeout|Content-Length: 0|Connection: close||'"
    })
    void surplusOfOneWriteIsNotReadAsTheNextResponse(boolean tls, String surplus) throws Exception {
        try (Server server = new Server(tls, surplus.replace("|", "\r\n"), false);
                DeadlineHttpClient client = client()) {

            assertThat(bodies(client, server)).containsExactly("/a", "/b", "/c");
            assertThat(server.requests).containsExactly("1 /a", "2 /b", "2 /c");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void laterSurplusIsNotReadAsTheNextResponse(boolean tls) throws Exception {
        String surplus = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n/surplus";
        try (Server server = new Server(tls, surplus, true);
                DeadlineHttpClient client = client()) {
            String first = body(client, server, "/a");
            server.later.put("now");
            server.sent.take();

            assertThat(first).isEqualTo("/a");
            assertThat(body(client, server, "/b")).isEqualTo("/b");
            assertThat(server.requests).containsExactly("1 /a", "2 /b");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void connectionWithoutSurplusIsReused(boolean tls) throws Exception {
        try (Server server = new Server(tls, "", false);
                DeadlineHttpClient client = client()) {

            assertThat(bodies(client, server)).containsExactly("/a", "/b", "/c");
            assertThat(server.requests).containsExactly("1 /a", "1 /b", "1 /c");
        }
    }

    @Test
    void surplusAfterAResponseWithoutBodyIsNotRead() throws Exception {
        try (Server server = new Server(false, "HTTP/1.1 204 x\r\n\r\n", false);
                DeadlineHttpClient client = client()) {

            assertThat(body(client, server, "/none")).isEmpty();
            assertThat(body(client, server, "/b")).isEqualTo("/b");
            assertThat(server.requests).containsExactly("1 /none", "2 /b");
        }
    }

    @Test
    void deadlineIncludesResponseAndTheWaitForAConnection() throws Exception {
        try (Server server = new Server(false, "", false);
                DeadlineHttpClient client = client(1)) {
            CountDownLatch reading = new CountDownLatch(1);
            CountDownLatch end = new CountDownLatch(1);
            Thread.ofVirtual().start(() -> {
                try {
                    client.execute(new HttpGet(server.address + "/b"), LONG, _ -> {
                        reading.countDown();
                        return awaited(end);
                    });
                } catch (IOException closed) {
                    // at the end of the test
                }
            });
            reading.await();

            assertThatThrownBy(() -> client.execute(new HttpGet(server.address + "/c"), SHORT, _ -> ""))
                    .isInstanceOf(DeadlineExceededException.class)
                    .hasMessage("no complete response within 0.2 s");
            assertThat(server.requests).containsExactly("1 /b");
            end.countDown();

            assertThatThrownBy(() -> client.execute(new HttpGet(server.address + "/silent"), SHORT, _ -> ""))
                    .isInstanceOf(DeadlineExceededException.class);
        }
    }

    @Test
    void errorOfTheReaderIsNotAnAbort() throws Exception {
        try (Server server = new Server(false, "", false);
                DeadlineHttpClient client = client()) {
            IllegalStateException error = new IllegalStateException("reader");

            assertThatThrownBy(() -> client.execute(new HttpGet(server.address + "/b"), LONG, _ -> {
                        throw error; // the body is not read
                    }))
                    .isSameAs(error);
        }
    }

    @Test
    void abortEndsRequestsUntilTheClientResumes() throws Exception {
        try (Server server = new Server(false, "", false);
                DeadlineHttpClient client = client()) {
            FutureTask<String> silent = new FutureTask<>(() -> body(client, server, "/silent"));
            Thread.ofVirtual().start(silent);
            await().until(() -> !server.requests.isEmpty());

            client.abort();

            assertThatThrownBy(silent::get).hasCauseInstanceOf(IOException.class);
            assertThatThrownBy(() -> body(client, server, "/b")).isInstanceOf(RequestFailedException.class);
            client.resume();
            assertThat(body(client, server, "/b")).isEqualTo("/b");
            assertThat(server.requests).containsExactly("1 /silent", "2 /b");
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

    private static List<String> bodies(DeadlineHttpClient client, Server server) throws IOException {
        return List.of(body(client, server, "/a"), body(client, server, "/b"), body(client, server, "/c"));
    }

    private static String body(DeadlineHttpClient client, Server server, String path) throws IOException {
        return client.execute(
                new HttpGet(server.address + path),
                LONG,
                response -> response.getEntity() == null
                        ? ""
                        : new String(EntityUtils.toByteArray(response.getEntity()), US_ASCII));
    }

    /** Replies with the path; {@code /a} and {@code /none} have a surplus, {@code /silent} has no response. */
    private static final class Server implements AutoCloseable {

        final String address;
        final List<String> requests = new CopyOnWriteArrayList<>();
        final SynchronousQueue<String> later = new SynchronousQueue<>();
        final SynchronousQueue<String> sent = new SynchronousQueue<>();
        private final ServerSocket listener;
        private final String surplus;
        private final boolean isLate;

        Server(boolean tls, String surplus, boolean isLate) throws IOException {
            InetAddress loopback = InetAddress.getLoopbackAddress();
            this.surplus = surplus;
            this.isLate = isLate;
            listener = tls
                    ? serverTls.getServerSocketFactory().createServerSocket(0, 50, loopback)
                    : new ServerSocket(0, 50, loopback);
            address = (tls ? "https" : "http") + "://127.0.0.1:" + listener.getLocalPort();
            Thread.ofVirtual().start(this::accept);
        }

        private void accept() {
            try {
                for (int number = 1; ; number++) {
                    Socket socket = listener.accept();
                    socket.setTcpNoDelay(true);
                    int connection = number;
                    Thread.ofVirtual().start(() -> serve(connection, socket));
                }
            } catch (IOException end) {
                // closed
            }
        }

        private void serve(int connection, Socket socket) {
            try (socket) {
                var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII));
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    String path = line.split(" ")[1];
                    for (String header = in.readLine(); header != null && !header.isEmpty(); header = in.readLine()) {
                        // no header matters
                    }
                    requests.add(connection + " " + path);
                    if (path.equals("/silent")) {
                        continue;
                    }
                    reply(path, socket.getOutputStream());
                }
            } catch (IOException | InterruptedException end) {
                // the client is gone
            }
        }

        private void reply(String path, OutputStream out) throws IOException, InterruptedException {
            boolean hasSurplus = path.equals("/a") || path.equals("/none");
            String reply = path.equals("/none")
                    ? "HTTP/1.1 204 x\r\n\r\n"
                    : "HTTP/1.1 200 OK\r\nContent-Length: " + path.length() + "\r\n\r\n" + path;
            if (hasSurplus && !isLate) {
                reply += surplus;
            }
            out.write(reply.getBytes(US_ASCII));
            out.flush();
            if (hasSurplus && isLate) {
                later.take();
                out.write(surplus.getBytes(US_ASCII));
                out.flush();
                sent.put("done");
            }
        }

        @Override
        public void close() throws IOException {
            listener.close();
        }
    }
}
