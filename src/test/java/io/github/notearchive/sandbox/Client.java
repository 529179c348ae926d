package io.github.notearchive.sandbox;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A plain client of the sandbox that follows and repeats nothing. */
final class Client implements AutoCloseable {

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final SandboxProvider provider;

    Client(SandboxProvider provider) {
        this.provider = provider;
    }

    HttpResponse<byte[]> ask(String noteId) throws IOException, InterruptedException {
        return ask(noteId, provider.token());
    }

    HttpResponse<byte[]> ask(String noteId, String token) throws IOException, InterruptedException {
        return get(detailAddress(noteId, token));
    }

    int codeFor(String noteId) throws IOException, InterruptedException {
        return json(ask(noteId)).path("code").asInt();
    }

    String detailAddress(String noteId, String token) {
        return provider.baseUrl() + "/api/xiaohongshu/get-note-detail/v1?token=" + token + "&noteId=" + noteId;
    }

    HttpResponse<byte[]> get(String url, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(url.replace("|", "%7C"))).timeout(Duration.ofSeconds(10));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    HttpClient http() {
        return http;
    }

    static JsonNode json(HttpResponse<byte[]> response) {
        return JsonMapper.shared().readTree(response.body());
    }

    @Override
    public void close() {
        http.shutdownNow();
        http.close();
    }
}
