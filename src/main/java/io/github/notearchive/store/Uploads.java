package io.github.notearchive.store;

import io.github.notearchive.io.time.Deadline;
import io.minio.Http;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.io.input.ProxyInputStream;
import org.apache.commons.io.output.ProxyOutputStream;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.io.entity.EntityTemplate;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Uploads objects: one PUT request each. Thread-safe.
 *
 * <p>The SHA-256 of the bytes is sent twice. As part of the signature, the store compares it with the bytes received,
 * so that the bytes are read once. As the object's checksum, a store that supports checksums returns it, which proves
 * that it holds these bytes. Above {@value #MAX_SIGNED} bytes the payload is not signed, because some stores (S3Proxy)
 * keep a signed payload in memory until they have compared it.
 *
 * <p>A store that returns no checksum is probed by its first uploads, with a byte that differs from the signed digest:
 * if the store rejects it, each accepted upload with a signed payload is proof. Otherwise the stored bytes are read
 * back.
 */
final class Uploads {

    private static final Logger log = LoggerFactory.getLogger(Uploads.class);

    /** Header with the SHA-256 of an object. */
    static final String META_SHA256 = "x-amz-meta-sha256";

    private static final long MAX_SIGNED = 16L << 20;
    private static final String CHECKSUM = "x-amz-checksum-sha256";

    /** Error codes of stores that reject bytes because their digest is not the signed one. */
    private static final Set<String> PAYLOAD_REJECTED =
            Set.of("XAmzContentSHA256Mismatch", "SignatureDoesNotMatch", "BadDigest", "InvalidDigest");

    private final StoreClient client;
    private final ObjectStore store;
    private volatile boolean checksums = true;

    /** Bytes of objects that were sent, and read back. */
    final LongAdder moved = new LongAdder();

    /** Whether the store rejects bytes that differ from the signed digest; null until this is known. */
    private volatile @Nullable Boolean verifiesPayloads;

    /** @param store reads back what cannot be verified otherwise */
    Uploads(StoreClient client, ObjectStore store) {
        this.client = client;
        this.store = store;
    }

    /**
     * Uploads an object once and verifies it, all within a limit.
     *
     * @param headers the content type, and the condition of a conditional upload
     */
    void put(ObjectKey key, ObjectBytes bytes, Map<String, String> headers, String sha256, Duration limit) {
        Deadline end = Deadline.in(limit);
        boolean withChecksum = checksums;
        boolean isConfirmed;
        try {
            isConfirmed = send(key, bytes, headers, sha256, withChecksum, limit);
        } catch (StoreException e) {
            if (!withChecksum || headers.size() > 1 || !StoreException.HEADER_REJECTED.contains(e.code())) {
                throw e;
            }
            isConfirmed = send(key, bytes, headers, sha256, false, end.left());
            if (checksums) {
                checksums = false;
                log.info("The store rejects the header {} ({}): not sent from now on", CHECKSUM, e.code());
            }
        }
        boolean isProven = isConfirmed || (isSigned(bytes) && verifiesPayloads());
        if (!isProven && !sha256.equals(storedSha256(key, end.left()))) {
            String remedy = "nothing refers to the object, check the health of the store";
            String problem = "the store holds other bytes than were sent";
            throw client.refused("PUT", key.value(), StoreException.WRONG_BYTES, problem, remedy);
        }
    }

    private static boolean isSigned(ObjectBytes bytes) {
        return bytes.size() <= MAX_SIGNED;
    }

    /** Reads an object back and returns its SHA-256; empty if the store has no such object. */
    String storedSha256(ObjectKey key, Duration limit) {
        try {
            return store.get(
                    key,
                    limit,
                    (in, _) -> DigestUtils.sha256Hex(new ProxyInputStream(in) {
                        @Override
                        protected void afterRead(int count) {
                            moved.add(Math.max(0, count));
                        }
                    }));
        } catch (StoreException e) {
            if (e.absent()) {
                return "";
            }
            throw e;
        }
    }

    /**
     * Returns whether an accepted upload with a signed digest is proof of its bytes: whether the store rejects a byte
     * whose signature names the digest of another one. Tried after the first uploads that the store accepted without
     * returning their checksum, and again while the store is unavailable.
     */
    private boolean verifiesPayloads() {
        Boolean known = verifiesPayloads;
        if (known == null) {
            known = probe();
            verifiesPayloads = known;
        }
        return Boolean.TRUE.equals(known);
    }

    private @Nullable Boolean probe() {
        var content = StoreClient.RequestContent.of("sent", DigestUtils.sha256Hex("signed"));
        try {
            client.send(Http.Method.PUT, ObjectKey.WRONG_PAYLOAD.value(), content, ClassicHttpResponse::getCode);
        } catch (StoreException e) {
            if (PAYLOAD_REJECTED.contains(e.code())) {
                return true;
            }
            return e.unreachable() ? null : false;
        }
        log.info("The store does not compare uploads with their signature: they are read back");
        store.removeProbe(ObjectKey.WRONG_PAYLOAD);
        return false;
    }

    /** Returns whether the store confirmed the SHA-256 of the object. */
    private boolean send(
            ObjectKey key,
            ObjectBytes bytes,
            Map<String, String> given,
            String sha256,
            boolean withChecksum,
            Duration limit) {
        String checksum = Base64.getEncoder().encodeToString(HexFormat.of().parseHex(sha256));
        Map<String, String> headers = new HashMap<>(given);
        headers.put(StoreClient.PAYLOAD_SHA256, isSigned(bytes) ? sha256 : "UNSIGNED-PAYLOAD");
        headers.put(META_SHA256, sha256);
        if (withChecksum) {
            headers.put(CHECKSUM, checksum);
        }
        var body = new EntityTemplate(
                bytes.size(),
                null,
                null,
                out -> bytes.content().accept(new ProxyOutputStream(out) {
                    @Override
                    protected void afterWrite(int count) {
                        moved.add(count);
                    }
                }));
        return client.send(
                Http.Method.PUT, key.value(), new StoreClient.RequestContent(null, headers, body), limit, response -> {
                    EntityUtils.consume(response.getEntity());
                    return withChecksum && checksum.equals(StoreClient.header(response, CHECKSUM));
                });
    }
}
