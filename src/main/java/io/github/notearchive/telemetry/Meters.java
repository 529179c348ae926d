package io.github.notearchive.telemetry;

import com.sun.management.OperatingSystemMXBean;
import io.github.notearchive.archive.ledger.CallRepository.CallListener;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.telemetry.RunTelemetry.NodeGauges;
import io.github.notearchive.telemetry.RunTelemetry.NodeGauges.SpoolUse;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler.IgnoredMeters;
import io.micrometer.observation.ObservationRegistry;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ResourceBundle;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleSupplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.Bean;
import org.springframework.stereotype.Component;

/**
 * All metrics, under the names of {@code src/docs/metrics.md}.
 *
 * <p>A metric family is registered with its first value: the counters of a run at the start of its execution, the
 * statistics of the tables after the first query, the result of a command at its end. A registered family stays, with 0
 * for "nothing", so an absent family means "not measured" and an exporter may keep its older value.
 *
 * <p>Labels have few, known values: no external text, note id, host or URL.
 */
@Component
class Meters implements CallListener {

    private static final List<String> RECEIVERS = List.of("textfile", "pushgateway", "otlp", "webhook", "ping");

    /** Results that a run cannot have, or that it does not report. */
    private static final Set<ExitCode> NO_RESULTS = EnumSet.of(ExitCode.FINDINGS, ExitCode.ALREADY_RUNNING);

    private static final Duration[] LATENCY_BUCKETS = LongStream.of(
                    500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 120_000)
            .mapToObj(Duration::ofMillis)
            .toArray(Duration[]::new);

    final CompositeMeterRegistry registry = new CompositeMeterRegistry();
    private final NodeGauges node;
    private final Clock clock;

    /** By name and labels. */
    private final Map<String, Double> values = new ConcurrentHashMap<>();

    Meters(NodeGauges node, Clock clock) {
        this.node = node;
        this.clock = clock;
        registry.config().commonTags("node", node.node()).meterFilter(new Exported());
    }

    /**
     * Denies meters without a description, and gives those of Spring Batch short labels, equal for all workers of a
     * step. Spring Batch's reading has none, since it is mostly waiting.
     */
    private static final class Exported implements MeterFilter {

        private final ResourceBundle descriptions =
                ResourceBundle.getBundle(Meters.class.getPackageName() + ".metrics");

        @Override
        public MeterFilterReply accept(Meter.Id id) {
            return id.getDescription() == null ? MeterFilterReply.DENY : MeterFilterReply.NEUTRAL;
        }

        @Override
        public Meter.Id map(Meter.Id id) {
            String name = id.getName();
            String description = descriptions.containsKey(name) ? descriptions.getString(name) : null;
            Tags tags = Tags.of(id.getTags());
            if (name.startsWith("spring.")) {
                tags = Tags.of(id.getTags().stream()
                        .flatMap(tag -> label(tag).stream())
                        .toList());
            }
            return new Meter.Id(name, tags, id.getBaseUnit(), description, id.getType());
        }

        private static List<Tag> label(Tag tag) {
            if (tag.getKey().equals("node")) {
                return List.of(tag);
            }
            if (tag.getKey().endsWith(".status")) {
                return List.of(Tag.of("status", tag.getValue()));
            }
            return tag.getKey().endsWith("job.name") ? List.of(Tag.of("job_name", tag.getValue())) : List.of();
        }
    }

    /** Records the observations of Spring Batch if metrics are exported. */
    @Bean
    ObservationRegistry observationRegistry(MetricsProperties settings) {
        if (!settings.isAny()) {
            return ObservationRegistry.NOOP;
        }
        ObservationRegistry observations = ObservationRegistry.create();
        var handler = new DefaultMeterObservationHandler(registry, IgnoredMeters.LONG_TASK_TIMER);
        observations.observationConfig().observationHandler(handler);
        return observations;
    }

    void open() {
        register("exported.timestamp", () -> seconds(clock.instant()));
        register("process.heap.used", () -> heap().getUsed());
        register("process.heap.max", () -> heap().getMax());
        register("process.cpu", Meters::cpuSeconds);
        RECEIVERS.forEach(this::failures);
    }

    private static MemoryUsage heap() {
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    }

