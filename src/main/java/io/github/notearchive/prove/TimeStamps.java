package io.github.notearchive.prove;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.io.http.DeadlineHttpClient;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoredObject;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.io.entity.EntityUtils;

/** Time stamps of checkpoints by RFC 3161, each stored once, beside the text that is stamped. */
final class TimeStamps {

    /** Length that no checkpoint and no time stamp reaches. */
    static final int MAX_LENGTH = 1 << 16;

    private static final String FOLDER = "log/stamps/";
    private static final String TEXT = ".checkpoint";
    private static final Duration LIMIT = Duration.ofSeconds(10);

    /** Start of a TimeStampReq in DER: version 1, SHA-256. No nonce, since each checkpoint is stamped once. */
    private static final String QUERY = "30390201013031300d060960864801650304020105000420";

    private final ObjectStore store;

    TimeStamps(ObjectStore store) {
        this.store = store;
    }

    private static ObjectKey textOf(long size) {
        return new ObjectKey(FOLDER + "%018d".formatted(size) + TEXT); // in the order of the sizes
    }

    /** Returns the key of the time stamp of a text. */
    static ObjectKey stampOf(ObjectKey text) {
        return new ObjectKey(text.value().replace(TEXT, ".tsr"));
    }

    /**
     * Stamps a checkpoint unless it has a time stamp. Does not verify it: who relies on it has to name the authority.
     *
     * @throws IOException if the service does not grant one
     */
    void stamp(String service, long size, String text) throws IOException {
        ObjectKey key = textOf(size);
        if (store.stat(stampOf(key)).isEmpty()) {
            byte[] stamp = request(URI.create(service), DigestUtils.sha256Hex(text));
            store.putBytes(key, text.getBytes(UTF_8), CaptureLog.TEXT);
            store.putBytes(stampOf(key), stamp, "application/timestamp-reply");
        }
    }

    private static byte[] request(URI service, String sha256) throws IOException {
        HttpPost post = new HttpPost(service);
        byte[] query = HexFormat.of().parseHex(QUERY + sha256 + "0101ff");
        post.setEntity(new ByteArrayEntity(query, ContentType.create("application/timestamp-query")));
        try (DeadlineHttpClient http = new DeadlineHttpClient("timestamp", LIMIT, LIMIT, _ -> {})) {
            return http.execute(post, LIMIT, response -> {
                byte[] body = response.getEntity() == null
                        ? new byte[0]
                        : EntityUtils.toByteArray(response.getEntity(), MAX_LENGTH);
                // a response that grants nothing does not repeat the digest
                if (response.getCode() != 200
                        || body.length >= MAX_LENGTH
                        || !HexFormat.of().formatHex(body).contains(sha256)) {
                    throw new IOException("no time stamp: HTTP " + response.getCode());
                }
                return body;
            });
        }
    }

    /** Returns the key of the text of the first stamped checkpoint with an entry, of this size at most. */
    Optional<ObjectKey> first(long position, long size) {
        try (Stream<StoredObject> objects =
                store.listAll(FOLDER, textOf(position).value())) {
            return objects.map(StoredObject::name)
                    .filter(name -> name.endsWith(TEXT))
                    .findFirst()
                    .filter(name -> name.compareTo(textOf(size).value()) <= 0)
                    .map(ObjectKey::new);
        }
    }
}
