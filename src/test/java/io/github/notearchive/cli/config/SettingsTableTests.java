package io.github.notearchive.cli.config;

import static java.time.temporal.ChronoUnit.DAYS;
import static java.time.temporal.ChronoUnit.HOURS;
import static java.time.temporal.ChronoUnit.MILLIS;
import static java.time.temporal.ChronoUnit.MINUTES;
import static java.time.temporal.ChronoUnit.NANOS;
import static java.time.temporal.ChronoUnit.SECONDS;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toList;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.cli.config.EffectiveSettings.Effective;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.io.text.Masks;
import jakarta.validation.Validation;
import jakarta.validation.Validator;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.metadata.ConstraintDescriptor;
import jakarta.validation.metadata.PropertyDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Currency;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.commons.text.WordUtils;
import org.junit.jupiter.api.Test;
import org.springframework.util.unit.DataSize;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The page of all settings is up to date: names, defaults and bounds from the records, variables from
 * config/application.yml, descriptions from the configuration metadata.
 */
class SettingsTableTests {

    private static final Path PAGE = Path.of("src", "docs", "settings.md");

    /** System property that updates the page. */
    private static final String WRITE = "settings.write";

    /** Settings of Spring Boot, whose metadata has other descriptions. */
    private static final String SPRING = """
            spring.datasource.url: PostgreSQL server, version 15 or newer, as jdbc:postgresql://host:5432/database; \
            empty for the embedded one over the data directory
            spring.datasource.username: role that owns the tables
            spring.datasource.password: its password; from the environment only, never from a file in the repository
            spring.datasource.hikari.maximum-pool-size: maximum number of database connections
            spring.datasource.hikari.minimum-idle: number of idle connections that stay open
            spring.datasource.hikari.connection-timeout: timeout for a connection of the pool, in milliseconds
            spring.datasource.hikari.connection-init-sql: first statements of each connection: lock timeout, and lz4 \
            compression where the server has it
            spring.datasource.hikari.data-source-properties.connectTimeout: timeout of the connection to the server, \
            in seconds
            spring.datasource.hikari.data-source-properties.socketTimeout: read timeout in seconds, after which a \
            connection is closed; longer than any statement
            logging.level.root: log level of the libraries
            logging.level.io.github.notearchive: log level of the program
            """;

    private static final Map<Class<?>, String> KINDS = Map.of(
            boolean.class, "`true`, `false`",
            Boolean.class, "`true`, `false`",
            double.class, "number",
            BigDecimal.class, "number",
            Currency.class, "currency code",
            Duration.class, "duration",
            DataSize.class, "size",
            URI.class, "URL");

    private static final String HEAD = """

            ## %s

            | setting | variable | kind | default | bounds | meaning |
            |---|---|---|---|---|---|
            """;

    private static final String INTRODUCTION = """
            # Settings

            A test generates this page from the program and from \
            [config/application.yml](../../config/application.yml); see \
            [CONTRIBUTING](../../CONTRIBUTING.md#a-setting). `note-archive config show` prints the effective values \
            with their origin; [Configuration](configuration.md) has examples.

            A setting comes from an environment variable or from `application.yml` in `config/` beside the program. \
            A variable has precedence over the file if its name is the setting's in capitals, without hyphens and \
            with `_` for dots (`ARCHIVE_RETRY_PERNIGHT` for `archive.retry.per-night`). Where the table has another \
            name, as `ARCHIVE_CALLS_PER_SECOND`, the file has precedence over it. An empty variable counts as not \
            set. Lists are separated by commas. Durations are written `500ms`, `30s`, `5m`, `12h`, `7d`, sizes \
            `512KB`, `32MB`, `4GB`. A duration or size without its unit ends every command with 2, unless it is 0.

            An unknown key below `archive.`, or a variable that begins with `ARCHIVE_` or `JUSTONEAPI_` and sets \
            nothing, ends every command with 2: it may be a mistyped limit. Foreign variables with these prefixes \
            are listed in `ARCHIVE_FOREIGN_VARIABLES`; on Kubernetes set `enableServiceLinks: false`.
            """;

    private static final String METADATA = "META-INF/spring-configuration-metadata.json";

    private final Map<String, Effective> defaults = new TreeMap<>();
    private final Map<String, String> meanings = new TreeMap<>();
    private final Validator validator;

    /** Constraints without description. */
    private final Set<String> unspoken = new TreeSet<>();

    SettingsTableTests() {
        try (var factory = Validation.buildDefaultValidatorFactory()) {
            validator = factory.getValidator();
        }
        new EffectiveSettings(SettingsFixture.with(Map.of()))
                .all()
                .forEach(setting -> defaults.put(setting.name(), setting));
        SPRING.lines().map(line -> line.split(": ", 2)).forEach(line -> meanings.put(line[0], line[1]));
        readMeanings();
    }

    @Test
    void pageIsUpToDate() throws IOException {
        String made = page();
        if (System.getProperty(WRITE) != null) {
            Files.writeString(PAGE, made);
        }

        assertThat(Files.readString(PAGE))
                .as("%s is not up to date; update it with: ./mvnw test -Dtest=SettingsTableTests -D%s", PAGE, WRITE)
                .isEqualTo(made);
    }

