package io.github.notearchive.archive.ledger;

import io.github.notearchive.provider.CallRecorder.CallRecord;
import io.github.notearchive.provider.ProviderReply;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Response to a call, before it is in the ledger.
 *
 * @param body the exact body; null if it is not kept
 * @param took from sending to the complete response
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record ReceivedResponse(
        CallRecord call, ProviderReply reply, byte @Nullable [] body, Instant receivedAt, Duration took) {

    int durationMs() {
        return (int) Math.min(took.toMillis(), Integer.MAX_VALUE);
    }

    ReceivedResponse withoutContent() {
        return new ReceivedResponse(call, reply.withoutMessage(), null, receivedAt, took);
    }
}
