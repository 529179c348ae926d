package io.github.notearchive.store;

import io.github.notearchive.io.ConnectionPool;
import io.minio.Http;
import io.minio.Signer;
import io.minio.Time;
import io.minio.Utils;
import io.minio.Xml;
import io.minio.errors.MinioException;
import io.minio.errors.XmlParserException;
import io.minio.messages.ErrorResponse;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Set;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import okhttp3.HttpUrl;
import okhttp3.Request;
import okhttp3.RequestBody;
import org.apache.hc.client5.http.classic.methods.HttpPut;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.routing.DefaultRoutePlanner;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.EntityTemplate;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts an object in one request, on the caller's thread and over pooled connections.
 *
 * <p>The request is signed over the SHA-256 that is known of its bytes, which the store compares with what it receives,
 * so the bytes are read once, to be sent. The same digest goes along as the object's checksum: a store that keeps
 * checksums says it back, and has shown then that it holds these bytes. Of more than {@value #MOST_SIGNED} bytes the
 * signature leaves the payload out, since there are stores that hold a signed one in memory until they have compared it
 * (S3Proxy); who does not say the checksum back is to be asked then for what it holds.
 */
final class ObjectPut implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ObjectPut.class);
    private static final String CHECKSUM = "x-amz-checksum-sha256";
    private static final int MOST_OF_AN_ERROR = 64 * 1024;

    /** Of a payload that is part of the signature, in bytes. */
    private static final long MOST_SIGNED = 16L << 20;

    private static final String UNSIGNED = "UNSIGNED-PAYLOAD";

    /** Bytes a second; a request may take longer by what it carries. */
    private static final long SLOWEST = 1L << 20;

    /** What stores say that know no checksums, and mind them. */
    private static final Set<String> NOT_KNOWN = Set.of("InvalidArgument", "InvalidRequest", "NotImplemented");

    private final StoreProperties properties;
    private final Http.BaseUrl address;
    private final Duration callLasts;
    private final PoolingHttpClientConnectionManager connections;
    private final CloseableHttpClient http;
    private final ScheduledThreadPoolExecutor deadlines;
    private volatile boolean checksums = true;

    /**
     * @param callLasts how long a whole request may take, beside a second for each MiB
     * @param connections how many of them at once
     */
    ObjectPut(StoreProperties properties, Duration callLasts, int connections) {
        this.properties = properties;
        this.address = new Http.BaseUrl(properties.endpoint().strip());
        this.callLasts = callLasts;
        Timeout silence = Timeout.of(properties.socketTimeout());
        this.connections = ConnectionPool.with(ConnectionConfig.custom()
                        .setConnectTimeout(Timeout.of(properties.connectTimeout()))
                        .setSocketTimeout(silence)
                        .setTimeToLive(TimeValue.ofMinutes(2)))
                .setMaxConnTotal(connections)
                .setMaxConnPerRoute(connections)
                .build();
        this.http = HttpClients.custom()
                .setConnectionManager(this.connections)
                .setDefaultRequestConfig(RequestConfig.custom()
                        .setConnectionRequestTimeout(silence)
                        .setResponseTimeout(silence)
                        .setAuthenticationEnabled(false)
                        .setContentCompressionEnabled(false)
                        .setProtocolUpgradeEnabled(false)
                        .build())
                .setRoutePlanner(new DefaultRoutePlanner(null))
                .setUserAgent("note-archive")
                .disableAutomaticRetries()
                .disableRedirectHandling()
                .disableContentCompression()
                .disableCookieManagement()
                .disableAuthCaching()
                .build();
        this.deadlines = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name("object-store-deadlines").factory());
        this.deadlines.setRemoveOnCancelPolicy(true);
    }

    /** How long a request may take that carries so many bytes. */
    static Duration timeFor(Duration callLasts, long bytes) {
        return callLasts.plusSeconds(bytes / SLOWEST);
    }

    /**
     * What the store said of an object that it took.
     *
     * @param etag as it came
     * @param isConfirmed whether it said the object's SHA-256 back
     * @param isSigned whether it had the SHA-256 to compare with
     */
    record Receipt(String etag, boolean isConfirmed, boolean isSigned) {}

    /**
     * Sends the object once.
     *
     * @param sha256 of the bytes, in lower-case hexadecimal
     * @throws RefusedException when the store answers with an error
     * @throws IOException when there is no whole answer
     */
    Receipt send(ObjectKey key, ObjectBytes bytes, String contentType, String sha256)
            throws IOException, MinioException, RefusedException {
        boolean withChecksum = checksums;
        try {
            return send(key, bytes, contentType, sha256, withChecksum);
        } catch (RefusedException e) {
            if (!withChecksum || !NOT_KNOWN.contains(e.code)) {
                throw e;
            }
            Receipt receipt = send(key, bytes, contentType, sha256, false);
            if (checksums) {
                checksums = false;
                log.info(
                        "The store refuses the header {} ({}); from now on its ETag is compared instead",
                        CHECKSUM,
                        e.code);
            }
            return receipt;
        }
    }

    private Receipt send(ObjectKey key, ObjectBytes bytes, String contentType, String sha256, boolean withChecksum)
            throws IOException, MinioException, RefusedException {
        String checksum = Base64.getEncoder().encodeToString(HexFormat.of().parseHex(sha256));
        boolean isSigned = bytes.size() <= MOST_SIGNED;
        HttpPut request =
                signed(key, contentType, sha256, isSigned ? sha256 : UNSIGNED, withChecksum ? checksum : null);
        request.setEntity(new EntityTemplate(bytes.size(), null, null, bytes::writeTo));
        Duration limit = timeFor(callLasts, bytes.size());
        ScheduledFuture<?> deadline = deadlines.schedule(request::abort, limit.toMillis(), TimeUnit.MILLISECONDS);
        try (ClassicHttpResponse response = http.executeOpen(null, request, null)) {
            HttpEntity entity = response.getEntity();
            if (response.getCode() >= 300) {
                throw refused(response.getCode(), entity);
            }
            EntityUtils.consume(entity);
            return new Receipt(
                    value(response, "ETag"), withChecksum && checksum.equals(value(response, CHECKSUM)), isSigned);
        } catch (IOException e) {
            // a store that went away closed all of them: the next try shall not meet another one
            connections.closeIdle(TimeValue.ZERO_MILLISECONDS);
            throw e;
        } catch (IllegalStateException e) {
            // an abort between two steps of the HTTP client, which takes it for a mistake
            if (!request.isAborted()) {
                throw e;
            }
            throw new SocketTimeoutException("not done in time");
        } finally {
            deadline.cancel(false);
        }
    }

    private HttpPut signed(ObjectKey key, String contentType, String sha256, String payload, @Nullable String checksum)
            throws MinioException {
        HttpUrl url = address.buildUrl(
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
        signed.headers().forEach(header -> {
            if (!header.getFirst().equalsIgnoreCase("Host")) {
                request.setHeader(header.getFirst(), header.getSecond());
            }
        });
        return request;
    }

    private static String value(ClassicHttpResponse response, String name) {
        Header header = response.getFirstHeader(name);
        return header == null ? "" : header.getValue();
    }

    /** By what the store's own error says; a proxy before it may answer something else. */
    private static RefusedException refused(int status, @Nullable HttpEntity entity) throws IOException {
        String body = entity == null
                ? ""
                : new String(entity.getContent().readNBytes(MOST_OF_AN_ERROR), StandardCharsets.UTF_8);
        String code = "HTTP " + status;
        try {
            String said = Xml.unmarshal(ErrorResponse.class, body).code();
            if (said != null && !said.isBlank()) {
                code = said;
            }
        } catch (XmlParserException _) {
            // no error of S3
        }
        return new RefusedException(code, status);
    }

    /** The store answered, and not with success. */
    static final class RefusedException extends Exception {

        private final String code;
        private final int status;

        private RefusedException(String code, int status) {
            super(code);
            this.code = code;
            this.status = status;
        }

        String code() {
            return code;
        }

        int status() {
            return status;
        }
    }

    @Override
    public void close() throws IOException {
        deadlines.shutdownNow();
        http.close();
    }
}
