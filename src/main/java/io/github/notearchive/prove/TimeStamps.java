package io.github.notearchive.prove;

import io.github.notearchive.io.DeadlineHttpClient;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.HexFormat;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.io.entity.EntityUtils;

/** Client of a time-stamping authority by RFC 3161. */
final class TimeStamps {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    /** Start of a TimeStampReq in DER: version 1, SHA-256. No nonce, since each checkpoint is stamped once. */
    private static final String QUERY = "30390201013031300d060960864801650304020105000420";

    private TimeStamps() {}

    /**
     * Requests a time stamp of these bytes. Does not verify it: who relies on it has to name the authority.
     *
     * @return the response in DER, which {@code openssl ts} verifies
     * @throws IOException if the service does not grant one
     */
    static byte[] stamp(URI service, byte[] stamped) throws IOException {
        HttpPost post = new HttpPost(service);
        byte[] query = HexFormat.of().parseHex(QUERY + DigestUtils.sha256Hex(stamped) + "0101ff");
        post.setEntity(new ByteArrayEntity(query, ContentType.create("application/timestamp-query")));
        try (DeadlineHttpClient http = new DeadlineHttpClient("timestamp", LIMIT, LIMIT, _ -> {})) {
            return http.execute(post, LIMIT, response -> {
                byte[] body = EntityUtils.toByteArray(response.getEntity(), 1 << 16);
                // the status is the first integer, behind the headers of two sequences; 0 or 1: granted
                int status = body != null && body.length > 1 && body[1] < 0 ? 4 + (body[1] & 0x7f) : 4;
                if (body == null || body.length < status + 3 || body[status] != 2 || body[status + 2] > 1) {
                    throw new IOException("no time stamp: HTTP " + response.getCode());
                }
                return body;
            });
        }
    }
}
