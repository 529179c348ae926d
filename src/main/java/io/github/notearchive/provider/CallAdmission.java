package io.github.notearchive.provider;

import org.jspecify.annotations.Nullable;

/** What came of writing a call down. Only one that is {@link Written} may leave. */
public sealed interface CallAdmission {

    /**
     * It stands in the ledger, and may leave.
     *
     * @param tonight what the calls of its night come to, this one included; null where none of our own limits is about
     *     such a call
     * @param lastPause the number of the last pause of the shared pace; 0 when there was none
     */
    record Written(CallRecord call, @Nullable NightlyCalls tonight, long lastPause) implements CallAdmission {}

    /**
     * Our own limits leave none.
     *
     * @param tonight what the calls of its night come to
     */
    record OverLimit(NightlyCalls tonight) implements CallAdmission {}

    /** An answer to another node has ended the calls of all. */
    record Stopped(StopNotice stop) implements CallAdmission {}

    /** An earlier call about the note is outstanding. */
    record Outstanding(OutstandingCall call) implements CallAdmission {}

    /** The claim on the note is lost. */
    record Unclaimed() implements CallAdmission {}
}
