package io.github.notearchive.telemetry;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.batch.CommandResult;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.io.DatabaseErrors;
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
import org.apache.hc.core5.http.ContentType;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/**
 * Exports the metrics of one command to the configured targets: at the start of an execution, during it, and at the end
 * of the command. Does nothing if no target is configured.
 */
@Component
class MetricsExport implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(MetricsExport.class);
    private static final ContentType TEXT = ContentType.create("text/plain", UTF_8);
    private static final long MIN_INTERVAL = TimeUnit.SECONDS.toNanos(30);

    /** The tables are queried for at most one part in this number of the time. */
    private static final int QUERY_SHARE = 20;

    private final MetricsProperties settings;
    private final Meters meters;
    private final ObjectProvider<ArchiveStats.Reader> stats;
    private final String node;
    private final Clock clock;
    private final Receivers receivers;
    private final List<Target> targets = new ArrayList<>();
    private @Nullable Otlp otlp;
    private volatile long exportedAt;
    private volatile long nextQueryAt;
    private volatile boolean isQueryFailureLogged;

    MetricsExport(
            MetricsProperties settings,
            Meters meters,
            ObjectProvider<ArchiveStats.Reader> stats,
            NodeGauges node,
            Clock clock,
            Receivers receivers) {
        this.settings = settings;
        this.meters = meters;
        this.stats = stats;
        this.node = node.node();
        this.clock = clock;
        this.receivers = receivers;
    }

    /** Target of the metrics, see {@link Receivers#submit}. */
    private record Target(String name, String address, Export export) {}

    /** Exports the current values. Called by one thread. */
    private interface Export {

        /** @param isLast whether this is the last export of the process */
        void run(boolean isLast) throws DeliveryException;
    }

    /** Connects the configured targets. */
    void open() {
        exportedAt = System.nanoTime() - MIN_INTERVAL;
        nextQueryAt = System.nanoTime();
        if (!settings.isAny()) {
            return;
        }
        Duration timeout = settings.timeout().dividedBy(3);
        if (!settings.textfile().isBlank() || settings.pushUrl().isPresent()) {
            PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
            meters.exportTo(prometheus);
            settings.textfileOf(node).ifPresent(path -> {
                Textfile file = new Textfile(path, node, prometheus);
                targets.add(new Target("textfile", path.toString(), _ -> file.export()));
            });
            if (settings.pushUrl().isPresent()) {
                targets.add(pushgateway(prometheus, timeout));
            }
        }
        if (settings.otlpUrl().isPresent()) {
            Otlp receiver = new Otlp(settings, node, receivers, timeout);
            otlp = receiver;
            meters.exportTo(receiver.registry);
            targets.add(new Target("otlp", settings.otlpUrl().toString(), receiver::export));
        }
        meters.open();
    }

    /** {@code POST} replaces the metric families in the request and keeps the others of the group. */
    private Target pushgateway(PrometheusMeterRegistry registry, Duration timeout) {
        SecretUrl url = settings.pushUrl();
        URI group = url.address("/metrics" + label("job", settings.pushJob().strip()) + label("instance", node));
        return new Target("pushgateway", url.toString(), _ -> {
            byte[] body = registry.scrape().getBytes(UTF_8);
            receivers.post(group, body, TEXT, url.authorizationHeader(), timeout);
        });
    }

    private static String label(String name, String value) {
        return value.matches("[A-Za-z0-9._-]+")
                ? "/" + name + "/" + value
                : "/" + name + "@base64/" + Base64.getUrlEncoder().encodeToString(value.getBytes(UTF_8));
    }

    /** The execution of a run starts: its counters are exported from now on. */
    void runStarted() {
        if (!targets.isEmpty()) {
            meters.runStarted();
            export();
        }
    }

    /** Updates the counters of the run, and exports them unless the last export is too recent. */
    void progress(RunCounts counts) {
        if (!targets.isEmpty()) {
            meters.progress(counts);
            if (System.nanoTime() - exportedAt >= MIN_INTERVAL) {
                export();
            }
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
            meters.update(stats.getObject().read(node, clock.instant()));
        } catch (RuntimeException e) {
            if (!receivers.isEnding && !isQueryFailureLogged) {
                isQueryFailureLogged = true;
                log.warn("Metrics keep their previous values, the query failed: {}", DatabaseErrors.summary(e));
            }
        }
        long took = System.nanoTime() - start;
        nextQueryAt = System.nanoTime() + took * QUERY_SHARE;
    }

    /**
     * Exports the result of the command for the last time and waits for the targets.
     *
     * @param command {@code run} or {@code verify}
     */
    void ended(String command, CommandResult result, Instant startedAt, Duration took) {
        if (targets.isEmpty()) {
            return;
        }
        long start = System.nanoTime();
        if (result.isSummarized()) {
            nextQueryAt = start;
            receivers.await(
                    submitQuery(this::queryTables),
                    start + settings.timeout().dividedBy(3).toNanos());
        }
        if (result.exitCode() != ExitCode.ALREADY_RUNNING) {
            meters.commandEnded(command, result.exitCode(), startedAt, startedAt.plus(took));
        } else if ("run".equals(command)) {
            meters.overlapped(clock.instant());
        }
        List<Task> exports =
                targets.stream().map(target -> submit(target, true)).toList();
        exports.forEach(
                export -> receivers.await(export, start + settings.timeout().toNanos()));
    }

    @Override
    public void close() {
        if (otlp != null) {
            otlp.registry.stop();
        }
    }
}
