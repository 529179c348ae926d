package io.github.notearchive.cli.config;

import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.origin.Origin;
import org.springframework.boot.origin.PropertySourceOrigin;
import org.springframework.boot.origin.SystemEnvironmentOrigin;
import org.springframework.boot.origin.TextResourceOrigin;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;

/** Says where a setting stands, so that somebody can go there. */
public final class Origins {

    /** Of what the program itself brings along. */
    public static final String DEFAULT = "default";

    private static final String COMMAND_LINE = "commandLineArgs";

    private Origins() {}

    /** Such as {@code config/application.yml:12} or {@code environment variable ARCHIVE_WORKERS}. */
    public static String describe(@Nullable Origin origin) {
        return switch (origin) {
            case null -> DEFAULT;
            case TextResourceOrigin text -> inText(text);
            case SystemEnvironmentOrigin variable -> "environment variable " + variable.getProperty();
            case PropertySourceOrigin source ->
                source.getOrigin() != null
                        ? describe(source.getOrigin())
                        : inSource(source.getPropertySource().getName(), source.getPropertyName());
            default -> origin.toString();
        };
    }

    /**
     * The same of a value, and of what somebody has set where it only names that in braces: {@code environment variable
     * ARCHIVE_STOP_AT} of <code>${ARCHIVE_STOP_AT:}</code>.
     */
    public static String describe(ConfigurationProperty property) {
        String set = Variables.in(String.valueOf(property.getValue())).stream()
                .flatMap(Origins::ofWord)
                .collect(Collectors.joining(", "));
        return set.isEmpty() ? describe(property.getOrigin()) : set;
    }

    /** Who sets a word in braces; nobody where it has its default, or stands in another file. */
    private static Stream<String> ofWord(String word) {
        if (System.getProperty(word) != null) {
            return Stream.of(inSource(StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME, word));
        }
        String variable = System.getenv(word);
        return variable == null || variable.isBlank()
                ? Stream.empty()
                : Stream.of(inSource(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, word));
    }

    /** Of a word in a source that keeps no places. */
    static String inSource(String source, String word) {
        return switch (source) {
            case StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME -> "environment variable " + word;
            case StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME -> "option -D" + word + " of java";
            case COMMAND_LINE -> "command line";
            default -> source;
        };
    }

    /** Whether the program itself brings it along, and nobody has set it. */
    static boolean isDefault(@Nullable Origin origin) {
        return switch (origin) {
            case null -> true;
            case TextResourceOrigin text -> isOurs(text.getResource());
            case PropertySourceOrigin source -> source.getOrigin() != null && isDefault(source.getOrigin());
            default -> false;
        };
    }

    /** Whether it stands in a file. */
    static boolean isInText(@Nullable Origin origin) {
        return origin instanceof TextResourceOrigin
                || (origin instanceof PropertySourceOrigin source && isInText(source.getOrigin()));
    }

    private static String inText(TextResourceOrigin origin) {
        Resource resource = origin.getResource();
        if (isOurs(resource)) {
            return DEFAULT;
        }
        String where = resource == null ? "a file" : path(resource);
        TextResourceOrigin.Location location = origin.getLocation();
        return location == null ? where : where + ":" + (location.getLine() + 1);
    }

    private static boolean isOurs(@Nullable Resource resource) {
        // Spring wraps what it has loaded, and tells its kind by its description alone
        return resource instanceof ClassPathResource
                || (resource != null && resource.getDescription().startsWith("class path resource"));
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
