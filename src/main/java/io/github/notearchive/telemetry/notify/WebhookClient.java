package io.github.notearchive.telemetry.notify;

import io.github.notearchive.io.DeadlineHttpClient;
import io.github.notearchive.io.DeadlineHttpClient.DeadlineExceededException;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;

/**
 * HTTP client for receivers that are not trusted: it follows no redirects, reads only the status of a response, and
 * aborts each request at its deadline, even if the receiver keeps sending. Thread-safe.
 */
public final class WebhookClient implements AutoCloseable {

    private static final Duration SILENCE = Duration.ofSeconds(5);

    private final DeadlineHttpClient http =
            DeadlineHttpClient.builder("telemetry", SILENCE, SILENCE).build();

    /** Result of one request. */
    public sealed interface Delivery {

        /** The status was 200 to 299. */
        record Delivered() implements Delivery {}

        /**
         * Any other status, or no response.
         *
         * @param reason contains no URL
         * @param retryable whether the same request may succeed later
         */
        record Undelivered(String reason, boolean retryable) implements Delivery {}
    }

    /** Sends a POST request within the timeout. Throws no exception. */
    public Delivery post(URI address, byte[] body, ContentType type, Map<String, String> headers, Duration timeout) {
        HttpUriRequestBase request = new HttpUriRequestBase("POST", address);
        headers.forEach(request::setHeader);
        request.setEntity(new ByteArrayEntity(body, type));
        try {
            return result(http.execute(request, timeout, ClassicHttpResponse::getCode));
        } catch (DeadlineExceededException e) {
            return new Delivery.Undelivered(String.valueOf(e.getMessage()), true);
        } catch (IOException | RuntimeException e) {
            return new Delivery.Undelivered(rootCause(e), true);
        }
    }

    private static Delivery result(int status) {
        if (status >= 200 && status < 300) {
            return new Delivery.Delivered();
        }
        boolean retryable = status == 408 || status == 429 || status >= 500;
        return new Delivery.Undelivered("HTTP " + status, retryable);
    }

    /** Returns the class only, since exception messages may contain the URL. */
    private static String rootCause(Exception e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getClass().getSimpleName();
    }

    @Override
    public void close() {
        http.close();
    }
}
