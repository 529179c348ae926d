package io.github.notearchive.provider;

import io.github.notearchive.note.Billed;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Call recorder in memory, with the order of its events. */
final class CallRecorderFixture implements CallRecorder {

    final List<String> events = new CopyOnWriteArrayList<>();
    final List<Received> received = new CopyOnWriteArrayList<>();
    private final AtomicLong calls = new AtomicLong();

    /** Calls of all nodes in the night. */
    volatile NightlyCalls night = NightlyCalls.NONE;

    Runnable whileSending = () -> {};

    /** Executed after a call was counted, before its caller is informed. */
    Runnable whenCounted = () -> {};

    /** Result for further calls; null if they are counted and written. */
    volatile @Nullable CallAdmission refusal;

    record Received(long call, ProviderReply reply, byte @Nullable [] response, Instant at, Duration took) {}

    @Override
    public CallAdmission sending(FetchRequest request, CallKind kind, Instant sentAt, NightlyLimits limits) {
        whileSending.run();
        if (refusal != null) {
            return refusal;
        }
        if (!limits.allow(kind, night)) {
            return new CallAdmission.OverLimit(night);
        }
        NightlyCalls with = new NightlyCalls(
                night.all() + 1,
                night.videos() + (kind == CallKind.VIDEO ? 1 : 0),
                night.refreshes() + (kind == CallKind.REFRESH ? 1 : 0),
                night.unbilled(),
                night.unbilledVideos());
        night = with;
        long call = calls.incrementAndGet();
        events.add("sending " + call);
        whenCounted.run();
        return new CallAdmission.WrittenCall(new CallRecord(call, request.id(), kind, sentAt), with, 0);
    }

    @Override
    public void stopped(ProviderReply reply, Instant metAt) {
        events.add("stopped " + reply.code());
    }

    @Override
    public boolean hasBilledSince(Instant time) {
        return received.stream()
                .anyMatch(call ->
                        call.reply().billed() == Billed.YES && !call.at().isBefore(time));
    }

    @Override
    public void notSent(CallRecord call, NightlyLimits limits) {
        events.add("not sent " + call.number());
        night = night.without(call.kind());
    }

    @Override
    public long received(
            CallRecord call, ProviderReply reply, byte @Nullable [] response, Instant receivedAt, Duration took) {
        events.add("received " + call.number());
        night = reply.billed() == Billed.NO ? night.withUnbilled(night.unbilled() + 1, 0) : night;
        received.add(new Received(call.number(), reply, response, receivedAt, took));
        return call.number();
    }
}
