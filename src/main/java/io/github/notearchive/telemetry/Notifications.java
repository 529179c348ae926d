package io.github.notearchive.telemetry;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.archive.query.NoteChanges.ChangeDigest;
import io.github.notearchive.batch.CommandResult;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.io.text.TerminalText;
import io.github.notearchive.io.time.Deadline;
import io.github.notearchive.note.Night;
import io.github.notearchive.telemetry.NotificationTest.TestResult;
import io.github.notearchive.telemetry.NotifyProperties.Format;
import io.github.notearchive.telemetry.NotifyProperties.NotifyEvent;
import io.github.notearchive.telemetry.Receivers.DeliveryException;
import io.github.notearchive.telemetry.Receivers.Task;
import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.HmacAlgorithms;
import org.apache.commons.codec.digest.HmacUtils;
import org.apache.commons.io.function.IOConsumer;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.jspecify.annotations.Nullable;
import org.springframework.core.retry.RetryException;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;
import tools.jackson.databind.json.JsonMapper;

/**
 * Notifications of one command: messages to a webhook, in the formats of {@code src/docs/notifications.md}, and pings
 * to a health check service.
 *
 * <p>The pings follow the protocol of <a href="https://healthchecks.io/docs/http_api/">healthchecks.io</a>:
 * {@code /start} at the start of an execution, the URL itself at an end in order, {@code /<exit code>} at a failure.
 * All pings of a run have the same {@code rid}, from which the service computes the duration. Audits are not pinged.
 *
 * <p>Deliveries are retried with exponential back-off until {@code archive.notify.timeout}; a retry of a start stops
 * when the command ends.
 */
final class Notifications {

    /** Raised when a field changes its meaning or is removed, not when one is added. */
    private static final int VERSION = 1;

    /** Limit of a title or name in a line for people. */
    private static final int LONGEST_PART = 40;

    private static final Duration ATTEMPT_TIMEOUT = Duration.ofSeconds(5);
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final NotifyProperties settings;
    private final String command;
    private final String node;
    /** In which the command started. */
    private final Night night;

    private final Clock clock;
    private final Receivers receivers;
    private final UUID runId;

    Notifications(
            NotifyProperties settings,
            String command,
            String node,
            Night night,
            Clock clock,
            Receivers receivers,
            UUID runId) {
        this.settings = settings;
        this.command = command;
        this.node = node;
        this.night = night;
        this.clock = clock;
        this.receivers = receivers;
        this.runId = runId;
    }

    Night night() {
        return night;
    }

    /** Reports the start of an execution. Returns at once. */
    void started(boolean restart) {
        Deadline until = Deadline.in(settings.timeout());
        String text =
                "note-archive " + command + " on node " + node + (restart ? " resumes the unfinished run" : " starts");
        List<Task> _ = post(
                NotifyEvent.START, message(NotifyEvent.START.label(), text, null, restart, null, null), text, until);
        List<Task> _ = ping(NotifyEvent.START, "/start", "node " + node, until);
    }

    /**
     * Reports the result of the command. Returns at once.
     *
     * @param digest null for none
     * @param until end of retries
     */
    List<Task> ended(CommandResult result, Duration took, @Nullable ChangeDigest digest, Deadline until) {
        NotifyEvent event = NotifyEvent.of(result.exitCode());
        String text = text(result);
        Boolean restart = result.execution() == null ? null : Boolean.valueOf(result.restart());
        String message = message(event.label(), text, result, restart, took.toMillis() / 1e3, digest);
        String chat =
                digest == null ? text : text + lines("vanished", digest.gone()) + lines("edited", digest.edited());
        String path = event == NotifyEvent.FAILURE ? "/" + result.exitCode().number() : "";
        return Stream.of(post(event, message, chat, until), ping(event, path, text, until))
                .flatMap(List::stream)
                .toList();
    }

