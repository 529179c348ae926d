package io.github.notearchive.cli.config;

import static org.springframework.core.env.StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.text.similarity.LevenshteinDistance;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.ConfigurationPropertyState;
import org.springframework.boot.origin.Origin;
import org.springframework.boot.origin.OriginLookup;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * Finds unknown settings: keys below {@code archive}, and environment variables that begin with {@code ARCHIVE_} or
 * {@code JUSTONEAPI_}. A file in a directory of secrets ({@code configtree:}) may be named like a variable, too.
 *
 * <p>Allowed are variables that a settings file refers to, variables that Kubernetes sets for the services of a
 * namespace, those in {@code archive.foreign-variables}, and empty ones.
 */
public final class UnknownSettings {

    /** Setting with the names of foreign variables. */
    private static final String FOREIGN = "archive.foreign-variables";

    /** Variables of a service "archive-db": ARCHIVE_DB_SERVICE_HOST, ARCHIVE_DB_PORT_5432_TCP_ADDR, ... */
    private static final Pattern SERVICE = Pattern.compile(
            "(.+?)_(?:SERVICE_HOST|SERVICE_PORT(?:_.+)?|PORT(?:_\\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)");

    /** Maximum share of wrong letters in a mistyped word. */
    private static final double MISTAKES = 0.34;

    private static final LevenshteinDistance DISTANCE = LevenshteinDistance.getDefaultInstance();

    /** Prefixes of this program's variables. */
    private static final Pattern OURS = Pattern.compile("(?:ARCHIVE|JUSTONEAPI)[_.].*", Pattern.CASE_INSENSITIVE);

    private final ConfigurableEnvironment environment;
    private final Set<String> placeholders;
    private final List<Unknown> unknown = new ArrayList<>();

    /**
     * An unknown setting.
     *
     * @param word key or variable
     * @param where origin, such as {@code config/application.yml:12}
     * @param nearest the most similar setting; null if none is similar
     */
    public record Unknown(
            String word, String where, @Nullable String nearest) {

        @Override
        public String toString() {
            return word + " is no setting (" + where + ")" + (nearest == null ? "" : "; did you mean " + nearest + "?");
        }
    }

    private UnknownSettings(ConfigurableEnvironment environment) {
        this.environment = environment;
        this.placeholders = Origins.placeholders(environment).keySet();
    }

    /** Returns the unknown settings, in the order of precedence of their sources. */
    public static List<Unknown> in(ConfigurableEnvironment environment) {
        UnknownSettings settings = new UnknownSettings(environment);
        for (PropertySource<?> source : environment.getPropertySources()) {
            if (source instanceof SystemEnvironmentPropertySource variables) {
                settings.checkVariables(variables);
            } else if (source instanceof EnumerablePropertySource<?> keys
                    && !ConfigurationPropertySources.isAttachedConfigurationPropertySource(source)) {
                settings.checkKeys(keys);
            }
        }
        return settings.unknown;
    }

    private void checkKeys(EnumerablePropertySource<?> source) {
        for (String key : source.getPropertyNames()) {
            boolean isVariable = isOurs(key) && key.indexOf('.') < 0;
            ConfigurationPropertyName name = ConfigurationPropertyName.adapt(key, '.');
            if (isVariable ? placeholders.contains(key) : name.isEmpty() || isKnown(name, source)) {
                continue;
            }
            Origin origin = OriginLookup.getOrigin(source, key);
            String where = origin == null ? Origins.inSource(source.getName(), key) : Origins.describe(origin);
            String nearest = isVariable
                    ? nearest(key, placeholders.stream().filter(UnknownSettings::isOurs))
                    : nearestSetting(key);
            unknown.add(new Unknown(key, where, nearest));
        }
    }

    private static boolean isOurs(String variable) {
        return OURS.matcher(variable).matches();
    }

    private static boolean isKnown(ConfigurationPropertyName name, PropertySource<?> source) {
        String first = name.getElement(0, ConfigurationPropertyName.Form.UNIFORM);
        if (first.equals(KnownSetting.ROOT)) {
            return KnownSetting.ALL.stream().anyMatch(known -> known.covers(name));
        }
        // a mistyped prefix is only recognized in files; other sources hold keys of other programs
        return name.getNumberOfElements() == 1
                || !source.getName().startsWith("Config resource")
                || DISTANCE.apply(first, KnownSetting.ROOT) > 2;
    }

    private void checkVariables(SystemEnvironmentPropertySource source) {
        Set<String> foreign = new HashSet<>(List.of(environment.getProperty(FOREIGN, String[].class, new String[0])));
        Stream.of(source.getPropertyNames())
                .filter(UnknownSettings::isOurs)
                .filter(variable -> !placeholders.contains(variable)
                        && !foreign.contains(variable)
                        && !isOfAService(variable, source)
                        && !bindsByName(variable, source))
                .sorted()
                .forEach(variable -> unknown.add(new Unknown(
                        variable,
                        "environment variable",
                        nearest(
                                variable,
                                Stream.concat(
                                        placeholders.stream().filter(UnknownSettings::isOurs),
                                        names().map(EffectiveSettings::variable))))));
    }

    private static boolean isOfAService(String variable, SystemEnvironmentPropertySource variables) {
        Matcher matcher = SERVICE.matcher(variable);
        return matcher.matches()
                && variables.containsProperty(matcher.group(1) + "_SERVICE_HOST")
                && variables.containsProperty(matcher.group(1) + "_SERVICE_PORT");
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

    private @Nullable String nearestSetting(String key) {
        // the right name in the wrong group is more likely than a wrong name
        String last = "." + key.substring(key.lastIndexOf('.') + 1);
        List<String> elsewhere = names().filter(name -> name.endsWith(last)).toList();
        return elsewhere.size() == 1 ? elsewhere.getFirst() : nearest(key, names());
    }

    private Stream<String> names() {
        return KnownSetting.ALL.stream().map(KnownSetting::name);
    }

    private static @Nullable String nearest(String word, Stream<String> candidates) {
        return candidates
                .min(Comparator.comparingInt(candidate -> DISTANCE.apply(word, candidate)))
                .filter(best -> DISTANCE.apply(word, best) <= best.length() * MISTAKES)
                .orElse(null);
    }
}
