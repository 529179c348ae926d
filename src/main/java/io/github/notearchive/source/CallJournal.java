package io.github.notearchive.source;

import io.github.notearchive.note.NoteId;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Where requests are written down before they leave, and answers before they are used. */
public interface CallJournal {

    /**
     * Records that a request is about to leave, and is durable when it returns.
     *
     * @return the number of the call, for the other methods
     */
    long sending(NoteId id, String endpoint, Instant sentAt);

    /** Takes a record back whose request did not leave after all. */
    void notSent(long call);

    /**
     * Records what came back, and is durable when it returns. A process that dies before leaves a
     * call that may have been billed.
     *
     * @param answer the exact body when it is paid for; null for all others
     */
    void received(
            long call,
            ProviderReply reply,
            byte @Nullable [] answer,
            Instant receivedAt,
            Duration took);
}
