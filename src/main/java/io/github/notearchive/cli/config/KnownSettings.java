package io.github.notearchive.cli.config;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
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

/**
 * The settings that the program has: the components of all records that settings are bound to, with the groups within
 * them.
 */
public final class KnownSettings {

    /** What all of them begin with. */
    public static final String ROOT = "archive";

    private static final ConversionService CONVERSIONS = ApplicationConversionService.getSharedInstance();

    /** How many values a setting takes. */
    public enum Shape {
        /** One. */
        VALUE,
        /** Several in order: divided by commas, or one for each index. */
        LIST,
        /** One for each key, and the keys are the operator's. */
        MAP
    }

    /**
     * A setting.
     *
     * @param name as it is typed, such as {@code archive.retry.per-night}
     * @param type what its text becomes
     * @param holder the record that has it as a component
     * @param component that component
     */
    public record Known(String name, Shape shape, ResolvableType type, Class<?> holder, RecordComponent component) {

        ConfigurationPropertyName propertyName() {
            return ConfigurationPropertyName.of(name);
        }

        /** Whether this name is the setting, or one value of several. */
        boolean covers(ConfigurationPropertyName other) {
            ConfigurationPropertyName mine = propertyName();
            return mine.equals(other) || (shape != Shape.VALUE && mine.isAncestorOf(other));
        }
    }

    private final List<Known> all;
    private final List<Class<?>> records;

    private KnownSettings(List<Class<?>> records, List<Known> all) {
        this.records = records;
        this.all = all;
    }

    /**
     * The settings that these records hold.
     *
     * @throws IllegalArgumentException when one of them is not a record with a prefix
     */
    public static KnownSettings of(Collection<? extends Class<?>> records) {
        List<Class<?>> sorted = records.stream()
                .<Class<?>>map(ClassUtils::getUserClass)
                .distinct()
                .sorted(Comparator.comparing(Class::getName))
                .toList();
        List<Known> all = new ArrayList<>();
        for (Class<?> type : sorted) {
            addAll(prefixOf(type), type, all);
        }
        all.sort(Comparator.comparing(Known::name));
        return new KnownSettings(sorted, List.copyOf(all));
    }

    /** The settings of all records in this package and those below it. */
    public static KnownSettings scan(String basePackage) {
        var scanner = new ClassPathScanningCandidateComponentProvider(false);
        scanner.addIncludeFilter(new AnnotationTypeFilter(ConfigurationProperties.class));
        List<Class<?>> records = new ArrayList<>();
        for (var candidate : scanner.findCandidateComponents(basePackage)) {
            records.add(ClassUtils.resolveClassName(
                    String.valueOf(candidate.getBeanClassName()), ClassUtils.getDefaultClassLoader()));
        }
        return of(records);
    }

    /** The prefix of the settings that a record holds. */
    public static String prefixOf(Class<?> type) {
        String prefix = MergedAnnotations.from(type)
                .get(ConfigurationProperties.class)
                .getValue("prefix", String.class)
                .orElse("");
        if (prefix.isEmpty() || !type.isRecord()) {
            throw new IllegalArgumentException(
                    type + " is no record of settings with a prefix; nobody could say which it has");
        }
        return prefix;
    }

    private static void addAll(String prefix, Class<?> holder, List<Known> all) {
        for (RecordComponent component : holder.getRecordComponents()) {
            String name = prefix + "." + DataObjectPropertyName.toDashedForm(component.getName());
            ResolvableType type = ResolvableType.forType(component.getGenericType());
            Class<?> raw = component.getType();
            if (isGroup(raw)) {
                addAll(name, raw, all);
            } else {
                all.add(new Known(name, shapeOf(raw), type, holder, component));
            }
        }
    }

    /** A record that no text makes has settings of its own. */
    private static boolean isGroup(Class<?> type) {
        return type.isRecord() && !CONVERSIONS.canConvert(String.class, type);
    }

    private static Shape shapeOf(Class<?> type) {
        if (Map.class.isAssignableFrom(type)) {
            return Shape.MAP;
        }
        return Collection.class.isAssignableFrom(type) || type.isArray() ? Shape.LIST : Shape.VALUE;
    }

    /** All of them, by name. */
    public List<Known> all() {
        return all;
    }

    /** The records, those within others left out. */
    public List<Class<?>> records() {
        return records;
    }

    /** The settings of one of the records, groups within it included. */
    public List<Known> in(Class<?> record) {
        List<Known> own = new ArrayList<>();
        addAll(prefixOf(record), record, own);
        return own;
    }

    boolean covers(ConfigurationPropertyName name) {
        return all.stream().anyMatch(known -> known.covers(name));
    }
}
