package io.github.notearchive.cli.config;

import io.github.notearchive.cli.config.KnownSettings.Known;
import io.github.notearchive.io.Masks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.origin.Origin;
import org.springframework.boot.origin.OriginLookup;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.PropertySource;
import org.springframework.util.unit.DataSize;

/** Effective values of all settings with their origin; secrets are masked. */
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

    /** A number without unit; 0 needs none. */
    private static final Pattern WITHOUT_UNIT = Pattern.compile("[+-]?0*[1-9]\\d*");

    /** Meaning of a number without unit, and the correct spelling. */
    private static final Map<Class<?>, String> UNITS = Map.of(
            Duration.class, "milliseconds; write it like 30s, 5m or 12h",
            DataSize.class, "bytes; write it like 64MB or 4GB");

    private final ConfigurableEnvironment environment;
    private final Map<String, String> variables;

    /**
     * Effective value of a setting.
     *
     * @param name name in a file
     * @param variable environment variable of the setting
     * @param value value as text; stars for a secret; empty if it is not set
     * @param secret whether the value is masked
     * @param isDefault whether it is the default
     * @param origin {@code default}, a file with its line, an environment variable, ...
     * @param problem why the value cannot be resolved; null if it can
     */
    public record Effective(
            String name,
            String variable,
            String value,
            boolean secret,
            boolean isDefault,
            String origin,
            @Nullable String problem) {}

    private EffectiveSettings(ConfigurableEnvironment environment) {
        this.environment = environment;
        this.variables = Variables.inFiles(environment);
    }

    /** Returns all settings of the program, then those of Spring Boot. */
    public static List<Effective> of(ConfigurableEnvironment environment, KnownSettings known) {
        EffectiveSettings settings = new EffectiveSettings(environment);
        return Stream.concat(
                        known.all().stream().map(settings::effective),
                        SPRING.stream().map(name -> settings.effective(name, false, Masks.isSecret(name))))
                .toList();
    }

    /** Returns a remark for each variable that a file refers to and that is set, but overridden by another source. */
    static List<String> unused(ConfigurableEnvironment environment, KnownSettings known) {
        EffectiveSettings settings = new EffectiveSettings(environment);
        List<String> unused = new ArrayList<>();
        for (Known setting : known.all()) {
            String origin = settings.effective(setting).origin();
            settings.placeholder(setting.name())
                    .filter(variable ->
                            environment.getSystemEnvironment().containsKey(variable) && !origin.contains(variable))
                    .ifPresent(variable -> unused.add("%s is set and has no effect: %s is set by %s"
                            .formatted(variable, setting.name(), origin)));
        }
        return unused;
    }

    /** Returns a message for each duration and size without unit, which would be in milliseconds or bytes. */
    static List<String> withoutUnit(ConfigurableEnvironment environment, KnownSettings known) {
        EffectiveSettings settings = new EffectiveSettings(environment);
        List<String> without = new ArrayList<>();
        for (Known setting : known.all()) {
            String unit = UNITS.get(setting.valueType());
            if (unit == null) {
                continue;
            }
            Effective effective = settings.effective(setting);
            if (Stream.of(effective.value().split(",", -1))
                    .anyMatch(value -> WITHOUT_UNIT.matcher(value.strip()).matches())) {
                without.add("%s \"%s\" (%s) has no unit, and would be %s"
                        .formatted(setting.name(), effective.value(), effective.origin(), unit));
            }
        }
        return without;
    }

    private Effective effective(Known setting) {
        return effective(setting.name(), setting.isList(), setting.isSecret());
    }

    private Effective effective(String name, boolean list, boolean secret) {
        List<String> values = new ArrayList<>();
        Set<String> origins = new LinkedHashSet<>();
        boolean isDefault = true;
        String problem = null;
        for (ConfigurationProperty property : find(ConfigurationPropertyName.adapt(name, '.'), list)) {
            String raw = String.valueOf(property.getValue());
            List<String> set = Variables.in(raw).stream()
                    .filter(environment::containsProperty)
                    .toList();
            set.forEach(variable -> origins.add(originOf(variable)));
            boolean ours = isOurs(property);
            if (set.isEmpty() || !ours) {
                origins.add(ours ? Origins.DEFAULT : Origins.describe(property.getOrigin()));
            }
            isDefault &= ours && set.isEmpty();
            try {
                values.add(environment.resolveRequiredPlaceholders(raw));
            } catch (IllegalArgumentException e) {
                values.add(raw);
                // the message contains the text around the placeholder
                problem = secret ? "a placeholder cannot be resolved" : String.valueOf(e.getMessage());
            }
        }
        String value = values.stream().filter(Predicate.not(String::isBlank)).collect(Collectors.joining(", "));
        return new Effective(
                name,
                placeholder(name).orElseGet(() -> Variables.named(name)),
                secret ? Masks.starsFor(value) : Masks.shown(name, value),
                secret,
                isDefault,
                origins.isEmpty() ? Origins.DEFAULT : String.join(", ", origins),
                problem);
    }

    /** Returns whether the value is a default, also in a copy of the default file beside the program. */
    private boolean isOurs(ConfigurationProperty property) {
        if (Origins.isDefault(property.getOrigin())) {
            return true;
        }
        return Origins.isInText(property.getOrigin())
                && StreamSupport.stream(
                                ConfigurationPropertySources.get(environment).spliterator(), false)
                        .flatMap(source -> Stream.ofNullable(source.getConfigurationProperty(property.getName())))
                        .filter(other -> Origins.isDefault(other.getOrigin()))
                        .findFirst()
                        .filter(other -> String.valueOf(other.getValue()).equals(String.valueOf(property.getValue())))
                        .isPresent();
    }

    /** Returns the property of the first source that has it; of a list, also its elements. */
    private List<ConfigurationProperty> find(ConfigurationPropertyName name, boolean list) {
        for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
            List<ConfigurationProperty> found = new ArrayList<>();
            ConfigurationProperty property = source.getConfigurationProperty(name);
            if (property != null) {
                found.add(property);
            }
            int elements = list ? Integer.MAX_VALUE : 0;
            for (int i = 0; i < elements; i++) {
                property = source.getConfigurationProperty(name.append("[" + i + "]"));
                if (property == null) {
                    break;
                }
                found.add(property);
            }
            if (!found.isEmpty()) {
                return found;
            }
        }
        return List.of();
    }

    private String originOf(String word) {
        for (PropertySource<?> source : environment.getPropertySources()) {
            if (!ConfigurationPropertySources.isAttachedConfigurationPropertySource(source)
                    && source.containsProperty(word)) {
                Origin origin = OriginLookup.getOrigin(source, word);
                return origin != null ? Origins.describe(origin) : Origins.inSource(source.getName(), word);
            }
        }
        return word;
    }

    /** Returns the variable that a file refers to for this setting. */
    private Optional<String> placeholder(String name) {
        ConfigurationPropertyName wanted = ConfigurationPropertyName.adapt(name, '.');
        return variables.entrySet().stream()
                .filter(variable -> ConfigurationPropertyName.adapt(variable.getValue(), '.')
                        .equals(wanted))
                .map(Map.Entry::getKey)
                .findFirst();
    }
}
