package io.github.notearchive.cli.config;

import io.github.notearchive.cli.ErrorTranslator;
import io.github.notearchive.cli.config.KnownSettings.Known;
import io.github.notearchive.io.DatabaseErrors;
import jakarta.validation.Validation;
import jakarta.validation.ValidatorFactory;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.postgresql.Driver;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.validation.ValidationBindHandler;
import org.springframework.core.ResolvableType;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.validation.beanvalidation.SpringValidatorAdapter;

/** Rules of the settings. */
public final class SettingsRules {

    private SettingsRules() {}

    /**
     * Returns the problems that end every command: unknown settings, values without unit, and an invalid database URL,
     * which the driver would reject late and without advice.
     */
    public static List<String> problems(ConfigurableEnvironment environment) {
        KnownSettings known = KnownSettings.scan(SettingsEnvironment.PROGRAM);
        List<String> problems = new ArrayList<>();
        UnknownSettings.in(environment, known).forEach(unknown -> problems.add(unknown.toString()));
        problems.addAll(EffectiveSettings.withoutUnit(environment, known));
        databaseProblem(environment).ifPresent(problems::add);
        return problems;
    }

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

    /** Binds and validates all records and returns the problems, as a command that uses them reports them. */
    static Set<String> bindingProblems(ConfigurableEnvironment environment, KnownSettings known) {
        Set<String> problems = new LinkedHashSet<>();
        try (ValidatorFactory factory = Validation.buildDefaultValidatorFactory()) {
            var validator = new SpringValidatorAdapter(factory.getValidator());
            Binder binder = Binder.get(environment, new ValidationBindHandler(validator));
            for (Class<?> type : known.records()) {
                List<String> lines = bind(binder, KnownSettings.prefixOf(type), ResolvableType.forClass(type))
                        .lines()
                        .toList();
                boolean isReadable = lines.size() != 1;
                lines.stream().skip(isReadable ? 1 : 0).map(String::strip).forEach(problems::add);
                if (!isReadable) {
                    // one unreadable value hides the problems of the other settings
                    known.in(type).forEach(setting -> problems.addAll(problems(setting, binder, validator)));
                }
            }
        }
        return problems;
    }

    /** Returns the message of a failed binding, whose first line is a title if it has several; empty if it succeeds. */
    private static String bind(Binder binder, String name, ResolvableType type) {
        try {
            binder.bind(name, Bindable.of(type));
            return "";
        } catch (BindException e) {
            return ErrorTranslator.explain(e)
                    .map(failure -> String.valueOf(failure.getMessage()))
                    .orElseGet(() -> DatabaseErrors.summary(e));
        }
    }

    private static List<String> problems(Known setting, Binder binder, SpringValidatorAdapter validator) {
        String unreadable = bind(binder, setting.name(), setting.type());
        if (!unreadable.isEmpty()) {
            return List.of(unreadable);
        }
        Object value = binder.bind(setting.name(), Bindable.of(setting.type())).orElse(null);
        return value == null
                ? List.of()
                : validator.validateValue(setting.holder(), setting.component().getName(), value).stream()
                        .map(violation -> setting.name() + " " + violation.getMessage())
                        .toList();
    }
}
