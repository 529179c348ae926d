package io.github.notearchive.telemetry.metrics;

import io.github.notearchive.batch.CommandResult;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.telemetry.notify.Receivers;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
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
public class MetricsExport implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(MetricsExport.class);

    private static final Duration MIN_INTERVAL = Duration.ofSeconds(30);

    /** The tables are queried for at most one part in this number of the time. */
    private static final int QUERY_SHARE = 20;

    private final MetricsProperties settings;
    private final Meters meters;
    private final ObjectProvider<ArchiveStatsReader> stats;
    private final String node;
    private final Clock clock;
    private final List<MetricsExporter> exporters = new ArrayList<>();
    private @Nullable Receivers receivers;
    private volatile long exportedAt;
    private volatile long nextQueryAt;
    private volatile boolean isQueryFailureLogged;

    MetricsExport(
            MetricsProperties settings,
            Meters meters,
            ObjectProvider<ArchiveStatsReader> stats,
            NodeGauges node,
            Clock clock) {
        this.settings = settings;
        this.meters = meters;
        this.stats = stats;
        this.node = node.node();
        this.clock = clock;
    }

    /** Connects the configured targets. */
    public void open(Receivers threads) {
        receivers = threads;
        exportedAt = System.nanoTime() - MIN_INTERVAL.toNanos();
        nextQueryAt = System.nanoTime();
        if (!settings.isAny()) {
            return;
        }
        Duration timeout = settings.timeout().dividedBy(3);
        if (!settings.textfile().isBlank() || settings.pushUrl().isPresent()) {
            PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
            meters.exportTo(prometheus);
            settings.textfileOf(node).ifPresent(file -> exporters.add(new Textfile(file, node, prometheus)));
            if (settings.pushUrl().isPresent()) {
                exporters.add(new Pushgateway(settings, node, prometheus, threads.client(), timeout));
            }
        }
        if (settings.otlpUrl().isPresent()) {
            Otlp otlp = new Otlp(settings, node, threads.client(), timeout);
            meters.exportTo(otlp.registry());
            exporters.add(otlp);
        }
        meters.open();
    }

    /** Counts a delivery that a receiver of metrics or notifications did not accept. */
    public void countFailure(String receiver) {
        meters.countFailure(receiver);
    }

    /** The execution of a run starts: its counters are exported from now on. */
    public void runStarted() {
        if (!exporters.isEmpty()) {
            meters.runStarted();
            export();
        }
    }

    /** Updates the counters of the run, and exports them unless the last export is too recent. */
    public void progress(RunCounts counts) {
        if (!exporters.isEmpty()) {
            meters.progress(counts);
            if (System.nanoTime() - exportedAt >= MIN_INTERVAL.toNanos()) {
                export();
            }
        }
    }

    private void export() {
        exportedAt = System.nanoTime();
        submitQuery(() -> {
            queryTables();
            exporters.forEach(exporter -> submit(exporter, false));
        });
    }

    private Receivers.Task submitQuery(Runnable query) {
        return threads().submit("tables", "for metrics", query);
    }

    private void queryTables() {
        long start = System.nanoTime();
        if (start - nextQueryAt < 0) {
            return;
        }
        try {
            meters.update(stats.getObject().read(node, clock.instant()));
        } catch (RuntimeException e) {
            if (!threads().isEnding() && !isQueryFailureLogged) {
                isQueryFailureLogged = true;
                log.warn("Metrics keep their previous values, the query failed: {}", DatabaseErrors.summary(e));
            }
        }
        long took = System.nanoTime() - start;
        nextQueryAt = System.nanoTime() + took * QUERY_SHARE;
    }

    private Receivers.Task submit(MetricsExporter exporter, boolean isLast) {
        return threads().submit(exporter.name(), exporter.target(), () -> export(exporter, isLast));
    }

    private void export(MetricsExporter exporter, boolean isLast) {
        try {
            exporter.export(isLast);
        } catch (MetricsExporter.ExportException e) {
            threads().failed(exporter.name(), exporter.target(), String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            threads().failed(exporter.name(), exporter.target(), Receivers.location(e));
        }
    }

    /**
     * Exports the result of the command for the last time and waits for the targets.
     *
     * @param command {@code run} or {@code verify}
     */
    public void ended(String command, CommandResult result, Instant startedAt, Duration took) {
        if (exporters.isEmpty()) {
            return;
        }
        long until = System.nanoTime() + settings.timeout().toNanos();
        if (result.isSummarized()) {
            nextQueryAt = System.nanoTime();
            threads()
                    .await(
                            submitQuery(this::queryTables),
                            System.nanoTime() + settings.timeout().dividedBy(3).toNanos());
        }
        boolean isRun = "run".equals(command);
        if (result.exitCode() != ExitCode.ALREADY_RUNNING) {
            meters.commandEnded(command, new Meters.End(result.exitCode(), startedAt, startedAt.plus(took)));
        } else if (isRun) {
            meters.overlapped(clock.instant());
        }
        List<Receivers.Task> exports =
                exporters.stream().map(exporter -> submit(exporter, true)).toList();
        exports.forEach(export -> threads().await(export, until));
    }

    private Receivers threads() {
        if (receivers == null) {
            throw new IllegalStateException("not open");
        }
        return receivers;
    }

    @Override
    public void close() {
        exporters.forEach(MetricsExporter::close);
    }
}
