package io.github.notearchive.archive.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.github.notearchive.archive.ledger.PaidResponses.PaidResponse;
import io.github.notearchive.archive.query.NoteStats.CallEntry;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.CallKind;
import io.github.notearchive.provider.CallRecorder.CallRecord;
import io.github.notearchive.provider.ProviderReply;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataAccessException;

class PaidResponsesTests extends LedgerFixture {

    @Test
    void newestPaidResponseIsReturnedByteForByte() {
        paid(NOW.minusSeconds(60));
        long second = paid(NOW);
        unpaid(NOW.plusSeconds(60));

        PaidResponse paid = latest();

        assertThat(paid.number()).isEqualTo(second);
        assertThat(paid.body()).isEqualTo(BODY);
        assertThat(paid.receivedAt()).isEqualTo(NOW);
        assertThat(paid.call().facts()).extracting("httpStatus", "requestId").containsExactly(200, "r-1");
        assertThat(paid.call().facts().mediaGoneAt()).isNull();
        assertThat(responses.latestPaid(ID, Endpoint.DETAIL, Instant.EPOCH).map(PaidResponse::number))
                .contains(second);
        assertThat(responses.latestPaid(ID, Endpoint.DETAIL, NOW.plusMillis(1))).isEmpty();
        assertThat(responses.latestPaid(new NoteId("66aa00000000000000000002"), Endpoint.DETAIL, Instant.EPOCH))
                .isEmpty();
    }

    @Test
    void firstExpiryTimeIsKept() {
        long call = paid(NOW);

        responses.markUrlsExpired(call, NOW.plusSeconds(1));
        responses.markUrlsExpired(call, NOW.plusSeconds(2));

        assertThat(history.calls(ID).getFirst().mediaGoneAt()).isEqualTo(NOW.plusSeconds(1));
        assertThat(latest().call().facts().mediaGoneAt()).isEqualTo(NOW.plusSeconds(1));
    }

    @Test
    void responseIsClearedOnlyIfOldStoredAndItsNoteSettled() {
        long call = paid(NOW);
        Instant later = NOW.plusMillis(1);

        worklist("ARCHIVED");
        assertThat(cleared(later)).as("no capture").isZero();
        capture(call, null);
        assertThat(cleared(later)).as("no sidecar").isZero();
        capture(call, "notes/x.json");
        assertThat(cleared(later)).as("not verified").isZero();
        database.update("UPDATE note_capture SET sidecar_verified_at = now()");
        assertThat(cleared(NOW)).as("not old").isZero();
        for (String open : new String[] {"PENDING", "POSTPONED", "FAILED"}) {
            worklist(open);
            assertThat(cleared(later)).as(open).isZero();
        }
        worklist("UNAVAILABLE");

        assertThat(cleared(later)).isEqualTo(1);

        assertThat(history.calls(ID)).singleElement().matches(entry -> !entry.responseHeld());
        assertThat(history.calls(ID).getFirst().billed()).isEqualTo(Billed.YES);
        assertThat(cleared(later)).isZero();
        assertThat(responses.latestPaid(ID, Endpoint.DETAIL, Instant.EPOCH)).isEmpty();
    }

    /** One that cannot be cleared in time keeps neither the others nor the caller. */
    @Test
    void oldResponsesAreClearedInBatchesForALimitedTime() {
        List<Long> calls =
                Stream.of(0, 1, 2, 3).map(i -> paid(NOW.plusMillis(i))).toList();
        worklist("ARCHIVED");
        calls.forEach(call -> capture(call, "notes/" + call + ".json"));
        database.update("UPDATE note_capture SET sidecar_verified_at = now()");
        Instant later = NOW.plusMillis(4);

        database.inTransaction(() -> {
            database.update("UPDATE api_call SET message = message WHERE id = ?", calls.get(2));
            assertThatThrownBy(() -> responses.clearResponsesBefore(later, Duration.ofSeconds(1), 2))
                    .isInstanceOf(DataAccessException.class);
        });

        assertThat(history.calls(ID)).filteredOn(CallEntry::responseHeld).hasSize(2);
        assertThat(responses.clearResponsesBefore(later, Duration.ZERO, 2)).isZero();
        assertThat(responses.clearResponsesBefore(later, Duration.ofMinutes(1), 1))
                .isEqualTo(2);
    }

