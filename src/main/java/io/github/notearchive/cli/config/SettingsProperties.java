package io.github.notearchive.cli.config;

import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What is asked of the settings themselves.
 *
 * @param foreignVariables environment variables of others that begin with {@code ARCHIVE_} or {@code JUSTONEAPI_}; any
 *     other one that sets nothing is an error, since it may be a misspelt setting
 */
@ConfigurationProperties("archive")
public record SettingsProperties(@DefaultValue List<String> foreignVariables) {

    public SettingsProperties {
        foreignVariables = foreignVariables == null ? List.of() : List.copyOf(foreignVariables);
    }
}
