package io.github.notearchive.telemetry;

import io.github.notearchive.batch.CommandResult;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.batch.RunObserver;
import io.github.notearchive.note.Night;
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
public class RunTelemetry implements RunObserver {

    private static final Logger log = LoggerFactory.getLogger(RunTelemetry.class);

    private final MetricsExport metrics;
    private final NotifyProperties settings;
    private final String node;
    private final Clock clock;
    private final Receivers receivers;
    private String command = "run";
    private Instant startedAt = Instant.EPOCH;
    private long startNanos;

    /** Null before the command is opened, and after its end. */
    private volatile @Nullable Notifications notifications;

    RunTelemetry(MetricsExport metrics, NotifyProperties settings, NodeGauges node, Clock clock, Receivers receivers) {
        this.metrics = metrics;
        this.settings = settings;
        this.node = node.node();
        this.clock = clock;
        this.receivers = receivers;
    }

    /**
     * Runs a command and reports its result, as the last step of the command.
     *
     * @param name {@code run} or {@code verify}
     * @param onFailure maps an exception, which is rethrown after it was reported
     */
    public <T> T observe(
            String name,
            Supplier<T> work,
            Function<T, CommandResult> onSuccess,
            Function<Throwable, CommandResult> onFailure) {
        open(name);
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
            metrics.open();
            notifications = new Notifications(settings, command, node, Night.of(startedAt), clock, receivers);
        } catch (RuntimeException e) {
            log.warn("No metrics and notifications of this {}: {}", command, Receivers.location(e));
        }
    }

    @Override
    public void onStart(boolean restart) {
        Notifications messages = notifications;
        if (messages != null) {
            metrics.runStarted();
            messages.started(restart);
        }
    }

    @Override
    public void onProgress(RunCounts counts) {
        if (notifications != null) {
            metrics.progress(counts);
        }
    }

    /** Reports the result of the command and waits for all receivers. Further calls do nothing. */
    public void ended(CommandResult result) {
        Notifications messages = notifications;
        if (messages == null) {
            return;
        }
        notifications = null;
        receivers.isEnding = true;
        try {
            Duration took = Duration.ofNanos(System.nanoTime() - startNanos);
            long until = System.nanoTime() + settings.timeout().toNanos();
            List<Receivers.Task> sent = messages.ended(result, took, until);
            metrics.ended(command, result, startedAt, took);
            sent.forEach(task -> receivers.await(task, until));
            receivers.isFinished = true;
        } catch (RuntimeException e) {
            log.warn("The end of the {} was not reported: {}", command, Receivers.location(e));
        }
    }
}
