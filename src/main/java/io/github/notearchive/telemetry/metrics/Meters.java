package io.github.notearchive.telemetry.metrics;

import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.ledger.CallListener;
import io.github.notearchive.archive.stats.CallTotals.CallCount;
import io.github.notearchive.archive.stats.WorklistStats.StateCount;
import io.github.notearchive.archive.worklist.NoteState;
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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleSupplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * All metrics, under the names of {@code src/docs/metrics.md}.
 *
 * <p>A metric family is registered when the process has measured it: the counters of a run at the start of its
 * execution, the statistics of the tables after the first query, the result of a command at its end. A registered
 * family stays, with 0 for "nothing", so an absent family means "not measured" and an exporter may keep its older
 * value.
 *
 * <p>Labels have few, known values: no external text, note id, host or URL.
 */
@Component
class Meters implements CallListener {

    private static final Duration[] LATENCY_BUCKETS = Stream.of(
                    500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 120_000)
            .map(Duration::ofMillis)
            .toArray(Duration[]::new);

    private static final Set<String> SECONDS = Set.of("timestamp", "duration");
    private static final Set<String> BYTES = Set.of("used", "max", "size", "received", "limit", "free");

    private final CompositeMeterRegistry registry = new CompositeMeterRegistry();
    private final NodeGauges node;
    private final Clock clock;
    private final Map<String, Counter> failures = new ConcurrentHashMap<>();
    private final Map<String, End> ends = new ConcurrentHashMap<>();
    private volatile RunCounts counts = RunCounts.NONE;
    private volatile boolean isRunning;
    private volatile @Nullable ArchiveStats stats;
    private volatile @Nullable Instant overlappedAt;

