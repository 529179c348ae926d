package io.github.notearchive.cli.config;

import io.github.notearchive.io.text.Masks;
import jakarta.validation.Validation;
import jakarta.validation.ValidatorFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.commons.text.similarity.LevenshteinDistance;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.context.properties.bind.validation.ValidationBindHandler;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.ConfigurationPropertyState;
import org.springframework.boot.origin.PropertySourceOrigin;
import org.springframework.boot.origin.TextResourceOrigin;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.beanvalidation.SpringValidatorAdapter;

/** Effective values of all settings with their origins, and their problems. Secrets are masked. */
public final class EffectiveSettings {

    /** Settings of Spring Boot that an operator of this program needs. */
    static final List<String> SPRING = List.of(
            "spring.datasource.url",
            "spring.datasource.username",
            "spring.datasource.password",
            "spring.datasource.hikari.maximum-pool-size",
            "spring.datasource.hikari.minimum-idle",
            "spring.datasource.hikari.connection-timeout",
            "spring.datasource.hikari.connection-init-sql",
            "spring.datasource.hikari.data-source-properties.connectTimeout",
            "spring.datasource.hikari.data-source-properties.socketTimeout",
            "logging.level.root",
            "logging.level.io.github.notearchive");

    /** Names of this program's variables. */
    private static final Pattern OURS = Pattern.compile("(?:ARCHIVE|JUSTONEAPI)[_.].*", Pattern.CASE_INSENSITIVE);

    private static final String DATABASE = "spring.datasource.url";

    /** An element of a list, or single value, that is a number without unit; 0 needs none. */
    private static final Pattern WITHOUT_UNIT = Pattern.compile("(?:^|,)\\s*[+-]?0*[1-9]\\d*\\s*(?:,|$)");

    /** Meaning of a number without unit, and the correct spelling. */
    private static final Map<Class<?>, String> UNITS = Map.of(
            Duration.class, "milliseconds; write it like 30s, 5m or 12h",
            DataSize.class, "bytes; write it like 64MB or 4GB");

    private final ConfigurableEnvironment environment;

    /** Placeholders of the settings files, each with the setting in whose value it is. */
    private final Map<String, String> placeholders;

    /** The first placeholder of each setting. */
    private final Map<ConfigurationPropertyName, String> variables = new HashMap<>();

    /** Settings of the program, in the order of {@link KnownSetting#ALL}. */
    private final Map<KnownSetting, Effective> known = new LinkedHashMap<>();

    /**
     * Effective value of a setting.
     *
     * @param value value as text; stars for a secret; empty if it is not set
     * @param origin {@code default}, a file with its line, an environment variable, ...
     */
    public record Effective(
            String name, String variable, String value, boolean secret, String origin, List<String> problems) {

        public Effective with(List<String> others) {
            return problems.isEmpty() ? new Effective(name, variable, value, secret, origin, others) : this;
        }
    }

    public EffectiveSettings(ConfigurableEnvironment environment) {
        this.environment = environment;
        placeholders = Origins.placeholders(environment);
        placeholders.forEach((word, name) -> variables.putIfAbsent(ConfigurationPropertyName.adapt(name, '.'), word));
        for (KnownSetting setting : KnownSetting.ALL) {
            known.put(setting, effective(setting.name(), setting.isList(), setting.isSecret(), setting.defaultValue()));
        }
    }

    /** Returns all settings of the program, then those of Spring Boot. */
    public List<Effective> all() {
        return Stream.concat(
                        known.values().stream(),
                        SPRING.stream().map(name -> effective(name, false, Masks.isSecret(name), "")))
                .toList();
    }

    /**
     * Returns the problems that end every command: unknown settings, values without unit, and an invalid database URL,
     * which the driver would reject late and without advice.
     */
    public List<String> problems() {
        List<String> problems = unknown();
        problems.addAll(withoutUnit());
        String url = environment.getProperty(DATABASE, "");
        if (!url.isBlank() && Driver.parseURL(url, null) == null) {
            problems.add(
                    ("%s is \"%s\", but ARCHIVE_DATABASE_URL must look like jdbc:postgresql://host:5432/database; user "
                                    + "and password go into ARCHIVE_DATABASE_USER and ARCHIVE_DATABASE_PASSWORD")
                            .formatted(DATABASE, Masks.shown(DATABASE, url)));
        }
        return problems;
    }

