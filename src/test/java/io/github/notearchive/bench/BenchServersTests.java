package io.github.notearchive.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tests the servers of the benchmarks: they deliver the work and detect losses. */
class BenchServersTests {

    private static final byte[] BODY = "one object".getBytes(StandardCharsets.UTF_8);
    private static final String CALL = "/api/xiaohongshu/get-note-detail/v1?token=t&noteId=";

    private final HttpClient client = HttpClient.newHttpClient();
    private final Wire sink = Sink.listen().start();
    private final Wire provider = Provider.listen().start();

    @AfterEach
    void stop() {
        sink.close();
        provider.close();
        client.close();
    }

    @Test
    void verifyingStoreAcceptsMatchingDigest() throws Exception {
        get(sink, "/.bench/reset?verify=true");

        HttpResponse<String> response = put("/bench/media/one", sha256(BODY));

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("x-amz-checksum-sha256")).hasValue(sha256(BODY));
        assertThat(get(sink, "/.bench/digests").body())
                .isEqualTo(HexFormat.of().formatHex(Base64.getDecoder().decode(sha256(BODY))));
        assertThat(get(sink, "/.bench/counts").body()).contains("objects.media=1", "bytes.media=10", "refused=0");
        assertThat(get(sink, "/bench/media/two").statusCode()).isEqualTo(404);
    }

    @Test
    void verifyingStoreRejectsWrongDigest() throws Exception {
        get(sink, "/.bench/reset?verify=true");

        HttpResponse<String> response =
                put("/bench/media/one", sha256("another object".getBytes(StandardCharsets.UTF_8)));

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("BadDigest");
        assertThat(get(sink, "/.bench/digests").body()).isEmpty();
        assertThat(get(sink, "/.bench/counts").body()).contains("puts=0", "refused=1");
    }

    @Test
    void storeWithoutClientDigestReturnsMd5() throws Exception {
        HttpResponse<String> response = client.send(
                request(sink, "/bench/media/one")
                        .PUT(BodyPublishers.ofByteArray(BODY))
                        .build(),
                BodyHandlers.ofString());

        assertThat(response.headers().firstValue("ETag"))
                .hasValue("\"" + HexFormat.of().formatHex(digest("MD5", BODY)) + "\"");
    }

    @Test
    void truncatedFileIsCompletedByRange() throws Exception {
        get(provider, "/.bench/work?notes=1&cut=1");
        Work work = Work.of(Work.Kind.W1, 1, "http://127.0.0.1:" + provider.port());
        String path = work.files().keySet().iterator().next();
        Work.File file = work.files().get(path);
        int half = (int) file.content().length / 2;

        assertThatThrownBy(() -> get(provider, path)).isInstanceOf(IOException.class);
        HttpResponse<byte[]> rest = client.send(
                request(provider, path).header("Range", "bytes=" + half + "-").build(), BodyHandlers.ofByteArray());

        assertThat(rest.statusCode()).isEqualTo(206);
        assertThat(rest.body()).isEqualTo(Arrays.copyOfRange(file.bytes(), half, file.bytes().length));
        assertThat(get(provider, "/.bench/digests").body().lines())
                .contains(HexFormat.of().formatHex(digest("SHA-256", file.bytes())));
        assertThat(get(provider, "/.bench/counts").body()).contains("cuts=1", "gets=2");
    }

    @Test
    void callsBeyondBurstGet302AndSomeGet301First() throws Exception {
        get(provider, "/.bench/work?notes=1&rates=0.001@0&burst=2&fail301=1");
        String id = Work.ids(1).getFirst();

        List<String> responses = List.of(
                get(provider, CALL + id).body(),
                get(provider, CALL + id).body(),
                get(provider, CALL + id).body());

        assertThat(responses.get(0)).contains("\"code\":301");
        assertThat(responses.get(1)).contains("\"code\":0", id);
        assertThat(responses.get(2)).contains("\"code\":302");
        assertThat(get(provider, "/.bench/counts").body()).contains("calls=3", "notes=1", "code301=1", "code302=1");
    }

    private HttpResponse<String> put(String path, String sha256) throws IOException, InterruptedException {
        return client.send(
                request(sink, path)
                        .header("x-amz-checksum-sha256", sha256)
                        .PUT(BodyPublishers.ofByteArray(BODY))
                        .build(),
                BodyHandlers.ofString());
    }

    private HttpResponse<String> get(Wire server, String target) throws IOException, InterruptedException {
        return client.send(request(server, target).build(), BodyHandlers.ofString());
    }

    private static HttpRequest.Builder request(Wire server, String target) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + target));
    }

    private static String sha256(byte[] bytes) throws NoSuchAlgorithmException {
        return Base64.getEncoder().encodeToString(digest("SHA-256", bytes));
    }

    private static byte[] digest(String algorithm, byte[] bytes) throws NoSuchAlgorithmException {
        return MessageDigest.getInstance(algorithm).digest(bytes);
    }
}
