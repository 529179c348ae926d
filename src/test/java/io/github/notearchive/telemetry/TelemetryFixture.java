package io.github.notearchive.telemetry;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.stats.MediaTotals;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.batch.CommandResult;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.springframework.beans.factory.support.StaticListableBeanFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** Telemetry with given settings, an adjustable clock and fixed statistics. */
final class TelemetryFixture implements AutoCloseable {

    static final Instant NOW = Instant.parse("2026-03-10T04:00:00Z");

    static final ArchiveStats STATS = new ArchiveStats(
            List.of(new WorklistStats.StateCount(NoteState.ARCHIVED, 1, 0, 0)),
            0,
            List.of(),
            null,
            new MediaTotals.Volume(2, 3000),
            new AuditRepository.Verified(NOW, 0),
            Map.of(Damage.Kind.CORRUPT, 4L),
            NOW,
            0,
            0,
            Map.of("rebuild", 0L, "remap", 0L, "forget", 0L));

    final RunTelemetry telemetry;
    final Meters meters;
    private final Receivers receivers;

    private volatile Instant now = NOW;

    private TelemetryFixture(Map<String, String> settings) {
        Binder binder = new Binder(new MapConfigurationPropertySource(settings));
        Clock clock = ((InstantSource) () -> now).withZone(ZoneOffset.UTC);
        NodeGauges node = new NodeGauges(
                settings.getOrDefault("archive.node", "main"),
                () -> 0,
                () -> new NodeGauges.SpoolUse(0, 0, 1000, Double.NaN));
        StaticListableBeanFactory beans = new StaticListableBeanFactory();
        beans.addBean("stats", (ArchiveStats.Reader) (_, _) -> STATS);
        this.meters = new Meters(node, clock);
        this.receivers = new Receivers(meters);
        this.telemetry = new RunTelemetry(
                binder.bindOrCreate("archive.metrics", MetricsProperties.class),
                binder.bindOrCreate("archive.notify", NotifyProperties.class),
                meters,
                beans.getBeanProvider(ArchiveStats.Reader.class),
                node,
                clock,
                receivers);
    }

    /** Creates telemetry with settings, given as names and values in turn. */
    static TelemetryFixture with(String... settings) {
        Map<String, String> map = new HashMap<>();
        for (int i = 0; i < settings.length; i += 2) {
            map.put(settings[i], settings[i + 1]);
        }
        return new TelemetryFixture(map);
    }

    void setTime(Instant time) {
        now = time;
    }

    /** Reports a run without an execution. */
    void report(CommandResult result) {
        telemetry.open("run");
        telemetry.ended(result);
    }

    /** Reports a run whose execution started. */
    void reportStartedRun(CommandResult result) {
        telemetry.open("run");
        telemetry.onStart(false);
        telemetry.ended(result);
    }

    @Override
    public void close() {
        receivers.close();
    }
}
