package io.github.notearchive.telemetry.metrics;

import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.stats.CallTotals;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.media.MediaProperties;
import io.github.notearchive.media.Spool;
import io.github.notearchive.nightly.ArchiveProperties;
import io.github.notearchive.nightly.RunCounts;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.ProviderReply;
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
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/**
 * Everything that is measured, under the names of {@code src/docs/metrics.md}.
 *
 * <p>A family of metrics appears when the process has measured it: what a run did when its execution begins, what the
 * tables say when they were read, how a run ended when it has. What has appeared stays, with 0 for "nothing", so that a
 * family which is absent always means "not measured", and whoever exports may leave an older value in its place.
 *
 * <p>Labels have few values that are all known before: nothing that comes from outside, no note, no host, no address.
 */
@Component
public class Meters {

    private static final Duration[] LATENCIES = {
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofSeconds(2),
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
        Duration.ofSeconds(20),
        Duration.ofSeconds(30),
        Duration.ofSeconds(60),
        Duration.ofSeconds(120)
    };

    /** Of Spring Batch's own those that say something here: reading is mostly waiting. */
    private static final Map<String, String> OF_BATCH = Map.of(
            "spring.batch.job",
            "How long jobs took, by Spring Batch",
            "spring.batch.item.process",
            "How long notes took to be asked about and downloaded, by Spring Batch",
            "spring.batch.chunk.write",
            "How long notes took to be stored and written down, by Spring Batch");

    private final CompositeMeterRegistry registry = new CompositeMeterRegistry();
    private final ObjectProvider<Spool> spool;
    private final ObjectProvider<MediaProperties> media;
    private final ObjectProvider<NoteSourceProperties> source;
    private final Clock clock;
    private final Map<String, Counter> exportFailures = new ConcurrentHashMap<>();
    private volatile RunCounts progress = RunCounts.NONE;
    private volatile boolean running;
    private volatile @Nullable ArchiveStats facts;
    private volatile @Nullable End lastRun;
    private volatile @Nullable End lastAudit;
    private volatile @Nullable Instant overlap;

    /** How and when a command began and ended. */
    public record End(ExitCode exitCode, Instant began, Instant ended) {}

    public Meters(
            ArchiveProperties settings,
            ObjectProvider<Spool> spool,
            ObjectProvider<MediaProperties> media,
            ObjectProvider<NoteSourceProperties> source,
            Clock clock) {
        this.spool = spool;
        this.media = media;
        this.source = source;
        this.clock = clock;
        registry.config()
                .commonTags("node", settings.node())
                .meterFilter(new DocumentedOnly())
                .meterFilter(new ShortLabels());
    }

    /** Lets somebody export what is measured from now on. */
    public void exportTo(MeterRegistry exporter) {
        registry.add(exporter);
    }

    /** Where Spring Batch puts its own. */
    MeterRegistry registry() {
        return registry;
    }

