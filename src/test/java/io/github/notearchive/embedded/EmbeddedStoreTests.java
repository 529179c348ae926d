package io.github.notearchive.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.minio.GetObjectArgs;
import io.minio.GetPresignedObjectUrlArgs;
import io.minio.Http;
import io.minio.ListObjectsArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.PutObjectArgs;
import io.minio.Result;
import io.minio.StatObjectArgs;
import io.minio.messages.Item;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

@ResourceLock("own servers")
@Execution(ExecutionMode.CONCURRENT) // the class, not its methods
class EmbeddedStoreTests {

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final String BUCKET = "archive";
    private static final String KEY = "media/ab/abcd.jpg";
    private static final String SIDECAR = "notes/66aa00000000000000000001/20261125T140000.120Z.json";
    private static final String UUID_TAIL = "-3da8d55a-870f-435f-800e-c341171b68dd";

    /** Method, bucket, key, header, its value, status, and code in the response. */
    private static final String REFUSALS = """
            GET,    archive, media/none,        -, -, 404, NoSuchKey
            GET,    nowhere, media/ab/abcd.jpg, -, -, 404, NoSuchBucket
            PUT,    nowhere, media/ab/abcd.jpg, -, -, 404, NoSuchBucket
            HEAD,   archive, media/none,        -, -, 404, -
            DELETE, archive, media/none,        -, -, 204, -
            PUT,    archive, media/ab/abcd.jpg, If-None-Match, *,        412, PreconditionFailed
            PUT,    archive, media/ab/abcd.jpg, If-Match,      0,        412, PreconditionFailed
            GET,    archive, media/ab/abcd.jpg, If-Match,      0,        412, PreconditionFailed
            GET,    archive, media/ab/abcd.jpg, Range,         bytes=99-, 416, InvalidRange
            PUT,    archive, bad, Content-MD5,              1B2M2Y8AsgTpgAmY7PhCfg==, 400, BadDigest
            PUT,    archive, bad, Content-MD5,              ?,                        400, InvalidDigest
            PUT,    archive, bad, x-amz-checksum-crc32,     AAAAAA==,                 400, BadDigest
            PUT,    archive, bad, x-amz-checksum-crc32c,    AAAAAA==,                 400, BadDigest
            PUT,    archive, bad, x-amz-checksum-crc64nvme, AAAAAAAAAAA=,             400, BadDigest
            PUT,    archive, bad, x-amz-checksum-sha1,      2jmj7l5rSw0yVb/vlWAYkK/YBwk=, 400, BadDigest
            PUT,    archive, bad, x-amz-checksum-sha256,    47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=, 400, BadDigest
            """;

    @TempDir
    Path home;

    private DataDirectory directory;
    private EmbeddedStore store;
    private MinioClient client;

    /** Opens the directory with its store and a client; closes all of them. */
    private AutoCloseable open() {
        directory = DataDirectory.open(home);
        store = new EmbeddedStore(directory, true);
        client = client(store.endpoint(), store.accessKey(), store.secretKey());
        return () -> {
            client.close();
            directory.close();
        };
    }

    @Test
    void objectsArePutListedAndReadAndSurviveARestart() throws Exception {
        String accessKey;
        try (var _ = open()) {
            accessKey = store.accessKey();
            putFirstObject();

            assertThat(read(KEY)).isEqualTo("bytes");
        }

        try (var _ = open()) {
            assertThat(store.accessKey()).isEqualTo(accessKey);
            assertThat(keys()).containsExactly(KEY);
            assertThat(read(KEY)).isEqualTo("bytes");
            var stat = client.statObject(
                    StatObjectArgs.builder().bucket(BUCKET).object(KEY).build());
            assertThat(stat.contentType()).isEqualTo("image/jpeg");
            assertThat(stat.userMetadata().getFirst("sha256")).isEqualTo("abcd");
        }
    }

