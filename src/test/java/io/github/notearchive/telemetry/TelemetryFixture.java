package io.github.notearchive.telemetry;

import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.RETURNS_DEEP_STUBS;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.LogRepository;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.query.CallTotals;
import io.github.notearchive.archive.query.MediaTotals;
import io.github.notearchive.archive.query.NoteChanges;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.WorklistStats;
import io.github.notearchive.batch.CommandResult;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.telemetry.RunTelemetry.NodeGauges;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Currency;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.springframework.beans.factory.support.StaticListableBeanFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** Telemetry with given settings, an adjustable clock and fixed statistics. */
final class TelemetryFixture implements AutoCloseable {

    static final Instant NOW = Instant.parse("2026-03-10T04:00:00Z");

    /** Statistics of an empty archive. */
    static final ArchiveStats STATS = new ArchiveStats(
            mock(WorklistStats.class, RETURNS_DEEP_STUBS),
            calls(),
            mock(QuotaHolds.class),
            mock(JobExecutionQueries.class),
            mock(SchemaDrift.class, RETURNS_DEEP_STUBS),
            mock(ErasureList.class, RETURNS_DEEP_STUBS),
            mock(LogRepository.class),
            new FileStats(
                    mock(MediaTotals.class, RETURNS_DEEP_STUBS), mock(AuditRepository.class, RETURNS_DEEP_STUBS)));

    private static CallTotals calls() {
        CallTotals calls = mock(CallTotals.class);
        when(calls.costIn(any()))
                .thenReturn(new CallTotals.Cost(Currency.getInstance("CNY"), BigDecimal.ONE, BigDecimal.ZERO));
        return calls;
    }

    /** Answers with null unless a test scripts it. */
    final NoteChanges changes = mock(NoteChanges.class);

    final RunTelemetry telemetry;
    final Meters meters;
    final NodeGauges node;
    private final Receivers receivers;
    private final NotifyProperties notify;

    private volatile Instant now = NOW;

    private TelemetryFixture(Map<String, String> settings) {
        Binder binder = new Binder(new MapConfigurationPropertySource(settings));
        Clock clock = ((InstantSource) () -> now).withZone(ZoneOffset.UTC);
        this.node = new NodeGauges(
                settings.getOrDefault("archive.node", "main"),
                () -> 0,
                () -> new NodeGauges.SpoolUse(0, 0, 1000, Double.NaN));
        StaticListableBeanFactory beans = new StaticListableBeanFactory();
        beans.addBean("stats", STATS);
        beans.addBean("changes", changes);
        this.meters = new Meters(node, clock);
        this.receivers = new Receivers(meters);
        this.notify = binder.bindOrCreate("archive.notify", NotifyProperties.class);
        this.telemetry = new RunTelemetry(
                binder.bindOrCreate("archive.metrics", MetricsProperties.class),
                notify,
                meters,
                beans.getBeanProvider(ArchiveStats.class),
                beans.getBeanProvider(NoteChanges.class),
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

    /** Sends a test with the settings of a fixture. */
    static List<NotificationTest.TestResult> test(String... settings) {
        try (TelemetryFixture fixture = with(settings)) {
            return new NotificationTest(
                            fixture.notify, fixture.node, fixture.receivers, Clock.fixed(NOW, ZoneOffset.UTC))
                    .send();
        }
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
