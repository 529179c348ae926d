package io.github.notearchive.provider;

import jakarta.validation.ConstraintViolation;
import jakarta.validation.Validation;
import jakarta.validation.Validator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** Settings as the program binds them, and their validation. */
public final class Settings {

    private static final Validator VALIDATOR =
            Validation.buildDefaultValidatorFactory().getValidator();

    private Settings() {}

    /** Returns the defaults with some values, in pairs of name and value. */
    public static NoteSourceProperties of(Object... namesAndValues) {
        return bind("archive.source", NoteSourceProperties.class, namesAndValues);
    }

    public static VideoProperties ofVideos(Object... namesAndValues) {
        return bind("archive.video", VideoProperties.class, namesAndValues);
    }

    public static RefreshProperties ofRefreshes(Object... namesAndValues) {
        return bind("archive.refresh", RefreshProperties.class, namesAndValues);
    }

    /** Returns the messages of the rules that these settings violate. */
    public static List<String> violations(Object settings) {
        return VALIDATOR.validate(settings).stream()
                .map(ConstraintViolation::getMessage)
                .toList();
    }

    public static <T> T bind(String prefix, Class<T> type, Object... namesAndValues) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            values.put(prefix + "." + namesAndValues[i], namesAndValues[i + 1].toString());
        }
        return new Binder(new MapConfigurationPropertySource(values)).bindOrCreate(prefix, type);
    }
}