    /**
     * Returns a message with the origin of each unknown setting, in the order of precedence of the sources: keys below
     * {@code archive}, and environment variables that begin with {@code ARCHIVE_} or {@code JUSTONEAPI_}. A file in a
     * directory of secrets ({@code configtree:}) may be named like a variable, too.
     *
     * <p>Allowed are variables that a settings file refers to, those in {@code archive.foreign-variables}, and empty
     * ones.
     */
    public List<String> unknown() {
        List<String> unknown = new ArrayList<>();
        for (PropertySource<?> source : environment.getPropertySources()) {
            if (source instanceof EnumerablePropertySource<?> keys
                    && !ConfigurationPropertySources.isAttachedConfigurationPropertySource(source)) {
                boolean isEnvironment = source instanceof SystemEnvironmentPropertySource;
                Stream<String> names = Stream.of(keys.getPropertyNames());
                (isEnvironment ? names.sorted() : names)
                        .filter(name -> !isKnown(name, keys))
                        .map(name -> "%s is no setting (%s)"
                                .formatted(
                                        name,
                                        isEnvironment
                                                ? "environment variable; ARCHIVE_FOREIGN_VARIABLES lists those of "
                                                        + "other programs"
                                                : Origins.describe(PropertySourceOrigin.get(source, name))))
                        .forEach(unknown::add);
            }
        }
        return unknown;
    }

