package io.github.notearchive.cli.config;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.origin.Origin;
import org.springframework.boot.origin.PropertySourceOrigin;
import org.springframework.boot.origin.TextResourceOrigin;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.core.io.Resource;

/** Describes the origin of a setting: a file with its line, an environment variable, ... */
public final class Origins {

    public static final String DEFAULT = "default";

    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([^${}:]+)(?::[^{}]*)?}");

    private Origins() {}

    /** Returns the placeholders in a value: {@code ARCHIVE_NODE} in <code>${ARCHIVE_NODE:main}</code>. */
    private static Stream<String> placeholders(@Nullable Object value) {
        return PLACEHOLDER
                .matcher(String.valueOf(value))
                .results()
                .map(match -> match.group(1).strip());
    }

    /** Returns the placeholders of all settings files, each with the name of its setting. */
    static Map<String, String> placeholders(ConfigurableEnvironment environment) {
        Map<String, String> names = new LinkedHashMap<>();
        for (PropertySource<?> source : environment.getPropertySources()) {
            if (source instanceof EnumerablePropertySource<?> file
                    && !(source instanceof SystemEnvironmentPropertySource)) {
                for (String name : file.getPropertyNames()) {
                    placeholders(file.getProperty(name)).forEach(word -> names.putIfAbsent(word, name));
                }
            }
        }
        return names;
    }

    /**
     * Describes an origin, such as {@code config/application.yml:12} or {@code environment variable ARCHIVE_WORKERS}.
     */
    static String describe(@Nullable Origin origin) {
        if (!(origin instanceof PropertySourceOrigin property)) {
            return DEFAULT;
        }
        String source = property.getPropertySource().getName();
        String key = property.getPropertyName();
        return switch (source) {
            case StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME -> "environment variable " + key;
            case StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME -> "option -D" + key + " of java";
            case "commandLineArgs" -> "command line";
            default -> property.getOrigin() instanceof TextResourceOrigin text ? describe(text) : source;
        };
    }

    /**
     * Describes the origin of a value. For a value with a placeholder that is set, it is the origin of that:
     * {@code environment variable ARCHIVE_STOP_AT} for <code>${ARCHIVE_STOP_AT:}</code>.
     */
    public static String describe(ConfigurationProperty property) {
        Set<String> set = ofPlaceholders(property.getValue(), new SettingsEnvironment());
        return set.isEmpty() ? describe(property.getOrigin()) : String.join(", ", set);
    }

    /** Returns the origins of the placeholders in a value that are set. */
    static Set<String> ofPlaceholders(@Nullable Object value, ConfigurableEnvironment environment) {
        return placeholders(value)
                .flatMap(word -> environment.getPropertySources().stream()
                        .filter(source -> !ConfigurationPropertySources.isAttachedConfigurationPropertySource(source)
                                && source.containsProperty(word))
                        .limit(1)
                        .map(source -> describe(PropertySourceOrigin.get(source, word))))
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private static String describe(TextResourceOrigin text) {
        Resource resource = text.getResource();
        // Spring wraps loaded resources, so only the description has their kind
        if (resource == null || resource.getDescription().startsWith("class path resource")) {
            return DEFAULT;
        }
        TextResourceOrigin.Location location = text.getLocation();
        return path(resource) + (location == null ? "" : ":" + (location.getLine() + 1));
    }

    private static String path(Resource resource) {
        try {
            Path path = resource.getFile().toPath().toAbsolutePath().normalize();
            Path here = Path.of("").toAbsolutePath();
            return path.startsWith(here) ? here.relativize(path).toString() : path.toString();
        } catch (IOException | UnsupportedOperationException _) {
            return resource.getDescription();
        }
    }
}
