package io.github.notearchive.telemetry.metrics;

import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.provider.CallAdmission;
import io.github.notearchive.provider.CallLimits;
import io.github.notearchive.provider.CallRecord;
import io.github.notearchive.provider.CallRecorder;
import io.github.notearchive.provider.FetchRequest;
import io.github.notearchive.provider.ProviderReply;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Primary;
import org.springframework.stereotype.Component;

/** The ledger, with a count of what comes back and how long it took. */
@Component
@Primary
class MeteredCallRecorder implements CallRecorder {

    private static final Logger log = LoggerFactory.getLogger(MeteredCallRecorder.class);

    private final CallRepository ledger;
    private final Meters meters;

    MeteredCallRecorder(CallRepository ledger, Meters meters) {
        this.ledger = ledger;
        this.meters = meters;
    }

    @Override
    public CallAdmission sending(
            FetchRequest inquiry, Endpoint endpoint, Instant sentAt, boolean refresh, CallLimits limits) {
        return ledger.sending(inquiry, endpoint, sentAt, refresh, limits);
    }

    @Override
    public void notSent(CallRecord call, CallLimits limits) {
        ledger.notSent(call, limits);
    }

    @Override
    public void stopped(ProviderReply reply, Instant metAt) {
        ledger.stopped(reply, metAt);
    }

    @Override
    public boolean hasBilledSince(Instant time) {
        return ledger.hasBilledSince(time);
    }

    @Override
    public long received(
            CallRecord call, ProviderReply reply, byte @Nullable [] answer, Instant receivedAt, Duration took) {
        try {
            return ledger.received(call, reply, answer, receivedAt, took);
        } finally {
            count(call, reply, took);
        }
    }

    /** A count must not cost an answer. */
    private void count(CallRecord call, ProviderReply reply, Duration took) {
        try {
            meters.answered(call.endpoint(), reply, took);
        } catch (RuntimeException e) {
            log.warn("Note {}: its call is missing from the metrics: {}", call.id(), e.toString());
        }
    }
}
