package io.github.notearchive.source;

import org.jspecify.annotations.Nullable;

/** What came of writing a call down. Only one that is {@link Written} may leave. */
public sealed interface WrittenCall {

    /**
     * It stands in the ledger, and may leave.
     *
     * @param tonight what the calls of its night come to, this one included; null where none of our own limits is about
     *     such a call
     * @param lastPause the number of the last pause of the shared pace; 0 when there was none
     */
    record Written(SentCall call, @Nullable NightlyCalls tonight, long lastPause) implements WrittenCall {}

    /**
     * Our own limits leave none.
     *
     * @param tonight what the calls of its night come to
     */
    record OverLimit(NightlyCalls tonight) implements WrittenCall {}

    /** An answer to another node has ended the calls of all. */
    record Stopped(RunStop stop) implements WrittenCall {}

    /** An earlier call about the note is outstanding. */
    record Outstanding(OutstandingCall call) implements WrittenCall {}

    /** The claim on the note is lost. */
    record Unclaimed() implements WrittenCall {}
}
