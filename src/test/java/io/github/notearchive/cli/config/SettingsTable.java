package io.github.notearchive.cli.config;

import static java.util.stream.Collectors.joining;

import io.github.notearchive.cli.config.EffectiveSettings.Effective;
import io.github.notearchive.io.Masks;
import jakarta.validation.Validation;
import jakarta.validation.Validator;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.metadata.ConstraintDescriptor;
import jakarta.validation.metadata.PropertyDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.net.URI;
import java.net.URL;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.io.ClassPathResource;
import org.springframework.util.unit.DataSize;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Page of all settings: names and bounds from the records, defaults and variables from config/application.yml,
 * descriptions from the configuration metadata.
 */
final class SettingsTable {

    /** Settings of Spring Boot, whose metadata has other descriptions. */
    private static final Map<String, String> SPRING = Map.ofEntries(
            Map.entry(
                    "spring.datasource.url",
                    "PostgreSQL server, version 15 or newer, as jdbc:postgresql://host:5432/database; empty for the embedded one over the data directory"),
            Map.entry("spring.datasource.username", "role that owns the tables"),
            Map.entry(
                    "spring.datasource.password",
                    "its password; from the environment only, never from a file in the repository"),
            Map.entry("spring.datasource.hikari.maximum-pool-size", "maximum number of database connections"),
            Map.entry("spring.datasource.hikari.minimum-idle", "number of idle connections that stay open"),
            Map.entry(
                    "spring.datasource.hikari.connection-timeout",
                    "timeout for a connection of the pool, in milliseconds"),
            Map.entry(
                    "spring.datasource.hikari.connection-init-sql",
                    "first statements of each connection: lock timeout, and lz4 compression where the server has it"),
            Map.entry(
                    "spring.datasource.hikari.data-source-properties.connectTimeout",
                    "timeout of the connection to the server, in seconds"),
            Map.entry(
                    "spring.datasource.hikari.data-source-properties.socketTimeout",
                    "read timeout in seconds, after which a connection is closed; longer than any statement"),
            Map.entry("logging.level.root", "log level of the libraries"),
            Map.entry("logging.level.io.github.notearchive", "log level of the program"));

    private static final String METADATA = "META-INF/spring-configuration-metadata.json";

    private final Map<String, Effective> defaults = new TreeMap<>();
    private final Map<String, String> meanings = new TreeMap<>();
    private final Validator validator;

    SettingsTable() {
        try (var factory = Validation.buildDefaultValidatorFactory()) {
            validator = factory.getValidator();
        }
        new EffectiveSettings(file()).all().forEach(setting -> defaults.put(setting.name(), setting));
        meanings.putAll(SPRING);
        readMeanings();
    }

    /** Settings without description in the metadata. */
    Set<String> withoutMeaning() {
        Set<String> without = new TreeSet<>();
        KnownSetting.ALL.stream()
                .map(KnownSetting::name)
                .filter(name -> meanings.getOrDefault(name, "").isBlank())
                .forEach(without::add);
        return without;
    }

    /** Constraints without description. */
    private final Set<String> unspoken = new TreeSet<>();

    Set<String> unspoken() {
        return Collections.unmodifiableSet(unspoken);
    }