    private int cleared(Instant limit) {
        return responses.clearResponsesBefore(limit, Duration.ofMinutes(1), PaidResponses.BATCH);
    }

    /** It has no capture, and is read before each run until it is cleared. */
    @Test
    void responseWithCode201IsClearedWithoutACapture() {
        CallRecord call = sent(ID, CallKind.NOTE, NOW);
        calls.received(call, new ProviderReply(201, 200, null, "r-1", Billed.YES), BODY, NOW, Duration.ZERO);
        Instant later = NOW.plusMillis(1);

        worklist("POSTPONED");
        assertThat(cleared(later)).isZero();
        worklist("UNAVAILABLE");
        assertThat(cleared(NOW)).as("not old").isZero();
        assertThat(cleared(later)).isOne();
        assertThat(cleared(later)).isZero();
        assertThat(history.calls(ID)).singleElement().matches(entry -> !entry.responseHeld());
    }

    @Test
    void onlyOldUnbilledCallsAreDeleted() {
        Instant later = NOW.plusMillis(1);
        received(302, Billed.NO);
        paid(NOW);
        received(301, Billed.NO);
        received(404, Billed.NO);
        received(202, Billed.NO);
        received(201, Billed.YES);
        sent(ID, CallKind.NOTE, NOW);
        received(400, Billed.NO);

        assertThat(responses.deleteUnbilledBefore(NOW)).isZero();
        assertThat(responses.deleteUnbilledBefore(later)).isOne();
        assertThat(responses.deleteUnbilledBefore(later)).isZero();
        assertThat(history.calls(ID))
                .extracting(CallEntry::billed, CallEntry::code)
                .containsExactly(
                        tuple(Billed.NO, 302),
                        tuple(Billed.YES, 0),
                        tuple(Billed.NO, 404),
                        tuple(Billed.NO, 202),
                        tuple(Billed.YES, 201),
                        tuple(Billed.UNKNOWN, null),
                        tuple(Billed.NO, 400));
    }

    @Test
    void unbilledCallsThatAnotherNodeDeletesAreSkipped() {
        paid(NOW);
        received(301, Billed.NO);
        received(301, Billed.NO);
        Instant later = NOW.plusMillis(1);

        database.inTransaction(() -> {
            assertThat(responses.deleteUnbilledBefore(later)).isOne();
            assertThat(CompletableFuture.supplyAsync(() -> responses.deleteUnbilledBefore(later))
                            .orTimeout(20, TimeUnit.SECONDS)
                            .join())
                    .isZero();
        });
    }

    private void received(int code, Billed billed) {
        CallRecord call = sent(ID, CallKind.NOTE, NOW);
        byte[] body = billed == Billed.YES ? BODY : null;
        calls.received(call, new ProviderReply(code, 200, null, "r", billed), body, NOW, Duration.ZERO);
    }

    private void capture(long call, @Nullable String sidecar) {
        database.update("""
                        INSERT INTO note (note_id, first_captured_at, last_captured_at) VALUES (?, now(), now())
                        ON CONFLICT (note_id) DO NOTHING
                        """, ID.value());
        database.update("""
                        INSERT INTO note_capture (note_id, captured_at, call_id, response, sidecar_key)
                        VALUES (?, '2026-11-25T14:00:00.123Z'::timestamptz + ? * interval '1 ms', ?, '{}', ?)
                        ON CONFLICT (note_id, captured_at) DO UPDATE SET sidecar_key = EXCLUDED.sidecar_key
                        """, ID.value(), call, call, sidecar);
    }
}
