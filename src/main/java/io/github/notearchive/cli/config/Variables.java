package io.github.notearchive.cli.config;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/** Environment variables: which name a setting by a word of their own, and which by its name. */
final class Variables {

    /** Beginnings that belong to this program. */
    private static final Pattern OURS = Pattern.compile("(?:ARCHIVE|JUSTONEAPI)[_.].*", Pattern.CASE_INSENSITIVE);

    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([^${}:]+)(?::[^{}]*)?}");

    private Variables() {}

    static boolean isOurs(String variable) {
        return OURS.matcher(variable).matches();
    }

    /** The variable that is called like the setting itself. */
    static String named(String setting) {
        return setting.replace('.', '_').replace("-", "").toUpperCase(Locale.ROOT);
    }

    /** The words in braces of a text: {@code ARCHIVE_NODE} of <code>${ARCHIVE_NODE:main}</code>. */
    static Set<String> in(String text) {
        Set<String> words = new TreeSet<>();
        Matcher matcher = PLACEHOLDER.matcher(text);
        while (matcher.find()) {
            words.add(matcher.group(1).strip());
        }
        return words;
    }

    /** The words in braces of all files of settings, and the name of the setting that has it. */
    static Map<String, String> inFiles(ConfigurableEnvironment environment) {
        Map<String, String> words = new LinkedHashMap<>();
        for (PropertySource<?> source : environment.getPropertySources()) {
            if (source instanceof EnumerablePropertySource<?> file
                    && !(source instanceof SystemEnvironmentPropertySource)) {
                for (String name : file.getPropertyNames()) {
                    in(String.valueOf(file.getProperty(name))).forEach(word -> words.putIfAbsent(word, name));
                }
            }
        }
        return words;
    }
}
