package io.github.notearchive.telemetry.notify;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the tasks of all receivers of one command, each receiver on its own thread, so that a slow one delays neither
 * the others nor the run. The first failure of each receiver is logged, all of them are counted. Thread-safe.
 */
public final class Receivers implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Receivers.class);

    private final Consumer<String> onFailure;
    private final Map<String, ExecutorService> threads = new ConcurrentHashMap<>();
    private final Set<String> failed = ConcurrentHashMap.newKeySet();
    private @Nullable WebhookClient client;
    private volatile boolean isEnding;
    private volatile boolean isFinished;
    private volatile boolean isClosed;

    /**
     * Creates receivers without threads.
     *
     * @param onFailure called with the name of the receiver at each failure
     */
    public Receivers(Consumer<String> onFailure) {
        this.onFailure = onFailure;
    }

    /**
     * A submitted task.
     *
     * @param target of the receiver, without secrets
     */
    public record Task(String name, String target, Future<?> future) {}

    /** Submits a task to the thread of a receiver. */
    public Task submit(String name, String target, Runnable task) {
        if (isClosed) {
            throw new RejectedExecutionException(name);
        }
        return new Task(
                name, target, threads.computeIfAbsent(name, Receivers::thread).submit(task));
    }

    private static ExecutorService thread(String name) {
        // a platform thread: virtual ones share their carriers with the workers of a run
        return Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name("telemetry-" + name).factory());
    }

    /** Waits for a task until a {@link System#nanoTime}. A task that is not finished then continues unobserved. */
    public void await(Task task, long until) {
        try {
            task.future().get(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            failed(task.name(), task.target(), "not finished within the timeout");
        } catch (ExecutionException e) {
            failed(task.name(), task.target(), location(e.getCause()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Counts a failure of a receiver and logs the first one, since a dead receiver usually stays dead for the run. */
    public void failed(String name, String target, String reason) {
        onFailure.accept(name);
        if (!isFinished && failed.add(name)) {
            log.warn("{} {}: {}; the result is not affected, further failures are only counted", name, target, reason);
        }
    }

    /** Returns the HTTP client that all receivers share. */
    public synchronized WebhookClient client() {
        if (client == null) {
            client = new WebhookClient();
        }
        return client;
    }

    /** From now on only the end of the command is reported. */
    public void startEnding() {
        isEnding = true;
    }

    public boolean isEnding() {
        return isEnding;
    }

    /** From now on failures are not logged. */
    public void finish() {
        isFinished = true;
    }

    /** Returns the class and the source location of an exception, without its message, which may contain a URL. */
    public static String location(@Nullable Throwable failure) {
        if (failure == null) {
            return "unknown error";
        }
        StackTraceElement[] trace = failure.getStackTrace();
        return failure.getClass().getName() + (trace.length == 0 ? "" : " at " + trace[0]);
    }

    @Override
    public synchronized void close() {
        isClosed = true;
        threads.values().forEach(ExecutorService::shutdownNow);
        if (client != null) {
            client.close();
        }
    }
}
