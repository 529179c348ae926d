package io.github.notearchive.browse;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.SmallArchive;
import io.github.notearchive.cli.CommandContext;
import io.github.notearchive.embedded.EmbeddedStore;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreFixture;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.commons.io.FileUtils;
import org.apache.commons.io.function.Uncheck;

/**
 * The web pages over {@link ArchiveDatabase} and a real store, on a free port, with a reader who is logged in. The
 * store runs until the end of the JVM; each server has a separate bucket.
 */
public final class BrowseServer implements AutoCloseable {

    private static final Path DATA = Uncheck.get(() -> Files.createTempDirectory("note-archive-pages"));
    private static final EmbeddedStore STORE = SmallArchive.server();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> FileUtils.deleteQuietly(DATA.toFile())));
    }

    private final HttpClient http = HttpClient.newHttpClient();
    private final ObjectStore store;
    private final CommandContext context;
    private final String cookie;

    private BrowseServer(String bucket, Map<String, String> more) {
        store = StoreFixture.of(STORE, bucket);
        store.ensureBucket();
        context = CommandContext.openToServe(settings(bucket, more));
        cookie = login();
    }

    /** Starts the pages, with further settings. */
    public static BrowseServer start(String bucket, Map<String, String> more) {
        return new BrowseServer(bucket, more);
    }

    static Map<String, String> settings(String bucket, Map<String, String> more) {
        ArchiveDatabase database = ArchiveDatabase.running();
        Map<String, String> settings = new HashMap<>();
        settings.put("archive.data-dir", DATA.toString());
        settings.put("spring.datasource.url", database.jdbcUrl());
        settings.put("spring.datasource.username", database.user());
        settings.put("spring.datasource.password", database.password());
        settings.put("archive.store.endpoint", STORE.endpoint().toString());
        settings.put("archive.store.access-key", STORE.accessKey());
        settings.put("archive.store.secret-key", STORE.secretKey());
        settings.put("archive.store.bucket", bucket);
        settings.put("archive.browse.port", "0");
        settings.putAll(more);
        return settings;
    }

    /** The bucket of the pages. */
    public ObjectStore store() {
        return store;
    }

    /** {@code http://127.0.0.1:<port>}, without a path. */
    public URI url() {
        return URI.create("http://127.0.0.1:" + context.port());
    }

    /** Returns a new link, which is valid once. */
    public URI link() {
        return url().resolve(context.get(Sessions.class).link());
    }

    public <T> T bean(Class<T> type) {
        return context.get(type);
    }

    /** Cookie of the reader, as {@code name=value}. */
    public String cookie() {
        return cookie;
    }

    private String login() {
        String set = press(link()).headers().firstValue("Set-Cookie").orElseThrow();
        return set.substring(0, set.indexOf(';'));
    }

    /** Presses the button of the page of a link, with further headers in pairs of name and value. */
    public HttpResponse<String> press(URI link, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(link.resolve("/enter"))
                .headers("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(link.getRawQuery()));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return Uncheck.get(() -> send(request.build(), HttpResponse.BodyHandlers.ofString()));
    }

    /** Requests a path as the reader, with further headers in pairs of name and value. */
    public HttpResponse<String> get(String path, String... headers) {
        return get(path, HttpResponse.BodyHandlers.ofString(), headers);
    }

    public <T> HttpResponse<T> get(String path, HttpResponse.BodyHandler<T> body, String... headers) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(url().resolve(path)).header("Cookie", cookie);
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return Uncheck.get(() -> send(request.build(), body));
    }

    /** Requests a URL without the cookie. */
    public <T> HttpResponse<T> send(URI url, HttpResponse.BodyHandler<T> body) {
        return Uncheck.get(() -> send(HttpRequest.newBuilder(url).build(), body));
    }

    private <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> body) throws IOException {
        try {
            return http.send(request, body);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    /** Sends lines of a request as they are, and returns the response as text. */
    public String raw(String... lines) {
        try (Socket socket = new Socket("127.0.0.1", context.port());
                InputStream in = socket.getInputStream()) {
            String request = String.join("\r\n", lines) + "\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        http.close();
        context.close();
        store.close();
    }
}