    String page() {
        StringBuilder page = new StringBuilder();
        page.append("""
                # Settings

                A test generates this page from the program and from [config/application.yml](../../config/application.yml); see
                [CONTRIBUTING](../../CONTRIBUTING.md#a-setting). `note-archive config show` prints the effective values with their origin; [Configuration](configuration.md) has examples.

                A setting comes from an environment variable or from `application.yml` in `config/` beside the program. A variable has precedence over the file if its name is the
                setting's in capitals, without hyphens and with `_` for dots (`ARCHIVE_RETRY_PERNIGHT` for `archive.retry.per-night`). Where the table has another name, as
                `ARCHIVE_CALLS_PER_SECOND`, the file has precedence over it. An empty variable counts as not set. Lists are separated by commas. Durations are written `500ms`, `30s`,
                `5m`, `12h`, `7d`, sizes `512KB`, `32MB`, `4GB`. A duration or size without its unit ends every command with 2, unless it is 0.

                An unknown key below `archive.`, or a variable that begins with `ARCHIVE_` or `JUSTONEAPI_` and sets nothing, ends every command with 2: it may be a mistyped limit.
                Foreign variables with these prefixes are listed in `ARCHIVE_FOREIGN_VARIABLES`; on Kubernetes set `enableServiceLinks: false`.
                """);
        String group = "";
        List<KnownSetting> byGroup = KnownSetting.ALL.stream()
                .sorted(Comparator.comparing((KnownSetting setting) -> groupOf(setting.name()))
                        .thenComparing(KnownSetting::name))
                .toList();
        for (KnownSetting setting : byGroup) {
            String own = groupOf(setting.name());
            if (!own.equals(group)) {
                group = own;
                head("`" + group + "`", page);
            }
            Effective standard = defaultOf(setting.name());
            row(
                    setting.name(),
                    standard.variable(),
                    kind(setting),
                    standard.value(),
                    bounds(setting),
                    meaning(setting.name()),
                    page);
        }
        head("Spring Boot's settings, as far as needed", page);
        for (String name : EffectiveSettings.SPRING) {
            Effective standard = defaultOf(name);
            row(name, standard.variable(), "", standard.value(), "", meaning(name), page);
        }
        page.append("""

                ## Launcher

                | variable | meaning |
                |---|---|
                | `JAVA_HOME` | first candidate for a Java 25 or newer; an older one is ignored |
                | `JAVA_OPTS` | options of java, separated by spaces, such as `-Xmx512m` |

                ## Rules between settings

                """);
        rules().forEach(rule -> page.append("* ").append(rule).append('\n'));
        return page.toString();
    }

    private static void head(String title, StringBuilder page) {
        page.append("\n## ").append(title).append("\n\n");
        page.append("| setting | variable | kind | default | bounds | meaning |\n");
        page.append("|---|---|---|---|---|---|\n");
    }

    private static void row(
            String name,
            String variable,
            String kind,
            String standard,
            String bounds,
            String meaning,
            StringBuilder page) {
        page.append("| ")
                .append(Stream.of(
                                "`" + name + "`",
                                "`" + variable + "`",
                                kind,
                                standard.isEmpty() ? "" : "`" + standard + "`",
                                bounds,
                                meaning)
                        .map(cell -> cell.replace("|", "\\|"))
                        .collect(joining(" | ")))
                .append(" |\n");
    }

    private static String groupOf(String name) {
        int dot = name.lastIndexOf('.');
        return name.substring(0, dot);
    }

    private Effective defaultOf(String name) {
        Effective standard = defaults.get(name);
        if (standard == null) {
            throw new IllegalStateException(name + " has no default");
        }
        return standard;
    }

    private String meaning(String name) {
        return meanings.getOrDefault(name, "")
                .replaceAll("\\{@(?:code|link) ([^}]*)}", "`$1`")
                .replaceAll("\\s+", " ")
                .strip();
    }

    private static String kind(KnownSetting setting) {
        return (setting.isList() ? "list: " : "") + kind(setting.valueType());
    }

    private static String kind(Class<?> type) {
        if (type.equals(boolean.class) || type.equals(Boolean.class)) {
            return "`true`, `false`";
        }
        if (type.isEnum()) {
            return Arrays.stream(type.getEnumConstants())
                    .map(constant -> "`" + constant.toString().toLowerCase(java.util.Locale.ROOT) + "`")
                    .collect(joining(", "));
        }
        if (type.equals(double.class)) {
            return "number";
        }
        if (type.isPrimitive() || Number.class.isAssignableFrom(type)) {
            return "whole number";
        }
        if (type.equals(Duration.class)) {
            return "duration";
        }
        if (type.equals(DataSize.class)) {
            return "size";
        }
        if (type.equals(URI.class)) {
            return "address";
        }
        return Masks.isSecret(type.getSimpleName()) ? "secret" : "text";
    }

    private String bounds(KnownSetting setting) {
        PropertyDescriptor property = validator
                .getConstraintsForClass(setting.holder())
                .getConstraintsForProperty(setting.component().getName());
        if (property == null) {
            return "";
        }
        List<String> bounds = new ArrayList<>(bounds(setting, property.getConstraintDescriptors()));
        property.getConstrainedContainerElementTypes().stream()
                .flatMap(element -> bounds(setting, element.getConstraintDescriptors()).stream())
                .map(bound -> "each " + bound)
                .forEach(bounds::add);
        return String.join(", ", bounds);
    }

