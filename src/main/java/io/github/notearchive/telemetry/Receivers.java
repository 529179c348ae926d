package io.github.notearchive.telemetry;

import io.github.notearchive.io.DeadlineHttpClient;
import io.github.notearchive.io.DeadlineHttpClient.DeadlineExceededException;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.stereotype.Component;

/**
 * Delivers metrics and notifications of one command, to each receiver on its own thread, so that a slow one delays
 * neither the others nor the run. The first failure of each receiver is logged, all of them are counted. Thread-safe.
 *
 * <p>Receivers are not trusted: requests follow no redirects, read only the status of a response, and are aborted at
 * their deadline, even if the receiver keeps sending.
 */
@Component
class Receivers implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Receivers.class);
    private static final Duration SILENCE = Duration.ofSeconds(5);

    /** Whether only the end of the command is reported from now on. */
    volatile boolean isEnding;

    /** Whether failures are not logged any more. */
    volatile boolean isFinished;

    private final Meters meters;
    private final Map<String, ExecutorService> threads = new ConcurrentHashMap<>();
    private final Set<String> failed = ConcurrentHashMap.newKeySet();
    private @Nullable DeadlineHttpClient http;

    Receivers(Meters meters) {
        this.meters = meters;
    }

    /** Delivery to one receiver. */
    @FunctionalInterface
    interface Delivery {
        void send() throws DeliveryException;
    }

    /** Failure of a delivery. Its message contains no URL. */
    static final class DeliveryException extends Exception {

        private static final long serialVersionUID = 1L;

        /** Whether the same request may succeed later. */
        final boolean isRetryable;

        DeliveryException(String message, boolean isRetryable) {
            super(message);
            this.isRetryable = isRetryable;
        }
    }

    /** A submitted delivery. */
    record Task(String receiver, String target, Future<?> future) {}

    /**
     * Submits a delivery to the thread of a receiver.
     *
     * @param receiver name in metrics, log and thread names
     * @param target file or URL without secrets
     */
    Task submit(String receiver, String target, Delivery delivery) {
        // a platform thread: virtual ones share their carriers with the workers of a run
        ExecutorService thread = threads.computeIfAbsent(
                receiver,
                name -> Executors.newSingleThreadExecutor(
                        Thread.ofPlatform().daemon().name("telemetry-" + name).factory()));
        return new Task(receiver, target, thread.submit(() -> {
            try {
                delivery.send();
            } catch (DeliveryException e) {
                failed(receiver, target, String.valueOf(e.getMessage()));
            } catch (RuntimeException | Error e) {
                failed(receiver, target, location(e));
            }
        }));
    }

    /** Waits for a task until a {@link System#nanoTime}. A task that is not finished then continues unobserved. */
    void await(Task task, long until) {
        try {
            task.future.get(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException | ExecutionException e) {
            failed(task.receiver, task.target, "not finished within the timeout");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Counts a failure of a receiver and logs the first one, since a dead receiver usually stays dead for the run. */
    private void failed(String receiver, String target, String reason) {
        meters.countFailure(receiver);
        if (!isFinished && failed.add(receiver)) {
            log.warn(
                    "{} {}: {}; the result is not affected, further failures are only counted",
                    receiver,
                    target,
                    reason);
        }
    }

    /** Sends a POST request once; succeeds if the status is 200 to 299. */
    void post(URI address, byte[] body, ContentType type, Map<String, String> headers, Duration timeout)
            throws DeliveryException {
        HttpPost request = new HttpPost(address);
        headers.forEach(request::setHeader);
        request.setEntity(new ByteArrayEntity(body, type));
        int status;
        try {
            status = http().execute(request, timeout, ClassicHttpResponse::getCode);
        } catch (DeadlineExceededException e) {
            throw new DeliveryException(String.valueOf(e.getMessage()), true);
        } catch (IOException | RuntimeException e) {
            // the class only, since exception messages may contain the URL
            throw new DeliveryException(
                    NestedExceptionUtils.getMostSpecificCause(e).getClass().getSimpleName(), true);
        }
        if (status / 100 != 2) {
            throw new DeliveryException("HTTP " + status, status == 408 || status == 429 || status >= 500);
        }
    }

    private synchronized DeadlineHttpClient http() {
        if (http == null) {
            http = new DeadlineHttpClient("telemetry", SILENCE, SILENCE, _ -> {});
        }
        return http;
    }

    /** Returns the class and the source location of an exception, without its message, which may contain a URL. */
    static String location(Throwable failure) {
        StackTraceElement[] trace = failure.getStackTrace();
        return failure.getClass().getName() + (trace.length == 0 ? "" : " at " + trace[0]);
    }

    @Override
    public synchronized void close() {
        threads.values().forEach(ExecutorService::shutdownNow);
        if (http != null) {
            http.close();
        }
    }
}
