package io.github.notearchive.publish;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of published tables.
 *
 * @param enabled whether a run publishes the changes of its night at its end
 */
@ConfigurationProperties("archive.publish")
public record PublishProperties(@DefaultValue("false") boolean enabled) {}