    /** Exit code and times of a command. */
    record End(ExitCode exitCode, Instant startedAt, Instant endedAt) {}

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
        gauge("note.archive.exported.timestamp", "When these values were taken", () -> seconds(clock.instant()));
        gauge("note.archive.process.heap.used", "Heap that the process uses", () -> heap().getUsed());
        gauge("note.archive.process.heap.max", "Heap that the process may use", () -> heap().getMax());
        FunctionCounter.builder("note.archive.process.cpu", this, _ -> cpuSeconds())
                .baseUnit("seconds")
                .description("Processor time of the process, since it was started")
                .register(registry);
        for (String receiver : List.of("textfile", "pushgateway", "otlp", "webhook", "ping")) {
            Counter counter = Counter.builder("note.archive.notification.failures")
                    .tag("to", receiver)
                    .description("Metrics, messages and pings that failed")
                    .register(registry);
            failures.put(receiver, counter);
        }
    }

    private static MemoryUsage heap() {
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    }

    private static double cpuSeconds() {
        Optional<Duration> cpu = ProcessHandle.current().info().totalCpuDuration();
        return cpu.orElse(Duration.ZERO).toNanos() / 1e9;
    }

    /** Counts a failed delivery. Ignores receivers that are not open. */
    void countFailure(String receiver) {
        Counter counter = failures.get(receiver);
        if (counter != null) {
            counter.increment();
        }
    }

    /** Registers the metrics of a run, whose counters start at 0. */
    void runStarted() {
        isRunning = true;
        counts = RunCounts.NONE;
        registerRunning();
        notes("archived", run -> run.notes().archived());
        notes("unavailable", run -> run.notes().unavailable());
        notes("postponed", run -> run.notes().postponed());
        notes("failed", run -> run.notes().failed());
        notes("released", run -> run.notes().released());
        notes("erased", run -> run.notes().erased());
        refreshes("refreshed", run -> run.refreshes().refreshed());
        refreshes("unavailable", run -> run.refreshes().unavailable());
        refreshes("postponed", run -> run.refreshes().postponed());
        files("stored", run -> run.files().stored(), run -> run.files().bytesStored());
        files(
                "deduplicated",
                run -> run.files().deduplicated(),
                run -> run.files().bytesDeduplicated());
        files("reused", run -> run.files().reused(), run -> run.files().bytesReused());
        files("upgraded", run -> run.files().upgraded(), null);
        runCounter(
                "media.requests",
                "Requests to media servers",
                run -> run.files().requests());
        runCounter(
                "media.received",
                "Bytes of responses of media servers, failed attempts included",
                RunCounts::bytesReceived);
        failures("expired", run -> run.downloads().expired());
        failures("retryable", run -> run.downloads().retryable());
        failures("rejected", run -> run.downloads().rejected());
        for (Endpoint endpoint : Endpoint.values()) {
            latency(endpoint);
        }
        calls("0", Billed.YES);
        spool("files", "Files between download and store", NodeGauges.SpoolUse::files);
        spool("size", "Bytes between download and store", NodeGauges.SpoolUse::bytes);
        spool("limit", "Limit of these bytes, archive.media.max-spool-size", NodeGauges.SpoolUse::limit);
        spool("disk.free", "Bytes that are free on the disk of these files", NodeGauges.SpoolUse::diskFree);
    }

    private void registerRunning() {
        String description = "1 while a run is active, as last written";
        gauge("note.archive.running", description, () -> isRunning ? 1 : 0);
    }

    private void notes(String disposition, ToDoubleFunction<RunCounts> value) {
        String description = "Notes by disposition; a postponed note counts each time";
        runCounter("notes", description, value, "disposition", disposition);
    }

    private void refreshes(String outcome, ToDoubleFunction<RunCounts> value) {
        String description = "Refreshes of archived notes by outcome";
        runCounter("refreshes", description, value, "outcome", outcome);
    }

    private void files(String outcome, ToDoubleFunction<RunCounts> files, @Nullable ToDoubleFunction<RunCounts> bytes) {
        runCounter("files", "Media files by outcome", files, "outcome", outcome);
        if (bytes != null) {
            runCounter("size", "Bytes of these files", bytes, "outcome", outcome);
        }
    }

    private void failures(String kind, ToDoubleFunction<RunCounts> value) {
        runCounter("media.failures", "Failed downloads", value, "class", kind);
    }

    private void runCounter(String name, String description, ToDoubleFunction<RunCounts> value, String... labels) {
        FunctionCounter.builder("note.archive.run." + name, this, meters -> value.applyAsDouble(meters.counts))
                .tags(labels)
                .baseUnit(unit(name))
                .description(description)
                .register(registry);
    }

    private void spool(String name, String description, ToDoubleFunction<NodeGauges.SpoolUse> value) {
        gauge(
                "note.archive.spool." + name,
                description,
                () -> value.applyAsDouble(node.spool().get()));
    }

    /** Updates the counters of the run. */
    void progress(RunCounts current) {
        counts = current;
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

    private static String label(Billed billed) {
        return billed.name().toLowerCase(Locale.ROOT);
    }

    /** Updates the statistics of the tables, and registers their metrics at the first call. */
    void update(ArchiveStats current) {
        boolean isFirst = stats == null;
        stats = current;
        if (isFirst) {
            registerNotes();
            registerCalls();
            registerFiles();
            registerCommands();
        }
    }

    private void registerNotes() {
        for (NoteState state : NoteState.values()) {
            stat("notes", "Notes on the worklist", now -> sum(now, state, StateCount::notes), "state", state.name());
            String due = "Of these, notes that are due now";
            stat("notes.due", due, now -> sum(now, state, StateCount::due), "state", state.name());
        }
        stat("refreshes.due", "Archived notes whose refresh is due", ArchiveStats::refreshesDue);
        String degraded = "Archived notes that have a file in a lesser rendition than the best one offered";
        stat("notes.degraded", degraded, ArchiveStats::degradedNotes);
        stat("new.fields", "Fields of responses that are new and not reviewed", ArchiveStats::newFields);
    }

    private void registerCalls() {
        for (Billed billed : Billed.values()) {
            String description = "Calls of this day in Shanghai, of all runs and nodes";
            stat("calls.tonight", description, now -> sum(now, billed), "billed", label(billed));
        }
        String allowed = "Configured limit of calls a day; 0: no limit";
        stat("calls.allowed", allowed, _ -> node.callsPerNight().getAsLong());
        String closed = "Time at which the gate reopens; 0: the gate is open";
        stat("gate.closed.until.timestamp", closed, now -> seconds(now.gateClosedUntil()));
    }

    private void registerFiles() {
        stat("media.objects", "Files in the store", now -> now.media().files());
        stat("media.size", "Bytes of files in the store", now -> now.media().bytes());
        String oldest = "Oldest time of verification of a file; 0: a file was never verified, or there is none";
        stat(
                "fixity.oldest.verified.timestamp",
                oldest,
                now -> seconds(now.verified().oldest()));
        String never = "Files not verified since the tables were rebuilt, counted up to 100000";
        stat("fixity.never.verified", never, now -> now.verified().never());
        for (Damage.Kind kind : Damage.Kind.values()) {
            ToDoubleFunction<ArchiveStats> open = now -> now.findings().getOrDefault(kind, 0L);
            stat("fixity.findings", "Open findings of audits", open, "kind", kind.name());
        }
    }

    private void registerCommands() {
        unfinished("rebuild", now -> now.unfinished().rebuild() ? 1 : 0);
        unfinished("remap", now -> now.unfinished().remap() ? 1 : 0);
        unfinished("forget", now -> now.unfinished().forget());
        String success = "End of the newest run with exit code 0, 3, 6 or 7; 0: none";
        stat("last.success.timestamp", success, now -> seconds(now.lastSuccess()));
    }

    private void unfinished(String command, ToDoubleFunction<ArchiveStats> value) {
        String description =
                "Not 0 while a started command is not completed; for forget the number of notes and authors";
        stat("unfinished", description, value, "command", command);
    }

    private static double sum(ArchiveStats stats, NoteState state, ToDoubleFunction<StateCount> value) {
        return stats.worklist().stream()
                .filter(count -> count.state() == state)
                .mapToDouble(value)
                .sum();
    }

    private static double sum(ArchiveStats stats, Billed billed) {
        return stats.callsTonight().stream()
                .filter(count -> count.billed() == billed)
                .mapToLong(CallCount::calls)
                .sum();
    }

    private void stat(String name, String description, ToDoubleFunction<ArchiveStats> value, String... labels) {
        gauge("note.archive." + name, description, () -> valueOf(stats, value), labels);
    }

    private static <T> double valueOf(@Nullable T source, ToDoubleFunction<T> value) {
        return source == null ? 0 : value.applyAsDouble(source);
    }

    /**
     * Registers the result of a command, whether or not it had an execution.
     *
     * @param command {@code run} or {@code verify}
     */
    void commandEnded(String command, End end) {
        ends.put(command, end);
        boolean isRun = "run".equals(command);
        String noun = isRun ? "run" : "audit";
        last(
                command,
                "exit.code",
                "Exit code of the last " + noun,
                last -> last.exitCode().number());
        String started = "When the last " + noun + " that has ended began";
        last(command, "start.timestamp", started, last -> seconds(last.startedAt()));
        last(command, "end.timestamp", "When the last " + noun + " ended", last -> seconds(last.endedAt()));
        last(command, "duration", "How long the last " + noun + " took", Meters::duration);
        if (isRun) {
            isRunning = false;
            registerRunning();
            String description = "1 for how the last run ended, 0 for all others";
            Stream.of(ExitCode.values())
                    .filter(code -> code != ExitCode.FINDINGS && code != ExitCode.ALREADY_RUNNING)
                    .forEach(code ->
                            last(command, "result", description, last -> last.exitCode() == code ? 1 : 0, code.name()));
        }
    }

    private static double duration(End end) {
        return Duration.between(end.startedAt(), end.endedAt()).toMillis() / 1e3;
    }

    private void last(String command, String name, String description, ToDoubleFunction<End> value, String... result) {
        String[] labels = result.length == 0 ? result : new String[] {"result", result[0]};
        String metric = "note.archive.last." + command + "." + name;
        gauge(metric, description, () -> valueOf(ends.get(command), value), labels);
    }

    /** Registers the time of a run that found another active run of its node. */
    void overlapped(Instant now) {
        overlappedAt = now;
        String description = "When a run last found another one of its node active, and ended with 5";
        gauge("note.archive.last.overlap.timestamp", description, () -> seconds(overlappedAt));
    }

    /** Registers a gauge unless it exists. */
    private void gauge(String name, String description, DoubleSupplier value, String... labels) {
        if (registry.find(name).tags(labels).gauge() == null) {
            Gauge.builder(name, value::getAsDouble)
                    .tags(labels)
                    .baseUnit(unit(name))
                    .description(description)
                    .register(registry);
        }
    }

    private static double seconds(@Nullable Instant instant) {
        return instant == null ? 0 : instant.toEpochMilli() / 1e3;
    }

    /** Returns the base unit by the last word of the name, or null for a number of things. */
    private static @Nullable String unit(String name) {
        String word = name.substring(name.lastIndexOf('.') + 1);
        return SECONDS.contains(word) ? "seconds" : BYTES.contains(word) ? "bytes" : null;
    }
}
