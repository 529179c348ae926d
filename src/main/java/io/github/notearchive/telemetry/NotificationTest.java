package io.github.notearchive.telemetry;

import io.github.notearchive.note.Night;
import io.github.notearchive.telemetry.RunTelemetry.NodeGauges;
import java.time.Clock;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Sends a test message to each configured receiver of notifications. */
@Component
public final class NotificationTest {

    private final Notifications notifications;

    NotificationTest(NotifyProperties settings, NodeGauges node, Receivers receivers, Clock clock) {
        Night tonight = Night.current(clock);
        notifications =
                new Notifications(settings, "notify", node.node(), tonight, clock, receivers, UUID.randomUUID());
    }

    /**
     * Result for a receiver.
     *
     * @param target shown without secrets
     * @param problem why it did not accept the test, without secrets; null if it did
     * @param isUnavailable whether it may accept a later one
     */
    public record TestResult(
            String receiver, SecretUrl target, @Nullable String problem, boolean isUnavailable) {}

    /** Sends one message to each receiver, in turn. Empty if none is configured. */
    public List<TestResult> send() {
        return notifications.test();
    }
}
