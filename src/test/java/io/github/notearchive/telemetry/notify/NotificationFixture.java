package io.github.notearchive.telemetry.notify;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.media.MediaProperties;
import io.github.notearchive.media.Spool;
import io.github.notearchive.nightly.ArchiveProperties;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.telemetry.metrics.ArchiveStats;
import io.github.notearchive.telemetry.metrics.ArchiveStatsReader;
import io.github.notearchive.telemetry.metrics.Meters;
import io.github.notearchive.telemetry.metrics.MetricsProperties;
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

/** Telemetry by some settings, with a clock that stands where it is put, and tables of its own. */
public final class NotificationFixture implements AutoCloseable {

    public static final Instant NOW = Instant.parse("2026-03-10T04:00:00Z");

    final RunTelemetry telemetry;
    public final Meters meters;

    private volatile Instant now = NOW;

    private NotificationFixture(Map<String, String> settings) {
        Binder binder = new Binder(new MapConfigurationPropertySource(settings));
        ArchiveProperties archive = binder.bindOrCreate("archive", ArchiveProperties.class);
        Clock clock = ((InstantSource) () -> now).withZone(ZoneOffset.UTC);
        StaticListableBeanFactory parts = new StaticListableBeanFactory();
        parts.addBean("source", binder.bindOrCreate("archive.source", NoteSourceProperties.class));
        parts.addBean("media", binder.bindOrCreate("archive.media", MediaProperties.class));
        parts.addBean("facts", new FixedFacts());
        this.meters = new Meters(
                archive,
                parts.getBeanProvider(Spool.class),
                parts.getBeanProvider(MediaProperties.class),
                parts.getBeanProvider(NoteSourceProperties.class),
                clock);
        this.telemetry = new RunTelemetry(
                binder.bindOrCreate("archive.metrics", MetricsProperties.class),
                binder.bindOrCreate("archive.notify", NotifyProperties.class),
                meters,
                parts.getBeanProvider(ArchiveStatsReader.class),
                archive,
                clock);
    }

    /** Tables with one note in them. */
    public static final class FixedFacts extends ArchiveStatsReader {

        public FixedFacts() {
            super(null, null, null, null, null, null, null, null, null, null);
        }

        @Override
        public ArchiveStats read() {
            return new ArchiveStats(
                    List.of(new WorklistStats.StateCount(NoteState.ARCHIVED, 1, 0, 0)),
                    0,
                    List.of(),
                    null,
                    new MediaCatalog.Volume(2, 3000),
                    new AuditRepository.Verified(NOW, 0),
                    Map.of(Damage.Kind.CORRUPT, 4L),
                    NOW,
                    0,
                    0,
                    new ArchiveStats.Unfinished(false, false, 0));
        }
    }

    /** Settings by name and value in turn. */
    public static NotificationFixture by(String... settings) {
        Map<String, String> map = new HashMap<>();
        for (int i = 0; i < settings.length; i += 2) {
            map.put(settings[i], settings[i + 1]);
        }
        return new NotificationFixture(map);
    }

    void isAt(Instant time) {
        now = time;
    }

    /** A whole run that broke. */
    public void tells(Ended end) {
        telemetry.open("run");
        telemetry.ended(end);
    }

    @Override
    public void close() {
        telemetry.close();
    }
}
