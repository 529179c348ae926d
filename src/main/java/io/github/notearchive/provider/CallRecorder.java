package io.github.notearchive.provider;

import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.FetchOutcome.Outstanding;
import io.github.notearchive.provider.FetchOutcome.Unclaimed;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Recorder of calls before they are sent, and of responses before they are used. */
public interface CallRecorder {

    /** A recorded call: its row in the ledger, and the time of sending in ms. */
    record CallRecord(long number, NoteId id, CallKind kind, Instant sentAt) {}

    /** Result of recording a call before it is sent. Only a {@link WrittenCall} call may be sent. */
    sealed interface CallAdmission
            permits CallAdmission.WrittenCall,
                    CallAdmission.OverLimit,
                    CallAdmission.StopNotice,
                    Unclaimed,
                    Outstanding {

        /**
         * The call is recorded.
         *
         * @param tonight calls of its night, including this one; null if no own limit applies
         * @param backoffEpoch number of the last pause of the rate limit; 0 if there was none
         */
        record WrittenCall(CallRecord call, @Nullable NightlyCalls tonight, long backoffEpoch)
                implements CallAdmission {}

        /** Our own limits allow no further call after those of the night. */
        record OverLimit(NightlyCalls tonight) implements CallAdmission {}

        /**
         * A response to another node that ended the calls of all nodes.
         *
         * @param holdsUntil time until which the quota is used up; null for other codes than 303
         * @param node node that received it; null if unknown
         * @param jobExecutionId run that received it; null if unknown
         */
        record StopNotice(
                int code,
                String reason,
                @Nullable Instant holdsUntil,
                @Nullable String node,
                @Nullable Long jobExecutionId)
                implements CallAdmission {

            public String metBy() {
                return (node == null ? "another node" : "node " + node)
                        + (jobExecutionId == null ? "" : " in execution " + jobExecutionId);
            }

            @Override
            public String toString() {
                return reason + ", met by " + metBy();
            }
        }
    }

    /**
     * Records a call that is about to be sent, unless a case of {@link CallAdmission} forbids it. Durable on return.
     */
    CallAdmission sending(FetchRequest request, CallKind kind, Instant sentAt, NightlyLimits limits);

    /** Removes the record of a call that was not sent, with the limits it was recorded with. */
    void notSent(CallRecord call, NightlyLimits limits);

    /**
     * Records that a response has ended the calls of all nodes: {@link #sending} records no further call for a run that
     * was active. Idempotent for a run. Does not fail: other nodes then receive the same response.
     */
    void stopped(ProviderReply reply, Instant metAt);

    /**
     * Returns whether a response to a call of any node sent at or after this time was billed; false while the database
     * is unavailable.
     */
    boolean hasBilledSince(Instant time);

    /**
     * Records a response. Durable on return; if the process dies before, billing of the call is unknown.
     *
     * @param response exact body if it is paid for; the received part of one that is no envelope, of which the first
     *     about a note is stored; null otherwise
     * @return number under which it is stored; differs from that of the call if the record of the call was lost
     */
    long received(CallRecord call, ProviderReply reply, byte @Nullable [] response, Instant receivedAt, Duration took);
}
