package io.github.notearchive.telemetry;

import io.github.notearchive.ledger.ApiCalls;
import io.github.notearchive.source.CallJournal;
import io.github.notearchive.source.CallLimits;
import io.github.notearchive.source.Endpoint;
import io.github.notearchive.source.Inquiry;
import io.github.notearchive.source.ProviderReply;
import io.github.notearchive.source.SentCall;
import io.github.notearchive.source.WrittenCall;
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
class MeteredJournal implements CallJournal {

    private static final Logger log = LoggerFactory.getLogger(MeteredJournal.class);

    private final ApiCalls ledger;
    private final Meters meters;

    MeteredJournal(ApiCalls ledger, Meters meters) {
        this.ledger = ledger;
        this.meters = meters;
    }

    @Override
    public WrittenCall sending(Inquiry inquiry, Endpoint endpoint, Instant sentAt, boolean refresh, CallLimits limits) {
        return ledger.sending(inquiry, endpoint, sentAt, refresh, limits);
    }

    @Override
    public void notSent(SentCall call, CallLimits limits) {
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
            SentCall call, ProviderReply reply, byte @Nullable [] answer, Instant receivedAt, Duration took) {
        try {
            return ledger.received(call, reply, answer, receivedAt, took);
        } finally {
            count(call, reply, took);
        }
    }

    /** A count must not cost an answer. */
    private void count(SentCall call, ProviderReply reply, Duration took) {
        try {
            meters.answered(call.endpoint(), reply, took);
        } catch (RuntimeException e) {
            log.warn("Note {}: its call is missing from the metrics: {}", call.id(), e.toString());
        }
    }
}
