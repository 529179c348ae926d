package io.github.notearchive.cli.config;

import static org.springframework.core.env.StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.text.similarity.LevenshteinDistance;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.ConfigurationPropertyState;
import org.springframework.boot.origin.PropertySourceOrigin;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * Finds unknown settings: keys below {@code archive}, and environment variables that begin with {@code ARCHIVE_} or
 * {@code JUSTONEAPI_}. A file in a directory of secrets ({@code configtree:}) may be named like a variable, too.
 *
 * <p>Allowed are variables that a settings file refers to, those in {@code archive.foreign-variables}, and empty ones.
 */
public final class UnknownSettings {

    /** Prefixes of this program's variables. */
    private static final Pattern OURS = Pattern.compile("(?:ARCHIVE|JUSTONEAPI)[_.].*", Pattern.CASE_INSENSITIVE);

    private UnknownSettings() {}

    /** Returns a message with the origin of each unknown setting, in the order of precedence of the sources. */
    public static List<String> in(ConfigurableEnvironment environment) {
        Set<String> placeholders = Origins.placeholders(environment).keySet();
        List<String> foreign =
                List.of(environment.getProperty("archive.foreign-variables", String[].class, new String[0]));
        List<String> unknown = new ArrayList<>();
        for (PropertySource<?> source : environment.getPropertySources()) {
            if (source instanceof SystemEnvironmentPropertySource variables) {
                Stream.of(variables.getPropertyNames())
                        .filter(variable -> isOurs(variable)
                                && !placeholders.contains(variable)
                                && !foreign.contains(variable)
                                && !bindsByName(variable, variables))
                        .sorted()
                        .map(
                                variable -> variable
                                        + " is no setting (environment variable; ARCHIVE_FOREIGN_VARIABLES lists those of other programs)")
                        .forEach(unknown::add);
            } else if (source instanceof EnumerablePropertySource<?> keys
                    && !ConfigurationPropertySources.isAttachedConfigurationPropertySource(source)) {
                Stream.of(keys.getPropertyNames())
                        .filter(key -> (isOurs(key) && key.indexOf('.') < 0)
                                ? !placeholders.contains(key)
                                : !isKnown(ConfigurationPropertyName.adapt(key, '.'), source))
                        .map(key -> "%s is no setting (%s)"
                                .formatted(key, Origins.describe(PropertySourceOrigin.get(source, key))))
                        .forEach(unknown::add);
            }
        }
        return unknown;
    }

    private static boolean isOurs(String variable) {
        return OURS.matcher(variable).matches();
    }

    private static boolean isKnown(ConfigurationPropertyName name, PropertySource<?> source) {
        if (name.isEmpty()) {
            return true;
        }
        String first = name.getElement(0, ConfigurationPropertyName.Form.UNIFORM);
        if (first.equals(KnownSetting.ROOT)) {
            return KnownSetting.ALL.stream().anyMatch(known -> known.covers(name));
        }
        // a mistyped prefix is only recognized in files; other sources hold keys of other programs
        return name.getNumberOfElements() == 1
                || !source.getName().startsWith("Config resource")
                || LevenshteinDistance.getDefaultInstance().apply(first, KnownSetting.ROOT) > 2;
    }

    /** Returns whether Spring Boot, which accepts several spellings, binds a setting to the variable. */
    private static boolean bindsByName(String variable, SystemEnvironmentPropertySource variables) {
        Map<String, Object> alone = Map.of(variable, String.valueOf(variables.getProperty(variable)));
        ConfigurationPropertySource source = Objects.requireNonNull(ConfigurationPropertySource.from(
                new SystemEnvironmentPropertySource(SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, alone)));
        return KnownSetting.ALL.stream()
                .anyMatch(setting -> source.getConfigurationProperty(setting.propertyName()) != null
                        || (setting.isList()
                                && source.containsDescendantOf(setting.propertyName())
                                        == ConfigurationPropertyState.PRESENT));
    }
}
