package io.github.notearchive.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.minio.GetPresignedObjectUrlArgs;
import io.minio.Http;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.PutObjectArgs;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What the embedded server says when it says no. Much of the library that it is made of is left out; a class that is
 * missing after all would be missed first where something goes wrong.
 */
class EmbeddedStoreAnswersTests {

    private static final String BUCKET = "archive";
    private static final String KEY = "media/ab/abcd.jpg";

    @TempDir
    static Path home;

    private static final HttpClient http = HttpClient.newHttpClient();
    private static DataDirectory directory;
    private static EmbeddedStore store;
    private static MinioClient client;

    @BeforeAll
    static void start() throws Exception {
        directory = DataDirectory.open(home);
        store = EmbeddedStore.open(directory);
        client = client(store.accessKey(), store.secretKey());
        client.makeBucket(MakeBucketArgs.builder().bucket(BUCKET).build());
        client.putObject(PutObjectArgs.builder()
                .bucket(BUCKET)
                .object(KEY)
                .data("bytes".getBytes(UTF_8), 5)
                .build());
    }

    @AfterAll
    static void stop() throws Exception {
        client.close();
        directory.close();
        http.close();
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "GET,    archive, media/none,        -, -, 404, NoSuchKey",
                "GET,    nowhere, media/ab/abcd.jpg, -, -, 404, NoSuchBucket",
                "PUT,    nowhere, media/ab/abcd.jpg, -, -, 404, NoSuchBucket",
                "HEAD,   archive, media/none,        -, -, 404, -",
                "DELETE, archive, media/none,        -, -, 204, -",
                "PUT,    archive, media/ab/abcd.jpg, If-None-Match, *,        412, PreconditionFailed",
                "PUT,    archive, media/ab/abcd.jpg, If-Match,      0,        412, PreconditionFailed",
                "GET,    archive, media/ab/abcd.jpg, If-Match,      0,        412, PreconditionFailed",
                "GET,    archive, media/ab/abcd.jpg, Range,         bytes=99-, 416, InvalidRange",
                "PUT,    archive, bad, Content-MD5,              1B2M2Y8AsgTpgAmY7PhCfg==, 400, BadDigest",
                "PUT,    archive, bad, Content-MD5,              ?,                        400, InvalidDigest",
                "PUT,    archive, bad, x-amz-checksum-crc32,     AAAAAA==,                 400, BadDigest",
                "PUT,    archive, bad, x-amz-checksum-crc32c,    AAAAAA==,                 400, BadDigest",
                "PUT,    archive, bad, x-amz-checksum-crc64nvme, AAAAAAAAAAA=,             400, BadDigest",
                "PUT,    archive, bad, x-amz-checksum-sha1,      2jmj7l5rSw0yVb/vlWAYkK/YBwk=, 400, BadDigest",
                "PUT,    archive, bad, x-amz-checksum-sha256,    47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=, 400, BadDigest"
            })
    void requestIsRefusedWithItsCode(
            String method, String bucket, String key, String header, String value, int status, String code)
            throws Exception {
        String[] headers = header == null ? new String[0] : new String[] {header, value};

        HttpResponse<String> response = send(client, method, bucket, key, method.equals("PUT") ? "x" : "", headers);

        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        assertThat(response.body()).contains(code == null ? "" : "<Code>" + code + "</Code>");
        assertThat(send(client, "GET", BUCKET, "bad", "").statusCode()).isEqualTo(404);
        assertThat(send(client, "GET", BUCKET, KEY, "").body()).isEqualTo("bytes");
    }

    @Test
    void strangersAreRefused() throws Exception {
        HttpResponse<String> anonymous = http.send(
                HttpRequest.newBuilder(store.endpoint().resolve("/archive/" + KEY))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertRefused(anonymous, 403, "AccessDenied");
        try (MinioClient stranger = client("nobody", store.secretKey());
                MinioClient guesser = client(store.accessKey(), "guess")) {
            assertRefused(send(stranger, "GET", BUCKET, KEY, ""), 403, "InvalidAccessKeyId");
            assertRefused(send(guesser, "PUT", BUCKET, KEY, "x"), 403, "SignatureDoesNotMatch");
        }
    }

    private static void assertRefused(HttpResponse<String> answer, int status, String code) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(answer.body()).contains("<Code>" + code + "</Code>");
    }

    private static HttpResponse<String> send(
            MinioClient signer, String method, String bucket, String key, String body, String... headers)
            throws Exception {
        var request = HttpRequest.newBuilder(presigned(signer, method, bucket, key))
                .method(method, BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static URI presigned(MinioClient signer, String method, String bucket, String key) throws Exception {
        var url = GetPresignedObjectUrlArgs.builder()
                .method(Http.Method.valueOf(method))
                .bucket(bucket)
                .region("us-east-1")
                .object(key)
                .build();
        return URI.create(signer.getPresignedObjectUrl(url));
    }

    private static MinioClient client(String accessKey, String secretKey) {
        return EmbeddedStoreTests.client(store.endpoint(), accessKey, secretKey);
    }
}
