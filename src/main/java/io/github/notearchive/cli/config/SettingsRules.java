package io.github.notearchive.cli.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.postgresql.Driver;
import org.springframework.core.env.ConfigurableEnvironment;

/** Rules for all settings that every command checks before it starts. */
public final class SettingsRules {

    private SettingsRules() {}

    /** Returns a message for each unknown setting, for each value without unit, and for an invalid database URL. */
    public static List<String> problems(ConfigurableEnvironment environment) {
        KnownSettings known = KnownSettings.scan(SettingsEnvironment.PROGRAM);
        List<String> problems = new ArrayList<>();
        UnknownSettings.in(environment, known).forEach(unknown -> problems.add(unknown.toString()));
        problems.addAll(EffectiveSettings.withoutUnit(environment, known));
        databaseProblem(environment).ifPresent(problems::add);
        return problems;
    }

    /** Returns why the database URL is invalid: the driver would reject it late and without advice. */
    private static Optional<String> databaseProblem(ConfigurableEnvironment environment) {
        String url;
        try {
            url = environment.getProperty("spring.datasource.url", "");
        } catch (IllegalArgumentException _) {
            return Optional.empty(); // an unresolved placeholder, which is reported with the value
        }
        return url.isBlank() || Driver.parseURL(url, null) != null
                ? Optional.empty()
                : Optional.of(
                        "spring.datasource.url is \"%s\", but ARCHIVE_DATABASE_URL must look like jdbc:postgresql://host:5432/database; user and password go into ARCHIVE_DATABASE_USER and ARCHIVE_DATABASE_PASSWORD"
                                .formatted(url.replaceFirst("//[^/]*@", "//***@")
                                        .replaceAll("(?i)(password=)[^&]*", "$1***")));
    }
}
