package io.github.notearchive.telemetry.metrics;

import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.ledger.CallListener;
import io.github.notearchive.archive.stats.CallTotals.CallCount;
import io.github.notearchive.archive.stats.WorklistStats.StateCount;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.nightly.RunCounts;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.ProviderCode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
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

    /** Exported meters of Spring Batch with their descriptions. Reading is excluded, since it is mostly waiting. */
    private static final Map<String, String> BATCH_METERS = Map.of(
            "spring.batch.job",
            "How long jobs took, by Spring Batch",
            "spring.batch.item.process",
            "How long notes took to be asked about and downloaded, by Spring Batch",
            "spring.batch.chunk.write",
            "How long notes took to be stored and written down, by Spring Batch");

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
        registry.config()
                .commonTags("node", node.node())
                .meterFilter(new DocumentedOnly())
                .meterFilter(new ShortLabels());
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
        gauge(
                "note.archive.exported.timestamp",
                "seconds",
                "When these values were taken",
                _ -> seconds(clock.instant()));
        gauge("note.archive.process.heap.used", "bytes", "Heap that the process uses", _ -> heap().getUsed());
        gauge("note.archive.process.heap.max", "bytes", "Heap that the process may use", _ -> heap().getMax());
        FunctionCounter.builder("note.archive.process.cpu", this, _ -> cpuSeconds())
                .baseUnit("seconds")
                .description("Processor time of the process, since it was started")
                .register(registry);
        for (String receiver : List.of("textfile", "pushgateway", "otlp", "webhook", "ping")) {
            Counter counter = Counter.builder("note.archive.telling.failures")
                    .tag("to", receiver)
                    .description("Metrics, messages and pings that somebody did not take")
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
        notes("forgotten", run -> run.notes().forgotten());
        refreshes("answered", RunCounts::refreshed);
        refreshes("gone", RunCounts::refreshesGone);
        refreshes("put_off", RunCounts::refreshesPutOff);
        files("stored", run -> run.files().stored(), run -> run.files().bytes());
        files("known", run -> run.files().known(), run -> run.files().bytesKnown());
        files("taken_over", run -> run.files().takenOver(), run -> run.files().bytesTakenOver());
        files("improved", run -> run.files().improved(), null);
        media("requests", null, "Requests to media servers", run -> run.files().requests());
        media("received", "bytes", "What media servers sent, failed tries included", RunCounts::bytesReceived);
        failedDownloads("dead", run -> run.downloads().dead());
        failedDownloads("passing", run -> run.downloads().passing());
        failedDownloads("refused", run -> run.downloads().refused());
        for (Endpoint endpoint : Endpoint.values()) {
            latency(endpoint);
        }
        calls("0", Billed.YES);
        spool("files", null, "Files between download and store", NodeGauges.SpoolUse::files);
        spool("size", "bytes", "Bytes between download and store", NodeGauges.SpoolUse::bytes);
        spool(
                "limit",
                "bytes",
                "How many of these bytes may be on the disk, archive.media.max-spool-size",
                NodeGauges.SpoolUse::limit);
        spool("disk.free", "bytes", "Bytes that are free on the disk of these files", NodeGauges.SpoolUse::diskFree);
    }

    private void registerRunning() {
        String description = "1 while a run is going on, as far as it could still say";
        gauge("note.archive.running", null, description, meters -> meters.isRunning ? 1 : 0);
    }

    private void notes(String disposition, ToDoubleFunction<RunCounts> value) {
        String description = "What became of notes; one that was put off counts each time";
        runCounter("notes", null, description, value, "disposition", disposition);
    }

    private void refreshes(String outcome, ToDoubleFunction<RunCounts> value) {
        String description = "What became of archived notes that were asked about anew";
        runCounter("refreshes", null, description, value, "outcome", outcome);
    }

    private void files(String outcome, ToDoubleFunction<RunCounts> files, @Nullable ToDoubleFunction<RunCounts> bytes) {
        runCounter("files", null, "What became of files", files, "outcome", outcome);
        if (bytes != null) {
            runCounter("size", "bytes", "Bytes of these files", bytes, "outcome", outcome);
        }
    }

    private void media(String name, @Nullable String unit, String description, ToDoubleFunction<RunCounts> value) {
        runCounter("media." + name, unit, description, value);
    }

    private void failedDownloads(String kind, ToDoubleFunction<RunCounts> value) {
        runCounter("media.failures", null, "Downloads that brought no file", value, "class", kind);
    }

    private void runCounter(
            String name,
            @Nullable String unit,
            String description,
            ToDoubleFunction<RunCounts> value,
            String... labels) {
        FunctionCounter.builder("note.archive.run." + name, this, meters -> value.applyAsDouble(meters.counts))
                .tags(labels)
                .baseUnit(unit)
                .description(description)
                .register(registry);
    }

    private void spool(
            String name, @Nullable String unit, String description, ToDoubleFunction<NodeGauges.SpoolUse> value) {
        gauge(
                "note.archive.spool." + name,
                unit,
                description,
                meters -> value.applyAsDouble(meters.node.spool().get()));
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
                .description("Calls that came back, by the provider's code")
                .register(registry);
    }

    private Timer latency(Endpoint endpoint) {
        return Timer.builder("note.archive.run.call.duration")
                .tag("endpoint", endpoint.ledgerName())
                .description("How long calls took")
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
            stat(
                    "notes",
                    null,
                    "Notes on the worklist",
                    now -> sum(now, state, StateCount::notes),
                    "state",
                    state.name());
            String due = "Of these, notes that are due now";
            stat("notes.due", null, due, now -> sum(now, state, StateCount::due), "state", state.name());
        }
        stat("refreshes.due", null, "Archived notes that are to be asked about anew now", ArchiveStats::refreshesDue);
        String degraded = "Archived notes that have a file in a lesser rendition than the best one offered";
        stat("notes.degraded", null, degraded, ArchiveStats::degradedNotes);
        stat("new.fields", null, "Fields of responses that are new and not reviewed", ArchiveStats::newFields);
    }

    private void registerCalls() {
        for (Billed billed : Billed.values()) {
            String description = "Calls of this day in Shanghai, of all runs and nodes";
            stat("calls.tonight", null, description, now -> sum(now, billed), "billed", label(billed));
        }
        String allowed = "Calls that our own limit allows in a day; 0: no limit";
        stat("calls.allowed", null, allowed, _ -> node.callsPerNight().getAsLong());
        String closed = "Until when the provider wants no more calls; 0: the gate is open";
        stat("gate.closed.until.timestamp", "seconds", closed, now -> seconds(now.gateClosedUntil()));
    }

    private void registerFiles() {
        stat("media.objects", null, "Files in the store", now -> now.media().files());
        stat(
                "media.size",
                "bytes",
                "Bytes of files in the store",
                now -> now.media().bytes());
        String oldest = "When the file verified the longest ago was; 0: one never was, or there is none";
        stat(
                "fixity.oldest.verified.timestamp",
                "seconds",
                oldest,
                now -> seconds(now.verified().oldest()));
        String never = "Files that were never verified since the tables were rebuilt; 100000 are that many or more";
        stat("fixity.never.verified", null, never, now -> now.verified().never());
        for (Damage.Kind kind : Damage.Kind.values()) {
            ToDoubleFunction<ArchiveStats> open = now -> now.findings().getOrDefault(kind, 0L);
            stat("fixity.findings", null, "Open findings of audits", open, "kind", kind.name());
        }
    }

    private void registerCommands() {
        unfinished("rebuild", now -> now.unfinished().rebuild() ? 1 : 0);
        unfinished("remap", now -> now.unfinished().remap() ? 1 : 0);
        unfinished("forget", now -> now.unfinished().forget());
        String success = "When the newest run ended that ended with 0, 3, 6 or 7; 0: none did";
        stat("last.success.timestamp", "seconds", success, now -> seconds(now.lastSuccess()));
    }

    private void unfinished(String command, ToDoubleFunction<ArchiveStats> value) {
        String description =
                "Not 0 while a command has begun and not completed; of forget the number of notes and authors";
        stat("unfinished", null, description, value, "command", command);
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

    private void stat(
            String name,
            @Nullable String unit,
            String description,
            ToDoubleFunction<ArchiveStats> value,
            String... labels) {
        gauge("note.archive." + name, unit, description, meters -> valueOf(meters.stats, value), labels);
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
                null,
                "Exit code of the last " + noun,
                last -> last.exitCode().number());
        String started = "When the last " + noun + " that has ended began";
        last(command, "start.timestamp", "seconds", started, last -> seconds(last.startedAt()));
        last(command, "end.timestamp", "seconds", "When the last " + noun + " ended", last -> seconds(last.endedAt()));
        last(command, "duration", "seconds", "How long the last " + noun + " took", Meters::duration);
        if (isRun) {
            isRunning = false;
            registerRunning();
            String description = "1 for how the last run ended, 0 for all others";
            Stream.of(ExitCode.values())
                    .filter(code -> code != ExitCode.FINDINGS && code != ExitCode.ALREADY_RUNNING)
                    .forEach(code -> last(
                            command,
                            "result",
                            null,
                            description,
                            last -> last.exitCode() == code ? 1 : 0,
                            code.name()));
        }
    }

    private static double duration(End end) {
        return Duration.between(end.startedAt(), end.endedAt()).toMillis() / 1e3;
    }

    private void last(
            String command,
            String name,
            @Nullable String unit,
            String description,
            ToDoubleFunction<End> value,
            String... result) {
        String[] labels = result.length == 0 ? result : new String[] {"result", result[0]};
        String metric = "note.archive.last." + command + "." + name;
        gauge(metric, unit, description, meters -> valueOf(meters.ends.get(command), value), labels);
    }

    /** Registers the time of a run that found another active run of its node. */
    void overlapped(Instant now) {
        overlappedAt = now;
        String description = "When a run last found another one of its node active, and ended with 5";
        gauge("note.archive.last.overlap.timestamp", "seconds", description, meters -> seconds(meters.overlappedAt));
    }

    /** Registers a gauge unless it exists. */
    private void gauge(
            String name, @Nullable String unit, String description, ToDoubleFunction<Meters> value, String... labels) {
        if (registry.find(name).tags(labels).gauge() == null) {
            Gauge.builder(name, this, value)
                    .tags(labels)
                    .baseUnit(unit)
                    .description(description)
                    .register(registry);
        }
    }

    private static double seconds(@Nullable Instant instant) {
        return instant == null ? 0 : instant.toEpochMilli() / 1e3;
    }

    /** Denies meters that {@code src/docs/metrics.md} does not list. */
    private static final class DocumentedOnly implements MeterFilter {

        @Override
        public MeterFilterReply accept(Meter.Id id) {
            return id.getName().startsWith("note.archive.") || BATCH_METERS.containsKey(id.getName())
                    ? MeterFilterReply.NEUTRAL
                    : MeterFilterReply.DENY;
        }
    }

    /** Gives the meters of Spring Batch a description and short labels, equal for all workers of a step. */
    private static final class ShortLabels implements MeterFilter {

        @Override
        public Meter.Id map(Meter.Id id) {
            String description = BATCH_METERS.get(id.getName());
            if (description == null) {
                return id;
            }
            Tags tags =
                    Tags.of(id.getTags().stream().flatMap(ShortLabels::shorten).toList());
            return new Meter.Id(id.getName(), tags, id.getBaseUnit(), description, id.getType());
        }

        private static Stream<Tag> shorten(Tag tag) {
            String key = tag.getKey();
            if (key.equals("node")) {
                return Stream.of(tag);
            }
            if (key.endsWith(".status")) {
                return Stream.of(Tag.of("status", tag.getValue()));
            }
            return key.endsWith("job.name") ? Stream.of(Tag.of("job_name", tag.getValue())) : Stream.empty();
        }
    }
}
