package io.github.notearchive.archive.ledger;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.CallKind;
import io.github.notearchive.provider.CallRecorder.CallRecord;
import io.github.notearchive.provider.ProviderReply;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Response to a call, before it is in the ledger.
 *
 * @param body the exact body; null if it is not kept
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record ReceivedResponse(Row row, byte @Nullable [] body) {

    /** Columns besides the body, as in a spool file. */
    record Row(
            long call,
            NoteId noteId,
            String endpoint,
            boolean refresh,
            Instant sentAt,
            Instant receivedAt,
            int durationMs,
            @JsonUnwrapped ProviderReply reply) {

        Row {
            Objects.requireNonNull(noteId, "noteId");
            Objects.requireNonNull(sentAt, "sentAt");
            Objects.requireNonNull(receivedAt, "receivedAt");
            Objects.requireNonNull(reply.billed(), "billed");
            Endpoint.ofLedgerName(endpoint);
        }
    }

    /** @param took from sending to the complete response */
    static ReceivedResponse of(
            CallRecord call, ProviderReply reply, byte @Nullable [] body, Instant receivedAt, Duration took) {
        return new ReceivedResponse(
                new Row(
                        call.number(),
                        call.id(),
                        call.kind().endpoint().ledgerName(),
                        call.kind() == CallKind.REFRESH,
                        call.sentAt(),
                        receivedAt,
                        (int) Math.min(took.toMillis(), Integer.MAX_VALUE),
                        reply),
                body);
    }

    ReceivedResponse withoutContent() {
        Row billing = new Row(
                row.call,
                row.noteId,
                row.endpoint,
                row.refresh,
                row.sentAt,
                row.receivedAt,
                row.durationMs,
                row.reply.withoutMessage());
        return new ReceivedResponse(billing, null);
    }
}
