package io.github.notearchive.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.ledger.LedgerProperties;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.maintenance.verify.FixityProperties;
import io.github.notearchive.media.MediaProperties;
import io.github.notearchive.nightly.NightlyLimitProperties;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.RefreshProperties;
import io.github.notearchive.provider.VideoProperties;
import io.github.notearchive.report.HealthProperties;
import io.github.notearchive.store.StoreProperties;
import io.github.notearchive.telemetry.MetricsProperties;
import io.github.notearchive.telemetry.NotifyProperties;
import io.github.notearchive.telemetry.logging.LogProperties;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.PropertySourcesPlaceholdersResolver;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ClassPathResource;

/** The settings file has the settings of the records with their defaults. */
class SettingsFileTests {

    private static final Map<String, Class<? extends Record>> SETTINGS = Map.ofEntries(
            Map.entry("archive.log", LogProperties.class),
            Map.entry("archive.source", NoteSourceProperties.class),
            Map.entry("archive.limits", NightlyLimitProperties.class),
            Map.entry("archive.video", VideoProperties.class),
            Map.entry("archive.refresh", RefreshProperties.class),
            Map.entry("archive.ledger", LedgerProperties.class),
            Map.entry("archive.media", MediaProperties.class),
            Map.entry("archive.store", StoreProperties.class),
            Map.entry("archive.verify", FixityProperties.class),
            Map.entry("archive.health", HealthProperties.class),
            Map.entry("archive.metrics", MetricsProperties.class),
            Map.entry("archive.notify", NotifyProperties.class),
            Map.entry("archive.notify.webhook", NotifyProperties.Webhook.class),
            Map.entry("archive.retry", ArchiveProperties.Retry.class),
            Map.entry("archive.outage", ArchiveProperties.Outage.class));

    private final List<PropertySource<?>> file = load();

    static Stream<Map.Entry<String, Class<? extends Record>>> settings() {
        return Stream.concat(SETTINGS.entrySet().stream(), Stream.of(Map.entry("archive", ArchiveProperties.class)));
    }

    @ParameterizedTest
    @MethodSource("settings")
    void fileHasTheDefaultsOfTheRecords(Map.Entry<String, Class<? extends Record>> setting) {
        Record fromFile = new Binder(
                        ConfigurationPropertySources.from(file), new PropertySourcesPlaceholdersResolver(file))
                .bindOrCreate(setting.getKey(), setting.getValue());
        Record defaults = new Binder(new MapConfigurationPropertySource(Map.of()))
                .bindOrCreate(setting.getKey(), setting.getValue());

        assertThat(fromFile).isEqualTo(defaults);
    }

    @Test
    void fileNamesEachSettingAndNoOther() {
        Set<String> expected = new TreeSet<>();
        SETTINGS.forEach((prefix, type) -> expected.addAll(names(prefix, type)));
        expected.addAll(names("archive", ArchiveProperties.class));
        expected.removeAll(Set.of("archive.retry", "archive.outage", "archive.notify.webhook")); // groups
        expected.remove("archive.home"); // the launcher's

        Set<String> named = new TreeSet<>();
        for (PropertySource<?> source : file) {
            for (String name : ((EnumerablePropertySource<?>) source).getPropertyNames()) {
                if (name.startsWith("archive.")) {
                    named.add(name.replaceAll("\\[\\d+]$", ""));
                }
            }
        }

        assertThat(named).isEqualTo(expected);
    }

    private static List<String> names(String prefix, Class<? extends Record> type) {
        return Arrays.stream(type.getRecordComponents())
                .map(RecordComponent::getName)
                .map(name -> prefix + "." + name.replaceAll("([a-z0-9])([A-Z])", "$1-$2"))
                .map(name -> name.toLowerCase(java.util.Locale.ROOT))
                .toList();
    }

    private static List<PropertySource<?>> load() {
        try {
            return new YamlPropertySourceLoader()
                    .load("application.yml", new ClassPathResource("config/application.yml"));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
