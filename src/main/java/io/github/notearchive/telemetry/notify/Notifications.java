package io.github.notearchive.telemetry.notify;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.batch.CommandResult;
import io.github.notearchive.note.Night;
import io.github.notearchive.telemetry.notify.WebhookClient.Delivery;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.apache.hc.core5.http.ContentType;
import org.jspecify.annotations.Nullable;

/**
 * Notifications of one command: messages to a webhook and pings to a health check service.
 *
 * <p>The pings follow the protocol of <a href="https://healthchecks.io/docs/http_api/">healthchecks.io</a>:
 * {@code /start} at the start of an execution, the URL itself at an end in order, {@code /<exit code>} at a failure.
 * All pings of a run have the same {@code rid}, from which the service computes the duration. Audits are not pinged.
 *
 * <p>Deliveries are retried with exponential back-off until {@code archive.notify.timeout}; a retry of a start stops
 * when the command ends.
 */
public final class Notifications {

    private static final Duration ATTEMPT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration FIRST_BACKOFF = Duration.ofMillis(500);
    private static final Duration MAX_BACKOFF = Duration.ofSeconds(8);

    private final NotifyProperties settings;
    private final String node;
    private final Receivers receivers;
    private final @Nullable Webhook webhook;
    private final boolean isPinged;
    private final UUID runId = UUID.randomUUID();

    /**
     * Creates the notifications of a command.
     *
     * @param night in which the command started
     */
    public Notifications(
            NotifyProperties settings, String command, String node, Night night, Clock clock, Receivers receivers) {
        this.settings = settings;
        this.node = node;
        this.receivers = receivers;
        this.webhook = settings.webhook().url().isPresent()
                ? new Webhook(settings.webhook(), command, node, night, clock, receivers.client())
                : null;
        this.isPinged = settings.pingUrl().isPresent() && "run".equals(command);
    }

    /** Reports the start of an execution. Returns at once. */
    public void started(boolean restart) {
        long until = System.nanoTime() + settings.timeout().toNanos();
        if (webhook != null && settings.events().contains(Event.START)) {
            post(webhook, webhook.started(restart), until, false);
        }
        if (isPinged) {
            ping("/start", "node " + node, until, false);
        }
    }

    /**
     * Reports the result of the command. Returns at once.
     *
     * @param until {@link System#nanoTime} at which retries stop
     */
    public List<Receivers.Task> ended(CommandResult result, Duration took, long until) {
        List<Receivers.Task> tasks = new ArrayList<>();
        if (webhook != null && settings.events().contains(Event.of(result.exitCode()))) {
            tasks.add(post(webhook, webhook.ended(result, took), until, true));
        }
        if (isPinged) {
            String text = Webhook.text("run", node, result);
            pingPath(result).ifPresent(path -> tasks.add(ping(path, text, until, true)));
        }
        return tasks;
    }

    /** Returns the path below the ping URL; empty for an overlap, since the other run pings. */
    private static Optional<String> pingPath(CommandResult result) {
        return switch (Event.of(result.exitCode())) {
            case SUCCESS, ATTENTION -> Optional.of("");
            case FAILURE -> Optional.of("/" + result.exitCode().number());
            case OVERLAP, START -> Optional.empty();
        };
    }

    private Receivers.Task post(Webhook hook, Webhook.Message message, long until, boolean isEnd) {
        return deliver("webhook", settings.webhook().url(), until, isEnd, timeout -> hook.post(message, timeout));
    }

    private Receivers.Task ping(String path, String text, long until, boolean isEnd) {
        SecretUrl url = settings.pingUrl();
        URI check = url.address(path);
        URI address = URI.create(check + (check.getRawQuery() == null ? "?" : "&") + "rid=" + runId);
        byte[] body = text.getBytes(UTF_8);
        ContentType type = ContentType.TEXT_PLAIN.withCharset(UTF_8);
        Map<String, String> headers = url.authorizationHeader();
        WebhookClient client = receivers.client();
        return deliver("ping", url, until, isEnd, timeout -> client.post(address, body, type, headers, timeout));
    }

    private Receivers.Task deliver(
            String name, SecretUrl url, long until, boolean isEnd, Function<Duration, Delivery> attempt) {
        return receivers.submit(name, url.toString(), () -> retry(name, url, until, isEnd, attempt));
    }

    private void retry(String name, SecretUrl url, long until, boolean isEnd, Function<Duration, Delivery> attempt) {
        Duration backoff = FIRST_BACKOFF;
        for (int attempts = 1; ; attempts++) {
            Duration left = Duration.ofNanos(until - System.nanoTime());
            if (!left.isPositive()) {
                receivers.failed(name, url.toString(), "not sent within the timeout");
                return;
            }
            Delivery delivery = attempt.apply(left.compareTo(ATTEMPT_TIMEOUT) < 0 ? left : ATTEMPT_TIMEOUT);
            if (!(delivery instanceof Delivery.Undelivered(var reason, var retryable))) {
                return;
            }
            boolean isTimeOver = until - System.nanoTime() <= backoff.toNanos();
            boolean isOutdated = receivers.isEnding() && !isEnd;
            if (!retryable || isTimeOver || isOutdated || !sleep(backoff)) {
                receivers.failed(name, url.toString(), reason + " (attempts: " + attempts + ")");
                return;
            }
            backoff = backoff.multipliedBy(2);
            backoff = backoff.compareTo(MAX_BACKOFF) > 0 ? MAX_BACKOFF : backoff;
        }
    }

    /** Returns false if the thread was interrupted. */
    private static boolean sleep(Duration backoff) {
        try {
            Thread.sleep(backoff);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
