package io.github.notearchive.telemetry.notify;

import io.github.notearchive.io.ConnectionPool;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.Timeout;

/**
 * HTTP client for receivers that are not trusted: it follows no redirects, reads only the status of a response, and
 * aborts each request at its deadline, even if the receiver keeps sending. Thread-safe.
 */
public final class WebhookClient implements AutoCloseable {

    private final CloseableHttpClient http;
    private final ScheduledThreadPoolExecutor deadlines;

    WebhookClient() {
        this.http = HttpClients.custom()
                .setConnectionManager(ConnectionPool.with(ConnectionConfig.custom()
                                .setConnectTimeout(Timeout.ofSeconds(5))
                                .setSocketTimeout(Timeout.ofSeconds(5)))
                        .build())
                .setDefaultRequestConfig(RequestConfig.custom()
                        .setConnectionRequestTimeout(Timeout.ofSeconds(5))
                        .setResponseTimeout(Timeout.ofSeconds(5))
                        .build())
                .setUserAgent("note-archive")
                .disableAutomaticRetries()
                .disableRedirectHandling()
                .disableCookieManagement()
                .disableAuthCaching()
                .disableContentCompression()
                .build();
        this.deadlines = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name("telemetry-deadlines").factory());
        this.deadlines.setRemoveOnCancelPolicy(true);
    }

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
        ScheduledFuture<?> deadline = deadlines.schedule(request::abort, timeout.toMillis(), TimeUnit.MILLISECONDS);
        try {
            return result(send(request));
        } catch (IOException | RuntimeException e) {
            // the delay, since the aborted read may fail before the task of the deadline is done
            boolean isLate = deadline.getDelay(TimeUnit.NANOSECONDS) <= 0;
            String reason = isLate ? "no response within " + timeout.toMillis() + " ms" : rootCause(e);
            return new Delivery.Undelivered(reason, true);
        } finally {
            deadline.cancel(false);
        }
    }

    private int send(HttpUriRequestBase request) throws IOException {
        try (ClassicHttpResponse response = http.executeOpen(null, request, null)) {
            HttpEntity body = response.getEntity();
            if (body != null && body.getContentLength() != 0) {
                // closing the response would read an endless body
                request.abort();
                response.setEntity(null);
            }
            return response.getCode();
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
        deadlines.shutdownNow();
        http.close(CloseMode.IMMEDIATE);
    }
}