    private static double cpuSeconds() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime() / 1e9;
    }

    private Counter failures(String receiver) {
        return registry.counter("note.archive.notification.failures", "to", receiver);
    }

    /** Counts a failed delivery to a receiver; ignores other names. */
    void countFailure(String receiver) {
        if (RECEIVERS.contains(receiver)) {
            failures(receiver).increment();
        }
    }

    /** Registers the metrics of a run, whose counters start at 0. */
    void runStarted() {
        set("running", 1);
        progress(RunCounts.NONE);
        for (Endpoint endpoint : Endpoint.values()) {
            latency(endpoint);
        }
        calls("0", Billed.YES);
        spool("files", SpoolUse::files);
        spool("size", SpoolUse::bytes);
        spool("limit", SpoolUse::limit);
        spool("disk.free", SpoolUse::diskFree);
    }

    private void spool(String name, ToDoubleFunction<SpoolUse> value) {
        register("spool." + name, () -> value.applyAsDouble(node.spool().get()));
    }

    void progress(RunCounts run) {
        RunCounts.Notes notes = run.notes();
        set("run.notes", notes.archived(), "disposition", "archived");
        set("run.notes", notes.unavailable(), "disposition", "unavailable");
        set("run.notes", notes.postponed(), "disposition", "postponed");
        set("run.notes", notes.failed(), "disposition", "failed");
        set("run.notes", notes.released(), "disposition", "released");
        set("run.notes", notes.erased(), "disposition", "erased");
        set("run.refreshes", run.refreshes().refreshed(), "outcome", "refreshed");
        set("run.refreshes", run.refreshes().unavailable(), "outcome", "unavailable");
        set("run.refreshes", run.refreshes().postponed(), "outcome", "postponed");
        RunCounts.FileCounts files = run.files();
        set("run.files", files.stored(), "outcome", "stored");
        set("run.files", files.deduplicated(), "outcome", "deduplicated");
        set("run.files", files.reused(), "outcome", "reused");
        set("run.files", files.upgraded(), "outcome", "upgraded");
        set("run.files", files.differing(), "outcome", "differing");
        set("run.size", files.bytesStored(), "outcome", "stored");
        set("run.size", files.bytesDeduplicated(), "outcome", "deduplicated");
        set("run.size", files.bytesReused(), "outcome", "reused");
        set("run.media.requests", files.requests());
        set("run.media.received", run.bytesReceived());
        set("run.media.failures", run.downloads().expired(), "class", "expired");
        set("run.media.failures", run.downloads().retryable(), "class", "retryable");
        set("run.media.failures", run.downloads().rejected(), "class", "rejected");
    }

    @Override
    public void onResponse(Endpoint endpoint, @Nullable Integer code, Billed billed, Duration took) {
        String known = code == null ? "none" : ProviderCode.DOCUMENTED.contains(code) ? code.toString() : "other";
        calls(known, billed).increment();
        latency(endpoint).record(took);
    }

    private Counter calls(String code, Billed billed) {
        return registry.counter("note.archive.run.calls", "code", code, "billed", label(billed));
    }

    private Timer latency(Endpoint endpoint) {
        return Timer.builder("note.archive.run.call.duration")
                .tag("endpoint", endpoint.ledgerName())
                .serviceLevelObjectives(LATENCY_BUCKETS)
                .register(registry);
    }

    static String label(Billed billed) {
        return billed.name().toLowerCase(Locale.ROOT);
    }

    /**
     * Records the result of a command, whether or not it had an execution.
     *
     * @param command {@code run} or {@code verify}
     */
    void commandEnded(String command, ExitCode exitCode, Instant startedAt, Instant endedAt) {
        String last = "last." + command + ".";
        set(last + "exit.code", exitCode.number());
        set(last + "start.timestamp", seconds(startedAt));
        set(last + "end.timestamp", seconds(endedAt));
        set(last + "duration", Duration.between(startedAt, endedAt).toMillis() / 1e3);
        if ("run".equals(command)) {
            set("running", 0);
            EnumSet.complementOf(EnumSet.copyOf(NO_RESULTS))
                    .forEach(code -> set(last + "result", code == exitCode ? 1 : 0, "result", code.name()));
        }
    }

    /** Sets a gauge, or a counter of the run, and registers it with its first value. */
    void set(String name, Number value, String... labels) {
        String key = name + String.join(" ", labels);
        if (values.put(key, value.doubleValue()) == null) {
            register(name, () -> values.getOrDefault(key, 0.0), labels);
        }
    }

    private void register(String name, DoubleSupplier value, String... labels) {
        String metric = "note.archive." + name;
        String unit = unit(name);
        if (name.startsWith("run.") || name.equals("process.cpu")) {
            // a meter holds its object weakly, and its function strongly
            FunctionCounter.builder(metric, this, _ -> value.getAsDouble())
                    .tags(labels)
                    .baseUnit(unit)
                    .register(registry);
        } else {
            Gauge.builder(metric, value::getAsDouble)
                    .tags(labels)
                    .baseUnit(unit)
                    .register(registry);
        }
    }

    static double seconds(@Nullable Instant instant) {
        return instant == null ? 0 : instant.toEpochMilli() / 1e3;
    }

    /** Returns the base unit by the last word of the name; null for a number of things. */
    private static @Nullable String unit(String name) {
        return switch (name.substring(name.lastIndexOf('.') + 1)) {
            case "timestamp", "duration", "cpu" -> "seconds";
            case "used", "max", "size", "received", "limit", "free" -> "bytes";
            default -> null;
        };
    }
}
