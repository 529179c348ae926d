package io.github.notearchive.telemetry;

import com.sun.management.OperatingSystemMXBean;
import io.github.notearchive.archive.ledger.CallRepository.CallListener;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.ProviderCode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleSupplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
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
    private static final Duration[] LATENCY_BUCKETS = Stream.of(
                    500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 120_000)
            .map(Duration::ofMillis)
            .toArray(Duration[]::new);

    private final CompositeMeterRegistry registry = new CompositeMeterRegistry();
    private final NodeGauges node;
    private final Clock clock;

    /** Last values by name and labels. */
    private final Map<String, Double> values = new ConcurrentHashMap<>();

    Meters(NodeGauges node, Clock clock) {
        this.node = node;
        this.clock = clock;
        registry.config().commonTags("node", node.node()).meterFilter(new BatchMetrics.Filter());
    }

    /** Adds a registry that receives all meters. */
    void exportTo(MeterRegistry exporter) {
        registry.add(exporter);
    }

    /** Returns the registry for the meters of Spring Batch. */
    MeterRegistry registry() {
        return registry;
    }

    /** Registers the metrics of the process, which every command has. */
    void open() {
        register("exported.timestamp", "When these values were taken", () -> seconds(clock.instant()));
        register("process.heap.used", "Heap that the process uses", () -> heap().getUsed());
        register("process.heap.max", "Heap that the process may use", () -> heap().getMax());
        register("process.cpu", "Processor time of the process, since it was started", Meters::cpuSeconds);
        RECEIVERS.forEach(this::failures);
    }

    private static MemoryUsage heap() {
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    }

    private static double cpuSeconds() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime() / 1e9;
    }

    private Counter failures(String receiver) {
        return Counter.builder("note.archive.notification.failures")
                .tag("to", receiver)
                .description("Metrics, messages and pings that failed")
                .register(registry);
    }

    /** Counts a failed delivery to a receiver; ignores other names. */
    void countFailure(String receiver) {
        if (RECEIVERS.contains(receiver)) {
            failures(receiver).increment();
        }
    }

    /** Registers the metrics of a run, whose counters start at 0. */
    void runStarted() {
        isRunning(true);
        progress(RunCounts.NONE);
        for (Endpoint endpoint : Endpoint.values()) {
            latency(endpoint);
        }
        calls("0", Billed.YES);
        spool("files", "Files between download and store", NodeGauges.SpoolUse::files);
        spool("size", "Bytes between download and store", NodeGauges.SpoolUse::bytes);
        spool("limit", "Limit of these bytes, archive.media.max-spool-size", NodeGauges.SpoolUse::limit);
        spool("disk.free", "Bytes that are free on the disk of these files", NodeGauges.SpoolUse::diskFree);
    }

    private void spool(String name, String description, ToDoubleFunction<NodeGauges.SpoolUse> value) {
        register(
                "spool." + name,
                description,
                () -> value.applyAsDouble(node.spool().get()));
    }

    private void isRunning(boolean isRunning) {
        set("running", "1 while a run is active, as last written", isRunning ? 1 : 0);
    }

    /** Updates the counters of the run. */
    void progress(RunCounts run) {
        RunCounts.Notes notes = run.notes();
        String dispositions = "Notes by disposition; a postponed note counts each time";
        set("run.notes", dispositions, notes.archived(), "disposition", "archived");
        set("run.notes", dispositions, notes.unavailable(), "disposition", "unavailable");
        set("run.notes", dispositions, notes.postponed(), "disposition", "postponed");
        set("run.notes", dispositions, notes.failed(), "disposition", "failed");
        set("run.notes", dispositions, notes.released(), "disposition", "released");
        set("run.notes", dispositions, notes.erased(), "disposition", "erased");
        String refreshes = "Refreshes of archived notes by outcome";
        set("run.refreshes", refreshes, run.refreshes().refreshed(), "outcome", "refreshed");
        set("run.refreshes", refreshes, run.refreshes().unavailable(), "outcome", "unavailable");
        set("run.refreshes", refreshes, run.refreshes().postponed(), "outcome", "postponed");
        RunCounts.Files files = run.files();
        set("run.files", "Media files by outcome", files.stored(), "outcome", "stored");
        set("run.files", "Media files by outcome", files.deduplicated(), "outcome", "deduplicated");
        set("run.files", "Media files by outcome", files.reused(), "outcome", "reused");
        set("run.files", "Media files by outcome", files.upgraded(), "outcome", "upgraded");
        set("run.size", "Bytes of these files", files.bytesStored(), "outcome", "stored");
        set("run.size", "Bytes of these files", files.bytesDeduplicated(), "outcome", "deduplicated");
        set("run.size", "Bytes of these files", files.bytesReused(), "outcome", "reused");
        set("run.media.requests", "Requests to media servers", files.requests());
        String received = "Bytes of responses of media servers, failed attempts included";
        set("run.media.received", received, run.bytesReceived());
        set("run.media.failures", "Failed downloads", run.downloads().expired(), "class", "expired");
        set("run.media.failures", "Failed downloads", run.downloads().retryable(), "class", "retryable");
        set("run.media.failures", "Failed downloads", run.downloads().rejected(), "class", "rejected");
    }

    @Override
    public void onResponse(Endpoint endpoint, @Nullable Integer code, Billed billed, Duration took) {
        String known = code == null ? "none" : ProviderCode.DOCUMENTED.contains(code) ? code.toString() : "other";
        calls(known, billed).increment();
        latency(endpoint).record(took);
    }

    private Counter calls(String code, Billed billed) {
        return Counter.builder("note.archive.run.calls")
                .tags("code", code, "billed", label(billed))
                .description("Responses of the provider by code")
                .register(registry);
    }

    private Timer latency(Endpoint endpoint) {
        return Timer.builder("note.archive.run.call.duration")
                .tag("endpoint", endpoint.ledgerName())
                .description("Duration of calls")
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
        boolean isRun = "run".equals(command);
        String noun = isRun ? "run" : "audit";
        String last = "last." + command + ".";
        set(last + "exit.code", "Exit code of the last " + noun, exitCode.number());
        set(last + "start.timestamp", "When the last " + noun + " that has ended began", seconds(startedAt));
        set(last + "end.timestamp", "When the last " + noun + " ended", seconds(endedAt));
        double took = Duration.between(startedAt, endedAt).toMillis() / 1e3;
        set(last + "duration", "How long the last " + noun + " took", took);
        if (isRun) {
            isRunning(false);
            String description = "1 for how the last run ended, 0 for all others";
            EnumSet.complementOf(EnumSet.of(ExitCode.FINDINGS, ExitCode.ALREADY_RUNNING))
                    .forEach(
                            code -> set(last + "result", description, code == exitCode ? 1 : 0, "result", code.name()));
        }
    }

    /** Records the time of a run that found another active run of its node. */
    void overlapped(Instant now) {
        String description = "When a run last found another one of its node active, and ended with 5";
        set("last.overlap.timestamp", description, seconds(now));
    }

    /** Sets a gauge, or a counter of the run, and registers it with its first value. */
    void set(String name, String description, Number value, String... labels) {
        String key = name + String.join(" ", labels);
        if (values.put(key, value.doubleValue()) == null) {
            register(name, description, () -> values.getOrDefault(key, 0.0), labels);
        }
    }

    private void register(String name, String description, DoubleSupplier value, String... labels) {
        String metric = "note.archive." + name;
        if (name.startsWith("run.") || name.equals("process.cpu")) {
            // a meter holds its object weakly, and its function strongly
            FunctionCounter.builder(metric, this, _ -> value.getAsDouble())
                    .tags(labels)
                    .baseUnit(unit(name))
                    .description(description)
                    .register(registry);
        } else {
            Gauge.builder(metric, value::getAsDouble)
                    .tags(labels)
                    .baseUnit(unit(name))
                    .description(description)
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
