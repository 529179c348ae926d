package io.github.notearchive.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.minio.Signer;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import okhttp3.Request;
import okhttp3.RequestBody;
import org.junit.jupiter.api.Test;

class RequestSignerTests {

    private final RequestSigner signer = new RequestSigner("us-east-1", "access", "secret-0123456789");

    /** Compares with the signer of the MinIO client. */
    @Test
    void signatureEqualsThatOfMinioClient() throws Exception {
        Random random = new Random(20_261_127);
        for (int i = 0; i < 10_000; i++) {
            byte[] digest = new byte[32];
            random.nextBytes(digest);
            String sha256 = HexFormat.of().formatHex(digest);
            String path = "/bucket-%d/media/%s/%s.jpg".formatted(i % 3, sha256.substring(0, 2), sha256);
            SortedMap<String, String> headers = new TreeMap<>();
            headers.put("host", "127.0.0.1:" + (9000 + i % 7));
            headers.put("x-amz-content-sha256", i % 5 == 0 ? "UNSIGNED-PAYLOAD" : sha256);
            headers.put("x-amz-date", RequestSigner.time(Instant.ofEpochSecond(1_790_000_000L + i * 600L)));
            headers.put("x-amz-meta-sha256", sha256);
            String query = i % 4 == 0 ? "list-type=2&encoding-type=url&prefix=notes%2F" + i : null;
            Request.Builder request = new Request.Builder()
                    .url("http://" + headers.get("host") + path + (query == null ? "" : "?" + query))
                    .method("PUT", RequestBody.create(new byte[0]));
            headers.forEach(request::header);

            String authorization = signer.authorization("PUT", path, query, headers);

            assertThat(authorization)
                    .isEqualTo(Signer.signV4S3(
                                    request.build(),
                                    "us-east-1",
                                    "access",
                                    "secret-0123456789",
                                    headers.get("x-amz-content-sha256"))
                            .header("Authorization"));
        }
    }
}
