package io.github.notearchive.store;

import io.github.notearchive.io.http.DeadlineHttpClient;
import io.minio.Http;
import io.minio.Http.QueryParameters;
import io.minio.Signer;
import io.minio.Utils;
import io.minio.Xml;
import io.minio.errors.MinioException;
import io.minio.errors.XmlParserException;
import io.minio.messages.ErrorResponse;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import okhttp3.HttpUrl;
import okhttp3.Request;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.io.function.IOFunction;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.StringEntity;
import org.jspecify.annotations.Nullable;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;
import org.springframework.util.function.SingletonSupplier;

/**
 * Sends signed requests to the store on the caller's thread, and translates every failure into a
 * {@link StoreException}. URLs and XML are those of the MinIO SDK. Thread-safe.
 */
final class StoreClient implements AutoCloseable {

    static final String CONTENT_TYPE = "content-type";
    static final String PAYLOAD_SHA256 = "x-amz-content-sha256";
    static final int MAX_CONNECTIONS = 128;

    /** Error codes of a store that is busy, and of bytes that were damaged on the way. */
    private static final Set<String> TEMPORARY = Set.of(
            "SlowDown",
            "RequestTimeout",
            "RequestTimeTooSlow",
            "InternalError",
            "ServiceUnavailable",
            "OperationAborted",
            "ConditionalRequestConflict",
            "IncompleteBody",
            "BadDigest");

    private static final Set<Integer> TEMPORARY_STATUS = Set.of(408, 429);
    private static final int NOT_FOUND = 404;
    private static final int SERVER_ERROR = 500;

    /** A server error that no retry changes. */
    private static final int NOT_IMPLEMENTED = 501;

    private static final int MAX_ERROR_BODY = 64 * 1024;
    private static final String NOTHING_SHA256 = DigestUtils.sha256Hex("");

    private final StoreProperties properties;
    private final SingletonSupplier<StoreServer> server;
    private final RetryTemplate retries;
    private final DeadlineHttpClient uploads;

    /** Uses a connection once: late bytes of one response could be read as an object. */
    private final DeadlineHttpClient reads;

    private record StoreServer(StoreProperties settings, Http.BaseUrl endpoint, RequestSigner signer) {

        static StoreServer of(StoreProperties settings) {
            return new StoreServer(
                    settings,
                    new Http.BaseUrl(settings.endpoint().strip()),
                    new RequestSigner(
                            settings.region(),
                            settings.accessKey(),
                            settings.secretKey().value()));
        }
    }

    /** @param located returns the settings with the address of the server; called before the first request */
    StoreClient(StoreProperties properties, Supplier<StoreProperties> located) {
        this.properties = properties;
        server = SingletonSupplier.of(() -> StoreServer.of(located.get()));
        uploads = http("object-store");
        reads = http("object-store-reads");
        retries = new RetryTemplate(RetryPolicy.builder()
                .predicate(failure -> failure instanceof StoreException e
                        && (e.unreachable() || e.code().equals(StoreException.WRONG_BYTES)))
                .maxRetries(properties.tries() - 1L)
                .delay(Duration.ofMillis(250))
                .multiplier(3)
                .build());
    }

    private DeadlineHttpClient http(String name) {
        return new DeadlineHttpClient(
                name,
                properties.connectTimeout(),
                properties.socketTimeout(),
                pool -> pool.setMaxConnTotal(MAX_CONNECTIONS).setMaxConnPerRoute(MAX_CONNECTIONS));
    }

    /**
     * Sends idempotent requests, in all {@code archive.store.tries} times while they fail temporarily. An interrupt
     * ends the waiting between two attempts with the last failure and stays set.
     */
    <T> T retry(Supplier<T> requests) {
        return retries.invoke(requests);
    }

    /**
     * Parameters, headers and body of a request.
     *
     * @param query parameters; null for none
     * @param headers signed headers by their names in lower case; that of the payload is the digest of nothing unless
     *     stated
     */
    record RequestContent(
            @Nullable QueryParameters query,
            Map<String, String> headers,
            @Nullable HttpEntity body) {

        static final RequestContent NONE = new RequestContent(null, Map.of(), null);

        static RequestContent of(String text, String sha256) {
            Map<String, String> headers = Map.of(CONTENT_TYPE, "text/plain", PAYLOAD_SHA256, sha256);
            return new RequestContent(null, headers, new StringEntity(text, StandardCharsets.UTF_8));
        }
    }

    /** Sends a request once, within the time of a request and a response without object. */
    <T> T send(
            Http.Method method,
            @Nullable String name,
            RequestContent content,
            IOFunction<ClassicHttpResponse, T> reader) {
        return send(method, name, content, properties.requestTimeout(0), reader);
    }

    /**
     * Sends a request once.
     *
     * @param name object; null for the bucket
     * @param limit time of request and response
     * @param reader reads an accepted response, or that of status 404 to a HEAD request
     */
    <T> T send(
            Http.Method method,
            @Nullable String name,
            RequestContent content,
            Duration limit,
            IOFunction<ClassicHttpResponse, T> reader) {
        DeadlineHttpClient http = method == Http.Method.PUT ? uploads : reads;
        try {
            HttpUriRequestBase request = signed(method, name, content);
            request.setEntity(content.body);
            return http.execute(request, limit, response -> {
                int status = response.getCode();
                if (status >= 300 && !(status == NOT_FOUND && method == Http.Method.HEAD)) {
                    throw rejected(method.name(), name, errorCode(response, method), status);
                }
                return reader.apply(response);
            });
        } catch (MinioException | IOException e) {
            // a store that restarted has closed all connections: the next attempt needs a new one
            http.closeIdle();
            throw noResponse(method.name(), name, e);
        }
    }

