package io.github.notearchive.archive.catalog;

import io.github.notearchive.io.text.Secret;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Settings of the transparency log.
 *
 * @param enabled whether entries of captures, which are recorded in any case, are appended at the end of a run
 * @param key content of the file {@code log.key} of the node that created it; for further nodes, and for nodes without
 *     a durable data directory. Empty: that file
 * @param timestampUrl service that stamps each checkpoint by RFC 3161; empty: none
 */
@Validated
@ConfigurationProperties("archive.proof")
public record ProofProperties(
        @DefaultValue("true") boolean enabled,
        @DefaultValue("") @NotNull Secret key,

        @DefaultValue("") @Pattern(regexp = "|https?://\\S+", message = "must be an http or https URL")
        String timestampUrl) {}
