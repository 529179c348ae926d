package io.github.notearchive.source;

import io.github.notearchive.note.NoteId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A journal in memory, which says in what order it was written. */
final class RecordingJournal implements CallJournal {

    final List<String> events = new CopyOnWriteArrayList<>();
    final List<Received> received = new CopyOnWriteArrayList<>();
    final AtomicLong calls = new AtomicLong();
    Runnable whileSending = () -> {};

    record Received(
            long call, ProviderReply reply, byte @Nullable [] answer, Instant at, Duration took) {}

    @Override
    public SentCall sending(NoteId id, String endpoint, Instant sentAt, boolean refresh) {
        whileSending.run();
        long call = calls.incrementAndGet();
        events.add("sending " + call);
        return new SentCall(call, id, endpoint, sentAt, refresh);
    }

    @Override
    public void notSent(SentCall call) {
        events.add("not sent " + call.number());
    }

    @Override
    public long received(
            SentCall call,
            ProviderReply reply,
            byte @Nullable [] answer,
            Instant receivedAt,
            Duration took) {
        events.add("received " + call.number());
        received.add(new Received(call.number(), reply, answer, receivedAt, took));
        return call.number();
    }
}