    private HttpUriRequestBase signed(Http.Method method, @Nullable String name, RequestContent content)
            throws MinioException {
        HttpUrl url = url(method, name, content.query);
        SortedMap<String, String> signed = new TreeMap<>(content.headers);
        signed.putIfAbsent(PAYLOAD_SHA256, NOTHING_SHA256);
        signed.put("host", Utils.getHostHeader(url));
        signed.put("x-amz-date", RequestSigner.time(Instant.now()));
        HttpUriRequestBase request = new HttpUriRequestBase(method.name(), url.uri());
        RequestSigner signer = server.obtain().signer;
        request.setHeader(
                "Authorization", signer.authorization(method.name(), url.encodedPath(), url.encodedQuery(), signed));
        signed.remove("host"); // the HTTP client adds it
        signed.forEach(request::setHeader);
        if (method != Http.Method.PUT) {
            request.setHeader("Connection", "close");
        }
        return request;
    }

    private HttpUrl url(Http.Method method, @Nullable String name, @Nullable QueryParameters query)
            throws MinioException {
        return server.obtain().endpoint.buildUrl(method, properties.bucket(), name, properties.region(), query);
    }

    /** Returns a signed URL, which is a credential until it expires. Sends no request. */
    URI presign(String name, Duration validity) {
        try {
            HttpUrl url = url(Http.Method.GET, name, null);
            Request request = new Request.Builder()
                    .url(url)
                    .header("Host", Utils.getHostHeader(url))
                    .header("x-amz-date", RequestSigner.time(Instant.now()))
                    .build();
            StoreProperties located = server.obtain().settings;
            return Signer.presignV4(
                            request,
                            located.region(),
                            located.accessKey(),
                            located.secretKey().value(),
                            Math.toIntExact(validity.toSeconds()))
                    .uri();
        } catch (MinioException e) {
            throw noResponse("PRESIGN", name, e);
        }
    }

    static String header(ClassicHttpResponse response, String name) {
        Header header = response.getFirstHeader(name);
        return header == null ? "" : header.getValue();
    }

    /** Returns the error code of the body; for a body that is not S3's, such as a proxy's, the HTTP status. */
    private static String errorCode(ClassicHttpResponse response, Http.Method method) throws IOException {
        int status = response.getCode();
        if (method == Http.Method.HEAD && status == 403) {
            return "AccessDenied";
        }
        HttpEntity entity = response.getEntity();
        byte[] body = entity == null ? new byte[0] : entity.getContent().readNBytes(MAX_ERROR_BODY);
        try {
            String code = Xml.unmarshal(ErrorResponse.class, new String(body, StandardCharsets.UTF_8))
                    .code();
            return code == null || code.isBlank() ? "HTTP " + status : code;
        } catch (XmlParserException _) {
            return "HTTP " + status;
        }
    }

    StoreException rejected(String action, @Nullable String name, String code, int status) {
        String problem = "the store responded " + code + " (HTTP " + status + ")";
        boolean isDown = status >= SERVER_ERROR && status != NOT_IMPLEMENTED;
        return isDown || TEMPORARY_STATUS.contains(status) || TEMPORARY.contains(code)
                ? new StoreException(true, code, message(action, name, problem, "try again later"), null)
                : refused(action, name, code, problem, remedy(code));
    }

    StoreException refused(String action, @Nullable String name, String code, String problem, String remedy) {
        return new StoreException(false, code, message(action, name, problem, remedy), null);
    }

    /** The exceptions of the MinIO SDK are no causes, because they print whole requests. */
    StoreException noResponse(String action, @Nullable String name, Exception e) {
        boolean isNetwork = e instanceof IOException;
        String problem = isNetwork ? "no response from the store" : "the response cannot be read";
        String type = e.getClass().getSimpleName();
        String remedy = "check that the store is running and that archive.store.endpoint is its S3 endpoint";
        return new StoreException(
                true, type, message(action, name, problem + ", " + type, remedy), isNetwork ? e : null);
    }

    private String message(String action, @Nullable String name, String problem, String remedy) {
        return "Object store %s, bucket %s%s, %s: %s; %s"
                .formatted(
                        server.obtain().settings.endpoint(),
                        properties.bucket(),
                        name == null ? "" : ", key " + name,
                        action,
                        problem,
                        remedy);
    }

    private static String remedy(String code) {
        return switch (code) {
            case "InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied" ->
                "check archive.store.access-key and archive.store.secret-key, and the account's rights on this bucket";
            case "NoSuchBucket" -> "create the bucket, or check archive.store.bucket";
            case "NoSuchKey" -> "the object is not in the store";
            case "PreconditionFailed" -> "another process has written the object";
            case "NotImplemented" -> "check that archive.store.endpoint is an S3 store that supports this request";
            case "RequestTimeTooSkewed" -> "set this machine's clock";
            case "AuthorizationHeaderMalformed", "PermanentRedirect" ->
                "check archive.store.region and archive.store.endpoint";
            default -> "look the code up in the store's documentation";
        };
    }

    @Override
    public void close() {
        uploads.close();
        reads.close();
    }
}
