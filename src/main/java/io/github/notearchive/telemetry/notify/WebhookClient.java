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
 * Posts to receivers that are trusted with nothing: no redirect is followed, nothing but the status of an answer is
 * read, and a request is over when its time is, however slowly it goes on.
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

    /** What came of it. The words of a failure name no address. */
    public sealed interface Result {

        /** Any status from 200 to 299. */
        record Taken() implements Result {}

        /** Not taken; {@code again} when it may be, if it is sent once more. */
        record Failed(String why, boolean again) implements Result {}
    }

    /** Posts a body, for so long at most. Never throws. */
    public Result post(URI address, byte[] body, ContentType type, Map<String, String> headers, Duration atMost) {
        HttpUriRequestBase request = new HttpUriRequestBase("POST", address);
        headers.forEach(request::setHeader);
        request.setEntity(new ByteArrayEntity(body, type));
        ScheduledFuture<?> deadline = abortAfter(request, atMost);
        try {
            return result(send(request));
        } catch (IOException | RuntimeException e) {
            // the abort fails this thread's read before the deadline's own task is done
            boolean late = deadline.getDelay(TimeUnit.NANOSECONDS) <= 0;
            return new Result.Failed(late ? "no answer within " + atMost.toMillis() + " ms" : named(e), true);
        } finally {
            deadline.cancel(false);
        }
    }

    private int send(HttpUriRequestBase request) throws IOException {
        try (ClassicHttpResponse response = http.executeOpen(null, request, null)) {
            HttpEntity body = response.getEntity();
            if (body != null && body.getContentLength() != 0) {
                // letting go of a body reads it to its end, and this one may have none
                request.abort();
                response.setEntity(null);
            }
            return response.getCode();
        }
    }

    private static Result result(int status) {
        if (status >= 200 && status < 300) {
            return new Result.Taken();
        }
        boolean again = status == 408 || status == 429 || status >= 500;
        return new Result.Failed("HTTP " + status, again);
    }

    /** The class only, since messages of exceptions may hold the address. */
    private static String named(Exception e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getClass().getSimpleName();
    }

    private ScheduledFuture<?> abortAfter(HttpUriRequestBase request, Duration time) {
        return deadlines.schedule(request::abort, time.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        deadlines.shutdownNow();
        http.close(CloseMode.IMMEDIATE);
    }
}
