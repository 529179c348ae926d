package io.github.notearchive.cli.config;

import io.github.notearchive.io.text.Masks;
import java.lang.reflect.Constructor;
import java.lang.reflect.Parameter;
import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.convert.ApplicationConversionService;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.MergedAnnotations;

/**
 * Setting of the program: a component of a settings record, or of a group within it.
 *
 * @param name name in a file, such as {@code archive.retry.per-night}
 * @param defaultValue the default as it would be written in a file; empty if there is none
 */
record KnownSetting(String name, RecordComponent component, String defaultValue) {

    static final String ROOT = "archive";

    /** All settings records, without groups. */
    static final List<Class<?>> RECORDS = List.of(MergedAnnotations.from(SettingsRecords.class)
            .get(EnableConfigurationProperties.class)
            .getClassArray("value"));

    static final List<KnownSetting> ALL = RECORDS.stream()
            .flatMap(type -> settings(prefixOf(type), type))
            .sorted(Comparator.comparing(KnownSetting::name))
            .toList();

    static String prefixOf(Class<?> type) {
        return MergedAnnotations.from(type).get(ConfigurationProperties.class).getString("prefix");
    }

    private static Stream<KnownSetting> settings(String prefix, Class<?> holder) {
        RecordComponent[] components = holder.getRecordComponents();
        Parameter[] parameters = Stream.of(holder.getDeclaredConstructors())
                .map(Constructor::getParameters)
                .filter(all -> all.length == components.length)
                .findFirst()
                .orElseThrow();
        return IntStream.range(0, components.length).boxed().flatMap(i -> {
            RecordComponent component = components[i];
            String name = prefix + "." + DataObjectPropertyName.toDashedForm(component.getName());
            Class<?> type = component.getType();
            // a record that cannot be converted from text is a group
            return type.isRecord()
                            && !ApplicationConversionService.getSharedInstance().canConvert(String.class, type)
                    ? settings(name, type)
                    : Stream.of(new KnownSetting(name, component, defaultOf(parameters[i])));
        });
    }

    ConfigurationPropertyName propertyName() {
        return ConfigurationPropertyName.of(name);
    }

    /** Returns whether it has several values: separated by commas, or one for each index. */
    boolean isList() {
        return Collection.class.isAssignableFrom(component.getType());
    }

    @Nullable
    Class<?> valueType() {
        ResolvableType type = ResolvableType.forType(component.getGenericType());
        return isList() ? type.getGeneric().resolve() : type.resolve();
    }

    private static String defaultOf(Parameter parameter) {
        DefaultValue value = parameter.getAnnotation(DefaultValue.class);
        return value == null ? "" : String.join(", ", value.value());
    }

    /** Returns whether a name is this setting, or a value of it. */
    boolean covers(ConfigurationPropertyName other) {
        return propertyName().equals(other) || (isList() && propertyName().isAncestorOf(other));
    }

    /** Returns whether the value is secret: by the name, or by a type of our own for secrets. */
    boolean isSecret() {
        return Masks.isSecret(name) || Masks.isSecret(component.getType().getSimpleName());
    }
}
