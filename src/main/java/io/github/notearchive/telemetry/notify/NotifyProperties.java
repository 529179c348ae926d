package io.github.notearchive.telemetry.notify;

import io.github.notearchive.io.Secret;
import jakarta.validation.Valid;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import java.util.Set;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Who is told that a run began and how it ended: nobody, unless one of the addresses is set. The body of a message and
 * the pings are described in {@code src/docs/notifications.md}.
 *
 * @param events of which the webhook is told: {@code start, success, attention, failure, overlap}
 * @param webhook who gets a message
 * @param pingUrl a check at healthchecks.io, or at a service that takes the same pings. Told of each run, whatever
 *     {@code events} says. Empty: none
 * @param timeout how long messages and pings may delay the end of a command at most, repeats included
 */
@Validated
@ConfigurationProperties("archive.notify")
public record NotifyProperties(
        @DefaultValue({"attention", "failure"}) Set<Event> events,
        @DefaultValue @Valid Webhook webhook,
        @DefaultValue("") @NotNull SecretUrl pingUrl,

        @DefaultValue("20s") @DurationMin(seconds = 1) @DurationMax(minutes = 5)
        Duration timeout) {

    public NotifyProperties {
        events = Set.copyOf(events);
    }

    /**
     * Who gets a message.
     *
     * @param url where it is posted to. Empty: none
     * @param token sent as {@code Authorization: Bearer}; comes from the environment. Empty: none
     * @param secret signs each message, see {@code src/docs/notifications.md}; comes from the environment. Empty: not
     *     signed
     */
    public record Webhook(
            @DefaultValue("") @NotNull SecretUrl url,
            @DefaultValue("") @NotNull Secret token,
            @DefaultValue("") @NotNull Secret secret) {

        public Webhook {
            token = token.stripped();
            secret = secret.stripped();
        }

        @AssertTrue(message = "archive.notify.webhook.url must be a whole http or https address")
        boolean isUrlUsable() {
            return url.isUsable();
        }
    }

    @AssertTrue(message = "archive.notify.ping-url must be a whole http or https address")
    boolean isPingUrlUsable() {
        return pingUrl.isUsable();
    }
}
