package io.github.notearchive.telemetry;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.archive.query.NoteChanges;
import io.github.notearchive.archive.query.NoteChanges.ChangeDigest;
import io.github.notearchive.batch.CommandResult;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.batch.RunObserver;
import io.github.notearchive.io.files.AtomicFile;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.time.Deadline;
import io.github.notearchive.note.Night;
import io.github.notearchive.telemetry.NotifyProperties.NotifyEvent;
import io.github.notearchive.telemetry.Receivers.DeliveryException;
import io.github.notearchive.telemetry.Receivers.Task;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.micrometer.registry.otlp.OtlpMeterRegistry;
import io.micrometer.registry.otlp.OtlpMetricsSender;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.io.function.IOConsumer;
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
    private static final ContentType PROTOBUF = ContentType.create("application/x-protobuf");
    private static final Duration MIN_INTERVAL = Duration.ofSeconds(30);

    /** The tables are queried for at most one part in this number of the time. */
    private static final int QUERY_SHARE = 20;

    private final MetricsProperties metrics;
    private final NotifyProperties notify;
    private final Meters meters;
    private final ObjectProvider<ArchiveStats> stats;
    private final ObjectProvider<NoteChanges> changes;
    private final NodeGauges node;
    private final Clock clock;
    private final Receivers receivers;
    private final List<ExportTarget> targets = new ArrayList<>();
    private String command = "run";
    private Instant startedAt = Instant.EPOCH;
    private long startNanos;
    private volatile Deadline nextExport = Deadline.in(Duration.ZERO);
    private volatile Deadline nextQuery = Deadline.in(Duration.ZERO);

    /** Null before the command is opened, and after its end. */
    private volatile @Nullable Notifications notifications;

    RunTelemetry(
            MetricsProperties metrics,
            NotifyProperties notify,
            Meters meters,
            ObjectProvider<ArchiveStats> stats,
            ObjectProvider<NoteChanges> changes,
            NodeGauges node,
            Clock clock,
            Receivers receivers) {
        this.metrics = metrics;
        this.notify = notify;
        this.meters = meters;
        this.stats = stats;
        this.changes = changes;
        this.node = node;
        this.clock = clock;
        this.receivers = receivers;
    }

    /**
     * Values of this process that other modules own. The suppliers are called at each export.
     *
     * @param callsPerNight own limit of calls in a night; 0: no limit
     * @param spool first called when the execution of a run starts
     */
    public record NodeGauges(String node, LongSupplier callsPerNight, Supplier<SpoolUse> spool) {

        /**
         * Files between download and store, the limit of their bytes, and the free bytes of the disk; NaN if unknown.
         */
        public record SpoolUse(long files, long bytes, long limit, double diskFree) {}
    }

    /**
     * Target of the metrics, see {@link Receivers#submit}.
     *
     * @param export receives whether it is the last one of the command
     */
    private record ExportTarget(String name, String address, IOConsumer<Boolean> export) {}

    /**
     * File for node_exporter's textfile collector.
     *
     * <p>It is replaced atomically and readable by everyone. Metric families that this process has not measured keep
     * their lines, so a run that did not reach the database keeps the last success. Processes that write at the same
     * time take turns by a lock file.
     */
    record Textfile(Path file, PrometheusMeterRegistry registry) {

        private static final Pattern FAMILY = Pattern.compile("# HELP (\\S+).*");

        void export() throws DeliveryException {
            Path lockFile = file.resolveSibling("." + file.getFileName() + ".lock");
            try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock _ = channel.lock()) {
                Map<String, String> families = families(Files.exists(file) ? Files.readString(file, UTF_8) : "");
                families.putAll(families(registry.scrape()));
                byte[] text = String.join("", families.values()).getBytes(UTF_8);
                AtomicFile.write(file, ".tmp", out -> out.write(text), AtomicFile.READABLE_BY_ALL);
            } catch (FileSystemException e) {
                String why = e.getReason() == null ? "" : ": " + e.getReason();
                throw new DeliveryException(e.getClass().getSimpleName() + why, false);
            } catch (IOException e) {
                throw new DeliveryException(e.toString(), false);
            }
        }

        /** Splits the text format into metric families by name, each with all its lines. */
        private static Map<String, String> families(String text) {
            Map<String, String> families = new TreeMap<>();
            String family = "";
            for (String line : text.lines().toList()) {
                Matcher header = FAMILY.matcher(line);
                family = header.matches() ? header.group(1) : family.isEmpty() ? line : family;
                families.merge(family, line + "\n", String::concat);
            }
            return families;
        }
    }

    /** Runs a command, {@code run} or {@code verify}, and reports its result or the exception that it throws. */
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
            Night night = Night.of(startedAt);
            notifications = new Notifications(notify, name, node.node(), night, clock, receivers, UUID.randomUUID());
        } catch (RuntimeException e) {
            log.warn("No metrics and notifications of this {}: {}", command, Receivers.location(e));
        }
    }

    private void connectTargets(Duration timeout) {
        PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        if (!metrics.textfile().isBlank()) {
            Path path = Path.of(metrics.textfile().strip().replace("{node}", node.node()));
            Textfile file = new Textfile(path.toAbsolutePath(), prometheus);
            targets.add(new ExportTarget("textfile", file.file.toString(), _ -> file.export()));
        }
        SecretUrl gateway = metrics.pushUrl();
        if (gateway.isPresent()) {
            URI group = gateway.address(
                    "/metrics" + label("job", metrics.pushJob().strip()) + label("instance", node.node()));
            // POST replaces the metric families in the request and keeps the others of the group
            targets.add(new ExportTarget("pushgateway", gateway.toString(), _ -> {
                byte[] body = prometheus.scrape().getBytes(UTF_8);
                receivers.post(group, body, TEXT, gateway.authorizationHeader(), timeout, _ -> {});
            }));
        }
        if (!targets.isEmpty()) {
            meters.registry.add(prometheus);
        }
        if (metrics.otlpUrl().isPresent()) {
            OtlpMeterRegistry otlp = otlp(timeout);
            meters.registry.add(otlp);
            targets.add(new ExportTarget("otlp", metrics.otlpUrl().toString(), isLast -> {
                if (isLast) {
                    otlp.close();
                }
            }));
        }
        meters.open();
    }

    private static String label(String name, String value) {
        return value.matches("[A-Za-z0-9._-]+")
                ? "/" + name + "/" + value
                : "/" + name + "@base64/" + Base64.getUrlEncoder().encodeToString(value.getBytes(UTF_8));
    }

    /** Returns a registry that sends by itself each minute, and once when it is closed. */
    private OtlpMeterRegistry otlp(Duration timeout) {
        SecretUrl url = metrics.otlpUrl();
        Map<String, String> headers = metrics.otlpAuthorization().isPresent()
                ? Map.of("Authorization", metrics.otlpAuthorization().value())
                : url.authorizationHeader();
        OtlpMetricsSender sender = request -> receivers.deliver(
                "otlp",
                url.toString(),
                () -> receivers.post(url.address(), request.getMetricsData(), PROTOBUF, headers, timeout, _ -> {}));
        // instead of environment variables of OpenTelemetry; our own sender uses neither URL nor headers
        Map<String, String> config = Map.of(
                "otlp.url", "http://set-by-the-sender.invalid/v1/metrics",
                "otlp.headers", "",
                "otlp.resourceAttributes", "service.name=note-archive,service.instance.id=" + node.node());
        return OtlpMeterRegistry.builder(config::get).metricsSender(sender).build();
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
        if (nextExport.isOver()) {
            export();
        }
    }

    /** Queries the tables if they are due, and then exports even if the query failed. */
    private void export() {
        nextExport = Deadline.in(MIN_INTERVAL);
        Task _ = submitQuery();
        Task _ = receivers.submit("tables", "for metrics", () -> targets.forEach(target -> submit(target, false)));
    }

    private Task submitQuery() {
        return receivers.submit("tables", "for metrics", this::queryTables);
    }

    private Task submit(ExportTarget target, boolean isLast) {
        return receivers.submit(target.name, target.address, () -> target.export.accept(isLast));
    }

    private void queryTables() throws DeliveryException {
        if (!nextQuery.isOver()) {
            return;
        }
        long start = System.nanoTime();
        try {
            stats.getObject().update(meters, node, clock.instant());
        } catch (RuntimeException e) {
            if (!receivers.isEnding) {
                String reason = "the query failed, the metrics keep their previous values: ";
                throw new DeliveryException(reason + DatabaseErrors.summary(e), false);
            }
        } finally {
            nextQuery = Deadline.in(Duration.ofNanos(System.nanoTime() - start).multipliedBy(QUERY_SHARE));
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
            Deadline until = Deadline.in(notify.timeout());
            List<Task> sent = messages.ended(result, took, digest(messages.night(), result), until);
            exportEnd(result, took);
            sent.forEach(task -> receivers.await(task, until));
        } catch (RuntimeException e) {
            log.warn("The end of the {} was not reported: {}", command, Receivers.location(e));
        }
    }

    /** Queries the changes of the night for the message of a run; null without a message or within the time. */
    private @Nullable ChangeDigest digest(Night night, CommandResult result) {
        if (result.counts() == null || notify.digest() == 0 || !notify.sends(NotifyEvent.of(result.exitCode()))) {
            return null;
        }
        AtomicReference<@Nullable ChangeDigest> digest = new AtomicReference<>();
        Task query = receivers.submit(
                "digest",
                "for messages",
                () -> digest.set(changes.getObject().digest(night.begins(), notify.digest())));
        receivers.await(query, Deadline.in(notify.timeout().dividedBy(3)));
        return digest.get();
    }

    private void exportEnd(CommandResult result, Duration took) {
        if (targets.isEmpty()) {
            return;
        }
        Deadline end = Deadline.in(metrics.timeout());
        if (result.isSummarized()) {
            nextQuery = Deadline.in(Duration.ZERO);
            receivers.await(submitQuery(), Deadline.in(metrics.timeout().dividedBy(3)));
        }
        if (result.exitCode() != ExitCode.ALREADY_RUNNING) {
            meters.commandEnded(command, result.exitCode(), startedAt, startedAt.plus(took));
        } else if ("run".equals(command)) {
            meters.set("last.overlap.timestamp", Meters.seconds(clock.instant()));
        }
        List<Task> exports =
                targets.stream().map(target -> submit(target, true)).toList();
        exports.forEach(export -> receivers.await(export, end));
    }
}
