package io.github.notearchive.provider;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A response to another node that ended the calls of all nodes.
 *
 * @param holdsUntil time until which the quota is used up; null for other codes than 303
 * @param node node that received it; null if unknown
 * @param jobExecutionId run that received it; null if unknown
 */
public record StopNotice(
        int code,
        String reason,
        @Nullable Instant holdsUntil,
        @Nullable String node,
        @Nullable Long jobExecutionId) implements CallRecorder.CallAdmission {

    public String metBy() {
        return (node == null ? "another node" : "node " + node)
                + (jobExecutionId == null ? "" : " in execution " + jobExecutionId);
    }

    @Override
    public String toString() {
        return reason + ", met by " + metBy();
    }
}
