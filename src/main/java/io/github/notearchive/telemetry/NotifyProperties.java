package io.github.notearchive.telemetry;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.text.Secret;
import jakarta.validation.Valid;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Settings of notifications, which are off unless a URL is set. {@code src/docs/notifications.md} describes messages
 * and pings.
 *
 * @param events events that the webhook receives: {@code start, success, attention, failure, overlap}
 * @param webhook receiver of messages
 * @param pingUrl a check at healthchecks.io or a compatible service, which receives a ping for each run regardless of
 *     {@code events}. Empty: none
 * @param digest limit of the notes named in the message of a run, of those that vanished and of those that were edited
 *     that night. 0: neither names nor numbers
 * @param timeout maximum time that deliveries, with their retries, delay the end of a command
 */
@Validated
@ConfigurationProperties("archive.notify")
public record NotifyProperties(
        @DefaultValue({"attention", "failure"}) Set<NotifyEvent> events,
        @DefaultValue @Valid Webhook webhook,
        @DefaultValue("") @NotNull SecretUrl pingUrl,
        @DefaultValue("5") @Min(0) @Max(20) int digest,

        @DefaultValue("20s") @DurationMin(seconds = 1) @DurationMax(minutes = 5)
        Duration timeout) {

    public NotifyProperties {
        events = Set.copyOf(events);
    }

    /**
     * Receiver of messages.
     *
     * @param url target of the messages. Empty: none
     * @param format format of the messages: JSON, or that of a robot of a chat group
     * @param token sent as {@code Authorization: Bearer}; comes from the environment. Empty: none
     * @param secret key of the signature of each message, for the formats {@code json}, {@code feishu} and
     *     {@code dingtalk}; comes from the environment. Empty: not signed
     */
    public record Webhook(
            @DefaultValue("") @NotNull SecretUrl url,
            @DefaultValue("json") @NotNull Format format,
            @DefaultValue("") @NotNull Secret token,
            @DefaultValue("") @NotNull Secret secret) {

        public Webhook {
            token = token.stripped();
            secret = secret.stripped();
        }

        @AssertTrue(message = "archive.notify.webhook.url must be an absolute http or https URL")
        boolean isUrlUsable() {
            return url.isUsable();
        }

        @AssertTrue(
                message = "archive.notify.webhook.secret must be empty for the formats slack and wecom, which do not "
                        + "sign")
        boolean isSecretUsed() {
            return !secret.isPresent() || (format != Format.SLACK && format != Format.WECOM);
        }
    }

    /** Format of messages. Settings contain the name in lower case. */
    public enum Format {
        JSON,
        FEISHU,
        DINGTALK,
        WECOM,
        SLACK
    }

    /** Returns whether the webhook receives an event. */
    boolean sends(NotifyEvent event) {
        return webhook.url().isPresent() && events.contains(event);
    }

    @AssertTrue(message = "archive.notify.ping-url must be an absolute http or https URL")
    boolean isPingUrlUsable() {
        return pingUrl.isUsable();
    }

    /** Event of a command that a webhook can receive. Messages and settings contain the name in lower case. */
    public enum NotifyEvent {
        /** An execution of a run started. */
        START,
        /** The command completed and no action is required: exit codes 0, 3. */
        SUCCESS,
        /** The command ended in order and left something to check: 6, 7. */
        ATTENTION,
        /** An operator has to act: 1, 2, 4, 8. */
        FAILURE,
        /** Another run of the node is active, and nothing was done: 5. */
        OVERLAP;

        static NotifyEvent of(ExitCode exitCode) {
            return switch (exitCode) {
                case COMPLETED, QUOTA_EXHAUSTED -> SUCCESS;
                case INCOMPLETE, INTERRUPTED, FINDINGS -> ATTENTION;
                case FAILED, USAGE, BLOCKED_TOKEN, BLOCKED_PERMISSION, BLOCKED_BALANCE, UPSTREAM_UNAVAILABLE -> FAILURE;
                case ALREADY_RUNNING -> OVERLAP;
            };
        }

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
