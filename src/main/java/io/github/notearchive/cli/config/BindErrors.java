package io.github.notearchive.cli.config;

import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.io.text.Masks;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.bind.validation.BindValidationException;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.core.convert.ConversionFailedException;
import org.springframework.validation.FieldError;
import org.springframework.validation.ObjectError;

/** Messages for settings that cannot be read or are not allowed. */
public final class BindErrors {

    private BindErrors() {}

    /** Returns the problems of a setting or of a record of settings that cannot be bound. */
    public static List<String> problems(
            ConfigurationPropertyName name, @Nullable ConfigurationProperty property, Throwable error) {
        return error instanceof BindValidationException invalid
                ? violations(invalid)
                : List.of(unreadable(name, property, error));
    }

    /** Returns the messages of values that are not allowed. */
    public static List<String> violations(BindValidationException e) {
        return e.getValidationErrors().getAllErrors().stream()
                .map(error -> violation(e, error))
                .distinct()
                .sorted()
                .toList();
    }

    private static String violation(BindValidationException e, ObjectError error) {
        String message = String.valueOf(error.getDefaultMessage());
        if (message.startsWith("archive.") || !(error instanceof FieldError field)) {
            return message;
        }
        String name = e.getValidationErrors().getName() + "." + DataObjectPropertyName.toDashedForm(field.getField());
        String value = Masks.isSecret(name) ? "" : ", but is " + quoted(name, field.getRejectedValue());
        String origin = e.getValidationErrors().getBoundProperties().stream()
                .filter(property -> (name + "[").startsWith(property.getName() + "["))
                .map(property -> " (" + Origins.describe(property) + ")")
                .findFirst()
                .orElse("");
        return name + " " + message + value + origin;
    }

    private static String quoted(String name, @Nullable Object value) {
        return "\"" + Masks.shown(name, asTyped(value)) + "\"";
    }

    private static String asTyped(@Nullable Object value) {
        return switch (value) {
            case Duration span -> DisplayFormat.setting(span);
            case Collection<?> several ->
                several.stream().map(BindErrors::asTyped).collect(Collectors.joining(", "));
            case null, default -> String.valueOf(value);
        };
    }

    /** Returns the message of a value that cannot be converted. */
    public static String unreadable(
            ConfigurationPropertyName setting, @Nullable ConfigurationProperty property, Throwable error) {
        String name = setting.toString();
        // the innermost exception has the value of a list element, with placeholders resolved
        ConversionFailedException failed = Stream.iterate(error, Objects::nonNull, Throwable::getCause)
                .filter(ConversionFailedException.class::isInstance)
                .map(ConversionFailedException.class::cast)
                .reduce((_, inner) -> inner)
                .orElse(null);
        Object value = failed != null ? failed.getValue() : property == null ? null : property.getValue();
        return "The setting %s%s%s cannot be read: %s"
                .formatted(
                        name,
                        value == null || Masks.isSecret(name) ? "" : " " + quoted(name, value),
                        property == null ? "" : " (" + Origins.describe(property) + ")",
                        failed != null && failed.getTargetType().getType().isEnum()
                                ? "it must be one of "
                                        + values(failed.getTargetType().getType())
                                : DatabaseErrors.summary(error));
    }

    private static String values(Class<?> type) {
        return Stream.of(type.getEnumConstants())
                .map(constant -> constant.toString().toLowerCase(Locale.ROOT).replace('_', '-'))
                .collect(Collectors.joining(", "));
    }
}