    @Test
    void folderThatCannotBeWrittenIsNamedWithTheReason() throws Exception {
        try (var _ = open()) {
            makeBucket();
            Path bucket = home.resolve("s3").resolve(BUCKET);

            store.requireWritable(BUCKET);

            Files.writeString(bucket.resolve("media"), "an object in the place of a folder");
            assertThatThrownBy(() -> store.requireWritable(BUCKET))
                    .isInstanceOf(IOException.class)
                    .hasMessage(bucket.resolve("media") + " is no directory; move it away");

            Files.delete(bucket.resolve("media"));
            Files.setPosixFilePermissions(bucket, PosixFilePermissions.fromString("r-x------"));
            if (!Files.isWritable(bucket)) { // root may write everywhere
                assertThatThrownBy(() -> store.requireWritable(BUCKET))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining(bucket + " is not writable for user ");
            }
            Files.setPosixFilePermissions(bucket, PosixFilePermissions.fromString("rwx------"));
        }
    }

    @Test
    void unfinishedUploadsAreSweptAndObjectsKept() throws Exception {
        String lookalike = "elsewhere/looks" + UUID_TAIL;
        try (var _ = open()) {
            putFirstObject();
            put(lookalike, "an object all the same");
            put(SIDECAR, "{\"now\": 1}");
        }
        Path bucket = home.resolve("s3").resolve(BUCKET);
        Files.writeString(bucket.resolve("media/ab/half.jpg" + UUID_TAIL), "{");
        Files.writeString(bucket.resolve("archive.json" + UUID_TAIL), "{");
        // killed between the digest and the name, and repeated since
        Files.copy(bucket.resolve(KEY), bucket.resolve(KEY + UUID_TAIL), StandardCopyOption.COPY_ATTRIBUTES);
        Files.copy(bucket.resolve(SIDECAR), bucket.resolve(SIDECAR + UUID_TAIL), StandardCopyOption.COPY_ATTRIBUTES);

        try (var _ = open()) {
            assertThat(read(lookalike)).isEqualTo("an object all the same");
        }

        try (Stream<Path> files = Files.walk(bucket)) {
            assertThat(files.filter(Files::isRegularFile))
                    .containsExactlyInAnyOrder(bucket.resolve(KEY), bucket.resolve(lookalike), bucket.resolve(SIDECAR));
        }
        try (Stream<Path> entries = Files.list(bucket)) {
            assertThat(entries.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder("media", "notes", "elsewhere");
        }
    }

    @Test
    void filesArePrivateAndTheServerListensOnLoopbackOnly() throws Exception {
        try (var _ = open()) {
            for (String file : List.of("s3.credentials rw-------", "servers.properties rw-------", "s3 rwx------")) {
                String[] expected = file.split(" ");
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve(expected[0]))))
                        .as(file)
                        .isEqualTo(expected[1]);
            }
            assertThat(store.endpoint().getHost()).isEqualTo("127.0.0.1");
            List<InetAddress> outward = NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .filter(address -> !address.isLoopbackAddress())
                    .toList();
            for (InetAddress address : outward) {
                assertThatThrownBy(() -> new Socket(address, store.endpoint().getPort()).close())
                        .as("%s", address)
                        .isInstanceOf(ConnectException.class);
            }
        }
    }

    @Test
    void brokenCredentialsFileIsNamed() throws Exception {
        Files.writeString(home.resolve("s3.credentials"), "access-key=A\n");

        try (DataDirectory directory = DataDirectory.open(home)) {
            assertThatThrownBy(() -> new EmbeddedStore(directory, true))
                    .isInstanceOf(DataDirectoryException.class)
                    .hasMessageContaining("s3.credentials does not hold both keys");
        }
    }

    @Test
    void closingAgainDoesNothingAndTheDirectoryClosesWhatIsOpen() throws Exception {
        DataDirectory directory = DataDirectory.open(home);
        store = new EmbeddedStore(directory, true);

        directory.close();
        directory.close();

        assertThatThrownBy(() -> new Socket("127.0.0.1", store.endpoint().getPort()).close())
                .isInstanceOf(ConnectException.class);
        assertThatThrownBy(() -> new EmbeddedStore(directory, true))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed already");
    }

    /** Much of the server's library is left out of the program; a missing class would be missed first here. */
    @Test
    void requestsAreRefusedWithTheirCodes() throws Exception {
        try (var _ = open()) {
            putFirstObject();

            for (String row : REFUSALS.lines().toList()) {
                String[] refusal = row.split(",\\s*");
                String method = refusal[0];
                String[] headers = refusal[3].equals("-") ? new String[0] : new String[] {refusal[3], refusal[4]};

                HttpResponse<String> response =
                        send(client, method, refusal[1], refusal[2], method.equals("PUT") ? "x" : "", headers);

                assertThat(response.statusCode() + " " + response.body())
                        .as(row)
                        .startsWith(refusal[5])
                        .contains(refusal[6].equals("-") ? "" : "<Code>" + refusal[6] + "</Code>");
                assertThat(send(client, "GET", BUCKET, "bad", "").statusCode())
                        .as(row)
                        .isEqualTo(404);
                assertThat(read(KEY)).as(row).isEqualTo("bytes");
            }
        }
    }

    @Test
    void unknownAccountsAreRefused() throws Exception {
        try (var _ = open();
                MinioClient unknown = client(store.endpoint(), "unknown", store.secretKey());
                MinioClient guesser = client(store.endpoint(), store.accessKey(), "guess")) {
            putFirstObject();
            HttpRequest unsigned = HttpRequest.newBuilder(store.endpoint().resolve("/archive/" + KEY))
                    .build();

            assertRefused(HTTP.send(unsigned, HttpResponse.BodyHandlers.ofString()), "AccessDenied");
            assertRefused(send(unknown, "GET", BUCKET, KEY, ""), "InvalidAccessKeyId");
            assertRefused(send(guesser, "PUT", BUCKET, KEY, "x"), "SignatureDoesNotMatch");
        }
    }

    private static void assertRefused(HttpResponse<String> response, String code) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(403);
        assertThat(response.body()).contains("<Code>" + code + "</Code>");
    }

    private static HttpResponse<String> send(
            MinioClient signer, String method, String bucket, String key, String body, String... headers)
            throws Exception {
        var url = GetPresignedObjectUrlArgs.builder()
                .method(Http.Method.valueOf(method))
                .bucket(bucket)
                .region("us-east-1")
                .object(key)
                .build();
        var request = HttpRequest.newBuilder(URI.create(signer.getPresignedObjectUrl(url)))
                .method(method, BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static MinioClient client(URI endpoint, String accessKey, String secretKey) {
        return MinioClient.builder()
                .endpoint(endpoint.toString())
                .region("us-east-1")
                .credentials(accessKey, secretKey)
                .build();
    }

    private void putFirstObject() throws Exception {
        makeBucket();
        put(KEY, "bytes");
    }

    private void makeBucket() throws Exception {
        client.makeBucket(MakeBucketArgs.builder().bucket(BUCKET).build());
    }

    private void put(String key, String text) throws Exception {
        byte[] bytes = text.getBytes(UTF_8);
        client.putObject(PutObjectArgs.builder()
                .bucket(BUCKET)
                .object(key)
                .data(bytes, bytes.length)
                .contentType("image/jpeg")
                .userMetadata(Map.of("sha256", "abcd"))
                .build());
    }

    private String read(String key) throws Exception {
        try (var object = client.getObject(
                GetObjectArgs.builder().bucket(BUCKET).object(key).build())) {
            return new String(object.readAllBytes(), UTF_8);
        }
    }

    private List<String> keys() throws Exception {
        var keys = new ArrayList<String>();
        for (Result<Item> item : client.listObjects(
                ListObjectsArgs.builder().bucket(BUCKET).recursive(true).build())) {
            keys.add(item.get().objectName());
        }
        return keys;
    }
}
