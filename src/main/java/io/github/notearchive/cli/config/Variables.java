package io.github.notearchive.cli.config;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/** Names of environment variables, and placeholders in settings files. */
final class Variables {

    private static final Pattern OURS = Pattern.compile("(?:ARCHIVE|JUSTONEAPI)[_.].*", Pattern.CASE_INSENSITIVE);

    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([^${}:]+)(?::[^{}]*)?}");

    private Variables() {}

    /** Returns whether a name begins with a prefix of this program. */
    static boolean isOurs(String variable) {
        return OURS.matcher(variable).matches();
    }

    /** Returns the variable that Spring Boot binds to a setting. */
    static String named(String setting) {
        return setting.replace('.', '_').replace("-", "").toUpperCase(Locale.ROOT);
    }

    /** Returns the placeholders in a text: {@code ARCHIVE_NODE} in <code>${ARCHIVE_NODE:main}</code>. */
    static Set<String> in(String text) {
        return PLACEHOLDER
                .matcher(text)
                .results()
                .map(match -> match.group(1).strip())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Returns the placeholders of all settings files, each with the name of its setting. */
    static Map<String, String> inFiles(ConfigurableEnvironment environment) {
        Map<String, String> names = new LinkedHashMap<>();
        for (PropertySource<?> source : environment.getPropertySources()) {
            if (source instanceof EnumerablePropertySource<?> file
                    && !(source instanceof SystemEnvironmentPropertySource)) {
                for (String name : file.getPropertyNames()) {
                    in(String.valueOf(file.getProperty(name))).forEach(word -> names.putIfAbsent(word, name));
                }
            }
        }
        return names;
    }
}