    private boolean isKnown(String key, PropertySource<?> source) {
        boolean isEnvironment = source instanceof SystemEnvironmentPropertySource;
        if (OURS.matcher(key).matches() && (isEnvironment || key.indexOf('.') < 0)) {
            return placeholders.containsKey(key)
                    || List.of(environment.getProperty("archive.foreign-variables", String[].class, new String[0]))
                            .contains(key)
                    || (isEnvironment && bindsByName(key, source));
        }
        ConfigurationPropertyName name = ConfigurationPropertyName.adapt(key, '.');
        if (isEnvironment || name.isEmpty()) {
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
    private static boolean bindsByName(String variable, PropertySource<?> variables) {
        Map<String, Object> alone = Map.of(variable, String.valueOf(variables.getProperty(variable)));
        ConfigurationPropertySource source =
                Objects.requireNonNull(ConfigurationPropertySource.from(new SystemEnvironmentPropertySource(
                        StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, alone)));
        return KnownSetting.ALL.stream()
                .anyMatch(setting -> source.getConfigurationProperty(setting.propertyName()) != null
                        || (setting.isList()
                                && source.containsDescendantOf(setting.propertyName())
                                        == ConfigurationPropertyState.PRESENT));
    }

    /** Returns a message for each duration and size without unit, which would be in milliseconds or bytes. */
    List<String> withoutUnit() {
        List<String> without = new ArrayList<>();
        known.forEach((setting, effective) -> {
            String unit = UNITS.get(setting.valueType());
            if (unit != null && WITHOUT_UNIT.matcher(effective.value()).find()) {
                without.add("%s \"%s\" (%s) has no unit, and would be %s"
                        .formatted(setting.name(), effective.value(), effective.origin(), unit));
            }
        });
        return without;
    }

    /** Returns a remark for each variable that a file refers to and that is set, but overridden by another source. */
    public List<String> unused() {
        return known.values().stream()
                .filter(setting -> variables.containsValue(setting.variable())
                        && environment.getSystemEnvironment().containsKey(setting.variable())
                        && !setting.origin().contains(setting.variable()))
                .map(setting -> "%s is set and has no effect: %s is set by %s"
                        .formatted(setting.variable(), setting.name(), setting.origin()))
                .toList();
    }

    /** Binds and validates all records and returns the problems, as a command that uses them reports them. */
    public Set<String> bindingProblems() {
        Set<String> problems = new LinkedHashSet<>();
        try (ValidatorFactory factory = Validation.buildDefaultValidatorFactory()) {
            var validator = new SpringValidatorAdapter(factory.getValidator());
            for (Class<?> type : KnownSetting.RECORDS) {
                BindHandler collecting = new AbstractBindHandler(new ValidationBindHandler(validator)) {

                    @Override
                    public @Nullable Object onFailure(
                            ConfigurationPropertyName name, Bindable<?> target, BindContext context, Exception error) {
                        if (!(error instanceof UnboundConfigurationPropertiesException)) {
                            problems.addAll(BindErrors.problems(name, context.getConfigurationProperty(), error));
                        }
                        return null; // an unreadable value does not hide the problems of the others
                    }
                };
                Binder.get(environment).bind(KnownSetting.prefixOf(type), Bindable.of(type), collecting);
            }
        }
        return problems;
    }

    private Effective effective(String name, boolean list, boolean secret, String standard) {
        ConfigurationPropertyName property = ConfigurationPropertyName.adapt(name, '.');
        List<String> values = new ArrayList<>();
        Set<String> origins = new LinkedHashSet<>();
        List<String> problems = new ArrayList<>();
        for (ConfigurationProperty found : find(property, list)) {
            String raw = String.valueOf(found.getValue());
            Set<String> set = Origins.ofPlaceholders(raw, environment);
            origins.addAll(set);
            boolean isDefault = isDefault(found, standard);
            if (set.isEmpty() || !isDefault) {
                origins.add(isDefault ? Origins.DEFAULT : Origins.describe(found.getOrigin()));
            }
            try {
                values.add(environment.resolveRequiredPlaceholders(raw));
            } catch (IllegalArgumentException e) {
                values.add(raw);
                // the message contains the text around the placeholder
                problems.add(secret ? "a placeholder cannot be resolved" : String.valueOf(e.getMessage()));
            }
        }
        String value = origins.isEmpty()
                ? standard
                : values.stream().filter(Predicate.not(String::isBlank)).collect(Collectors.joining(", "));
        return new Effective(
                name,
                variables.getOrDefault(property, variable(name)),
                secret ? Masks.starsFor(value) : Masks.shown(name, value),
                secret,
                origins.isEmpty() ? Origins.DEFAULT : String.join(", ", origins),
                problems);
    }

    static String variable(String setting) {
        return setting.replace('.', '_').replace("-", "").toUpperCase(Locale.ROOT);
    }

    private Stream<ConfigurationPropertySource> sources() {
        return StreamSupport.stream(
                ConfigurationPropertySources.get(environment).spliterator(), false);
    }

    /** Returns whether a file has the default value, as a copy of the program's file beside it does. */
    private boolean isDefault(ConfigurationProperty property, String standard) {
        String value = String.valueOf(property.getValue());
        return property.getOrigin() instanceof PropertySourceOrigin origin
                && origin.getOrigin() instanceof TextResourceOrigin
                && (value.equals(standard)
                        || sources()
                                .flatMap(source ->
                                        Stream.ofNullable(source.getConfigurationProperty(property.getName())))
                                .filter(other ->
                                        Origins.describe(other.getOrigin()).equals(Origins.DEFAULT))
                                .anyMatch(other ->
                                        String.valueOf(other.getValue()).equals(value)));
    }

    /** Returns the property of the first source that has it; of a list, also its elements. */
    private List<ConfigurationProperty> find(ConfigurationPropertyName name, boolean list) {
        return sources()
                .map(source -> Stream.concat(
                                Stream.ofNullable(source.getConfigurationProperty(name)),
                                list ? elements(source, name) : Stream.empty())
                        .toList())
                .filter(Predicate.not(List::isEmpty))
                .findFirst()
                .orElse(List.of());
    }

    private static Stream<ConfigurationProperty> elements(
            ConfigurationPropertySource source, ConfigurationPropertyName list) {
        return Stream.iterate(0, i -> i + 1)
                .map(i -> source.getConfigurationProperty(list.append("[" + i + "]")))
                .takeWhile(element -> element != null);
    }
}