    private List<String> bounds(KnownSetting setting, Set<ConstraintDescriptor<?>> constraints) {
        String least = null;
        String most = null;
        Set<String> others = new TreeSet<>();
        for (ConstraintDescriptor<?> constraint : constraints) {
            Annotation rule = constraint.getAnnotation();
            switch (rule) {
                case Min min -> least = String.valueOf(min.value());
                case Max max -> most = String.valueOf(max.value());
                case DecimalMin min -> least = (min.inclusive() ? "" : "more than ") + min.value();
                case DecimalMax max -> most = (max.inclusive() ? "" : "less than ") + max.value();
                case DurationMin min ->
                    least = duration(min.days(), min.hours(), min.minutes(), min.seconds(), min.millis(), min.nanos());
                case DurationMax max ->
                    most = duration(max.days(), max.hours(), max.minutes(), max.seconds(), max.millis(), max.nanos());
                case NotEmpty _ -> others.add("at least one");
                case NotBlank _ -> others.add("not empty");
                case Pattern pattern -> others.add("`" + pattern.regexp() + "`");
                case NotNull _ -> {
                    // no text makes a null
                }
                default -> unspoken.add(setting.name() + ": " + rule);
            }
        }
        List<String> bounds = new ArrayList<>();
        if (least != null && most != null) {
            bounds.add(least + " to " + most);
        } else if (least != null) {
            bounds.add("at least " + least);
        } else if (most != null) {
            bounds.add("at most " + most);
        }
        bounds.addAll(others);
        return bounds;
    }

    private static String duration(long days, long hours, long minutes, long seconds, long millis, long nanos) {
        Duration all = Duration.ofDays(days)
                .plusHours(hours)
                .plusMinutes(minutes)
                .plusSeconds(seconds)
                .plusMillis(millis)
                .plusNanos(nanos);
        if (all.toDays() > 0 && all.equals(Duration.ofDays(all.toDays()))) {
            return all.toDays() + "d";
        }
        return Stream.of(
                        java.time.temporal.ChronoUnit.HOURS,
                        java.time.temporal.ChronoUnit.MINUTES,
                        java.time.temporal.ChronoUnit.SECONDS)
                .filter(unit ->
                        !all.isZero() && all.toMillis() % unit.getDuration().toMillis() == 0)
                .findFirst()
                .map(unit -> DurationStyle.SIMPLE.print(all, unit))
                .orElseGet(() -> DurationStyle.SIMPLE.print(all, java.time.temporal.ChronoUnit.MILLIS));
    }

    private List<String> rules() {
        Set<String> rules = new TreeSet<>();
        Set<Class<?>> holders = new java.util.HashSet<>(KnownSetting.RECORDS);
        KnownSetting.ALL.forEach(setting -> holders.add(setting.holder()));
        for (Class<?> holder : holders) {
            for (Method method : holder.getDeclaredMethods()) {
                AssertTrue rule = method.getAnnotation(AssertTrue.class);
                if (rule != null) {
                    rules.add(rule.message().replaceAll("(archive\\.[a-z.-]*[a-z])", "`$1`"));
                }
            }
        }
        return List.copyOf(rules);
    }

    private static StandardEnvironment file() {
        StandardEnvironment environment = new StandardEnvironment();
        environment
                .getPropertySources()
                .forEach(source -> environment.getPropertySources().remove(source.getName()));
        try {
            for (PropertySource<?> source : new YamlPropertySourceLoader()
                    .load("application.yml", new ClassPathResource("config/application.yml"))) {
                environment.getPropertySources().addLast(source);
            }
            return environment;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void readMeanings() {
        try {
            for (URL url : Collections.list(SettingsTable.class.getClassLoader().getResources(METADATA))) {
                try (InputStream in = url.openStream()) {
                    for (JsonNode property : JsonMapper.shared().readTree(in).get("properties")) {
                        String name = property.get("name").asString();
                        if (name.startsWith(KnownSetting.ROOT + ".")) {
                            meanings.put(name, property.path("description").asString(""));
                        }
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
