package io.github.notearchive.cli.config;

import io.github.notearchive.cli.config.KnownSettings.Known;
import io.github.notearchive.cli.config.KnownSettings.Shape;
import io.github.notearchive.io.Masks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.boot.origin.Origin;
import org.springframework.boot.origin.OriginLookup;
import org.springframework.core.ResolvableType;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.PropertySource;
import org.springframework.util.unit.DataSize;

/** What each setting is, secrets masked, and who said so. */
public final class EffectiveSettings {

    /** A number alone; nothing is nothing in every unit. */
    private static final Pattern WITHOUT_UNIT = Pattern.compile("[+-]?0*[1-9]\\d*");

    /** What a number alone would be, and how it is written instead. */
    private static final Map<Class<?>, String> MEANT_WITHOUT_UNIT = Map.of(
            Duration.class, "milliseconds; write it like 30s, 5m or 12h",
            DataSize.class, "bytes; write it like 64MB or 4GB");

    private final ConfigurableEnvironment environment;
    private final Map<String, String> words;

    /**
     * A setting as it counts.
     *
     * @param name as it is typed in a file
     * @param variable the environment variable that sets it
     * @param value what it is, as text; stars for a secret; empty when it is not set
     * @param secret whether the value is masked
     * @param isDefault whether nobody has set it
     * @param origin who said so: {@code default}, a file with its line, an environment variable, ...
     * @param trouble why the value cannot be told; null when it can
     */
    public record Effective(
            String name,
            String variable,
            String value,
            boolean secret,
            boolean isDefault,
            String origin,
            @Nullable String trouble) {}

    private EffectiveSettings(ConfigurableEnvironment environment) {
        this.environment = environment;
        this.words = Variables.inFiles(environment);
    }

    /** All settings of the program, then those of {@link SpringSettings}. */
    public static List<Effective> of(ConfigurableEnvironment environment, KnownSettings known) {
        EffectiveSettings settings = new EffectiveSettings(environment);
        List<Effective> all = new ArrayList<>();
        for (Known setting : known.all()) {
            all.add(settings.effective(setting.name(), setting.shape(), isSecret(setting)));
        }
        for (String name : SpringSettings.meanings().keySet()) {
            all.add(settings.effective(name, Shape.VALUE, Masks.isSecret(name)));
        }
        return all;
    }

    /**
     * The variables that stand in a file of settings and are set, but do not count: another source sets the same
     * setting itself. Each with the setting and who sets it.
     */
    public static List<String> unused(ConfigurableEnvironment environment, KnownSettings known) {
        EffectiveSettings settings = new EffectiveSettings(environment);
        List<String> unused = new ArrayList<>();
        for (Known setting : known.all()) {
            String variable = settings.wordOf(setting.name());
            String origin =
                    settings.effective(setting.name(), setting.shape(), false).origin();
            if (variable != null
                    && environment.getSystemEnvironment().containsKey(variable)
                    && !origin.contains(variable)) {
                unused.add(variable + " is set and does not count: " + setting.name() + " is set by " + origin);
            }
        }
        return unused;
    }

    /**
     * The lengths of time and the sizes that have no unit: they would be so many milliseconds or bytes, which nobody
     * means. Each with its value and who sets it.
     */
    public static List<String> withoutUnit(ConfigurableEnvironment environment, KnownSettings known) {
        EffectiveSettings settings = new EffectiveSettings(environment);
        List<String> without = new ArrayList<>();
        for (Known setting : known.all()) {
            String meant = MEANT_WITHOUT_UNIT.get(typeOf(setting));
            if (meant == null) {
                continue;
            }
            Effective effective = settings.effective(setting.name(), setting.shape(), false);
            if (Stream.of(effective.value().split(",", -1))
                    .map(String::strip)
                    .anyMatch(value -> WITHOUT_UNIT.matcher(value).matches())) {
                without.add("%s \"%s\" (%s) has no unit, and would be %s"
                        .formatted(setting.name(), effective.value(), effective.origin(), meant));
            }
        }
        return without;
    }

    private static @Nullable Class<?> typeOf(Known setting) {
        ResolvableType type = setting.type();
        return setting.shape() == Shape.LIST ? type.getGeneric().resolve() : type.resolve();
    }

    private static boolean isSecret(Known setting) {
        // a type of ours for a text is one that keeps it to itself
        return Masks.isSecret(setting.name())
                || Masks.isSecret(setting.component().getType().getSimpleName());
    }

