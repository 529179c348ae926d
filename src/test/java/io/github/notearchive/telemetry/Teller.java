package io.github.notearchive.telemetry;

import io.github.notearchive.job.ArchiveProperties;
import io.github.notearchive.media.Spool;
import io.github.notearchive.source.NoteSourceProperties;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import org.springframework.beans.factory.support.StaticListableBeanFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** Telemetry by some settings, with a clock that stands, and without tables. */
final class Teller implements AutoCloseable {

    static final Instant NOW = Instant.parse("2026-03-10T04:00:00Z");

    final RunTelemetry telemetry;
    final Meters meters;

    private Teller(Map<String, String> settings) {
        Binder binder = new Binder(new MapConfigurationPropertySource(settings));
        ArchiveProperties archive = binder.bindOrCreate("archive", ArchiveProperties.class);
        Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
        StaticListableBeanFactory parts = new StaticListableBeanFactory();
        parts.addBean(
                "source", binder.bindOrCreate("archive.source", NoteSourceProperties.class));
        this.meters =
                new Meters(
                        archive,
                        parts.getBeanProvider(Spool.class),
                        parts.getBeanProvider(NoteSourceProperties.class),
                        clock);
        this.telemetry =
                new RunTelemetry(
                        binder.bindOrCreate("archive.metrics", MetricsProperties.class),
                        binder.bindOrCreate("archive.notify", NotifyProperties.class),
                        meters,
                        parts.getBeanProvider(FactsReader.class),
                        archive,
                        clock);
    }

    /** Settings by name and value in turn. */
    static Teller by(String... settings) {
        Map<String, String> map = new HashMap<>();
        for (int i = 0; i < settings.length; i += 2) {
            map.put(settings[i], settings[i + 1]);
        }
        return new Teller(map);
    }

    /** A whole run that broke. */
    void tells(Ended end) {
        telemetry.open("run");
        telemetry.ended(end);
    }

    @Override
    public void close() {
        telemetry.close();
    }
}
