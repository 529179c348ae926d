package io.github.notearchive.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
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

/** The settings file has the settings with a variable of their own, and the defaults of the records. */
class SettingsFileTests {

    private final List<PropertySource<?>> file = load();

    static List<? extends Class<?>> records() {
        return KnownSetting.RECORDS;
    }

    @ParameterizedTest
    @MethodSource("records")
    void fileHasTheDefaultsOfTheRecords(Class<?> type) {
        Object fromFile = new Binder(
                        ConfigurationPropertySources.from(file), new PropertySourcesPlaceholdersResolver(file))
                .bindOrCreate(KnownSetting.prefixOf(type), type);
        Object defaults = new Binder(new MapConfigurationPropertySource(Map.of()))
                .bindOrCreate(KnownSetting.prefixOf(type), type);

        assertThat(fromFile).isEqualTo(defaults);
    }

    @Test
    void fileOnlyHasSettingsWithAVariableOfTheirOwn() {
        Map<String, String> values = file.stream()
                .flatMap(source -> Stream.of(((EnumerablePropertySource<?>) source).getPropertyNames())
                        .filter(name -> name.startsWith("archive."))
                        .map(name -> Map.entry(name, String.valueOf(source.getProperty(name)))))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));

        assertThat(KnownSetting.ALL).extracting(KnownSetting::name).containsAll(values.keySet());
        assertThat(values).allSatisfy((name, value) -> assertThat(value).matches("\\$\\{[A-Z0-9_]+:.*}"));
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