    /** What is measured whatever a command does. */
    public void open() {
        gauge(
                "note.archive.exported.timestamp",
                "seconds",
                "When these values were taken",
                _ -> seconds(clock.instant()));
        gauge(
                "note.archive.process.heap.used",
                "bytes",
                "Heap that the process uses",
                _ -> ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        gauge(
                "note.archive.process.heap.max",
                "bytes",
                "Heap that the process may use",
                _ -> ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getMax());
        FunctionCounter.builder("note.archive.process.cpu", this, _ -> cpuSeconds())
                .baseUnit("seconds")
                .description("Processor time of the process, since it was started")
                .register(registry);
        for (String receiver : new String[] {"textfile", "pushgateway", "otlp", "webhook", "ping"}) {
            exportFailures.put(
                    receiver,
                    Counter.builder("note.archive.telling.failures")
                            .tag("to", receiver)
                            .description("Metrics, messages and pings that somebody did not take")
                            .register(registry));
        }
    }

    private static double cpuSeconds() {
        return ProcessHandle.current()
                        .info()
                        .totalCpuDuration()
                        .orElse(Duration.ZERO)
                        .toNanos()
                / 1e9;
    }

    public void failedToTell(String receiver) {
        Counter counter = exportFailures.get(receiver);
        if (counter != null) {
            counter.increment();
        }
    }

    /** An execution of a run begins: its counters are there from now on, from 0. */
    public void runBegins() {
        running = true;
        progress = RunCounts.NONE;
        runningGauge();
        notes("archived", done -> done.notes().archived());
        notes("unavailable", done -> done.notes().unavailable());
        notes("postponed", done -> done.notes().postponed());
        notes("failed", done -> done.notes().failed());
        notes("released", done -> done.notes().released());
        notes("forgotten", done -> done.notes().forgotten());
        refreshes("answered", RunCounts::refreshed);
        refreshes("gone", RunCounts::refreshesGone);
        refreshes("put_off", RunCounts::refreshesPutOff);
        files("stored", done -> done.files().stored());
        files("known", done -> done.files().known());
        files("taken_over", done -> done.files().takenOver());
        files("improved", done -> done.files().improved());
        bytes("stored", done -> done.files().bytes());
        bytes("known", done -> done.files().bytesKnown());
        bytes("taken_over", done -> done.files().bytesTakenOver());
        count(
                "note.archive.run.media.requests",
                Tags.empty(),
                null,
                "Requests to media servers",
                done -> done.files().requests());
        count(
                "note.archive.run.media.received",
                Tags.empty(),
                "bytes",
                "What media servers sent, failed tries included",
                RunCounts::bytesReceived);
        failedDownloads("dead", done -> done.downloads().dead());
        failedDownloads("passing", done -> done.downloads().passing());
        failedDownloads("refused", done -> done.downloads().refused());
        for (Endpoint endpoint : Endpoint.values()) {
            latency(endpoint);
        }
        calls("0", Billed.YES);
        spool.ifAvailable(this::spoolGauges);
    }

    private void runningGauge() {
        if (registry.find("note.archive.running").gauge() != null) {
            return;
        }
        gauge(
                "note.archive.running",
                null,
                "1 while a run is going on, as far as it could still say",
                meters -> meters.running ? 1 : 0);
    }

    void spoolGauges(Spool files) {
        gauge(
                "note.archive.spool.files",
                null,
                "Files between download and store",
                _ -> files.held().files());
        gauge(
                "note.archive.spool.size",
                "bytes",
                "Bytes between download and store",
                _ -> files.held().bytes());
        gauge(
                "note.archive.spool.limit",
                "bytes",
                "How many of these bytes may be on the disk, archive.media.max-spool-size",
                _ -> media.getObject().maxSpoolSize().toBytes());
        gauge(
                "note.archive.spool.disk.free",
                "bytes",
                "Bytes that are free on the disk of these files",
                _ -> files.diskFree());
    }

    private void notes(String disposition, ToDoubleFunction<RunCounts> what) {
        count(
                "note.archive.run.notes",
                Tags.of("disposition", disposition),
                null,
                "What became of notes; one that was put off counts each time",
                what);
    }

    private void refreshes(String outcome, ToDoubleFunction<RunCounts> what) {
        count(
                "note.archive.run.refreshes",
                Tags.of("outcome", outcome),
                null,
                "What became of archived notes that were asked about anew",
                what);
    }

    private void files(String outcome, ToDoubleFunction<RunCounts> what) {
        count("note.archive.run.files", Tags.of("outcome", outcome), null, "What became of files", what);
    }

    private void bytes(String outcome, ToDoubleFunction<RunCounts> what) {
        count("note.archive.run.size", Tags.of("outcome", outcome), "bytes", "Bytes of these files", what);
    }

    private void failedDownloads(String kind, ToDoubleFunction<RunCounts> what) {
        count("note.archive.run.media.failures", Tags.of("class", kind), null, "Downloads that brought no file", what);
    }

    private void count(
            String name, Tags tags, @Nullable String unit, String description, ToDoubleFunction<RunCounts> what) {
        FunctionCounter.builder(name, this, meters -> what.applyAsDouble(meters.progress))
                .tags(tags)
                .baseUnit(unit)
                .description(description)
                .register(registry);
    }

    public void goesOn(RunCounts done) {
        progress = done;
    }

    /** A call has come back. */
    void answered(Endpoint endpoint, ProviderReply reply, Duration took) {
        calls(label(reply.code()), reply.billed()).increment();
        latency(endpoint).record(took);
    }

    private static String label(@Nullable Integer code) {
        if (code == null) {
            return "none";
        }
        return ProviderCode.DOCUMENTED.contains(code) ? code.toString() : "other";
    }

    private Counter calls(String code, Billed billed) {
        return Counter.builder("note.archive.run.calls")
                .tag("code", code)
                .tag("billed", billed.name().toLowerCase(Locale.ROOT))
                .description("Calls that came back, by the provider's code")
                .register(registry);
    }

    private Timer latency(Endpoint endpoint) {
        return Timer.builder("note.archive.run.call.duration")
                .tag("endpoint", endpoint.ledgerName())
                .description("How long calls took")
                .serviceLevelObjectives(LATENCIES)
                .register(registry);
    }

    /** The tables were read. */
    public void know(ArchiveStats now) {
        boolean first = facts == null;
        facts = now;
        if (!first) {
            return;
        }
        for (NoteState state : NoteState.values()) {
            Tags tags = Tags.of("state", state.name());
            fact("note.archive.notes", tags, null, "Notes on the worklist", told -> notes(told, state));
            fact("note.archive.notes.due", tags, null, "Of these, notes that are due now", told -> due(told, state));
        }
        fact(
                "note.archive.refreshes.due",
                Tags.empty(),
                null,
                "Archived notes that are to be asked about anew now",
                ArchiveStats::refreshesDue);
        for (Billed billed : Billed.values()) {
            fact(
                    "note.archive.calls.tonight",
                    Tags.of("billed", billed.name().toLowerCase(Locale.ROOT)),
                    null,
                    "Calls of this day in Shanghai, of all runs and nodes",
                    told -> callsTonight(told, billed));
        }
        fact(
                "note.archive.calls.allowed",
                Tags.empty(),
                null,
                "Calls that our own limit allows in a day; 0: no limit",
                _ -> source.getObject().callsPerNight());
        fact(
                "note.archive.gate.closed.until.timestamp",
                Tags.empty(),
                "seconds",
                "Until when the provider wants no more calls; 0: the gate is open",
                told -> seconds(told.gateClosedUntil()));
        fact(
                "note.archive.media.objects",
                Tags.empty(),
                null,
                "Files in the store",
                told -> told.media().files());
        fact(
                "note.archive.media.size",
                Tags.empty(),
                "bytes",
                "Bytes of files in the store",
                told -> told.media().bytes());
        fact(
                "note.archive.fixity.oldest.verified.timestamp",
                Tags.empty(),
                "seconds",
                "When the file verified the longest ago was; 0: one never was, or there is none",
                read -> seconds(read.verified().oldest()));
        fact(
                "note.archive.fixity.never.verified",
                Tags.empty(),
                null,
                "Files that were never verified since the tables were rebuilt; 100000 are that many or more",
                read -> read.verified().never());
        fact(
                "note.archive.new.fields",
                Tags.empty(),
                null,
                "Fields of responses that are new and not reviewed",
                ArchiveStats::newFields);
        fact(
                "note.archive.notes.degraded",
                Tags.empty(),
                null,
                "Archived notes that have a file in a lesser rendition than the best one offered",
                ArchiveStats::degradedNotes);
        unfinished("rebuild", is -> is.rebuild() ? 1 : 0);
        unfinished("remap", is -> is.remap() ? 1 : 0);
        unfinished("forget", ArchiveStats.Unfinished::forget);
        for (Damage.Kind kind : Damage.Kind.values()) {
            fact(
                    "note.archive.fixity.findings",
                    Tags.of("kind", kind.name()),
                    null,
                    "Open findings of audits",
                    told -> told.findings().getOrDefault(kind, 0L));
        }
        fact(
                "note.archive.last.success.timestamp",
                Tags.empty(),
                "seconds",
                "When the newest run ended that ended with 0, 3, 6 or 7; 0: none did",
                told -> seconds(told.lastSuccess()));
    }

    private void unfinished(String command, ToDoubleFunction<ArchiveStats.Unfinished> what) {
        fact(
                "note.archive.unfinished",
                Tags.of("command", command),
                null,
                "Not 0 while a command has begun and not completed; of forget the number of notes and authors",
                read -> what.applyAsDouble(read.unfinished()));
    }

    private static double notes(ArchiveStats told, NoteState state) {
        return told.worklist().stream()
                .filter(count -> count.state() == state)
                .mapToLong(WorklistStats.StateCount::notes)
                .sum();
    }

    private static double due(ArchiveStats told, NoteState state) {
        return told.worklist().stream()
                .filter(count -> count.state() == state)
                .mapToLong(WorklistStats.StateCount::due)
                .sum();
    }

    private static double callsTonight(ArchiveStats told, Billed billed) {
        return told.callsTonight().stream()
                .filter(count -> count.billed() == billed)
                .mapToLong(CallTotals.CallCount::calls)
                .sum();
    }

    private void fact(
            String name, Tags tags, @Nullable String unit, String description, ToDoubleFunction<ArchiveStats> what) {
        Gauge.builder(name, this, meters -> {
                    ArchiveStats told = meters.facts;
                    return told == null ? 0 : what.applyAsDouble(told);
                })
                .tags(tags)
                .baseUnit(unit)
                .description(description)
                .register(registry);
    }

    /** A run has ended, whether or not an execution was begun. */
    public void runEnded(End end) {
        running = false;
        lastRun = end;
        runningGauge();
        last("run", Tags.empty(), meters -> meters.lastRun);
        for (ExitCode code : ExitCode.values()) {
            if (code != ExitCode.FINDINGS && code != ExitCode.ALREADY_RUNNING) {
                Gauge.builder("note.archive.last.run.result", this, meters -> is(meters.lastRun, code))
                        .tag("result", code.name())
                        .description("1 for how the last run ended, 0 for all others")
                        .register(registry);
            }
        }
    }

    /** An audit has ended, whether or not an execution was begun. */
    public void auditEnded(End end) {
        lastAudit = end;
        last("verify", Tags.empty(), meters -> meters.lastAudit);
    }

    /** A run found another one of its node active. */
    public void overlapped(Instant now) {
        overlap = now;
        gauge(
                "note.archive.last.overlap.timestamp",
                "seconds",
                "When a run last found another one of its node active, and ended with 5",
                meters -> seconds(meters.overlap));
    }

    private void last(String command, Tags tags, LastEnd end) {
        String name = "note.archive.last." + command;
        String of = "verify".equals(command) ? "audit" : "run";
        lastGauge(
                name + ".exit.code",
                null,
                "Exit code of the last " + of,
                tags,
                end,
                ended -> ended.exitCode().number());
        lastGauge(
                name + ".start.timestamp",
                "seconds",
                "When the last " + of + " that has ended began",
                tags,
                end,
                ended -> seconds(ended.began()));
        lastGauge(
                name + ".end.timestamp",
                "seconds",
                "When the last " + of + " ended",
                tags,
                end,
                ended -> seconds(ended.ended()));
        lastGauge(
                name + ".duration",
                "seconds",
                "How long the last " + of + " took",
                tags,
                end,
                ended -> Duration.between(ended.began(), ended.ended()).toMillis() / 1e3);
    }

    /** Which end is looked at. */
    private interface LastEnd {
        @Nullable
        End of(Meters meters);
    }

    private void lastGauge(
            String name,
            @Nullable String unit,
            String description,
            Tags tags,
            LastEnd which,
            ToDoubleFunction<End> what) {
        Gauge.builder(name, this, meters -> {
                    End end = which.of(meters);
                    return end == null ? 0 : what.applyAsDouble(end);
                })
                .tags(tags)
                .baseUnit(unit)
                .description(description)
                .register(registry);
    }

    private static double is(@Nullable End end, ExitCode code) {
        return end != null && end.exitCode() == code ? 1 : 0;
    }

    private void gauge(String name, @Nullable String unit, String description, ToDoubleFunction<Meters> what) {
        Gauge.builder(name, this, what).baseUnit(unit).description(description).register(registry);
    }

    private static double seconds(@Nullable Instant instant) {
        return instant == null ? 0 : instant.toEpochMilli() / 1e3;
    }

    /** Nothing but what {@code src/docs/metrics.md} knows. */
    private static final class DocumentedOnly implements MeterFilter {

        @Override
        public MeterFilterReply accept(Meter.Id id) {
            return id.getName().startsWith("note.archive.") || OF_BATCH.containsKey(id.getName())
                    ? MeterFilterReply.NEUTRAL
                    : MeterFilterReply.DENY;
        }
    }

    /**
     * Spring Batch's own meters with short labels and a description. The 64 workers of a step are one, and what went
     * wrong is in the log.
     */
    private static final class ShortLabels implements MeterFilter {

        @Override
        public Meter.Id map(Meter.Id id) {
            String description = OF_BATCH.get(id.getName());
            if (description == null) {
                return id;
            }
            List<Tag> tags = id.getTags().stream()
                    .map(ShortLabels::shorten)
                    .flatMap(Optional::stream)
                    .toList();
            return new Meter.Id(id.getName(), Tags.of(tags), id.getBaseUnit(), description, id.getType());
        }

        private static Optional<Tag> shorten(Tag tag) {
            String key = tag.getKey();
            if (key.equals("node")) {
                return Optional.of(tag);
            }
            if (key.endsWith(".status")) {
                return Optional.of(Tag.of("status", tag.getValue()));
            }
            if (key.endsWith("job.name")) {
                return Optional.of(Tag.of("job_name", tag.getValue()));
            }
            return Optional.empty();
        }
    }
}
