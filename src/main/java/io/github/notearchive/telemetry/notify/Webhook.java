package io.github.notearchive.telemetry.notify;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.maintenance.verify.VerifySummary;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.note.Night;
import io.github.notearchive.telemetry.notify.WebhookClient.Result;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.hc.core5.http.ContentType;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** Messages to a webhook, in the form of {@code src/docs/notifications.md}. */
final class Webhook {

    /** Raised when something in the body changes its meaning or goes away, not when some is added. */
    private static final int VERSION = 1;

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final NotifyProperties.Webhook settings;
    private final WebhookClient sending;

    Webhook(NotifyProperties.Webhook settings, WebhookClient sending) {
        this.settings = settings;
        this.sending = sending;
    }

    /** What is posted. What is not known is null. */
    record Message(
            int version,
            String event,
            String command,
            String node,
            String night,
            Instant at,
            String text,
            @Nullable Integer exitCode,
            @Nullable String result,
            @Nullable String reason,
            @Nullable String next,
            @Nullable Long execution,
            @Nullable Boolean restart,
            @Nullable Double seconds,
            @Nullable Notes notes,
            @Nullable Files files,
            @Nullable Bill bill,
            @Nullable Map<?, Long> findings) {

        static Message started(String command, String node, boolean restart, Night night, Instant now) {
            return new Message(
                    VERSION,
                    Event.START.inWords(),
                    command,
                    node,
                    night.toString(),
                    now,
                    "note-archive "
                            + command
                            + " on node "
                            + node
                            + (restart ? " continues the unfinished run" : " begins"),
                    null,
                    null,
                    null,
                    null,
                    null,
                    restart,
                    null,
                    null,
                    null,
                    null,
                    null);
        }

        static Message ended(String command, String node, Ended end, Duration took, Night night, Instant now) {
            RunSummary run = end.execution() == null ? null : end.run();
            VerifySummary audit = end.execution() == null ? null : end.audit();
            return new Message(
                    VERSION,
                    end.event().inWords(),
                    command,
                    node,
                    night.toString(),
                    now,
                    inWords(command, node, end),
                    end.exitCode().number(),
                    end.exitCode().name(),
                    end.reason(),
                    end.next(),
                    end.execution(),
                    isRestart(run, audit),
                    took.toMillis() / 1e3,
                    run == null ? null : Notes.of(run),
                    run == null ? null : Files.of(run),
                    run == null ? null : Bill.of(run),
                    audit == null ? null : audit.open());
        }
    }

    /** Not by a conditional expression, which would unbox the null. */
    private static @Nullable Boolean isRestart(@Nullable RunSummary run, @Nullable VerifySummary audit) {
        if (run != null) {
            return run.execution() != null && run.execution().restart();
        }
        return audit == null ? null : Boolean.valueOf(audit.restart());
    }

    /** What became of notes. */
    record Notes(long archived, long unavailable, long postponed, long failed, long released, long refreshed) {

        static Notes of(RunSummary run) {
            return new Notes(
                    run.notes().archived(),
                    run.notes().unavailable(),
                    run.notes().postponed(),
                    run.notes().failed(),
                    run.notes().released(),
                    run.refreshes().answered().notes());
        }
    }

    /** What became of files. */
    record Files(long stored, long bytes, long known, long takenOver) {

        static Files of(RunSummary run) {
            return new Files(
                    run.files().stored(),
                    run.files().bytes(),
                    run.files().known(),
                    run.files().takenOver());
        }
    }

    /** What it cost. */
    record Bill(long calls, long billed, long maybeBilled) {

        static Bill of(RunSummary run) {
            return new Bill(run.bill().calls(), run.bill().billed(), run.bill().maybeBilled());
        }
    }

    /** The end in two or three lines, for people. */
    static String inWords(String command, String node, Ended end) {
        StringBuilder text = new StringBuilder("note-archive ")
                .append(command)
                .append(" on node ")
                .append(node)
                .append(": ")
                .append(end.exitCode())
                .append(" (exit ")
                .append(end.exitCode().number())
                .append("): ")
                .append(end.reason());
        RunSummary run = end.run();
        if (run != null && run.execution() != null) {
            text.append("\nnotes archived %d, unavailable %d, put off %d times, failed %d; calls %d, billed %d"
                    .formatted(
                            run.notes().archived(),
                            run.notes().unavailable(),
                            run.notes().postponed(),
                            run.notes().failed(),
                            run.bill().calls(),
                            run.bill().billed()));
        }
        return text.append("\nnext: ").append(end.next()).toString();
    }

    SecretUrl url() {
        return settings.url();
    }

    /** Posts a message once. */
    Result post(Message message, UUID delivery, Duration atMost) {
        byte[] body = JSON.writeValueAsBytes(message);
        Map<String, String> headers = new HashMap<>();
        headers.put("X-Note-Archive-Event", message.event());
        headers.put("X-Note-Archive-Delivery", delivery.toString());
        settings.url().authorization().ifPresent(user -> headers.put("Authorization", user));
        if (settings.token().isPresent()) {
            headers.put("Authorization", "Bearer " + settings.token().value());
        }
        if (settings.secret().isPresent()) {
            headers.put("X-Note-Archive-Signature", "sha256=" + signature(body));
        }
        return sending.post(settings.url().address(), body, ContentType.APPLICATION_JSON, headers, atMost);
    }

    private String signature(byte[] body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(settings.secret().value().getBytes(UTF_8), "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Every Java has HmacSHA256", e);
        }
    }
}