    /**
     * Sends a test to each receiver once, regardless of the selected events. The ping is one that does not change the
     * state of a check.
     */
    List<TestResult> test() {
        String text = "note-archive on node " + node + ": this is a test";
        List<TestResult> results = new ArrayList<>();
        NotifyProperties.Webhook webhook = settings.webhook();
        if (webhook.url().isPresent()) {
            String name = "webhook (" + webhook.format().name().toLowerCase(Locale.ROOT) + ")";
            results.add(test(name, webhook.url(), message("test", text, null, null, null, null), text));
        }
        if (settings.pingUrl().isPresent()) {
            results.add(test("ping", settings.pingUrl(), null, text));
        }
        return results;
    }

    private TestResult test(String receiver, SecretUrl url, @Nullable String message, String text) {
        try {
            (message == null ? ping("/log", text) : post("test", message, text)).accept(ATTEMPT_TIMEOUT);
            return new TestResult(receiver, url, null, false);
        } catch (DeliveryException e) {
            return new TestResult(receiver, url, e.getMessage(), e.isRetryable);
        } catch (IOException e) {
            return new TestResult(receiver, url, e.getClass().getSimpleName(), true);
        }
    }

    private String message(
            String event,
            String text,
            @Nullable CommandResult result,
            @Nullable Boolean restart,
            @Nullable Double seconds,
            @Nullable ChangeDigest digest) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("version", VERSION);
        fields.put("event", event);
        fields.put("command", command);
        fields.put("node", node);
        fields.put("night", night.toString());
        fields.put("at", clock.instant());
        fields.put("text", text);
        fields.put("exitCode", result == null ? null : result.exitCode().number());
        fields.put("result", result == null ? null : result.exitCode().name());
        fields.put("reason", result == null ? null : result.reason());
        fields.put("next", result == null ? null : result.next());
        fields.put("execution", result == null ? null : result.execution());
        fields.put("restart", restart);
        fields.put("seconds", seconds);
        RunCounts counts = result == null ? null : result.counts();
        fields.put("notes", counts == null ? null : counts.notes());
        fields.put("refreshes", counts == null ? null : counts.refreshes());
        fields.put("files", counts == null ? null : counts.files());
        fields.put("bill", result == null ? null : result.calls());
        fields.put("findings", result == null ? null : result.findings());
        fields.put("logRoot", result == null ? null : result.logRoot());
        fields.put("digest", digest);
        return JSON.writeValueAsString(fields);
    }

    /** Returns the changes of a kind in lines for people, each after a line break; empty without changes. */
    private static String lines(String what, ChangeDigest.Changes changes) {
        if (changes.notes() == 0) {
            return "";
        }
        String newest = changes.newest().stream()
                .map(note -> "\n- "
                        + Stream.of(note.title(), note.author(), note.id())
                                .map(part -> TerminalText.excerpt(part, LONGEST_PART))
                                .filter(part -> !part.isEmpty())
                                .collect(Collectors.joining(" · ")))
                .collect(Collectors.joining());
        long more = changes.notes() - changes.newest().size();
        return "\n%s %s tonight:%s%s"
                .formatted(
                        DisplayFormat.plural(changes.notes(), "note"),
                        what,
                        newest,
                        more == 0 ? "" : "\n- and " + DisplayFormat.count(more) + " more");
    }

    /** Returns the result in two or three lines for people. */
    private String text(CommandResult result) {
        String counted = "";
        CommandResult.CallCounts calls = result.calls();
        if (result.counts() != null && calls != null) {
            RunCounts.Notes notes = result.counts().notes();
            counted = "notes archived %s, unavailable %s, postponed %s, failed %s; calls %s, billed %s\n"
                    .formatted(
                            DisplayFormat.count(notes.archived()),
                            DisplayFormat.count(notes.unavailable()),
                            DisplayFormat.count(notes.postponed()),
                            DisplayFormat.count(notes.failed()),
                            DisplayFormat.count(calls.calls()),
                            DisplayFormat.count(calls.billed()));
        }
        return "note-archive %s on node %s: %s: %s\n%snext: %s"
                .formatted(command, node, result.exitCode().label(), result.reason(), counted, result.next());
    }

    /** Posts a message to the webhook, with retries. Empty if the event is not selected. */
    private List<Task> post(NotifyEvent event, String message, String text, Deadline until) {
        if (!settings.sends(event)) {
            return List.of();
        }
        IOConsumer<Duration> attempt = post(event.label(), message, text);
        String target = settings.webhook().url().toString();
        return List.of(receivers.submit("webhook", target, () -> retry(event, until, attempt)));
    }

    /**
     * Returns an attempt to post a message to the webhook; repetitions have the same delivery id.
     *
     * @param text of the message, if it is for a chat
     */
    private IOConsumer<Duration> post(String event, String message, String text) {
        NotifyProperties.Webhook webhook = settings.webhook();
        Map<String, String> headers = new HashMap<>(webhook.url().authorizationHeader());
        headers.put("X-Note-Archive-Event", event);
        headers.put("X-Note-Archive-Delivery", UUID.randomUUID().toString());
        if (webhook.token().isPresent()) {
            headers.put("Authorization", "Bearer " + webhook.token().value());
        }
        boolean isChat = webhook.format() != Format.JSON;
        ChatMessage chat = new ChatMessage(webhook.format(), text, webhook.secret(), clock.instant());
        URI address = chat.address(webhook.url().address());
        byte[] body = isChat ? chat.body() : message.getBytes(UTF_8);
        IOConsumer<ClassicHttpResponse> check = isChat ? chat::requireAccepted : _ -> {};
        if (!isChat && webhook.secret().isPresent()) {
            HmacUtils hmac =
                    new HmacUtils(HmacAlgorithms.HMAC_SHA_256, webhook.secret().value());
            headers.put("X-Note-Archive-Signature", "sha256=" + hmac.hmacHex(message));
        }
        return timeout -> receivers.post(address, body, ContentType.APPLICATION_JSON, headers, timeout, check);
    }

    /** Pings the check of a run; not for other commands, and not for an overlap, since the active run pings. */
    private List<Task> ping(NotifyEvent event, String path, String text, Deadline until) {
        SecretUrl url = settings.pingUrl();
        if (!url.isPresent() || !"run".equals(command) || event == NotifyEvent.OVERLAP) {
            return List.of();
        }
        IOConsumer<Duration> attempt = ping(path, text);
        return List.of(receivers.submit("ping", url.toString(), () -> retry(event, until, attempt)));
    }

    private IOConsumer<Duration> ping(String path, String text) {
        SecretUrl url = settings.pingUrl();
        URI check = url.address(path);
        URI address = URI.create(check + (check.getRawQuery() == null ? "?" : "&") + "rid=" + runId);
        ContentType type = ContentType.TEXT_PLAIN.withCharset(UTF_8);
        return timeout ->
                receivers.post(address, text.getBytes(UTF_8), type, url.authorizationHeader(), timeout, _ -> {});
    }

    private void retry(NotifyEvent event, Deadline until, IOConsumer<Duration> attempt) throws DeliveryException {
        Duration left = until.left();
        if (left.isZero()) {
            throw new DeliveryException("not sent within the timeout", false);
        }
        RetryPolicy policy = RetryPolicy.builder()
                .maxRetries(Long.MAX_VALUE)
                .delay(Duration.ofMillis(500))
                .multiplier(2)
                .maxDelay(Duration.ofSeconds(8))
                .timeout(left)
                .predicate(e -> e instanceof DeliveryException failure
                        && failure.isRetryable
                        && !(event == NotifyEvent.START && receivers.isEnding))
                .build();
        try {
            new RetryTemplate(policy).execute(() -> {
                attempt.accept(Collections.min(List.of(until.left(), ATTEMPT_TIMEOUT)));
                return true;
            });
        } catch (RetryException e) {
            String reason = e.getLastException().getMessage() + " (attempts: " + (e.getRetryCount() + 1) + ")";
            throw new DeliveryException(reason, false);
        }
    }
}
