package io.github.notearchive.telemetry.notify;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.batch.CommandResult;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.note.Night;
import io.github.notearchive.telemetry.notify.WebhookClient.Delivery;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.hc.core5.http.ContentType;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** Messages of one command to a webhook, in the format of {@code src/docs/notifications.md}. */
final class Webhook {

    /** Raised when a field changes its meaning or is removed, not when one is added. */
    private static final int VERSION = 1;

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final NotifyProperties.Webhook settings;
    private final String command;
    private final String node;
    private final Night night;
    private final Clock clock;
    private final WebhookClient client;

    Webhook(
            NotifyProperties.Webhook settings,
            String command,
            String node,
            Night night,
            Clock clock,
            WebhookClient client) {
        this.settings = settings;
        this.command = command;
        this.node = node;
        this.night = night;
        this.clock = clock;
        this.client = client;
    }

    /**
     * A message; its retries have the same delivery id.
     *
     * @param body JSON object
     */
    record Message(Event event, UUID delivery, String body) {}

    Message started(boolean restart) {
        String text =
                "note-archive " + command + " on node " + node + (restart ? " resumes the unfinished run" : " starts");
        return message(Event.START, text, null, restart, null);
    }

    Message ended(CommandResult result, Duration took) {
        Event event = Event.of(result.exitCode());
        return message(event, text(command, node, result), result, result.restart(), took.toMillis() / 1e3);
    }

    private Message message(
            Event event,
            String text,
            @Nullable CommandResult result,
            @Nullable Boolean restart,
            @Nullable Double seconds) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("version", VERSION);
        fields.put("event", event.label());
        fields.put("command", command);
        fields.put("node", node);
        fields.put("night", night.toString());
        fields.put("at", clock.instant());
        fields.put("text", text);
        fields.put("exitCode", result == null ? null : result.exitCode().number());
        fields.put("result", result == null ? null : result.exitCode().name());
        fields.put("reason", result == null ? null : result.reason());
        fields.put("next", result == null ? null : result.next());
        fields.put("execution", result == null ? null : result.executionId());
        fields.put("restart", restart);
        fields.put("seconds", seconds);
        RunCounts counts = result == null ? null : result.counts();
        fields.put("notes", counts == null ? null : counts.notes());
        fields.put("refreshes", counts == null ? null : counts.refreshes());
        fields.put("files", counts == null ? null : counts.files());
        fields.put("bill", result == null ? null : result.calls());
        fields.put("findings", result == null ? null : result.findings());
        return new Message(event, UUID.randomUUID(), JSON.writeValueAsString(fields));
    }

    /** Returns the result in two or three lines for people. */
    static String text(String command, String node, CommandResult result) {
        StringBuilder text = new StringBuilder("note-archive %s on node %s: %s (exit %d): %s"
                .formatted(command, node, result.exitCode(), result.exitCode().number(), result.reason()));
        RunCounts counts = result.counts();
        CommandResult.CallCounts calls = result.calls();
        if (counts != null && calls != null) {
            text.append("\nnotes archived %d, unavailable %d, postponed %d times, failed %d; calls %d, billed %d"
                    .formatted(
                            counts.notes().archived(),
                            counts.notes().unavailable(),
                            counts.notes().postponed(),
                            counts.notes().failed(),
                            calls.calls(),
                            calls.billed()));
        }
        return text.append("\nnext: ").append(result.next()).toString();
    }

    /** Sends a message once. */
    Delivery post(Message message, Duration timeout) {
        byte[] body = message.body().getBytes(UTF_8);
        Map<String, String> headers = new HashMap<>(settings.url().authorizationHeader());
        headers.put("X-Note-Archive-Event", message.event().label());
        headers.put("X-Note-Archive-Delivery", message.delivery().toString());
        if (settings.token().isPresent()) {
            headers.put("Authorization", "Bearer " + settings.token().value());
        }
        if (settings.secret().isPresent()) {
            headers.put("X-Note-Archive-Signature", "sha256=" + signature(body));
        }
        return client.post(settings.url().address(), body, ContentType.APPLICATION_JSON, headers, timeout);
    }

    private String signature(byte[] body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(settings.secret().value().getBytes(UTF_8), "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HmacSHA256 is required of every Java platform", e);
        }
    }
}
