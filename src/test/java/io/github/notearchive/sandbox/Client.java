package io.github.notearchive.sandbox;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Client of the sandbox without redirects and retries. */
final class Client implements AutoCloseable {

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI baseUrl;
    private final String token;

    Client(URI baseUrl, String token) {
        this.baseUrl = baseUrl;
        this.token = token;
    }

    HttpResponse<byte[]> ask(String noteId) throws IOException, InterruptedException {
        return ask(noteId, token);
    }

    HttpResponse<byte[]> ask(String noteId, String token) throws IOException, InterruptedException {
        return get(url(noteId, token));
    }

    HttpResponse<byte[]> askVideo(String noteId) throws IOException, InterruptedException {
        return get(url(noteId, token).replace("/v1?", "/v6?"));
    }

    int codeFor(String noteId) throws IOException, InterruptedException {
        return code(ask(noteId));
    }

    String url(String noteId, String token) {
        return baseUrl + "/api/xiaohongshu/get-note-detail/v1?token=" + token + "&noteId=" + noteId;
    }

    HttpResponse<byte[]> get(String url, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(url.replace("|", "%7C"))).timeout(Duration.ofSeconds(10));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    static JsonNode json(HttpResponse<byte[]> response) {
        return JsonMapper.shared().readTree(response.body());
    }

    static int code(HttpResponse<byte[]> response) {
        return json(response).path("code").asInt();
    }

    @Override
    public void close() {
        http.shutdownNow();
        http.close();
    }
}