    private Effective effective(String name, Shape shape, boolean secret) {
        List<ConfigurationProperty> found = find(name, shape);
        List<String> values = new ArrayList<>();
        Set<String> origins = new LinkedHashSet<>();
        boolean isDefault = true;
        String trouble = null;
        for (ConfigurationProperty property : found) {
            String raw = String.valueOf(property.getValue());
            Set<String> setWords = Variables.in(raw).stream()
                    .filter(environment::containsProperty)
                    .collect(Collectors.toCollection(LinkedHashSet::new));
            setWords.forEach(word -> origins.add(originOf(word)));
            boolean ours = isOurs(property);
            if (setWords.isEmpty() || !ours) {
                origins.add(ours ? Origins.DEFAULT : Origins.describe(property.getOrigin()));
            }
            isDefault &= ours && setWords.isEmpty();
            try {
                String text = environment.resolveRequiredPlaceholders(raw);
                values.add(shape == Shape.MAP ? lastOf(property.getName()) + "=" + text : text);
            } catch (IllegalArgumentException e) {
                values.add(raw);
                // the message has the text around the word
                trouble = secret ? "a word in braces is not set" : String.valueOf(e.getMessage());
            }
        }
        String value = values.stream().filter(Predicate.not(String::isBlank)).collect(Collectors.joining(", "));
        return new Effective(
                name,
                variableOf(name),
                secret ? Masks.starsFor(value) : Masks.shown(name, value),
                secret,
                isDefault,
                origins.isEmpty() ? Origins.DEFAULT : String.join(", ", origins),
                trouble);
    }

    /** Also where the copy of our own file that lies beside the program says the same as ours. */
    private boolean isOurs(ConfigurationProperty property) {
        if (Origins.isDefault(property.getOrigin())) {
            return true;
        }
        if (!Origins.isInText(property.getOrigin())) {
            return false;
        }
        for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
            ConfigurationProperty other = source.getConfigurationProperty(property.getName());
            if (other != null && Origins.isDefault(other.getOrigin())) {
                return String.valueOf(other.getValue()).equals(String.valueOf(property.getValue()));
            }
        }
        return false;
    }

    private static String lastOf(ConfigurationPropertyName name) {
        return name.getLastElement(ConfigurationPropertyName.Form.ORIGINAL);
    }

    /** What the first source says that says anything; of a map, what each key is by the first. */
    private List<ConfigurationProperty> find(String name, Shape shape) {
        ConfigurationPropertyName wanted = ConfigurationPropertyName.adapt(name, '.');
        Map<String, ConfigurationProperty> keys = new TreeMap<>();
        for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
            List<ConfigurationProperty> here = switch (shape) {
                case VALUE -> one(source, wanted).toList();
                case LIST ->
                    Stream.concat(one(source, wanted), indexed(source, wanted)).toList();
                case MAP -> below(source, wanted).toList();
            };
            if (shape == Shape.MAP) {
                here.forEach(property -> keys.putIfAbsent(property.getName().toString(), property));
            } else if (!here.isEmpty()) {
                return here;
            }
        }
        return List.copyOf(keys.values());
    }

    private static Stream<ConfigurationProperty> one(
            ConfigurationPropertySource source, ConfigurationPropertyName name) {
        return Stream.ofNullable(source.getConfigurationProperty(name));
    }

    private static Stream<ConfigurationProperty> indexed(
            ConfigurationPropertySource source, ConfigurationPropertyName name) {
        List<ConfigurationProperty> all = new ArrayList<>();
        for (int i = 0; ; i++) {
            ConfigurationProperty property = source.getConfigurationProperty(name.append("[" + i + "]"));
            if (property == null) {
                return all.stream();
            }
            all.add(property);
        }
    }

    private static Stream<ConfigurationProperty> below(
            ConfigurationPropertySource source, ConfigurationPropertyName name) {
        return source instanceof IterableConfigurationPropertySource iterable
                ? iterable.stream()
                        .filter(name::isAncestorOf)
                        .flatMap(each -> Stream.ofNullable(iterable.getConfigurationProperty(each)))
                : Stream.empty();
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

    /** The variable of an operator's choice: the word in our own file, else the setting's name. */
    private String variableOf(String name) {
        String word = wordOf(name);
        return word == null ? Variables.named(name) : word;
    }

    private @Nullable String wordOf(String name) {
        return words.entrySet().stream()
                .filter(word -> ConfigurationPropertyName.adapt(word.getValue(), '.')
                        .equals(ConfigurationPropertyName.adapt(name, '.')))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(null);
    }
}
