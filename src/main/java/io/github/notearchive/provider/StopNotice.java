package io.github.notearchive.provider;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An answer of the provider that ended the calls of all nodes.
 *
 * @param code 303, or 100, 600, 601 or 602
 * @param reason the answer, for people to read
 * @param holdsUntil until when the quota is used up; null for another code
 * @param node which node met it; null when that is not known any more
 * @param jobExecutionId in which run
 */
public record StopNotice(
        int code,
        String reason,
        @Nullable Instant holdsUntil,
        @Nullable String node,
        @Nullable Long jobExecutionId) {

    /** Who met it, for people to read. */
    public String metBy() {
        return (node == null ? "another node" : "node " + node)
                + (jobExecutionId == null ? "" : " in execution " + jobExecutionId);
    }

    @Override
    public String toString() {
        return reason + ", met by " + metBy();
    }
}
