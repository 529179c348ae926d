package io.github.notearchive.telemetry;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.batch.CommandResult;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.batch.RunObserver;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.note.Night;
import io.github.notearchive.telemetry.Receivers.DeliveryException;
import io.github.notearchive.telemetry.Receivers.Task;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.hc.core5.http.ContentType;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/**
 * Reports one command to the configured receivers of metrics and notifications. Reports nothing before {@link #open},
 * so the sandbox reports nothing.
 *
 * <p>Metrics are exported at the start of an execution, during it, and at the end of the command. Receivers never delay
 * the job. Only {@link #ended} waits for them, at most the longer of {@code archive.metrics.timeout} and
 * {@code archive.notify.timeout}.
 */
@Component
public class RunTelemetry implements RunObserver {

    private static final Logger log = LoggerFactory.getLogger(RunTelemetry.class);
    private static final ContentType TEXT = ContentType.create("text/plain", UTF_8);
    private static final long MIN_INTERVAL = TimeUnit.SECONDS.toNanos(30);

    /** The tables are queried for at most one part in this number of the time. */
    private static final int QUERY_SHARE = 20;

    private final MetricsProperties metrics;
    private final NotifyProperties notify;
    private final Meters meters;
    private final ObjectProvider<ArchiveStats> stats;
    private final NodeGauges node;
    private final Clock clock;
    private final Receivers receivers;
    private final List<Target> targets = new ArrayList<>();
    private String command = "run";
    private Instant startedAt = Instant.EPOCH;
    private long startNanos;
    private volatile long exportedAt = System.nanoTime() - MIN_INTERVAL;
    private volatile long nextQueryAt = System.nanoTime();
    private volatile boolean isQueryFailureLogged;

    /** Null before the command is opened, and after its end. */
    private volatile @Nullable Notifications notifications;

    RunTelemetry(
            MetricsProperties metrics,
            NotifyProperties notify,
            Meters meters,
            ObjectProvider<ArchiveStats> stats,
            NodeGauges node,
            Clock clock,
            Receivers receivers) {
        this.metrics = metrics;
        this.notify = notify;
        this.meters = meters;
        this.stats = stats;
        this.node = node;
        this.clock = clock;
        this.receivers = receivers;
    }

    /** Target of the metrics, see {@link Receivers#submit}. */
    private record Target(String name, String address, Export export) {}

    private interface Export {

        /** @param isLast whether this is the last export of the process */
        void run(boolean isLast) throws DeliveryException;
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
            if (metrics.isAny()) {
                connectTargets(metrics.timeout().dividedBy(3));
            }
            notifications = new Notifications(notify, command, node.node(), Night.of(startedAt), clock, receivers);
        } catch (RuntimeException e) {
            log.warn("No metrics and notifications of this {}: {}", command, Receivers.location(e));
        }
    }

    private void connectTargets(Duration timeout) {
        PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        metrics.textfileOf(node.node()).ifPresent(path -> {
            Textfile file = new Textfile(path, node.node(), prometheus);
            targets.add(new Target("textfile", path.toString(), _ -> file.export()));
        });
        SecretUrl gateway = metrics.pushUrl();
        if (gateway.isPresent()) {
            URI group = gateway.address(
                    "/metrics" + label("job", metrics.pushJob().strip()) + label("instance", node.node()));
            // POST replaces the metric families in the request and keeps the others of the group
            targets.add(new Target("pushgateway", gateway.toString(), _ -> {
                byte[] body = prometheus.scrape().getBytes(UTF_8);
                receivers.post(group, body, TEXT, gateway.authorizationHeader(), timeout);
            }));
        }
        if (!targets.isEmpty()) {
            meters.exportTo(prometheus);
        }
        if (metrics.otlpUrl().isPresent()) {
            Otlp otlp = new Otlp(metrics, node.node(), receivers, timeout);
            meters.exportTo(otlp.registry);
            targets.add(new Target("otlp", metrics.otlpUrl().toString(), otlp::export));
        }
        meters.open();
    }

    private static String label(String name, String value) {
        return value.matches("[A-Za-z0-9._-]+")
                ? "/" + name + "/" + value
                : "/" + name + "@base64/" + Base64.getUrlEncoder().encodeToString(value.getBytes(UTF_8));
    }

    @Override
    public void onStart(boolean restart) {
        Notifications messages = notifications;
        if (messages == null) {
            return;
        }
        if (!targets.isEmpty()) {
            meters.runStarted();
            export();
        }
        messages.started(restart);
    }

    @Override
    public void onProgress(RunCounts counts) {
        if (notifications == null || targets.isEmpty()) {
            return;
        }
        meters.progress(counts);
        if (System.nanoTime() - exportedAt >= MIN_INTERVAL) {
            export();
        }
    }

    private void export() {
        exportedAt = System.nanoTime();
        Task _ = submitQuery(() -> {
            queryTables();
            targets.forEach(target -> submit(target, false));
        });
    }

    private Task submitQuery(Receivers.Delivery query) {
        return receivers.submit("tables", "for metrics", query);
    }

    private Task submit(Target target, boolean isLast) {
        return receivers.submit(target.name, target.address, () -> target.export.run(isLast));
    }

    private void queryTables() {
        long start = System.nanoTime();
        if (start - nextQueryAt < 0) {
            return;
        }
        try {
            stats.getObject().update(meters, node, clock.instant());
        } catch (RuntimeException e) {
            if (!receivers.isEnding && !isQueryFailureLogged) {
                isQueryFailureLogged = true;
                log.warn("Metrics keep their previous values, the query failed: {}", DatabaseErrors.summary(e));
            }
        }
        long took = System.nanoTime() - start;
        nextQueryAt = System.nanoTime() + took * QUERY_SHARE;
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
            long now = System.nanoTime();
            Duration took = Duration.ofNanos(now - startNanos);
            long until = now + notify.timeout().toNanos();
            List<Task> sent = messages.ended(result, took, until);
            exportEnd(result, took);
            sent.forEach(task -> receivers.await(task, until));
            receivers.isFinished = true;
        } catch (RuntimeException e) {
            log.warn("The end of the {} was not reported: {}", command, Receivers.location(e));
        }
    }

    private void exportEnd(CommandResult result, Duration took) {
        if (targets.isEmpty()) {
            return;
        }
        long now = System.nanoTime();
        long timeout = metrics.timeout().toNanos();
        if (result.isSummarized()) {
            nextQueryAt = now;
            receivers.await(submitQuery(this::queryTables), now + timeout / 3);
        }
        if (result.exitCode() != ExitCode.ALREADY_RUNNING) {
            meters.commandEnded(command, result.exitCode(), startedAt, startedAt.plus(took));
        } else if ("run".equals(command)) {
            meters.overlapped(clock.instant());
        }
        List<Task> exports =
                targets.stream().map(target -> submit(target, true)).toList();
        exports.forEach(export -> receivers.await(export, now + timeout));
    }
}
