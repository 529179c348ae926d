package io.github.notearchive.cli.config;

import static org.springframework.core.env.StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;

import io.github.notearchive.cli.config.KnownSettings.Known;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.text.similarity.LevenshteinDistance;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.ConfigurationPropertyState;
import org.springframework.boot.origin.OriginLookup;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * Words that look like settings of this program and set nothing: keys below {@code archive}, and environment variables
 * that begin with {@code ARCHIVE_} or {@code JUSTONEAPI_}. A file of a directory of secrets ({@code configtree:}) may
 * have the name of a variable, too.
 *
 * <p>Left alone are variables that a file of settings refers to, those that Kubernetes makes for the services of a
 * namespace, those that {@code archive.foreign-variables} names, and empty ones, which are no setting at all.
 */
public final class UnknownSettings {

    /** Names variables of others that begin like ours. */
    static final String FOREIGN = "archive.foreign-variables";

    /** Of a service "archive-db": ARCHIVE_DB_SERVICE_HOST, ARCHIVE_DB_PORT_5432_TCP_ADDR, ... */
    private static final Pattern SERVICE = Pattern.compile(
            "(.+?)_(?:SERVICE_HOST|SERVICE_PORT(?:_.+)?|PORT(?:_\\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)");

    /** A word with more mistakes than this share of its letters is another word. */
    private static final double MISTAKES = 0.34;

    private static final LevenshteinDistance DISTANCE = LevenshteinDistance.getDefaultInstance();

    private final KnownSettings known;
    private final ConfigurableEnvironment environment;

    /**
     * A word that sets nothing.
     *
     * @param word as somebody wrote it
     * @param where it stands, such as {@code config/application.yml:12}
     * @param nearest what may have been meant; null when nothing comes near
     */
    public record Unknown(
            String word, String where, @Nullable String nearest) {

        @Override
        public String toString() {
            return word + " is no setting (" + where + ")" + (nearest == null ? "" : "; did you mean " + nearest + "?");
        }
    }

    private UnknownSettings(KnownSettings known, ConfigurableEnvironment environment) {
        this.known = known;
        this.environment = environment;
    }

    /** All of them, in the order in which the sources count. */
    public static List<Unknown> in(ConfigurableEnvironment environment, KnownSettings known) {
        return new UnknownSettings(known, environment).find();
    }

    private List<Unknown> find() {
        Map<String, String> words = Variables.inFiles(environment);
        List<Unknown> unknown = new ArrayList<>();
        for (PropertySource<?> source : environment.getPropertySources()) {
            if (source instanceof SystemEnvironmentPropertySource variables) {
                addVariables(variables, words.keySet(), unknown);
            } else if (source instanceof EnumerablePropertySource<?> keys
                    && !ConfigurationPropertySources.isAttachedConfigurationPropertySource(source)) {
                addKeys(keys, words.keySet(), unknown);
            }
        }
        return unknown;
    }

    private void addKeys(EnumerablePropertySource<?> source, Set<String> words, List<Unknown> unknown) {
        for (String key : source.getPropertyNames()) {
            boolean isVariable = Variables.isOurs(key) && key.indexOf('.') < 0;
            ConfigurationPropertyName name = ConfigurationPropertyName.adapt(key, '.');
            if (isVariable ? words.contains(key) : name.isEmpty() || isOk(name, source)) {
                continue;
            }
            String where = Optional.ofNullable(OriginLookup.getOrigin(source, key))
                    .map(Origins::describe)
                    .orElseGet(() -> Origins.inSource(source.getName(), key));
            unknown.add(new Unknown(
                    key,
                    where,
                    isVariable
                            ? nearest(
                                    key,
                                    words.stream().filter(Variables::isOurs).toList())
                            : nearestSetting(key)));
        }
    }

    private boolean isOk(ConfigurationPropertyName name, PropertySource<?> source) {
        String first = name.getElement(0, ConfigurationPropertyName.Form.UNIFORM);
        if (first.equals(KnownSettings.ROOT)) {
            return known.covers(name);
        }
        // the whole group under a mistyped head; elsewhere than in a file such words are not meant
        // for us
        return name.getNumberOfElements() == 1
                || !source.getName().startsWith("Config resource")
                || DISTANCE.apply(first, KnownSettings.ROOT) > 2;
    }

    private void addVariables(SystemEnvironmentPropertySource source, Set<String> words, List<Unknown> unknown) {
        Set<String> foreign = foreign();
        List<String> ours = Arrays.stream(source.getPropertyNames())
                .filter(Variables::isOurs)
                .sorted()
                .toList();
        for (String variable : ours) {
            if (!words.contains(variable)
                    && !foreign.contains(variable)
                    && !isOfAService(variable, source)
                    && !bindsByName(variable, source)) {
                unknown.add(new Unknown(variable, "environment variable", nearestVariable(variable, words)));
            }
        }
    }

    private Set<String> foreign() {
        String[] named = environment.getProperty(FOREIGN, String[].class, new String[0]);
        return new TreeSet<>(List.of(named));
    }

    private static boolean isOfAService(String variable, SystemEnvironmentPropertySource variables) {
        Matcher matcher = SERVICE.matcher(variable);
        return matcher.matches()
                && variables.containsProperty(matcher.group(1) + "_SERVICE_HOST")
                && variables.containsProperty(matcher.group(1) + "_SERVICE_PORT");
    }

    /** Asks Spring Boot itself, which knows several spellings. */
    private boolean bindsByName(String variable, SystemEnvironmentPropertySource variables) {
        Map<String, Object> alone = Map.of(variable, String.valueOf(variables.getProperty(variable)));
        ConfigurationPropertySource source = ConfigurationPropertySource.from(
                new SystemEnvironmentPropertySource(SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, alone));
        return source != null && known.all().stream().anyMatch(setting -> binds(setting, source));
    }

    private static boolean binds(Known setting, ConfigurationPropertySource source) {
        return source.getConfigurationProperty(setting.propertyName()) != null
                || (setting.shape() != KnownSettings.Shape.VALUE
                        && source.containsDescendantOf(setting.propertyName()) == ConfigurationPropertyState.PRESENT);
    }

    private @Nullable String nearestSetting(String key) {
        String last = key.substring(key.lastIndexOf('.') + 1);
        // the right word in the wrong group is likelier than a wrong word
        List<String> elsewhere =
                names().filter(name -> name.endsWith("." + last)).limit(2).toList();
        return elsewhere.size() == 1 ? elsewhere.getFirst() : nearest(key, names().toList());
    }

    private Stream<String> names() {
        return known.all().stream().map(Known::name);
    }

    private @Nullable String nearestVariable(String variable, Collection<String> words) {
        Stream<String> ownWords = words.stream().filter(Variables::isOurs);
        return nearest(
                variable,
                Stream.concat(ownWords, names().map(Variables::named))
                        .distinct()
                        .toList());
    }

    private static @Nullable String nearest(String word, Collection<String> candidates) {
        return candidates.stream()
                .min(Comparator.comparingInt(candidate -> DISTANCE.apply(word, candidate)))
                .filter(best -> DISTANCE.apply(word, best) <= best.length() * MISTAKES)
                .orElse(null);
    }
}
