package io.github.notearchive.io.http;

import io.github.notearchive.io.text.DisplayFormat;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor.DiscardPolicy;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.apache.commons.io.function.IOFunction;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.classic.RequestFailedException;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

/**
 * HTTP client whose requests have a deadline; the only place that configures connections, timeouts and limits.
 *
 * <p>A request is sent once, on the caller's thread. Redirects are not followed; cookies, credentials and proxies are
 * not used. The deadline includes the wait for a connection and the reading of the body. Idle connections are checked
 * before they are reused ({@link CheckedConnection}) and are at most two minutes old. Thread-safe.
 */
public final class DeadlineHttpClient implements AutoCloseable {

    private static final TimeValue MAX_AGE = TimeValue.ofMinutes(2);

    /** Longer than any deadline, which ends the wait for a connection. */
    private static final Timeout CONNECTION_WAIT = Timeout.ofDays(1);

    /** Limit of a body that is read only in order to reuse the connection, in bytes. */
    private static final long MAX_DISCARDED = 16 * 1024;

    private final PoolingHttpClientConnectionManager connections;
    private final CloseableHttpClient http;
    private final ScheduledThreadPoolExecutor deadlines;
    private final Set<HttpUriRequestBase> inProgress = ConcurrentHashMap.newKeySet();
    private final LongAdder requests = new LongAdder();
    private volatile boolean isAborted;

    /** Deviations from the default behaviour. */
    public enum Option {
        /** Requests and decodes compressed bodies. */
        DECOMPRESS,
        /**
         * Sends a request once more if its response repeats the previous one of the connection. Only for requests that
         * cost nothing.
         */
        RESEND_REPEATED
    }

    /**
     * Creates a client.
     *
     * @param name prefix of the name of its thread
     * @param connectTimeout limit of a connection attempt
     * @param idleTimeout longest wait for the next bytes of a response
     * @param pool sets limits of connections, for which requests wait until their deadline, and the resolver
     */
    public DeadlineHttpClient(
            String name,
            Duration connectTimeout,
            Duration idleTimeout,
            Consumer<PoolingHttpClientConnectionManagerBuilder> pool,
            Option... options) {
        Set<Option> chosen = Set.of(options);
        PoolingHttpClientConnectionManagerBuilder builder = PoolingHttpClientConnectionManagerBuilder.create()
                .setConnectionFactory(socket -> new CheckedConnection(socket, chosen.contains(Option.RESEND_REPEATED)))
                .setMaxConnTotal(Integer.MAX_VALUE)
                .setMaxConnPerRoute(Integer.MAX_VALUE)
                .setDefaultConnectionConfig(ConnectionConfig.custom()
                        .setConnectTimeout(Timeout.of(connectTimeout))
                        .setSocketTimeout(Timeout.of(idleTimeout))
                        .setTimeToLive(MAX_AGE)
                        .setValidateAfterInactivity(TimeValue.ZERO_MILLISECONDS)
                        .build());
        pool.accept(builder);
        connections = builder.build();
        HttpClientBuilder client = HttpClients.custom()
                .setConnectionManager(connections)
                .setDefaultRequestConfig(RequestConfig.custom()
                        .setConnectionRequestTimeout(CONNECTION_WAIT)
                        .setResponseTimeout(Timeout.of(idleTimeout))
                        .setAuthenticationEnabled(false)
                        .setProtocolUpgradeEnabled(false)
                        .build())
                .setUserAgent("note-archive")
                .disableAutomaticRetries()
                .disableRedirectHandling()
                .disableCookieManagement()
                .disableAuthCaching()
                .disableConnectionState();
        if (!chosen.contains(Option.DECOMPRESS)) {
            client.disableContentCompression();
        }
        http = client.build();
        deadlines = new ScheduledThreadPoolExecutor(
                1,
                Thread.ofPlatform().daemon().name(name + "-deadlines").factory(),
                new DiscardPolicy()); // after close, all requests are aborted
        deadlines.setRemoveOnCancelPolicy(true);
    }

    /** The time of a request was over before its response was complete. */
    public static final class DeadlineExceededException extends SocketTimeoutException {

        private DeadlineExceededException(Duration limit, Exception cause) {
            super("no complete response within " + DisplayFormat.took(limit));
            initCause(cause);
        }
    }

    /**
     * Sends a request and returns what the reader returns.
     *
     * @param limit time until the deadline
     * @param reader reads the response; a body that is read to its end leaves the connection for the next request
     * @throws DeadlineExceededException if the deadline has passed
     * @throws IOException if there is no complete response, or the client was aborted
     */
    public <T> T execute(HttpUriRequestBase request, Duration limit, IOFunction<ClassicHttpResponse, T> reader)
            throws IOException {
        inProgress.add(request);
        ScheduledFuture<?> deadline =
                deadlines.schedule(request::abort, Math.max(0, limit.toNanos()), TimeUnit.NANOSECONDS);
        try {
            if (isAborted) {
                request.abort();
            }
            return send(request, reader);
        } catch (IOException | IllegalStateException e) {
            // the delay: the aborted read may fail before the task of the deadline is done
            boolean isLate = deadline.getDelay(TimeUnit.NANOSECONDS) <= 0;
            // the HTTP client reports an abort between two of its steps as a programming error; the reader has its own
            if (e instanceof IllegalStateException bug && !isLate && !isAborted) {
                throw bug;
            }
            if (isLate) {
                throw new DeadlineExceededException(limit, e);
            }
            throw e instanceof IOException failure ? failure : new RequestFailedException("Request aborted", e);
        } finally {
            deadline.cancel(false);
            inProgress.remove(request);
        }
    }

    private <T> T send(HttpUriRequestBase request, IOFunction<ClassicHttpResponse, T> reader) throws IOException {
        requests.increment();
        ClassicHttpResponse response;
        try {
            response = http.executeOpen(null, request, null);
        } catch (CheckedConnection.RepeatedResponseException _) {
            // not caused by this request: send it once more, over another connection
            requests.increment();
            response = http.executeOpen(null, request, null);
        }
        try {
            return reader.apply(response);
        } finally {
            release(request, response);
        }
    }

    /** Releases the connection for the next request if little of an error response is left to read, else closes it. */
    private static void release(HttpUriRequestBase request, ClassicHttpResponse response) {
        HttpEntity entity = response.getEntity();
        if (entity != null && entity.isStreaming()) {
            long length = entity.getContentLength();
            if (response.getCode() >= 300 && length >= 0 && length <= MAX_DISCARDED) {
                EntityUtils.consumeQuietly(entity);
            } else {
                // before the close, which would read the body to its end; no effect if it was read
                request.abort();
            }
        }
        try {
            response.close();
        } catch (IOException _) {
            // the connection is closed either way
        }
    }

    /** Returns the number of requests sent so far, including those without a response. */
    public long requests() {
        return requests.sum();
    }

    public void closeIdle() {
        connections.closeIdle(TimeValue.ZERO_MILLISECONDS);
    }

    /** Aborts the requests in progress and all later ones until {@link #resume}. */
    public void abort() {
        isAborted = true;
        inProgress.forEach(HttpUriRequestBase::abort);
    }

    /** Allows requests again after an {@link #abort}. */
    public void resume() {
        isAborted = false;
    }

    public boolean isAborted() {
        return isAborted;
    }

    @Override
    public void close() {
        abort();
        deadlines.shutdownNow();
        http.close(CloseMode.IMMEDIATE);
    }
}
