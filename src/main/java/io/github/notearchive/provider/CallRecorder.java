package io.github.notearchive.provider;

import io.github.notearchive.note.Endpoint;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Recorder of calls before they are sent, and of responses before they are used. */
public interface CallRecorder {

    /**
     * Records a call that is about to be sent, unless our own limits of its night are reached by the calls of all
     * nodes, a response to another node has ended the calls of all, or the claim on the note is lost. Durable on
     * return.
     *
     * @param refresh whether the note is archived and fetched again
     */
    CallAdmission sending(FetchRequest request, Endpoint endpoint, Instant sentAt, boolean refresh, CallLimits limits);

    /**
     * Removes the record of a call that was not sent.
     *
     * @param limits those it was recorded with
     */
    void notSent(CallRecord call, CallLimits limits);

    /**
     * Records that a response has ended the calls of all nodes: {@link #sending} records no further call for a run that
     * was active. Idempotent for a run. Does not fail: other nodes then receive the same response.
     *
     * @param metAt time of the response
     */
    void stopped(ProviderReply reply, Instant metAt);

    /**
     * Returns whether a response to a call of any node sent at or after this time was billed; false while the database
     * is unavailable.
     */
    boolean hasBilledSince(Instant time);

    /**
     * Records a response. Durable on return; if the process dies before, the call remains one that may have been
     * billed.
     *
     * @param response exact body if it is paid for; the received part of one that is no envelope, of which the first
     *     about a note is stored; null otherwise
     * @return number under which it is stored; differs from that of the call if the record of the call was lost
     */
    long received(CallRecord call, ProviderReply reply, byte @Nullable [] response, Instant receivedAt, Duration took);
}
