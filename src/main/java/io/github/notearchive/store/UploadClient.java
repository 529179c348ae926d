package io.github.notearchive.store;

import io.github.notearchive.io.DeadlineHttpClient;
import io.minio.Http;
import io.minio.MinioClient;
import io.minio.Signer;
import io.minio.Time;
import io.minio.UploadObjectArgs;
import io.minio.Utils;
import io.minio.Xml;
import io.minio.errors.MinioException;
import io.minio.errors.XmlParserException;
import io.minio.messages.ErrorResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import okhttp3.HttpUrl;
import okhttp3.Request;
import okhttp3.RequestBody;
import org.apache.hc.client5.http.classic.methods.HttpPut;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.EntityTemplate;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HTTP client for uploads: one PUT request per object, on the caller's thread, over pooled connections. Objects above
 * S3's limit of a request are uploaded in parts. Thread-safe.
 *
 * <p>The SHA-256 of the bytes is sent twice. As part of the signature, the store compares it with the bytes received,
 * so that the bytes are read once. As the object's checksum, a store that supports checksums returns it, which proves
 * that it holds these bytes. Above {@value #MAX_SIGNED} bytes the payload is not signed, because some stores (S3Proxy)
 * keep a signed payload in memory until they have compared it.
 */
final class UploadClient implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(UploadClient.class);

    /** S3's limit of a PUT request, in bytes. */
    static final long MAX_SINGLE_PUT = 5L << 30;

    /** Part of a longer object, in bytes; the MinIO client keeps one part in memory. */
    private static final long PART_SIZE = 16L << 20;

    private static final String CHECKSUM = "x-amz-checksum-sha256";
    private static final String UNSIGNED = "UNSIGNED-PAYLOAD";
    private static final long MAX_SIGNED = 16L << 20;
    private static final int MAX_ERROR_BODY = 64 * 1024;

    /** Error codes of stores that reject the checksum header. */
    private static final Set<String> CHECKSUM_REJECTED = Set.of("InvalidArgument", "InvalidRequest", "NotImplemented");

    private final StoreProperties properties;
    private final StoreRequests requests;
    private final MinioClient partsClient;
    private final long maxSinglePut;
    private final ReentrantLock partsInMemory = new ReentrantLock();
    private final Http.BaseUrl endpoint;
    private final DeadlineHttpClient http;
    private volatile boolean checksums = true;

    /** @param maxSinglePut length in bytes above which a file is uploaded in parts */
    UploadClient(StoreProperties properties, StoreRequests requests, MinioClient partsClient, long maxSinglePut) {
        this.properties = properties;
        this.requests = requests;
        this.partsClient = partsClient;
        this.maxSinglePut = maxSinglePut;
        this.endpoint = new Http.BaseUrl(properties.endpoint().strip());
        this.http = DeadlineHttpClient.builder("object-store", properties.connectTimeout(), properties.socketTimeout())
                .connections(StoreProperties.MAX_CONNECTIONS, StoreProperties.MAX_CONNECTIONS)
                .build();
    }

    /**
     * Response to an accepted upload.
     *
     * @param etag ETag without quotes; empty if the store sent none
     * @param isConfirmed whether the store returned the SHA-256 of the object
     * @param isSigned whether the store has compared the bytes with a digest
     */
    record Receipt(String etag, boolean isConfirmed, boolean isSigned) {}

    /**
     * Uploads the object once; a second time without checksum to a store that rejects the header.
     *
     * @param sha256 of the bytes, in lower-case hexadecimal
     * @throws StoreException if the store sends an error response
     * @throws IOException if there is no complete response in time
     */
    Receipt send(ObjectKey key, ObjectBytes bytes, String contentType, String sha256)
            throws IOException, MinioException {
        if (bytes instanceof ObjectBytes.OnDisk(Path file) && bytes.size() > maxSinglePut) {
            return sendInParts(key, file, contentType, sha256);
        }
        boolean withChecksum = checksums;
        try {
            return send(key, bytes, contentType, sha256, withChecksum);
        } catch (StoreException e) {
            if (!withChecksum || !CHECKSUM_REJECTED.contains(e.code())) {
                throw e;
            }
            Receipt receipt = send(key, bytes, contentType, sha256, false);
            if (checksums) {
                checksums = false;
                log.info("The store rejects the header {} ({}): comparing its ETag from now on", CHECKSUM, e.code());
            }
            return receipt;
        }
    }

    /** Uploads one object at a time, because a part is kept in memory. */
    private Receipt sendInParts(ObjectKey key, Path file, String contentType, String sha256)
            throws MinioException, IOException {
        partsInMemory.lock();
        try {
            UploadObjectArgs request = UploadObjectArgs.builder()
                    .bucket(properties.bucket())
                    .object(key.value())
                    .filename(file.toString(), PART_SIZE)
                    .contentType(contentType)
                    .userMetadata(Map.of(ObjectStore.SHA256, sha256))
                    .build();
            return new Receipt(withoutQuotes(partsClient.uploadObject(request).etag()), false, true);
        } finally {
            partsInMemory.unlock();
        }
    }

    private Receipt send(ObjectKey key, ObjectBytes bytes, String contentType, String sha256, boolean withChecksum)
            throws IOException, MinioException {
        String checksum = Base64.getEncoder().encodeToString(HexFormat.of().parseHex(sha256));
        boolean isSigned = bytes.size() <= MAX_SIGNED;
        HttpPut request =
                signed(key, contentType, sha256, isSigned ? sha256 : UNSIGNED, withChecksum ? checksum : null);
        request.setEntity(new EntityTemplate(bytes.size(), null, null, bytes::writeTo));
        try {
            return http.execute(request, properties.requestTimeout(bytes.size()), response -> {
                if (response.getCode() >= 300) {
                    throw requests.rejected("PUT", key.value(), errorCode(response), response.getCode());
                }
                EntityUtils.consume(response.getEntity());
                boolean isConfirmed = withChecksum && checksum.equals(header(response, CHECKSUM));
                return new Receipt(withoutQuotes(header(response, "ETag")), isConfirmed, isSigned);
            });
        } catch (IOException e) {
            // a store that restarted has closed all connections: the next attempt needs a new one
            http.closeIdle();
            throw e;
        }
    }

    private HttpPut signed(ObjectKey key, String contentType, String sha256, String payload, @Nullable String checksum)
            throws MinioException {
        HttpUrl url = endpoint.buildUrl(
                Http.Method.PUT, properties.bucket(), key.value(), properties.region(), new Http.QueryParameters());
        Request.Builder unsigned = new Request.Builder()
                .url(url)
                .method("PUT", RequestBody.create(new byte[0]))
                .header("Host", Utils.getHostHeader(url))
                .header("Content-Type", contentType)
                .header("x-amz-content-sha256", payload)
                .header("x-amz-date", ZonedDateTime.now(ZoneOffset.UTC).format(Time.AMZ_DATE_FORMAT))
                .header("x-amz-meta-" + ObjectStore.SHA256, sha256);
        if (checksum != null) {
            unsigned.header(CHECKSUM, checksum);
        }
        Request signed = Signer.signV4S3(
                unsigned.build(),
                properties.region(),
                properties.accessKey(),
                properties.secretKey().value(),
                payload);
        HttpPut request = new HttpPut(url.uri());
        // the HTTP client adds the Host itself
        signed.headers()
                .newBuilder()
                .removeAll("Host")
                .build()
                .forEach(header -> request.setHeader(header.getFirst(), header.getSecond()));
        return request;
    }

    static String withoutQuotes(@Nullable String etag) {
        return etag == null ? "" : etag.replace("\"", "");
    }

    private static String header(ClassicHttpResponse response, String name) {
        Header header = response.getFirstHeader(name);
        return header == null ? "" : header.getValue();
    }

    /** Returns the error code of the body; for a body that is not S3's, such as a proxy's, the HTTP status. */
    private static String errorCode(ClassicHttpResponse response) throws IOException {
        String status = "HTTP " + response.getCode();
        HttpEntity entity = response.getEntity();
        if (entity == null) {
            return status;
        }
        byte[] body = entity.getContent().readNBytes(MAX_ERROR_BODY);
        try {
            String code = Xml.unmarshal(ErrorResponse.class, new String(body, StandardCharsets.UTF_8))
                    .code();
            return code == null || code.isBlank() ? status : code;
        } catch (XmlParserException _) {
            return status;
        }
    }

    @Override
    public void close() {
        http.close();
    }
}
