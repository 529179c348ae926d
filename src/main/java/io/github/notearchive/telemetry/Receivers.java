package io.github.notearchive.telemetry;

import io.github.notearchive.io.http.DeadlineHttpClient;
import io.github.notearchive.io.http.DeadlineHttpClient.DeadlineExceededException;
import io.github.notearchive.io.time.Deadline;
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
import org.apache.commons.io.function.IOConsumer;
import org.apache.commons.io.function.IORunnable;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.stereotype.Component;

/**
 * Delivers metrics and notifications of one command, to each receiver on its own thread, so that a slow one delays
 * neither the others nor the run. The first failure of each receiver is logged, since a dead receiver usually stays
 * dead for the run; all of them are counted. Thread-safe.
 *
 * <p>Receivers are not trusted: requests follow no redirects, read only the status of a response, of a chat also the
 * begin of its body, and are aborted at their deadline, even if the receiver keeps sending.
 */
@Component
class Receivers implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Receivers.class);
    private static final Duration SILENCE = Duration.ofSeconds(5);

    /** Whether only the end of the command is reported from now on. */
    volatile boolean isEnding;

    private final Meters meters;
    private final Map<String, ExecutorService> threads = new ConcurrentHashMap<>();
    private final Set<String> failed = ConcurrentHashMap.newKeySet();
    private final DeadlineHttpClient http = new DeadlineHttpClient("telemetry", SILENCE, SILENCE, _ -> {});

    Receivers(Meters meters) {
        this.meters = meters;
    }

    /** Failure of a delivery. Its message contains no URL. */
    static final class DeliveryException extends IOException {

        /** Whether the same request may succeed later. */
        final boolean isRetryable;

        DeliveryException(String message, boolean isRetryable) {
            super(message);
            this.isRetryable = isRetryable;
        }
    }

    record Task(String receiver, String target, Future<?> future) {}

    /** Submits a delivery to the thread of a receiver; see {@link #deliver}. */
    Task submit(String receiver, String target, IORunnable delivery) {
        // a platform thread: virtual ones share their carriers with the workers of a run
        ExecutorService thread = threads.computeIfAbsent(
                receiver,
                name -> Executors.newSingleThreadExecutor(
                        Thread.ofPlatform().daemon().name("telemetry-" + name).factory()));
        return new Task(receiver, target, thread.submit(() -> deliver(receiver, target, delivery)));
    }

    /**
     * Executes a delivery on this thread. Does not fail.
     *
     * @param receiver name in metrics, log and thread names
     * @param target file or URL without secrets
     */
    void deliver(String receiver, String target, IORunnable delivery) {
        try {
            delivery.run();
        } catch (DeliveryException e) {
            failed(receiver, target, String.valueOf(e.getMessage()));
        } catch (IOException | RuntimeException | Error e) {
            failed(receiver, target, location(e));
        }
    }

    /** Waits for a task. A task that is not finished then continues unobserved. */
    void await(Task task, Deadline end) {
        try {
            task.future.get(end.left().toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException | ExecutionException e) {
            failed(task.receiver, task.target, "not finished within the timeout");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void failed(String receiver, String target, String reason) {
        meters.countFailure(receiver);
        if (failed.add(receiver)) {
            String effect = "the result is not affected, further failures are only counted";
            log.warn("{} {}: {}; {}", receiver, target, reason, effect);
        }
    }

    /**
     * Sends a POST request once; succeeds if the status is 200 to 299.
     *
     * @param check of a response with such a status
     */
    void post(
            URI address,
            byte[] body,
            ContentType type,
            Map<String, String> headers,
            Duration timeout,
            IOConsumer<ClassicHttpResponse> check)
            throws DeliveryException {
        HttpPost request = new HttpPost(address);
        headers.forEach(request::setHeader);
        request.setEntity(new ByteArrayEntity(body, type));
        int status;
        try {
            status = http.execute(request, timeout, response -> {
                if (isSuccess(response.getCode())) {
                    check.accept(response);
                }
                return response.getCode();
            });
        } catch (DeliveryException e) {
            throw e;
        } catch (DeadlineExceededException e) {
            throw new DeliveryException(String.valueOf(e.getMessage()), true);
        } catch (IOException | RuntimeException e) {
            // the class only, since exception messages may contain the URL
            Throwable cause = NestedExceptionUtils.getMostSpecificCause(e);
            throw new DeliveryException(cause.getClass().getSimpleName(), true);
        }
        if (!isSuccess(status)) {
            throw new DeliveryException("HTTP " + status, status == 408 || status == 429 || status >= 500);
        }
    }

    private static boolean isSuccess(int status) {
        return status / 100 == 2;
    }

    /** Returns the class and the source location of an exception, without its message, which may contain a URL. */
    static String location(Throwable failure) {
        StackTraceElement[] trace = failure.getStackTrace();
        return failure.getClass().getName() + (trace.length == 0 ? "" : " at " + trace[0]);
    }

    @Override
    public void close() {
        failed.addAll(threads.keySet()); // what is aborted now is not logged
        threads.values().forEach(ExecutorService::shutdownNow);
        http.close();
    }
}
