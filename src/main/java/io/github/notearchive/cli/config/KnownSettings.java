package io.github.notearchive.cli.config;

import io.github.notearchive.io.Masks;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.convert.ApplicationConversionService;
import org.springframework.context.annotation.ClassPathScanningCandidateComponentProvider;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.convert.ConversionService;
import org.springframework.core.type.filter.AnnotationTypeFilter;
import org.springframework.util.ClassUtils;

/** Settings of the program: the components of all settings records, and of the groups within them. */
public final class KnownSettings {

    /** Prefix of all of them. */
    public static final String ROOT = "archive";

    private static final ConversionService CONVERSIONS = ApplicationConversionService.getSharedInstance();

    /**
     * A setting.
     *
     * @param name name in a file, such as {@code archive.retry.per-night}
     * @param holder the record with the component
     */
    public record Known(String name, Class<?> holder, RecordComponent component) {

        ConfigurationPropertyName propertyName() {
            return ConfigurationPropertyName.of(name);
        }

        ResolvableType type() {
            return ResolvableType.forType(component.getGenericType());
        }

        /** Returns whether it has several values: separated by commas, or one for each index. */
        boolean isList() {
            return Collection.class.isAssignableFrom(component.getType());
        }

        /** Returns the type of a value. */
        @Nullable
        Class<?> valueType() {
            return isList() ? type().getGeneric().resolve() : type().resolve();
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

    private final List<Known> all = new ArrayList<>();
    private final Set<Class<?>> records = new LinkedHashSet<>();

    private KnownSettings() {}

    /** Finds the settings of all records in a package and its sub-packages. */
    public static KnownSettings scan(String basePackage) {
        var scanner = new ClassPathScanningCandidateComponentProvider(false);
        scanner.addIncludeFilter(new AnnotationTypeFilter(ConfigurationProperties.class));
        KnownSettings known = new KnownSettings();
        for (var candidate : scanner.findCandidateComponents(basePackage)) {
            Class<?> type = ClassUtils.resolveClassName(
                    String.valueOf(candidate.getBeanClassName()), ClassUtils.getDefaultClassLoader());
            known.records.add(type);
            known.addAll(prefixOf(type), type);
        }
        known.all.sort(Comparator.comparing(Known::name));
        return known;
    }

    /** Returns the prefix of the settings of a record. */
    static String prefixOf(Class<?> type) {
        return MergedAnnotations.from(type).get(ConfigurationProperties.class).getString("prefix");
    }

    private void addAll(String prefix, Class<?> holder) {
        for (RecordComponent component : holder.getRecordComponents()) {
            String name = prefix + "." + DataObjectPropertyName.toDashedForm(component.getName());
            Class<?> type = component.getType();
            // a record that cannot be converted from text is a group
            if (type.isRecord() && !CONVERSIONS.canConvert(String.class, type)) {
                addAll(name, type);
            } else {
                all.add(new Known(name, holder, component));
            }
        }
    }

    /** Returns all settings, by name. */
    public List<Known> all() {
        return all;
    }

    /** Returns the records, without groups. */
    public Set<Class<?>> records() {
        return records;
    }

    /** Returns the settings of a record, with its groups. */
    List<Known> in(Class<?> record) {
        KnownSettings own = new KnownSettings();
        own.addAll(prefixOf(record), record);
        return own.all;
    }

    boolean covers(ConfigurationPropertyName name) {
        return all.stream().anyMatch(known -> known.covers(name));
    }
}
