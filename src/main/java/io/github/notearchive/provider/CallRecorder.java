package io.github.notearchive.provider;

import io.github.notearchive.note.Endpoint;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Where requests are written down before they leave, and answers before they are used. */
public interface CallRecorder {

    /**
     * Records that a request is about to leave, unless our own limits of its night are used up by what all nodes have
     * sent, an answer to another node has ended the calls of all, or the note is no longer claimed for it. Durable when
     * it returns.
     *
     * @param refresh whether it asks anew about a note that is archived
     */
    CallAdmission sending(FetchRequest inquiry, Endpoint endpoint, Instant sentAt, boolean refresh, CallLimits limits);

    /**
     * Takes a record back whose request did not leave after all.
     *
     * @param limits those it was written down with
     */
    void notSent(CallRecord call, CallLimits limits);

    /**
     * Records that an answer has ended the calls of all nodes: from then on {@link #sending} writes none down for a run
     * that was active. A repeat by the same run changes nothing. It does not fail: whoever is not told meets the same
     * answer.
     *
     * @param metAt when the answer came
     */
    void stopped(ProviderReply reply, Instant metAt);

    /**
     * Returns whether a response to a call of any node sent at or after this time was billed; false while the database
     * is unavailable.
     */
    boolean hasBilledSince(Instant time);

    /**
     * Records what came back, and is durable when it returns. A process that dies before leaves a call that may have
     * been billed.
     *
     * @param answer the exact body when it is paid for; what came of a response that is no envelope, of which the first
     *     one about a note is kept; null for all others
     * @return the number under which it is kept; another one than the call's where the call's own record was lost
     *     meanwhile
     */
    long received(CallRecord call, ProviderReply reply, byte @Nullable [] answer, Instant receivedAt, Duration took);
}
