package io.github.notearchive.store;

import io.minio.errors.ErrorResponseException;
import io.minio.errors.MinioException;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;

/**
 * Executes requests to the store: retries temporary failures and translates exceptions of the HTTP clients into
 * {@link StoreException}. Thread-safe.
 */
final class StoreRequests {

    /** Error codes of a store that is busy, and of bytes that were damaged on the way. */
    private static final Set<String> TEMPORARY = Set.of(
            "SlowDown",
            "RequestTimeout",
            "RequestTimeTooSlow",
            "InternalError",
            "ServiceUnavailable",
            "OperationAborted",
            "IncompleteBody",
            "BadDigest");

    private static final Set<Integer> TEMPORARY_STATUS = Set.of(408, 429);
    private static final int SERVER_ERROR = 500;

    /** A server error that no retry changes. */
    private static final int NOT_IMPLEMENTED = 501;

    private final StoreProperties properties;
    private final RetryTemplate retries;

    StoreRequests(StoreProperties properties) {
        this.properties = properties;
        this.retries = new RetryTemplate(RetryPolicy.builder()
                .predicate(StoreRequests::mayPass)
                .maxRetries(properties.tries() - 1L)
                .delay(Duration.ofMillis(250))
                .multiplier(3)
                .build());
    }

    /** One request to the store. */
    @FunctionalInterface
    interface StoreCall<T> {
        T send() throws MinioException, IOException;
    }

    /**
     * Sends an idempotent request, in all {@code archive.store.tries} times while it fails temporarily. An interrupt
     * ends the waiting between two attempts with the last failure and stays set.
     *
     * @param action method or operation, for the message
     * @param name object that the request concerns, for the message; null for the bucket
     */
    <T> T retry(String action, @Nullable String name, StoreCall<T> call) {
        return retries.<T>invoke(() -> once(action, name, call));
    }

    /** Sends a request once. Parameters as in {@link #retry}. */
    <T> T once(String action, @Nullable String name, StoreCall<T> call) {
        try {
            return call.send();
        } catch (ErrorResponseException e) {
            throw rejected(action, name, e.errorResponse().code(), e.response().code());
        } catch (MinioException | IOException e) {
            throw noResponse(action, name, e);
        } catch (IllegalStateException e) {
            // the MinIO client wraps network errors; any other exception of this type is a bug
            if (e.getCause() instanceof IOException network) {
                throw noResponse(action, name, network);
            }
            throw e;
        }
    }

    /** Returns the failure for an error response. */
    StoreException rejected(String action, @Nullable String name, String code, int status) {
        String problem = "the store responded " + code + " (HTTP " + status + ")";
        boolean isDown = status >= SERVER_ERROR && status != NOT_IMPLEMENTED;
        return isDown || TEMPORARY_STATUS.contains(status) || TEMPORARY.contains(code)
                ? new StoreException(true, code, message(action, name, problem, "try again later"), null)
                : refused(action, name, code, problem, remedy(code));
    }

    /** Returns a permanent failure. */
    StoreException refused(String action, @Nullable String name, String code, String problem, String remedy) {
        return new StoreException(false, code, message(action, name, problem, remedy), null);
    }

    /** The exceptions of the MinIO client are no causes, because they print whole requests. */
    private StoreException noResponse(String action, @Nullable String name, Exception e) {
        Optional<Throwable> network = Stream.<Throwable>iterate(e, Objects::nonNull, Throwable::getCause)
                .filter(IOException.class::isInstance)
                .findFirst();
        String type = network.orElse(e).getClass().getSimpleName();
        String problem = network.isPresent() ? "no response from the store" : "the response cannot be read";
        String remedy = "check that the store is running and that archive.store.endpoint is its S3 endpoint";
        return new StoreException(
                true, type, message(action, name, problem + ", " + type, remedy), network.orElse(null));
    }

    private String message(String action, @Nullable String name, String problem, String remedy) {
        return "Object store %s, bucket %s%s, %s: %s; %s"
                .formatted(
                        properties.endpoint(),
                        properties.bucket(),
                        name == null ? "" : ", key " + name,
                        action,
                        problem,
                        remedy);
    }

    private static String remedy(String code) {
        return switch (code) {
            case "InvalidAccessKeyId", "SignatureDoesNotMatch" ->
                "check archive.store.access-key and archive.store.secret-key";
            case "AccessDenied" ->
                "check archive.store.access-key and archive.store.secret-key, and the account's rights on this bucket";
            case "NoSuchBucket" -> "create the bucket, or check archive.store.bucket";
            case "NoSuchKey" -> "the object is not in the store";
            case "NotImplemented" -> "check that archive.store.endpoint is an S3 store that supports this request";
            case "RequestTimeTooSkewed" -> "set this machine's clock";
            case "AuthorizationHeaderMalformed", "PermanentRedirect" ->
                "check archive.store.region and archive.store.endpoint";
            default -> "look the code up in the store's documentation";
        };
    }

    private static boolean mayPass(Throwable failure) {
        return failure instanceof StoreException e
                && (e.unreachable() || e.code().equals(StoreException.WRONG_BYTES));
    }
}
