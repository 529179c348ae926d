package io.github.notearchive.provider;

import org.jspecify.annotations.Nullable;

/** Result of recording a call before it is sent. Only a {@link Written} call may be sent. */
public sealed interface CallAdmission {

    /**
     * The call is recorded.
     *
     * @param tonight calls of its night, including this one; null if no own limit applies
     * @param backoffEpoch number of the last pause of the shared rate limit; 0 if there was none
     */
    record Written(CallRecord call, @Nullable NightlyCalls tonight, long backoffEpoch) implements CallAdmission {}

    /** Our own limits allow no further call after those of the night. */
    record OverLimit(NightlyCalls tonight) implements CallAdmission {}

    /** A response to another node has ended the calls of all nodes. */
    record Stopped(StopNotice stop) implements CallAdmission {}

    /** An earlier call about the note is outstanding. */
    record Outstanding(OutstandingCall call) implements CallAdmission {}

    /** The claim on the note is lost. */
    record Unclaimed() implements CallAdmission {}
}
