package io.github.notearchive.telemetry;

import io.github.notearchive.batch.CommandResult;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.batch.RunObserver;
import io.github.notearchive.note.Night;
import io.github.notearchive.telemetry.metrics.MetricsExport;
import io.github.notearchive.telemetry.metrics.NodeGauges;
import io.github.notearchive.telemetry.notify.Notifications;
import io.github.notearchive.telemetry.notify.NotifyProperties;
import io.github.notearchive.telemetry.notify.Receivers;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Reports one command to the configured receivers of metrics and notifications. Reports nothing before {@link #open},
 * so the sandbox reports nothing.
 *
 * <p>Receivers run on their own threads and never delay the job. Only {@link #ended} waits for them, at most the longer
 * of {@code archive.metrics.timeout} and {@code archive.notify.timeout}.
 */
@Component
public class RunTelemetry implements RunObserver, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(RunTelemetry.class);

    private final MetricsExport metrics;
    private final NotifyProperties notify;
    private final String node;
    private final Clock clock;
    private final Receivers receivers;
    private String command = "run";
    private Instant startedAt = Instant.EPOCH;
    private long startNanos;
    private @Nullable Notifications notifications;
    private volatile boolean open;

    public RunTelemetry(MetricsExport metrics, NotifyProperties notify, NodeGauges node, Clock clock) {
        this.metrics = metrics;
        this.notify = notify;
        this.node = node.node();
        this.clock = clock;
        this.receivers = new Receivers(metrics::countFailure);
    }

    /**
     * Runs a command and reports its result, as the last step of the command.
     *
     * @param command {@code run} or {@code verify}
     * @param onFailure maps an exception, which is rethrown after it was reported
     */
    public <T> T observe(
            String command,
            Supplier<T> work,
            Function<T, CommandResult> onSuccess,
            Function<Throwable, CommandResult> onFailure) {
        open(command);
        try {
            T result = work.get();
            ended(onSuccess.apply(result));
            return result;
        } catch (RuntimeException | Error e) {
            ended(onFailure.apply(e));
            throw e;
        }
    }

    /** Starts to report a command, {@code run} or {@code verify}. */
    public void open(String name) {
        command = name;
        startedAt = clock.instant();
        startNanos = System.nanoTime();
        try {
            metrics.open(receivers);
            notifications = new Notifications(notify, command, node, Night.of(startedAt), clock, receivers);
            open = true;
        } catch (RuntimeException e) {
            log.warn("No metrics and notifications of this {}: {}", command, Receivers.location(e));
        }
    }

    @Override
    public void onStart(boolean restart) {
        Notifications messages = notifications;
        if (open && messages != null) {
            metrics.runStarted();
            messages.started(restart);
        }
    }

    @Override
    public void onProgress(RunCounts counts) {
        if (open) {
            metrics.progress(counts);
        }
    }

    /** Reports the result of the command and waits for all receivers. Further calls do nothing. */
    public void ended(CommandResult result) {
        Notifications messages = notifications;
        if (!open || messages == null) {
            return;
        }
        open = false;
        receivers.startEnding();
        try {
            Duration took = Duration.ofNanos(System.nanoTime() - startNanos);
            long until = System.nanoTime() + notify.timeout().toNanos();
            List<Receivers.Task> sent = messages.ended(result, took, until);
            metrics.ended(command, result, startedAt, took);
            sent.forEach(task -> receivers.await(task, until));
            receivers.finish();
        } catch (RuntimeException e) {
            log.warn("The end of the {} was not reported: {}", command, Receivers.location(e));
        }
    }

    @Override
    public void close() {
        open = false;
        receivers.close();
        metrics.close();
    }
}
