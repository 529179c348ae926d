package io.github.notearchive.provider;

import io.github.notearchive.io.ConnectionPool;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.classic.RequestFailedException;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.core5.http.io.HttpClientResponseHandler;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

/**
 * The connections to the provider: sends each request once, repeats and redirects none, and gives one up when its time
 * is over.
 */
final class ProviderHttp implements AutoCloseable {

    private final PoolingHttpClientConnectionManager connections;
    private final CloseableHttpClient http;
    private final TokenRedactor echo;
    private final ScheduledThreadPoolExecutor deadlines;

    ProviderHttp(NoteSourceProperties settings) {
        this.connections = connections(settings);
        this.http = httpClient(settings, connections);
        this.echo = new TokenRedactor(settings.token());
        this.deadlines = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name("call-deadlines").factory());
        this.deadlines.setRemoveOnCancelPolicy(true);
    }

    private static PoolingHttpClientConnectionManager connections(NoteSourceProperties settings) {
        return ConnectionPool.with(ConnectionConfig.custom()
                        .setConnectTimeout(Timeout.of(settings.connectTimeout()))
                        .setSocketTimeout(Timeout.of(settings.responseTimeout()))
                        .setTimeToLive(TimeValue.ofMinutes(2)))
                .setMaxConnTotal(settings.callsInFlight())
                .setMaxConnPerRoute(settings.callsInFlight())
                .build();
    }

    private static CloseableHttpClient httpClient(
            NoteSourceProperties settings, PoolingHttpClientConnectionManager connections) {
        return HttpClients.custom()
                .setConnectionManager(connections)
                .setDefaultRequestConfig(RequestConfig.custom()
                        .setConnectionRequestTimeout(Timeout.of(settings.connectTimeout()))
                        .setResponseTimeout(Timeout.of(settings.responseTimeout()))
                        .build())
                .setUserAgent("note-archive")
                .disableAutomaticRetries()
                .disableRedirectHandling()
                .disableCookieManagement()
                .disableAuthCaching()
                .build();
    }

    /** An abort between two steps of the HTTP client is a mistake to it; to us it is a fault. */
    <T> T send(HttpGet request, HttpClientResponseHandler<T> handler) throws IOException {
        try {
            return http.execute(request, handler);
        } catch (IllegalStateException e) {
            if (!request.isAborted()) {
                throw e;
            }
            throw new RequestFailedException("Request aborted", e);
        }
    }

    /** Closes all idle connections, since responses on them may belong to other requests. */
    void closeIdle() {
        connections.closeIdle(TimeValue.ZERO_MILLISECONDS);
    }

    /** Begins its time; to be cancelled when it has ended before. */
    ScheduledFuture<?> abortAfter(HttpGet request, Duration time) {
        return deadlines.schedule(request::abort, time.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** What went wrong, in one short line that never has the token. */
    String describe(IOException e) {
        String message = e.getMessage();
        return ResponseReader.shorten(
                e.getClass().getSimpleName() + (message == null ? "" : ": " + echo.erasedFrom(message)));
    }

    @Override
    public void close() throws IOException {
        deadlines.shutdownNow();
        http.close();
    }
}