    @Test
    void everySettingHasADescription() {
        assertThat(KnownSetting.ALL)
                .extracting(KnownSetting::name)
                .filteredOn(name -> meanings.getOrDefault(name, "").isBlank())
                .as("settings without an @param in the Javadoc of their record, or not compiled")
                .isEmpty();
    }

    @Test
    void everyBoundHasADescription() {
        page();

        assertThat(unspoken).isEmpty();
    }

    private String page() {
        StringBuilder page = new StringBuilder();
        INTRODUCTION.lines().forEach(line -> page.append(wrapped(line)));
        Map<String, List<KnownSetting>> groups = KnownSetting.ALL.stream()
                .collect(groupingBy(
                        setting -> setting.name().substring(0, setting.name().lastIndexOf('.')),
                        TreeMap::new,
                        toList()));
        groups.forEach((group, settings) -> {
            page.append(HEAD.formatted("`" + group + "`"));
            settings.forEach(setting -> page.append(row(setting.name(), kind(setting), bounds(setting))));
        });
        page.append(HEAD.formatted("Spring Boot's settings, as far as needed"));
        EffectiveSettings.SPRING.forEach(name -> page.append(row(name, "", "")));
        page.append("""

                ## Launcher

                | variable | meaning |
                |---|---|
                | `JAVA_HOME` | first candidate for a Java 25 or newer; an older one is ignored |
                | `JAVA_OPTS` | options of java, separated by spaces, such as `-Xmx512m` |

                ## Rules between settings

                """);
        rules().forEach(rule -> page.append(wrapped("* " + rule)));
        return page.toString();
    }

    private static String wrapped(String line) {
        return WordUtils.wrap(line, 120, line.startsWith("* ") ? "\n  " : "\n", false) + "\n";
    }

    private String row(String name, String kind, String bounds) {
        Effective standard = Objects.requireNonNull(defaults.get(name), name);
        String value = standard.value().isEmpty() ? "" : "`" + standard.value() + "`";
        return Stream.of("`" + name + "`", "`" + standard.variable() + "`", kind, value, bounds, meaning(name))
                .map(cell -> cell.replace("|", "\\|"))
                .collect(joining(" | ", "| ", " |\n"));
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
        if (type.isEnum()) {
            return Stream.of(type.getEnumConstants())
                    .map(constant -> "`" + constant.toString().toLowerCase(Locale.ROOT) + "`")
                    .collect(joining(", "));
        }
        String other = type.isPrimitive() || Number.class.isAssignableFrom(type) ? "whole number" : "text";
        return KINDS.getOrDefault(type, Masks.isSecret(type.getSimpleName()) ? "secret" : other);
    }

    private String bounds(KnownSetting setting) {
        PropertyDescriptor property = validator
                .getConstraintsForClass(setting.component().getDeclaringRecord())
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
            Map<String, Object> attributes = constraint.getAttributes();
            boolean isExclusive = Boolean.FALSE.equals(attributes.get("inclusive"));
            String value = attributes.containsKey("nanos") ? duration(attributes) : "" + attributes.get("value");
            switch (constraint.getAnnotation().annotationType().getSimpleName()) {
                case "Min", "DecimalMin", "DurationMin" -> least = (isExclusive ? "more than " : "") + value;
                case "Max", "DecimalMax", "DurationMax" -> most = (isExclusive ? "less than " : "") + value;
                case "NotEmpty" -> others.add("at least one");
                case "NotBlank" -> others.add("not empty");
                case "Pattern" -> others.add("`" + attributes.get("regexp") + "`");
                case "NotNull" -> {
                    // no text makes a null
                }
                default -> unspoken.add(setting.name() + ": " + constraint.getAnnotation());
            }
        }
        List<String> bounds = new ArrayList<>();
        if (least != null || most != null) {
            bounds.add(most == null ? "at least " + least : least == null ? "at most " + most : least + " to " + most);
        }
        bounds.addAll(others);
        return bounds;
    }

    private static String duration(Map<String, Object> attributes) {
        Duration all = Duration.ZERO;
        for (ChronoUnit unit : List.of(DAYS, HOURS, MINUTES, SECONDS, MILLIS, NANOS)) {
            all = all.plus(((Number) attributes.get(unit.name().toLowerCase(Locale.ROOT))).longValue(), unit);
        }
        return DisplayFormat.setting(all);
    }

    private List<String> rules() {
        return Stream.concat(
                        KnownSetting.RECORDS.stream(),
                        KnownSetting.ALL.stream()
                                .map(setting -> setting.component().getDeclaringRecord()))
                .distinct()
                .flatMap(holder -> Stream.of(holder.getDeclaredMethods()))
                .map(method -> method.getAnnotation(AssertTrue.class))
                .filter(Objects::nonNull)
                .map(rule -> rule.message().replaceAll("(archive\\.[a-z.-]*[a-z])", "`$1`"))
                .distinct()
                .sorted()
                .toList();
    }

    private void readMeanings() {
        try {
            for (URL url :
                    Collections.list(SettingsTableTests.class.getClassLoader().getResources(METADATA))) {
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
